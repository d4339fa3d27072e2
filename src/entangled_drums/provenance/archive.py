"""An experiment's results as one file, to be moved to another machine.

The archive is a compressed tar file of regular files below ``<experiment>/``, and their SHA-256 in
``SHA256SUMS``, its first member. It may come from a stranger: nothing in it is believed before all
of it has been checked in a folder of its own, and nothing outside the results folder is written.
"""

import hashlib
import io
import os
import re
import shutil
import tarfile
import tempfile
import zlib
from contextlib import suppress
from pathlib import Path, PurePosixPath

from entangled_drums.errors import ProvenanceError
from entangled_drums.provenance.digest import file_digest
from entangled_drums.provenance.mend import damages
from entangled_drums.provenance.record import SUFFIX
from entangled_drums.provenance.run_lock import held
from entangled_drums.provenance.staging import is_staging_folder

CHECKSUMS = "SHA256SUMS"
LARGEST_BYTES = 1 << 40
UNREADABLE = (tarfile.TarError, zlib.error, EOFError, OSError, ValueError, OverflowError)
"""What reading an archive raises that is none, or damaged: each layer of it has its own way."""
OLD = 86400.0  # date of restored files; not 0, which Snakemake takes for no date at all
_EXPERIMENT = re.compile("[a-z0-9][a-z0-9-]*")
_LINE = re.compile("([0-9a-f]{64})  ([^\\0\\r\\n]+)")


def archive(results_directory: str | Path, file: str | Path) -> int:
    """Pack an experiment's results.

    Links into the cache between workflows are followed: the archive holds the files themselves.

    Parameters
    ----------
    results_directory : str or Path
        ``results/<experiment>``.
    file : str or Path
        Archive to write; replaced if it is there.

    Returns
    -------
    int
        Number of files packed.

    Raises
    ------
    ProvenanceError
        If there are no results, a run is at work on them, or one does not match its record.
    """
    results_directory, file = Path(results_directory), Path(file)
    if not any(results_directory.glob(f"**/*{SUFFIX}")):
        raise ProvenanceError(f"{results_directory}: no results to archive; run the experiment")
    if file.resolve().is_relative_to(results_directory.resolve()):
        raise ProvenanceError(f"{file}: is inside the results; write the archive elsewhere")
    with held(results_directory):
        for damage in damages(results_directory):
            raise ProvenanceError(f"{damage}; run the experiment again, which mends it")
        paths = _files(results_directory)
        temporary = file.with_name(f".{file.name}.partial")
        try:
            _pack(results_directory, paths, temporary)
            os.replace(temporary, file)
        except OSError as error:
            raise ProvenanceError(
                f"{file}: cannot be written ({error.strerror}); give a file in a folder that is "
                "there and can be written"
            ) from None
        finally:
            with suppress(OSError):  # its folder may not be there
                temporary.unlink()
    return len(paths)


def restore(file: str | Path, results: str | Path) -> Path:
    """Unpack an archive next to other experiments' results.

    Parameters
    ----------
    file : str or Path
        From `archive`.
    results : str or Path
        Folder that holds the results of all experiments.

    Returns
    -------
    Path
        ``results/<experiment>``. Its files are dated 1970, so that they look older than any code:
        a workflow manager that knows nothing else of them will not believe them to be current.

    Raises
    ------
    ProvenanceError
        If the archive is not one, damaged, or holds anything but what it must; or if the
        experiment has results already. Nothing is changed then.
    """
    file, results = Path(file), Path(results)
    try:
        results.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(prefix=".restore-", dir=results))
    except OSError as error:
        raise ProvenanceError(
            f"{results}: cannot be written ({error.strerror}); give a folder that can be made and "
            "written"
        ) from None
    try:
        try:
            with tarfile.open(file, "r:gz") as packed:
                experiment = _unpack(packed, staging, file)
        except ProvenanceError:
            raise
        except UNREADABLE as error:
            raise ProvenanceError(
                f"{file}: cannot be read as an archive ({error}); copy it again, or give another "
                "file"
            ) from None
        unpacked = staging / experiment
        for damage in damages(unpacked):
            name = damage.path.relative_to(unpacked).as_posix()
            raise ProvenanceError(f"{file}: {experiment}/{name} {damage.reason}; not restored")
        target = results / experiment
        with held(target):
            if target.is_symlink() or target.exists():
                raise ProvenanceError(
                    f"{target}: has results already; delete them (make clean), or give another "
                    "RESULTS_DIR"
                )
            os.rename(unpacked, target)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return target


def _files(results_directory: Path) -> list[Path]:
    found = []
    for folder, folders, files in os.walk(results_directory):
        folders[:] = [name for name in folders if not is_staging_folder(Path(name))]
        found += [Path(folder, name) for name in files]
    return sorted(path for path in found if path.is_file())


def _pack(results_directory: Path, paths: list[Path], file: Path) -> None:
    names = {
        path: f"{results_directory.name}/{path.relative_to(results_directory).as_posix()}"
        for path in paths
    }
    sums = "".join(f"{file_digest(path)}  {names[path]}\n" for path in paths).encode()
    with tarfile.open(file, "w:gz", format=tarfile.PAX_FORMAT, dereference=True) as packed:
        listed = tarfile.TarInfo(CHECKSUMS)
        listed.size = len(sums)
        packed.addfile(listed, io.BytesIO(sums))
        for path in paths:
            member = tarfile.TarInfo(names[path])
            member.size = path.stat().st_size
            with open(path, "rb") as content:
                packed.addfile(member, content)


def _unpack(packed: tarfile.TarFile, folder: Path, file: Path) -> str:
    first = packed.next()
    if first is None or first.name != CHECKSUMS or not first.isreg():
        raise ProvenanceError(
            f"{file}: its first member is not {CHECKSUMS}; not an archive of ours"
        )
    sums = _checksums(packed, first, file)
    experiment = PurePosixPath(next(iter(sums))).parts[0]
    missing = dict(sums)
    size = 0
    for member in iter(packed.next, None):
        digest = missing.pop(member.name, None)
        if digest is None or not member.isreg():
            raise ProvenanceError(f"{file}: {member.name!r} is no file that {CHECKSUMS} lists once")
        size += member.size
        if size > LARGEST_BYTES:
            raise ProvenanceError(f"{file}: holds more than {LARGEST_BYTES} bytes; not restored")
        _write(packed, member, folder / member.name, digest, file)
    if missing:
        raise ProvenanceError(f"{file}: {next(iter(missing))} is missing; copy the archive again")
    return experiment


def _checksums(packed: tarfile.TarFile, member: tarfile.TarInfo, file: Path) -> dict[str, str]:
    content = packed.extractfile(member)
    text = content.read().decode("utf-8") if content else ""
    sums: dict[str, str] = {}
    experiments = set()
    for line in text.splitlines():
        match = _LINE.fullmatch(line)
        name = match[2] if match else ""
        parts = name.split("/")
        if (
            not match
            or name in sums
            or len(parts) < 2
            or not _EXPERIMENT.fullmatch(parts[0])
            or any(part in ("", ".", "..") or "\\" in part for part in parts)
        ):
            raise ProvenanceError(f"{file}: {CHECKSUMS} has a line it must not have: {line[:80]!r}")
        sums[name] = match[1]
        experiments.add(parts[0])
    if len(experiments) != 1:
        raise ProvenanceError(f"{file}: holds {len(experiments)} experiments; it must hold one")
    return sums


def _write(
    packed: tarfile.TarFile, member: tarfile.TarInfo, path: Path, digest: str, file: Path
) -> None:
    content = packed.extractfile(member)
    if content is None:
        raise ProvenanceError(f"{file}: {member.name!r} cannot be read; copy the archive again")
    path.parent.mkdir(parents=True, exist_ok=True)
    summed = hashlib.sha256()
    with open(path, "xb") as stream:
        while block := content.read(1 << 20):
            summed.update(block)
            stream.write(block)
    if summed.hexdigest() != digest:
        raise ProvenanceError(
            f"{file}: {member.name} does not match its checksum; copy the archive again"
        )
    os.utime(path, (OLD, OLD))
