"""Setting up `.venv`: what a user without the right Python, venv or network is told."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "requirements", tmp_path / "requirements")
    (tmp_path / "tools").mkdir()
    shutil.copy(ROOT / "tools" / "bootstrap.sh", tmp_path / "tools")
    return tmp_path


def bootstrap(folder: Path, **environment: str) -> subprocess.CompletedProcess:
    clean = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("PIP_") and name != "PYTHONPATH"
    }
    return subprocess.run(
        ["sh", str(folder / "tools" / "bootstrap.sh"), "run"],
        env={**clean, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def program(folder: Path, name: str, body: str) -> Path:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return path


def refusal(finished: subprocess.CompletedProcess) -> str:
    assert finished.returncode == 1
    assert finished.stdout == ""
    lines = [line for line in finished.stderr.splitlines() if line.startswith("make: ")]
    assert len(lines) == 1, finished.stderr
    return lines[0]


def test_unsuitable_python_given(folder: Path) -> None:
    old = program(folder, "old-python", "exit 1")
    line = refusal(bootstrap(folder, PYTHON=str(old)))
    assert f"PYTHON={old} is not Python 3.11, 3.12 or 3.13" in line


def test_no_suitable_python(folder: Path) -> None:
    tools = folder / "bin"
    tools.mkdir()
    for name in ("sh", "dirname", "cat", "rm", "grep", "tail"):
        (tools / name).symlink_to(shutil.which(name))
    program(tools, "python3", 'case "$1" in --version) echo Python 3.8.1;; *) exit 1;; esac')
    line = refusal(bootstrap(folder, PATH=str(tools)))
    assert "found Python 3.8.1" in line
    assert "apt install python3.11" in line


def test_no_venv_module(folder: Path) -> None:
    python = program(
        folder,
        "python-without-venv",
        f'case "$*" in *ensurepip*) exit 1;; *) exec {sys.executable} "$@";; esac',
    )
    line = refusal(bootstrap(folder, PYTHON=str(python)))
    assert "has no venv module" in line
    assert "apt install python3-venv" in line


def test_no_network(folder: Path) -> None:
    line = refusal(
        bootstrap(
            folder,
            PYTHON=sys.executable,
            PIP_INDEX_URL="http://127.0.0.1:9/simple",
            PIP_CONFIG_FILE=os.devnull,
            PIP_RETRIES="0",
            PIP_NO_CACHE_DIR="1",
        )
    )
    assert "packages cannot be fetched" in line
    assert "WHEELS=folder" in line
    assert (folder / ".venv" / "install.log").stat().st_size > 0
    assert not (folder / ".venv" / "installed-run").exists()


def test_missing_wheel_folder(folder: Path) -> None:
    line = refusal(bootstrap(folder, PYTHON=sys.executable, WHEELS=str(folder / "absent")))
    assert "is not a folder" in line
