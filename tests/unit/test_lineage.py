"""Tracing a result back to the lines of the config, from a results folder alone."""

import json
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit import audited_results

from entangled_drums import jsonfile
from entangled_drums.cli import main
from entangled_drums.errors import ProvenanceError
from entangled_drums.provenance import lineage
from entangled_drums.provenance.carried import carried_record
from entangled_drums.provenance.lineage_html import page, picture
from entangled_drums.provenance.lineage_text import tree

CELL = "duan, 140 kHz, x=0.62, direct"
TRACEABLE = ("pdf", "png", "nc", "json", "md")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return audited_results.make(tmp_path_factory.mktemp("lineage"))


@pytest.fixture
def results(made: Path, tmp_path: Path) -> Path:
    """A results folder alone, away from its checkout."""
    copy = tmp_path / "small"
    shutil.copytree(made, copy)
    return copy


def traced(results: Path, given: str = "fig4", cell: str | None = None) -> dict:
    return lineage.trace(lineage.find_target(given, [results]), cell)


def test_figure_leads_back_to_the_device_file(results: Path) -> None:
    found = traced(results, str(results / "figures/fig4.pdf"))
    assert found["target"]["name"] == "figures/fig4.pdf"
    rules = [job["rule"] for job in found["jobs"]]
    assert rules == ["draw_fig4", "infer_direct", "infer_direct", "calibrate_device"] + [
        "record_emission"
    ] * 2 + ["draw_truth"]
    assert found["jobs"][0]["script"] == "scripts/draw_fig4.py"
    assert found["problems"] == []
    (parameter,) = [item for item in found["parameters"] if item["key"].startswith("device")]
    assert parameter == {
        "key": "device.drum_1.thermal_occupation",
        "value": 40.0,
        "uncertainty": 2.0,
        "status": "assumed",
        "source": "assumption of a <test> & nothing else",
        "file": "config/devices/assumed.yaml",
        "line": audited_results.DEVICE_FILE[
            : audited_results.DEVICE_FILE.index("thermal_occupation")
        ].count("\n")
        + 1,
    }
    assert found["made"]["commit"] == "0" * 40
    json.dumps(found)


def test_table_cell_follows_one_row_only(results: Path) -> None:
    found = traced(results, "table_s2", CELL)
    assert found["target"]["cell"]["text"] == "0.8"
    assert found["target"]["cell"]["from"] == {
        "name": "inference/near/direct.json",
        "key": "quantities.duan.value",
    }
    records = {job["record"] for job in found["jobs"]}
    assert "inference/near/direct.record.json" in records
    assert not any("far" in record for record in records)
    assert "truth/truth.record.json" in records


@pytest.mark.parametrize(
    "words",
    [
        "duan, near",
        "DUAN, 0.14 MHz, ratio = 0.62",
        "duan,140000 Hz,operating_point=near",
        "duan_uncertainty, point=near",
    ],
)
def test_cells_are_named_in_several_ways(results: Path, words: str) -> None:
    cell = traced(results, "table_s2", words)["target"]["cell"]
    assert cell["row"]["operating_point"] == "near"
    assert cell["from"]["name"] == "inference/near/direct.json"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("duna, near", "did you mean duan"),
        ("near", "names no column"),
        ("duan", "2 rows fit; add for example operating_point=near"),
        ("duan, ratio, near", "names two columns"),
        ("duan, 141 kHz", "no row of table_s2.csv fits '141 kHz'"),
        ("duan, nearby", "no row"),
        ("", "names no column"),
        ("duan, x=", "no row"),
    ],
)
def test_cell_that_is_not_there(results: Path, words: str, message: str) -> None:
    with pytest.raises(ProvenanceError, match=re.escape(message)) as error:
        traced(results, "table_s2", words)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("form", TRACEABLE)
def test_every_kind_of_file_carries_its_record(results: Path, form: str) -> None:
    chain = lineage.read_chain(results)
    names = [name for name in chain.producers if name.endswith(f".{form}") and "audit" not in name]
    assert names
    for name in names:
        assert carried_record(results / name) == chain.records[chain.producers[name]]["id"]


@pytest.mark.parametrize("form", TRACEABLE)
def test_renamed_copy_is_traced(results: Path, tmp_path: Path, form: str) -> None:
    name = next(
        name for name in sorted(lineage.read_chain(results).producers) if name.endswith(form)
    )
    name = "inference/near/direct.json" if form == "json" else name
    mailed = tmp_path / f"mailed.{form}"
    mailed.write_bytes((results / name).read_bytes())
    target = lineage.find_target(str(mailed), [results])
    assert (target.name, target.note) == (name, f"mailed.{form} is this file, to the byte")
    # Saved again by a mail program: other bytes at the end, the same record inside.
    mailed.write_bytes(mailed.read_bytes() + b"\n")
    target = lineage.find_target(str(mailed), [results])
    assert target.name.endswith(f".{form}")
    assert "its bytes are others" in target.note


def test_unknown_files_are_refused_in_one_line(results: Path, tmp_path: Path) -> None:
    stranger = tmp_path / "stranger.png"
    stranger.write_bytes(b"\x89PNG\r\n\x1a\n" + b"\xff" * 50)
    for words, message in (
        (str(stranger), "carries no record"),
        ("absent", "no figure or table of that name"),
        ("no/such/file.pdf", "does not exist"),
        (str(results), "is a folder"),
        (str(results / "figures/fig4.record.json"), "is a record"),
    ):
        with pytest.raises(ProvenanceError, match=message) as error:
            lineage.find_target(words, [results])
        assert "\n" not in str(error.value)


def test_damage_along_the_chain_is_shown(results: Path) -> None:
    (results / "recordings/near/emission.nc").write_bytes(b"other")
    found = traced(results)
    assert found["problems"] == ["recordings/near/emission.nc: does not fit its record"]
    text = tree(found)
    assert text.startswith("PROBLEM: recordings/near/emission.nc: does not fit its record\n")
    assert f"  recorded sha256 {found['target']['digest']}\n" in text
    html = page(found)
    assert html.index('<p class="problem">') < html.index("SHA-256 (recorded)")
    assert "DOES NOT FIT" in page(found)


def test_input_made_again_is_shown(results: Path) -> None:
    audited_results.add(
        results, "calibrate_device", {"calibration/device.json": {"values": {}}}, config_keys=[]
    )
    problems = traced(results)["problems"]
    assert "inference/near/direct.json: calibration/device.json is not what it was made from" in (
        problems
    )


def test_tree_reads_as_a_tree(results: Path) -> None:
    text = tree(traced(results, "table_s2", CELL))
    assert "duan, near, direct = 0.8 ± 0.02" in text
    assert "taken from inference/near/direct.json: quantities.duan.value" in text
    assert "\n└─ inference/near/direct.json\n" in text
    assert "\n   ├─ calibration/device.json\n" in text
    assert "\n      └─ truth/truth.json\n" in text
    assert "log: logs/infer_direct/near.log" in text
    assert "device.drum_1.thermal_occupation = 40.0 ± 2.0  [config/devices/assumed.yaml:3]" in text
    assert "assumed: assumption of a <test> & nothing else" in text
    assert max(map(len, text.splitlines())) <= 110


def test_one_step_names_only_the_job(results: Path) -> None:
    shown = lineage.one_step(traced(results, "table_s2"))
    assert [job["rule"] for job in shown["jobs"]] == ["write_table_s2"]
    text = tree(shown)
    assert "rule write_table_s2, scripts/write_table_s2.py" in text
    assert "made from: inference/far/direct.json, inference/near/direct.json" in text
    assert "emission" not in text


class Strict(HTMLParser):
    """Collects tags and attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.references: list[str] = []

    def handle_starttag(self, tag: str, attrs: list) -> None:
        self.tags.add(tag)
        for name, value in attrs:
            self.attributes.add(name)
            if name in ("href", "src"):
                self.references.append(value)


TAGS = {
    *("html", "head", "meta", "title", "style", "body", "h1", "h2", "h3", "p", "strong", "code"),
    *("table", "tr", "th", "td", "div", "section", "svg", "path", "rect", "text", "a"),
}


def checked(text: str) -> Strict:
    parser = Strict()
    parser.feed(text)
    assert parser.tags <= TAGS, parser.tags - TAGS
    assert not any(name.startswith("on") for name in parser.attributes)
    assert all(reference.startswith("#job-") for reference in parser.references)
    return parser


def test_page_needs_nothing_but_itself(results: Path) -> None:
    found = traced(results, "table_s2", CELL)
    text = page(found)
    checked(text)
    assert text.isascii()
    assert "assumption of a &lt;test&gt; &amp; nothing else" in text
    drawing = ElementTree.fromstring(picture(found))  # well-formed
    space = "{http://www.w3.org/2000/svg}"
    assert len(drawing.findall(f".//{space}rect")) == len(found["jobs"])
    used = {item["record"] for job in found["jobs"] for item in job["inputs"]}
    assert len(drawing.findall(f"{space}path")) >= len(used) - 1
    anchors = {reference[1:] for reference in checked(text).references}
    assert anchors == set(re.findall(r'section id="([^"]+)"', text))


HOSTILE = st.one_of(
    st.text(max_size=40),
    st.sampled_from(
        [
            "<script>alert(1)</script>",
            '"><img src=x onerror=alert(1)>',
            "</style><script>",
            "' onload='x",
            "javascript:alert(1)",
            "]]>",
            "<!--",
            "\x1b[2J\x07",
            "\u202e",
        ]
    ),
)


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(words=st.lists(HOSTILE, min_size=12, max_size=12))
def test_texts_of_strangers_are_escaped(words: list[str]) -> None:
    """Whatever stands in records, config and tables: no tag, no attribute, no control character."""
    rule, script, key, source, value, status, file, log, commit, column, note, problem = words
    job = {
        "record": "a.record.json",
        "id": "0" * 64,
        "depth": 0,
        "rule": rule,
        "script": script,
        "modules": [script],
        "code": {},
        "config_keys": [key],
        "seed": {"root": value, "dataset": source, "index": [rule]},
        "versions": {source: value},
        "log": log,
        "inputs": [
            {"name": file, "digest": value, "record": None, "opened": True, "fits": None},
        ],
        "outputs": [{"name": file, "digest": value, "fits": False}],
    }
    text_of = {
        "schema": 1,
        "target": {
            "name": file,
            "folder": rule,
            "note": note,
            "digest": "0",
            "record": "1",
            "cell": {
                "column": column,
                "text": value,
                "uncertainty": status,
                "row": {"route": rule},
                "from": {"name": file, "key": key},
            },
        },
        "jobs": [job],
        "parameters": [
            {
                "key": key,
                "value": {source: value},
                "uncertainty": value,
                "status": status,
                "source": source,
                "file": file,
                "line": 3,
            }
        ],
        "made": {
            "commit": commit,
            "uncommitted_changes": None,
            "utc": value,
            "processor": source,
            "blas": [value],
            "root_digest": "2",
        },
        "problems": [problem],
    }
    checked(page(text_of))
    ElementTree.fromstring(picture(text_of))
    assert all(line.isprintable() for line in tree(text_of).splitlines())


def test_command(results: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    folder = ["--results", str(results)]
    assert main(["trace", "table_s2", CELL, "--json", *folder]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed == jsonfile.plain(traced(results, "table_s2", CELL))
    assert main(["trace", "fig4", "--html", str(tmp_path / "fig4.html"), *folder]) == 0
    checked((tmp_path / "fig4.html").read_text())
    (results / "truth/truth.json").write_text("?")
    assert main(["trace", "fig4", *folder]) == 3
    assert main(["trace", "fig4", "--html", str(tmp_path / "no" / "fig4.html"), *folder]) == 1
    assert "cannot be written" in capsys.readouterr().err


def test_works_away_from_the_checkout_and_without_snakemake(results: Path) -> None:
    program = (
        "import sys\n"
        "sys.modules['snakemake'] = None\n"
        "from entangled_drums.cli import main\n"
        "code = main(['trace', 'figures/fig4.png'])\n"
        "code += main(['verify', '.'])\n"
        "sys.exit(code)\n"
    )
    finished = subprocess.run(
        [sys.executable, "-c", program],
        cwd=results,
        env={"PYTHONPATH": str(audited_results.ROOT / "src")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert "[config/devices/assumed.yaml:3]" in finished.stdout
    assert "everything fits" in finished.stdout
