"""What one inference route found at one operating point, as figures and tables read it.

This is the only place that knows the layout of a route's result file.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from entangled_drums.errors import FileFormatError

ROUTE_LABELS = MappingProxyType(
    {
        "quadrature": "quadrature",
        "emission_bound": "emission bound",
        "direct": "direct",
        "model_based": "model-based",
    }
)
ROUTES = tuple(ROUTE_LABELS)


@dataclass(frozen=True)
class Estimate:
    """One inferred number with its total uncertainty.

    Attributes
    ----------
    value : float
        Central value; NaN if the route could not give one.
    uncertainty : float
        One standard deviation, statistical and calibration together; NaN if not known.
    lower, upper : float
        Ends of the central 68 % interval; value -+ uncertainty where none was stored.
    """

    value: float
    uncertainty: float
    lower: float
    upper: float


@dataclass(frozen=True)
class RouteResult:
    """One route's inferred state at one operating point.

    Attributes
    ----------
    route : str
        One of `ROUTES`.
    operating_point, power : str
        Names from the experiment file.
    red_coupling_hz : float
        Nominal red coupling G^-/2pi in Hz.
    ratio : float
        Nominal ratio x = G^+/G^-.
    validity : str
        "valid", or the reason why the route does not hold here.
    quantities : mapping of str to Estimate
        Keys as in the result file: occupation_1, occupation_2, correlator_magnitude, duan, two_nu,
        logarithmic_negativity, squeezing_db.
    probability_entangled : float
        P(nu < 1/2); NaN if the route gives none.
    p_value : float
        Goodness of fit; NaN if the route fits nothing.
    """

    route: str
    operating_point: str
    power: str
    red_coupling_hz: float
    ratio: float
    validity: str
    quantities: Mapping[str, Estimate]
    probability_entangled: float
    p_value: float

    @property
    def valid(self) -> bool:
        """Whether the route's assumptions hold at this operating point."""
        return self.validity == "valid"


def route_result(content: Mapping[str, Any]) -> RouteResult:
    """Read one route's result from the content of its JSON file.

    Parameters
    ----------
    content : mapping
        Plain built-ins. Required keys: route, operating_point, power, red_coupling_hz, ratio,
        validity, quantities. A quantity holds value, uncertainty (1 sigma, total) and optionally
        interval_68. A missing number is None.

    Returns
    -------
    RouteResult
        The same numbers; NaN stands for None.

    Raises
    ------
    FileFormatError
        If a required key is missing, or something is not of the kind it must be.
    """
    route = _text(content, "route")
    if route not in ROUTES:
        raise FileFormatError(
            f"route result: route is {route!r}; it must be one of {', '.join(ROUTES)}"
        )
    point = _text(content, "operating_point")
    where = f"{route} result at {point}"
    quantities = _required(content, "quantities", where)
    if not isinstance(quantities, Mapping):
        raise FileFormatError(f"{where}: quantities is not a mapping; name each quantity")
    goodness = content.get("goodness_of_fit") or {}
    if not isinstance(goodness, Mapping):
        raise FileFormatError(f"{where}: goodness_of_fit is not a mapping; write {{p_value: ...}}")
    return RouteResult(
        route=route,
        operating_point=point,
        power=_text(content, "power", where),
        red_coupling_hz=_number(_required(content, "red_coupling_hz", where), where),
        ratio=_number(_required(content, "ratio", where), where),
        validity=_text(content, "validity", where),
        quantities=MappingProxyType(
            {
                name: _estimate(quantities[name], f"{where}: {name}")
                for name in sorted(quantities)
                if quantities[name] is not None
            }
        ),
        probability_entangled=_number(content.get("probability_entangled"), where),
        p_value=_number(goodness.get("p_value"), where),
    )


def _estimate(content: Any, where: str) -> Estimate:
    if not isinstance(content, Mapping):
        raise FileFormatError(f"{where}: not a mapping; write value and uncertainty")
    value = _number(_required(content, "value", where), where)
    uncertainty = _number(content.get("uncertainty"), where)
    if uncertainty < 0.0:
        raise FileFormatError(f"{where}: uncertainty {uncertainty!r} is negative; write 1 sigma")
    interval = content.get("interval_68")
    if interval is None:
        return Estimate(value, uncertainty, value - uncertainty, value + uncertainty)
    if not isinstance(interval, list | tuple) or len(interval) != 2:
        raise FileFormatError(f"{where}: interval_68 must be [lower, upper]")
    lower, upper = _number(interval[0], where), _number(interval[1], where)
    if lower > upper:
        raise FileFormatError(f"{where}: interval_68 is [{lower}, {upper}]; write [lower, upper]")
    return Estimate(value, uncertainty, lower, upper)


def _required(content: Mapping[str, Any], key: str, where: str) -> Any:
    if key not in content:
        raise FileFormatError(f"{where}: key {key!r} is missing; run the inference anew")
    return content[key]


def _text(content: Mapping[str, Any], key: str, where: str = "route result") -> str:
    value = _required(content, key, where)
    if not isinstance(value, str):
        raise FileFormatError(f"{where}: {key} is {value!r}; it must be a string")
    return value


def _number(value: Any, where: str) -> float:
    if value is None:
        return math.nan
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise FileFormatError(f"{where}: {value!r} is not a number; write a number or null")
    return float(value)
