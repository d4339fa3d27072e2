"""`clean` asks before deleting what was dear, and deletes nothing but results."""

import json
from pathlib import Path

import pytest

from entangled_drums.commands.clean import clean, computing_seconds
from entangled_drums.errors import EntangledDrumsError
from entangled_drums.provenance.chain import CONFIG_RECORD


@pytest.fixture
def results(tmp_path: Path) -> Path:
    folder = tmp_path / "results" / "toy"
    (folder / "figures").mkdir(parents=True)
    (folder / "figures" / "fig4.record.json").write_text("{}")
    return folder


def add_benchmark(folder: Path, seconds: float) -> None:
    path = folder / "benchmarks" / "some_rule" / f"{seconds}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"s": seconds}) + "\n")


def test_cheap_results_are_deleted_without_asking(results: Path) -> None:
    add_benchmark(results, 20.0)
    add_benchmark(results, 39.0)
    assert computing_seconds(results) == 59.0
    clean(str(results), confirmed=False)
    assert not results.exists()
    assert results.parent.exists()


def test_dear_results_are_kept_when_nobody_can_be_asked(results: Path) -> None:
    add_benchmark(results, 61.0)
    with pytest.raises(EntangledDrumsError, match=r"`\.venv/bin/entangled-drums clean --yes /"):
        clean(str(results), confirmed=False)
    assert results.exists()
    clean(str(results), confirmed=True)
    assert not results.exists()


@pytest.mark.parametrize(("answer", "kept"), [("y", False), ("", True), ("no", True)])
def test_dear_results_are_asked_for(
    results: Path, monkeypatch: pytest.MonkeyPatch, answer: str, kept: bool
) -> None:
    add_benchmark(results, 600.0)
    questions: list[str] = []
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("builtins.input", lambda text: questions.append(text) or answer)
    if kept:
        with pytest.raises(EntangledDrumsError, match="kept"):
            clean(str(results), confirmed=False)
    else:
        clean(str(results), confirmed=False)
    assert results.exists() == kept
    assert "10.0 min" in questions[0]


def test_half_written_benchmark_of_a_killed_job_is_no_obstacle(results: Path) -> None:
    add_benchmark(results, 5.0)
    (results / "benchmarks" / "some_rule" / "killed.jsonl").write_text('{"s": 1')
    assert computing_seconds(results) == 5.0


def test_other_folders_are_refused(tmp_path: Path, results: Path) -> None:
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "thesis.tex").write_text("x")
    with pytest.raises(EntangledDrumsError, match="holds no results"):
        clean(str(precious), confirmed=True)
    link = tmp_path / "link"
    link.symlink_to(results)
    with pytest.raises(EntangledDrumsError, match="holds no results"):
        clean(str(link), confirmed=True)
    assert (precious / "thesis.tex").exists()
    assert results.exists()


def test_the_folder_of_all_experiments_is_refused(results: Path) -> None:
    record = results / CONFIG_RECORD
    record.parent.mkdir(parents=True, exist_ok=True)
    record.write_text("{}")
    parent = results.parent
    with pytest.raises(EntangledDrumsError, match=f"give results/<experiment>, here {results}$"):
        clean(str(parent), confirmed=True)
    assert record.exists()
    clean(str(results), confirmed=True)
    assert not results.exists() and parent.exists()


def test_nothing_there_is_no_error(tmp_path: Path) -> None:
    clean(str(tmp_path / "absent"), confirmed=False)
