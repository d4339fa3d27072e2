"""One run at a time in a results folder.

The lock is a file beside the folder. Its holder writes into it who it is, and keeps the operating
system's lock on it, which goes away with the process however that dies; so what a killed run left
is told from a run at work, and of two runs that start at once one gets it. The file itself stays
when a run ends, emptied.

Jobs inherit the run's name from the process that starts them, and ask before they put a result in
place whether that run still holds the folder: a job whose run was killed must not write into the
results of the next one.
"""

import fcntl
import json
import os
import platform
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from entangled_drums.errors import ProvenanceError

VARIABLE = "ENTANGLED_DRUMS_RUN"
"""Environment variable that tells a job the name of its run."""


@dataclass(frozen=True)
class Holder:
    """Who holds, or held, a results folder.

    Attributes
    ----------
    run : str
        Name of the run, unique.
    pid : int
    host : str
    since : str
        Date and time of the start, UTC.
    """

    run: str
    pid: int
    host: str
    since: str

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host}, started {self.since}"


def lock_path(results_directory: str | Path) -> Path:
    """Return where the lock of a results folder stands.

    Parameters
    ----------
    results_directory : str or Path
        ``results/<experiment>``.

    Raises
    ------
    ProvenanceError
        If the folder is not given by its name.
    """
    results_directory = Path(results_directory)
    if results_directory.name in ("", ".."):
        raise ProvenanceError(
            f"{results_directory}: give the folder by its name, results/<experiment>"
        )
    return results_directory.with_name(f".{results_directory.name}.lock")


@contextmanager
def held(results_directory: str | Path) -> Iterator[tuple[Holder, Holder | None]]:
    """Hold a results folder for one run.

    Parameters
    ----------
    results_directory : str or Path
        ``results/<experiment>``; need not exist.

    Yields
    ------
    holder : Holder
        This process. Its run's name stands in the environment for the jobs it starts.
    dead : Holder or None
        The run that died here without giving the lock back, if there was one.

    Raises
    ------
    ProvenanceError
        If another run holds the folder, or may hold it on another machine; or if the lock cannot
        be written.
    """
    path = lock_path(results_directory)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        raise ProvenanceError(
            f"{results_directory}: its lock {path} cannot be written ({error.strerror}); make "
            f"{path.parent} a folder that can be written, or give another one"
        ) from None
    try:
        dead = _take(descriptor, path, results_directory)
        holder = Holder(
            run=f"{Path(results_directory).name[:30]}-{secrets.token_hex(6)}",
            pid=os.getpid(),
            host=platform.node(),
            since=datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S UTC"),
        )
        _write(descriptor, json.dumps(asdict(holder)) + "\n")
        os.environ[VARIABLE] = holder.run
        try:
            yield holder, dead
        finally:
            os.environ.pop(VARIABLE, None)
            os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)


def alone(
    execute: Callable[..., Any],
    results_directory: str | Path,
    *,
    applies: Callable[[dict[str, Any]], bool],
    prepare: Callable[[Holder, Holder | None, dict[str, Any]], None],
    refuse: Callable[[str], None],
) -> Callable[..., Any]:
    """Return a function that executes a workflow only while it holds the results folder.

    Parameters
    ----------
    execute : callable
        Executes the workflow; takes keyword arguments.
    results_directory : str or Path
        ``results/<experiment>``.
    applies : callable
        Given those arguments, tells whether results will be changed; if not, nothing is held.
    prepare : callable
        Called before `execute` with holder, dead run or None (see `held`), and the arguments.
    refuse : callable
        Called with one line instead of `execute` when the folder cannot be used.
    """

    def execute_alone(*arguments: Any, **settings: Any) -> Any:
        if not applies(settings):
            return execute(*arguments, **settings)
        try:
            with held(results_directory) as (holder, dead):
                prepare(holder, dead, settings)
                return execute(*arguments, **settings)
        except ProvenanceError as error:
            return refuse(str(error))

    return execute_alone


def check_current(results_directory: str | Path) -> None:
    """Check, in a job, that the run which started it still holds the results folder.

    Parameters
    ----------
    results_directory : str or Path

    Raises
    ------
    ProvenanceError
        If that run is over. A job that was started by hand, outside a run, always passes.
    """
    run = os.environ.get(VARIABLE)
    if run is None:
        return
    holder = _read(lock_path(results_directory))
    if holder is None or holder.run != run:
        raise ProvenanceError(
            f"{results_directory}: the run that started this job is over; nothing was written"
        )


def _take(descriptor: int, path: Path, results_directory: str | Path) -> Holder | None:
    locked: bool | None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        locked = True
    except BlockingIOError:
        locked = False
    except OSError:  # a network disk that knows no locks: what the file says must do
        locked = None
    other = _read(path)
    if locked is False or (other and locked is None and _is_alive(other)):
        who = str(other) if other else "another process"
        raise ProvenanceError(
            f"{results_directory} is in use by {who}; wait until it ends"
            + (f", or stop it with: kill -INT {other.pid}" if other else "")
        )
    if other and other.host != platform.node():
        raise ProvenanceError(
            f"{results_directory} was in use by {other}, which cannot be seen from "
            f"{platform.node()}; if it does not run any more, delete {path}"
        )
    return other


def _is_alive(holder: Holder) -> bool:
    if holder.host != platform.node():
        return False  # not known; told apart by its host
    try:
        os.kill(holder.pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _read(path: Path) -> Holder | None:
    try:
        return Holder(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None  # nobody, or a holder that died while it wrote this


def _write(descriptor: int, text: str) -> None:
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, text.encode(), 0)
    os.fsync(descriptor)
