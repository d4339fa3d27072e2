"""The research object crate: complete, deterministic, and made only of what is known."""

import json
import os
import zipfile
from pathlib import Path

import pytest
from tests.unit import audited_results

from entangled_drums.cli import main
from entangled_drums.errors import ProvenanceError
from entangled_drums.provenance.chain import read_chain
from entangled_drums.provenance.crate import METADATA, write_crate
from entangled_drums.provenance.digest import file_digest


@pytest.fixture
def results(tmp_path: Path) -> Path:
    return audited_results.make(tmp_path)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    return tmp_path


def graph(path: Path) -> dict[str, dict]:
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        content = json.loads(archive.read(METADATA))
    return {entity["@id"]: entity for entity in content["@graph"]}


@pytest.fixture
def crate(results: Path, checkout: Path) -> Path:
    path = checkout / "crate.zip"
    write_crate(results, checkout, path)
    return path


def references(value: object) -> list[str]:
    if isinstance(value, dict):
        own = [value["@id"]] if set(value) == {"@id"} else []
        return own + [item for entry in value.values() for item in references(entry)]
    if isinstance(value, list):
        return [item for entry in value for item in references(entry)]
    return []


def test_every_file_is_listed_with_its_digest(crate: Path, results: Path, tmp_path: Path) -> None:
    entities = graph(crate)
    with zipfile.ZipFile(crate) as archive:
        names = set(archive.namelist()) - {METADATA}
        archive.extractall(tmp_path / "out")
    assert names == {item["@id"] for item in entities["./"]["hasPart"]}
    for name in names:
        assert entities[name]["sha256"] == file_digest(tmp_path / "out" / name)
        assert entities[name]["contentSize"] == str((tmp_path / "out" / name).stat().st_size)
    chain = read_chain(results)
    assert names >= {f"results/small/{name}" for name in (*chain.producers, *chain.records)} - {
        "results/small/audit/manifest.record.json"
    }
    assert names >= {"Snakefile", "scripts/infer_direct.py", "config/devices/assumed.yaml"}


def test_every_local_reference_leads_somewhere(crate: Path) -> None:
    entities = graph(crate)
    wanted = {item for entity in entities.values() for item in references(entity)}
    elsewhere = wanted - set(entities)
    assert all(name.startswith("https://") for name in elsewhere), elsewhere


def test_every_job_is_an_action(crate: Path, results: Path) -> None:
    entities = graph(crate)
    chain = read_chain(results)
    for name, record in chain.records.items():
        if name.startswith("audit/"):
            continue
        action = entities[f"#job/{name}"]
        assert action["identifier"] == record["id"]
        assert action["instrument"] == {"@id": f"scripts/{record['rule']}.py"}
        given = {item["@id"] for item in action["object"]}
        assert given >= {f"results/small/{entry}" for entry in record["inputs"]}
        assert {item["@id"] for item in action["result"]} == {
            f"results/small/{entry}" for entry in record["outputs"]
        }
        control = entities[f"#control/{name}"]
        assert control["object"] == {"@id": f"#job/{name}"}
    calibration = {
        item["@id"] for item in entities["#job/calibration/device.record.json"]["object"]
    }
    assert "#value/device.drum_1.thermal_occupation.value" in calibration
    assert entities["#value/device.drum_1.thermal_occupation.value"]["value"] == "40.0"


def test_nothing_is_invented(crate: Path) -> None:
    entities = graph(crate)
    text = json.dumps(entities)
    assert "startTime" not in text
    assert '"agent"' not in text
    assert entities["./"]["datePublished"] == audited_results.COMMIT["utc"]
    assert entities["./"]["author"] == [{"@id": "#author-1"}]
    assert entities["#author-1"]["name"] == "The authors"
    assert entities["#snakemake"]["softwareVersion"] == "9.27.1"


def test_without_authors_none_are_named(results: Path, checkout: Path) -> None:
    (checkout / "CITATION.cff").unlink()
    write_crate(results, checkout, checkout / "crate.zip")
    assert "author" not in graph(checkout / "crate.zip")["./"]


def test_files_from_outside_the_results(results: Path, checkout: Path, tmp_path: Path) -> None:
    """A lab's own recording: packed if it lies in the checkout, named by its digest if not."""
    inside, outside = checkout / "data" / "lab.nc", tmp_path.parent / f"{tmp_path.name}-lab.nc"
    inside.parent.mkdir()
    inside.write_bytes(b"inside")
    outside.write_bytes(b"outside")
    path = results / "calibration" / "device.record.json"
    record = audited_results.jsonfile.read(path)
    given = {"data/lab.nc": inside, str(outside): outside}
    changed = audited_results.compose(
        rule=record["rule"],
        code=record["code"],
        inputs={
            name: {"digest": file_digest(file), "record": None} for name, file in given.items()
        },
        settings=record["settings"],
    )
    audited_results.jsonfile.write(path, audited_results.seal(changed, record["outputs"], []))
    audited_results.forge(results, "tables/table_s2.md", "| D |", "| D |")
    write_crate(results, checkout, checkout / "crate.zip")
    entities = graph(checkout / "crate.zip")
    objects = [item["@id"] for item in entities["#job/calibration/device.record.json"]["object"]]
    assert "data/lab.nc" in objects
    assert entities["data/lab.nc"]["sha256"] == file_digest(inside)
    (absent,) = [name for name in objects if name.startswith("#outside/")]
    assert entities[absent]["sha256"] == file_digest(outside)
    assert "@type" in entities[absent]


def test_same_run_gives_the_same_bytes(crate: Path, results: Path, checkout: Path) -> None:
    before = crate.read_bytes()
    for path in checkout.rglob("*"):
        os.utime(path, (1e9, 1e9))
    write_crate(results, checkout, crate)
    assert crate.read_bytes() == before


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("results/small/figures/fig4.pdf", "1 finding, first: altered: figures/fig4.pdf"),
        ("results/small/truth/truth.record.json", "was not audited as it is now"),
        ("scripts/draw_fig4.py", "stale: scripts/draw_fig4.py"),
        ("config/devices/assumed.yaml", "was edited since the audit"),
        ("requirements/run.lock", "was edited since the audit"),
    ],
)
def test_what_does_not_fit_is_not_packed(
    results: Path, checkout: Path, name: str, message: str
) -> None:
    with open(checkout / name, "ab") as stream:
        stream.write(b" ")
    with pytest.raises(ProvenanceError, match=message):
        write_crate(results, checkout, checkout / "crate.zip")
    assert not list(checkout.glob("crate*"))


def test_command(results: Path, checkout: Path, capsys: pytest.CaptureFixture) -> None:
    words = ["crate", str(results), str(checkout / "crate.zip"), "--checkout", str(checkout)]
    assert main(words) == 0
    assert "crate.zip: written" in capsys.readouterr().out
    assert main([*words[:2], str(checkout / "no" / "crate.zip"), *words[3:]]) == 1
    assert "cannot be written" in capsys.readouterr().err
    assert main([*words[:4], str(checkout / "config")]) == 1
    assert "holds no Snakefile" in capsys.readouterr().err
