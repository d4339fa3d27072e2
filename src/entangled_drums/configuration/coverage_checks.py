"""Checks of the coverage study: its operating point, and its recordings simulated in time."""

import math
from collections.abc import Mapping
from typing import Any

from entangled_drums.configuration.problems import (
    KeyPath,
    Problem,
    did_you_mean,
    plain_number,
    rounded_up,
    shown,
)
from entangled_drums.configuration.values import operating_point_ids


def coverage_problems(config: Mapping[str, Any]) -> list[Problem]:
    """Return the problems of the coverage study.

    Parameters
    ----------
    config : mapping
        Experiment, valid under its schema and with valid references.

    Returns
    -------
    list of Problem
    """
    if "coverage" not in config:
        return []
    points = operating_point_ids(config)
    point = config["coverage"]["operating_point"]
    found = _in_time_problems(config)
    if point not in points:
        what = f"{shown(point)} is not an operating point; {did_you_mean(point, points)}"
        found.append(Problem(("coverage", "operating_point"), what))
    return found


def _in_time_problems(config: Mapping[str, Any]) -> list[Problem]:
    """Problems of the replicas whose recordings are made sample by sample."""
    from entangled_drums.laboratory.imperfections import ABSENT_IN_TIME

    path: KeyPath = ("coverage", "in_time")
    settings = config["coverage"].get("in_time")
    if "in-time" not in config["coverage"]["replicas"]:
        if settings is None:
            return []
        what = "no replica is of the kind in-time; remove this key, or write in-time: 50 there"
        return [Problem(path, what)]
    if settings is None:
        what = "missing key, some replicas are of the kind in-time; write for example"
        return [Problem(path, f"{what} in_time: {{duration_s: 0.2, sample_rate_hz: 1.92e+7}}")]
    found = []
    for name in ABSENT_IN_TIME:
        size = config["laboratory"][name]
        # They are in the rotating-wave approximation, whatever the others are.
        if size and name != "counter_rotating":
            what = f"{shown(size)}, which replicas of the kind in-time cannot have"
            remedy = f"write {'[]' if isinstance(size, list) else '0.0'}, or remove these replicas"
            found.append(Problem(("laboratory", name), f"{what}; {remedy}"))
    emission, scan = (config["recordings"][kind] for kind in ("emission", "phase_scan"))
    rate, duration = settings["sample_rate_hz"], settings["duration_s"]
    divisors = {
        "emission.bin_width_hz": emission["bin_width_hz"],
        "phase_scan.bin_width_hz": scan["bin_width_hz"],
        "phase_scan.probe_offset_hz": scan["probe_offset_hz"],
    }
    unfit = [
        f"recordings.{name}"
        for name, divisor in divisors.items()
        if abs(rate / divisor - round(rate / divisor)) > 1e-9 * rate / divisor
    ]
    if unfit:
        # In millihertz they are whole numbers, or nearly so.
        common = math.lcm(*(round(1e3 * one) for one in divisors.values())) / 1e3
        what = f"{plain_number(rate)} Hz is no whole multiple of {', '.join(unfit)}"
        remedy = f"write for example {plain_number(math.ceil(rate / common) * common)}"
        found.append(Problem((*path, "sample_rate_hz"), f"{what}; {remedy}"))
    needed = 2.0 * (emission["half_span_hz"] + emission["bin_width_hz"])
    if rate < needed:
        what = f"{plain_number(rate)} Hz does not reach the ends of the emission"
        remedy = f"write at least {plain_number(needed)}"
        found.append(Problem((*path, "sample_rate_hz"), f"{what}; {remedy}"))
    shortest = max(1.0 / emission["bin_width_hz"], scan["phases"] / scan["bin_width_hz"])
    if duration < shortest * (1.0 - 1e-12):
        what = f"{plain_number(duration)} s holds no segment of every spectrum"
        remedy = f"write at least {plain_number(rounded_up(shortest))}"
        found.append(Problem((*path, "duration_s"), f"{what}; {remedy}"))
    return found
