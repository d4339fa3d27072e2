"""All records of a results folder, and how its results hang together.

Records may come from strangers here: nothing in them is believed before its form was checked, and
a record that cannot be believed is named with the reason, never an exception.
"""

import os
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from entangled_drums import jsonfile
from entangled_drums.errors import EntangledDrumsError, ProvenanceError
from entangled_drums.provenance.digest import data_digest, file_digest
from entangled_drums.provenance.record import DETERMINANTS, SCHEMA, SUFFIX, record_identity
from entangled_drums.provenance.staging import is_staging_folder
from entangled_drums.provenance.volatile import is_volatile

AUDIT_RECORD = "audit/manifest.record.json"
"""Record of the job that wrote the manifest. It changes with the manifest, from run to run."""

CONFIG_RECORD = "parameters/resolved.record.json"
"""Record of the job that wrote the resolved config. Every experiment has it."""

KEYS = frozenset(("id", *DETERMINANTS, "outputs", "opened"))
LARGEST_RECORD = 20_000_000
"""Bytes. A record of ten thousand inputs has two million."""

_DIGEST = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True)
class Chain:
    """The records of a results folder.

    Attributes
    ----------
    folder : Path
        ``results/<experiment>``.
    records : mapping
        Every record that can be believed, by its path relative to `folder`.
    digests : mapping
        SHA-256 of every record file, believed or not.
    broken : mapping
        Why a record cannot be believed, by its path.
    producers : mapping
        Path of the record of every result, by the result's path.
    """

    folder: Path
    records: Mapping[str, Mapping[str, Any]]
    digests: Mapping[str, str]
    broken: Mapping[str, str]
    producers: Mapping[str, str]

    def sources(self, record: str) -> list[str]:
        """Return the records of the results that a job was given, by its own record."""
        inputs = self.records[record]["inputs"]
        return sorted({self.producers[name] for name in inputs if name in self.producers})

    def ancestors(
        self, record: str, passes: Callable[[str], bool] = lambda record: True
    ) -> dict[str, str]:
        """Return every record that a record depends on.

        Parameters
        ----------
        record : str
            Where to start; it is not among the ancestors unless the chain has a loop.
        passes : callable, optional
            Whether to look behind a record; the record itself counts in any case.

        Returns
        -------
        dict
            By each ancestor: the record through which it was reached, one step closer.
        """
        found: dict[str, str] = {}
        pending = [record]
        while pending:
            consumer = pending.pop()
            for source in self.sources(consumer):
                if source not in found:
                    found[source] = consumer
                    if passes(source):
                        pending.append(source)
        return found

    def descendants(self, damaged: Collection[str]) -> set[str]:
        """Return the results made, directly or through others, from any of these results."""
        consumers: dict[str, set[str]] = {}
        for record, content in self.records.items():
            for name in content["inputs"]:
                consumers.setdefault(name, set()).add(record)
        found: set[str] = set()
        pending = list(damaged)
        while pending:
            for record in consumers.get(pending.pop(), ()):
                for output in self.records[record]["outputs"]:
                    if output not in found:
                        found.add(output)
                        pending.append(output)
        return found


def read_chain(folder: str | Path, names: Collection[str] | None = None) -> Chain:
    """Read the records of a results folder.

    Parameters
    ----------
    folder : str or Path
        ``results/<experiment>``.
    names : collection of str, optional
        Paths to look at, relative to `folder`; all files that are there by default.

    Returns
    -------
    Chain

    Raises
    ------
    ProvenanceError
        If there are no records in the folder at all, or those of experiments in folders of it.
    """
    folder = Path(folder)
    names = files(folder) if names is None else sorted(names)
    records: dict[str, Mapping[str, Any]] = {}
    digests: dict[str, str] = {}
    broken: dict[str, str] = {}
    for name in names:
        if not name.endswith(SUFFIX):
            continue
        try:
            digests[name] = file_digest(folder / name)
            records[name] = _believed(folder / name, name)
        except FileNotFoundError:
            continue
        except OSError as error:
            broken[name] = f"cannot be read ({error.strerror})"
        except EntangledDrumsError as error:
            broken[name] = str(error)
    if not digests:
        raise ProvenanceError(
            f"{folder}: holds no results of this project; give results/<experiment>"
        )
    experiments = sorted(
        name.partition("/")[0] for name in digests if name.partition("/")[2] == CONFIG_RECORD
    )
    if experiments and CONFIG_RECORD not in digests:
        raise ProvenanceError(
            f"{folder}: holds the results of {', '.join(experiments)}, each in its own folder; "
            f"give results/<experiment>, here {folder / experiments[0]}"
        )
    producers = {
        output: record for record, content in records.items() for output in content["outputs"]
    }
    return Chain(folder, records, digests, broken, producers)


def files(folder: str | Path) -> list[str]:
    """Return every file of a results folder that is not volatile, and the audit's record.

    Parameters
    ----------
    folder : str or Path

    Returns
    -------
    list of str
        Relative to `folder`, sorted. Symbolic links to folders count as files: nothing is read
        through them.
    """
    return sorted(_files(Path(folder)))


def _files(root: Path) -> Iterator[str]:
    for place, folders, names in os.walk(root):
        inside = Path(place).relative_to(root)
        links = [name for name in folders if Path(place, name).is_symlink()]
        folders[:] = [name for name in folders if not is_staging_folder(Path(name))]
        for name in (*names, *links):
            path = (inside / name).as_posix()
            if path == AUDIT_RECORD or not is_volatile(path):
                yield path


def root_digest(digests: Mapping[str, str]) -> str:
    """Return the one digest that stands for a whole results folder.

    Every record holds the digests of its job's outputs, so the digest of all records stands for
    every byte of every result and for everything the results were made from.

    Parameters
    ----------
    digests : mapping
        SHA-256 of record files by path; the audit's own record does not count.

    Returns
    -------
    str
        64 hexadecimal digits.
    """
    return data_digest({name: digest for name, digest in digests.items() if name != AUDIT_RECORD})


def audited_root(folder: str | Path) -> str | None:
    """Return the root digest of results that are as they were audited.

    Parameters
    ----------
    folder : str or Path
        ``results/<experiment>``.

    Returns
    -------
    str or None
        None if they were not audited, or a record was made or lost since.
    """
    folder = Path(folder)
    try:
        records = jsonfile.read(folder / "audit" / "manifest.json")["records"]
        found = {name: file_digest(folder / name) for name in records if is_inside(name)}
        if all(records[name]["digest"] == digest for name, digest in found.items()):
            return root_digest(found)
    except (OSError, EntangledDrumsError, KeyError, TypeError):
        pass
    return None


def is_inside(name: str) -> bool:
    """Tell whether a path taken from a file stays below the folder it is relative to."""
    path = PurePosixPath(name)
    return bool(name) and not path.is_absolute() and ".." not in path.parts and "\0" not in name


def _believed(path: Path, name: str) -> Mapping[str, Any]:
    if path.stat().st_size > LARGEST_RECORD:
        raise ProvenanceError("is too large for a record")
    try:
        record = jsonfile.read(path)
        text = jsonfile.dumps(record)
    except EntangledDrumsError as error:
        raise ProvenanceError(
            "cannot be read as a record: " + str(error).removeprefix(f"{path}: ").split(";")[0]
        ) from None
    except (RecursionError, ValueError):  # nested too deeply, or digits without end
        raise ProvenanceError("cannot be read as a record") from None
    if record.get("schema") != SCHEMA and "schema" in record:
        raise ProvenanceError(f"has schema {record['schema']!r}, this version reads {SCHEMA}")
    if set(record) != KEYS:
        odd = sorted(KEYS.symmetric_difference(record))[0]
        raise ProvenanceError(f"key {odd!r} is {'missing' if odd in KEYS else 'unknown'}")
    problem = _malformed(record, name)
    if problem:
        raise ProvenanceError(problem)
    if record["id"] != record_identity(record):
        raise ProvenanceError("was altered, its id does not fit its content")
    if path.read_bytes() != text.encode("ascii"):
        raise ProvenanceError("was altered, it is not in the form that a job writes")
    return record


def _malformed(record: Mapping[str, Any], name: str) -> str | None:
    mappings = ("code", "inputs", "settings", "versions", "outputs")
    if not all(isinstance(record[key], dict) for key in mappings):
        return "is malformed"
    opened = record["opened"]
    if not isinstance(record["rule"], str) or not isinstance(opened, list):
        return "is malformed"
    if not all(
        _is_digest(digest) for key in ("code", "outputs") for digest in record[key].values()
    ):
        return "was altered, a digest is not one"
    for path, entry in record["inputs"].items():
        if (
            not isinstance(entry, dict)
            or set(entry) != {"digest", "record"}
            or not _is_digest(entry["digest"])
            or not (entry["record"] is None or _is_digest(entry["record"]))
        ):
            return f"was altered, its entry of input {path!r} is malformed"
        if entry["record"] is not None and not is_inside(path):
            return f"was altered, it names {path!r}"
    if not record["outputs"]:
        return "was altered, it lists no outputs"
    for path in record["outputs"]:
        if not is_inside(path) or path.rsplit("/", 1)[-1].split(".", 1)[0] != _stem(name):
            return f"was altered, it lists {path!r}"
        if path.rpartition("/")[0] != name.rpartition("/")[0]:
            return f"was altered, it lists {path!r}"
    if any(not isinstance(path, str) or path not in record["inputs"] for path in opened):
        return "was altered, it says that a file was opened which is no input"
    if opened != sorted(set(opened)):
        return "was altered, the opened files are not in order"
    return None


def _stem(name: str) -> str:
    return name.rsplit("/", 1)[-1].split(".", 1)[0]


def _is_digest(value: object) -> bool:
    return isinstance(value, str) and _DIGEST.fullmatch(value) is not None
