"""Captions quote results: every number they name is one that the figure's job writes."""

import re
from io import StringIO
from pathlib import Path
from types import SimpleNamespace

import jinja2
import pytest
from docutils.core import publish_parts

from entangled_drums.figures.output import substitutions

REPORT = Path(__file__).parents[2] / "workflow" / "report"
CAPTIONS = sorted(path for path in REPORT.glob("*.rst") if "include::" in path.read_text("utf-8"))
SETTINGS = {
    "probe_offset_hz": 1.5e5,
    "origin": "Assumed device.",
    "drives": ["map-cooperativity", "map-detuning-asymmetry", "map-occupations"],
}


def rendered(caption, quoted, settings, tmp_path, frames=("a", "b"), truth=("a",)):
    numbers = tmp_path / "numbers.rst"
    numbers.write_text(substitutions(quoted), encoding="utf-8")
    text = jinja2.Template(caption.read_text(encoding="utf-8")).render(
        snakemake=SimpleNamespace(
            output=SimpleNamespace(rst=numbers),
            params=SimpleNamespace(settings=settings),
            input=SimpleNamespace(frames=frames, truth=truth),
        )
    )
    warnings = StringIO()
    body = publish_parts(text, writer="html5", settings_overrides={"warning_stream": warnings})[
        "body"
    ]
    assert warnings.getvalue() == ""
    return body


def named(caption):
    return set(re.findall(r"\|([a-z][a-z_-]*)\|", caption.read_text(encoding="utf-8")))


@pytest.mark.parametrize("caption", CAPTIONS, ids=lambda path: path.stem)
def test_caption_shows_the_numbers_it_names(caption, tmp_path):
    quoted = {name: f"<{index}*_|\\" for index, name in enumerate(sorted(named(caption)))}
    body = rendered(caption, quoted, SETTINGS, tmp_path)
    assert quoted
    for text in quoted.values():
        assert text.replace("<", "&lt;") in body


@pytest.mark.parametrize("caption", CAPTIONS, ids=lambda path: path.stem)
def test_caption_types_no_measured_number(caption):
    """Digits stand in names of things (D = 1, ω₁), in quantities that define them, and nowhere
    else."""
    text = re.sub(
        r"\{[{%].*?[%}]\}|\|[^|]*\||D = 1|below 1|[GP]⁻?/2π|(68|95) %",
        "",
        caption.read_text("utf-8"),
    )
    assert not re.search(r"\d", text), re.findall(r".*\d.*", text)


def test_without_probe_maps_and_frames_nothing_is_left_undefined(tmp_path):
    for caption in CAPTIONS:
        settings = {**SETTINGS, "probe_offset_hz": None, "drives": ["map-occupations"]}
        quoted = {
            name: "3"
            for name in named(caption)
            if name
            not in (
                *("probe_offset", "map-cooperativity-grid", "map-cooperativity-least"),
                *("map-detuning-asymmetry-grid", "map-detuning-asymmetry-least"),
                "duan_truth",
                *("tuned_coupling", "correction", "shift", "retuned", "recovered"),
            )
        }
        assert "problematic" not in rendered(caption, quoted, settings, tmp_path, (), ())
