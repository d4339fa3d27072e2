"""Write a table as CSV (every digit), Markdown and LaTeX (rounded by the uncertainty).

The three come from one `Table`, so they cannot disagree. Nothing in the files depends on the
time, the machine or the user; Markdown and LaTeX name the record of their job in a comment.
"""

import csv
import math
from collections.abc import Mapping
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Literal

from entangled_drums.errors import FileFormatError
from entangled_drums.tables import printed
from entangled_drums.tables.rounding import (
    UNKNOWN,
    Rounded,
    probability_text,
    round_by_uncertainty,
)

FORMATS = ("csv", "md", "tex")
PAGE = "html"
"""Besides `FORMATS`: the printed columns as a page, for the workflow's report."""

_LATEX_ESCAPES = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "&": r"\&",
        "%": r"\%",
        "$": r"\$",
        "#": r"\#",
        "_": r"\_",
        "{": r"\{",
        "}": r"\}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        "<": r"$<$",
        ">": r"$>$",
        "–": "--",
        "−": "$-$",
        "±": r"$\pm$",
        "×": r"$\times$",
        "≤": r"$\leq$",
        "≥": r"$\geq$",
        "≪": r"$\ll$",
        "≫": r"$\gg$",
        "½": r"$\tfrac12$",
        "Γ": r"$\Gamma$",
        "Ω": r"$\Omega$",
        "κ": r"$\kappa$",
        "ν": r"$\nu$",
        "π": r"$\pi$",
    }
)
_MARKDOWN_ESCAPES = str.maketrans(
    {"\\": r"\\", "|": r"\|", "*": r"\*", "_": r"\_", "`": r"\`", "<": "&lt;", ">": "&gt;"}
)


@dataclass(frozen=True)
class Measured:
    """A number with one standard deviation, in the unit of its column; NaN if not known."""

    value: float
    uncertainty: float


Cell = str | float | Measured


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Attributes
    ----------
    key : str
        Name in the CSV; a measured column has `key` and `key`_uncertainty there.
    kind : {"text", "number", "measured", "probability"}
        What its cells are: str, float, Measured, or a float between 0 and 1.
    header, latex : str
        Name in Markdown, and in LaTeX (as it stands, not escaped).
    unit : str
        Unit in print; "" for dimensionless numbers.
    stored, printed : bool
        Whether it appears in the CSV, and in Markdown and LaTeX.
    """

    key: str
    kind: Literal["text", "number", "measured", "probability"]
    header: str = ""
    latex: str = ""
    unit: str = ""
    stored: bool = True
    printed: bool = True


@dataclass(frozen=True)
class Table:
    """A table in full, independent of any format.

    Attributes
    ----------
    columns : tuple of Column
        In order.
    rows : tuple of mapping from column key to Cell
        Every row has every key.
    notes : tuple of str
        Lines that stand beneath the printed table.
    """

    columns: tuple[Column, ...]
    rows: tuple[Mapping[str, Cell], ...]
    notes: tuple[str, ...] = ()


def csv_text(table: Table) -> str:
    """Return the stored columns as CSV, every number in the shortest form that reads back alike.

    Parameters
    ----------
    table : Table
        The table; NaN becomes an empty cell.

    Returns
    -------
    str
        One header line and one line per row, ended by newline characters.
    """
    columns = [column for column in table.columns if column.stored]
    stream = StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    header: list[str] = []
    for column in columns:
        header.append(column.key)
        if column.kind == "measured":
            header.append(f"{column.key}_uncertainty")
    writer.writerow(header)
    for row in table.rows:
        fields: list[str] = []
        for column in columns:
            cell = row[column.key]
            if isinstance(cell, Measured):
                fields += [_full(cell.value), _full(cell.uncertainty)]
            else:
                fields.append(cell if isinstance(cell, str) else _full(cell))
        writer.writerow(fields)
    return stream.getvalue()


def markdown_text(table: Table, record_id: str | None) -> str:
    """Return the printed columns as a GitHub-flavoured Markdown table.

    Parameters
    ----------
    table : Table
        The table.
    record_id : str or None
        Id of the record of the job that made it; stands in a comment. None if no job did.

    Returns
    -------
    str
        The table, then its notes.
    """
    columns = [column for column in table.columns if column.printed]
    lines = [f"<!-- record: {record_id} -->"] if record_id else []
    titles = [f"{item.header} ({item.unit})" if item.unit else item.header for item in columns]
    lines.append("| " + " | ".join(title.replace("|", r"\|") for title in titles) + " |")
    rules = [":---" if column.kind == "text" else "---:" for column in columns]
    lines.append("| " + " | ".join(rules) + " |")
    for row in table.rows:
        cells = []
        for column in columns:
            shown = _rounded(row[column.key], column)
            text = shown.plain() if isinstance(shown, Rounded) else shown
            cells.append(text.translate(_MARKDOWN_ESCAPES))
        lines.append("| " + " | ".join(cells) + " |")
    for note in table.notes:
        lines += ["", note.translate(_MARKDOWN_ESCAPES)]
    return "\n".join(lines) + "\n"


def latex_text(table: Table, record_id: str) -> str:
    """Return the printed columns as a LaTeX tabular in the style of booktabs.

    Parameters
    ----------
    table : Table
        The table.
    record_id : str
        Id of the record of the job that made it; stands in a comment.

    Returns
    -------
    str
        To be put into a table environment with \\input; needs booktabs and amsmath. Units stand
        in the second line of the header.
    """
    columns = [column for column in table.columns if column.printed]
    alignment = "".join("l" if column.kind == "text" else "r" for column in columns)
    lines = [
        f"% record: {record_id}",
        rf"\begin{{tabular}}{{@{{}}{alignment}@{{}}}}",
        r"\toprule",
        " & ".join(column.latex for column in columns) + r" \\",
    ]
    if any(column.unit for column in columns):
        units = [f"({column.unit})" if column.unit else "" for column in columns]
        lines.append(" & ".join(units) + r" \\")
    lines.append(r"\midrule")
    for row in table.rows:
        cells = []
        for column in columns:
            shown = _rounded(row[column.key], column)
            cells.append(
                shown.latex() if isinstance(shown, Rounded) else shown.translate(_LATEX_ESCAPES)
            )
        lines.append(" & ".join(cells) + r" \\")
    lines += [r"\bottomrule", r"\end{tabular}"]
    lines += [rf"\par {note.translate(_LATEX_ESCAPES)}" for note in table.notes]
    return "\n".join(lines) + "\n"


def write_table(table: Table, paths: Mapping[str, str | Path], record_id: str) -> None:
    """Write a table in every format, to exactly the paths given.

    Parameters
    ----------
    table : Table
        The table.
    paths : mapping of str to path
        One path for each of `FORMATS`, and for `PAGE` if that is wanted. File name endings are not
        looked at.
    record_id : str
        Id of the record of the job that made it.

    Raises
    ------
    FileFormatError
        If a cell is not of its column's kind; nothing is written then.
    ValueError
        If a path is missing, or there are others.
    OSError
        If a file cannot be written.
    """
    formats = (*FORMATS, PAGE) if PAGE in paths else FORMATS
    if sorted(paths) != sorted(formats):
        raise ValueError(f"paths has keys {sorted(paths)}; give exactly {sorted(FORMATS)}")
    _require_kinds(table)
    texts = {
        "csv": csv_text(table),
        "md": markdown_text(table, record_id),
        "tex": latex_text(table, record_id),
    }
    texts[PAGE] = printed.html_page(printed.read_markdown(texts["md"]), record_id)
    for name in formats:
        with open(paths[name], "w", encoding="utf-8", newline="\n") as stream:
            stream.write(texts[name])


def _require_kinds(table: Table) -> None:
    types = {"text": str, "number": float, "measured": Measured, "probability": float}
    for index, row in enumerate(table.rows):
        for column in table.columns:
            if not isinstance(row.get(column.key), types[column.kind]):
                raise FileFormatError(
                    f"table row {index}: {column.key} is {row.get(column.key)!r}; "
                    f"it must be of kind {column.kind}"
                )


def _rounded(cell: Cell, column: Column) -> Rounded | str:
    if isinstance(cell, str):
        return cell or UNKNOWN
    if isinstance(cell, Measured):
        return round_by_uncertainty(cell.value, cell.uncertainty)
    if column.kind == "probability":
        return probability_text(cell)
    return round_by_uncertainty(cell, math.nan)


def _full(number: float) -> str:
    return "" if math.isnan(number) else repr(float(number))
