"""Figure S8 from small sweeps in both models."""

import numpy as np
import pytest
from tests.unit.figure_samples import DEVICE, DRIVE, ORIGIN, WORKED_EXAMPLE
from tests.unit.redrawn import not_in_table

from entangled_drums.errors import FileFormatError
from entangled_drums.figures import figs8, figs8_numbers
from entangled_drums.figures.layout import overlapping_text
from entangled_drums.figures.output import MAP_COLUMNS
from entangled_drums.sweeps.solving import solve_sweep

MODELS = ("rwa", "counter-rotating")
RATIOS = (0.3, 0.62, 0.78)
GRID = {
    "drums.mean_frequency_hz": {
        "start": 2.0e6,
        "stop": 5.0e7,
        "count": 13,
        "spacing": "logarithmic",
    },
    "drive.ratio": {"start": 0.1, "stop": 0.9, "count": 11},
}
FRAME = {"drive.frame_offset_hz": {"start": -3000.0, "stop": 3000.0, "count": 61}}


def solved(axes, device=DEVICE):
    drive = {key: value for key, value in DRIVE.items() if f"drive.{key}" not in axes}
    return [solve_sweep(device, drive, axes, model=model) for model in MODELS]


@pytest.fixture(scope="module")
def grids():
    return solved(GRID)


@pytest.fixture(scope="module")
def found(grids):
    return figs8_numbers.correction(*grids, [DRIVE, DRIVE], DEVICE, RATIOS)


@pytest.fixture(scope="module")
def tuned():
    return figs8_numbers.retuning(*solved(FRAME, WORKED_EXAMPLE), [DRIVE, DRIVE])


def test_worked_example(tuned):
    """Two independent programs gave +0.015, of which 0.006 is taken back at -573 Hz."""
    assert tuned.correction == pytest.approx(0.8592231 - 0.8442303, abs=1e-6)
    assert tuned.best_offset_hz == pytest.approx(-573.0, abs=1.0)
    assert tuned.correction - tuned.retuned_correction == pytest.approx(0.006, abs=5e-4)
    quoted = figs8_numbers.quoted_retuning(tuned)
    assert (quoted["correction"], quoted["shift"]) == ("+0.0150", "−573 Hz")


def test_correction_falls_with_the_square_of_the_linewidth(found):
    """Far in the resolved-sideband limit the terms act in second order of kappa/omega_m."""
    cut = found.difference[len(found.ratio) // 2]
    slope = np.diff(np.log(cut[:3])) / np.diff(np.log(found.group[:3]))
    assert slope == pytest.approx(2.0, abs=0.05)


def test_device_place(found):
    assert found.device_group == pytest.approx(1.38 / 10.65)
    assert np.all(np.diff(found.group) > 0.0)


@pytest.mark.parametrize("with_frames", [True, False], ids=["frames", "no frames"])
def test_no_text_overlaps(found, tuned, with_frames):
    figure = figs8.draw(found, tuned if with_frames else None, ORIGIN)
    assert overlapping_text(figure) == []
    assert figure.get_size_inches()[0] * 25.4 == pytest.approx(183.0)


def test_every_curve_drawn_stands_in_the_frame(found, tuned):
    frame = figs8_numbers.plotted(found, tuned)
    assert tuple(frame.columns) == MAP_COLUMNS
    plain, _, cuts, both = figs8.draw(found, tuned, ORIGIN).axes
    for axes, panel in ((plain, "a"), (cuts, "b"), (both, "c")):
        curves = {tuple(map(tuple, line.get_xydata())) for line in axes.lines}
        rows = frame[(frame["panel"] == panel) & (frame["series"] != "map")]
        assert len(rows) > 0
        for series, curve in rows.groupby("series"):
            assert tuple(map(tuple, curve[["x", "y"]].to_numpy())) in curves, series
    shown = frame[frame["series"] == "map"]
    np.testing.assert_array_equal(shown["z"], found.difference.ravel())
    assert set(frame[frame["panel"] == "b"]["series"]) == {"cut x=0.3", "cut x=0.62", "cut x=0.78"}


def test_unlike_sweeps_are_refused(grids):
    rwa, all_terms = grids
    with pytest.raises(FileFormatError, match="of the model 'counter-rotating'"):
        figs8_numbers.correction(all_terms, rwa, [DRIVE, DRIVE], DEVICE, RATIOS)
    with pytest.raises(FileFormatError, match="different drives"):
        figs8_numbers.correction(rwa, all_terms, [DRIVE, {**DRIVE, "ratio": 0.5}], DEVICE, RATIOS)
    with pytest.raises(FileFormatError, match=r"different drive\.ratio"):
        figs8_numbers.correction(
            rwa, all_terms.isel({"drive.ratio": slice(0, 5)}), [DRIVE, DRIVE], DEVICE, RATIOS
        )
    with pytest.raises(FileFormatError, match="its axes must be"):
        figs8_numbers.retuning(rwa, all_terms, [DRIVE, DRIVE])


def test_an_optimum_beyond_the_sweep_is_refused(tuned):
    half = slice(35, None)
    cut = figs8_numbers.Retuning(
        tuned.offset_hz[half], tuned.rwa[half], tuned.all_terms[half], 2000.0, 0.62, 1.4e5
    )
    with pytest.raises(FileFormatError, match="declare a wider range"):
        _ = cut.retuned_correction


def test_the_table_redraws_the_figure(found, tuned):
    assert (
        not_in_table(figs8.draw(found, tuned, ORIGIN).axes, figs8_numbers.plotted(found, tuned))
        == []
    )
