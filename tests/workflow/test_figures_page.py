"""docs/figures.md, followed to the letter, adds a figure."""

import re
from pathlib import Path

from tests.workflow.checkouts import ROOT, make_checkout

PAGE = ROOT / "docs" / "figures.md"
PIECE = re.compile(r"^The \w+, (at the end of )?`([^`]+)`:\n\n```\w+\n(.*?)^```$", re.M | re.S)


def test_the_page_adds_a_figure(tmp_path: Path) -> None:
    checkout = make_checkout(tmp_path)
    pieces = PIECE.findall(PAGE.read_text(encoding="utf-8"))
    assert len(pieces) == 5
    for appended, name, text in pieces:
        path = checkout.folder / name
        assert path.exists() == bool(appended), name
        with open(path, "a", encoding="utf-8") as stream:
            stream.write(text)
    toy = checkout.folder / "config/experiments/toy.yaml"
    chosen = re.compile(r"(?m)^  drawn: .*\n")
    assert chosen.search(toy.read_text(encoding="utf-8"))
    toy.write_text(chosen.sub("", toy.read_text(encoding="utf-8")), encoding="utf-8")
    checkout.run("--cores", "2", "draw_figx1")
    figures = checkout.folder / "results" / "toy" / "figures"
    for kind in ("pdf", "png", "csv", "rst", "record.json"):
        assert (figures / f"figx1.{kind}").stat().st_size > 0
    numbers = (figures / "figx1.rst").read_text(encoding="utf-8")
    assert re.fullmatch(r"\.\. \|most\| replace:: \d\.\d\d dB\n", numbers)
    # It is part of a whole run like the others.
    assert "draw_figx1" not in checkout.planned()
    (figures / "figx1.png").unlink()
    assert checkout.planned()["draw_figx1"] == 1
