"""Results are put in order before a run; one run at a time."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from entangled_drums import jsonfile
from entangled_drums.errors import ProvenanceError
from entangled_drums.provenance.digest import file_digest
from entangled_drums.provenance.mend import damages, mend, remove_superseded
from entangled_drums.provenance.record import compose, seal
from entangled_drums.provenance.run_lock import VARIABLE, check_current, held, lock_path
from entangled_drums.provenance.staging import in_use, staging_folder


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """A figure in two forms and a table, each with its record; a log and a stranger's note."""
    folder = tmp_path / "toy"
    for names in (("figures/f.pdf", "figures/f.csv"), ("tables/t.md",)):
        for name in names:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(f"content of {name}\n")
        record = compose(rule="make", code={}, inputs={}, settings={"name": names[0]})
        jsonfile.write(
            (folder / names[0]).with_suffix(".record.json"),
            seal(record, {name: file_digest(folder / name) for name in names}, []),
        )
    (folder / "figures/note.txt").write_text("not made here")
    (folder / "logs").mkdir()
    return folder


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_good_results_are_left_alone(results: Path) -> None:
    before = files(results)
    said: list[str] = []
    assert mend(results, said.append) == []
    assert said == []
    assert files(results) == before


def test_no_results_yet(tmp_path: Path) -> None:
    assert mend(tmp_path / "toy", print) == []


@pytest.mark.parametrize("date", [1.0, 4e9])
@pytest.mark.parametrize(
    ("file", "content", "reason"),
    [
        ("figures/f.pdf", "", "is empty"),
        ("figures/f.pdf", "content", "was altered or truncated (7 B)"),
        ("figures/f.csv", "content of figures/f.csv ", "was altered or truncated (25 B)"),
        ("figures/f.record.json", "", "record is unreadable"),
        ("figures/f.record.json", "{}", "record lacks 'id'"),
    ],
)
def test_everything_of_the_damaged_job_is_removed(
    results: Path, file: str, content: str, reason: str, date: float
) -> None:
    path = results / file
    path.write_text(content)
    os.utime(path, (date, date))
    assert [damage.path for damage in damages(results)] == [path]
    assert path.exists()
    said: list[str] = []
    mend(results, said.append)
    assert len(said) == 1
    assert said[0].startswith(f"{path}: {reason}")
    assert files(results) == {"figures/note.txt", "tables/t.md", "tables/t.record.json"}


def test_record_that_lists_what_is_not_its_own(results: Path) -> None:
    """Nothing outside the job's own files is read or removed on the word of a record."""
    path = results / "figures/f.record.json"
    record = json.loads(path.read_text())
    record["outputs"]["../../etc/passwd"] = "0" * 64
    path.write_text(json.dumps(record))
    said: list[str] = []
    mend(results, said.append)
    assert "record was altered, it lists '../../etc/passwd'" in said[0]
    assert "tables/t.md" in files(results)


def test_missing_result_is_left_to_the_workflow_manager(results: Path) -> None:
    (results / "figures/f.csv").unlink()
    assert mend(results, print) == []
    assert "figures/f.pdf" in files(results)


def test_damaged_file_of_a_cache_goes_with_its_link(results: Path, tmp_path: Path) -> None:
    cached = tmp_path / "cache"
    cached.mkdir()
    for name in ("f.pdf", "f.csv"):
        os.rename(results / "figures" / name, cached / name)
        (results / "figures" / name).symlink_to(cached / name)
    (cached / "f.pdf").write_text("")
    mend(results, print)
    assert files(cached) == {"f.csv"}, "the damaged one must not come back; the other is good"
    assert not list((results / "figures").glob("f.*"))


def test_staging_folder_of_a_dead_job_is_removed(results: Path) -> None:
    record = results / "figures/f.record.json"
    with staging_folder(record) as folder:
        assert in_use(folder)
    assert not folder.exists()
    folder.mkdir()
    (folder / "f.pdf").write_text("half")
    assert not in_use(folder)
    mend(results, print)
    assert not folder.exists()


@pytest.fixture
def parts(tmp_path: Path) -> Path:
    """Three parts of a study, one of them a link into a cache, and what else may lie there."""
    folder = tmp_path / "toy/coverage/main/parts"
    folder.mkdir(parents=True)
    for name, rule in (("0", "run"), ("1", "run"), ("10", "run"), ("2", "another")):
        (folder / f"{name}.json").write_text(name)
        outputs = {f"coverage/main/parts/{name}.json": file_digest(folder / f"{name}.json")}
        record = compose(rule=rule, code={}, inputs={}, settings={})
        jsonfile.write(folder / f"{name}.record.json", seal(record, outputs, []))
    (tmp_path / "cached.json").write_text("10")
    (folder / "10.json").unlink()
    (folder / "10.json").symlink_to(tmp_path / "cached.json")
    (folder / "3.json").write_text("no record")
    (folder / "1.txt").write_text("a note beside it")
    return folder


OTHERS = {"2.json", "2.record.json", "3.json", "1.txt"}


def test_parts_of_an_earlier_cutting_are_removed(parts: Path, tmp_path: Path) -> None:
    said: list[str] = []
    removed = remove_superseded(parts, [parts / "0.json"], "run", said.append)
    assert [path.name for path in removed] == ["1.record.json", "10.record.json"]
    assert files(parts) == {"0.json", "0.record.json", *OTHERS}
    assert not (parts / "10.json").is_symlink()
    assert (tmp_path / "cached.json").exists(), "the cache serves other checkouts"
    assert said == [f"{parts}: results that no job makes any more, removed: 2"]
    assert remove_superseded(parts, [parts / "0.json"], "run", said.append) == []


def test_present_parts_stay(parts: Path) -> None:
    before = files(parts)
    present = [parts / f"{number}.json" for number in range(11)]
    assert remove_superseded(parts, present, "run", pytest.fail) == []
    assert remove_superseded(parts.with_name("other"), [], "run", pytest.fail) == []
    assert files(parts) == before


def test_superseded_part_whose_record_lists_what_is_not_its_own(parts: Path) -> None:
    path = parts / "1.record.json"
    record = json.loads(path.read_text())
    record["outputs"]["coverage/main/parts/0.json"] = "0" * 64
    path.write_text(json.dumps(record))
    remove_superseded(parts, [parts / "0.json"], "run", lambda line: None)
    assert {"0.json", "1.json", "1.record.json"} <= files(parts)


HOLD = """
import sys
from entangled_drums.provenance.run_lock import held
with held(sys.argv[1]):
    print("held", flush=True)
    sys.stdin.read()
"""


def hold(results: Path) -> subprocess.Popen:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(results)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    assert process.stdout.readline() == "held\n"
    return process


def test_second_run_is_refused_and_told_who(results: Path) -> None:
    other = hold(results)
    with pytest.raises(ProvenanceError, match=rf"in use by process {other.pid} on \S+, started"):
        held(results).__enter__()
    other.communicate()
    with held(results) as (_, dead):
        assert dead is None, "it gave the lock back"


def test_lock_of_a_killed_run_is_taken_over(results: Path) -> None:
    other = hold(results)
    other.kill()
    other.communicate()
    with held(results) as (_, dead):
        assert dead is not None
        assert dead.pid == other.pid


def test_half_written_lock_is_nobodys(results: Path) -> None:
    lock_path(results).write_text('{"run": "toy-1", "pi')
    with held(results) as (_, dead):
        assert dead is None


def test_job_of_another_run_may_not_write(results: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "")  # so that it is as before when the test ends
    monkeypatch.delenv(VARIABLE)
    check_current(results)  # started by hand, outside any run
    with held(results) as (holder, _):
        assert os.environ[VARIABLE] == holder.run
        check_current(results)
        monkeypatch.setenv(VARIABLE, "toy-dead")
        with pytest.raises(ProvenanceError, match="the run that started this job is over"):
            check_current(results)
    monkeypatch.setenv(VARIABLE, holder.run)  # a job that outlives its run
    with pytest.raises(ProvenanceError, match="the run that started this job is over"):
        check_current(results)
