"""Figure S7: where the steady state is entangled, as maps of the Duan sum."""

from collections.abc import Sequence
from string import ascii_lowercase
from typing import Any, Literal

import numpy as np
import pandas
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullFormatter, NullLocator
from numpy.typing import NDArray

from entangled_drums.figures import style
from entangled_drums.figures.figs7_numbers import BOUND, Axis, Map, plotted

_PANEL_MM = 40.0
_GAP_MM = (20.0, 15.0)
_LEFT_MM = 12.0
_HEIGHT_MM = 54.0
_BOTTOM_MM = 14.0
_TOP_MM = 11.0
_LEGEND_LINE_MM = 3.5
_BAR_GAP_MM = 3.5
_BAR_MM = 2.5
_LEAST_TICK_GAP = 0.07


def draw(maps: Sequence[Map], origin: str) -> Figure:
    """Draw the maps side by side with one colour bar.

    Parameters
    ----------
    maps : sequence of Map
        One per panel.
    origin : str
        One sentence on where the parameters come from; stands below the panels.

    Returns
    -------
    matplotlib.figure.Figure
        183 mm wide, 89 mm for a single map.

    Raises
    ------
    FileFormatError
        See `plotted`.
    """
    frame = plotted(maps)
    with style.context():
        return _draw(maps, frame, origin)


def _draw(maps: Sequence[Map], frame: pandas.DataFrame, origin: str) -> Figure:
    width = style.SINGLE_COLUMN_MM if len(maps) == 1 else style.DOUBLE_COLUMN_MM
    second_legend_line = _LEGEND_LINE_MM if len(maps) == 1 else 0.0
    height = _BOTTOM_MM + _HEIGHT_MM + _TOP_MM + second_legend_line
    figure = style.new_figure(width, height)
    scale = _scale(maps)
    left = _LEFT_MM
    for number, (panel, one) in enumerate(zip(ascii_lowercase, maps, strict=False)):
        axes = style.panel(figure, left, _BOTTOM_MM, _PANEL_MM, _HEIGHT_MM)
        _draw_panel(axes, one, frame[frame["panel"] == panel], scale)
        axes.set_title(one.title, loc="right", pad=3.0)
        style.letter(axes, panel)
        left += _PANEL_MM + _GAP_MM[min(number, 1)]
    left += _BAR_GAP_MM - _GAP_MM[min(len(maps) - 1, 1)]
    if len(maps) == 1:
        left += _GAP_MM[0] - _BAR_GAP_MM
    bar = style.panel(figure, left, _BOTTOM_MM, _BAR_MM, _HEIGHT_MM)
    _draw_bar(figure, bar, maps, scale)
    _draw_legend(figure, maps)
    style.origin(figure, origin)
    return figure


def _draw_panel(axes: Axes, one: Map, frame: pandas.DataFrame, scale: LogNorm) -> None:
    axes.set_facecolor(style.UNSTABLE_COLOUR)
    unstable = ~np.isfinite(one.duan)
    if unstable.any():
        axes.patch.set(hatch=style.UNSTABLE_HATCH, edgecolor="white", linewidth=0.0)
    axes.pcolormesh(
        one.x.values,
        one.y.values,
        np.ma.masked_array(one.duan, unstable).T,
        shading="nearest",
        norm=scale,
        cmap=style.DIVERGING,
        rasterized=True,
        zorder=1,
    )
    for series, line in frame.groupby("series", sort=False):
        if str(series).startswith("contour"):
            axes.plot(line["x"], line["y"], color="black", linewidth=1.0, zorder=2)
        elif series == "optimum":
            axes.plot(line["x"], line["y"], **_OPTIMUM)
    for point in one.points:
        axes.plot([point.x] * 2, [point.y_lower, point.y_upper], color="black", linewidth=0.8)
        axes.plot([point.x], [point.y], zorder=4, **style.OPERATING_POINT)
    axes.set_xlim(one.x.values[0], one.x.values[-1])
    axes.set_ylim(one.y.values[0], one.y.values[-1])
    axes.set_xlabel(one.x.label)
    axes.set_ylabel(one.y.label, labelpad=1.0)
    axes.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
    for axis, name in ((axes.xaxis, "x"), (axes.yaxis, "y")):
        of_axis: Axis = getattr(one, name)
        if of_axis.logarithmic:
            getattr(axes, f"set_{name}scale")("log")
            _plain_log_ticks(axis, of_axis.values)
    if one.right_ticks:
        axes.tick_params(axis="y", right=False, which="both")
        right = axes.twinx()
        right.set_yscale("log")
        right.set_ylim(axes.get_ylim())
        places, labels = _apart(one.right_ticks, one.y.values)
        right.yaxis.set_major_locator(FixedLocator(places))
        right.yaxis.set_minor_locator(NullLocator())
        right.set_yticks(places, labels)
        right.set_ylabel(one.right_label, labelpad=1.0)


_OPTIMUM: dict[str, Any] = {"color": "black", "linestyle": (0, (1.2, 1.2)), "linewidth": 1.0}


def _plain_log_ticks(axis: Any, values: NDArray[np.float64]) -> None:
    """Plain numbers at 1, 2, 5 (and tens of them), as many as tell less than a decade apart."""
    decades = np.log10(values[-1] / values[0])
    if decades > 2.5:
        steps: tuple[float, ...] = (1.0,)
    elif decades > 1.0:
        steps = (1.0, 2.0, 5.0)
    else:
        steps = (1.0, 1.2, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0)
    exponents = range(int(np.floor(np.log10(values[0]))), int(np.ceil(np.log10(values[-1]))) + 1)
    places = [step * 10.0**exponent for exponent in exponents for step in steps]
    axis.set_major_locator(FixedLocator([p for p in places if values[0] <= p <= values[-1]]))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())
    if decades <= 2.5:
        axis.set_minor_locator(NullLocator())


def _apart(
    ticks: Sequence[tuple[float, str]], values: NDArray[np.float64]
) -> tuple[list[float], list[str]]:
    """Ticks of a logarithmic side, without those whose label would meet the one below."""
    length = np.log(values[-1] / values[0])
    kept: list[tuple[float, str]] = []
    for place, label in sorted(ticks):
        if not kept or np.log(place / kept[-1][0]) / length > _LEAST_TICK_GAP:
            kept.append((place, label))
    return [place for place, _ in kept], [label for _, label in kept]


def _draw_bar(figure: Figure, bar: Axes, maps: Sequence[Map], scale: LogNorm) -> None:
    low, high = float(scale.vmin or BOUND), float(scale.vmax or BOUND)
    every = np.concatenate([one.duan[np.isfinite(one.duan)] for one in maps])
    beyond = (bool((every < low).any()), bool((every > high).any()))
    extend: dict[tuple[bool, bool], Literal["neither", "min", "max", "both"]] = {
        (False, False): "neither",
        (True, False): "min",
        (False, True): "max",
        (True, True): "both",
    }
    colours = ScalarMappable(norm=scale, cmap=style.DIVERGING)
    shown = figure.colorbar(colours, cax=bar, extend=extend[beyond], extendfrac=0.04)
    octaves = round(np.log2(high))
    places = [2.0**octave for octave in range(-octaves, octaves + 1)]
    shown.set_ticks(places, labels=[f"{place:g}" for place in places])
    shown.ax.minorticks_off()
    shown.ax.axhline(BOUND, color="black", linewidth=1.0)
    shown.set_label("Duan sum, $D$ (vacuum = 1)", labelpad=1.0)


def _draw_legend(figure: Figure, maps: Sequence[Map]) -> None:
    handles: list[Line2D | Patch] = [
        Line2D([], [], color="black", linewidth=1.0),
        Line2D([], [], **_OPTIMUM),
        Line2D([], [], **style.OPERATING_POINT),
    ]
    labels = ["$D = 1$", "least $D$ along the horizontal axis", "operating points"]
    if any(not np.isfinite(one.duan).all() for one in maps):
        handles.append(
            Patch(facecolor=style.UNSTABLE_COLOUR, edgecolor="white", hatch=style.UNSTABLE_HATCH)
        )
        labels.append("no steady state")
    figure.legend(
        handles,
        labels,
        loc="upper center",
        ncols=2 if len(maps) == 1 else 4,
        borderaxespad=0.3,
        handlelength=1.8,
        columnspacing=1.6,
    )


def _scale(maps: Sequence[Map]) -> LogNorm:
    lowest = min(float(np.nanmin(one.duan)) for one in maps if np.isfinite(one.duan).any())
    # Whole octaves to either side of 1, at least two; maps that fall off steeply end there.
    span = float(2.0 ** min(3, max(2, round(np.log2(BOUND / lowest)))))
    return LogNorm(BOUND / span, BOUND * span)
