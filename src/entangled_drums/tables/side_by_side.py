"""Table of two experiments side by side: Duan sum and 2 nu by route, and both verdicts."""

import math
from collections.abc import Sequence

from entangled_drums.inference.route_result import ROUTE_LABELS, RouteResult
from entangled_drums.inference.side_by_side import QUANTITIES, Outcome, Pair, reservations
from entangled_drums.inference.verdict import Verdict
from entangled_drums.tables.output import Cell, Column, Measured, Table
from entangled_drums.tables.rounding import UNKNOWN

_SIGNS = {"duan": ("D", "$D$"), "two_nu": ("2ν", r"$2\nu$")}
_OWN_ROUTE = "model_based"


def table(first: Outcome, second: Outcome, compared: Sequence[Pair]) -> Table:
    """Arrange two experiments side by side.

    Parameters
    ----------
    first, second : Outcome
    compared : sequence of Pair
        From :func:`entangled_drums.inference.side_by_side.pairs`.

    Returns
    -------
    Table
        One row per operating point and route; "–" for what an experiment does not have.
    """
    columns = [
        Column("operating_point", "text", "Operating point", "Operating point"),
        Column("route", "text", printed=False),
        Column("route_label", "text", "Route", "Route", stored=False),
    ]
    for quantity in QUANTITIES:
        plain, latex = _SIGNS[quantity]
        columns += [
            Column(f"{quantity}_a", "measured", f"{plain} (A)", f"{latex} (A)"),
            Column(f"{quantity}_b", "measured", f"{plain} (B)", f"{latex} (B)"),
            Column(f"{quantity}_difference_in_sigma", "number", printed=False),
            Column(f"{quantity}_shown", "text", "(B − A)/σ", r"$(B-A)/\sigma$", stored=False),
        ]
    for key, header in (("valid", "Valid"), ("verdict", "Verdict")):
        for letter in "ab":
            name = f"{header} ({letter.upper()})"
            columns.append(Column(f"{key}_{letter}", "text", name, name))
    rows = tuple(_row(first, second, pair) for pair in compared)
    notes = (
        f"A: {first.name}; {first.summary}",
        f"B: {second.name}; {second.summary}",
        "σ: both standard deviations together, the experiments taken as independent.",
        *reservations(first, second, compared),
    )
    return Table(tuple(columns), rows, notes)


def _row(first: Outcome, second: Outcome, pair: Pair) -> dict[str, Cell]:
    row: dict[str, Cell] = {
        "operating_point": pair.operating_point,
        "route": pair.route,
        "route_label": ROUTE_LABELS[pair.route],
        "valid_a": _valid(pair.first),
        "valid_b": _valid(pair.second),
        "verdict_a": _verdict(first.verdicts.get(pair.operating_point), pair),
        "verdict_b": _verdict(second.verdicts.get(pair.operating_point), pair),
    }
    for quantity in QUANTITIES:
        for letter, estimate in zip("ab", pair.estimates(quantity), strict=True):
            row[f"{quantity}_{letter}"] = Measured(estimate.value, estimate.uncertainty)
        difference = pair.difference_in_sigma(quantity)
        row[f"{quantity}_difference_in_sigma"] = difference
        row[f"{quantity}_shown"] = (
            UNKNOWN if math.isnan(difference) else f"{difference:+.1f}".replace("-", "−")
        )
    return row


def _valid(result: RouteResult | None) -> str:
    return "" if result is None else "yes" if result.valid else "no"


def _verdict(verdict: Verdict | None, pair: Pair) -> str:
    """The verdict rests on one route, and stands in its row only."""
    return verdict.verdict if verdict and pair.route == _OWN_ROUTE else ""
