r"""Figure 4: entanglement of the drums against the pump ratio x = G^+/G^-.

Upper row: the Duan sum minimised over local phases, D = n_1 + n_2 + 1 - 2|<b_1 b_2>|; every
separable state has D >= 1 (Duan et al., PRL 84, 2722 (2000)). Lower row: 2 nu, twice the smallest
symplectic eigenvalue of the partial transpose; a two-mode Gaussian state is separable exactly when
2 nu >= 1 (Simon, PRL 84, 2726 (2000)). One column per pump power, with the verdict at each of its
operating points above. The published value, known
only by recollection and without its x or power, stands in a strip of its own that has no x axis.
"""

from collections.abc import Sequence
from string import ascii_lowercase
from typing import Any

import numpy as np
import pandas
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.transforms import Affine2D, ScaledTranslation, Transform

from entangled_drums.figures import style
from entangled_drums.figures.fig4_numbers import (
    BOUND,
    NO_VALUE,
    NOT_VALID,
    QUANTITIES,
    RATIO_LIMITS,
    VERDICT,
    VERDICTS,
    PowerData,
    RecalledValue,
    panels_of,
    plotted,
)
from entangled_drums.figures.style import LOOKS
from entangled_drums.inference.route_result import ROUTES

# Routes share their x; drawn side by side so that no error bar hides another.
ROUTE_SPACING_POINTS = 2.4

# Weak or excessive pumping leaves the drums far from entangled; the axis ends here, not the data.
THEORY_SHOWN_UP_TO = 1.6

_NO_VALUE_MARKER = "x"
_AXIS_LABEL = {
    "duan": "Duan sum, $D$ (vacuum = 1)",
    "two_nu": r"PPT eigenvalue, $2\nu$ (vacuum = 1)",
}
_REGIONS = {
    "duan": ("separable states: $D \\geq 1$", "entangled: $D < 1$"),
    "two_nu": ("separable: $2\\nu \\geq 1$", "entangled: $2\\nu < 1$"),
}

_ROW_MM = 52.0
_VERDICT_MM = 3.0
_VERDICT_POINTS = 8.0
_LEFT_MM = 13.0
_RIGHT_MM = 3.0
_TOP_MM = 11.0
_BOTTOM_MM = 15.0
_COLUMN_GAP_MM = 7.0
_ROW_GAP_MM = 7.0
_STRIP_MM = 9.0
_STRIP_GAP_MM = 1.5
_LABEL_SHARE = 0.1


def draw(powers: Sequence[PowerData], recalled: RecalledValue | None, origin: str) -> Figure:
    """Draw the figure from exactly the numbers that `plotted` returns.

    Parameters
    ----------
    powers : sequence of PowerData
        One per column of the figure.
    recalled : RecalledValue or None
        Published value; None if the experiment has none.
    origin : str
        One sentence on where device and recordings come from, such as "Assumed device; simulated
        laboratory."; stands below the panels.

    Returns
    -------
    matplotlib.figure.Figure
        183 mm wide; 89 mm for a single power.

    Raises
    ------
    FileFormatError
        See `plotted`.
    """
    frame = plotted(powers, recalled)
    with style.context():
        return _draw(powers, recalled, origin, frame)


def _draw(
    powers: Sequence[PowerData],
    recalled: RecalledValue | None,
    origin: str,
    frame: pandas.DataFrame,
) -> Figure:
    width = style.SINGLE_COLUMN_MM if len(powers) == 1 else style.DOUBLE_COLUMN_MM
    shown_routes = _routes_in(frame)
    columns = 2 if len(powers) == 1 else 4
    handles, labels = _legend(frame, shown_routes)
    legend_lines = -(-len(labels) // columns)
    judged = any(data.verdicts for data in powers)
    top = _TOP_MM + 3.5 * (legend_lines - 1) + judged * _VERDICT_MM
    height = top + 2 * _ROW_MM + _ROW_GAP_MM + _BOTTOM_MM
    figure = style.new_figure(width, height)

    strip = _STRIP_MM + _STRIP_GAP_MM if recalled is not None else 0.0
    column = (width - _LEFT_MM - _RIGHT_MM - strip - _COLUMN_GAP_MM * (len(powers) - 1)) / len(
        powers
    )

    def in_row(row: int, left: float, breadth: float) -> Axes:
        bottom = _BOTTOM_MM + (1 - row) * (_ROW_MM + _ROW_GAP_MM)
        return style.panel(figure, left, bottom, breadth, _ROW_MM)

    limits = {quantity: _limits(frame, quantity, len(powers)) for quantity in QUANTITIES}
    for index, (panel, quantity, data) in enumerate(panels_of(powers)):
        row, place = divmod(index, len(powers))
        left = _LEFT_MM + place * (column + _COLUMN_GAP_MM)
        axes = in_row(row, left, column)
        # Both columns of a row place a route alike, also where one of them lacks it.
        letters = ascii_lowercase[row * len(powers) : (row + 1) * len(powers)]
        routes = _routes_in(frame[frame["panel"].isin(list(letters))])
        _draw_panel(axes, frame[frame["panel"] == panel], quantity, routes, figure.dpi_scale_trans)
        axes.set_xlim(*RATIO_LIMITS)
        axes.set_ylim(*limits[quantity])
        style.letter(axes, panel)
        if row == 0:
            _draw_verdicts(axes, frame[frame["panel"] == panel], figure.dpi_scale_trans)
            axes.set_title(
                rf"{data.power}: $G^{{-}}/2\pi$ = {data.red_coupling_hz / 1e3:g} kHz",
                pad=3.0 + judged * _VERDICT_POINTS,
            )
            axes.tick_params(labelbottom=False)
        else:
            axes.set_xlabel("Pump ratio, $x = G^{+}/G^{-}$ (dimensionless)")
        if place == 0:
            axes.set_ylabel(_AXIS_LABEL[quantity])
        else:
            axes.tick_params(labelleft=False)
    if recalled is not None:
        axes = in_row(0, width - _RIGHT_MM - _STRIP_MM, _STRIP_MM)
        _draw_recalled(axes, frame[frame["series"] == "recalled"], recalled, limits["duan"])

    figure.legend(  # type: ignore[call-overload]  # a tuple draws one handle over the other
        handles,
        labels,
        loc="upper center",
        ncols=columns,
        borderaxespad=0.3,
        handlelength=1.8,
        columnspacing=1.4,
    )
    note = f"{origin} Error bars: 68 %."
    figure.text(_LEFT_MM / width, 2.0 / height, note, ha="left", va="bottom", style="italic")
    return figure


def _draw_panel(
    axes: Axes, frame: pandas.DataFrame, quantity: str, routes: Sequence[str], paper: Affine2D
) -> None:
    theory = frame[frame["series"] == "theory"]
    look = LOOKS["theory"]
    axes.fill_between(
        theory["x"],
        theory["lower"],
        theory["upper"],
        color=style.THEORY_BAND_COLOUR,
        linewidth=0.0,
        zorder=1,
    )
    axes.plot(theory["x"], theory["y"], color=look.colour, linestyle=look.line, zorder=2)

    bound = frame[frame["series"] == "separability"]
    look = LOOKS["separability"]
    axes.plot(
        bound["x"], bound["y"], color=look.colour, linestyle=look.line, linewidth=0.8, zorder=1.5
    )
    axes.axhspan(-1.0, BOUND, color=style.ENTANGLED_COLOUR, linewidth=0.0, zorder=0)
    # The curve is a valley between these two places, so neither text can meet it.
    above, below = _REGIONS[quantity]
    axes.text(0.6, 0.965, above, transform=axes.transAxes, ha="center", va="top")
    axes.text(0.025, 0.03, below, transform=axes.transAxes, ha="left", va="bottom")
    for index, route in enumerate(routes):
        points_right = (index - (len(routes) - 1) / 2) * ROUTE_SPACING_POINTS
        shift = ScaledTranslation(points_right / style.POINTS_PER_INCH, 0.0, paper)
        for series in (route, route + NOT_VALID):
            points = frame[frame["series"] == series]
            if points.size:
                _draw_points(axes, points, route, series == route, axes.transData + shift)
        absent = frame[frame["series"] == route + NO_VALUE]
        if absent.size:
            axes.plot(
                absent["x"],
                np.zeros(len(absent)),
                transform=axes.get_xaxis_transform() + shift,
                color=LOOKS[route].colour,
                marker=_NO_VALUE_MARKER,
                markerfacecolor="white",
                linestyle="none",
                clip_on=False,
                zorder=4.0,
            )


def _draw_verdicts(axes: Axes, frame: pandas.DataFrame, paper: Affine2D) -> None:
    """Mark the verdicts on a line above a panel."""
    above = ScaledTranslation(0.0, 0.7 * _VERDICT_POINTS / style.POINTS_PER_INCH, paper)
    for verdict, name in VERDICTS.items():
        rows = frame[frame["series"] == VERDICT + verdict]
        if rows.size:
            axes.plot(
                rows["x"],
                np.ones(len(rows)),
                transform=axes.get_xaxis_transform() + above,
                clip_on=False,
                zorder=4.0,
                **_verdict_mark(name),
            )


def _verdict_mark(name: str) -> dict[str, Any]:
    look = LOOKS[name]
    return {
        "color": look.colour,
        "marker": look.marker,
        "markersize": 4.4,
        # Only a claim is solid.
        "markerfacecolor": "white" if name == "not_shown" else look.colour,
        "linestyle": "none",
    }


def _draw_points(
    axes: Axes, points: pandas.DataFrame, route: str, valid: bool, transform: Transform
) -> None:
    look = LOOKS[route]
    axes.vlines(
        points["x"],
        points["lower"],
        points["upper"],
        transform=transform,
        color=look.colour,
        linewidth=style.ERROR_BAR_POINTS,
        zorder=3,
    )
    axes.plot(
        points["x"],
        points["y"],
        transform=transform,
        color=look.colour,
        marker=look.marker,
        markerfacecolor=look.colour if valid else "white",
        linestyle="none",
        zorder=3.1,
    )


def _draw_recalled(
    axes: Axes, frame: pandas.DataFrame, recalled: RecalledValue, limits: tuple[float, float]
) -> None:
    look = LOOKS["recalled"]
    axes.vlines(
        np.full(len(frame), 0.35),
        frame["lower"],
        frame["upper"],
        color=look.colour,
        linewidth=style.ERROR_BAR_POINTS,
    )
    axes.plot(
        np.full(len(frame), 0.35),
        frame["y"],
        color=look.colour,
        marker=look.marker,
        markersize=6.0,
        markerfacecolor="white",
        linestyle="none",
    )
    bound = LOOKS["separability"]
    axes.plot([0.0, 0.6], [BOUND, BOUND], color=bound.colour, linestyle=bound.line, linewidth=0.8)
    axes.text(
        0.8,
        0.5,
        f"published, {recalled.status}",
        transform=axes.transAxes,
        rotation=90,
        ha="center",
        va="center",
        color=look.colour,
    )
    axes.set_xlim(0.0, 1.0)
    axes.set_ylim(*limits)
    axes.set_axis_off()


def _legend(
    frame: pandas.DataFrame, shown_routes: Sequence[str]
) -> tuple[list[Line2D | tuple[Patch, Line2D]], list[str]]:
    theory = LOOKS["theory"]
    bound = LOOKS["separability"]
    handles: list[Line2D | tuple[Patch, Line2D]] = [
        (
            Patch(color=style.THEORY_BAND_COLOUR),
            Line2D([], [], color=theory.colour, linestyle=theory.line),
        ),
        Line2D([], [], color=bound.colour, linestyle=bound.line),
    ]
    labels = ["theory: nominal, 68 % band", bound.label]
    for route in shown_routes:
        look = LOOKS[route]
        handles.append(Line2D([], [], color=look.colour, marker=look.marker, linestyle="none"))
        labels.append(look.label)
    if frame["series"].str.endswith(NOT_VALID).any():
        handles.append(
            Line2D([], [], color="black", marker="o", markerfacecolor="white", linestyle="none")
        )
        labels.append("open: not valid there")
    if frame["series"].str.endswith(NO_VALUE).any():
        handles.append(
            Line2D(
                [],
                [],
                color="black",
                marker=_NO_VALUE_MARKER,
                markerfacecolor="white",
                linestyle="none",
            )
        )
        labels.append("cross: no value there")
    for verdict, name in VERDICTS.items():
        if (frame["series"] == VERDICT + verdict).any():
            handles.append(Line2D([], [], **_verdict_mark(name)))
            labels.append(f"verdict: {LOOKS[name].label}")
    return handles, labels


def _limits(frame: pandas.DataFrame, quantity: str, powers: int) -> tuple[float, float]:
    start = QUANTITIES.index(quantity) * powers
    panels = list(ascii_lowercase[start : start + powers])
    if quantity == "duan":
        panels.append("recalled")
    rows = frame[frame["panel"].isin(panels) & ~frame["series"].str.startswith(VERDICT)]
    theory = rows["series"] == "theory"
    ends = rows[["y", "lower", "upper"]]
    lowest = float(np.nanmin(ends))
    highest = float(np.nanmax(ends[~theory]))
    theory_highest = float(np.nanmax(ends[theory]))
    highest = max(highest, min(theory_highest, THEORY_SHOWN_UP_TO))
    # The words for the two regions stand at the upper and the lower end, where no point may lie.
    margin = _LABEL_SHARE * (highest - lowest)
    return lowest - margin, highest + margin


def _routes_in(frame: pandas.DataFrame) -> list[str]:
    present = set(frame["series"].str.removesuffix(NOT_VALID).str.removesuffix(NO_VALUE))
    return [route for route in ROUTES if route in present]
