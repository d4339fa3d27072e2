"""Where a job writes until all of its outputs are complete.

Each job has a folder of its own beside its outputs, and holds a lock on it while it lives. So a
folder that a dead job left behind can be told from one that is in use, and two processes that make
the same result (one of them left over from a run that was killed) never write into one file.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_PREFIX, _SUFFIX = ".", ".partial"


@contextmanager
def staging_folder(record: Path) -> Iterator[Path]:
    """Give a job a folder to write to, and delete it afterwards.

    Parameters
    ----------
    record : Path
        Path of the job's record; the folder lies beside it.

    Yields
    ------
    Path
        New and empty.
    """
    record.parent.mkdir(parents=True, exist_ok=True)
    for folder in record.parent.glob(f"{_PREFIX}{record.name}.*{_SUFFIX}"):
        if not in_use(folder):
            shutil.rmtree(folder, ignore_errors=True)
    folder = Path(
        tempfile.mkdtemp(prefix=f"{_PREFIX}{record.name}.", suffix=_SUFFIX, dir=record.parent)
    )
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # some network disks know no locks
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(descriptor)


def is_staging_folder(path: Path) -> bool:
    """Tell by its name whether a folder is one that jobs write to."""
    return path.name.startswith(_PREFIX) and path.name.endswith(_SUFFIX)


def in_use(folder: Path) -> bool:
    """Tell whether the job that writes to a staging folder is alive.

    Parameters
    ----------
    folder : Path

    Returns
    -------
    bool
        False also where it cannot be known: the disk knows no locks, or the job runs on another
        machine and its locks stay there.
    """
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    else:
        return False
    finally:
        os.close(descriptor)


def remove_when_free(folder: Path, waiting: Callable[[], None]) -> None:
    """Delete a staging folder, but let a job that is still writing to it end first.

    Parameters
    ----------
    folder : Path
    waiting : callable
        Called once if there is something to wait for.
    """
    if in_use(folder):
        waiting()
        with suppress(FileNotFoundError):
            descriptor = os.open(folder, os.O_RDONLY)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX)
            finally:
                os.close(descriptor)
    shutil.rmtree(folder, ignore_errors=True)
