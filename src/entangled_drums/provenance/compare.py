"""Compare the numbers of a run with committed reference numbers, within stated tolerances.

Between processor types the last digits of a result may differ, so digests are reported but not
required to be equal. What is compared is every cell of the reference's tables.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from entangled_drums import jsonfile
from entangled_drums.errors import ProvenanceError
from entangled_drums.provenance.cells import read_rows
from entangled_drums.provenance.chain import is_inside, read_chain, root_digest
from entangled_drums.provenance.digest import file_digest
from entangled_drums.provenance.manifest import MANIFEST, read_manifest
from entangled_drums.wording import counted

NAME = "reference.json"
SCHEMA = 1


@dataclass(frozen=True)
class Reference:
    """Committed numbers.

    Attributes
    ----------
    folder : Path
        Where they stand.
    experiment : str
        Name of the experiment.
    digests : mapping
        SHA-256 of every result of the run that they were taken from.
    tables : mapping
        By the path of each table: ``{"relative": ..., "absolute": ..., "every": ...}``. Two
        numbers agree if they differ by at most absolute + relative * |reference|. Of a long
        table, only every so many rows are kept, from the first on.
    """

    folder: Path
    experiment: str
    digests: Mapping[str, str]
    tables: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Comparison:
    """How a run compares with a reference.

    Attributes
    ----------
    differences : tuple of str
        Every number or text that differs beyond tolerance, and by how much.
    numbers : int
        How many cells were compared.
    equal_digests, digests : int
        How many of the reference's files are equal to the byte, and how many there are.
    """

    differences: tuple[str, ...]
    numbers: int
    equal_digests: int
    digests: int


def read_reference(folder: Path) -> Reference:
    """Read reference numbers.

    Parameters
    ----------
    folder : Path
        Such as ``reference/aalto-2018``.

    Returns
    -------
    Reference

    Raises
    ------
    ProvenanceError
        If the folder holds none, or they are malformed.
    """
    path = folder / NAME
    try:
        content = jsonfile.read(path)
    except OSError as error:
        raise ProvenanceError(
            f"{path}: cannot be read ({error.strerror}); give a folder such as reference/aalto-2018"
        ) from None
    experiment = content.get("experiment")
    digests, tables = content.get("digests"), content.get("tables")
    if (
        content.get("schema") != SCHEMA
        or not isinstance(experiment, str)
        or not isinstance(digests, dict)
        or not isinstance(tables, dict)
        or not all(is_inside(name) for name in (*digests, *tables))
        or not all(_is_tolerance(entry) for entry in tables.values())
    ):
        raise ProvenanceError(f"{path}: is malformed; take it from the repository again")
    return Reference(folder, experiment, digests, tables)


def compare(results: Path, reference: Reference) -> Comparison:
    """Compare a run with reference numbers.

    Parameters
    ----------
    results : Path
        ``results/<experiment>``.
    reference : Reference

    Returns
    -------
    Comparison

    Raises
    ------
    ProvenanceError
        If the reference is of another experiment, or a table of it cannot be read.
    """
    experiment = _experiment(results)
    if experiment not in (None, reference.experiment):
        raise ProvenanceError(
            f"{reference.folder}: is the reference of {reference.experiment}, and {results} holds "
            f"{experiment}; compare results of the same experiment"
        )
    differences: list[str] = []
    numbers = 0
    for name, tolerance in sorted(reference.tables.items()):
        expected = read_rows(reference.folder / name)
        numbers += sum(len(row) for row in expected)
        try:
            found = read_rows(results / name)[:: tolerance["every"]]
        except ProvenanceError as error:
            differences.append(str(error))
            continue
        differences += _rows(name, expected, found, tolerance)
    equal = sum(_digest(results / name) == digest for name, digest in reference.digests.items())
    return Comparison(tuple(differences), numbers, equal, len(reference.digests))


def reference_content(results: Path, tables: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return what stands in the file of a new reference.

    Parameters
    ----------
    results : Path
        A verified run.
    tables : mapping
        Tolerances of each table that is kept, as in `Reference`.

    Returns
    -------
    dict
    """
    chain = read_chain(results)
    return {
        "schema": SCHEMA,
        "experiment": read_manifest(results / MANIFEST)["experiment"],
        "root_digest": root_digest(chain.digests),
        "digests": {
            name: digest
            for record in chain.records.values()
            for name, digest in record["outputs"].items()
            if not name.startswith("audit/")
        },
        "tables": {name: dict(tolerance) for name, tolerance in tables.items()},
    }


def _experiment(results: Path) -> str | None:
    """Name of the experiment by its manifest; None if that is not there or damaged."""
    try:
        experiment: str = read_manifest(results / MANIFEST)["experiment"]
    except (OSError, ProvenanceError):
        return None
    return experiment


def _rows(
    name: str,
    expected: list[dict[str, str]],
    found: list[dict[str, str]],
    tolerance: Mapping[str, Any],
) -> Iterator[str]:
    if list(expected[0]) != list(found[0]):
        odd = sorted(set(expected[0]) ^ set(found[0])) or ["their order"]
        yield f"{name}: other columns: {', '.join(odd)}"
        return
    if len(expected) != len(found):
        yield f"{name}: {counted(len(found), 'row')}, the reference has {len(expected)}"
        return
    for position, (row, other) in enumerate(zip(expected, found, strict=True)):
        line = 2 + position * tolerance["every"]
        for column in row:
            difference = _difference(row[column], other[column], tolerance)
            if difference:
                yield f"{name}: line {line}, {column}: {difference}"


def _difference(expected: str, found: str, tolerance: Mapping[str, Any]) -> str | None:
    if expected == found:
        return None
    try:
        reference, value = float(expected), float(found)
    except ValueError:
        return f"{found!r}, the reference has {expected!r}"
    if math.isnan(reference) and math.isnan(value):
        return None
    allowed = tolerance["absolute"] + tolerance["relative"] * abs(reference)
    if abs(value - reference) <= allowed:
        return None
    return f"{value!r} - {reference!r} = {value - reference:.2e}, allowed {allowed:.2e}"


def _digest(path: Path) -> str | None:
    try:
        return file_digest(path)
    except OSError:
        return None


def _is_tolerance(entry: object) -> bool:
    return (
        isinstance(entry, dict)
        and all(
            isinstance(entry.get(key), float) and 0.0 <= entry[key] < 1.0
            for key in ("relative", "absolute")
        )
        and isinstance(entry.get("every"), int)
        and entry["every"] >= 1
    )
