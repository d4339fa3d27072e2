"""report.html of a run: every item is there, opens, and has its caption; nothing is fetched."""

import json
import re
from pathlib import Path

import pytest
from tests.pages.browser import Page

from entangled_drums import jsonfile
from entangled_drums.exhibits import FIGURE_SPACE, FIGURES, TABLES, even_title, exhibits, title

CAPTIONS = Path(__file__).parents[2] / "workflow" / "report"
LINK = "[...document.querySelectorAll('a')].find(one => one.innerText.trim() === {!r})"


@pytest.fixture
def report(results: Path, page: Page, alone) -> Page:
    page.open(alone(results / "report.html"))
    page.wait_for("document.querySelector('#app').innerText.includes('RESULTS')")
    return page


def quiet(report: Page) -> None:
    assert report.complaints() == []
    assert [url.rsplit("/", 1)[1] for url in report.requested()] == ["report.html"]


def test_every_figure_and_table_of_the_run_is_an_item(results: Path, report: Page) -> None:
    items = report.evaluate("results")
    names = [
        path.as_posix() for path in results.rglob("*") if path.parent.name in (FIGURES, TABLES)
    ]
    found = {
        Path(path).stem: item["labels"]["name"].split(":")[0].replace(FIGURE_SPACE, "")
        for path, item in items.items()
        if Path(path).parent.name in (FIGURES, TABLES)
    }
    expected = [*exhibits(names, FIGURES), *exhibits(names, TABLES)]
    assert found == {name: title(name) for name in expected}
    for path, item in items.items():
        assert len(re.sub("<[^>]*>", "", item["caption"])) > 100, path
        assert "system-message" not in item["caption"], path
        assert item["job_properties"]["rule"], path


@pytest.mark.parametrize("kind", [FIGURES, TABLES])
def test_items_stand_in_the_papers_order(page: Page, kind: str) -> None:
    """As the report compares labels, for all figures; an experiment may draw fewer."""
    names = exhibits((f"{kind}/{path.name}" for path in CAPTIONS.glob("*.rst")), kind)
    labels = [f"{even_title(name, names)}: {name}" for name in names]
    shuffled = json.dumps(sorted(labels, key=lambda label: label[::-1]))
    assert page.evaluate(f"{shuffled}.sort((a, b) => a.localeCompare(b))") == labels


def test_front_page_quotes_verdict_and_root_digest(results: Path, report: Page) -> None:
    shown = report.evaluate("document.body.innerText")
    manifest = jsonfile.read(results / "audit" / "manifest.json")
    assert manifest["root_digest"] in shown
    assert jsonfile.read(results / "inference" / "verdict.json")["summary"] in shown
    assert manifest["config"]["title"] in shown
    link = report.evaluate(f"{LINK.format('paper.html')}.getAttribute('href')")
    assert (results / link).is_file()
    quiet(report)


def test_every_category_opens_and_shows_its_items(report: Page) -> None:
    categories = report.evaluate("Object.keys(categories)")
    assert sorted(categories) == ["Audit", "Configuration", "Figures", "Tables"]
    for category in categories:
        report.evaluate(f"{LINK.format(category)}.click()")
        report.wait_for("document.querySelectorAll('tbody tr').length > 0")
        rows = report.evaluate("document.querySelectorAll('tbody tr').length")
        labels = report.evaluate("[...document.querySelectorAll('tbody tr')].map(o => o.innerText)")
        assert rows == report.evaluate(f"Object.values(categories[{category!r}]).flat().length")
        for row in range(rows):
            button = f"document.querySelectorAll('tbody tr')[{row}].querySelector('a')"
            if category == "Figures":
                report.evaluate(f"{button}.click()")
                # The picture, and not one of the item before.
                report.wait_for("[...document.images].some(one => one.naturalWidth > 1000)")
            elif category == "Tables":
                report.evaluate(f"{button}.click()")
                report.wait_for("document.querySelector('iframe')")
            else:
                assert report.evaluate(f"{button}.download").endswith(".json"), labels[row]
                assert report.evaluate(f"{button}.href").startswith("data:application/json")
        report.evaluate("document.querySelector('#app a').click()")
        quiet(report)
        report.open(Path(report.evaluate("decodeURIComponent(location.pathname)")))
        report.wait_for("document.querySelector('#app').innerText.includes('RESULTS')")


def test_caption_of_a_figure_shows_the_numbers_of_the_run(results: Path, report: Page) -> None:
    name = next(path.stem for path in sorted((results / FIGURES).glob("*.rst")))
    quoted = (results / FIGURES / f"{name}.rst").read_text(encoding="utf-8")
    report.evaluate(f"{LINK.format('Figures')}.click()")
    report.wait_for("document.querySelectorAll('tbody tr').length > 0")
    row = f"find(one => one.innerText.includes({title(name)!r}))"
    rows = f"[...document.querySelectorAll('tbody tr')].{row}"
    report.evaluate(f"{rows}.querySelectorAll('a')[1].click()")
    report.wait_for(f"document.body.innerText.includes('draw_{name}')")
    shown = report.evaluate("document.body.innerText")
    numbers = re.findall(r"^\.\. \|\S+\| replace:: (.*)$", quoted, re.M)
    assert numbers
    # A caption need not use all of them in every experiment.
    assert sum(re.sub(r"\\(.)", r"\1", number) in shown for number in numbers) > 0
    quiet(report)


@pytest.mark.parametrize("view", ["Workflow", "Statistics"])
def test_workflow_and_runtime_are_drawn(report: Page, view: str) -> None:
    report.evaluate(f"{LINK.format(view)}.click()")
    report.wait_for("document.querySelector('canvas, svg.marks')")
    rules = report.evaluate("Object.keys(rules)")
    assert {"write_paper", "audit", "draw_fig4"} <= set(rules)
    quiet(report)
