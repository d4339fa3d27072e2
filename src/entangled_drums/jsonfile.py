"""Small results as JSON: one canonical form, so that equal results are equal bytes.

Keys are sorted, numbers are written in the shortest form that reads back to the same double, a
missing number (NaN) is ``null``, and the file ends with one newline.
"""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from entangled_drums.errors import FileFormatError


def plain(value: Any, key: str = "") -> Any:
    """Return a value made of plain built-ins only, ready for JSON.

    Parameters
    ----------
    value : object
        Nested mappings, sequences, numpy arrays and numpy scalars. NaN becomes None.
    key : str, optional
        Dotted key of `value`, used in messages.

    Returns
    -------
    object
        Nested dict, list, str, int, float, bool or None.

    Raises
    ------
    FileFormatError
        If something has no JSON form: infinity, complex numbers, other objects, non-string keys.
    """
    where = key or "top level"
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, Mapping):
        for name in value:
            if not isinstance(name, str):
                raise FileFormatError(f"{where}: key {name!r} is not a string; name it by a string")
        return {
            name: plain(value[name], f"{key}.{name}" if key else name) for name in sorted(value)
        }
    if isinstance(value, np.ndarray):
        return plain(value.tolist(), key)
    if isinstance(value, list | tuple):
        return [plain(item, f"{key}[{index}]") for index, item in enumerate(value)]
    if isinstance(value, np.generic):
        return plain(value.item(), key)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        if math.isinf(value):
            raise FileFormatError(f"{where}: infinity has no JSON form; write null and a reason")
        return None if math.isnan(value) else float(value)
    if isinstance(value, complex):
        raise FileFormatError(f"{where}: complex numbers have no JSON form; write two real numbers")
    raise FileFormatError(f"{where}: {type(value).__name__} has no JSON form; use plain built-ins")


def dumps(content: Mapping[str, Any]) -> str:
    """Return the canonical JSON text of a mapping.

    Parameters
    ----------
    content : mapping
        See `plain` for what it may hold.

    Returns
    -------
    str
        ASCII text with sorted keys, two-space indents and a trailing newline.

    Raises
    ------
    FileFormatError
        If `content` is not a mapping or holds something without a JSON form.
    """
    if not isinstance(content, Mapping):
        raise FileFormatError(f"top level: {type(content).__name__} given; give a mapping")
    return json.dumps(plain(content), indent=2, sort_keys=True, allow_nan=False) + "\n"


def write(path: str | Path, content: Mapping[str, Any]) -> None:
    """Write a mapping as canonical JSON to exactly the path given.

    Parameters
    ----------
    path : str or Path
        File to create or replace.
    content : mapping
        See `plain` for what it may hold.

    Raises
    ------
    FileFormatError
        If `content` has no JSON form; nothing is written then.
    """
    text = dumps(content)
    with open(path, "w", encoding="ascii", newline="\n") as stream:
        stream.write(text)


def read(path: str | Path) -> dict[str, Any]:
    """Read a JSON file whose top level is a mapping.

    Parameters
    ----------
    path : str or Path
        File to read.

    Returns
    -------
    dict
        Plain built-ins.

    Raises
    ------
    FileFormatError
        If the file is not strict JSON (NaN and duplicate keys are refused) or not a mapping.
    OSError
        If the file cannot be opened.
    """

    def refuse_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        mapping = dict(pairs)
        if len(mapping) != len(pairs):
            names = [name for name, _ in pairs]
            twice = next(name for name in names if names.count(name) > 1)
            raise FileFormatError(f"{path}: key {twice!r} is given twice; keep one of them")
        return mapping

    def refuse_constant(token: str) -> None:
        raise FileFormatError(f"{path}: {token} is not a JSON number; write null instead")

    try:
        with open(path, encoding="utf-8") as stream:
            content = json.load(
                stream, object_pairs_hook=refuse_duplicates, parse_constant=refuse_constant
            )
    except json.JSONDecodeError as error:
        raise FileFormatError(
            f"{path}: line {error.lineno}: not JSON ({error.msg}); write the file anew"
        ) from None
    except UnicodeDecodeError:
        raise FileFormatError(f"{path}: not UTF-8 text; write the file anew") from None
    if not isinstance(content, dict):
        raise FileFormatError(
            f"{path}: top level is a {type(content).__name__}; it must be a mapping"
        )
    return content
