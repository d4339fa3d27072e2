"""Coverage, ranks, rates and targets, out of many replicas.

The primary endpoint is the coverage of the Duan sum at four levels; the other quantities are
secondary, their tests corrected by Holm's method (Scand. J. Statist. 6, 65 (1979)).
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy.special import betaincinv, chdtrc

from entangled_drums.coverage.scenarios import (
    BORDER,
    COVERAGE,
    FAR,
    IN_TIME,
    LINE_ROUTES,
    POWER,
    RANKED,
    SCENARIOS,
)
from entangled_drums.inference.verdict import FALSE_ALARMS, PROBABILITY_NEEDED

LEVELS = (0.5, 0.68, 0.9, 0.95)
BINS = 10
DEVIATIONS = 3.0
"""Binomial standard deviations within which intervals must cover."""
BORDER_CLAIMS = 1.0 - PROBABILITY_NEEDED
FAR_CLAIMS = 0.01
POWER_CLAIMS = 0.9
LARGEST_ERROR = 0.04
SECONDARY_LEVEL = 0.01

Replica = Mapping[str, Any]


def summarise(replicas: Sequence[Replica]) -> dict[str, Any]:
    """Return everything that the replicas say.

    Parameters
    ----------
    replicas : sequence of mapping
        From `replica.Repetition.replica`, of any kinds.

    Returns
    -------
    dict
        ``coverage`` of each of `RANKED` for devices drawn from the prior, ``coverage_of`` the Duan
        sum for the other scenarios whose truth is known, ``claims`` by scenario, ``fits``,
        ``routes``, ``errors``, and ``targets``: value, limit and whether it was met.
    """
    done = [one for one in replicas if one["result"] == "posterior"]
    by_kind = {kind: [one for one in done if one["kind"] == kind] for kind in SCENARIOS}
    covered = by_kind[COVERAGE]
    found: dict[str, Any] = {
        "replicas": len(replicas),
        "without_posterior": {
            kind: sum(one["kind"] == kind and one["result"] != "posterior" for one in replicas)
            for kind in SCENARIOS
        },
        "coverage": {name: coverage(ranks(covered, name)) for name in RANKED},
        "coverage_of_duan": {
            kind: coverage(ranks(by_kind[kind], "duan")) for kind in (BORDER, POWER, IN_TIME)
        },
        "claims": {
            kind: {
                "meaning": scenario.meaning,
                "separable": scenario.separable,
                **rate([one["claim"] for one in replicas if one["kind"] == kind]),
            }
            for kind, scenario in SCENARIOS.items()
        },
        "fits": {
            kind: rate([bool(one["misfits"]) for one in by_kind[kind]])
            for kind in (COVERAGE, BORDER, POWER, IN_TIME)
        },
        "errors": {kind: errors(by_kind[kind]) for kind in (COVERAGE, BORDER, POWER, IN_TIME)},
        "routes": {name: route(by_kind[POWER], name) for name in LINE_ROUTES},
    }
    holm([found["coverage"][name] for name in RANKED[1:]])
    found["targets"] = targets(found)
    return found


def ranks(replicas: Sequence[Replica], name: str) -> list[float]:
    """Return the posterior probability below the truth of a quantity, for each replica."""
    # Weights add to one but for rounding, which must not take a rank out of every histogram.
    return [min(one["numbers"][name]["rank"], 1.0) for one in replicas if name in one["numbers"]]


def coverage(of: Sequence[float]) -> dict[str, Any]:
    """Return how often central intervals hold the truth, and a test of uniform ranks.

    Parameters
    ----------
    of : sequence of float
        Posterior probability below the truth, one for each replica.
    """
    rank = np.asarray(of, dtype=np.float64)
    count = rank.size
    if not count:
        return {"replicas": 0, "levels": {}, "rank_histogram": [0] * BINS, "rank_p_value": None}
    levels = {}
    for level in LEVELS:
        inside = float(np.mean(np.abs(rank - 0.5) <= level / 2))
        sigma = float(np.sqrt(level * (1 - level) / count))
        levels[f"{round(100 * level)}"] = {
            "covered": inside,
            "standard_deviation": sigma,
            "off_by": (inside - level) / sigma,
        }
    histogram = np.histogram(rank, bins=BINS, range=(0.0, 1.0))[0]
    expected = count / BINS
    statistic = float(np.sum((histogram - expected) ** 2) / expected)
    return {
        "replicas": count,
        "levels": levels,
        "rank_histogram": histogram.tolist(),
        "rank_p_value": float(chdtrc(BINS - 1, statistic)),
    }


def holm(tests: Sequence[dict[str, Any]]) -> None:
    """Add the p-values of several tests, corrected by Holm's method, as ``rank_p_value_holm``."""
    made = [one for one in tests if one["rank_p_value"] is not None]
    running = 0.0
    for at, one in enumerate(sorted(made, key=lambda one: one["rank_p_value"])):
        running = max(running, min(one["rank_p_value"] * (len(made) - at), 1.0))
        one["rank_p_value_holm"] = running


def rate(outcomes: Sequence[bool]) -> dict[str, Any]:
    """Return a rate with its exact (Clopper-Pearson) 95 % interval."""
    count, hits = len(outcomes), int(np.sum(outcomes))
    low, high = binomial_interval(hits, count)
    return {
        "replicas": count,
        "number": hits,
        "rate": hits / count if count else None,
        "interval_95": [low, high],
    }


def binomial_interval(hits: int, count: int, level: float = 0.95) -> tuple[float, float]:
    """Return the Clopper-Pearson interval of a rate."""
    tail = (1.0 - level) / 2.0
    if count == 0:
        return 0.0, 1.0
    low = 0.0 if hits == 0 else float(betaincinv(hits, count - hits + 1, tail))
    high = 1.0 if hits == count else float(betaincinv(hits + 1, count - hits, 1.0 - tail))
    return low, high


def errors(replicas: Sequence[Replica]) -> dict[str, Any]:
    """Return how far the Duan sum is off on average, in truth and by its own account."""
    numbers = [one["numbers"]["duan"] for one in replicas if "duan" in one["numbers"]]
    if not numbers:
        return {"replicas": 0}
    off = np.array([one["mean"] - one["truth"] for one in numbers])
    return {
        "replicas": len(numbers),
        "bias": float(off.mean()),
        "bias_standard_deviation": float(off.std() / np.sqrt(off.size)),
        "root_mean_square": float(np.sqrt(np.mean(off**2))),
        "mean_uncertainty": float(np.mean([one["uncertainty"] for one in numbers])),
    }


def route(replicas: Sequence[Replica], name: str) -> dict[str, Any]:
    """Return bias and one-sided coverage of a route that reads lines, at a fixed truth."""
    tried = [one["routes"][name] for one in replicas if name in one.get("routes", {})]
    valid = [one for one in tried if one["validity"] == "valid"]
    found: dict[str, Any] = {"replicas": len(tried), "valid": len(valid)}
    if not valid:
        return found
    off = np.array([one["value"] - one["truth"] for one in valid])
    found.update(
        bias=float(off.mean()),
        bias_standard_deviation=float(off.std() / np.sqrt(off.size)),
        mean_uncertainty=float(np.mean([one["uncertainty"] for one in valid])),
        truth_below_upper_end=rate([one["truth"] <= one["interval_95"][1] for one in valid]),
        truth_above_lower_end=rate([one["truth"] >= one["interval_95"][0] for one in valid]),
    )
    return found


def targets(found: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return what was to be reached: value, limit, and whether it was met; None with no replica."""

    def worst(of: Mapping[str, Any]) -> float | None:
        return max((abs(one["off_by"]) for one in of["levels"].values()), default=None)

    secondary = [
        one["rank_p_value_holm"]
        for one in found["coverage"].values()
        if one.get("rank_p_value_holm") is not None
    ]
    border, power = found["claims"][BORDER], found["claims"][POWER]
    far = [found["claims"][kind] for kind in FAR if found["claims"][kind]["replicas"]]
    count = sum(one["replicas"] for one in far)
    false = sum(one["number"] for one in far)
    alarms = found["fits"][COVERAGE]

    def at_most(value: float | None, limit: float) -> dict[str, Any]:
        return {"value": value, "at_most": limit, "met": None if value is None else value <= limit}

    def at_least(value: float | None, limit: float) -> dict[str, Any]:
        return {"value": value, "at_least": limit, "met": None if value is None else value >= limit}

    return {
        "coverage of D off by, binomial standard deviations": at_most(
            worst(found["coverage"]["duan"]), DEVIATIONS
        ),
        "coverage of D in time off by, binomial standard deviations": at_most(
            worst(found["coverage_of_duan"][IN_TIME]), DEVIATIONS
        ),
        "smallest p of secondary ranks (Holm)": at_least(
            min(secondary, default=None), SECONDARY_LEVEL
        ),
        "claims at the border": at_most(border["rate"], _limit(BORDER_CLAIMS, border["replicas"])),
        "claims far from entanglement": at_most(false / count if count else None, FAR_CLAIMS),
        "claims at D = 0.83": at_least(power["rate"], POWER_CLAIMS),
        "error of D at D = 0.83": at_most(
            found["errors"][POWER].get("mean_uncertainty"), LARGEST_ERROR
        ),
        "false alarms of the fits": at_most(
            alarms["rate"], _limit(FALSE_ALARMS, alarms["replicas"])
        ),
    }


def _limit(wanted: float, count: int) -> float:
    """A rate plus two binomial standard deviations of its measurement."""
    return wanted + 2.0 * float(np.sqrt(wanted * (1.0 - wanted) / max(count, 1)))
