"""A table as it is printed: read back from its Markdown, and written as HTML.

The Markdown that `entangled_drums.tables.output` writes holds every cell as a reader sees it, so a
page that shows the table needs neither the results behind it nor a second way to round them.
"""

import re
from dataclasses import dataclass
from itertools import pairwise

from entangled_drums.errors import FileFormatError
from entangled_drums.markup import ascii_page, text

_CELL_BORDER = re.compile(r"(?<!\\)(?:\\\\)*\|")
_ESCAPED = re.compile(r"\\([\\|*_`])|&(lt|gt);")
_SHORT = 24
"""Columns of no more characters are not broken."""

_POWER = re.compile(r"(×10)\^(−?[0-9]+)")
_STYLE = """
body { font: 12px/1.4 sans-serif; margin: 1em; color: #222; }
table { border-collapse: collapse; border-top: 1.5px solid; border-bottom: 1.5px solid; }
th, td { padding: .2em .5em; text-align: left; }
.number, td.short { white-space: nowrap; }
th { border-bottom: 1px solid; }
.number { text-align: right; }
p { max-width: 60em; font-size: 11px; }
"""


@dataclass(frozen=True)
class PrintedTable:
    """Cells as they are shown.

    Attributes
    ----------
    header : tuple of str
        Titles of the columns, with units.
    numbers : tuple of bool
        Whether a column is set to the right.
    rows : tuple of tuple of str
    notes : tuple of str
        Below the table.
    """

    header: tuple[str, ...]
    numbers: tuple[bool, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...]


def read_markdown(content: str) -> PrintedTable:
    """Read a table that :func:`entangled_drums.tables.output.markdown_text` wrote.

    Parameters
    ----------
    content : str

    Returns
    -------
    PrintedTable

    Raises
    ------
    FileFormatError
        If it is no such table.
    """
    lines = [line for line in content.splitlines() if line and not line.startswith("<!--")]
    cells = [_cells(line) for line in lines if line.startswith("|")]
    notes = tuple(_plain(line) for line in lines if not line.startswith("|"))
    if len(cells) < 2 or len({len(row) for row in cells}) != 1:
        raise FileFormatError("table: is not as a run writes it; write the table again")
    header, rule, *rows = cells
    return PrintedTable(
        header, tuple(mark.startswith("-") and mark.endswith(":") for mark in rule), (*rows,), notes
    )


def plain_text(table: PrintedTable) -> str:
    """Return a table for the terminal, columns aligned.

    Parameters
    ----------
    table : PrintedTable

    Returns
    -------
    str
        Header, rows, and notes below.
    """
    lines = [table.header, *table.rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(table.header))]
    shown = [
        "  ".join(
            cell.rjust(width) if number else cell.ljust(width)
            for cell, width, number in zip(line, widths, table.numbers, strict=True)
        ).rstrip()
        for line in lines
    ]
    return "\n".join([shown[0], "-" * max(map(len, shown)), *shown[1:], *table.notes]) + "\n"


def html_table(table: PrintedTable) -> str:
    """Return a table as an HTML element; its head is repeated on every printed page.

    Parameters
    ----------
    table : PrintedTable

    Returns
    -------
    str
        The notes are not in it.
    """
    marks = [
        ' class="number"' if number else ' class="short"' if longest <= _SHORT else ""
        for number, longest in zip(table.numbers, _longest(table), strict=True)
    ]
    head = "".join(
        f"<th{mark}>{shown(cell)}</th>" for mark, cell in zip(marks, table.header, strict=True)
    )
    body = "\n".join(
        "<tr>"
        + "".join(f"<td{mark}>{shown(cell)}</td>" for mark, cell in zip(marks, row, strict=True))
        + "</tr>"
        for row in table.rows
    )
    return f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>"


def _longest(table: PrintedTable) -> list[int]:
    return [max(map(len, column)) for column in zip(table.header, *table.rows, strict=True)]


def html_notes(table: PrintedTable) -> str:
    """Return the notes of a table as paragraphs of HTML.

    Parameters
    ----------
    table : PrintedTable
    """
    notes = "\n".join(f"<p>{shown(note)}</p>" for note in table.notes)
    return f'<div class="notes">\n{notes}\n</div>'


def html_page(table: PrintedTable, record_id: str) -> str:
    """Return a table as a page of its own, which loads nothing.

    Parameters
    ----------
    table : PrintedTable
    record_id : str
        Id of the record of the job that made it.

    Returns
    -------
    str
    """
    return ascii_page(
        [
            f"<!-- record: {text(record_id)} -->",
            "<!DOCTYPE html>",
            '<html lang="en"><head><meta charset="utf-8"><title>Table</title>',
            f"<style>{_STYLE}</style></head><body>",
            html_table(table),
            html_notes(table),
            "</body></html>",
        ]
    )


def shown(cell: str) -> str:
    """Return a cell as HTML, powers of ten raised."""
    return _POWER.sub(r"\1<sup>\2</sup>", text(cell))


def _cells(line: str) -> tuple[str, ...]:
    borders = [match.end() for match in _CELL_BORDER.finditer(line)]
    return tuple(_plain(line[start : end - 1].strip()) for start, end in pairwise(borders))


def _plain(content: str) -> str:
    return _ESCAPED.sub(
        lambda found: found[1] or {"lt": "<", "gt": ">"}[found[2]], content.replace("\xa0", " ")
    )
