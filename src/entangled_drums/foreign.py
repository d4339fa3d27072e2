"""Files of strangers: read first in a process of its own, which may hang, crash or fill the memory.

The HDF5 library does not check all that it reads: a few wrong bytes in a file can make it loop for
ever, ask for terabytes or crash. None of that is an error that can be caught, so the file is tried
where it does no harm. It also follows links to other files, so those are refused.
"""

import faulthandler
import os
import resource
import select
import signal
import time
from collections.abc import Callable
from pathlib import Path

import h5py

from entangled_drums import errors
from entangled_drums.errors import EntangledDrumsError, FileFormatError

PATIENCE_SECONDS = 20.0
"""A recording is read in a second at most."""

MEMORY_BYTES = 4 * 2**30
"""What reading may take on top of what the program takes already."""

_READ, _TOO_LARGE, _FAULTY, _DEFECT = b"rmfd"
_REMEDY = "the file is damaged; take it from its source again"


def try_first(
    read: Callable[[], object],
    path: str | Path,
    seconds: float = PATIENCE_SECONDS,
    memory_bytes: int = MEMORY_BYTES,
) -> None:
    """Read a file in a child process, within limits of time and memory.

    Parameters
    ----------
    read : callable
        Reads the file, and checks it.
    path : str or Path
        File name for messages.
    seconds : float, optional
        Time that reading may take.
    memory_bytes : int, optional
        Memory that reading may take.

    Raises
    ------
    FileFormatError
        If reading does not end in time, needs too much memory, or crashes.
    EntangledDrumsError
        What `read` raises. Any other exception of it is raised when the file is read here.
    """
    listening, telling = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(listening)
        _read_and_leave(read, telling, memory_bytes)
    os.close(telling)
    try:
        told = _all_told(listening, seconds)
    finally:
        os.close(listening)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    if told is None:
        raise FileFormatError(f"{path}: cannot be read within {seconds:g} s; {_REMEDY}")
    if not told:
        raise FileFormatError(f"{path}: the HDF5 library crashes on it; {_REMEDY}")
    if told[0] == _TOO_LARGE:
        limit = f"{memory_bytes / 2**30:g} GiB of memory"
        raise FileFormatError(f"{path}: cannot be read within {limit}; {_REMEDY}")
    if told[0] == _FAULTY:
        name, _, message = told[1:].decode().partition("\n")
        raise getattr(errors, name)(message)


def refuse_links(path: str | Path) -> None:
    """Refuse a netCDF-4 file that leads to other files: by links, or by data that stand elsewhere.

    The HDF5 library would open those by itself, wherever they are.

    Parameters
    ----------
    path : str or Path
        File to look at.

    Raises
    ------
    FileFormatError
        If it is not an HDF5 file, or leads elsewhere.
    """
    with open(path, "rb") as stream:
        try:
            with h5py.File(stream, "r") as file:  # noqa: TID251
                found = _link_in(file)
        except MemoryError:
            raise
        except Exception as error:
            reason = " ".join(str(error).split())[:120]
            raise FileFormatError(f"{path}: not a readable netCDF-4 file ({reason})") from None
    if found:
        raise FileFormatError(
            f"{path}: {found!a} is not in this file but leads elsewhere; write the data into it"
        )


def _all_told(pipe: int, seconds: float) -> bytes | None:
    """Return what comes out of a pipe until it is closed; None if that takes too long."""
    end, told = time.monotonic() + seconds, b""
    while select.select([pipe], [], [], max(0.0, end - time.monotonic()))[0]:
        piece = os.read(pipe, 65536)
        if not piece:
            return told
        told += piece
    return None


def _read_and_leave(read: Callable[[], object], telling: int, memory_bytes: int) -> None:
    """Read, tell how it went, and leave without what an exit usually does."""
    told = bytes([_DEFECT])
    try:
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        limit = _address_space() + memory_bytes
        if hard == resource.RLIM_INFINITY or limit < hard:
            resource.setrlimit(resource.RLIMIT_AS, (limit, hard))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        # What libraries print of their troubles tells the user nothing.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        faulthandler.disable()
        read()
        told = bytes([_READ])
    except MemoryError:
        told = bytes([_TOO_LARGE])
    except EntangledDrumsError as error:
        name = type(error).__name__
        if getattr(errors, name, None) is type(error):
            told = bytes([_FAULTY]) + f"{name}\n{error}".encode()
    finally:
        # `finally` and no other exception handled: whatever happens, the child ends here.
        os.write(telling, told)
        os._exit(0)


def _address_space() -> int:
    """Return the size of this process; where the system does not tell, more than it can be."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    except OSError:
        return 2**40


def _link_in(group: h5py.Group) -> str | None:
    for name in group:
        if not isinstance(group.get(name, getlink=True), h5py.HardLink):
            return str(name)
        item = group[name]
        if isinstance(item, h5py.Dataset) and (item.external or item.is_virtual):
            return str(name)
        if isinstance(item, h5py.Group):
            found = _link_in(item)
            if found:
                return found
    return None
