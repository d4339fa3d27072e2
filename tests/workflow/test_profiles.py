"""The profile of a cluster and that of one machine, which Snakemake loads together."""

import re
import subprocess
import sys
from pathlib import Path

import yaml
from tests.workflow.checkouts import ROOT

PROFILES = ROOT / "workflow/profiles"


def read(name: str) -> dict:
    return yaml.safe_load((PROFILES / name / "config.yaml").read_text(encoding="utf-8"))


def test_no_key_stands_in_both() -> None:
    """Where both name a key, Snakemake takes the default profile's: the other would be ignored."""
    assert set(read("default")) & set(read("slurm")) == set()


def test_no_account_or_partition_is_written_down() -> None:
    profile = read("slurm")
    assert set(profile["default-resources"]) == {"mem_mb", "runtime"}
    assert profile["slurm-no-account"] is True
    for path in (ROOT / "workflow").rglob("*"):
        if path.is_file() and path.suffix in (".smk", ".yaml") and path.parent.name != "slurm":
            assert not re.search("slurm_(account|partition)", path.read_text(encoding="utf-8"))


def test_grouped_and_local_rules_exist() -> None:
    text = "".join(path.read_text() for path in (ROOT / "workflow/rules").glob("*.smk"))
    rules = set(re.findall(r"^rule (\w+):", text, flags=re.MULTILINE))
    local = re.search(r"^localrules:\n((?:    \w+,\n)+)", text, flags=re.MULTILINE)
    assert local
    assert set(read("slurm")["groups"]) <= rules
    assert set(re.findall(r"\w+", local[1])) <= rules


def test_every_rule_has_a_measured_cost() -> None:
    costs = yaml.safe_load((ROOT / "workflow/costs.yaml").read_text(encoding="utf-8"))
    text = "".join(path.read_text() for path in (ROOT / "workflow/rules").glob("*.smk"))
    rules = set(re.findall(r"^rule (\w+):", text, flags=re.MULTILINE))
    assert rules <= set(costs["rules"])


def test_cluster_tests_say_what_is_missing(tmp_path: Path) -> None:
    """On a machine without Slurm: one clear line, and failure."""
    (tmp_path / "empty").mkdir()
    finished = subprocess.run(
        [sys.executable, "-m", "pytest", "tests/cluster", "-p", "no:cacheprovider"],
        cwd=ROOT,
        env={"PATH": str(tmp_path / "empty"), "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 1
    assert "a cluster cannot be started here; missing:" in finished.stdout + finished.stderr
