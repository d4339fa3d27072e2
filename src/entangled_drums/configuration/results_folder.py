"""Where results may be written: refused before a run starts, not when its first file is."""

import os
from collections.abc import Iterator
from pathlib import Path

from entangled_drums.configuration.problems import shown
from entangled_drums.errors import ConfigurationError
from entangled_drums.wording import escaped

OWN_FOLDERS = (
    *(".ci", ".git", ".snakemake", ".venv"),
    *("benchmarks", "config", "docs", "profiles", "reference", "requirements"),
    *("scripts", "src", "tests", "tools", "workflow"),
)
"""Folders of a checkout that hold anything but results."""


def results_folder(given: object, experiment: str, checkout: str | Path) -> str:
    """Return the folder of an experiment's results, if they can be written there.

    Parameters
    ----------
    given : object
        Folder of all results, as it was read from the command line; relative to `checkout`.
    experiment : str
        Name of the experiment.
    checkout : str or Path
        Folder of the Snakefile.

    Returns
    -------
    str
        ``<given>/<experiment>``, with forward slashes; nothing is made.

    Raises
    ------
    ConfigurationError
        With one line that says what is wrong with the folder, and what to write.
    """
    problem = next(_problems(given, experiment, Path(checkout)), None)
    if problem:
        raise ConfigurationError(escaped(f"results_dir {shown(given)}: {problem}"))
    return Path(str(given), experiment).as_posix()


def _problems(given: object, experiment: str, checkout: Path) -> Iterator[str]:
    if given is None or not str(given).strip():
        yield "names no folder; write one, such as results"
        return
    if not isinstance(given, str):
        yield "is no text; write a folder, with ./ before its name if that is a number"
        return
    if not given.isprintable() or "{" in given or "}" in given:
        # The workflow manager takes what stands in braces for a part of the name to be filled in.
        yield "holds braces or control characters; write a folder without"
        return
    top = Path(os.path.realpath(checkout))
    folder = Path(os.path.realpath(top / given))
    if folder == folder.parent:
        yield "is the root of all files; write a folder below it, such as /scratch/me"
    if folder == top:
        yield "is the checkout itself; write a folder below it, such as results"
    elif folder.is_relative_to(top) and folder.relative_to(top).parts[0] in OWN_FOLDERS:
        yield "lies among the checkout's own files; write another folder, such as results"
    for place in (top / given, top / given / experiment):
        there = next(one for one in (place, *place.parents) if os.path.lexists(one))
        if not there.is_dir():
            yield f"{there} is no folder; write one that is, or that can be made"
        if not os.access(there, os.W_OK | os.X_OK):
            yield f"{there} cannot be written; write a folder that can, or that can be made"
