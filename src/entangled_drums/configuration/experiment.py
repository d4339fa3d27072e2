"""Load an experiment file with its device file: checked, resolved, ready to be handed to rules."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from entangled_drums.configuration import (
    consistency,
    coverage_checks,
    job_checks,
    laboratory_checks,
    line_checks,
    schema,
    yamlfile,
)
from entangled_drums.configuration.problems import Problem, did_you_mean, fail, shown


def load_experiment(
    path: str | Path,
    *,
    schema_directory: str | Path,
    device_directory: str | Path,
    given_from: str | Path | None = None,
) -> dict[str, Any]:
    """Load an experiment and the device that it names.

    Parameters
    ----------
    path : str or Path
        Experiment file, ``config/experiments/<name>.yaml``.
    schema_directory : str or Path
        Folder of ``experiment.yaml`` and ``device.yaml``, the schemas.
    device_directory : str or Path
        Folder of the device files.
    given_from : str or Path, optional
        Folder that paths of given recordings and calibrations start from. They are looked for if
        it is named, as before a run, and not to compare what results were made with.

    Returns
    -------
    dict
        The resolved configuration: plain built-ins, keys sorted at every level, numbers as float
        where the schema says number. The device tree stands under ``device``. Frequencies and
        rates are cyclic, in Hz.

    Raises
    ------
    ConfigurationError
        With one line that names the file, its line, the key, what is wrong and what to write.
    """
    experiment_schema = load_schema("experiment", schema_directory)
    device_schema = load_schema("device", schema_directory)
    path = Path(path)
    _require_file(path, "experiment")
    document = yamlfile.read(path)
    config = _checked(document, experiment_schema)
    found = consistency.reference_problems(config)
    found += consistency.sweep_problems(config, experiment_schema, device_schema)
    device_path = Path(device_directory) / f"{config['device']}.yaml"
    if not device_path.is_file():
        known = _names(device_path.parent)
        what = f"device file {device_path} is missing; {did_you_mean(config['device'], known)}"
        found.append(Problem(("device",), what))
    found = found or [
        *consistency.figure_problems(config),
        *consistency.calibration_problems(config),
        *coverage_checks.coverage_problems(config),
        *job_checks.job_problems(config),
    ]
    if not found and given_from is not None:
        found = consistency.path_problems(config, Path(given_from))
    if found:
        fail(path, found, document.lines)
    config["device"] = _checked_device(yamlfile.read(device_path), device_schema)
    found = line_checks.physics_problems(config)
    found = found or laboratory_checks.laboratory_problems(config)
    if found:
        fail(path, found, document.lines)
    return config


def load_device(path: str | Path, *, schema_directory: str | Path) -> dict[str, Any]:
    """Load a device file on its own.

    Parameters
    ----------
    path : str or Path
        Device file, ``config/devices/<name>.yaml``.
    schema_directory : str or Path
        Folder of the schemas.

    Returns
    -------
    dict
        Resolved device tree, as under ``device`` of a resolved experiment.

    Raises
    ------
    ConfigurationError
        With one line that names the file, its line, the key, what is wrong and what to write.
    """
    path = Path(path)
    _require_file(path, "device")
    return _checked_device(yamlfile.read(path), load_schema("device", schema_directory))


def load_schema(name: str, schema_directory: str | Path) -> dict[str, Any]:
    """Load a schema.

    Parameters
    ----------
    name : {"experiment", "device"}
        Which one.
    schema_directory : str or Path
        Folder of the schemas.

    Returns
    -------
    dict
        JSON schema, draft 2020-12.

    Raises
    ------
    ConfigurationError
        If the file is missing or is not YAML.
    """
    return yamlfile.read(Path(schema_directory) / f"{name}.yaml").tree


def _checked(document: yamlfile.Document, rules: Mapping[str, Any]) -> dict[str, Any]:
    found = schema.problems(document.tree, rules)
    name, stem = document.tree.get("name"), document.file.stem
    name_is_bad = any(problem.path == ("name",) for problem in found)
    if isinstance(name, str) and not name_is_bad and name != stem:
        what = f"{shown(name)} differs from the file name; write {stem}, or rename the file"
        found.append(Problem(("name",), what))
    if found:
        fail(document.file, found, document.lines)
    result: dict[str, Any] = schema.resolved(document.tree, rules, rules)
    return result


def _checked_device(document: yamlfile.Document, rules: Mapping[str, Any]) -> dict[str, Any]:
    device = _checked(document, rules)
    found = consistency.device_problems(device)
    if found:
        fail(document.file, found, document.lines)
    return device


def _require_file(path: Path, kind: str) -> None:
    if not path.exists():
        remedy = did_you_mean(path.stem, _names(path.parent))
        fail(path, [Problem((), f"no such {kind} file; {remedy}")], {})


def _names(directory: Path) -> list[str]:
    return [file.stem for file in directory.glob("*.yaml")]
