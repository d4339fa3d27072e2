r"""Figure 4: entanglement of the drums against the pump ratio x = G^+/G^-.

Upper row: the Duan sum minimised over local phases, D = n_1 + n_2 + 1 - 2|<b_1 b_2>|; every
separable state has D >= 1 (Duan et al., PRL 84, 2722 (2000)). Lower row: 2 nu, twice the smallest
symplectic eigenvalue of the partial transpose; a two-mode Gaussian state is separable exactly when
2 nu >= 1 (Simon, PRL 84, 2726 (2000)). One column per pump power, with the verdict at each of its
operating points above. The published value, known
only by recollection and without its x or power, stands in a strip of its own that has no x axis.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from string import ascii_lowercase
from typing import Any

import numpy as np
import pandas
import xarray
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.transforms import Affine2D, ScaledTranslation, Transform
from numpy.typing import ArrayLike, NDArray

from entangled_drums.errors import FileFormatError
from entangled_drums.figures import style
from entangled_drums.figures.output import COLUMNS
from entangled_drums.figures.style import LOOKS
from entangled_drums.inference.route_result import ROUTES, RouteResult
from entangled_drums.inference.verdict import (
    CONTRADICTION,
    ENTANGLED,
    NOT_SHOWN,
    PROBABILITY_NEEDED,
    Verdict,
)
from entangled_drums.tables.rounding import round_by_uncertainty

QUANTITIES = ("duan", "two_nu")
RATIO = "drive.ratio"
BOUND = 1.0
RATIO_LIMITS = (0.0, 1.0)

# Routes share their x; drawn side by side so that no error bar hides another.
ROUTE_SPACING_POINTS = 2.4

# Weak or excessive pumping leaves the drums far from entangled; the axis ends here, not the data.
THEORY_SHOWN_UP_TO = 1.6

_NOT_VALID = "_not_valid"
_NO_VALUE = "_no_value"
_NO_VALUE_MARKER = "x"
_UNIT = "1"
_AXIS_LABEL = {
    "duan": "Duan sum, $D$ (vacuum = 1)",
    "two_nu": r"PPT eigenvalue, $2\nu$ (vacuum = 1)",
}
_REGIONS = {
    "duan": ("separable states: $D \\geq 1$", "entangled: $D < 1$"),
    "two_nu": ("separable: $2\\nu \\geq 1$", "entangled: $2\\nu < 1$"),
}

_VERDICTS = {ENTANGLED: "entangled", NOT_SHOWN: "not_shown", CONTRADICTION: "contradiction"}
_VERDICT = "verdict "

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


@dataclass(frozen=True)
class TheoryCurve:
    """A predicted measure against x, with its band.

    Attributes
    ----------
    ratio : array, shape (n,)
        x = G^+/G^-, ascending.
    value, lower, upper : array, shape (n,)
        Nominal prediction and the ends of its 68 % band over the uncertainties of the
        device; NaN where the drive has no steady state.
    """

    ratio: NDArray[np.float64]
    value: NDArray[np.float64]
    lower: NDArray[np.float64]
    upper: NDArray[np.float64]

    def __post_init__(self) -> None:
        for name in ("ratio", "value", "lower", "upper"):
            object.__setattr__(self, name, _vector(getattr(self, name), name))
        for name in ("value", "lower", "upper"):
            if getattr(self, name).shape != self.ratio.shape:
                raise FileFormatError(
                    f"theory curve: {name} has {getattr(self, name).size} points and ratio has "
                    f"{self.ratio.size}; give one per ratio"
                )
        if not np.all(np.diff(self.ratio) > 0.0):
            raise FileFormatError("theory curve: ratio is not ascending; sort the sweep by ratio")


@dataclass(frozen=True)
class PowerData:
    """Everything shown for one pump power.

    Attributes
    ----------
    power : str
        Name of the power in the experiment file.
    red_coupling_hz : float
        Nominal G^-/2pi in Hz.
    duan, two_nu : TheoryCurve
        Predictions of D and 2 nu.
    results : tuple of RouteResult
        Every route at every operating point of this power.
    verdicts : mapping
        Verdict at each of them by ratio; empty if none is shown.
    """

    power: str
    red_coupling_hz: float
    duan: TheoryCurve
    two_nu: TheoryCurve
    results: tuple[RouteResult, ...]
    verdicts: Mapping[float, Verdict] = field(default_factory=dict)


@dataclass(frozen=True)
class RecalledValue:
    """A published Duan sum that is shown but never used.

    Attributes
    ----------
    value, uncertainty : float
        Duan sum and its error as recalled.
    status : str
        How far it can be trusted; stands beside the marker.
    """

    value: float
    uncertainty: float
    status: str


def power_data(
    drive: Mapping[str, Any],
    sweep: xarray.Dataset,
    band: xarray.Dataset,
    results: Sequence[RouteResult],
    verdicts: Sequence[Verdict] = (),
) -> PowerData:
    """Gather what is shown for one pump power.

    Parameters
    ----------
    drive : mapping
        ``power`` and ``red_coupling_hz``.
    sweep, band : xarray.Dataset
        From `entangled_drums.sweeps.solving.solve_sweep` and
        `entangled_drums.sweeps.band.solve_band`, over ``drive.ratio``.
    results : sequence of RouteResult
        Results at any power; those at this one are kept.
    verdicts : sequence of Verdict, optional
        Verdicts at any operating point.

    Raises
    ------
    FileFormatError
        If sweep and band are not over the same ratios.
    """
    ratio = sweep[RATIO].values
    if not np.array_equal(ratio, band[RATIO].values):
        raise FileFormatError("theory sweep and band are over different ratios; solve them again")

    def curve(name: str, value: NDArray[np.float64]) -> TheoryCurve:
        quantiles = band[name].transpose("quantile", RATIO).values
        return TheoryCurve(ratio, value, quantiles[0], quantiles[-1])

    here = tuple(item for item in results if item.power == drive["power"])
    ratios = {item.operating_point: item.ratio for item in here}
    return PowerData(
        power=drive["power"],
        red_coupling_hz=drive["red_coupling_hz"],
        duan=curve("duan", sweep["duan"].values),
        two_nu=curve("two_nu", 2.0 * sweep["ppt_symplectic_eigenvalue"].values),
        results=here,
        verdicts={
            ratios[one.operating_point]: one for one in verdicts if one.operating_point in ratios
        },
    )


def quoted(powers: Sequence[PowerData]) -> dict[str, str]:
    """Return the numbers that the caption quotes, as text by their names."""
    verdicts = [one for data in powers for one in data.verdicts.values()]
    counts = [
        f"{verdict} at {count}"
        for verdict in _VERDICTS
        if (count := sum(one.verdict == verdict for one in verdicts))
    ]
    own = [
        (estimate, data, result)
        for data in powers
        for result in data.results
        if result.route == "model_based"
        and (estimate := result.quantities.get("duan")) is not None
        and np.isfinite(estimate.value)
    ]
    found = {
        "points": str(len({one.operating_point for data in powers for one in data.results})),
        "verdicts": ", ".join(counts) or "none",
        "needed": f"{100.0 * PROBABILITY_NEEDED:g} %",
        "least": "not inferred",
        "least_at": "any operating point",
    }
    if own:
        estimate, data, result = min(own, key=lambda one: one[0].value)
        found["least"] = round_by_uncertainty(estimate.value, estimate.uncertainty).plain()
        found["least_at"] = f"{data.red_coupling_hz / 1e3:g} kHz, x = {result.ratio:g}"
    return found


def plotted(powers: Sequence[PowerData], recalled: RecalledValue | None) -> pandas.DataFrame:
    """Return every number that the figure shows.

    Parameters
    ----------
    powers : sequence of PowerData
        One per column of the figure.
    recalled : RecalledValue or None
        Published value; None if the experiment has none.

    Returns
    -------
    pandas.DataFrame
        Columns panel (letter), series, x, y, lower, upper (68 %), unit. Series are "theory", the
        names of the routes (with "_not_valid" where the route does not hold, with "_no_value" and
        no y where it therefore gives no number at all), "separability" (its two ends),
        "recalled" (panel "recalled", no x), and in the panels of the upper row "verdict ..." with
        P(nu < 1/2) as y.

    Raises
    ------
    FileFormatError
        If there is no power at all, or a theory curve has no finite point.
    """
    _require_powers(powers)
    rows: list[tuple[str, str, float, float, float, float, str]] = []
    for panel, quantity, data in _panels(powers):
        curve: TheoryCurve = getattr(data, quantity)
        rows += [
            (panel, "theory", x, y, lower, upper, _UNIT)
            for x, y, lower, upper in zip(
                curve.ratio, curve.value, curve.lower, curve.upper, strict=True
            )
        ]
        for route in ROUTES:
            for result in sorted(data.results, key=lambda item: item.ratio):
                if result.route != route:
                    continue
                estimate = result.quantities.get(quantity)
                if estimate is None or not np.isfinite(estimate.value):
                    # A quantity that the route never gives is no news; a route that fails is.
                    if not result.valid and quantity == QUANTITIES[0]:
                        absent = (np.nan, np.nan, np.nan, _UNIT)
                        rows.append((panel, route + _NO_VALUE, result.ratio, *absent))
                    continue
                series = route if result.valid else route + _NOT_VALID
                rows.append(
                    (
                        panel,
                        series,
                        result.ratio,
                        estimate.value,
                        estimate.lower,
                        estimate.upper,
                        _UNIT,
                    )
                )
        rows += [(panel, "separability", x, BOUND, np.nan, np.nan, _UNIT) for x in RATIO_LIMITS]
        if quantity == QUANTITIES[0]:
            rows += [
                (panel, _VERDICT + one.verdict, x, one.probability_entangled, np.nan, np.nan, _UNIT)
                for x, one in sorted(data.verdicts.items())
            ]
    if recalled is not None:
        rows.append(
            (
                "recalled",
                "recalled",
                np.nan,
                recalled.value,
                recalled.value - recalled.uncertainty,
                recalled.value + recalled.uncertainty,
                _UNIT,
            )
        )
    return pandas.DataFrame(rows, columns=list(COLUMNS))


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
    for index, (panel, quantity, data) in enumerate(_panels(powers)):
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
        for series in (route, route + _NOT_VALID):
            points = frame[frame["series"] == series]
            if points.size:
                _draw_points(axes, points, route, series == route, axes.transData + shift)
        absent = frame[frame["series"] == route + _NO_VALUE]
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
    for verdict, name in _VERDICTS.items():
        rows = frame[frame["series"] == _VERDICT + verdict]
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
    if frame["series"].str.endswith(_NOT_VALID).any():
        handles.append(
            Line2D([], [], color="black", marker="o", markerfacecolor="white", linestyle="none")
        )
        labels.append("open: not valid there")
    if frame["series"].str.endswith(_NO_VALUE).any():
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
    for verdict, name in _VERDICTS.items():
        if (frame["series"] == _VERDICT + verdict).any():
            handles.append(Line2D([], [], **_verdict_mark(name)))
            labels.append(f"verdict: {LOOKS[name].label}")
    return handles, labels


def _limits(frame: pandas.DataFrame, quantity: str, powers: int) -> tuple[float, float]:
    start = QUANTITIES.index(quantity) * powers
    panels = list(ascii_lowercase[start : start + powers])
    if quantity == "duan":
        panels.append("recalled")
    rows = frame[frame["panel"].isin(panels) & ~frame["series"].str.startswith(_VERDICT)]
    theory = rows["series"] == "theory"
    ends = rows[["y", "lower", "upper"]]
    lowest = float(np.nanmin(ends))
    highest = float(np.nanmax(ends[~theory]))
    theory_highest = float(np.nanmax(ends[theory]))
    highest = max(highest, min(theory_highest, THEORY_SHOWN_UP_TO))
    # The words for the two regions stand at the upper and the lower end, where no point may lie.
    margin = _LABEL_SHARE * (highest - lowest)
    return lowest - margin, highest + margin


def _panels(powers: Sequence[PowerData]) -> list[tuple[str, str, PowerData]]:
    pairs = [(quantity, data) for quantity in QUANTITIES for data in powers]
    return [(ascii_lowercase[i], quantity, data) for i, (quantity, data) in enumerate(pairs)]


def _routes_in(frame: pandas.DataFrame) -> list[str]:
    present = set(frame["series"].str.removesuffix(_NOT_VALID).str.removesuffix(_NO_VALUE))
    return [route for route in ROUTES if route in present]


def _require_powers(powers: Sequence[PowerData]) -> None:
    if not powers:
        raise FileFormatError("figure 4: no power to draw; give the experiment at least one")
    for data in powers:
        for quantity in QUANTITIES:
            if not np.isfinite(getattr(data, quantity).value).any():
                raise FileFormatError(
                    f"figure 4: power {data.power!r}: theory of {quantity} has no steady state at "
                    "any ratio; correct the sweep"
                )


def _vector(values: ArrayLike, name: str) -> NDArray[np.float64]:
    vector = np.array(values, dtype=float)
    if vector.ndim != 1 or vector.size == 0:
        raise FileFormatError(
            f"theory curve: {name} has shape {vector.shape}; give one value per ratio"
        )
    vector.flags.writeable = False
    return vector
