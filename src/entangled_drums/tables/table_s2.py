"""Table S2: the inferred state at each operating point, by each route."""

import math
from collections.abc import Sequence

from entangled_drums.inference.route_result import ROUTE_LABELS, ROUTES, RouteResult
from entangled_drums.inference.verdict import Verdict
from entangled_drums.tables.output import Cell, Column, Measured, Table

_QUANTITIES = (
    Column("occupation_1", "measured", "n₁", "$n_1$"),
    Column("occupation_2", "measured", "n₂", "$n_2$"),
    Column("correlator_magnitude", "measured", "|c|", "$|c|$"),
    Column("duan", "measured", "D", "$D$"),
    Column("two_nu", "measured", "2ν", r"$2\nu$"),
    Column("logarithmic_negativity", "measured", "E_N (base 2)", r"$E_\mathrm{N}$"),
    Column("squeezing_db", "measured", "Squeezing", "Squeezing", "dB"),
)

COLUMNS = (
    Column("operating_point", "text", printed=False),
    Column("power", "text", printed=False),
    Column("red_coupling_hz", "number", printed=False),
    Column("red_coupling_khz", "number", "G⁻/2π", r"$G^{-}/2\pi$", "kHz", stored=False),
    Column("ratio", "number", "x", "$x$"),
    Column("route", "text", printed=False),
    Column("route_label", "text", "Route", "Route", stored=False),
    Column("validity", "text", printed=False),
    Column("valid", "text", "Valid", "Valid", stored=False),
    *_QUANTITIES,
    Column("probability_entangled", "probability", "P(ν < ½)", r"$P(\nu < \tfrac12)$"),
    Column("p_value", "probability", "Fit p", "Fit $p$"),
    Column("verdict", "text", printed=False),
    Column("verdict_label", "text", "Verdict", "Verdict", stored=False),
)

_ERRORS = "Errors are one standard deviation, statistical and calibration together."


def table(results: Sequence[RouteResult], origin: str, verdicts: Sequence[Verdict] = ()) -> Table:
    """Arrange the results of all routes at all operating points.

    Parameters
    ----------
    results : sequence of RouteResult
        In any order.
    origin : str
        One sentence on where device and recordings come from; the first note.
    verdicts : sequence of Verdict, optional
        Verdict at each operating point; printed in the last row of the point.

    Returns
    -------
    Table
        One row per operating point and route, by power, ratio and route. A quantity that a route
        does not give is NaN. Reasons why a route is not valid somewhere become numbered notes.
    """
    ordered = sorted(
        results,
        key=lambda item: (item.red_coupling_hz, item.power, item.ratio, ROUTES.index(item.route)),
    )
    reasons = list(dict.fromkeys(item.validity for item in ordered if not item.valid))
    judged = {one.operating_point: one.verdict for one in verdicts}
    last = {item.operating_point: item for item in ordered}
    rows = tuple(
        {
            **_row(item, reasons),
            "verdict": judged.get(item.operating_point, ""),
            "verdict_label": (
                judged.get(item.operating_point, "") if item is last[item.operating_point] else ""
            ),
        }
        for item in ordered
    )
    notes = tuple(f"({number}) {reason}" for number, reason in enumerate(reasons, start=1))
    return Table(COLUMNS, rows, (origin, _ERRORS, *notes))


def _row(result: RouteResult, reasons: Sequence[str]) -> dict[str, Cell]:
    row: dict[str, Cell] = {
        "operating_point": result.operating_point,
        "power": result.power,
        "red_coupling_hz": result.red_coupling_hz,
        "red_coupling_khz": result.red_coupling_hz / 1e3,
        "ratio": result.ratio,
        "route": result.route,
        "route_label": ROUTE_LABELS[result.route],
        "validity": result.validity,
        "valid": "yes" if result.valid else f"no ({reasons.index(result.validity) + 1})",
        "probability_entangled": result.probability_entangled,
        "p_value": result.p_value,
    }
    for column in _QUANTITIES:
        estimate = result.quantities.get(column.key)
        row[column.key] = (
            Measured(math.nan, math.nan)
            if estimate is None
            else Measured(estimate.value, estimate.uncertainty)
        )
    return row
