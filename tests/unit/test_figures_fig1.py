"""Figure 1 follows the config: places to scale, labels, drums."""

import numpy as np
import pandas
import pytest
from matplotlib.colors import to_hex
from matplotlib.patches import Circle
from tests.unit.figure_samples import DEVICE, ORIGIN
from tests.unit.redrawn import not_in_table

from entangled_drums.figures import fig1, style
from entangled_drums.figures.layout import overlapping_text
from entangled_drums.figures.output import COLUMNS

DIAMETERS = {"drum_1": 1.5e-5, "drum_2": 1.5e-5}
# Another device: drums far apart, unequal, and a narrow cavity.
OTHER = {
    **DEVICE,
    "cavity.frequency_hz": 6.0806e9,
    "cavity.kappa_external_hz": 6.0e5,
    "cavity.kappa_internal_hz": 2.5e5,
    "drum_1.frequency_hz": 1.09e7,
    "drum_2.frequency_hz": 1.59e7,
    "drum_2.linewidth_hz": 1234.5,
}


def scheme(device=DEVICE, diameters=DIAMETERS, detuning=0.0, offset=0.0, probe=1.5e5):
    return fig1.scheme(
        device,
        diameters,
        cavity_detuning_hz=detuning,
        frame_offset_hz=offset,
        probe_offset_hz=probe,
    )


def test_tones_and_sidebands_of_the_assumed_device():
    shown = scheme()
    places = {(line.tone, line.drum): [] for line in shown.lines}
    for line in shown.lines:
        places[line.tone, line.drum].append(line.offset_hz / 1e6)
    assert places["red pump", ""] == pytest.approx([-10.65])
    assert places["blue pump", ""] == pytest.approx([10.65])
    assert places["red probe", ""] == pytest.approx([-10.50])
    assert places["red pump", "drum_1"] == pytest.approx([-20.65, -0.65])
    assert places["red pump", "drum_2"] == pytest.approx([-21.95, 0.65])
    assert places["blue pump", "drum_1"] == pytest.approx([0.65, 20.65])
    assert places["blue probe", "drum_2"] == pytest.approx([-0.50, 22.10])
    assert len(shown.lines) == 4 * 5


def test_detuning_moves_all_tones_and_offset_moves_them_apart():
    still, moved = scheme(), scheme(detuning=2.0e4, offset=3.0e3)
    for before, after in zip(still.lines, moved.lines, strict=True):
        side = -1.0 if before.tone.startswith("red") else 1.0
        assert after.offset_hz - before.offset_hz == pytest.approx(2.0e4 + side * 3.0e3, abs=1e-6)


@pytest.mark.parametrize("device", [DEVICE, OTHER], ids=["assumed", "other"])
@pytest.mark.parametrize("probe", [1.5e5, None], ids=["probe", "no probe"])
@pytest.mark.parametrize("diameters", [DIAMETERS, {}], ids=["diameters", "no diameters"])
def test_no_text_overlaps(device, probe, diameters):
    figure = fig1.draw(scheme(device, diameters, probe=probe), ORIGIN)
    assert overlapping_text(figure) == []
    assert figure.get_size_inches()[0] * 25.4 == pytest.approx(183.0)


@pytest.mark.parametrize("device", [DEVICE, OTHER], ids=["assumed", "other"])
def test_what_is_drawn_stands_in_the_frame_and_is_to_scale(device):
    shown = scheme(device)
    frame = fig1.plotted(shown)
    assert tuple(frame.columns) == COLUMNS
    near, far = fig1.draw(shown, ORIGIN).axes[1:3]
    for axes, panel in ((far, "b"), (near, "c")):
        assert axes.get_xscale() == "linear"
        rows = frame[frame["panel"] == panel]
        drawn = sorted(
            (to_hex(item.get_color()[0]).upper(), float(segment[0, 0]))
            for item in axes.collections
            if hasattr(item, "get_segments")
            for segment in item.get_segments()
        )
        colours = {"": "#000000", **{drum: style.LOOKS[drum].colour for drum in fig1.DRUMS}}
        lines = rows[rows["series"] != fig1.CAVITY]
        expected = sorted(
            (
                next(
                    colours[drum].upper() for drum in (*fig1.DRUMS, "") if row.series.endswith(drum)
                ),
                row.x,
            )
            for row in lines.itertuples()
        )
        assert drawn == expected
        assert len(lines) > 0
        low, high = axes.get_xlim()
        assert low < lines["x"].min() <= lines["x"].max() < high
    assert len(frame[(frame["panel"] == "b") & (frame["series"] != fig1.CAVITY)]) == 20


def test_cavity_line_has_the_configured_width():
    rows = fig1.plotted(scheme(OTHER))
    line = rows[(rows["panel"] == "c") & (rows["series"] == fig1.CAVITY)]
    half = np.interp(0.425, line["x"], line["y"])
    assert half == pytest.approx(0.5, abs=1e-3)


def texts(figure):
    return " ".join(text.get_text() for axes in figure.axes for text in axes.texts)


def test_labels_follow_the_device():
    assert "5.5 GHz" in texts(fig1.draw(scheme(), ORIGIN))
    other = texts(fig1.draw(scheme(OTHER), ORIGIN))
    for label in ("6.081 GHz", "600 kHz", "10.9 MHz", "15.9 MHz", "1.234 kHz"):
        assert label in other


def test_drums_are_to_scale():
    figure = fig1.draw(scheme(diameters={"drum_1": 1.5e-5, "drum_2": 1.0e-5}), ORIGIN)
    first, second = [patch.radius for patch in figure.axes[0].patches if isinstance(patch, Circle)]
    assert first / second == pytest.approx(1.5)
    assert "10 µm" in texts(figure)
    assert "µm" not in texts(fig1.draw(scheme(diameters={}), ORIGIN))


def test_caption_numbers():
    quoted = fig1.quoted(scheme())
    assert quoted["half_splitting"] == "650 kHz"
    assert quoted["half_separation"] == "10.65 MHz"
    assert quoted["probe_offset"] == "150 kHz"
    assert "probe_offset" not in fig1.quoted(scheme(probe=None))


def test_the_table_redraws_the_figure():
    """Places of all tones (see above), and the cavity's line: each stands on a row of its own."""
    shown = scheme(OTHER)
    frame = fig1.plotted(shown)
    for axes, panel in zip(fig1.draw(shown, ORIGIN).axes[1:3], ("c", "b"), strict=True):
        here = frame[frame["panel"] == panel]
        base = len(shown.rows) - 1.0
        line = here[here["series"] == fig1.CAVITY]
        drawn = line.assign(y=base + fig1.TONE_HEIGHT * line["y"], lower=base)
        tones = here[here["series"] != fig1.CAVITY]
        for low, row in ((base - row, row) for row in tones["y"].unique()):
            for height in (fig1.TONE_HEIGHT, fig1.SIDEBAND_HEIGHT):
                on_row = tones[tones["y"] == row]
                ends = on_row.assign(series=row, y=low + height, lower=low, upper=low + height)
                drawn = pandas.concat([drawn, ends.assign(panel=f"{panel} {height}")])
        assert not_in_table([axes], drawn) == []
