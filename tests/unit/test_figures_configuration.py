"""The part of the experiment file that figures choose from, and what workflow and figures share."""

import re
from pathlib import Path

import pytest

from entangled_drums.configuration.experiment import load_experiment
from entangled_drums.errors import ConfigurationError
from entangled_drums.figures.names import (
    FRAME_SWEEPS,
    FREQUENCY_SWEEPS,
    MAP_SWEEPS,
)

ROOT = Path(__file__).parents[2]


def load(path):
    return load_experiment(
        path,
        schema_directory=ROOT / "workflow/schemas",
        device_directory=ROOT / "config/devices",
    )


def toy_showing(point, folder):
    text = (ROOT / "config/experiments/toy.yaml").read_text(encoding="utf-8")
    text = re.sub(r"(?m)^figures:\n( .*\n)+", "", text)
    path = folder / "toy.yaml"
    path.write_text(f"{text}\nfigures:\n  operating_point: {point}\n", encoding="utf-8")
    return path


def test_shown_operating_point_is_one_of_the_experiment(tmp_path):
    assert load(toy_showing("reference-x620", tmp_path))["figures"] == {
        "operating_point": "reference-x620"
    }
    with pytest.raises(
        ConfigurationError,
        match=r'figures\.operating_point: "reference-x621" is not an operating point; did you mean',
    ):
        load(toy_showing("reference-x621", tmp_path))


def test_aalto_declares_all_that_the_figures_of_theory_need():
    config = load(ROOT / "config/experiments/aalto-2018.yaml")
    sweeps = config["theory"]["sweeps"]
    assert set(sweeps) >= {*MAP_SWEEPS, *FREQUENCY_SWEEPS, *FRAME_SWEEPS}
    for name in MAP_SWEEPS:
        assert all(axis["count"] >= 301 for axis in sweeps[name]["axes"].values())
    for first, second in (FREQUENCY_SWEEPS, FRAME_SWEEPS):
        assert sweeps[first]["axes"] == sweeps[second]["axes"]
        assert (sweeps[first]["model"], sweeps[second]["model"]) == ("rwa", "counter-rotating")


def drawing(names, folder):
    text = (ROOT / "config/experiments/toy.yaml").read_text(encoding="utf-8")
    text, changed = re.subn(r"(?m)^  drawn: .*$", f"  drawn: {names}", text)
    assert changed == 1
    path = folder / "toy.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_experiment_chooses_its_figures(tmp_path):
    assert load(drawing("[fig3, table_s2]", tmp_path))["figures"]["drawn"] == ["fig3", "table_s2"]
    for wrong in ("[]", "[fig4, fig4]", "[Fig 4]"):
        with pytest.raises(ConfigurationError, match=r"figures\.drawn"):
            load(drawing(wrong, tmp_path))


def test_every_figure_and_table_can_be_chosen():
    folder = ROOT / "workflow/rules"
    files = [*folder.glob("figures*.smk"), folder / "tables.smk"]
    rules = "".join(path.read_text("utf-8") for path in files)
    made = re.findall(r"(?m)^rule (?:draw|write)_(\w+):", rules)
    assert len(made) > 15
    assert sorted(re.findall(r'show\(\s*"(\w+)"', rules)) == sorted(made)
