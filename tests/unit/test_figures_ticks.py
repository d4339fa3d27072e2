"""Ticks stay away from the ends of an axis, and there are always two."""

import numpy as np
import pytest

from entangled_drums.figures import style, ticks


@pytest.mark.parametrize(
    ("low", "high"),
    [(-700.0, -621.0), (-708.0, -612.0), (132.31, 132.98), (132.55, 132.65), (3.0, -1.0)],
)
@pytest.mark.parametrize("room", [0.08, 0.15])
def test_inner_ticks(low, high, room):
    axes = style.new_figure(89.0, 40.0).add_axes((0.1, 0.1, 0.8, 0.8))
    axes.set_xlim(low, high)
    ticks.inner(axes.xaxis, 2, room)
    places = axes.xaxis.get_majorticklocs()
    assert 2 <= len(places) <= 4
    ends = np.sort([low, high])
    free = room * np.ptp(ends)
    assert np.all((places >= ends[0] + free) & (places <= ends[1] - free))
    assert np.ptp(np.diff(places)) < 1e-9
    texts = [text.get_text().replace("\N{MINUS SIGN}", "-") for text in axes.get_xticklabels()]
    assert [float(text) for text in texts] == pytest.approx(list(places))


def test_plain_ticks_are_written_without_powers():
    axes = style.new_figure(89.0, 40.0).add_axes((0.1, 0.1, 0.8, 0.8))
    axes.set_xscale("log")
    axes.set_xlim(0.05, 300.0)
    ticks.plain(axes.xaxis)
    texts = [axes.xaxis.get_major_formatter()(value) for value in (0.05, 1.0, 200.0)]
    assert texts == ["0.05", "1", "200"]
