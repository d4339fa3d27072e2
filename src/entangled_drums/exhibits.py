"""Figures and tables of the paper: how they are named, titled and ordered.

A figure is ``fig<number>``, or ``figs<number>`` in the supplement; a table likewise ``table_s2``.
Whatever shows all of them takes title and order from here, so no list is kept anywhere.
"""

import re
from collections.abc import Iterable
from pathlib import PurePosixPath

FIGURES, TABLES = "figures", "tables"
"""Folders that they stand in, below the results of an experiment."""

FIGURE_SPACE = "\u2007"

_PARAGRAPH = re.compile(r"\n\s*\n\s*")
_SENTENCE = re.compile(r"([^.:;|{}*`\\]+)[.:;]")

_KINDS = {FIGURES: ("Figure", re.compile(r"fig([a-z]*)([0-9]+)"))}
_KINDS[TABLES] = ("Table", re.compile(r"table_([a-z]*)([0-9]+)"))


def exhibits(paths: Iterable[str], kind: str) -> list[str]:
    """Return the names of all figures or tables among some results, in the paper's order.

    Parameters
    ----------
    paths : iterable of str
        Paths of results, such as ``results/toy/figures/fig4.pdf``; others are passed over.
    kind : str
        `FIGURES` or `TABLES`.

    Returns
    -------
    list of str
        Such as ``["fig1", "fig4", "figs6"]``, each once.
    """
    names = {
        PurePosixPath(path).name.split(".", 1)[0]
        for path in paths
        if PurePosixPath(path).parent.name == kind
    }
    return sorted((name for name in names if _KINDS[kind][1].fullmatch(name)), key=_place)


def title(name: str) -> str:
    """Return how a reader calls a figure or table: "Figure S6" for ``figs6``.

    Parameters
    ----------
    name : str

    Raises
    ------
    ValueError
        If it is no such name.
    """
    series, number = _place(name)
    word = _KINDS[TABLES if name.startswith("table") else FIGURES][0]
    return f"{word} {series.upper()}{number}"


def even_title(name: str, among: Iterable[str]) -> str:
    """Return a title that lists sort rightly as text: S2 before S10.

    Parameters
    ----------
    name : str
    among : iterable of str
        All that may stand in the list. Shorter numbers of a series are filled up with spaces of a
        digit's width, which sort before digits and line the numbers up.

    Raises
    ------
    ValueError
        If one is no such name.
    """
    series, number = _place(name)
    widest = max((of for own, of in map(_place, among) if own == series), default=number)
    fill = FIGURE_SPACE * (len(str(widest)) - len(str(number)))
    return title(name).removesuffix(str(number)) + fill + str(number)


def headline(caption: str) -> str:
    """Return what a figure or table shows, in a few words: how its caption begins.

    Parameters
    ----------
    caption : str
        Content of ``workflow/report/<name>.rst``. Its first sentence, up to a full stop, colon or
        semicolon, must be plain text.

    Raises
    ------
    ValueError
        If it is not.
    """
    paragraph = next(
        (part for part in _PARAGRAPH.split(caption.strip()) if not part.startswith((".. ", "{%"))),
        "",
    )
    found = _SENTENCE.match(" ".join(paragraph.split()))
    if not found:
        raise ValueError(f"caption begins with {paragraph[:60]!r}; begin with a plain sentence")
    return found[1]


def _place(name: str) -> tuple[str, int]:
    for _, pattern in _KINDS.values():
        if found := pattern.fullmatch(name):
            return found[1], int(found[2])
    raise ValueError(f"{name!r} is no name of a figure or table; write fig4, figs6 or table_s2")
