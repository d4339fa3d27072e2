r"""Figure S9: the posterior of one operating point beside what the calibration alone says.

The diagonal shows the density of each parameter and of the Duan sum, the panels below it contours
that hold 68 % and 95 % of the probability of each pair. Densities are kernel estimates from draws;
at the bound of a quantity that cannot be negative the draws are reflected, so that the density does
not leak through it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas
from contourpy import contour_generator
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from numpy.typing import NDArray

from entangled_drums.errors import FileFormatError
from entangled_drums.figures import marks, style, ticks
from entangled_drums.figures.style import LOOKS
from entangled_drums.ranges import is_allowed

Array = NDArray[np.float64]

DUAN = "duan"
SHOWN: dict[str, tuple[str, str]] = {
    "drum_1.thermal_occupation": ("$n_1$", "quanta"),
    "drum_2.thermal_occupation": ("$n_2$", "quanta"),
    "drum_1.single_photon_coupling_hz": (r"$g_{0,1}/2\pi$", "Hz"),
    "drum_2.single_photon_coupling_hz": (r"$g_{0,2}/2\pi$", "Hz"),
    "receiver.gain": (r"gain, $\mathcal{G}$", "1"),
    "bath.internal_occupation": ("$n_i$", "quanta"),
    "bath.external_occupation": ("$n_e$", "quanta"),
    DUAN: ("$D$", "vacuum = 1"),
}
"""Symbol and unit of what is shown, in order; those taken as exact are left out."""

MASSES = (0.68, 0.95)
_SIDES = ("prior", "posterior")
_GRID = 48
_CURVE_POINTS = 121
PRIOR_DRAWS = 1000
"""Draws of the calibration alone, enough for smooth contours."""

_MOST_DRAWS = 1000
_RANGE = (0.003, 0.997)
_LARGEST_ZOOM = 1.5
_REACH = 4.0
_PLACES_AT_ONCE = 32
_LEFT_MM = 15.0
_BOTTOM_MM = 19.0
_RIGHT_MM = 3.0
_TOP_MM = 3.0
_GAP_MM = 1.6
_LABELS_MM = (9.6, 11.2)
"""Distance of the labels of the horizontal and the vertical axes from their panels."""


@dataclass(frozen=True)
class CornerData:
    """What is shown.

    Attributes
    ----------
    posterior, prior : mapping
        Draws (S,) by name of the parameters and of the Duan sum, with and without the recordings.
    truth : mapping or None
        True values of the simulated laboratory; None where nobody knows them.
    point : str
        Name of the operating point.
    """

    posterior: Mapping[str, Array]
    prior: Mapping[str, Array]
    truth: Mapping[str, float] | None
    point: str

    @property
    def names(self) -> list[str]:
        """What is shown, in order.

        Raises
        ------
        FileFormatError
            If the posterior has no draws of anything shown.
        """
        names = [name for name in SHOWN if name in self.posterior and name in self.prior]
        if not names or not self.posterior[names[0]].size:
            raise FileFormatError(
                f"figure S9: no posterior at {self.point}; show a point where the model-based "
                "route is valid"
            )
        return names

    @cached_property
    def table(self) -> pandas.DataFrame:
        """What `plotted` returns: the densities take a while, and the picture needs them too."""
        names = self.names
        parts = []
        for row, down in enumerate(names):
            parts += _densities(self, down)
            for across in names[:row]:
                parts += _contours(self, across, down)
        return marks.joined(parts)

    def draws(self, side: str, name: str) -> Array:
        """At most `_MOST_DRAWS` draws."""
        drawn = np.asarray(getattr(self, side)[name])
        return drawn[:: max(1, drawn.size // _MOST_DRAWS)]


def quoted(data: CornerData) -> dict[str, str]:
    """Return the numbers that the caption quotes, as text by their names."""
    found = {"point": data.point}
    for side in _SIDES:
        draws = data.draws(side, DUAN)
        found[f"duan_{side}"] = f"{draws.mean():.3f} ± {draws.std():.3f}"
    external = "bath.external_occupation"
    if external in data.names:
        correlation = np.corrcoef(data.draws("posterior", external), data.draws("posterior", DUAN))
        found["correlation"] = f"{correlation[0, 1]:.2f}"
    else:
        found["correlation"] = "zero, as it is taken as exact"
    if data.truth is not None:
        found["duan_truth"] = f"{data.truth[DUAN]:.3f}"
    return found


def plotted(data: CornerData) -> pandas.DataFrame:
    """Return every number that the figure shows.

    Parameters
    ----------
    data : CornerData

    Returns
    -------
    pandas.DataFrame
        Columns `output.COLUMNS`; a panel is named by what its axes show, "y against x". On the
        diagonal y is a density relative to the maximum of the posterior's; series "prior",
        "posterior" and "truth". Elsewhere series are "prior 68 % (1)" for the first closed line of
        the contour that holds 68 %, and so on, and "truth".
    """
    return data.table


def draw(data: CornerData, origin: str) -> Figure:
    """Draw the figure from exactly the numbers that `plotted` returns.

    Parameters
    ----------
    data : CornerData
    origin : str
        One sentence on where device and recordings come from; stands below the panels.

    Returns
    -------
    matplotlib.figure.Figure
        183 mm wide.
    """
    frame = plotted(data)
    names = data.names
    with style.context():
        width = style.DOUBLE_COLUMN_MM
        count = len(names)
        panel = (width - _LEFT_MM - _RIGHT_MM - (count - 1) * _GAP_MM) / count
        height = _BOTTOM_MM + count * panel + (count - 1) * _GAP_MM + _TOP_MM
        figure = style.new_figure(width, height)
        for row, down in enumerate(names):
            bottom = _BOTTOM_MM + (count - 1 - row) * (panel + _GAP_MM)
            for column, across in enumerate(names[: row + 1]):
                left = _LEFT_MM + column * (panel + _GAP_MM)
                axes = style.panel(figure, left, bottom, panel, panel)
                if row == column:
                    _draw_density(axes, frame, down)
                else:
                    _draw_contours(axes, frame, across, down)
                    axes.set_ylim(*_limits(data, down))
                axes.set_xlim(*_limits(data, across))
                away = (-_LABELS_MM[0] / panel, -_LABELS_MM[1] / panel)
                _label(axes, across, down, away, bottom_row=row == count - 1, first=column == 0)
        _draw_legend(figure, data, width, height, panel)
        style.origin(figure, origin)
        return figure


def _limits(data: CornerData, name: str) -> tuple[float, float]:
    """Range of an axis: all of the posterior, and of the prior as much as leaves it readable."""
    posterior, prior = (data.draws(side, name) for side in ("posterior", "prior"))
    own = np.quantile(posterior, _RANGE)
    wide = np.quantile(prior, _RANGE)
    room = _LARGEST_ZOOM * (own[1] - own[0])
    low = min(own[0], max(wide[0], own[0] - room))
    high = max(own[1], min(wide[1], own[1] + room))
    margin = 0.04 * (high - low)
    return max(float(low - margin), _lowest(name)), float(high + margin)


def _lowest(name: str) -> float:
    return 0.0 if name == DUAN or not bool(is_allowed(name, -1.0)) else -np.inf


def _kernel_width(draws: Array) -> float:
    """Scott's rule for draws (D, S), in units of their spread, and a little smoother."""
    return 1.2 * float(draws.shape[1] ** (-1.0 / (draws.shape[0] + 4)))


def _density(draws: Array, at: Array, lowest: Array) -> Array:
    """Kernel estimate (N,) at places (D, N) from draws (D, S), reflected at `lowest` (D,)."""
    root = np.linalg.cholesky(np.atleast_2d(np.cov(draws)))
    width = _kernel_width(draws)
    reach = draws.min(axis=1) - _REACH * width * draws.std(axis=1)
    for axis in np.flatnonzero(reach < lowest):
        mirrored = draws.copy()
        mirrored[axis] = 2.0 * lowest[axis] - mirrored[axis]
        draws = np.concatenate([draws, mirrored], axis=1)
    whitened = np.linalg.solve(root, draws) / width
    places = np.linalg.solve(root, at) / width
    own, others = (places**2).sum(axis=0), (whitened**2).sum(axis=0)
    density = np.empty(own.size)
    # A few places at a time: their distances from all draws then fit into the processor's cache.
    for start in range(0, own.size, _PLACES_AT_ONCE):
        now = slice(start, start + _PLACES_AT_ONCE)
        distance = own[now, None] + others - 2.0 * places[:, now].T @ whitened
        density[now] = np.exp(-0.5 * distance).sum(axis=1)
    return density


def _densities(data: CornerData, name: str) -> list[pandas.DataFrame]:
    limits, lowest = _limits(data, name), np.array([_lowest(name)])
    density = {}
    for side in _SIDES:
        draws = data.draws(side, name)[None]
        x = np.linspace(*limits, _CURVE_POINTS)
        estimate = _density(draws, x[None], lowest)
        # As probability per unit, whatever the number of draws and the width of the kernel.
        density[side] = estimate / (draws.size * _kernel_width(draws) * draws.std())
    top = density["posterior"].max()
    unit = SHOWN[name][1]
    parts = [
        marks.rows(f"{name} alone", side, x, density[side] / top, unit=unit) for side in _SIDES
    ]
    if data.truth is not None:
        value = data.truth[name]
        parts.append(marks.rows(f"{name} alone", "truth", [value, value], [0.0, 1.0], unit=unit))
    return parts


def _contours(data: CornerData, across: str, down: str) -> list[pandas.DataFrame]:
    pair = (across, down)
    lowest = np.array([_lowest(name) for name in pair])
    panel, unit = f"{down} against {across}", f"{SHOWN[across][1]}; {SHOWN[down][1]}"
    parts = []
    for side in _SIDES:
        draws = np.stack([data.draws(side, name) for name in pair])
        x, y = (
            np.linspace(max(low - 0.4 * (high - low), bound), high + 0.4 * (high - low), _GRID)
            for low, high, bound in zip(draws.min(axis=1), draws.max(axis=1), lowest, strict=True)
        )
        grid = np.stack([part.ravel() for part in np.meshgrid(x, y)])
        density = _density(draws, grid, lowest)
        # The smallest region that holds a share of the probability.
        falling = np.sort(density)[::-1]
        held = np.cumsum(falling) / falling.sum()
        for mass in MASSES:
            level = float(falling[np.searchsorted(held, mass)])
            lines = contour_generator(x, y, density.reshape(_GRID, _GRID), name="serial").lines(
                level
            )
            for number, line in enumerate(map(np.asarray, lines), start=1):
                series = f"{side} {mass * 100:.0f} % ({number})"
                parts.append(marks.rows(panel, series, line[:, 0], line[:, 1], unit=unit))
    if data.truth is not None:
        place = [data.truth[name] for name in pair]
        parts.append(marks.rows(panel, "truth", place[0], place[1], unit=unit))
    return parts


def _draw_density(axes: Axes, frame: pandas.DataFrame, name: str) -> None:
    panel = f"{name} alone"
    prior, posterior = LOOKS["prior"], LOOKS["model_based"]
    rows = marks.of(frame, panel, "posterior")
    axes.fill_between(rows["x"], 0.0, rows["y"], color=style.MODEL_BAND_COLOUR, linewidth=0.0)
    axes.plot(rows["x"], rows["y"], color=posterior.colour)
    rows = marks.of(frame, panel, "prior")
    axes.plot(rows["x"], rows["y"], color=prior.colour, linestyle=prior.line)
    rows = marks.of(frame, panel, "truth")
    if rows.size:
        axes.plot(rows["x"], rows["y"], color=LOOKS["truth"].colour, linewidth=0.8)
    axes.set_ylim(0.0, 1.12)


def _draw_contours(axes: Axes, frame: pandas.DataFrame, across: str, down: str) -> None:
    here = frame[frame["panel"] == f"{down} against {across}"]
    for side, look in (("prior", LOOKS["prior"]), ("posterior", LOOKS["model_based"])):
        for mass, width in zip(MASSES, (1.0, 0.6), strict=True):
            series = here[here["series"].str.startswith(f"{side} {mass * 100:.0f} % ")]
            for _, line in series.groupby("series", sort=False):
                if side == "posterior":
                    axes.fill(
                        line["x"],
                        line["y"],
                        color=style.MODEL_BAND_COLOUR,
                        alpha=0.5,
                        linewidth=0.0,
                    )
                axes.plot(
                    line["x"], line["y"], color=look.colour, linestyle=look.line, linewidth=width
                )
    truth = here[here["series"] == "truth"]
    if truth.size:
        axes.plot(truth["x"], truth["y"], **_TRUTH)


def _label(
    axes: Axes,
    across: str,
    down: str,
    away: tuple[float, float],
    *,
    bottom_row: bool,
    first: bool,
) -> None:
    diagonal = across == down
    ticks.inner(axes.xaxis, 2)
    ticks.inner(axes.yaxis, 3)
    axes.tick_params(axis="x", rotation=45, pad=1.0)
    axes.tick_params(axis="y", pad=1.0)
    axes.tick_params(labelbottom=bottom_row, labelleft=first and not diagonal)
    if diagonal:
        axes.set_yticks([])
    if bottom_row:
        axes.set_xlabel(_axis_label(across))
        axes.xaxis.set_label_coords(0.5, away[0])
    if first and not diagonal:
        axes.set_ylabel(_axis_label(down))
        axes.yaxis.set_label_coords(away[1], 0.5)


def _axis_label(name: str) -> str:
    symbol, unit = SHOWN[name]
    return symbol if unit == "1" else f"{symbol} ({unit})"


def _draw_legend(
    figure: Figure, data: CornerData, width: float, height: float, panel: float
) -> None:
    prior, posterior = LOOKS["prior"], LOOKS["model_based"]
    handles: list[Line2D | tuple[Patch, Line2D]] = [
        (Patch(color=style.MODEL_BAND_COLOUR), Line2D([], [], color=posterior.colour)),
        Line2D([], [], color=prior.colour, linestyle=prior.line),
    ]
    labels = ["with the recordings (posterior)", "calibration alone (prior)"]
    if data.truth is not None:
        handles.append(Line2D([], [], **_TRUTH))
        labels.append(LOOKS["truth"].label)
    labels.append("contours hold 68 % and 95 %")
    handles.append(Line2D([], [], linestyle="none"))
    figure.legend(  # type: ignore[call-overload]  # a tuple draws one handle over the other
        handles,
        labels,
        title=f"operating point {data.point}",
        alignment="left",
        loc="upper right",
        bbox_to_anchor=(1.0 - _RIGHT_MM / width, 1.0 - _TOP_MM / height),
        borderaxespad=0.0,
        handlelength=1.8,
    )


_TRUTH: dict[str, Any] = {
    "color": LOOKS["truth"].colour,
    "marker": "+",
    "markersize": 5.0,
    "markeredgewidth": 0.9,
    "linestyle": "none",
}
