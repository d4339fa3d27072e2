"""Put a results folder in order before a run.

A workflow manager believes what it finds by its date. Here every result is compared with its
record first; one that does not match (truncated by a full disk, emptied by a crash, altered by
hand, half replaced when its job was killed) is named and removed, so that the run makes it again.
So are the parts of a piece of work that was once cut into more jobs than it is now.
"""

import os
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from entangled_drums.errors import ProvenanceError
from entangled_drums.provenance.digest import file_digest
from entangled_drums.provenance.record import SUFFIX, read_record, record_path
from entangled_drums.provenance.staging import is_staging_folder, remove_when_free
from entangled_drums.provenance.volatile import is_volatile


@dataclass(frozen=True)
class Damage:
    """A result that does not match its record.

    Attributes
    ----------
    path : Path
        The result, or its record.
    reason : str
        What is wrong with it.
    """

    path: Path
    reason: str

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}"


def mend(results_directory: str | Path, say: Callable[[str], None]) -> list[Damage]:
    """Remove what killed jobs and full disks left behind.

    Parameters
    ----------
    results_directory : str or Path
        ``results/<experiment>``; need not exist. No run may be at work in it.
    say : callable
        Takes each line for the user.

    Returns
    -------
    list of Damage
        What was removed, with everything that the same job had made.

    Raises
    ------
    ProvenanceError
        If something cannot be read or removed.
    """
    results_directory = Path(results_directory)
    for folder in _staging_folders(results_directory):
        remove_when_free(
            folder,
            waiting=lambda folder=folder: say(  # type: ignore[misc]
                f"waiting for a job that a killed run left behind: {folder}"
            ),
        )
    found = list(damages(results_directory))
    for damage in found:
        say(f"{damage}; removed, to be made again")
        _remove_job_outputs(damage.path)
    return found


def remove_superseded(
    folder: str | Path, parts: Collection[str | Path], rule: str, say: Callable[[str], None]
) -> list[Path]:
    """Remove parts of a piece of work that was once cut into more jobs than it is now.

    Nothing needs them any more, and an audit that comes across them cannot tell where they belong.
    Only what a record of the same rule lists is removed.

    Parameters
    ----------
    folder : str or Path
        Where the parts are, of this piece of work alone; it need not exist.
    parts : collection of str or Path
        All that it consists of now.
    rule : str
        Name of the rule that makes them.
    say : callable
        Takes each line for the user.

    Returns
    -------
    list of Path
        Records of the parts that were removed.

    Raises
    ------
    ProvenanceError
        If something cannot be removed.
    """
    present = {record_path(part) for part in parts}
    superseded = {
        record: outputs
        for record in sorted(Path(folder).glob(f"*{SUFFIX}"))
        if record not in present and (outputs := _outputs_of(record, rule))
    }
    for record, outputs in superseded.items():
        # The record goes last: as long as something is left, it says what that is.
        for path in (*outputs, record):
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                raise ProvenanceError(
                    f"{path}: belongs to no job any more and cannot be removed "
                    f"({error.strerror}); delete it"
                ) from None
    if superseded:
        say(f"{folder}: results that no job makes any more, removed: {len(superseded)}")
    return list(superseded)


def damages(results_directory: str | Path) -> Iterator[Damage]:
    """Compare every result with its record, without changing anything.

    A result that is missing is no damage: the workflow manager sees that by itself.

    Parameters
    ----------
    results_directory : str or Path

    Yields
    ------
    Damage
        The first one of each job.
    """
    results_directory = Path(results_directory)
    for folder, folders, files in os.walk(results_directory):
        relative = Path(folder).relative_to(results_directory)
        folders[:] = sorted(
            name
            for name in folders
            if not is_volatile((relative / name / "any").as_posix()) and not name.startswith(".")
        )
        for name in sorted(files):
            if name.endswith(SUFFIX) and (damage := _damage(Path(folder, name), results_directory)):
                yield damage


def _damage(record: Path, results_directory: Path) -> Damage | None:
    try:
        outputs = read_record(record)["outputs"]
    except ProvenanceError as error:
        return Damage(record, str(error).removeprefix(f"{record}: ").split(";")[0])
    for name, expected in sorted(outputs.items()):
        path = results_directory / name
        if record_path(path) != record:
            return Damage(record, f"record was altered, it lists {name!r}")
        try:
            digest = file_digest(path)
        except FileNotFoundError:
            continue
        except OSError as error:
            raise ProvenanceError(
                f"{path}: cannot be read ({error.strerror}); mend the disk"
            ) from None
        if digest != expected:
            size = path.stat().st_size
            return Damage(path, "is empty" if size == 0 else f"was altered or truncated ({size} B)")
    return None


def _outputs_of(record: Path, rule: str) -> list[Path]:
    """Return the files that a record lists; none if it is another rule's, or cannot be read."""
    try:
        content = read_record(record)
    except ProvenanceError:
        return []
    paths = [record.with_name(Path(name).name) for name in content["outputs"]]
    own = content["rule"] == rule and all(record_path(path) == record for path in paths)
    return sorted(paths) if own else []


def _remove_job_outputs(damaged: Path) -> None:
    record = record_path(damaged)
    for path in sorted(record.parent.iterdir()):
        if record_path(path) != record or path.is_dir():
            continue
        try:
            if path.is_symlink() and path == damaged:
                # A link into the cache between workflows, which would give the same file again.
                path.resolve().unlink(missing_ok=True)
            path.unlink()
        except OSError as error:
            raise ProvenanceError(
                f"{path}: is damaged and cannot be removed ({error.strerror}); delete it"
            ) from None


def _staging_folders(results_directory: Path) -> list[Path]:
    return [
        Path(folder, name)
        for folder, folders, _ in os.walk(results_directory)
        for name in folders
        if is_staging_folder(Path(name))
    ]
