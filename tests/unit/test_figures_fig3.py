"""Figure 3 from recordings and draws."""

import numpy as np
import pytest
from tests.unit.inference_samples import PHASES, VALUES
from tests.unit.posterior_samples import CALIBRATION, around, recordings
from tests.unit.redrawn import not_in_table

from entangled_drums.errors import FileFormatError
from entangled_drums.figures import fig3, style
from entangled_drums.figures.layout import overlapping_text
from entangled_drums.figures.output import COLUMNS
from entangled_drums.inference.predictive import predict
from entangled_drums.inference.probe_readings import probe_readings

ORIGIN = "Assumed device; simulated laboratory."


@pytest.fixture(scope="module")
def data():
    emission, scan = recordings()
    draws = around(VALUES)
    return fig3.FluctuationData(
        predict(emission, scan, CALIBRATION, draws),
        probe_readings(emission, scan, CALIBRATION, draws),
        1.4e5,
        0.62,
        1.0e4,
        PHASES,
    )


@pytest.fixture(scope="module")
def frame(data):
    return fig3.plotted(data)


def without_readings(data):
    reason = "not valid here: probe and emission lines are 2 line widths apart, less than 3"
    return fig3.FluctuationData(data.predictive, reason, 1.4e5, 0.62, 1.0e4, PHASES)


def test_no_text_overlaps(data):
    figure = fig3.draw(data, ORIGIN)
    assert overlapping_text(figure) == []
    assert figure.get_size_inches()[0] * 25.4 == pytest.approx(183.0)
    assert any(text.get_text().startswith(ORIGIN) for text in figure.texts)


def test_every_curve_drawn_stands_in_the_frame(data, frame):
    assert tuple(frame.columns) == COLUMNS
    for axes, panel in zip(fig3.draw(data, ORIGIN).axes, "abc", strict=True):
        curves = {tuple(map(tuple, line.get_xydata())) for line in axes.lines}
        for series, curve in frame[frame["panel"] == panel].groupby("series"):
            assert tuple(map(tuple, curve[["x", "y"]].to_numpy())) in curves, (panel, series)


def test_phases_shown_are_the_quiet_and_the_loud_one(data):
    """The nominal device has a correlation of negative sign: phase 0 is squeezed."""
    assert PHASES[data.recorded_at("squeezed")] == 0.0
    assert PHASES[data.recorded_at("antisqueezed")] == pytest.approx(np.pi)


def test_levels_are_the_extremes_of_the_state(data, frame):
    squeezed = frame[(frame["panel"] == "c") & (frame["series"] == "squeezed")]
    assert squeezed["y"].unique() == pytest.approx(data.predictive.draws["duan"].mean(), rel=1e-3)
    vacuum = frame[(frame["panel"] == "c") & (frame["series"] == "vacuum")]
    assert set(vacuum["y"]) == {1.0}


def test_line_stands_out_at_the_loud_phase(frame):
    for panel in "ab":
        loud, quiet = (
            frame[(frame["panel"] == panel) & (frame["series"] == f"model {name}")]["y"].max()
            for name in ("antisqueezed", "squeezed")
        )
        assert loud > quiet


def test_colours_are_those_of_the_quadratures(data):
    first = fig3.draw(data, ORIGIN).axes[0]
    colours = {line.get_color() for line in first.lines}
    assert colours == {style.LOOKS[name].colour for name in fig3.QUADRATURES}


def test_reason_stands_where_readings_would(data):
    blind = without_readings(data)
    figure = fig3.draw(blind, ORIGIN)
    assert overlapping_text(figure) == []
    assert any("not valid here" in text.get_text() for text in figure.axes[2].texts)
    assert set(fig3.plotted(blind)["panel"]) == {"a", "b"}


def test_caption_numbers(data):
    quoted = fig3.quoted(data)
    value, lower, upper = data.levels["squeezed"]
    assert quoted["squeezed"] == f"{value:.3f} ± {(upper - lower) / 2:.3f}"
    assert quoted["antisqueezed_phase"] == "φ = 1π"
    first, second = quoted["antisqueezed_exact"].split(" and ")
    assert float(first) > value < float(second)
    assert set(fig3.quoted(without_readings(data))) == set(quoted)


def test_no_phase_scan_is_an_error(data):
    emission, _ = recordings()
    blind = fig3.FluctuationData(
        predict(emission, None, CALIBRATION, around(VALUES)),
        data.readings,
        1.4e5,
        0.62,
        1.0e4,
        PHASES,
    )
    with pytest.raises(FileFormatError, match="no phase scan"):
        fig3.plotted(blind)


def test_the_table_redraws_the_figure(data, frame):
    assert not_in_table(fig3.draw(data, ORIGIN).axes, frame) == []
