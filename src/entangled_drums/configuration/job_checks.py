"""Checks that an experiment is not cut into more jobs than a workflow manager can plan."""

from collections.abc import Callable, Mapping
from typing import Any

from entangled_drums.chunking import chunks
from entangled_drums.configuration.problems import KeyPath, Problem

MOST_JOBS = 2000
"""Jobs of one piece of work; planning them takes minutes, and more than twice as long for twice."""


def job_problems(config: Mapping[str, Any]) -> list[Problem]:
    """Return the problems of the numbers that cut sweeps and coverage into jobs.

    Parameters
    ----------
    config : mapping
        Experiment, valid under its schema and with valid references.

    Returns
    -------
    list of Problem
    """
    theory = config["theory"]

    def jobs_of_sweeps(chunk_points: int) -> int:
        return sum(len(chunks(one["axes"], chunk_points)) for one in theory["sweeps"].values())

    found = _too_many(("theory", "chunk_points"), theory["chunk_points"], jobs_of_sweeps)
    coverage = config.get("coverage")
    if coverage:
        replicas = sum(coverage["replicas"].values())
        largest = replicas * coverage["validation"]["factor"]
        path: KeyPath = ("coverage", "chunk_replicas")
        found += _too_many(path, coverage["chunk_replicas"], lambda size: -(-largest // size))
    return found


def _too_many(path: KeyPath, chunk: int, jobs_of: Callable[[int], int]) -> list[Problem]:
    jobs = jobs_of(chunk)
    if jobs <= MOST_JOBS:
        return []
    enough = chunk
    while jobs_of(enough) > MOST_JOBS:
        enough *= 2
    what = f"makes {jobs} jobs, and more than {MOST_JOBS} are not planned in a reasonable time"
    return [Problem(path, f"{what}; write for example {enough}")]
