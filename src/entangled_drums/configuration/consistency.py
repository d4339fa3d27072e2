"""Checks of several keys together: references, ranges of sweeps, and the physics of the drive.

The lines of the driven drums are found from the nominal device: the eigenvalues of the drift
matrix in the rotating-wave approximation give their distance from the centre of the pump pair
(imaginary part) and their full width at half maximum (twice the decay rate).
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from entangled_drums.configuration import schema as schemas
from entangled_drums.configuration.problems import (
    KeyPath,
    Problem,
    did_you_mean,
    plain_number,
    shown,
)
from entangled_drums.configuration.values import (
    DRIVE_PARAMETERS,
    JOINT_PARAMETERS,
    SWEEP_PARAMETERS,
    device_values,
    operating_point_id,
    operating_point_ids,
)
from entangled_drums.errors import EntangledDrumsError

WIDTHS_COVERED = 1.0
"""Full linewidths that a spectrum must show beyond the centre of a line."""

BINS_PER_WIDTH = 5.0
"""Frequency bins that must fit into the full width of the narrowest line."""

WIDTHS_APART = 2.0
"""Full linewidths between a line of the probe and a line of the pumps, to tell them apart."""

FEWEST_AVERAGES = 100
"""Averages of a spectrum; with fewer, the error of a bin is no longer small beside its value."""


@dataclass(frozen=True)
class _Lines:
    """What the spectra must show, at one operating point; cyclic, in Hz."""

    path: KeyPath
    outermost: float
    shift: float
    widest: float
    narrowest: float


def reference_problems(config: Mapping[str, Any]) -> list[Problem]:
    """Return the problems of names that refer to each other within an experiment.

    Parameters
    ----------
    config : mapping
        Experiment, valid under its schema.

    Returns
    -------
    list of Problem
    """
    found = []
    powers = config["drive"]["powers"]
    places: dict[str, KeyPath] = {}
    for power, ratios in config["operating_points"].items():
        if power not in powers:
            what = f"power {shown(power)} is not in drive.powers; {did_you_mean(power, powers)}"
            found.append(Problem(("operating_points", power), what))
        for index, ratio in enumerate(ratios):
            path: KeyPath = ("operating_points", power, index)
            name = operating_point_id(power, ratio)
            if name in places:
                first = f"operating_points.{power}[{places[name][-1]}]"
                what = f"{name} is already the name of {first}"
                found.append(Problem(path, f"{what}; write ratios that differ by 0.001 or more"))
            places.setdefault(name, path)
    shown_point = config.get("figures", {}).get("operating_point")
    if shown_point is not None and shown_point not in places:
        what = f"{shown(shown_point)} is not an operating point"
        path = ("figures", "operating_point")
        found.append(Problem(path, f"{what}; {did_you_mean(shown_point, places)}"))
    for name, sweep in config["theory"]["sweeps"].items():
        if sweep["power"] not in powers:
            what = f"power {shown(sweep['power'])} is not in drive.powers"
            remedy = did_you_mean(sweep["power"], powers)
            found.append(Problem(("theory", "sweeps", name, "power"), f"{what}; {remedy}"))
    return found


def figure_problems(config: Mapping[str, Any]) -> list[Problem]:
    """Return the problems of the theory curves that figures draw through the operating points.

    Parameters
    ----------
    config : mapping
        Experiment, valid under its schema and with valid references.

    Returns
    -------
    list of Problem
    """
    found = []
    sweeps = config["theory"]["sweeps"]
    for power in config["operating_points"]:
        sweep = sweeps.get(f"ratio-{power}")
        if sweep is None:
            what = f"no sweep ratio-{power}, which figures show beside the operating points"
            remedy = f"add ratio-{power} with power: {power} and the axis drive.ratio"
            found.append(Problem(("theory", "sweeps"), f"{what}; {remedy}"))
        elif sweep["power"] != power or list(sweep["axes"]) != ["drive.ratio"]:
            what = "figures show this sweep beside the operating points"
            remedy = f"write power: {power} and the one axis drive.ratio"
            found.append(Problem(("theory", "sweeps", f"ratio-{power}"), f"{what}; {remedy}"))
    return found


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
    from entangled_drums.laboratory.pumped_in_time import ABSENT

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
    for name in ABSENT:
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
        remedy = f"write at least {plain_number(_up(shortest))}"
        found.append(Problem((*path, "duration_s"), f"{what}; {remedy}"))
    return found


def calibration_problems(config: Mapping[str, Any]) -> list[Problem]:
    """Return the problems of the measurements that accompany the operating points.

    Parameters
    ----------
    config : mapping
        Experiment, valid under its schema and with valid references.

    Returns
    -------
    list of Problem
    """
    points = operating_point_ids(config)
    found = []
    point = config["calibration"]["stationarity"]["point"]
    if point not in points:
        what = f"{shown(point)} is not an operating point; {did_you_mean(point, points)}"
        found.append(Problem(("calibration", "stationarity", "point"), what))
    calibration = config["calibration"]
    if calibration["source"] == "file" and "path" not in calibration:
        what = "missing key, source is file; write for example path: config/calibrations/mine.json"
        found.append(Problem(("calibration", "path"), what))
    if calibration["source"] != "file" and "path" in calibration:
        what = f"source is {calibration['source']}; remove this key, or write source: file"
        found.append(Problem(("calibration", "path"), what))
    recordings = config["recordings"]
    if recordings["source"] == "files" and "path" not in recordings:
        what = "missing key, source is files; write for example path: config/recordings/example"
        found.append(Problem(("recordings", "path"), what))
    if recordings["source"] == "simulated" and "path" in recordings:
        what = "source is simulated; remove this key, or write source: files"
        found.append(Problem(("recordings", "path"), what))
    return found


def sweep_problems(
    config: Mapping[str, Any],
    experiment_schema: Mapping[str, Any],
    device_schema: Mapping[str, Any],
) -> list[Problem]:
    """Return the problems of the axes of the theory sweeps.

    Parameters
    ----------
    config : mapping
        Experiment, valid under its schema.
    experiment_schema, device_schema : mapping
        The schemas, which hold the range of every parameter.

    Returns
    -------
    list of Problem
    """
    found = []
    for name, sweep in config["theory"]["sweeps"].items():
        for parameter, axis in sweep["axes"].items():
            path: KeyPath = ("theory", "sweeps", name, "axes", parameter)
            if parameter not in SWEEP_PARAMETERS:
                remedy = did_you_mean(parameter, SWEEP_PARAMETERS)
                found.append(Problem(path, f"not a parameter that a sweep can vary; {remedy}"))
                continue
            allowed = _parameter_schema(parameter, experiment_schema, device_schema)
            for end in ("start", "stop"):
                for problem in schemas.problems(axis[end], allowed):
                    found.append(Problem((*path, end), problem.text))
            if axis.get("spacing") == "logarithmic" and axis["start"] <= 0:
                what = f"{shown(axis['start'])} has no logarithm"
                remedy = "write more than 0, or spacing: linear"
                found.append(Problem((*path, "start"), f"{what}; {remedy}"))
            if axis["stop"] <= axis["start"]:
                what = f"{shown(axis['stop'])} is not more than start"
                remedy = f"write more than {shown(axis['start'])}"
                found.append(Problem((*path, "stop"), f"{what}; {remedy}"))
        if found:
            continue
        if ("ratio" in sweep) == ("drive.ratio" in sweep["axes"]):
            what = "ratio and the axis drive.ratio are both given; remove one of them"
            if "ratio" not in sweep:
                what = "no ratio; write one, for example ratio: 0.62, or an axis drive.ratio"
            found.append(Problem(("theory", "sweeps", name), what))
    return found


def physics_problems(config: Mapping[str, Any]) -> list[Problem]:
    """Return the problems of the drive and of the recordings, on the nominal device.

    Parameters
    ----------
    config : mapping
        Experiment with its device tree, valid under the schemas and with valid references.

    Returns
    -------
    list of Problem
        Drives without a steady state; spectra that do not reach or do not resolve the lines;
        probes too close to the pumps; recordings too short for their bins.
    """
    lines, found = _lines(config)
    if found:
        return found
    recordings = config["recordings"]
    for kind in ("emission", "phase_scan"):
        path: KeyPath = ("recordings", kind)
        found += _span_problems(path, recordings[kind], lines)
        found += _bin_problems(path, recordings[kind], lines)
    return found + _probe_problems(recordings["phase_scan"], lines)


def _parameter_schema(
    parameter: str, experiment_schema: Mapping[str, Any], device_schema: Mapping[str, Any]
) -> dict[str, Any]:
    group, quantity = parameter.split(".")
    if parameter in DRIVE_PARAMETERS:
        return dict(experiment_schema["$defs"][quantity])
    if parameter == "drums.coupling_ratio":
        return dict(experiment_schema["$defs"]["coupling_ratio"])
    if parameter in JOINT_PARAMETERS:
        group, quantity = "drum_1", quantity.removeprefix("mean_")
    part: Mapping[str, Any] = device_schema
    for key in (group, quantity, "value"):
        part = schemas.subschema(part, key, device_schema)
    return dict(part)


def _lines(config: Mapping[str, Any]) -> tuple[list[_Lines], list[Problem]]:
    import numpy as np

    from entangled_drums.model import drift
    from entangled_drums.parameters import drive_settings, system

    values = device_values(config["device"])
    drive = config["drive"]
    drum_frequencies = np.array([values["drum_1.frequency_hz"], values["drum_2.frequency_hz"]])
    lines, found = [], []
    for power, ratios in config["operating_points"].items():
        try:
            settings = drive_settings(
                values,
                drive["powers"][power]["red_coupling_hz"],
                np.asarray(ratios),
                drive["cavity_detuning_hz"],
                drive["frame_offset_hz"],
            )
            # Recorded windows stand around the lines as they would be without the optical spring.
            bare = np.sort(np.abs(drum_frequencies - settings.frame_frequency_hz))
            driven = system(values, settings)
            eigenvalues = np.linalg.eigvals(drift(driven.device, driven.drive)) / (2 * math.pi)
        except (EntangledDrumsError, np.linalg.LinAlgError) as error:
            what = f"no model of this drive on this device, {error}"
            found.append(Problem(("operating_points", power), f"{what}; write other values"))
            continue
        for index, (ratio, rates) in enumerate(zip(ratios, eigenvalues, strict=True)):
            path: KeyPath = ("operating_points", power, index)
            growth = float(rates.real.max())
            if not growth < 0:
                what = f"the drive has no steady state at x = {ratio:g} (unstable, fastest growth"
                remedy = "write a smaller ratio"
                found.append(Problem(path, f"{what} {growth:.3g} Hz); {remedy}"))
                continue
            # The cavity is the pair of eigenvalues that decays fastest.
            drums = rates[np.argsort(rates.real)[2:]]
            distance = np.sort(np.abs(drums.imag))
            width = -2 * drums.real
            lines.append(
                _Lines(
                    path=path,
                    outermost=float(distance.max()),
                    shift=float(np.abs(distance - np.repeat(bare, 2)).max()),
                    widest=float(width.max()),
                    narrowest=float(width.min()),
                )
            )
    return lines, found


def _span_problems(
    path: KeyPath, recording: Mapping[str, Any], lines: list[_Lines]
) -> list[Problem]:
    emission = path[-1] == "emission"

    def reach(line: _Lines) -> float:
        centre = line.outermost if emission else line.shift
        return centre + WIDTHS_COVERED * line.widest

    worst = max(lines, key=reach)
    if recording["half_span_hz"] >= reach(worst):
        return []
    what = f"{_hz(recording['half_span_hz'])} does not cover the lines at {_point(worst)}"
    remedy = f"write at least {_hz(_up(reach(worst)))}"
    return [Problem((*path, "half_span_hz"), f"{what}; {remedy}")]


def _bin_problems(
    path: KeyPath, recording: Mapping[str, Any], lines: list[_Lines]
) -> list[Problem]:
    worst = min(lines, key=lambda line: line.narrowest)
    limit = worst.narrowest / BINS_PER_WIDTH
    bin_width = recording["bin_width_hz"]
    found = []
    if bin_width > limit:
        what = f"{_hz(bin_width)} is too coarse for the line of {_hz(worst.narrowest)} full width"
        remedy = f"at {_point(worst)}; write at most {_hz(_down(limit))}"
        found.append(Problem((*path, "bin_width_hz"), f"{what} {remedy}"))
    spectra = recording.get("phases", 1)
    averages = recording["duration_s"] * bin_width / spectra
    if averages < FEWEST_AVERAGES:
        needed = _up(FEWEST_AVERAGES * spectra / bin_width)
        what = (
            f"{plain_number(recording['duration_s'])} s are {averages:.3g} averages of a spectrum"
        )
        remedy = f"write at least {plain_number(needed)}"
        found.append(Problem((*path, "duration_s"), f"{what}; {remedy}"))
    return found


def _probe_problems(recording: Mapping[str, Any], lines: list[_Lines]) -> list[Problem]:
    path: KeyPath = ("recordings", "phase_scan", "probe_offset_hz")
    offset = recording["probe_offset_hz"]
    worst = max(lines, key=lambda line: line.widest)
    needed = WIDTHS_APART * worst.widest
    if offset < needed:
        what = f"{_hz(offset)} is too small, lines of {_hz(worst.widest)} full width overlap"
        return [Problem(path, f"{what} at {_point(worst)}; write at least {_hz(_up(needed))}")]
    for line in lines:
        # Shifted by the separation of the pump lines, one probe line falls onto a pump line.
        separation = 2 * line.outermost
        if abs(offset - separation) < WIDTHS_APART * line.widest:
            below = _down(separation - WIDTHS_APART * line.widest)
            what = f"{_hz(offset)} puts a line of the probe onto one of the pumps at {_point(line)}"
            remedy = f"write at most {_hz(below)}" if below >= needed else "write a larger offset"
            return [Problem(path, f"{what}; {remedy}")]
    return []


def _point(line: _Lines) -> str:
    _, power, index = line.path
    return f"operating_points.{power}[{index}]"


def _hz(value: float) -> str:
    return f"{plain_number(float(f'{value:.4g}'))} Hz"


def _up(value: float) -> float:
    return _rounded(value, math.ceil)


def _down(value: float) -> float:
    return _rounded(value, math.floor)


def _rounded(value: float, direction: Any) -> float:
    # Two digits are what a user wants to write; rounding keeps the suggestion on the right side.
    if value <= 0:
        return 0.0
    step = 10.0 ** (math.floor(math.log10(value)) - 1)
    return float(direction(value / step) * step)
