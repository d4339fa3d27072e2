"""Two experiments side by side: Duan sum and 2 nu of each route at each operating point.

One row per operating point; the first experiment filled, the second open. The last panel shows how
far the second's Duan sum lies from the first's, over both errors together.
"""

from collections.abc import Sequence
from string import ascii_lowercase

import numpy as np
import pandas
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from entangled_drums.figures import style
from entangled_drums.figures.output import COLUMNS
from entangled_drums.figures.style import LOOKS
from entangled_drums.inference.route_result import ROUTES
from entangled_drums.inference.side_by_side import QUANTITIES, Outcome, Pair

BOUND = 1.0
_LABELS = {
    "duan": "Duan sum, $D$ (vacuum = 1)",
    "two_nu": r"PPT eigenvalue, $2\nu$ (vacuum = 1)",
}
_FIRST, _SECOND = "A", "B"
_ROW_MM = 9.5
_TOP_MM = 13.5
_BOTTOM_MM = 10.0
_LEFT_MM = 27.0
_RIGHT_MM = 3.0
_GAP_MM = 5.0
# Of a row: where its routes stand, and where A and B stand around that.
_SPREAD = 0.7
_APART = 0.075


def plotted(compared: Sequence[Pair]) -> pandas.DataFrame:
    """Return every number that the figure shows.

    Parameters
    ----------
    compared : sequence of Pair

    Returns
    -------
    pandas.DataFrame
        Columns `COLUMNS`; x the number, y the operating point's row, counted from 0. Series
        ``<route> A`` and ``<route> B``, or ``<route>`` for a difference. Routes that are not valid
        somewhere are left out there.
    """
    points = list(dict.fromkeys(pair.operating_point for pair in compared))
    rows = []
    for pair in compared:
        row = float(points.index(pair.operating_point))
        valid = [one is not None and one.valid for one in (pair.first, pair.second)]
        for panel, quantity in zip("ab", QUANTITIES, strict=True):
            named = zip((_FIRST, _SECOND), pair.estimates(quantity), valid, strict=True)
            for name, number, shown in named:
                if shown and np.isfinite(number.value):
                    ends = number.lower, number.upper
                    rows.append((panel, f"{pair.route} {name}", number.value, row, *ends, "1"))
        difference = pair.difference_in_sigma("duan")
        if all(valid) and np.isfinite(difference):
            rows.append(("c", pair.route, difference, row, np.nan, np.nan, "sigma"))
    return pandas.DataFrame(rows, columns=list(COLUMNS))


def draw(first: Outcome, second: Outcome, compared: Sequence[Pair]) -> Figure:
    """Draw two experiments side by side.

    Parameters
    ----------
    first, second : Outcome
    compared : sequence of Pair

    Returns
    -------
    matplotlib.figure.Figure
        183 mm wide.
    """
    frame = plotted(compared)
    points = list(dict.fromkeys(pair.operating_point for pair in compared))
    routes = [route for route in ROUTES if any(pair.route == route for pair in compared)]
    width = style.DOUBLE_COLUMN_MM
    height = _TOP_MM + _ROW_MM * len(points) + _BOTTOM_MM
    column = (width - _LEFT_MM - _RIGHT_MM - 2 * _GAP_MM) / 3
    with style.context():
        figure = style.new_figure(width, height)
        for index, panel in enumerate(ascii_lowercase[:3]):
            left = _LEFT_MM + index * (column + _GAP_MM)
            axes = style.panel(figure, left, _BOTTOM_MM, column, _ROW_MM * len(points))
            _rows(axes, len(points))
            shown = frame[frame["panel"] == panel]
            if panel == "c":
                _draw_differences(axes, shown, routes)
            else:
                _draw_estimates(axes, shown, routes)
                axes.set_xlabel(_LABELS[QUANTITIES[index]])
            if index == 0:
                axes.set_yticklabels(points)
            style.letter(axes, panel)
        figure.legend(
            *_legend(first, second, routes),
            loc="upper center",
            ncols=4,
            borderaxespad=0.3,
            columnspacing=1.4,
        )
        return figure


def _rows(axes: Axes, number: int) -> None:
    axes.set_ylim(number - 0.5, -0.5)
    axes.set_yticks(range(number), [""] * number)
    axes.tick_params(axis="y", length=0.0)
    for border in range(1, number):
        axes.axhline(border - 0.5, color=style.CAVITY_BAND_COLOUR, linewidth=0.6, zorder=0)


def _height(route: str, routes: Sequence[str]) -> float:
    return _SPREAD * ((routes.index(route) + 0.5) / len(routes) - 0.5)


def _draw_estimates(axes: Axes, frame: pandas.DataFrame, routes: Sequence[str]) -> None:
    for route in routes:
        look = LOOKS[route]
        for name, apart in ((_FIRST, -_APART), (_SECOND, _APART)):
            found = frame[frame["series"] == f"{route} {name}"]
            height = found["y"] + _height(route, routes) + apart
            axes.hlines(
                height,
                found["lower"],
                found["upper"],
                color=look.colour,
                linewidth=style.ERROR_BAR_POINTS,
            )
            axes.plot(
                found["x"],
                height,
                color=look.colour,
                marker=look.marker,
                markersize=3.0,
                markerfacecolor=look.colour if name == _FIRST else "white",
                linestyle="none",
                zorder=3,
            )
    bound = LOOKS["separability"]
    axes.axvline(BOUND, color=bound.colour, linestyle=bound.line, linewidth=0.8, zorder=1)


def _draw_differences(axes: Axes, frame: pandas.DataFrame, routes: Sequence[str]) -> None:
    for route in routes:
        look = LOOKS[route]
        found = frame[frame["series"] == route]
        axes.plot(
            found["x"],
            found["y"] + _height(route, routes),
            color=look.colour,
            marker=look.marker,
            markersize=3.0,
            linestyle="none",
            zorder=3,
        )
    axes.axvspan(-2.0, 2.0, color=style.ENTANGLED_COLOUR, linewidth=0.0, zorder=0)
    axes.axvline(0.0, color=LOOKS["separability"].colour, linewidth=0.8, zorder=1)
    reach = max(3.0, 1.1 * float(np.abs(frame["x"]).max())) if len(frame) else 3.0
    axes.set_xlim(-reach, reach)
    axes.set_xlabel(r"Duan sum, (B $-$ A)/$\sigma$ (grey: within 2)")


def _legend(
    first: Outcome, second: Outcome, routes: Sequence[str]
) -> tuple[list[Line2D], list[str]]:
    handles, labels = [], []
    for name, outcome, face in ((_FIRST, first, "black"), (_SECOND, second, "white")):
        handles.append(Line2D([], [], color="black", marker="o", markerfacecolor=face, ls="none"))
        labels.append(f"{name}: {outcome.name}")
    for route in routes:
        look = LOOKS[route]
        handles.append(Line2D([], [], color=look.colour, marker=look.marker, ls="none"))
        labels.append(look.label)
    bound = LOOKS["separability"]
    handles.append(Line2D([], [], color=bound.colour, linestyle=bound.line))
    labels.append(bound.label)
    return handles, labels
