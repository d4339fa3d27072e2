"""Figure S10 from replicas made up by hand: numbers, caption, and nothing overlaps."""

import numpy as np
import pytest
from tests.unit.redrawn import not_in_table
from tests.unit.test_coverage import made_up

from entangled_drums.coverage.scenarios import BORDER, COVERAGE, FAR, POWER, SCENARIOS
from entangled_drums.coverage.summary import summarise
from entangled_drums.figures import figs10
from entangled_drums.figures.layout import overlapping_text
from entangled_drums.figures.output import COLUMNS

ORIGIN = "Assumed device; simulated laboratory."


def study(number):
    """As many replicas of every kind, ranks uniform, one claim in five."""
    return summarise(
        [
            made_up(kind, rank=(index + 0.5) / number, claim=index % 5 == 0)
            for kind in SCENARIOS
            for index in range(number)
        ]
    )


@pytest.mark.parametrize("number", [5, 400])
def test_no_text_overlaps(number):
    figure = figs10.draw(study(number), ORIGIN)
    assert overlapping_text(figure) == []
    assert figure.get_size_inches()[0] * 25.4 == pytest.approx(183.0)


def test_numbers_drawn_are_those_of_the_study():
    summary = study(100)
    frame = figs10.plotted(summary)
    assert tuple(frame.columns) == COLUMNS
    claims = frame[frame["panel"] == "b"].set_index("series")
    assert list(claims.index) == [kind for kind in SCENARIOS if summary["claims"][kind]["replicas"]]
    assert claims["y"].to_numpy() == pytest.approx(20.0)
    assert (claims["lower"] < 20.0).all() and (claims["upper"] > 20.0).all()
    in_time = frame[frame["series"] == "duan in time"]
    assert set(in_time["panel"]) == {"a"} and in_time["x"].tolist() == [50.0, 68.0, 90.0, 95.0]
    ranks = frame[frame["panel"] == "c"]
    assert ranks["y"].sum() == 100
    drawn = figs10.draw(summary, ORIGIN).axes
    assert len(drawn) == 6
    shown = np.concatenate(
        [line.get_xdata() for line in drawn[1].lines if len(line.get_xdata()) > 2]
    )
    assert shown == pytest.approx(claims["y"].to_numpy())


def test_caption_numbers():
    quoted = figs10.quoted(study(100))
    assert quoted["replicas"] == "100"
    assert quoted["border"] == quoted["power"] == quoted["far"] == "20.0 %"
    assert quoted["far_replicas"] == str(100 * len(FAR))
    assert quoted["covered"].split(", ")[0] == "50.0 %"
    assert quoted["in_time_replicas"] == "100"
    assert quoted["in_time"].split(", ")[1] == "68.0 %"
    empty = figs10.quoted(summarise([made_up(COVERAGE)]))
    assert empty["border"] == empty["far"] == empty["power"] == "not studied"
    assert empty["in_time"] == "not studied"
    assert {BORDER, POWER} <= set(SCENARIOS)


def test_the_table_redraws_the_figure():
    summary = study(100)
    frame = figs10.plotted(summary)
    levels, claims, *ranks = figs10.draw(summary, ORIGIN).axes
    assert not_in_table(ranks, frame) == []
    # Quantities and scenarios stand beside each other: along that axis the table has their names.
    for axes, panel, along in ((levels, "a", 1), (claims, "b", 0)):
        rows = frame[frame["panel"] == panel]
        bars = [bar for container in axes.containers for bar in container[2]]
        ends = np.concatenate([np.array(bar.get_segments())[:, :, along] for bar in bars])
        points = np.concatenate([one[0].get_xydata()[:, along] for one in axes.containers])
        assert points == pytest.approx(rows["y"].to_numpy(), abs=1e-7)
        assert ends == pytest.approx(rows[["lower", "upper"]].to_numpy(), abs=1e-7)
