r"""Figure S3: sideband cooling of each drum by one red tone, and narrowing by one blue tone.

Width of the mechanical line and occupation of the drum against the intracavity photons of the tone,
which are proportional to its power. A red tone widens the line by the optical damping, which gives
the couplings; a blue one narrows it, which gives the amplitude with which blue tones arrive.
"""

from dataclasses import dataclass

import pandas
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from entangled_drums.figures import marks, style
from entangled_drums.figures.calibration_steps import DRUMS, StepContent, against
from entangled_drums.figures.style import LOOKS

_HEIGHT_MM = 50.0
_TOP_MM = 10.0
_BOTTOM_MM = 14.0
_LEFT_MM = 13.0
_RIGHT_MM = 3.0
_GAP_MM = 14.0


@dataclass(frozen=True)
class CoolingData:
    """What is shown.

    Attributes
    ----------
    cooling : StepContent
        The step ``sideband_cooling``.
    narrowing : StepContent or None
        The step ``sideband_narrowing``; None without its recording.
    """

    cooling: StepContent
    narrowing: StepContent | None


def quoted(data: CoolingData) -> dict[str, str]:
    """Return the numbers that the caption quotes, as text by their names."""
    last = data.narrowing or data.cooling
    blue = "not measured"
    if data.narrowing is not None:
        blue = data.narrowing.text("lines.blue_transmission")
    return {
        "first_coupling": last.text("drum_1.single_photon_coupling_hz", 1.0, "Hz"),
        "second_coupling": last.text("drum_2.single_photon_coupling_hz", 1.0, "Hz"),
        "coldest": f"{data.cooling.column('occupation').min():.2f}",
        "p_value": f"{data.cooling.p_value:.2f}",
        "blue": blue,
    }


def plotted(data: CoolingData) -> pandas.DataFrame:
    """Return every number that the figure shows.

    Parameters
    ----------
    data : CoolingData

    Returns
    -------
    pandas.DataFrame
        Columns `output.COLUMNS`; x the intracavity photons of the tone, series "points drum_1"
        (bars: one standard deviation) and "fit drum_1", likewise drum 2. Panel a: width in Hz
        under red tones, b: occupation under red tones, c: width in Hz under blue tones.
    """
    parts = [
        *against(data.cooling, "a", "red_photons", "width_hz", "Hz"),
        *against(data.cooling, "b", "red_photons", "occupation", "quanta"),
    ]
    if data.narrowing is not None:
        parts += against(data.narrowing, "c", "blue_photons", "width_hz", "Hz")
    return marks.joined(parts)


def draw(data: CoolingData, origin: str) -> Figure:
    """Draw the figure from exactly the numbers that `plotted` returns.

    Parameters
    ----------
    data : CoolingData
    origin : str
        One sentence on where the recordings come from; stands below the panels.

    Returns
    -------
    matplotlib.figure.Figure
        183 mm wide.
    """
    frame = plotted(data)
    with style.context():
        width, height = style.DOUBLE_COLUMN_MM, _BOTTOM_MM + _HEIGHT_MM + _TOP_MM
        figure = style.new_figure(width, height)
        panels = "abc" if data.narrowing is not None else "ab"
        breadth = (width - _LEFT_MM - _RIGHT_MM - 2 * _GAP_MM) / 3.0
        for place, panel in enumerate(panels):
            left = _LEFT_MM + place * (breadth + _GAP_MM)
            axes = style.panel(figure, left, _BOTTOM_MM, breadth, _HEIGHT_MM)
            _draw_panel(axes, frame, panel)
        figure.legend(
            [
                Line2D(
                    [],
                    [],
                    color=LOOKS[f"drum_{drum}"].colour,
                    marker=LOOKS[f"drum_{drum}"].marker,
                    linewidth=0.8,
                )
                for drum in DRUMS
            ],
            [f"{LOOKS[f'drum_{drum}'].label}: each spectrum, and fit" for drum in DRUMS],
            loc="upper center",
            ncols=2,
            borderaxespad=0.3,
        )
        style.origin(figure, origin)
        return figure


_LABELS = {
    "a": ("Photons of the red tone", "Width of the line (Hz)"),
    "b": ("Photons of the red tone", "Occupation of the drum (quanta)"),
    "c": ("Photons of the blue tone", "Width of the line (Hz)"),
}


def _draw_panel(axes: Axes, frame: pandas.DataFrame, panel: str) -> None:
    for drum in DRUMS:
        look = LOOKS[f"drum_{drum}"]
        fit = marks.of(frame, panel, f"fit drum_{drum}")
        axes.plot(fit["x"], fit["y"], color=look.colour, linewidth=0.8)
        marks.points(axes, marks.of(frame, panel, f"points drum_{drum}"), look, markersize=3.2)
    if panel != "c":
        axes.set_xscale("log")
        axes.set_yscale("log")
    across, up = _LABELS[panel]
    axes.set_xlabel(f"{across}, $\\propto$ power")
    axes.set_ylabel(up, labelpad=1.0)
    style.letter(axes, panel)
