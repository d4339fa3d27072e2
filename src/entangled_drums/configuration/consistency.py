"""Checks of several keys together: names that refer to each other, and ranges of sweeps."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from entangled_drums.configuration import schema as schemas
from entangled_drums.configuration.problems import (
    KeyPath,
    Problem,
    did_you_mean,
    shown,
)
from entangled_drums.configuration.values import (
    DRIVE_PARAMETERS,
    JOINT_PARAMETERS,
    SWEEP_PARAMETERS,
    device_uncertainties,
    device_values,
    operating_point_id,
    operating_point_ids,
)

_SHIPPED_RECORDINGS = "config/recordings/simulated-example"


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
    point = config["calibration"].get("stationarity", {}).get("point")
    if point is not None and point not in points:
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
        what = f"missing key, source is files; write for example path: {_SHIPPED_RECORDINGS}"
        found.append(Problem(("recordings", "path"), what))
    if recordings["source"] == "simulated" and "path" in recordings:
        what = "source is simulated; remove this key, or write source: files"
        found.append(Problem(("recordings", "path"), what))
    return found


def path_problems(config: Mapping[str, Any], folder: Path) -> list[Problem]:
    """Return the problems of what an experiment was given: files and folders that are not there.

    Parameters
    ----------
    config : mapping
        Experiment, valid under its schema.
    folder : Path
        Folder that relative paths start from.

    Returns
    -------
    list of Problem
    """
    found = []
    path = config["recordings"].get("path")
    if path is not None and not (folder / path).is_dir():
        what = "not a folder" if (folder / path).exists() else "no such folder"
        remedy = f"write the folder of the recordings, for example {_SHIPPED_RECORDINGS}"
        found.append(Problem(("recordings", "path"), f"{what} {shown(path)}; {remedy}"))
    path = config["calibration"].get("path")
    if path is not None and not (folder / path).is_file():
        remedy = "write the path of a calibration as numbers"
        found.append(Problem(("calibration", "path"), f"no such file {shown(path)}; {remedy}"))
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


def device_problems(device: Mapping[str, Any]) -> list[Problem]:
    """Return the problems of values and uncertainties of a device taken together.

    Parameters
    ----------
    device : mapping
        Device tree, valid under its schema.

    Returns
    -------
    list of Problem
        Parameters that must be positive and are not known to be: the normal distribution of such a
        value and uncertainty lies to 16 % or more below zero.
    """
    from entangled_drums.ranges import is_allowed

    values, uncertainties = device_values(device), device_uncertainties(device)
    return [
        Problem(
            (*name.split("."), "uncertainty"),
            f"{shown(uncertainties[name])} is not less than the value, which must be positive; "
            f"write less than {shown(value)}",
        )
        for name, value in values.items()
        if not is_allowed(name, 0.0) and uncertainties[name] >= value
    ]


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
