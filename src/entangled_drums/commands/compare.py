"""Set the results of two experiments side by side: a table, and a picture if it is wanted."""

import os
import tempfile
from dataclasses import replace
from pathlib import Path

from entangled_drums import jsonfile
from entangled_drums.errors import EntangledDrumsError
from entangled_drums.inference.side_by_side import Outcome, outcome, pairs
from entangled_drums.provenance.chain import audited_root
from entangled_drums.provenance.record import SUFFIX
from entangled_drums.tables import side_by_side
from entangled_drums.tables.output import csv_text, markdown_text
from entangled_drums.tables.printed import plain_text, read_markdown

VERDICT = Path("inference", "verdict.json")
STEM = "side-by-side"
FILES = ("csv", "md", "pdf", "png")


def compare(first: str, second: str, target: str | None) -> None:
    """Print two experiments side by side, and write table and picture.

    Parameters
    ----------
    first, second : str
        Results folders, ``results/<experiment>``.
    target : str or None
        Folder to write ``side-by-side.csv``, ``.md``, ``.pdf`` and ``.png`` into; it is made if
        it is not there. None writes nothing.

    Raises
    ------
    EntangledDrumsError
        If a folder holds no results, or the files cannot be written.
    """
    folders = Path(first), Path(second)
    one, other = (read_outcome(folder) for folder in folders)
    if one.name == other.name:
        one, other = (
            replace(found, name=str(folder))
            for found, folder in zip((one, other), folders, strict=True)
        )
    table = side_by_side.table(one, other, pairs(one, other))
    print(plain_text(read_markdown(markdown_text(table, None))), end="")
    for letter, folder in zip("AB", folders, strict=True):
        root = audited_root(folder)
        print(f"{letter}: root digest {root}" if root else f"{letter}: not as it was audited")
    if target is None:
        return
    try:
        _write(Path(target), one, other)
    except OSError as error:
        raise EntangledDrumsError(
            f"{target}: cannot be written ({error.strerror}); give another folder"
        ) from None
    print(f"{target}: {STEM}.csv, .md, .pdf and .png written")


def read_outcome(folder: Path) -> Outcome:
    """Read what an experiment found.

    Parameters
    ----------
    folder : Path
        ``results/<experiment>``.

    Raises
    ------
    EntangledDrumsError
        If it holds no results.
    """
    if not folder.is_dir():
        raise EntangledDrumsError(f"{folder}: no such folder; give results/<experiment>")
    if not (folder / VERDICT).is_file():
        raise EntangledDrumsError(
            f"{folder}: holds no verdict ({VERDICT}); give results/<experiment> of a finished run"
        )
    routes = sorted(
        path for path in folder.glob("inference/*/*.json") if not path.name.endswith(SUFFIX)
    )
    try:
        contents = [jsonfile.read(path) for path in routes]
        return outcome(
            folder.resolve().name,
            jsonfile.read(folder / VERDICT),
            # What else stands beside the routes' results, such as an error budget, names no route.
            [content for content in contents if "route" in content],
        )
    except EntangledDrumsError as error:
        message = str(error)
        raise EntangledDrumsError(
            message if message.startswith(str(folder)) else f"{folder}: {message}"
        ) from None


def _write(target: Path, first: Outcome, second: Outcome) -> None:
    # Drawing takes a second to load, and most comparisons are only read.
    from entangled_drums.figures import side_by_side as figure
    from entangled_drums.figures.output import write_figure

    compared = pairs(first, second)
    table = side_by_side.table(first, second, compared)
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{STEM}", dir=target) as scratch:
        paths = {kind: Path(scratch, f"{STEM}.{kind}") for kind in (*FILES, "plotted.csv")}
        write_figure(
            figure.draw(first, second, compared),
            {"pdf": paths["pdf"], "png": paths["png"], "csv": paths["plotted.csv"]},
            figure.plotted(compared),
            None,
        )
        for kind, content in (("csv", csv_text(table)), ("md", markdown_text(table, None))):
            paths[kind].write_text(content, encoding="utf-8", newline="\n")
        for kind in FILES:
            os.replace(paths[kind], target / paths[kind].name)
