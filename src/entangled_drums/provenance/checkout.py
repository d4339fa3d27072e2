"""The checkout that results are made in: its commit, and its config files line by line."""

import shutil
import subprocess
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from entangled_drums.configuration import yamlfile
from entangled_drums.provenance.digest import file_digest


def commit(folder: str | Path) -> dict[str, Any]:
    """Return which commit a checkout stands at, and when that was asked.

    Parameters
    ----------
    folder : str or Path
        Top of the checkout.

    Returns
    -------
    dict
        ``commit`` (None if it is no repository, or git is not there), ``uncommitted_changes``
        (None likewise) and ``utc``.
    """
    head = _git(folder, "rev-parse", "--verify", "HEAD")
    changes = _git(folder, "status", "--porcelain") if head else None
    return {
        "commit": head,
        "uncommitted_changes": None if changes is None else bool(changes),
        "utc": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


def config_lines(paths: Iterable[str | Path]) -> dict[str, dict[str, Any]]:
    """Return the digest of config files, and on which line each of their keys stands.

    Parameters
    ----------
    paths : iterable of str or Path

    Returns
    -------
    dict
        By path: ``{"digest": ..., "lines": {dotted key: line}}``.

    Raises
    ------
    ConfigurationError
        If a file is not valid.
    """
    return {
        Path(path).as_posix(): {
            "digest": file_digest(path),
            "lines": {
                ".".join(str(part) for part in key): line
                for key, line in yamlfile.read(path).lines.items()
                if key and all(isinstance(part, str) for part in key)
            },
        }
        for path in paths
    }


def _git(folder: str | Path, *arguments: str) -> str | None:
    git = shutil.which("git")
    if git is None:
        return None
    # Results in another repository's working tree must not be ascribed to that repository.
    if not (Path(folder) / ".git").exists():
        return None
    finished = subprocess.run(  # noqa: S603  (fixed words, no shell)
        [git, "--no-optional-locks", "-C", str(folder), *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    return finished.stdout.strip() if finished.returncode == 0 else None
