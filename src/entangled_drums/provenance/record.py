"""Records: what made a result, written beside it.

The outputs of a job stand in one folder and share a stem, the file name up to its first dot; the
record is ``<stem>.record.json`` in the same folder. So the record of any result is found from its
path alone. A record's id is the digest of everything that determines the result (rule, code,
inputs, settings, versions) and is known before the job runs; the digests of the outputs stand
beside it. Paths in a record are relative to the experiment's results folder (results) or to the
checkout (code), so that a record says the same wherever the project lies.
"""

import platform
from collections.abc import Iterable, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

from entangled_drums import jsonfile
from entangled_drums.errors import EntangledDrumsError, ProvenanceError
from entangled_drums.provenance.digest import data_digest, file_digest

SCHEMA = 1
SUFFIX = ".record.json"
PACKAGES = (
    *("numpy", "scipy", "pandas", "xarray", "h5netcdf", "h5py", "matplotlib", "emcee"),
    *("docutils", "jinja2"),
)
"""Packages whose version can change a number, a picture or a page."""

DETERMINANTS = ("schema", "rule", "code", "inputs", "settings", "versions")
"""The entries of a record that its id is computed from."""


def record_path(artefact: str | Path) -> Path:
    """Return where the record of a result stands.

    Parameters
    ----------
    artefact : str or Path
        Path of a result.

    Returns
    -------
    Path
    """
    artefact = Path(artefact)
    return artefact.with_name(artefact.name.split(".", 1)[0] + SUFFIX)


def versions() -> dict[str, str]:
    """Return the versions of Python and of every package that can change a result."""
    return {
        "python": platform.python_version(),
        **{package: metadata.version(package) for package in PACKAGES},
    }


def record_identity(record: Mapping[str, Any]) -> str:
    """Return the id that a record's determinants give.

    Parameters
    ----------
    record : mapping
        A record; only the entries in `DETERMINANTS` count.

    Returns
    -------
    str
        64 hexadecimal digits.
    """
    return data_digest({key: record[key] for key in DETERMINANTS})


def compose(
    *,
    rule: str,
    code: Mapping[str, str],
    inputs: Mapping[str, Mapping[str, Any]],
    settings: Mapping[str, Any],
) -> dict[str, Any]:
    """Compose the record of a job that has not run yet.

    Parameters
    ----------
    rule : str
        Name of the rule.
    code : mapping
        Digest of each code file, by path relative to the checkout.
    inputs : mapping
        By path: ``{"digest": ..., "record": id of the producer's record or None}``.
    settings : mapping
        The rule's settings, plain built-ins; the seed is among them.

    Returns
    -------
    dict
        Record with its ``id``; `seal` adds the outputs.

    Raises
    ------
    TypeError, ValueError
        If the settings are not plain built-ins or hold NaN.
    """
    record: dict[str, Any] = {
        "schema": SCHEMA,
        "rule": rule,
        "code": dict(code),
        "inputs": {path: dict(entry) for path, entry in inputs.items()},
        "settings": settings,
        "versions": versions(),
    }
    return {"id": record_identity(record), **record}


def seal(
    record: Mapping[str, Any], outputs: Mapping[str, str], opened: Iterable[str]
) -> dict[str, Any]:
    """Return the record with what the job produced and which inputs it really opened.

    Parameters
    ----------
    record : mapping
        From `compose`.
    outputs : mapping
        Digest of each output, by path relative to the results folder.
    opened : iterable of str
        Inputs that were really opened.
    """
    return {**record, "outputs": dict(outputs), "opened": sorted(opened)}


def read_record(path: str | Path) -> dict[str, Any]:
    """Read a record and check that its id belongs to its content.

    Parameters
    ----------
    path : str or Path
        Path of the record.

    Returns
    -------
    dict

    Raises
    ------
    ProvenanceError
        If the record is missing, truncated, of another schema, or altered.
    """
    try:
        record = jsonfile.read(path)
    except FileNotFoundError:
        raise ProvenanceError(f"{path}: record is missing; {_remedy(path)}") from None
    except (OSError, EntangledDrumsError) as error:
        raise ProvenanceError(f"{path}: record is unreadable ({error}); {_remedy(path)}") from None
    absent = [key for key in ("id", *DETERMINANTS, "outputs") if key not in record]
    if absent:
        raise ProvenanceError(f"{path}: record lacks {absent[0]!r}; {_remedy(path)}")
    if record["schema"] != SCHEMA:
        raise ProvenanceError(
            f"{path}: record has schema {record['schema']!r}, this version reads {SCHEMA}; "
            f"{_remedy(path)}"
        )
    if record["id"] != record_identity(record):
        raise ProvenanceError(f"{path}: record was altered, its id does not fit; {_remedy(path)}")
    return record


def check_artefact(path: str | Path, results_directory: str | Path) -> dict[str, Any]:
    """Check a result against its record.

    Parameters
    ----------
    path : str or Path
        Path of the result.
    results_directory : str or Path
        Results folder of the experiment.

    Returns
    -------
    dict
        ``{"digest": ..., "record": ...}`` of the result.

    Raises
    ------
    ProvenanceError
        If the result is missing, empty, or differs from what its record says, whatever its date.
    """
    path = Path(path)
    name = relative_name(path, results_directory)
    record = read_record(record_path(path))
    if name not in record["outputs"]:
        raise ProvenanceError(
            f"{path}: its record {record_path(path).name} does not list it; {_remedy(path)}"
        )
    try:
        digest = file_digest(path)
    except OSError as error:
        raise ProvenanceError(
            f"{path}: cannot be read ({error.strerror}); {_remedy(path)}"
        ) from None
    if digest != record["outputs"][name]:
        size = path.stat().st_size
        what = "is empty" if size == 0 else f"was altered or truncated ({size} bytes)"
        raise ProvenanceError(
            f"{path}: {what}, sha256 {digest[:12]} instead of {record['outputs'][name][:12]}; "
            f"{_remedy(path)}"
        )
    return {"digest": digest, "record": record["id"]}


def relative_name(path: str | Path, results_directory: str | Path) -> str:
    """Return a result's name in records: its path relative to the results folder.

    Parameters
    ----------
    path, results_directory : str or Path

    Returns
    -------
    str

    Raises
    ------
    ProvenanceError
        If the path is outside the results folder.
    """
    try:
        return Path(path).relative_to(results_directory).as_posix()
    except ValueError:
        raise ProvenanceError(
            f"{path}: is outside the results folder {results_directory}; write it below that folder"
        ) from None


def _remedy(path: str | Path) -> str:
    stem = Path(path).name.split(".", 1)[0]
    return f"delete {Path(path).with_name(stem)}.* and run again"
