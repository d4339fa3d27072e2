"""The record id that a file carries inside, so that a figure mailed to somebody can be traced."""

import json
import re
import zlib
from pathlib import Path

_LARGEST = 200_000_000
_PNG = b"\x89PNG\r\n\x1a\n"
_PDF_KEYWORDS = re.compile(rb"/Keywords\s*\(record:([0-9a-f]{64})\)")
_HDF5_STRING = re.compile(rb"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")
_COMMENT = re.compile(r"(?:<!--|%) record: ([0-9a-f]{64})\b")
_IDENTITY = re.compile("[0-9a-f]{64}")


def carried_record(path: str | Path) -> str | None:
    """Return the id of the record that a file carries.

    Parameters
    ----------
    path : str or Path
        PNG, PDF, netCDF, JSON, HTML, Markdown or LaTeX file; it may be damaged, or come from a
        stranger.

    Returns
    -------
    str or None
        64 hexadecimal digits, or None if there is no id in it.
    """
    path = Path(path)
    try:
        if path.stat().st_size > _LARGEST:
            return None
        content = path.read_bytes()
    except OSError:
        return None
    if content.startswith(_PNG):
        return _png(content)
    if content.startswith(b"%PDF"):
        found = _PDF_KEYWORDS.search(content)
        return found[1].decode() if found else None
    if content.startswith(b"\x89HDF"):
        # Read off the bytes: a damaged or hostile file is not given to the HDF5 library.
        strings = set(_HDF5_STRING.findall(content)) if b"record_id\0" in content else set()
        return strings.pop().decode() if len(strings) == 1 else None
    text = content.decode("utf-8", errors="replace")
    if text.lstrip().startswith("{"):
        return _json(text)
    comment = _COMMENT.match(text)
    return comment[1] if comment else None


def _png(content: bytes) -> str | None:
    position = len(_PNG)
    while position + 12 <= len(content):
        length = int.from_bytes(content[position : position + 4], "big")
        body = content[position + 4 : position + 8 + length]
        checksum = content[position + 8 + length : position + 12 + length]
        if body.startswith(b"tEXtrecord\0") and checksum == zlib.crc32(body).to_bytes(4, "big"):
            return _identity(body[len(b"tEXtrecord\0") :].decode("latin-1"))
        position += 12 + length
    return None


def _json(text: str) -> str | None:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return _identity(content.get("record_id")) if isinstance(content, dict) else None


def _identity(value: object) -> str | None:
    return value if isinstance(value, str) and _IDENTITY.fullmatch(value) else None
