r"""Figure 2: the microwaves that the cavity emits under the entangling drive.

One row per pump power: the whole spectrum at one pump ratio, with the pedestal that the cavity and
its baths would emit without drums; the two lines at all ratios; and the occupations of the two
Bogoliubov modes that the lines read,

    m_1 = <beta_1^dag beta_1>, beta_1 ~ G_1^- b_1 + G_2^+ b_2^dag,

and 1 <-> 2, against the ratio.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from string import ascii_lowercase
from typing import Any

import numpy as np
import pandas
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from entangled_drums.errors import FileFormatError
from entangled_drums.figures import marks, style, ticks
from entangled_drums.figures.style import LOOKS
from entangled_drums.inference.predictive import Predictive
from entangled_drums.units import cyclic

_PANELS_PER_ROW = 3
_ROW_MM = 44.0
_ROW_GAP_MM = 16.0
_TOP_MM = 11.0
_BOTTOM_MM = 14.0
_LEFT_MM = 12.0
_RIGHT_MM = 3.0
_WHOLE_MM = 48.0
_LINE_MM = 26.0
_LINE_GAP_MM = 2.0
_GAP_MM = 13.0
_WINDOW_WIDTHS = 1.6
_RATIO_MARGIN = 0.07
_CORNER = 0.08
"""Part of a horizontal axis without ticks at each end: labels would meet those of others."""
_MODES = ("line_1", "line_2")


@dataclass(frozen=True)
class PointEmission:
    """What is shown of one operating point.

    Attributes
    ----------
    name, power : str
        Names in the experiment file.
    red_coupling_hz, ratio : float
        Nominal G^-/2pi in Hz and x.
    predictive : Predictive
        Recorded spectra and what the posterior predicts.
    """

    name: str
    power: str
    red_coupling_hz: float
    ratio: float
    predictive: Predictive


@dataclass(frozen=True)
class EmissionData:
    """What is shown.

    Attributes
    ----------
    points : tuple of PointEmission
        Operating points with a posterior.
    shown : str or None
        The one whose whole spectrum is shown; each other power shows its middle one.
    """

    points: tuple[PointEmission, ...]
    shown: str | None

    def __post_init__(self) -> None:
        if not self.points:
            raise FileFormatError(
                "figure 2: no operating point has a posterior; the model-based route must be "
                "valid at one at least"
            )

    @property
    def powers(self) -> list[str]:
        """Powers in order of their coupling."""
        couplings = {one.power: one.red_coupling_hz for one in self.points}
        return sorted(couplings, key=lambda power: couplings[power])

    def of(self, power: str) -> list[PointEmission]:
        """Operating points of a power by ratio."""
        return sorted((one for one in self.points if one.power == power), key=lambda one: one.ratio)

    def whole(self, power: str) -> PointEmission:
        """The operating point of a power whose whole spectrum is shown."""
        points = self.of(power)
        chosen = [one for one in points if one.name == self.shown]
        return chosen[0] if chosen else points[len(points) // 2]


def quoted(data: EmissionData) -> dict[str, str]:
    """Return the numbers that the caption quotes, as text by their names."""
    first = data.whole(data.powers[0])
    spectra = first.predictive.emission
    top = int(np.argmax(spectra.pedestal.value))
    half = 0.5 * (spectra.pedestal.upper[top] - spectra.pedestal.lower[top])
    occupations = first.predictive.occupations
    width = np.mean(cyclic(first.predictive.lines.widths))
    return {
        "points": str(len(data.points)),
        "red_coupling": f"{first.red_coupling_hz / 1e3:g} kHz",
        "ratio": f"{first.ratio:g}",
        "pedestal": f"{spectra.pedestal.value[top]:.2f} ± {half:.2f} quanta",
        "scale": f"{spectra.scale_uncertainty:.2g}",
        "width": f"{width / 1e3:.1f} kHz",
        **{
            name: f"{occupations.value[at]:.3f} ± "
            f"{0.5 * (occupations.upper[at] - occupations.lower[at]):.3f}"
            for at, name in enumerate(("first", "second"))
        },
    }


def plotted(data: EmissionData) -> pandas.DataFrame:
    """Return every number that the figure shows.

    Parameters
    ----------
    data : EmissionData

    Returns
    -------
    pandas.DataFrame
        Columns `output.COLUMNS`. In every row of panels the first and the second hold spectra: x
        the frequency from the drive centre in kHz, y quanta; series "points x=..." (bars: one
        standard deviation), "model x=..." (68 % band) and "pedestal x=..."; the third holds the
        occupations "line_1" and "line_2" (68 %) against the ratio.
    """
    parts = []
    for row, power in enumerate(data.powers):
        whole, lines, modes = _letters(row)
        points = data.of(power)
        parts += _spectra(whole, data.whole(power), None)
        windows = _windows(points)
        for one in points:
            parts += _spectra(lines, one, windows)
        occupations = [one.predictive.occupations for one in points]
        for at, mode in enumerate(_MODES):
            parts.append(
                marks.rows(
                    modes,
                    mode,
                    [one.ratio for one in points],
                    [one.value[at] for one in occupations],
                    [one.lower[at] for one in occupations],
                    [one.upper[at] for one in occupations],
                    "quanta",
                )
            )
    return marks.joined(parts)


def draw(data: EmissionData, origin: str) -> Figure:
    """Draw the figure from exactly the numbers that `plotted` returns.

    Parameters
    ----------
    data : EmissionData
    origin : str
        One sentence on where device and recordings come from; stands below the panels.

    Returns
    -------
    matplotlib.figure.Figure
        183 mm wide.
    """
    frame = plotted(data)
    with style.context():
        count = len(data.powers)
        width = style.DOUBLE_COLUMN_MM
        height = _TOP_MM + count * _ROW_MM + (count - 1) * _ROW_GAP_MM + _BOTTOM_MM
        figure = style.new_figure(width, height)
        modes_mm = (
            width - _LEFT_MM - _RIGHT_MM - _WHOLE_MM - 2 * _LINE_MM - _LINE_GAP_MM - 2 * _GAP_MM
        )
        for row, power in enumerate(data.powers):
            bottom = _BOTTOM_MM + (count - 1 - row) * (_ROW_MM + _ROW_GAP_MM)
            left = _LEFT_MM
            axes = []
            for breadth, gap in (
                (_WHOLE_MM, _GAP_MM),
                (_LINE_MM, _LINE_GAP_MM),
                (_LINE_MM, _GAP_MM),
                (modes_mm, 0.0),
            ):
                axes.append(style.panel(figure, left, bottom, breadth, _ROW_MM))
                left += breadth + gap
            letters = _letters(row)
            _draw_whole(axes[0], frame, letters[0], data.whole(power))
            _draw_lines((axes[1], axes[2]), frame, letters[1], data.of(power))
            _draw_modes(axes[3], frame, letters[2])
            for panel, name in zip((axes[0], axes[1], axes[3]), letters, strict=True):
                style.letter(panel, name)
        _draw_legend(figure)
        style.origin(figure, origin)
        return figure


def _letters(row: int) -> tuple[str, str, str]:
    first = _PANELS_PER_ROW * row
    return ascii_lowercase[first], ascii_lowercase[first + 1], ascii_lowercase[first + 2]


def _windows(points: Sequence[PointEmission]) -> NDArray[np.float64]:
    """Ranges (2, 2) in kHz that hold both lines at every ratio."""
    centres, widths = (
        np.array([cyclic(getattr(one.predictive.lines, name)) for one in points]) / 1e3
        for name in ("centres", "widths")
    )
    half = _WINDOW_WIDTHS * widths.max()
    return np.stack([centres.mean(axis=0) - half, centres.mean(axis=0) + half], axis=-1)


def _spectra(
    panel: str, one: PointEmission, windows: NDArray[np.float64] | None
) -> list[pandas.DataFrame]:
    seen = one.predictive.emission
    ratio = f"x={one.ratio:g}"

    def inside(x: NDArray[np.float64]) -> NDArray[np.bool_]:
        if windows is None:
            return np.ones(x.size, dtype=bool)
        return np.asarray(np.any([(x >= low) & (x <= high) for low, high in windows], axis=0))

    x = seen.frequency_hz / 1e3
    at = inside(x)
    y, error = seen.measured[0, at], seen.uncertainty[0, at]
    parts = [marks.rows(panel, f"points {ratio}", x[at], y, y - error, y + error, "quanta")]
    x = seen.curve_hz / 1e3
    at = inside(x)
    bands = {"model": seen.model[0]}
    if windows is None:
        bands["pedestal"] = seen.pedestal
    for name, band in bands.items():
        parts.append(
            marks.rows(
                panel,
                f"{name} {ratio}",
                x[at],
                band.value[at],
                band.lower[at],
                band.upper[at],
                "quanta",
            )
        )
    return parts


def _draw_whole(axes: Axes, frame: pandas.DataFrame, panel: str, one: PointEmission) -> None:
    ratio = f"x={one.ratio:g}"
    marks.points(
        axes,
        marks.of(frame, panel, f"points {ratio}"),
        LOOKS["model_based"],
        **_POINT,
        color=_RECORDED_COLOUR,
        zorder=2.2,
    )
    marks.curve(
        axes,
        marks.of(frame, panel, f"model {ratio}"),
        color=LOOKS["model_based"].colour,
        linewidth=0.7,
        zorder=3.0,
    )
    marks.curve(
        axes,
        marks.of(frame, panel, f"pedestal {ratio}"),
        color=_PEDESTAL_COLOUR,
        linestyle="--",
        linewidth=0.9,
        zorder=2.0,
    )
    x = frame[frame["panel"] == panel]["x"]
    axes.set_xlim(x.min(), x.max())
    ticks.inner(axes.xaxis, 4, _CORNER)
    axes.set_ylim(bottom=0.0)
    axes.set_xlabel("Frequency from drive centre (kHz)")
    axes.set_ylabel(r"Emission, $S_\mathrm{out}$ (quanta)", labelpad=2.0)
    axes.set_title(
        rf"$G^{{-}}/2\pi$ = {one.red_coupling_hz / 1e3:g} kHz, $x$ = {one.ratio:g}",
        loc="right",
        pad=3.0,
    )


def _draw_lines(
    pair: tuple[Axes, Axes], frame: pandas.DataFrame, panel: str, points: Sequence[PointEmission]
) -> None:
    colours = style.steps(len(points))
    for axes, (low, high) in zip(pair, _windows(points), strict=True):
        for one, colour in zip(points, colours, strict=True):
            ratio = f"x={one.ratio:g}"
            for kind in ("points", "model"):
                data = marks.of(frame, panel, f"{kind} {ratio}")
                data = data[(data["x"] >= low) & (data["x"] <= high)]
                if kind == "points":
                    marks.points(axes, data, LOOKS["model_based"], **_POINT, color=colour)
                else:
                    marks.curve(axes, data, color=colour, linewidth=0.7)
        axes.set_xlim(low, high)
        ticks.inner(axes.xaxis, 2, _CORNER)
    data = frame[frame["panel"] == panel]
    top = float(data["upper"].max())
    for axes in pair:
        axes.set_ylim(0.0, 1.18 * top)
    pair[0].spines["right"].set_visible(False)
    pair[1].spines["left"].set_visible(False)
    pair[0].tick_params(right=False)
    pair[1].tick_params(left=False, labelleft=False)
    pair[0].set_ylabel(r"Emission, $S_\mathrm{out}$ (quanta)", labelpad=2.0)
    pair[0].annotate(
        "Frequency from drive centre (kHz)",
        (1.0 + 0.5 * _LINE_GAP_MM / _LINE_MM, 0.0),
        xycoords="axes fraction",
        xytext=(0.0, -16.5),
        textcoords="offset points",
        ha="center",
        va="top",
    )
    handles = [Line2D([], [], color=colour, **_POINT_HANDLE) for colour in colours]
    pair[0].legend(
        handles[::-1],
        [f"{one.ratio:g}" for one in points][::-1],
        title="$x$",
        loc="upper left",
        handlelength=1.0,
        handletextpad=0.4,
        labelspacing=0.25,
        borderaxespad=0.2,
    )


def _draw_modes(axes: Axes, frame: pandas.DataFrame, panel: str) -> None:
    for mode in _MODES:
        marks.points(axes, marks.of(frame, panel, mode), LOOKS[mode], markersize=3.0)
    data = frame[frame["panel"] == panel]
    axes.set_xlim(data["x"].min() - _RATIO_MARGIN, data["x"].max() + _RATIO_MARGIN)
    axes.set_ylim(0.0, 1.1 * float(data["upper"].max()))
    ticks.inner(axes.xaxis, 5, _CORNER)
    axes.set_xlabel("Pump ratio, $x = G^{+}/G^{-}$")
    axes.set_ylabel("Bogoliubov occupation, $m_j$ (quanta)", labelpad=2.0)


def _draw_legend(figure: Figure) -> None:
    handles = [
        Line2D([], [], color=_RECORDED_COLOUR, **_POINT_HANDLE),
        Line2D([], [], color=LOOKS["model_based"].colour, linewidth=0.7),
        Line2D([], [], color=_PEDESTAL_COLOUR, linestyle="--", linewidth=0.9),
        *(
            Line2D([], [], color=LOOKS[mode].colour, marker=LOOKS[mode].marker, linestyle="none")
            for mode in _MODES
        ),
    ]
    labels = [
        "recorded",
        "posterior, 68 % band",
        "cavity pedestal",
        *(f"$m_{number}$, {LOOKS[mode].label}" for number, mode in enumerate(_MODES, start=1)),
    ]
    figure.legend(
        handles,
        labels,
        loc="upper center",
        ncols=len(labels),
        borderaxespad=0.3,
        handlelength=1.6,
        columnspacing=1.4,
    )


_RECORDED_COLOUR = "#8C8C8C"
_PEDESTAL_COLOUR = style.LOOKS["theory"].colour
_POINT: dict[str, Any] = {"marker": "o", "markersize": 1.6, "markeredgewidth": 0.0}
_POINT_HANDLE: dict[str, Any] = {
    "marker": "o",
    "markersize": 2.6,
    "markeredgewidth": 0.0,
    "linestyle": "none",
}
