"""The manifest: its schema, what it says, and when an audit refuses to write one."""

import copy
import os
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator
from tests.unit import audited_results

from entangled_drums.errors import ProvenanceError
from entangled_drums.provenance import checkout
from entangled_drums.provenance.audit import validate
from entangled_drums.provenance.chain import audited_root, read_chain
from entangled_drums.provenance.digest import file_digest
from entangled_drums.provenance.manifest import MANIFEST, machine, read_manifest
from entangled_drums.provenance.verify import verify

SCHEMA = yaml.safe_load(audited_results.SCHEMA.read_text())


@pytest.fixture
def results(tmp_path: Path) -> Path:
    return audited_results.make(tmp_path)


def test_manifest_lists_every_result(results: Path) -> None:
    manifest = read_manifest(results / MANIFEST)
    chain = read_chain(results)
    produced = {name for name in chain.producers if not name.startswith("audit/")}
    assert set(manifest["artefacts"]) == produced
    for name, entry in manifest["artefacts"].items():
        assert entry["digest"] == file_digest(results / name)
        assert entry["size"] == (results / name).stat().st_size
        assert entry["record"] == chain.producers[name]
    for name, entry in manifest["records"].items():
        assert entry["digest"] == file_digest(results / name)
        assert entry["id"] == chain.records[name]["id"]
    assert manifest["root_digest"] == verify(results).root == audited_root(results)
    assert manifest["config"] == audited_results.CONFIG
    lines = manifest["config_files"]["config/experiments/small.yaml"]["lines"]
    assert lines == {"name": 1, "device": 2, "recordings": 3, "recordings.duration_s": 4}
    assert manifest["made"] == {**machine(), **audited_results.COMMIT}
    assert "calibration/device.record.json" in manifest["blind"]
    assert "inference/near/direct.record.json" in manifest["blind"]


def test_schema_is_valid_strict_and_described() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    pending = [SCHEMA]
    while pending:
        node = pending.pop()
        if node.get("type") == "object" and "properties" in node:
            assert node["additionalProperties"] is False
            assert set(node["required"]) == set(node["properties"])
            assert all("description" in entry for entry in node["properties"].values())
        pending += list(node.get("properties", {}).values())
        if isinstance(node.get("additionalProperties"), dict):
            pending.append(node["additionalProperties"])


@pytest.mark.parametrize("key", sorted(SCHEMA["properties"]))
def test_manifest_without_a_key_is_refused(results: Path, key: str) -> None:
    manifest = read_manifest(results / MANIFEST)
    validate(manifest, audited_results.SCHEMA)
    broken = copy.deepcopy(manifest)
    del broken[key]
    with pytest.raises(ProvenanceError, match="manifest: "):
        validate(broken, audited_results.SCHEMA)
    with pytest.raises(ProvenanceError, match="unexpected"):
        validate({**manifest, "more": 1}, audited_results.SCHEMA)


def test_audited_root_is_none_once_something_changed(results: Path) -> None:
    path = results / "figures/fig4.record.json"
    content = path.read_bytes()
    path.write_bytes(content.replace(b"draw_fig4", b"draw_fig5"))
    assert audited_root(results) is None
    path.unlink()
    assert audited_root(results) is None
    path.write_bytes(content)
    assert audited_root(results) is not None
    (results / MANIFEST).write_text("[]")
    assert audited_root(results) is None


@pytest.mark.parametrize("name", ["figures/fig4.png", "truth/truth.json", "tables/table_s2.csv"])
def test_audit_refuses_damaged_results(results: Path, name: str) -> None:
    (results / name).write_bytes(b"damaged")
    with pytest.raises(ProvenanceError, match="not called reproduced; first: .*" + name):
        audited_results.audited(results)


def test_audit_notes_orphans_and_goes_on(results: Path) -> None:
    (results / "inference" / "old.json").write_text("{}")
    audited_results.audited(results)
    assert read_manifest(results / MANIFEST)["orphaned"] == ["inference/old.json"]


def wire(results: Path, name: str, inputs: tuple[str, ...], **settings: object) -> str:
    """Make the calibration or inference of one point again, with other inputs or settings."""
    audited_results.add(results, "changed", {name: {"values": {}}}, inputs, **settings)
    with pytest.raises(ProvenanceError, match="not called reproduced") as error:
        audited_results.audited(results)
    report = verify(results)
    lines = [str(finding) for finding in report.findings if finding.kind == "not blind"]
    assert lines
    assert "not blind" in str(error.value) or "stale" in str(error.value)
    return "\n".join(lines)


def test_truth_among_the_inputs_is_found(results: Path) -> None:
    lines = wire(results, "inference/near/direct.json", ("truth/truth.json",))
    assert "inference/near/direct.record.json <- truth/truth.record.json: reads truth/" in lines


def test_truth_behind_another_result_is_found(results: Path) -> None:
    audited_results.add(results, "help", {"theory/help.json": {"a": 1}}, ("truth/truth.json",))
    lines = wire(results, "calibration/device.json", ("theory/help.json",))
    way = "calibration/device.record.json <- theory/help.record.json <- truth/truth.record.json"
    assert way in lines


def test_coverage_behind_an_inference_is_found(results: Path) -> None:
    audited_results.add(results, "cover", {"coverage/a.json": {"a": 1}}, ("truth/truth.json",))
    assert "reads coverage/" in wire(results, "inference/far/direct.json", ("coverage/a.json",))


def test_copy_of_the_truth_from_outside_is_found(results: Path) -> None:
    digest = file_digest(results / "truth/truth.json")
    record = audited_results.compose(
        rule="changed",
        code={},
        inputs={"../elsewhere/innocent.json": {"digest": digest, "record": None}},
        settings={},
    )
    outputs = {"inference/near/direct.json": file_digest(results / "inference/near/direct.json")}
    audited_results.jsonfile.write(
        results / "inference/near/direct.record.json", audited_results.seal(record, outputs, [])
    )
    (line,) = [item for item in verify(results).findings if item.kind == "not blind"]
    assert "was given ../elsewhere/innocent.json, a copy of truth/truth.json" in line.reason


@pytest.mark.parametrize(
    "setting",
    [
        audited_results.TRUE_OCCUPATION,
        f"{audited_results.TRUE_OCCUPATION:.6f}",
        [1, {"deep": audited_results.TRUE_OCCUPATION}],
        f"occupation={audited_results.TRUE_OCCUPATION:.5e};",
    ],
    ids=["number", "text", "nested", "rounded"],
)
def test_true_number_in_the_settings_is_found(results: Path, setting: object) -> None:
    lines = wire(results, "calibration/device.json", (), start=setting)
    assert "calibration/device.record.json: its setting start" in lines
    assert "the true drum_1.thermal_occupation" in lines


def test_figures_and_coverage_may_show_the_truth(results: Path) -> None:
    audited_results.add(results, "cover", {"coverage/a.json": {"a": 1}}, ("truth/truth.json",))
    audited_results.add(
        results,
        "draw_figs3",
        {"figures/figs3.json": {"a": 1}},
        ("truth/truth.json", "coverage/a.json"),
        shown=audited_results.TRUE_OCCUPATION,
    )
    audited_results.audited(results)
    assert verify(results).findings == ()


def git(folder: Path, *words: str) -> None:
    identity = {
        f"GIT_{who}_{what}": "x" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
    }
    subprocess.run(
        ["git", *words],
        cwd=folder,
        env={**os.environ, **identity, "GIT_CONFIG_GLOBAL": os.devnull},
        check=True,
        capture_output=True,
    )


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
def test_commit_and_uncommitted_changes(tmp_path: Path) -> None:
    assert checkout.commit(tmp_path)["commit"] is None
    git(tmp_path, "init")
    (tmp_path / "file").write_text("1")
    assert checkout.commit(tmp_path)["commit"] is None
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-m", "x")
    clean = checkout.commit(tmp_path)
    assert len(clean["commit"]) == 40
    assert clean["uncommitted_changes"] is False
    (tmp_path / "file").write_text("2")
    assert checkout.commit(tmp_path)["uncommitted_changes"] is True
    (tmp_path / "inner").mkdir()
    assert checkout.commit(tmp_path / "inner")["commit"] is None
