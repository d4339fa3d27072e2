"""The results of two experiments at the same operating points, and how far they lie apart.

Operating points are the same if they have the same name. The two experiments are taken as
independent: a difference is given in units of both standard deviations together.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from entangled_drums.errors import FileFormatError
from entangled_drums.inference.route_result import ROUTES, Estimate, RouteResult, route_result
from entangled_drums.inference.verdict import Verdict, read_verdicts

QUANTITIES = ("duan", "two_nu")
MISSING = Estimate(math.nan, math.nan, math.nan, math.nan)


@dataclass(frozen=True)
class Outcome:
    """What one experiment found.

    Attributes
    ----------
    name : str
        How it is called beside the other one.
    experiment : str
        Name of the experiment; simulated recordings of one name share their random numbers.
    summary : str
        Its verdict in one line.
    verdicts : mapping of str to Verdict
        By operating point.
    results : mapping of (str, str) to RouteResult
        By operating point and route.
    """

    name: str
    experiment: str
    summary: str
    verdicts: Mapping[str, Verdict]
    results: Mapping[tuple[str, str], RouteResult]


@dataclass(frozen=True)
class Pair:
    """One route at one operating point, in both experiments; None where one does not have it."""

    operating_point: str
    route: str
    first: RouteResult | None
    second: RouteResult | None

    def estimates(self, quantity: str) -> tuple[Estimate, Estimate]:
        """Return a quantity as both found it, `MISSING` where one did not."""
        first, second = (
            one.quantities.get(quantity, MISSING) if one else MISSING
            for one in (self.first, self.second)
        )
        return first, second

    def difference_in_sigma(self, quantity: str) -> float:
        """Return how far the second lies above the first, over both errors; NaN if not known."""
        first, second = self.estimates(quantity)
        sigma = math.hypot(first.uncertainty, second.uncertainty)
        return (second.value - first.value) / sigma if sigma > 0.0 else math.nan


def outcome(name: str, verdict: Mapping[str, Any], routes: Sequence[Mapping[str, Any]]) -> Outcome:
    """Gather what an experiment found.

    Parameters
    ----------
    name : str
    verdict : mapping
        Content of ``inference/verdict.json``.
    routes : sequence of mapping
        Contents of all results of routes.

    Returns
    -------
    Outcome

    Raises
    ------
    FileFormatError
        If one of them is not what a run writes.
    """
    if not isinstance(verdict.get("summary"), str):
        raise FileFormatError("verdict: has no summary; run the inference anew")
    results = [route_result(content) for content in routes]
    return Outcome(
        name,
        name,
        verdict["summary"],
        {one.operating_point: one for one in read_verdicts(verdict)},
        {(one.operating_point, one.route): one for one in results},
    )


def pairs(first: Outcome, second: Outcome) -> list[Pair]:
    """Return every route at every operating point that at least one of two experiments has.

    Parameters
    ----------
    first, second : Outcome

    Returns
    -------
    list of Pair
        By pump power, ratio and route.
    """
    known = {**second.results, **first.results}

    def place(key: tuple[str, str]) -> tuple[float, str, float, int]:
        one = known[key]
        return one.red_coupling_hz, one.power, one.ratio, ROUTES.index(one.route)

    return [
        Pair(point, route, first.results.get((point, route)), second.results.get((point, route)))
        for point, route in sorted(known, key=place)
    ]


def reservations(first: Outcome, second: Outcome, compared: Sequence[Pair]) -> list[str]:
    """Say what keeps two experiments from being compared as they stand.

    Parameters
    ----------
    first, second : Outcome
    compared : sequence of Pair

    Returns
    -------
    list of str
        One sentence each: the same random numbers, points of one name driven differently.
    """
    found = {}
    if first.experiment == second.experiment:
        found["name"] = (
            f"Both are runs of {first.experiment}: simulated recordings of one name share their "
            "random numbers, so σ is too large."
        )
    for one in compared:
        if one.first and one.second and one.first.red_coupling_hz != one.second.red_coupling_hz:
            couplings = one.first.red_coupling_hz / 1e3, one.second.red_coupling_hz / 1e3
            found[one.first.power] = (
                f"{one.first.power}: G⁻/2π is {couplings[0]:g} kHz (A) and {couplings[1]:g} kHz "
                "(B), so points of the same name are not driven alike."
            )
    return list(found.values())
