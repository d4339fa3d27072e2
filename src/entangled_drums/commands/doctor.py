"""Check what the workflow needs of this machine, and say how to cure each fault."""

import importlib.util
import os
import platform
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

OLDEST, NEWEST = (3, 11), (3, 13)
NEEDED_MEGABYTES = 1000
"""For results, scratch files and the environment together, with room to spare."""


@dataclass(frozen=True)
class Diagnosis:
    """One thing that was looked at.

    Attributes
    ----------
    what : str
        What was looked at, and what was seen.
    cure : str
        What to do about it; empty if it is in order.
    """

    what: str
    cure: str = ""


def doctor(results: str) -> int:
    """Print what was looked at, faults with their cures.

    Parameters
    ----------
    results : str
        Folder that results are to be written to.

    Returns
    -------
    int
        0 if all is in order, otherwise 1.
    """
    faults = 0
    for diagnosis in diagnoses(Path.cwd(), Path(results)):
        print(f"{'FAULT' if diagnosis.cure else 'ok   '} {diagnosis.what}")
        if diagnosis.cure:
            print(f"      cure: {diagnosis.cure}")
            faults += 1
    print(f"{faults} faults" if faults else "all in order")
    return 1 if faults else 0


def diagnoses(checkout: Path, results: Path) -> Iterator[Diagnosis]:
    """Look at everything.

    Parameters
    ----------
    checkout : Path
        Top of the project.
    results : Path
        Folder that results are to be written to.

    Yields
    ------
    Diagnosis
    """
    yield python_version(sys.version_info[:2])
    yield from environment(checkout)
    yield writable(results)
    yield disk(results)
    yield fonts()
    yield temporary_folder()
    yield cluster()
    yield repository(checkout)


def python_version(version: tuple[int, int]) -> Diagnosis:
    """Look at the version of Python."""
    what = f"Python {platform.python_version()} on {platform.system()} {platform.machine()}"
    if OLDEST <= version <= NEWEST:
        return Diagnosis(what)
    return Diagnosis(
        what, "install Python 3.11, 3.12 or 3.13, delete .venv, and run make with PYTHON=/path"
    )


def environment(checkout: Path) -> Iterator[Diagnosis]:
    """Compare the installed packages with the lock."""
    if not (checkout / "Snakefile").is_file():
        yield Diagnosis(
            f"{checkout} is not the project",
            "go to the folder that holds the Snakefile (trace and verify work without it)",
        )
        return
    lock = checkout / "requirements" / "run.lock"
    try:
        wanted = locked(lock.read_text(encoding="utf-8"))
    except OSError as error:
        yield Diagnosis(f"{lock}: cannot be read ({error.strerror})", "git checkout requirements")
        return
    wrong = []
    for name, version in wanted.items():
        try:
            installed = metadata.version(name)
        except metadata.PackageNotFoundError:
            wrong.append(f"{name} is missing")
            continue
        if installed != version:
            wrong.append(f"{name} is {installed}, not {version}")
    what = f"environment {sys.prefix}: {len(wanted) - len(wrong)} of {len(wanted)} packages locked"
    if wrong:
        shown = ", ".join(wrong[:5]) + (f" and {len(wrong) - 5} more" if len(wrong) > 5 else "")
        yield Diagnosis(f"{what}; {shown}", "run this in .venv: rm -rf .venv, make environment")
    else:
        yield Diagnosis(what)


def locked(text: str) -> dict[str, str]:
    """Return the versions that a lock asks for on this machine.

    Parameters
    ----------
    text : str
        A lock file in the form of pip's requirements.

    Returns
    -------
    dict
        Version by package; those for other platforms are left out.
    """
    found = {}
    for line in text.splitlines():
        entry = re.match(r"([A-Za-z0-9._-]+)==([^\s;\\]+)\s*(;[^\\]*)?", line)
        if entry and not (entry[3] and _other_platform(entry[3])):
            found[entry[1]] = entry[2]
    return found


def _other_platform(marker: str) -> bool:
    named = re.search(r"sys_platform\s*==\s*'(\w+)'", marker)
    return named is not None and named[1] != sys.platform


def writable(results: Path) -> Diagnosis:
    """Try to write where results go."""
    folder = _existing(results)
    try:
        with tempfile.TemporaryFile(dir=folder) as stream:
            stream.write(b"1")
    except OSError as error:
        return Diagnosis(
            f"results folder {results.absolute()}: cannot write ({error.strerror})",
            "give another with RESULTS_DIR=/path, or mend the permissions",
        )
    return Diagnosis(f"results folder {results.absolute()}: can be written")


def disk(results: Path) -> Diagnosis:
    """Look at the free space where results go."""
    free = shutil.disk_usage(_existing(results)).free // 1_000_000
    what = f"free disk: {free} MB"
    if free >= NEEDED_MEGABYTES:
        return Diagnosis(what)
    return Diagnosis(
        what, f"free {NEEDED_MEGABYTES} MB, or give a larger disk with RESULTS_DIR=/path"
    )


def fonts() -> Diagnosis:
    """Look for the font of the figures."""
    if importlib.util.find_spec("matplotlib") is None:
        return Diagnosis("fonts: matplotlib is missing", "make environment")
    from matplotlib import font_manager

    try:
        path = font_manager.findfont("DejaVu Sans", fallback_to_default=False)
    except ValueError:
        return Diagnosis(
            "fonts: DejaVu Sans is not found",
            "delete matplotlib's font list (~/.cache/matplotlib) and run again",
        )
    if not Path(path).resolve().is_relative_to(Path(font_manager.__file__).resolve().parent):
        return Diagnosis(
            f"fonts: DejaVu Sans is {path}, not matplotlib's own; figures may differ in bytes",
            "delete matplotlib's font list (~/.cache/matplotlib) and remove that font",
        )
    return Diagnosis("fonts: DejaVu Sans, matplotlib's own")


def temporary_folder() -> Diagnosis:
    """Try to write to the folder for temporary files."""
    folder = tempfile.gettempdir()
    if os.access(folder, os.W_OK):
        return Diagnosis(f"temporary files: {folder}")
    return Diagnosis(f"temporary files: {folder} cannot be written", "set TMPDIR to a folder")


def cluster() -> Diagnosis:
    """Look for Slurm, which nobody needs on one machine."""
    if not shutil.which("sbatch"):
        return Diagnosis("Slurm: not here, jobs run on this machine")
    missing = [name for name in ("squeue", "scancel") if not shutil.which(name)]
    if missing:
        return Diagnosis(
            f"Slurm: sbatch is here, {' and '.join(missing)} not",
            "ask for a login node, or for the client programs of Slurm",
        )
    if importlib.util.find_spec("snakemake_executor_plugin_slurm") is None:
        return Diagnosis(
            "Slurm: here, but Snakemake's plugin for it is not",
            "install snakemake-executor-plugin-slurm, or run on this machine",
        )
    return Diagnosis("Slurm: sbatch, squeue and scancel are here")


def repository(checkout: Path) -> Diagnosis:
    """Look for git, which names the commit in the manifest."""
    if not (checkout / ".git").exists():
        return Diagnosis("commit: no git repository, the manifest will not name one")
    if not shutil.which("git"):
        return Diagnosis(
            "commit: git is not installed, the manifest will not name one", "install git"
        )
    return Diagnosis("commit: git is here")


def _existing(folder: Path) -> Path:
    folder = folder.absolute()
    while not folder.exists():
        folder = folder.parent
    return folder
