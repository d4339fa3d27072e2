"""Figure 2 from recordings and draws: what stands where, and nothing covered."""

import numpy as np
import pytest
from tests.unit.inference_samples import VALUES
from tests.unit.posterior_samples import CALIBRATION, around, recordings
from tests.unit.redrawn import not_in_table

from entangled_drums.errors import FileFormatError
from entangled_drums.figures import fig2, style
from entangled_drums.figures.layout import overlapping_text
from entangled_drums.figures.output import COLUMNS
from entangled_drums.inference.predictive import predict

ORIGIN = "Assumed device; simulated laboratory."
RATIOS = (0.45, 0.62)


@pytest.fixture(scope="module")
def data():
    points = tuple(
        fig2.PointEmission(
            f"{power}-x{ratio * 1000:.0f}",
            power,
            coupling,
            ratio,
            predict(recordings(ratio=ratio)[0], None, CALIBRATION, around(VALUES, ratio=ratio)),
        )
        for power, coupling in (("strong", 2.0e5), ("reference", 1.4e5))
        for ratio in RATIOS
    )
    return fig2.EmissionData(points, "reference-x450")


@pytest.fixture(scope="module")
def frame(data):
    return fig2.plotted(data)


def test_no_text_overlaps(data):
    figure = fig2.draw(data, ORIGIN)
    assert overlapping_text(figure) == []
    assert figure.get_size_inches()[0] * 25.4 == pytest.approx(183.0)
    assert any(text.get_text().startswith(ORIGIN) for text in figure.texts)


def test_one_power_alone_is_one_row(data):
    alone = fig2.EmissionData(data.points[:2], None)
    assert set(fig2.plotted(alone)["panel"]) == {"a", "b", "c"}
    assert overlapping_text(fig2.draw(alone, ORIGIN)) == []


def test_powers_stand_in_order_of_their_coupling(data):
    assert data.powers == ["reference", "strong"]
    assert data.whole("reference").name == "reference-x450"
    assert data.whole("strong").ratio in RATIOS


def test_every_curve_drawn_stands_in_the_frame(data, frame):
    assert tuple(frame.columns) == COLUMNS
    figure = fig2.draw(data, ORIGIN)
    for axes, panel in ((figure.axes[0], "a"), (figure.axes[3], "c"), (figure.axes[4], "d")):
        curves = {tuple(map(tuple, line.get_xydata())) for line in axes.lines}
        rows = frame[frame["panel"] == panel]
        for series, curve in rows.groupby("series"):
            assert tuple(map(tuple, curve[["x", "y"]].to_numpy())) in curves, (panel, series)


def test_lines_are_shown_at_every_ratio(data, frame):
    first, second = (np.array(window) for window in fig2._windows(data.of("reference")))
    for ratio in RATIOS:
        rows = frame[(frame["panel"] == "b") & (frame["series"] == f"model x={ratio:g}")]
        for window in (first, second):
            inside = rows[rows["x"].between(*window)]
            at = inside["y"].to_numpy().argmax()
            assert 0 < at < len(inside) - 1, "the line's top is not in its panel"


def test_everything_measured_has_its_error(frame):
    points = frame[frame["series"].str.startswith(("points", "line_"))]
    assert np.all(points["lower"] < points["y"])
    assert np.all(points["y"] < points["upper"])


def test_colours_are_those_of_the_lines(data):
    axes = fig2.draw(data, ORIGIN).axes[3]
    colours = {line.get_color() for line in axes.lines}
    assert colours == {style.LOOKS[name].colour for name in ("line_1", "line_2")}


def test_caption_numbers(data):
    quoted = fig2.quoted(data)
    shown = data.whole("reference").predictive
    assert quoted["points"] == "4"
    assert quoted["first"].startswith(f"{shown.occupations.value[0]:.3f} ± ")
    assert quoted["pedestal"].startswith(f"{shown.emission.pedestal.value.max():.2f} ± ")


def test_nothing_to_show_is_an_error():
    with pytest.raises(FileFormatError, match="no operating point has a posterior"):
        fig2.EmissionData((), None)


def test_the_table_redraws_the_figure(data, frame):
    assert not_in_table(fig2.draw(data, ORIGIN).axes, frame) == []
