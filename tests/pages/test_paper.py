"""paper.html of a run, as a reader sees it: on the screen, on paper, and far from its folder."""

import hashlib
import re
from pathlib import Path

import pytest
from tests.pages.browser import Page

from entangled_drums import jsonfile
from entangled_drums.exhibits import FIGURES, TABLES, exhibits, title

MM = 96.0 / 25.4  # CSS pixels


@pytest.fixture(scope="module")
def paper(results: Path, page: Page) -> Page:
    page.open(results / "paper.html")
    return page


def test_nothing_complains_and_nothing_is_fetched(paper: Page) -> None:
    assert paper.complaints() == []
    assert [url.rsplit("/", 1)[1] for url in paper.requested()] == ["paper.html"]


def test_pictures_load_at_the_width_they_are_printed_in(paper: Page) -> None:
    found = paper.evaluate(
        "[...document.images].map(one => [one.naturalWidth, one.getBoundingClientRect().width])"
    )
    assert found
    for dots, pixels in found:
        assert dots == int(pixels / MM / 25.4 * 300 + 0.5)
        assert pixels <= 183.1 * MM


def test_every_link_leads_to_a_file_or_a_place_on_the_page(results: Path, paper: Page) -> None:
    links = paper.evaluate("[...document.links].map(one => one.getAttribute('href'))")
    assert len(links) > 10
    for link in links:
        if link.startswith("#"):
            assert paper.evaluate(f"document.getElementById({link[1:]!r}) !== null"), link
        else:
            assert (results / link).is_file(), link
    # A click really goes there.
    paper.evaluate("document.querySelector('nav a[href=\"#fig4\"]').click()")
    paper.wait_for("document.querySelector('#fig4').getBoundingClientRect().top < 5")


def test_order_and_titles_follow_the_paper(results: Path, paper: Page) -> None:
    names = [
        path.as_posix() for path in results.rglob("*") if path.parent.name in (FIGURES, TABLES)
    ]
    expected = [*exhibits(names, FIGURES), *exhibits(names, TABLES)]
    shown = paper.evaluate("[...document.querySelectorAll('.exhibit')].map(one => one.id)")
    assert shown == expected
    for name in shown:
        text = paper.evaluate(f"document.querySelector('#{name} figcaption').innerText")
        assert text.startswith(f"{title(name)}. ")
        assert len(text) > 200
        assert "assumed" in text or "Assumed" in text
        record = jsonfile.read(next(results.glob(f"*/{name}.record.json")))
        assert record["rule"] in text
        assert record["id"][:16] in text
    sections = paper.evaluate("[...document.querySelectorAll('body > section')].map(o => o.id)")
    assert sections == ["verdict", "assumptions", *expected, "colophon"]


def test_verdict_is_the_experiments_own(results: Path, paper: Page) -> None:
    verdict = jsonfile.read(results / "inference" / "verdict.json")
    assert (
        f"verdict: {paper.evaluate('document.querySelector(`.summary`).innerText')}"
        == (verdict["summary"])
    )
    rows = paper.evaluate(
        "[...document.querySelectorAll('.verdicts tbody tr')].map("
        "row => [row.cells[0].innerText, row.cells[3].innerText])"
    )
    assert rows == [[point["operating_point"], point["verdict"]] for point in verdict["points"]]


def test_every_parameter_of_the_device_is_listed_on_one_page(results: Path, paper: Page) -> None:
    config = jsonfile.read(results / "parameters" / "resolved.json")["experiment"]
    expected = {
        f"{part}.{name}": (entry["status"], entry["source"])
        for part, content in config["device"].items()
        if isinstance(content, dict)
        for name, entry in content.items()
    }
    recalled = config["comparison"]["recalled_duan"]
    expected["comparison.recalled_duan"] = (recalled["status"], recalled["source"])
    rows = paper.evaluate(
        "[...document.querySelectorAll('.assumptions tbody tr')].map("
        "row => [...row.cells].map(cell => cell.innerText))"
    )
    found = {key: (status, source) for key, _, status, source in rows}
    assert {key: found.get(key) for key in expected} == expected
    paper.call("Emulation.setEmulatedMedia", media="print")
    height = paper.evaluate("document.querySelector('#assumptions').getBoundingClientRect().height")
    paper.call("Emulation.setEmulatedMedia", media="")
    assert height < (297.0 - 30.0) * MM


def test_it_prints_on_a4(paper: Page) -> None:
    printed = paper.pdf()
    boxes = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", printed)
    assert len(boxes) >= 4
    for width, height in boxes:
        assert float(width) == pytest.approx(210.0 / 25.4 * 72.0, abs=1.0)
        assert float(height) == pytest.approx(297.0 / 25.4 * 72.0, abs=1.0)


def test_nothing_is_wider_than_the_paper(paper: Page) -> None:
    paper.call("Emulation.setEmulatedMedia", media="print")
    wide = paper.evaluate(
        "[...document.querySelectorAll('body *')].map(one => "
        "[one.tagName, one.innerText || '', one.getBoundingClientRect().right - "
        "document.body.getBoundingClientRect().right]).filter(found => found[2] > 1)"
    )
    paper.call("Emulation.setEmulatedMedia", media="")
    assert wide == []


def test_it_is_complete_without_its_folder(results: Path, page: Page, alone) -> None:
    path = alone(results / "paper.html")
    page.open(path)
    assert page.complaints() == []
    assert page.evaluate("[...document.images].every(one => one.naturalWidth > 0)")
    record = jsonfile.read(results / "paper.record.json")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert record["outputs"] == {"paper.html": digest}
    assert path.stat().st_size < 20e6
