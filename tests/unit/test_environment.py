"""The three lists of packages (locks, environment.yml, pyproject.toml) say the same."""

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
import snakemake
import yaml

from entangled_drums.provenance.record import PACKAGES

ROOT = Path(__file__).resolve().parents[2]
CONDA_NAMES = {"snakemake-minimal": "snakemake", "matplotlib-base": "matplotlib"}
RUN_LOCK = ROOT / "requirements" / "run.lock"
DEV_LOCK = ROOT / "requirements" / "dev.lock"


def locked(path: Path) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9._-]+)==([^\s;]+)", path.read_text(), flags=re.MULTILINE))


def wanted() -> dict[str, str]:
    text = (ROOT / "requirements" / "run.in").read_text()
    return dict(re.findall(r"^([a-z0-9._-]+)==(\S+)$", text, flags=re.MULTILINE))


def conda() -> dict[str, str]:
    entries = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
    pairs = dict(entry.split(" ", 1) for entry in entries)
    return {CONDA_NAMES.get(name, name): version for name, version in pairs.items()}


def test_every_line_of_run_in_is_an_exact_version() -> None:
    lines = [
        line
        for line in (ROOT / "requirements" / "run.in").read_text().splitlines()
        if line and not line.startswith("#")
    ]
    assert len(lines) == len(wanted()) > 5


def test_run_lock_holds_what_run_in_asks_for() -> None:
    lock = locked(RUN_LOCK)
    assert {name: lock.get(name) for name in wanted()} == wanted()


def test_dev_lock_holds_all_of_run_lock() -> None:
    dev = locked(DEV_LOCK)
    assert {name: dev.get(name) for name in locked(RUN_LOCK)} == locked(RUN_LOCK)


def test_run_lock_holds_what_the_workflow_manager_s_report_imports() -> None:
    """It imports some packages only when a report is made, and asks for none of them."""
    folder = Path(snakemake.__file__).parent / "report"
    imported = {
        name.split(".")[0]
        for path in folder.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_bytes()))
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom) and not node.level
            else []
        )
    }
    of_module = packages_distributions()
    packages = {
        re.sub(r"[-_.]+", "-", of_module[name][0]).lower()
        for name in imported - set(sys.stdlib_module_names)
        if name in of_module
    }
    assert {"pygments", "docutils", "jinja2"} <= packages
    assert packages <= set(locked(RUN_LOCK))


def test_conda_environment_is_run_in() -> None:
    environment = conda()
    python = environment.pop("python")
    assert {name: version.removeprefix("==") for name, version in environment.items()} == wanted()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert python == project["requires-python"]


def test_project_dependencies_are_run_in_without_the_build_backend() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert set(project["dependencies"]) == set(wanted()) - {"flit-core"}


def test_recorded_packages_are_locked() -> None:
    assert set(PACKAGES) <= set(locked(RUN_LOCK))


@pytest.mark.parametrize("lock", [RUN_LOCK, DEV_LOCK], ids=lambda path: path.name)
def test_lock_is_hashed_and_names_no_index(lock: Path) -> None:
    text = lock.read_text()
    entries = re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)[1:]
    assert len(entries) > 20
    assert all("--hash=sha256:" in entry for entry in entries)
    assert "://" not in text
    assert "--index" not in text


def test_running_python_is_supported() -> None:
    assert (3, 11) <= sys.version_info[:2] <= (3, 13)
