"""One number of a table, found by what a reader would call it: "duan, 140 kHz, x=0.62, direct"."""

import csv
import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from entangled_drums.errors import ProvenanceError

_ALIASES = {"x": "ratio", "point": "operating_point"}
_UNITS = {"hz": 1.0, "khz": 1e3, "mhz": 1e6, "ghz": 1e9}
_LARGEST = 50_000_000


@dataclass(frozen=True)
class Cell:
    """A cell of a table.

    Attributes
    ----------
    column : str
        Name of its column in the CSV file.
    text : str
        What stands there.
    row : mapping
        All cells of its row by column.
    """

    column: str
    text: str
    row: Mapping[str, str]


def find_cell(path: Path, words: str) -> Cell:
    """Find one cell of a table.

    Parameters
    ----------
    path : Path
        The table, in any of its formats; its CSV file is read.
    words : str
        Separated by commas: the name of a column, and what tells the row: ``column=value``
        (``x`` stands for ``ratio``), a number with a unit of frequency, or the text of any cell
        (names of routes, powers, operating points).

    Returns
    -------
    Cell

    Raises
    ------
    ProvenanceError
        If the column is not named, or no row or several rows fit.
    """
    rows = read_rows(path.with_suffix(".csv"))
    columns = list(rows[0])
    wanted, tests = None, []
    for word in filter(None, (part.strip() for part in words.split(","))):
        name = re.sub(r"[\s-]+", "_", word.lower())
        if name in columns:
            if wanted is not None:
                raise ProvenanceError(
                    f"{words!r}: names two columns, {wanted} and {name}; give one"
                )
            wanted = name
        else:
            tests.append((word, name))
    if wanted is None:
        close = [
            match
            for _, name in tests
            for match in difflib.get_close_matches(name, columns, n=1, cutoff=0.7)
        ]
        hint = f"did you mean {close[0]}" if close else f"name one of {', '.join(columns)}"
        raise ProvenanceError(f"{words!r}: names no column of {path.name}; {hint}")
    fitting = rows
    for word, name in tests:
        fitting = [row for row in fitting if _fits(row, word, name)]
        if not fitting:
            raise ProvenanceError(
                f"{words!r}: no row of {path.name} fits {word!r} and those before"
            )
    if len(fitting) > 1:
        differing = [key for key in columns if len({row[key] for row in fitting}) > 1]
        shown = ", ".join(f"{key}={fitting[0][key]}" for key in differing[:3])
        raise ProvenanceError(f"{words!r}: {len(fitting)} rows fit; add for example {shown}")
    return Cell(wanted, fitting[0][wanted], fitting[0])


def read_rows(path: Path) -> list[dict[str, str]]:
    """Read the rows of a CSV table.

    Parameters
    ----------
    path : Path

    Returns
    -------
    list of dict
        Text by column; at least one row.

    Raises
    ------
    ProvenanceError
        If there is no such table, or the file is not one.
    """
    try:
        if path.stat().st_size > _LARGEST:
            raise ProvenanceError(f"{path}: too large for a table")
        with open(path, encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream, strict=True))
    except OSError as error:
        raise ProvenanceError(f"{path}: cannot be read ({error.strerror}); name a table") from None
    except (UnicodeDecodeError, csv.Error):
        raise ProvenanceError(f"{path}: is not a CSV table; run again what makes it") from None
    if not rows or any(None in row or None in row.values() for row in rows):
        raise ProvenanceError(f"{path}: is not a CSV table, its rows differ in length")
    return rows


def _fits(row: Mapping[str, str], word: str, name: str) -> bool:
    key, equals, value = word.partition("=")
    if equals:
        key = key.strip().lower()
        return _equal(row.get(_ALIASES.get(key, key), ""), value.strip())
    quantity = re.fullmatch(r"([-+.\deE]+)\s*([kMG]?Hz)", word, flags=re.IGNORECASE)
    if quantity:
        number = _float(quantity[1])
        return number is not None and any(
            _equal(text, repr(number * _UNITS[quantity[2].lower()]))
            for column, text in row.items()
            if column.endswith("_hz")
        )
    return any(re.sub(r"[\s-]+", "_", text.lower()) == name for text in row.values())


def _equal(text: str, wanted: str) -> bool:
    first, second = _float(text), _float(wanted)
    if first is None or second is None:
        return text == wanted
    return abs(first - second) <= 1e-9 * abs(second)


def _float(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
