"""Inputs of strangers: two thousand configs and five hundred recordings, and never a traceback."""

from pathlib import Path
from typing import Any

import h5netcdf
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.test_configuration import (
    DEVICE_TEXT,
    EXPERIMENT_TEXT,
    assert_told_in_one_line_or_valid,
    mutated,
)
from tests.unit.test_recording import emission, phase_scan

from entangled_drums import recording
from entangled_drums.cli import main
from entangled_drums.errors import EntangledDrumsError

CALM = {"deadline": None, "derandomize": True, "suppress_health_check": list(HealthCheck)}


@settings(max_examples=1400, **CALM)
@given(st.data())
def test_any_change_of_a_config(data: Any) -> None:
    trees = [yaml.safe_load(EXPERIMENT_TEXT), yaml.safe_load(DEVICE_TEXT)]
    for _ in range(data.draw(st.integers(1, 4))):
        mutated(data.draw, trees[data.draw(st.integers(0, 1))])
    dumped = [yaml.safe_dump(tree, sort_keys=False, allow_unicode=True) for tree in trees]
    assert_told_in_one_line_or_valid(*(text.encode("utf-8", "replace") for text in dumped))


@settings(max_examples=600, **CALM)
@given(
    start=st.integers(0, len(DEVICE_TEXT)),
    length=st.integers(0, 60),
    junk=st.binary(max_size=8)
    | st.text(max_size=8).map(lambda text: text.encode("utf-8", "replace")),
)
def test_any_damage_to_a_device_file(start: int, length: int, junk: bytes) -> None:
    text = DEVICE_TEXT.encode()
    damaged = text[:start] + junk + text[start + length :]
    assert_told_in_one_line_or_valid(EXPERIMENT_TEXT.encode(), damaged)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("recordings")
    contents = {}
    for name, make in (("emission", emission), ("phase_scan", phase_scan)):
        recording.write(folder / f"{name}.nc", make(), "0" * 64)
        contents[name] = (folder / f"{name}.nc").read_bytes()
    return contents


def assert_refused_in_one_line_or_valid(path: Path) -> None:
    try:
        recording.check(recording.read(path), str(path))
    except EntangledDrumsError as error:
        assert str(error).isprintable(), ascii(str(error))


@settings(max_examples=400, **CALM)
@given(data=st.data(), name=st.sampled_from(["emission", "phase_scan"]))
def test_any_damage_to_the_bytes_of_a_recording(
    files: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory, data: Any, name: str
) -> None:
    content = bytearray(files[name])
    for _ in range(data.draw(st.integers(1, 5))):
        place = data.draw(st.integers(0, len(content) - 1))
        action = data.draw(st.sampled_from(["flip", "cut", "insert", "zero"]))
        if action == "flip":
            content[place] ^= data.draw(st.integers(1, 255))
        elif action == "cut" and place > 0:
            del content[place:]
        elif action == "insert":
            content[place:place] = data.draw(st.binary(min_size=1, max_size=8))
        else:
            content[place : place + 16] = bytes(len(content[place : place + 16]))
    path = tmp_path_factory.getbasetemp() / "damaged.nc"
    path.write_bytes(content)
    assert_refused_in_one_line_or_valid(path)


VALUES = st.one_of(
    st.floats(),
    st.integers(-(2**63), 2**63 - 1),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8),
    st.lists(st.floats(), min_size=1, max_size=3),
)


@settings(max_examples=150, **CALM)
@given(data=st.data(), name=st.sampled_from(["emission", "phase_scan"]))
def test_any_attribute_of_a_recording(
    files: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory, data: Any, name: str
) -> None:
    path = tmp_path_factory.getbasetemp() / "changed.nc"
    path.write_bytes(files[name])
    with h5netcdf.File(path, "a") as file:
        key = data.draw(st.sampled_from(sorted(file.attrs)))
        del file.attrs[key]
        if data.draw(st.booleans()):
            file.attrs[key] = data.draw(VALUES)
    assert_refused_in_one_line_or_valid(path)


def test_command_says_which_recordings_are_damaged(
    files: dict[str, bytes], tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    (tmp_path / "good.nc").write_bytes(files["emission"])
    (tmp_path / "bad.nc").write_bytes(files["emission"][:-100])
    names = [str(tmp_path / name) for name in ("good.nc", "bad.nc", "absent.nc")]
    assert main(["check-recording", *names]) == 1
    printed = capsys.readouterr()
    lines = printed.out.splitlines()
    assert len(lines) == 3
    assert all(line.startswith(name) for line, name in zip(lines, names, strict=True))
