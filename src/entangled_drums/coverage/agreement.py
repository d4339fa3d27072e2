"""Whether coverage studies with other random numbers say the same.

Every rate (coverage of the Duan sum at each level in every scenario, claims of each scenario,
misfits) and every histogram of ranks is compared between the studies by a chi-square test of
homogeneity; they agree if no p-value, corrected by Holm's method, is below 1 %.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy.special import chdtrc

from entangled_drums.coverage.scenarios import COVERAGE
from entangled_drums.coverage.summary import holm
from entangled_drums.errors import InferenceError

LEVEL = 0.01


def compare(summaries: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Compare studies.

    Parameters
    ----------
    summaries : mapping
        By name of the study, from `summary.summarise`.

    Returns
    -------
    dict
        ``studies``, ``tests`` (by what is compared: counts, p-value, corrected p-value) and
        ``smallest_p_value``.
    """
    counts: dict[str, list[list[int]]] = {}

    def add(name: str, row: Sequence[int]) -> None:
        counts.setdefault(name, []).append([int(one) for one in row])

    for one in summaries.values():
        for kind, duan in {COVERAGE: one["coverage"]["duan"], **one["coverage_of_duan"]}.items():
            for level, found in duan["levels"].items():
                inside = round(found["covered"] * duan["replicas"])
                add(f"coverage of D at {level} %: {kind}", (inside, duan["replicas"] - inside))
        for quantity, found in one["coverage"].items():
            add(f"ranks of {quantity}", found["rank_histogram"])
        for what in ("claims", "fits"):
            for kind, found in one[what].items():
                hits = found["number"]
                add(f"{what}: {kind}", (hits, found["replicas"] - hits))
    tests: dict[str, dict[str, Any]] = {
        name: {"counts": rows, "rank_p_value": p_value}
        for name, rows in counts.items()
        if (p_value := homogeneity(rows)) is not None
    }
    holm(list(tests.values()))
    return {
        "studies": list(summaries),
        "tests": {
            name: {
                "counts": test["counts"],
                "p_value": test["rank_p_value"],
                "p_value_holm": test["rank_p_value_holm"],
            }
            for name, test in tests.items()
        },
        "smallest_p_value": min(
            (test["rank_p_value_holm"] for test in tests.values()), default=1.0
        ),
    }


def require(found: Mapping[str, Any]) -> None:
    """Refuse studies that disagree.

    Raises
    ------
    InferenceError
        Names the worst comparison.
    """
    if found["smallest_p_value"] >= LEVEL:
        return
    worst = min(found["tests"], key=lambda name: found["tests"][name]["p_value_holm"])
    raise InferenceError(
        f"coverage: the studies {', '.join(found['studies'])} disagree in {worst}, "
        f"p = {found['smallest_p_value']:.1e} after Holm's correction; look at their summaries"
    )


def homogeneity(rows: Sequence[Sequence[int]]) -> float | None:
    """Return the p-value of equal distributions (studies, outcomes); None if nothing varies."""
    table = np.asarray(rows, dtype=np.float64)
    table = table[table.sum(axis=1) > 0][:, table.sum(axis=0) > 0]
    if table.shape[0] < 2 or table.shape[1] < 2:
        return None
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()
    statistic = np.sum((table - expected) ** 2 / expected)
    return float(chdtrc((table.shape[0] - 1) * (table.shape[1] - 1), statistic))
