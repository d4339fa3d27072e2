"""The numbers of figure 4: theory, what every route infers, and the verdicts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from string import ascii_lowercase
from typing import Any

import numpy as np
import pandas
import xarray
from numpy.typing import ArrayLike, NDArray

from entangled_drums.errors import FileFormatError
from entangled_drums.figures.output import COLUMNS
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

NOT_VALID = "_not_valid"
NO_VALUE = "_no_value"
"""Endings of the series of a route: where it does not hold, and where it gives no number at all."""

VERDICT = "verdict "
"""How the series of a verdict begins."""

VERDICTS = {ENTANGLED: "entangled", NOT_SHOWN: "not_shown", CONTRADICTION: "contradiction"}
"""Name of the look of each verdict."""

_UNIT = "1"


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
        for verdict in VERDICTS
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
    for panel, quantity, data in panels_of(powers):
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
                        rows.append((panel, route + NO_VALUE, result.ratio, *absent))
                    continue
                series = route if result.valid else route + NOT_VALID
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
                (panel, VERDICT + one.verdict, x, one.probability_entangled, np.nan, np.nan, _UNIT)
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


def panels_of(powers: Sequence[PowerData]) -> list[tuple[str, str, PowerData]]:
    pairs = [(quantity, data) for quantity in QUANTITIES for data in powers]
    return [(ascii_lowercase[i], quantity, data) for i, (quantity, data) in enumerate(pairs)]


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
