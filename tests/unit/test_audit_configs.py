"""Configs of strangers: two thousand of them, and never a traceback."""

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.test_configuration import (
    DEVICE_TEXT,
    EXPERIMENT_TEXT,
    assert_told_in_one_line_or_valid,
    changed_files,
)

CALM = {"deadline": None, "derandomize": True, "suppress_health_check": list(HealthCheck)}


@settings(max_examples=1400, **CALM)
@given(st.data())
def test_any_change_of_a_config(data: Any) -> None:
    assert_told_in_one_line_or_valid(*changed_files(data, most_changes=4))


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
