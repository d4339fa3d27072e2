"""Figure S11 from a run made up by hand: numbers, caption, and nothing overlaps."""

import numpy as np
import pytest
from tests.unit.redrawn import not_in_table

from entangled_drums.figures import figs11
from entangled_drums.figures.layout import overlapping_text
from entangled_drums.figures.output import COLUMNS
from entangled_drums.inference.stationarity import Course, Stationarity

ORIGIN = "Assumed device; simulated laboratory."


def made_up(segments=30, *, rise=0.0, lines=2, begin_s=0.0):
    """Fluxes of -200 and 200 (the sign of a gain says nothing), and a centre that rises."""
    generator = np.random.default_rng(segments)
    middle = (np.arange(segments) + 0.5) / segments

    def course(mean, error, change=0.0):
        noise = error * generator.standard_normal(segments)
        return Course.of(mean + change * (middle - 0.5) + noise, error, middle)

    found = Stationarity(
        {"red_coupling_hz": 1.4e5, "ratio": 0.62, "span_s": 1800.0},
        begin_s + 1800.0 * np.arange(segments) / segments,
        "valid" if lines else "not valid here: segment 4, line 1: the fit does not settle",
        tuple(
            {
                "flux_per_s": course(200.0, 4.0),
                "centre_hz": course(side * 6.6e5, 500.0, rise),
                "width_hz": course(1.9e4, 900.0),
            }
            for side in (-1, 1)[:lines]
        ),
    )
    return {"operating_point": "reference-x620", **found.content()}


@pytest.mark.parametrize(
    "found", [made_up(), made_up(2, rise=-1e6), made_up(300, begin_s=1.7e9), made_up(lines=0)]
)
def test_no_text_overlaps(found):
    figure = figs11.draw(found, ORIGIN)
    assert overlapping_text(figure) == []
    assert figure.get_size_inches()[0] * 25.4 == pytest.approx(183.0)


def test_numbers_drawn_are_those_of_the_run():
    found = made_up(rise=6000.0)
    frame = figs11.plotted(found)
    assert tuple(frame.columns) == COLUMNS
    flux = frame[(frame["panel"] == "a") & (frame["series"] == "points line_2")]
    course = found["lines"][1]["flux_per_s"]
    assert 1.0 + flux["y"].to_numpy() / 100.0 == pytest.approx(
        np.array(course["values"]) / course["mean"]
    )
    assert (flux["upper"] - flux["y"]).to_numpy() == pytest.approx(100.0 * 4.0 / course["mean"])
    change = frame[(frame["panel"] == "b") & (frame["series"] == "change line_1")]
    assert change["x"].to_numpy() == pytest.approx(30.0 * (np.arange(30) + 0.5) / 30)
    slope = np.polyfit(change["x"], change["y"], 1)[0]
    assert 30.0 * slope == pytest.approx(found["lines"][0]["centre_hz"]["change"])
    # In the middle of the run the line is known as well as the mean.
    narrowest = (change["upper"] - change["y"]).min()
    assert narrowest == pytest.approx(500.0 / np.sqrt(30), rel=0.01)


def test_caption_numbers():
    quoted = figs11.quoted(made_up(rise=6000.0))
    assert quoted["point"] == "reference-x620"
    assert quoted["minutes"] == "30" and quoted["segments"] == "30"
    assert quoted["outcome"].startswith("state or receiver change (p = ")
    assert quoted["others"] == "there is none"
    assert quoted["centre"].count("±") == 2 and quoted["centre"].endswith(" Hz")
    steady = figs11.quoted(made_up())
    assert steady["outcome"].startswith("no change is seen (p = ")
    nothing = figs11.quoted(made_up(lines=0), [made_up(rise=6000.0)])
    assert nothing["flux"] == "unknown"
    assert "does not settle" in nothing["outcome"]
    assert nothing["others"].startswith("reference-x620: state or receiver change")


def test_the_table_redraws_the_figure():
    for found in (made_up(), made_up(lines=0)):
        figure = figs11.draw(found, ORIGIN)
        assert not_in_table(figure.axes, figs11.plotted(found)) == []
