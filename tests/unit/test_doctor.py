"""The doctor finds each fault it knows, and has a cure for it."""

import sys
from importlib import metadata
from pathlib import Path

import pytest

from entangled_drums.cli import main
from entangled_drums.commands import doctor

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    (tmp_path / "requirements").mkdir()
    (tmp_path / "Snakefile").touch()
    lock = "".join(f"{name}=={metadata.version(name)} \\\n" for name in ("numpy", "scipy"))
    (tmp_path / "requirements" / "run.lock").write_text(lock)
    return tmp_path


def cures(items: object) -> list[str]:
    return [item.cure for item in items if item.cure]


def test_healthy_environment(checkout: Path) -> None:
    assert cures(doctor.environment(checkout)) == []
    assert doctor.python_version(sys.version_info[:2]).cure == ""


@pytest.mark.parametrize("version", [(3, 10), (3, 14), (4, 0)])
def test_wrong_python(version: tuple[int, int]) -> None:
    assert "install Python 3.11" in doctor.python_version(version).cure


@pytest.mark.parametrize(
    ("line", "words"),
    [("numpy==0.1 \\\n", "numpy is "), ("no-such-package==1.0 \\\n", "no-such-package is missing")],
)
def test_environment_that_is_not_the_lock(checkout: Path, line: str, words: str) -> None:
    (checkout / "requirements" / "run.lock").write_text(line)
    (found,) = doctor.environment(checkout)
    assert words in found.what
    assert "rm -rf .venv" in found.cure


def test_lock_is_read_whole_and_for_this_platform() -> None:
    found = doctor.locked((ROOT / "requirements" / "run.lock").read_text())
    assert found["numpy"] == metadata.version("numpy")
    assert len(found) > 20
    text = "a==1 ; sys_platform == 'nowhere' \\\n    --hash=sha256:0\nb==2\n"
    assert doctor.locked(text) == {"b": "2"}


def test_not_in_the_project(tmp_path: Path) -> None:
    (found,) = doctor.environment(tmp_path)
    assert "Snakefile" in found.cure


def test_results_folder_that_cannot_be_written(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    assert "RESULTS_DIR" in doctor.writable(file / "results").cure
    assert doctor.writable(tmp_path / "new" / "results").cure == ""
    assert list(tmp_path.iterdir()) == [file]


def test_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert doctor.disk(tmp_path / "results").cure == ""
    monkeypatch.setattr(doctor, "NEEDED_MEGABYTES", 10**9)
    assert "RESULTS_DIR" in doctor.disk(tmp_path).cure


def test_missing_font(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from matplotlib import font_manager

    assert doctor.fonts().cure == ""

    def absent(*arguments: object, **options: object) -> str:
        raise ValueError

    monkeypatch.setattr(font_manager, "findfont", absent)
    assert "font list" in doctor.fonts().cure
    monkeypatch.setattr(font_manager, "findfont", lambda *a, **o: str(tmp_path / "DejaVu.ttf"))
    assert "font list" in doctor.fonts().cure


def test_half_a_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor.shutil, "which", lambda name: None)
    assert doctor.cluster().cure == ""
    monkeypatch.setattr(doctor.shutil, "which", lambda name: name if name == "sbatch" else None)
    assert "client programs" in doctor.cluster().cure
    monkeypatch.setattr(doctor.shutil, "which", lambda name: name)
    monkeypatch.setattr(doctor.importlib.util, "find_spec", lambda name: None)
    assert "plugin" in doctor.cluster().what


def test_repository_without_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert doctor.repository(tmp_path).cure == ""
    (tmp_path / ".git").mkdir()
    monkeypatch.setattr(doctor.shutil, "which", lambda name: None)
    assert doctor.repository(tmp_path).cure == "install git"


def test_command(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.chdir(checkout)
    (checkout / "requirements" / "run.lock").write_text("numpy==0.1\n")
    assert main(["doctor"]) == 1
    text = capsys.readouterr().out
    assert text.count("FAULT") == text.count("cure:") >= 1
    assert text.count("\nok") >= 3
