r"""Figure S4: gain and added noise of the receiver, by loads of known temperature.

A load shows gain (n(T) + n_add); the slope against the load's occupation is the gain, the intercept
gives the added noise. The port of the cavity, tuned away, shows gain (n_e + n_add).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from entangled_drums.calibration import Calibration
from entangled_drums.calibration.background import ADDED, GAIN
from entangled_drums.figures import marks, style
from entangled_drums.figures.calibration_steps import StepContent
from entangled_drums.figures.style import LOOKS
from entangled_drums.symmetric_root import symmetric_root
from entangled_drums.tables.rounding import round_by_uncertainty
from entangled_drums.units import angular, thermal_occupation

Array = NDArray[np.float64]

_HEIGHT_MM = 44.0
_STRIP_MM = 11.0
_STRIP_GAP_MM = 2.0
_TOP_MM = 10.0
_BOTTOM_MM = 14.0
_LEFT_MM = 13.0
_RIGHT_MM = 3.0
_GAP_MM = 16.0
_MASSES = (0.68, 0.95)
DRAWS = 1000
"""Draws of the calibration behind the band of the line."""

_CURVE_POINTS = 61
_TURN = np.linspace(0.0, 2.0 * np.pi, 121)


@dataclass(frozen=True)
class ReceiverData:
    """What is shown.

    Attributes
    ----------
    loads : StepContent
        The step ``receiver``.
    port : StepContent or None
        The step ``port_occupation``; None without its recording.
    frequency_hz : float
        Frequency of the recordings, for the loads' occupation.
    before, after : Calibration
        Device file and calibrated device.
    draws : mapping
        Draws (S,) from `after` of gain and added noise, for the band of the line.
    """

    loads: StepContent
    port: StepContent | None
    frequency_hz: float
    before: Calibration
    after: Calibration
    draws: Mapping[str, Array]

    @property
    def load_occupation(self) -> Array:
        """Occupation of the loads at the temperatures that the thermometer showed."""
        omega = float(angular(self.frequency_hz))
        return np.asarray(thermal_occupation(omega, self.loads.column("temperature_k")))


def quoted(data: ReceiverData) -> dict[str, str]:
    """Return the numbers that the caption quotes, as text by their names."""
    after = data.after.mapping()

    def text(name: str) -> str:
        return round_by_uncertainty(after[name], data.after.uncertainty(name)).plain()

    return {
        "loads": str(data.load_occupation.size),
        "gain": text(GAIN),
        "added": text(ADDED),
        "port": text("bath.external_occupation"),
        "p_value": f"{data.loads.p_value:.2f}",
    }


def plotted(data: ReceiverData) -> pandas.DataFrame:
    """Return every number that the figure shows.

    Parameters
    ----------
    data : ReceiverData

    Returns
    -------
    pandas.DataFrame
        Columns `output.COLUMNS`. Panel a: recorded level against occupation of the load, series
        "points" (bars: one standard deviation, statistical), "line" (68 %) and "port"; "a below":
        what the points miss the fit of the step by, in standard deviations. Panel b: gain against
        added noise, ellipses "before 68 %", "after 95 %" and so on.
    """
    loads = data.loads
    level, error, fitted = (
        loads.column(name) for name in ("level", "level_uncertainty", "level_fitted")
    )
    n = data.load_occupation
    grid = np.linspace(0.0, 1.04 * n.max(), _CURVE_POINTS)
    lines = data.draws[GAIN][:, None] * (grid + data.draws[ADDED][:, None])
    lower, upper = np.quantile(lines, (0.16, 0.84), axis=0)
    missed = (level - fitted) / error
    parts = [
        marks.rows("a", "points", n, level, level - error, level + error, "quanta"),
        marks.rows("a", "line", grid, lines.mean(axis=0), lower, upper, "quanta"),
        marks.rows("a below", "points", n, missed, missed - 1.0, missed + 1.0, "sigma"),
    ]
    if data.port is not None:
        seen = data.port.column("level")[0]
        parts.append(marks.rows("a", "port", grid[[0, -1]], seen, unit="quanta"))
    for when, known in (("before", data.before), ("after", data.after)):
        for mass in _MASSES:
            parts.append(
                marks.rows("b", f"{when} {mass * 100:.0f} %", *_ellipse(known, mass), unit="1")
            )
    return marks.joined(parts)


def draw(data: ReceiverData, origin: str) -> Figure:
    """Draw the figure from exactly the numbers that `plotted` returns.

    Parameters
    ----------
    data : ReceiverData
    origin : str
        One sentence on where the recordings come from; stands below the panels.

    Returns
    -------
    matplotlib.figure.Figure
        183 mm wide.
    """
    frame = plotted(data)
    with style.context():
        width = style.DOUBLE_COLUMN_MM
        whole = _HEIGHT_MM + _STRIP_GAP_MM + _STRIP_MM
        height = _BOTTOM_MM + whole + _TOP_MM
        figure = style.new_figure(width, height)
        breadth = (width - _LEFT_MM - _RIGHT_MM - _GAP_MM) / 2.0
        above = _BOTTOM_MM + _STRIP_MM + _STRIP_GAP_MM
        upper = style.panel(figure, _LEFT_MM, above, breadth, _HEIGHT_MM)
        lower = style.panel(figure, _LEFT_MM, _BOTTOM_MM, breadth, _STRIP_MM)
        right = style.panel(figure, _LEFT_MM + breadth + _GAP_MM, _BOTTOM_MM, breadth, whole)
        _draw_levels(upper, lower, frame)
        _draw_ellipses(right, frame)
        _draw_legend(figure, data)
        style.origin(figure, origin)
        return figure


def _ellipse(known: Calibration, mass: float) -> tuple[Array, Array]:
    """Added noise and gain on the border of the region that holds a share of the probability."""
    names = (ADDED, GAIN)
    values, covariance = known.mapping(), known.covariance_of(names)
    circle = np.sqrt(-2.0 * np.log(1.0 - mass)) * np.stack([np.cos(_TURN), np.sin(_TURN)])
    border = symmetric_root(covariance) @ circle
    return values[ADDED] + border[0], values[GAIN] + border[1]


def _draw_levels(upper: Axes, lower: Axes, frame: pandas.DataFrame) -> None:
    colour = LOOKS["model_based"].colour
    marks.curve(upper, marks.of(frame, "a", "line"), color=colour, linewidth=0.8)
    marks.points(upper, marks.of(frame, "a", "points"), LOOKS["receiver"])
    port = marks.of(frame, "a", "port")
    if port.size:
        upper.plot(port["x"], port["y"], **_PORT)
    upper.tick_params(labelbottom=False)
    upper.set_ylabel("Recorded level (quanta)", labelpad=1.0)
    style.letter(upper, "a")
    rows = marks.of(frame, "a below", "points")
    marks.points(lower, rows, LOOKS["receiver"])
    lower.axhline(0.0, color=colour, linewidth=0.8)
    lower.set_ylim(-3.5, 3.5)
    lower.set_ylabel(r"$\Delta/\sigma$", labelpad=1.0)
    lower.set_xlabel("Occupation of the load (quanta)")
    for axes in (upper, lower):
        axes.set_xlim(-0.02 * rows["x"].max(), 1.04 * rows["x"].max())


def _draw_ellipses(axes: Axes, frame: pandas.DataFrame) -> None:
    for when, look in _WHEN.items():
        for mass, linewidth in zip(_MASSES, (1.0, 0.6), strict=True):
            rows = marks.of(frame, "b", f"{when} {mass * 100:.0f} %")
            axes.plot(rows["x"], rows["y"], **{**look, "linewidth": linewidth})
    axes.set_xlabel(r"Added noise, $n_\mathrm{add}$ (quanta)")
    axes.set_ylabel(r"Gain, $\mathcal{G}$ (dimensionless)", labelpad=1.0)
    style.letter(axes, "b")


def _draw_legend(figure: Figure, data: ReceiverData) -> None:
    look = LOOKS["receiver"]
    handles = [
        Line2D([], [], color=look.colour, marker=look.marker, linestyle="none"),
        Line2D([], [], color=LOOKS["model_based"].colour, linewidth=0.8),
    ]
    labels = [look.label, "calibrated: gain $(n + n_\\mathrm{add})$, 68 % band"]
    if data.port is not None:
        handles.append(Line2D([], [], **_PORT))
        labels.append("port of the cavity")
    handles.append(Line2D([], [], **_WHEN["before"]))
    labels.append("device file, 68 % and 95 %")
    figure.legend(
        handles,
        labels,
        loc="upper center",
        ncols=len(labels),
        borderaxespad=0.3,
        columnspacing=1.4,
        handlelength=1.8,
    )


_PORT: dict[str, Any] = {"color": LOOKS["line_2"].colour, "linestyle": "-.", "linewidth": 0.9}
_WHEN: dict[str, dict[str, Any]] = {
    "before": {"color": LOOKS["prior"].colour, "linestyle": LOOKS["prior"].line},
    "after": {"color": LOOKS["model_based"].colour, "linestyle": "-"},
}
