"""A printed table reads back from its Markdown, and nothing in it becomes HTML."""

import math
from html.parser import HTMLParser

import pytest

from entangled_drums.errors import FileFormatError
from entangled_drums.tables.output import Column, Measured, Table, markdown_text, write_table
from entangled_drums.tables.printed import PrintedTable, html_page, html_table, read_markdown

NASTY = ["a|b", r"a\|b", "\\", "*x*", "_y_", "`z`", "<script>alert(1)</script>", "a & b", "|"]
TABLE = Table(
    (
        Column("name", "text", "Na|me <b>", "Name"),
        Column("value", "measured", "D", "$D$", "kHz"),
        Column("probability", "probability", "P", "$P$"),
    ),
    tuple(
        {"name": text, "value": Measured(1.5e7, 2.0e5), "probability": math.nan} for text in NASTY
    ),
    ("A note with <i> and | and *stars*.",),
)


class Texts(HTMLParser):
    """Cells and tags of a table."""

    def __init__(self):
        super().__init__()
        self.cells, self.tags = [], set()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        if tag in ("td", "th"):
            self.cells.append("")

    def handle_data(self, data):
        if self.cells:
            self.cells[-1] += data.strip("\n")


def test_markdown_reads_back():
    table = read_markdown(markdown_text(TABLE, "0" * 64))
    assert table.header == ("Na|me <b>", "D (kHz)", "P")
    assert table.numbers == (False, True, True)
    assert [row[0] for row in table.rows] == NASTY
    assert {row[1:] for row in table.rows} == {("(1.500 ± 0.020)×10^7", "–")}
    assert table.notes == TABLE.notes


def test_html_shows_the_same_and_interprets_nothing():
    table = read_markdown(markdown_text(TABLE, "0" * 64))
    parser = Texts()
    parser.feed(html_table(table))
    assert parser.tags == {"table", "thead", "tbody", "tr", "th", "td", "sup"}
    cells = [parser.cells[start] for start in range(3, len(parser.cells), 3)]
    assert cells == NASTY
    assert parser.cells[4] == "(1.500 ± 0.020)×107"  # with the exponent raised
    assert "×10<sup>7</sup>" in html_table(table)
    page = html_page(table, "0" * 64)
    assert page.startswith(f"<!-- record: {'0' * 64} -->\n<!DOCTYPE html>")
    assert "<script" not in page


@pytest.mark.parametrize(("longest", "unbroken"), [(24, True), (25, False)])
def test_columns_of_short_text_are_not_broken(longest, unbroken):
    rows = (("emission bound", "1.0"), ("x" * longest, "2.0"))
    found = html_table(PrintedTable(("Route", "D"), (False, True), rows, ()))
    assert found.count('<td class="short">') == (2 if unbroken else 0)
    assert found.count('<td class="number">') == 2


def test_page_is_written_if_it_is_asked_for(tmp_path):
    paths = {name: tmp_path / name for name in ("csv", "md", "tex")}
    write_table(TABLE, paths, "0" * 64)
    assert {path.name for path in tmp_path.iterdir()} == set(paths)
    write_table(TABLE, {**paths, "html": tmp_path / "html"}, "0" * 64)
    assert (tmp_path / "html").read_text(encoding="ascii").count("<tr>") == len(NASTY) + 1


@pytest.mark.parametrize("content", ["", "| a |\n", "| a |\n| --- |\n| 1 | 2 |\n", "text\n"])
def test_what_is_no_table_is_refused(content):
    with pytest.raises(FileFormatError, match="write the table again"):
        read_markdown(content)
