"""Canonical JSON: equal content is equal bytes, and nothing else than strict JSON is read."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from entangled_drums import jsonfile
from entangled_drums.errors import FileFormatError


def test_key_order_and_array_type_do_not_change_the_bytes(tmp_path):
    first = {"b": np.float64(0.1), "a": {"y": (1, 2), "x": np.array([1.0, 2.5])}}
    second = {"a": {"x": [1.0, 2.5], "y": [np.int64(1), 2]}, "b": 0.1}
    for name, content in (("one", first), ("two", second)):
        jsonfile.write(tmp_path / name, content)
    written = (tmp_path / "one").read_bytes()
    assert written == (tmp_path / "two").read_bytes()
    assert written.endswith(b"}\n") and b"\r" not in written


def test_nan_is_written_as_null(tmp_path):
    jsonfile.write(tmp_path / "file", {"value": float("nan"), "array": np.array([1.0, np.nan])})
    assert jsonfile.read(tmp_path / "file") == {"value": None, "array": [1.0, None]}


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_read_back_exactly(number):
    text = jsonfile.dumps({"value": number})
    assert float(text.split(":")[1].strip(" }\n")) == number


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"a": {"b": float("inf")}}, "a.b: infinity has no JSON form; write null and a reason"),
        ({"a": [1, 2j]}, "a[1]: complex numbers have no JSON form; write two real numbers"),
        ({"a": {1: 2}}, "a: key 1 is not a string; name it by a string"),
        ({"a": {1, 2}}, "a: set has no JSON form; use plain built-ins"),
        ([1], "top level: list given; give a mapping"),
    ],
)
def test_what_cannot_be_written_is_named(content, message):
    with pytest.raises(FileFormatError) as error:
        jsonfile.dumps(content)
    assert str(error.value) == message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"a": NaN}', "NaN is not a JSON number; write null instead"),
        ('{"a": 1, "a": 2}', "key 'a' is given twice; keep one of them"),
        ('{"a": 1', "line 1: not JSON (Expecting ',' delimiter); write the file anew"),
        ("", "line 1: not JSON (Expecting value); write the file anew"),
        ("[1]", "top level is a list; it must be a mapping"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path, text, message):
    path = tmp_path / "file.json"
    path.write_text(text)
    with pytest.raises(FileFormatError) as error:
        jsonfile.read(path)
    assert str(error.value) == f"{path}: {message}"


def test_other_encodings_are_refused(tmp_path):
    path = tmp_path / "file.json"
    path.write_bytes(b'{"a": "\xff"}')
    with pytest.raises(FileFormatError, match="not UTF-8 text; write the file anew"):
        jsonfile.read(path)


def test_a_failed_write_leaves_no_file(tmp_path):
    with pytest.raises(FileFormatError):
        jsonfile.write(tmp_path / "file", {"a": object()})
    assert not (tmp_path / "file").exists()
