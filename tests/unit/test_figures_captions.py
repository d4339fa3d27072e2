"""Captions quote results: every number they name is one that the figure's job writes."""

import re
from pathlib import Path

import pytest

from entangled_drums.exhibits import FIGURES, TABLES, exhibits, headline
from entangled_drums.figures.output import substitutions
from entangled_drums.pages.captions import caption, paragraphs

ROOT = Path(__file__).parents[2]
REPORT = ROOT / "workflow" / "report"
CAPTIONS = {
    name: (REPORT / f"{name}.rst").read_text("utf-8")
    for kind in (FIGURES, TABLES)
    for name in exhibits((f"{kind}/{path.name}" for path in REPORT.glob("*.rst")), kind)
}
QUOTING = [name for name, text in CAPTIONS.items() if "include::" in text]

# Every branch of a caption is taken with these settings of its rule, and as few as can be with the
# others.
SETTINGS = {
    "probe_offset_hz": 1.5e5,
    "origin": "Assumed device.",
    "simulated": True,
    "drives": [
        *("map-cooperativity", "map-detuning-asymmetry", "map-occupations", "beyond-rwa-frame"),
    ],
    "comparison": {"recalled_duan": {"status": "recalled, unverified"}},
}
FEWEST = {
    "probe_offset_hz": None,
    "origin": "Assumed device.",
    "simulated": False,
    "drives": ["map-occupations"],
    "comparison": {},
}


def rendered(name, quoted, settings, tmp_path):
    numbers = tmp_path / "numbers.rst"
    numbers.write_text(substitutions(quoted), encoding="utf-8")
    return caption(name, CAPTIONS[name], {"settings": settings}, numbers)


def named(text):
    return set(re.findall(r"\|([a-z][a-z_-]*)\|", text))


@pytest.mark.parametrize("name", QUOTING)
def test_caption_shows_the_numbers_it_names(name, tmp_path):
    numbers = sorted(named(CAPTIONS[name]))
    quoted = {number: f"<{index}*_|\\" for index, number in enumerate(numbers)}
    body = rendered(name, quoted, SETTINGS, tmp_path)
    assert quoted
    for text in quoted.values():
        assert text.replace("<", "&lt;") in body


@pytest.mark.parametrize("name", CAPTIONS)
def test_caption_types_no_measured_number(name):
    """Digits stand in names of things (D = 1, 2ν), in quantities that define them, and nowhere
    else."""
    named_things = (
        r"\{[{%].*?[%}]\}|\|[^|]*\||D = 1|below 1|to 1\b|drum [12]|[GP]⁻?/2π|2ν"
        r"|(68|95) %"
    )
    text = re.sub(named_things, "", CAPTIONS[name])
    assert not re.search(r"\d", text), re.findall(r".*\d.*", text)


@pytest.mark.parametrize("name", CAPTIONS)
@pytest.mark.parametrize("settings", [SETTINGS, FEWEST], ids=["all", "fewest"])
def test_caption_says_what_is_assumed(name, settings, tmp_path):
    quoted = dict.fromkeys(named(CAPTIONS[name]), "3")
    assert re.search(r"\bassumed\b", rendered(name, quoted, settings, tmp_path))


@pytest.mark.parametrize("name", CAPTIONS)
def test_caption_begins_with_a_headline(name):
    assert 10 < len(headline(CAPTIONS[name])) < 90


def test_every_figure_and_table_of_the_workflow_has_a_caption():
    rules = "".join(path.read_text("utf-8") for path in (ROOT / "workflow/rules").glob("*.smk"))
    names = re.findall(r"^rule (?:draw|write)_(fig\w+|table_\w+):$", rules, re.M)
    assert sorted(CAPTIONS) == sorted(names)
    for name in names:
        assert re.search(rf'\b(pictured|tabled)\("{name}"\)', rules), f"{name}: not in the report"


def test_other_texts_of_the_report_are_plain():
    for path in REPORT.glob("*.rst"):
        if path.stem not in CAPTIONS and path.stem != "workflow":
            assert paragraphs(path.stem, path.read_text("utf-8")).startswith("<p>")


def test_without_probe_maps_and_frames_nothing_is_left_undefined(tmp_path):
    for name in QUOTING:
        quoted = {
            number: "3"
            for number in named(CAPTIONS[name])
            if number
            not in (
                *("probe_offset", "map-cooperativity-grid", "map-cooperativity-least"),
                *("map-detuning-asymmetry-grid", "map-detuning-asymmetry-least"),
                "duan_truth",
                *("tuned_coupling", "correction", "shift", "retuned", "recovered"),
            )
        }
        rendered(name, quoted, FEWEST, tmp_path)  # an undefined number is an error
