"""Verification finds every change of a results folder, by digest and never by date."""

import json
import os
import random
import shutil
from pathlib import Path

import pytest
from tests.unit import audited_results

from entangled_drums import jsonfile
from entangled_drums.cli import main
from entangled_drums.errors import ProvenanceError
from entangled_drums.provenance.chain import AUDIT_RECORD, files
from entangled_drums.provenance.manifest import MANIFEST
from entangled_drums.provenance.verify import verify


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return audited_results.make(tmp_path_factory.mktemp("verify"))


@pytest.fixture
def results(made: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "elsewhere" / "small"
    shutil.copytree(made, copy)
    return copy


def kinds(results: Path, **options: str) -> dict[str, str]:
    return {finding.name: finding.kind for finding in verify(results, **options).findings}


ARTEFACTS = [
    "calibration/device.json",
    "figures/fig4.csv",
    "figures/fig4.pdf",
    "figures/fig4.png",
    "inference/far/direct.json",
    "inference/near/direct.json",
    "parameters/resolved.json",
    "recordings/far/emission.nc",
    "recordings/near/emission.nc",
    "tables/table_s2.csv",
    "tables/table_s2.md",
    "truth/truth.json",
    MANIFEST,
]
RECORDS = sorted(
    {name.rsplit("/", 1)[0] + "/" + Path(name).stem + ".record.json" for name in ARTEFACTS}
)


def test_untouched_results_fit(results: Path) -> None:
    report = verify(results)
    assert report.findings == ()
    assert report.checked == len(ARTEFACTS) + len(RECORDS)
    assert sorted({*files(results), MANIFEST}) == sorted([*ARTEFACTS, *RECORDS])
    assert kinds(results, root=report.root) == {}
    assert kinds(results, root=report.root[:12].upper()) == {}


@pytest.mark.parametrize("name", [*ARTEFACTS, *RECORDS])
def test_one_flipped_byte_is_found(results: Path, name: str) -> None:
    """Every artefact, every record and the manifest; at the ends and at random places."""
    path = results / name
    content = path.read_bytes()
    generator = random.Random(name)
    places = {0, len(content) - 1, *(generator.randrange(len(content)) for _ in range(20))}
    for place in sorted(places):
        bit = 1 << generator.randrange(8)
        changed = bytearray(content)
        changed[place] ^= bit
        path.write_bytes(changed)
        os.utime(path, (0, 0))
        found = kinds(results)
        assert found.get(name) in ("altered", "replaced"), (place, bit, found)
    path.write_bytes(content)
    assert kinds(results) == {}


@pytest.mark.parametrize("name", RECORDS)
def test_every_byte_of_a_record_counts(results: Path, name: str) -> None:
    """No place of a record is free: not the order, not the spaces, not the list of opened files."""
    path = results / name
    content = path.read_bytes()
    step = max(1, len(content) // 60)
    for place in range(0, len(content), step):
        path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        assert kinds(results), place


@pytest.mark.parametrize("name", ARTEFACTS)
def test_missing_artefact_is_named(results: Path, name: str) -> None:
    (results / name).unlink()
    assert kinds(results)[name] == "missing"


@pytest.mark.parametrize("name", RECORDS)
def test_missing_record_is_named(results: Path, name: str) -> None:
    (results / name).unlink()
    assert kinds(results)[name] == "missing"


@pytest.mark.parametrize("name", [name for name in ARTEFACTS if name != MANIFEST])
def test_truncated_and_emptied_artefacts_are_named(results: Path, name: str) -> None:
    content = (results / name).read_bytes()
    (results / name).write_bytes(content[:-1])
    assert kinds(results)[name] == "truncated"
    (results / name).write_bytes(b"")
    assert kinds(results)[name] == "empty"


def test_what_depends_on_damage_is_named(results: Path) -> None:
    (results / "recordings/near/emission.nc").write_bytes(b"x")
    assert verify(results).affected == (
        "figures/fig4.csv",
        "figures/fig4.pdf",
        "figures/fig4.png",
        "inference/near/direct.json",
        "tables/table_s2.csv",
        "tables/table_s2.md",
    )


def test_swapped_results_are_replaced(results: Path) -> None:
    near, far = (results / f"inference/{point}/direct.json" for point in ("near", "far"))
    contents = near.read_bytes(), far.read_bytes()
    near.write_bytes(contents[1])
    far.write_bytes(contents[0])
    found = verify(results).findings
    assert [finding.kind for finding in found] == ["replaced", "replaced"]
    assert "is inference/near/direct.json" in found[0].reason


def test_result_of_another_run_is_replaced(results: Path, tmp_path: Path) -> None:
    other = tmp_path / "other" / "small"
    shutil.copytree(results, other)
    audited_results.add(
        other,
        "draw_fig4",
        {"figures/fig4.png": audited_results.Figure(figsize=(1, 1))},
        colour="red",
    )
    shutil.copy(other / "figures/fig4.png", results / "figures/fig4.png")
    (finding,) = verify(results).findings
    assert (finding.name, finding.kind) == ("figures/fig4.png", "replaced")
    assert "carries record" in finding.reason


def test_result_made_again_leaves_stale_ones(results: Path) -> None:
    """A recording made anew, with its record, whatever the dates say."""
    audited_results.add(
        results,
        "record_emission",
        {"recordings/near/emission.nc": audited_results.dataset(9)},
        ("truth/truth.json",),
        config_keys=["recordings.duration_s"],
    )
    for path in results.rglob("*"):
        os.utime(path, (0, 0))
    found = kinds(results)
    assert found["inference/near/direct.json"] == "stale"
    assert found["recordings/near/emission.record.json"] == "replaced"
    assert "inference/far/direct.json" not in found


def test_same_bytes_with_another_origin_are_stale(results: Path) -> None:
    before = jsonfile.read(results / "calibration/device.json")
    path = results / "calibration/device.record.json"
    record = jsonfile.read(path)
    record["settings"]["device"]["drum_1.thermal_occupation"] = 39.0
    fresh = audited_results.compose(
        **{key: record[key] for key in ("rule", "code", "inputs", "settings")}
    )
    jsonfile.write(path, audited_results.seal(fresh, record["outputs"], record["opened"]))
    assert jsonfile.read(results / "calibration/device.json") == before
    assert kinds(results)["inference/near/direct.json"] == "stale"


@pytest.mark.parametrize("name", ["inference/near/notes.txt", "extra.json", "figures/fig5.pdf"])
def test_orphaned_file_is_named(results: Path, name: str) -> None:
    (results / name).write_text("?")
    assert kinds(results) == {name: "orphaned"}


def test_result_of_an_older_config_is_orphaned(results: Path) -> None:
    audited_results.add(results, "solve", {"theory/old.json": {"a": 1}})
    assert kinds(results) == {
        "theory/old.record.json": "orphaned",
    }


def test_linked_folder_is_orphaned_and_not_entered(results: Path, tmp_path: Path) -> None:
    (results / "inference" / "link").symlink_to(tmp_path)
    assert kinds(results) == {"inference/link": "orphaned"}


def test_logs_and_benchmarks_do_not_count(results: Path) -> None:
    (results / "logs/infer_direct/near.log").write_text("other")
    (results / "benchmarks").mkdir()
    (results / "benchmarks/x.jsonl").write_text("{}")
    assert kinds(results) == {}


def test_consistent_forgery_is_found_by_the_root_digest_alone(made: Path, results: Path) -> None:
    root = verify(results).root
    forged = results.parents[1] / "results" / "small"
    shutil.copytree(results, forged)
    for name in ("config", "requirements"):
        shutil.copytree(made.parents[1] / name, forged.parents[1] / name)
    audited_results.forge(forged, "inference/near/direct.json", "0.8", "0.7")
    assert kinds(forged) == {}
    assert kinds(forged, root=root) == {"root digest": "forged"}


def test_root_digest_does_not_depend_on_the_audit(results: Path) -> None:
    root = verify(results).root
    shutil.rmtree(results / "audit")
    report = verify(results)
    assert report.root == root
    assert [finding.kind for finding in report.findings] == ["missing"]


@pytest.mark.parametrize("root", ["", "abc", "0" * 64])
def test_wrong_or_short_root_digest_never_passes(results: Path, root: str) -> None:
    assert kinds(results, root=root) == {"root digest": "forged"}


@pytest.mark.parametrize("root", ["", "a9f6", "zzz", "0" * 7, "0" * 65, "0x898e3858cefc"])
def test_root_that_is_no_digest_is_wrong_use(
    results: Path, root: str, capsys: pytest.CaptureFixture
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["verify", str(results), "--root", root])
    assert ended.value.code == 2
    told = capsys.readouterr()
    assert f"{root!r} is no root digest; write at least 8 hexadecimal digits" in told.err
    assert told.out == ""


def test_folder_of_several_experiments_is_not_taken_for_one(
    results: Path, capsys: pytest.CaptureFixture
) -> None:
    shutil.copytree(results, results.with_name("other"))
    assert main(["verify", str(results.parent)]) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err == (
        f"entangled-drums: {results.parent}: holds the results of other, small, each in its own "
        f"folder; give results/<experiment>, here {results.parent / 'other'}\n"
    )


def test_experiment_put_into_the_results_of_another_is_found(made: Path, results: Path) -> None:
    shutil.copytree(made, results / "other")
    assert kinds(results)["other/tables/table_s2.record.json"] == "altered"


def test_folder_without_results_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ProvenanceError, match="holds no results"):
        verify(tmp_path)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("outputs", {"../../../etc/passwd": "0" * 64}),
        ("outputs", {"/etc/passwd": "0" * 64}),
        ("outputs", {"inference/far/direct.json": "0" * 64}),
        ("outputs", {}),
        ("outputs", {"inference/near/direct.json": "zz"}),
        ("inputs", {"a": 1}),
        ("opened", ["truth/truth.json"]),
        ("opened", "calibration/device.json"),
        ("rule", ["x"]),
        ("settings", []),
    ],
)
def test_malformed_record_is_named(results: Path, key: str, value: object) -> None:
    path = results / "inference/near/direct.record.json"
    record = jsonfile.read(path)
    record[key] = value
    record["id"] = audited_results.compose(rule="x", code={}, inputs={}, settings={})["id"]
    jsonfile.write(path, record)
    assert kinds(results)["inference/near/direct.record.json"] == "altered"


@pytest.mark.parametrize(
    "text", ["", "[]", "{", "nan", '{"schema": 9}', "[" * 100_000, '{"a": ' + "9" * 5000 + "}"]
)
@pytest.mark.parametrize("name", ["inference/near/direct.record.json", AUDIT_RECORD, MANIFEST])
def test_junk_is_named(results: Path, name: str, text: str) -> None:
    (results / name).write_text(text)
    assert kinds(results)[name] in ("altered", "empty")


def run(capsys: pytest.CaptureFixture, *words: str) -> tuple[int, str]:
    code = main(["verify", *words])
    return code, capsys.readouterr().out


def test_command_and_its_exit_codes(
    results: Path, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(results.parent)
    code, text = run(capsys, "small")
    assert code == 0
    assert text.endswith(f"root digest {verify(results).root}\neverything fits\n")
    (results / "orphan.txt").write_text("?")
    code, text = run(capsys, "small")
    assert code == 5
    assert text.endswith("\n1 finding\n")
    assert run(capsys, "small", "--root", "0" * 64)[0] == 6
    (results / "tables/table_s2.csv").write_text("?")
    code, text = run(capsys, "small")
    assert code == 3
    assert "truncated: tables/table_s2.csv: 1 of" in text
    assert main(["verify", "absent"]) == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_file_name_with_control_characters_is_printed_escaped(
    results: Path, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(results)
    (results / "a\n\x1b[31mred\u202e.txt").write_text("?")
    code, text = run(capsys, str(results))
    assert code == 5
    assert r"orphaned: a\n\x1b[31mred\u202e.txt: no record lists it" in text.splitlines()
    assert main(["verify", "absent\x1b[31m"]) == 1
    error = capsys.readouterr().err
    assert error.startswith(r"entangled-drums: absent\x1b[31m: ")
    assert error.removesuffix("\n").isprintable()


def test_code_and_config_of_a_checkout(
    results: Path, capsys: pytest.CaptureFixture, tmp_path: Path
) -> None:
    checkout = tmp_path / "checkout"
    (checkout / "src" / "entangled_drums").mkdir(parents=True)
    (checkout / "src" / "entangled_drums" / "units.py").write_text("edited")
    code, text = run(capsys, str(results), "--checkout", str(checkout))
    assert code == 4
    assert "stale: src/entangled_drums/units.py: is another here" in text
    assert "stale: scripts/infer_direct.py: is not here: the one that made" in text


def test_record_with_a_loop_ends(results: Path) -> None:
    """A record that names its own result among its inputs is an odd forgery, not a hang."""
    path = results / "calibration/device.record.json"
    record = jsonfile.read(path)
    record["inputs"] = {"inference/near/direct.json": {"digest": "0" * 64, "record": "0" * 64}}
    fresh = audited_results.compose(
        **{key: record[key] for key in ("rule", "code", "inputs", "settings")}
    )
    jsonfile.write(path, audited_results.seal(fresh, record["outputs"], []))
    assert json.loads(path.read_text())["inputs"]
    assert kinds(results)["calibration/device.json"] == "stale"
