"""Reading that hangs, crashes or fills the memory is an error with one line, and ends."""

import os
import signal
import time
from pathlib import Path

import h5py
import numpy as np
import pytest

from entangled_drums import foreign
from entangled_drums.cli import main
from entangled_drums.errors import FileFormatError, RecordingError


def hang() -> None:
    while True:
        pass


def crash() -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def fill_memory() -> None:
    np.ones(2**27)


@pytest.mark.parametrize(
    ("read", "complaint"),
    [
        (hang, "cannot be read within 0.5 s"),
        (lambda: time.sleep(60), "cannot be read within 0.5 s"),
        (crash, "the HDF5 library crashes on it"),
        (fill_memory, "cannot be read within 0.25 GiB of memory"),
    ],
    ids=["hangs", "waits", "crashes", "fills memory"],
)
def test_reading_that_goes_wrong(read, complaint: str) -> None:
    seconds = 0.5 if "0.5 s" in complaint else 60.0
    with pytest.raises(FileFormatError, match=f"^given.nc: {complaint}; the file is damaged"):
        foreign.try_first(read, "given.nc", seconds=seconds, memory_bytes=2**28)


def test_an_error_for_the_user_comes_through() -> None:
    def read() -> None:
        raise RecordingError("given.nc: kind is 'x'; write \u00e9mission " + "." * 100_000)

    with pytest.raises(RecordingError, match=r"^given.nc: kind is 'x'; write .mission \.{100000}$"):
        foreign.try_first(read, "given.nc")


def test_what_can_be_read_leaves_nothing_behind(tmp_path: Path) -> None:
    """No process, no open pipe, and nothing that the child printed or wrote."""
    before = os.listdir("/proc/self/fd")
    foreign.try_first(lambda: print("not to be seen"), "given.nc")
    assert os.listdir("/proc/self/fd") == before
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def write_with(path: Path, what: str) -> None:
    secret = path.with_name("secret.h5")
    with h5py.File(secret, "w") as file:
        file["x"] = np.arange(3.0)
    with h5py.File(path, "w") as file:
        inner = file.create_group("inner")
        if what == "external link":
            inner["x"] = h5py.ExternalLink(str(secret), "x")
        elif what == "soft link":
            inner["x"] = h5py.SoftLink("/inner")
        elif what == "external data":
            inner.create_dataset("x", (3,), "f8", external=[(str(secret), 0, 24)])
        else:
            layout = h5py.VirtualLayout((3,), "f8")
            layout[:] = h5py.VirtualSource(str(secret), "x", (3,))
            inner.create_virtual_dataset("x", layout)


@pytest.mark.parametrize("what", ["external link", "soft link", "external data", "virtual data"])
def test_file_that_leads_to_another_is_refused(
    what: str, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    path = tmp_path / "given.nc"
    write_with(path, what)
    assert main(["check-recording", str(path)]) == 1
    printed = capsys.readouterr()
    assert printed.out == (
        f"{path}: 'x' is not in this file but leads elsewhere; write the data into it\n"
    )
