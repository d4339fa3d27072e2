"""The audit of real results: a run ends with it, finds damage, and proves the analysis blind."""

import json
import os
import random
import subprocess
from pathlib import Path

import pytest
import yaml
from tests.workflow.checkouts import Checkout
from tests.workflow.conftest import FinishedRun

from entangled_drums import jsonfile
from entangled_drums.cli import main
from entangled_drums.provenance.chain import files, read_chain
from entangled_drums.provenance.digest import file_digest
from entangled_drums.provenance.manifest import MANIFEST, read_manifest
from entangled_drums.provenance.verify import verify

TOY = "config/experiments/toy.yaml"
INFERENCE = "workflow/rules/inference.smk"


@pytest.fixture(scope="module")
def finished(finished_run: FinishedRun, tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    return finished_run.checkout.copied_to(tmp_path_factory.mktemp("audit") / "checkout")


@pytest.fixture
def results(finished: Checkout) -> Path:
    return finished.folder / "results" / "toy"


@pytest.fixture
def edited(finished: Checkout, tmp_path: Path) -> Checkout:
    """A copy of the finished checkout, to be edited."""
    return finished.copied_to(tmp_path / "copy")


def test_run_ends_with_the_root_digest(finished_run: FinishedRun) -> None:
    folder = finished_run.checkout.folder
    results = folder / "results/toy"
    manifest = read_manifest(results / MANIFEST)
    assert f"\nroot digest {manifest['root_digest']}\n" in finished_run.told
    report = verify(results, root=manifest["root_digest"], checkout=folder)
    assert report.findings == ()
    assert report.root == manifest["root_digest"]
    assert main(["verify", str(results), "--checkout", str(folder)]) == 0


def test_manifest_says_where_the_run_was_made(finished: Checkout, results: Path) -> None:
    made = read_manifest(results / MANIFEST)["made"]
    head = subprocess.run(
        ["git", "rev-parse", "HEAD"],
        cwd=finished.folder,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    assert made["commit"] == head
    assert made["uncommitted_changes"] is False
    assert made["blas"]


def test_every_result_is_audited_and_nothing_lies_about(results: Path) -> None:
    manifest = read_manifest(results / MANIFEST)
    known = {*manifest["artefacts"], *manifest["records"], "audit/manifest.record.json"}
    assert set(files(results)) == known
    assert manifest["orphaned"] == []
    protected = set(manifest["blind"])
    assert protected == {
        name for name in manifest["records"] if name.startswith(("calibration/", "inference/"))
    }
    assert protected


def test_one_flipped_byte_in_any_file_is_found(results: Path) -> None:
    names = [*files(results), MANIFEST]
    assert len(names) > 30
    generator = random.Random(1)
    for name in names:
        path = results / name
        content, dates = path.read_bytes(), path.stat()
        place = generator.randrange(len(content))
        path.write_bytes(content[:place] + bytes([content[place] ^ 4]) + content[place + 1 :])
        os.utime(path, ns=(dates.st_atime_ns, dates.st_mtime_ns))
        found = {finding.name for finding in verify(results).findings}
        path.write_bytes(content)
        os.utime(path, ns=(dates.st_atime_ns, dates.st_mtime_ns))
        assert name in found, (name, place)
    assert verify(results).findings == ()


def test_one_flipped_byte_in_any_input_is_found(edited: Checkout) -> None:
    """Code, config and lock, which the records know by their digests too."""
    results = edited.folder / "results/toy"
    chain = read_chain(results)
    code = {name for record in chain.records.values() for name in record["code"]}
    inputs = {
        name
        for record in chain.records.values()
        for name in record["inputs"]
        if not (results / name).exists()
    }
    assert len(code) > 50
    assert {TOY, "requirements/run.lock"} <= inputs
    for name in sorted(code | inputs):
        path = edited.folder / name
        content = path.read_bytes()
        path.write_bytes(content[:-1] + bytes([content[-1] ^ 4]) if content else b"#")
        found = {finding.name for finding in verify(results, checkout=edited.folder).findings}
        path.write_bytes(content)
        assert name in found, name
    assert verify(results, checkout=edited.folder).findings == ()


def test_audit_costs_at_most_a_tenth_of_the_run(results: Path) -> None:
    """Processor time, which other processes on the machine do not change."""
    spent = {
        path.relative_to(results / "benchmarks").as_posix(): json.loads(path.read_text())[
            "cpu_time"
        ]
        for path in results.glob("benchmarks/*/*.jsonl")
    }
    assert spent["audit/job.jsonl"] <= 0.1 * sum(spent.values())


def test_edited_code_and_config_are_named(edited: Checkout, capsys: pytest.CaptureFixture) -> None:
    results = edited.folder / "results" / "toy"
    edited.replace("src/entangled_drums/figures/fig4.py", "_ROW_MM = 52.0", "_ROW_MM = 53.0")
    edited.replace(TOY, "value: 0.83", "value: 0.84")
    assert main(["verify", str(results), "--checkout", str(edited.folder)]) == 4
    lines = capsys.readouterr().out
    assert (
        "stale: src/entangled_drums/figures/fig4.py: is another here than the one that made "
        "figures/fig4.record.json" in lines
    )
    assert (
        "stale: figures/fig4.pdf: made with another config: comparison.recalled_duan.value" in lines
    )
    assert "table_s2" not in lines


def test_a_schema_that_lacks_what_the_program_needs_is_named(
    edited: Checkout, capsys: pytest.CaptureFixture
) -> None:
    """An older checkout knows neither the section nor its key in the experiment file."""
    for name in ("workflow/schemas/experiment.yaml", TOY):
        path = edited.folder / name
        tree = yaml.safe_load(path.read_text())
        if name == TOY:
            del tree["calibration"]
        else:
            del tree["properties"]["calibration"]
            tree["required"].remove("calibration")
        path.write_text(yaml.safe_dump(tree, sort_keys=False))
    results = edited.folder / "results" / "toy"
    assert main(["verify", str(results), "--checkout", str(edited.folder)]) == 4
    assert (
        "stale: workflow/schemas: this program needs 'calibration', which the schema of that "
        "checkout does not know" in capsys.readouterr().out
    )


def test_number_of_the_table_is_traced_to_the_device_file(
    finished: Checkout, results: Path, capsys: pytest.CaptureFixture
) -> None:
    words = ["trace", "table_s2", "duan, 140 kHz, x=0.62, direct", "--results", str(results)]
    assert main([*words, "--json"]) == 0
    traced = json.loads(capsys.readouterr().out)
    direct = jsonfile.read(results / "inference/reference-x620/direct.json")
    cell = traced["target"]["cell"]
    assert float(cell["text"]) == direct["quantities"]["duan"]["value"]
    assert cell["from"]["name"] == "inference/reference-x620/direct.json"
    assert [job["rule"] for job in traced["jobs"]][:2] == ["write_table_s2", "infer_direct"]
    assert {job["rule"] for job in traced["jobs"]} >= {"record_emission", "calibrate_device"}
    assert all(job["log"] for job in traced["jobs"])
    device = [item for item in traced["parameters"] if item["key"].startswith("device.")]
    assert len(device) > 15
    lines = (finished.folder / device[0]["file"]).read_text().splitlines()
    for item in device:
        assert item["source"]
        assert lines[item["line"] - 1].strip() == item["key"].rsplit(".", 1)[1] + ":"


def refused(checkout: Checkout, *targets: str) -> str:
    """Run again; the run must fail, and leave no manifest that vouches for its results."""
    failed = checkout.snakemake("--cores", "2", *targets)
    assert failed.returncode == 1
    text = failed.stdout + failed.stderr
    assert "root digest" not in text
    return text


def test_truth_declared_as_an_input_is_caught(edited: Checkout) -> None:
    given = "rules.calibrate_device.output.calibration"
    truth = "rules.draw_truth.output.truth"
    for old, new in (
        (f"calibration={given},\n", f"calibration={given},\n        truth={truth},\n"),
        (f"others=({given},)", f"others=({given}, {truth})"),
    ):
        edited.replace(INFERENCE, old, new, after="rule infer_direct:")
    text = refused(edited)
    assert "audit: " in text
    assert (
        "not blind: inference/reference-x450/direct.record.json <- truth/truth.record.json: "
        "reads truth/" in text
    )


def test_truth_read_by_an_undeclared_path_is_caught(edited: Checkout) -> None:
    edited.replace(
        "scripts/infer_direct.py",
        "def main(job: Job) -> None:\n",
        'def main(job: Job) -> None:\n    open("results/toy/truth/truth.json").read()\n',
    )
    text = refused(edited, "results/toy/inference/reference-x450/direct.json")
    assert "infer_direct: the job opened undeclared files: " in text
    assert "results/toy/truth/truth.json" in text


def test_truth_smuggled_through_the_config_is_caught(edited: Checkout) -> None:
    """A true value is written into the experiment file, and the inference is handed that key."""
    truth = jsonfile.read(edited.folder / "results/toy/truth/truth.json")["values"]
    edited.replace(TOY, "value: 0.83", f"value: {truth['heating.cavity_exponent']!r}")
    edited.replace(
        INFERENCE,
        "            point=wildcards.point,\n",
        '            point=wildcards.point,\n            guess=configured("comparison"),\n',
        after="rule infer_direct:",
    )
    text = refused(edited)
    assert "not blind: inference/reference-x450/direct.record.json: its setting guess." in text
    assert "the true heating.cavity_exponent" in text


def test_nonsense_truth_beside_the_same_recordings_gives_the_same_inference(
    edited: Checkout,
) -> None:
    results = edited.folder / "results" / "toy"
    truth, record_file = results / "truth/truth.json", results / "truth/truth.record.json"
    content = jsonfile.read(truth)
    nonsense = {key: 7.0 + index for index, key in enumerate(content["values"])}
    jsonfile.write(truth, {**content, "values": nonsense})
    record = jsonfile.read(record_file)
    jsonfile.write(record_file, {**record, "outputs": {"truth/truth.json": file_digest(truth)}})

    chain = read_chain(results)
    protected = [
        name for name in chain.producers if name.startswith(("calibration/", "inference/"))
    ]
    assert {name.split("/")[0] for name in protected} == {"calibration", "inference"}
    before = {}
    for name in {*protected, *(chain.producers[name] for name in protected)}:
        before[name] = (results / name).read_bytes()
        (results / name).unlink()
    rules = {chain.records[chain.producers[name]]["rule"] for name in protected}
    edited.run(
        *("--cores", "2", *(f"results/toy/{name}" for name in protected)),
        *("--allowed-rules", *sorted(rules)),
    )
    assert {name: (results / name).read_bytes() for name in before} == before
