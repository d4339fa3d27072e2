"""Digests of files and of plain data."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def file_digest(path: str | Path) -> str:
    """Return the SHA-256 of a file's bytes.

    Parameters
    ----------
    path : str or Path
        File to read.

    Returns
    -------
    str
        64 hexadecimal digits.

    Raises
    ------
    OSError
        If the file cannot be read.
    """
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def data_digest(data: Mapping[str, Any]) -> str:
    """Return the SHA-256 of plain data in its canonical JSON form.

    Keys are sorted and separators fixed, so equal data always give equal digests.

    Parameters
    ----------
    data : mapping
        Nested plain built-ins (dict, list, str, int, float, bool, None).

    Returns
    -------
    str
        64 hexadecimal digits.

    Raises
    ------
    TypeError
        If something in the data is not a plain built-in.
    ValueError
        If a number is NaN or infinite.
    """
    text = json.dumps(
        data, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False
    )
    return hashlib.sha256(text.encode("ascii")).hexdigest()
