"""Table S3: what the error of the Duan sum is made of, item by item."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from entangled_drums.inference.route_result import ROUTE_LABELS
from entangled_drums.tables.output import Cell, Column, Table

COLUMNS = (
    Column("route", "text", printed=False),
    Column("route_label", "text", "Route", "Route", stored=False),
    Column("item", "text", "Item", "Item"),
    Column("kind", "text", "Kind", "Kind"),
    Column("error", "number", printed=False),
    Column("error_1000", "number", "1000 × error of D", r"$10^3\,\delta D$", stored=False),
    Column("left_out", "number", printed=False),
    Column("left_out_1000", "number", "if known", "if known", stored=False),
    Column("shift", "number", printed=False),
    Column("sigma_to_one", "number", "σ to D = 1", r"$\sigma$ to $D=1$"),
)

_SMALLEST = 5e-5
_TOTAL = "all together"
_NOTES = (
    "Error of D: what an item brings to the standard deviation, correlated items sharing theirs "
    "evenly; squares add up to the last row of each route.",
    "If known: the square root of what the variance loses if the item is known exactly (a minus "
    "sign: it gains).",
    "σ to D = 1: by how many of its own standard deviations a calibrated value would have to be "
    "wrong, with correlated ones following, to move D to 1.",
    f"Items below {_SMALLEST:g} are left out in print.",
)


def table(
    routes: Sequence[Mapping[str, Any]],
    misfits: Sequence[Mapping[str, Any]],
    origin: str,
    without: Mapping[str, str],
) -> Table:
    """Arrange the error budgets of the routes.

    Parameters
    ----------
    routes : sequence of mapping
        From `error_budget.Budget.content`.
    misfits : sequence of mapping
        From `coverage.misfit.search`; those of the error budget join the model-based route.
    origin : str
        One sentence on where device and recordings come from; the first note.
    without : mapping of str to str
        Why a route has no budget at this point; a note each.

    Returns
    -------
    Table
        One row per route and item, largest first, then the total. What is not known is NaN.
    """
    rows: list[dict[str, Cell]] = []
    for budget in routes:
        items = list(budget["items"])
        if budget["route"] == "model_based":
            items += [_of_misfit(one, budget["duan"]) for one in misfits if one["in_error_budget"]]
        items.sort(key=lambda item: -item["error"])
        variance = sum(item["error"] ** 2 for item in items)
        rows += [_row(budget["route"], item) for item in items if item["error"] >= _SMALLEST]
        total = {"item": _TOTAL, "kind": "", "error": math.sqrt(variance)}
        rows.append(_row(budget["route"], total))
    lacking = (f"No budget of {ROUTE_LABELS[route]}: {why}." for route, why in without.items())
    return Table(COLUMNS, tuple(rows), (origin, *lacking, *_NOTES))


def _of_misfit(found: Mapping[str, Any], duan: float) -> dict[str, Any]:
    bias = float(found["bias"])
    return {
        "item": f"{found['meaning']}, unnoticed up to {found['size']:.2g} {found['unit']}",
        "kind": "misfit",
        "error": abs(bias),
        "shift": bias,
        "sigma_to_one": (1.0 - duan) / bias,
    }


def _row(route: str, item: Mapping[str, Any]) -> dict[str, Cell]:
    def number(key: str) -> float:
        found = item.get(key)
        return math.nan if found is None else float(found)

    lost = number("left_out")
    left_out = math.copysign(math.sqrt(abs(lost)), lost)
    return {
        "route": route,
        "route_label": ROUTE_LABELS[route],
        "item": str(item["item"]),
        "kind": str(item["kind"]),
        "error": number("error"),
        "error_1000": _short(1e3 * number("error"), 3),
        "left_out": left_out,
        "left_out_1000": _short(1e3 * left_out, 3),
        "shift": number("shift"),
        "sigma_to_one": _short(number("sigma_to_one"), 2),
    }


def _short(number: float, digits: int) -> float:
    return number if not math.isfinite(number) else float(f"{number:.{digits}g}")
