"""Recordings of strangers: six hundred of them, and never a traceback, nor one that hangs."""

import functools
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import h5netcdf
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.test_recording import emission, phase_scan

from entangled_drums import foreign, recording, recording_import
from entangled_drums.cli import main
from entangled_drums.errors import EntangledDrumsError

CALM = {"deadline": None, "derandomize": True, "suppress_health_check": list(HealthCheck)}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with one valid recording of each kind."""
    folder = tmp_path_factory.mktemp("recordings")
    for name, make in (("emission", emission), ("phase_scan", phase_scan)):
        recording.write(folder / f"{name}.nc", make(), "0" * 64)
    return folder


@pytest.fixture(scope="module")
def impatience() -> Iterator[None]:
    """Some of the damaged files make the HDF5 library hang, which shall not take long here."""
    quick = functools.partial(foreign.try_first, seconds=2.0, memory_bytes=2**29)
    with patch.object(foreign, "try_first", quick):
        yield


def assert_refused_in_one_line_or_valid(path: Path) -> None:
    try:
        recording_import.read(path)
    except EntangledDrumsError as error:
        assert str(error).isprintable(), ascii(str(error))


@settings(max_examples=300, **CALM)
@given(data=st.data(), name=st.sampled_from(["emission", "phase_scan"]))
def test_any_damage_to_the_bytes_of_a_recording(
    files: Path,
    impatience: None,
    tmp_path_factory: pytest.TempPathFactory,
    data: Any,
    name: str,
) -> None:
    content = bytearray((files / f"{name}.nc").read_bytes())
    for _ in range(data.draw(st.integers(1, 5))):
        place = data.draw(st.integers(0, len(content) - 1))
        action = data.draw(st.sampled_from(["flip", "insert", "zero"]))
        if action == "flip":
            content[place] ^= data.draw(st.integers(1, 255))
        elif action == "insert":
            content[place:place] = data.draw(st.binary(min_size=1, max_size=8))
        else:
            content[place : place + 16] = bytes(len(content[place : place + 16]))
    path = tmp_path_factory.getbasetemp() / "damaged.nc"
    path.write_bytes(content)
    assert_refused_in_one_line_or_valid(path)


@settings(max_examples=150, **CALM)
@given(data=st.data(), name=st.sampled_from(["emission", "phase_scan"]))
def test_any_truncated_recording(
    files: Path,
    impatience: None,
    tmp_path_factory: pytest.TempPathFactory,
    data: Any,
    name: str,
) -> None:
    whole = (files / f"{name}.nc").read_bytes()
    content = whole[: data.draw(st.integers(0, len(whole) - 1))]
    path = tmp_path_factory.getbasetemp() / "truncated.nc"
    path.write_bytes(content + data.draw(st.binary(max_size=20)))
    with pytest.raises(EntangledDrumsError) as error:
        recording_import.read(path)
    assert str(error.value).isprintable()


VALUES = st.one_of(
    st.floats(),
    st.integers(-(2**63), 2**63 - 1),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8),
    st.lists(st.floats(), min_size=1, max_size=3),
)


@settings(max_examples=200, **CALM)
@given(data=st.data(), name=st.sampled_from(["emission", "phase_scan"]))
def test_any_attribute_of_a_recording(
    files: Path, tmp_path_factory: pytest.TempPathFactory, data: Any, name: str
) -> None:
    path = tmp_path_factory.getbasetemp() / "changed.nc"
    path.write_bytes((files / f"{name}.nc").read_bytes())
    with h5netcdf.File(path, "a") as file:
        key = data.draw(st.sampled_from(sorted(file.attrs)))
        del file.attrs[key]
        if data.draw(st.booleans()):
            file.attrs[key] = data.draw(VALUES)
    # The HDF5 library wrote this file, so nothing is to be feared from it but its content.
    try:
        recording.read(path)
    except EntangledDrumsError as error:
        assert str(error).isprintable(), ascii(str(error))


def test_command_says_which_recordings_are_damaged(
    files: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    whole = (files / "emission.nc").read_bytes()
    (tmp_path / "good.nc").write_bytes(whole)
    (tmp_path / "bad.nc").write_bytes(whole[:-100])
    names = [str(tmp_path / name) for name in ("good.nc", "bad.nc", "absent.nc")]
    assert main(["check-recording", *names]) == 1
    printed = capsys.readouterr()
    lines = printed.out.splitlines()
    assert len(lines) == 3
    assert all(line.startswith(name) for line, name in zip(lines, names, strict=True))
