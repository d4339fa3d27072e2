"""Which files a job really opens.

A declared input that is never read is harmless; a file that is read without being declared makes a
result depend on something no record knows of. Python's audit events see every file that is opened
through Python, so this module needs no cooperation from the code that runs. (HDF5 opens files on
its own; :mod:`entangled_drums.arrayfile` therefore hands it Python file objects only.)
"""

import os
import sys
import sysconfig
from collections.abc import Iterable
from pathlib import Path

_SYSTEM = ("/usr", "/lib", "/lib64", "/bin", "/etc", "/proc", "/sys", "/System", "/Library")
_DEVICES = ("/dev/null", "/dev/random", "/dev/urandom", "/dev/tty")
_FORBIDDEN_EVENTS = ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "socket.connect")

_HARMLESS_PROGRAMS = ("uname",)
"""Python's own `platform` module asks it for the processor's name; it reads no file."""


class FileWatch:
    """Collects every file opened by this process from now on.

    An audit hook cannot be removed, so a watch lives as long as its process; :meth:`stop` ends the
    collecting.
    """

    def __init__(self) -> None:
        self._opened: set[str] = set()
        self._created: set[str] = set()
        self._forbidden: list[str] = []
        self._active = True
        sys.addaudithook(self._note)

    def _note(self, event: str, arguments: tuple) -> None:
        if not self._active:
            return
        if event == "open":
            path, _, flags = arguments
            if isinstance(path, bytes):
                path = os.fsdecode(path)
            if not isinstance(path, str):
                return
            path = os.path.abspath(path)
            # A file this job made itself (a scratch file) tells it nothing new when read back.
            writes = bool(flags & os.O_ACCMODE) if isinstance(flags, int) else False
            if writes and flags & (os.O_TRUNC | os.O_EXCL):
                self._created.add(path)
            elif path not in self._created:
                self._opened.add(path)
        elif event in _FORBIDDEN_EVENTS and arguments[0] not in _HARMLESS_PROGRAMS:
            self._forbidden.append(f"{event} {arguments[0]!r}"[:120])

    def stop(self) -> None:
        """Stop collecting."""
        self._active = False

    @property
    def forbidden(self) -> list[str]:
        """Other programs that were started and connections that were made: what they read is
        unknown, so a job must not use them."""
        return list(self._forbidden)

    def opened(self) -> set[Path]:
        """Return the files that were opened, other than those the process created.

        Returns
        -------
        set of Path
            Absolute, with symbolic links resolved.
        """
        return {Path(os.path.realpath(path)) for path in self._opened}

    def undeclared(self, declared: Iterable[str | Path]) -> list[Path]:
        """Return the opened files that are neither declared nor part of the software.

        Parameters
        ----------
        declared : iterable of str or Path
            Files, or folders with everything below them.

        Returns
        -------
        list of Path
            Sorted. Folders are left out: listing one reads no file.
        """
        permitted = [os.path.realpath(path) for path in (*declared, *software_locations())]
        return sorted(
            path
            for path in self.opened()
            if not path.is_dir() and not any(_is_below(str(path), root) for root in permitted)
        )


def software_locations() -> list[str]:
    """Return the folders that hold the interpreter, its packages, the system, and font caches."""
    home = Path.home()
    cache = Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache")
    settings = Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config")
    own = [os.environ["MPLCONFIGDIR"]] if "MPLCONFIGDIR" in os.environ else []
    return [
        *_SYSTEM,
        *_DEVICES,
        sys.prefix,
        sys.base_prefix,
        *sysconfig.get_paths().values(),
        *own,
        *map(str, (cache / "matplotlib", cache / "fontconfig", cache / "snakemake")),
        *map(str, (settings / "matplotlib", home / ".matplotlib")),
        *map(str, (home / ".fonts", home / ".local" / "share" / "fonts")),
    ]


def _is_below(path: str, root: str) -> bool:
    return path == root or path.startswith(root.rstrip(os.sep) + os.sep)
