"""The profile of a cluster and that of one machine, which Snakemake loads together."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from tests.workflow.checkouts import ROOT, Checkout, make_checkout

PROFILES = ROOT / "workflow/profiles"
PROFILE = "workflow/profiles/slurm"
TOY = "config/experiments/toy.yaml"


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return make_checkout(tmp_path / "checkout")


def resources(checkout: Checkout, *arguments: str) -> dict[str, dict[str, str]]:
    """What the jobs of a run on the cluster would ask for, by rule; of each rule the last job."""
    told = checkout.run("--dry-run", "--quiet", "host", "--profile", PROFILE, *arguments)
    listed = re.findall(
        r"^(?:local)?rule (\w+):\n(?:    .*\n)*?    resources: (.*)$",
        told.stdout + told.stderr,
        flags=re.MULTILINE,
    )
    return {rule: dict(word.split("=", 1) for word in what.split(", ")) for rule, what in listed}


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


def test_account_and_partition_are_taken_from_their_place(checkout: Checkout) -> None:
    """As docs/cluster.md says: take the # away, and delete the line slurm-no-account."""
    profile = f"{PROFILE}/config.yaml"
    checkout.replace(profile, "# slurm_account", "slurm_account")
    checkout.replace(profile, "# slurm_partition", "slurm_partition")
    checkout.replace(profile, "slurm-no-account: true\n", "")
    asked = resources(checkout)
    assert len(asked) > 10
    for rule, words in asked.items():
        if rule != "all":
            assert words["slurm_account"] == "your-account", rule
            assert words["slurm_partition"] == "your-partition", rule


def test_limits_grow_at_a_retry_and_with_the_size_of_a_job(checkout: Checkout) -> None:
    first = resources(checkout)
    second = resources(checkout, "--attempt", "2")
    assert set(first) == set(second)
    for rule in set(first) - {"all"}:
        for limit in ("mem_mb", "runtime"):
            assert int(second[rule][limit]) == 2 * int(first[rule][limit]), rule
    checkout.replace(TOY, "coverage: 1\n", "coverage: 9998\n")
    checkout.replace(TOY, "chunk_replicas: 10", "chunk_replicas: 10000")
    large = resources(checkout)
    replicas = large.pop("run_replicas")
    assert int(replicas["runtime"]) > 50 * int(first["run_replicas"]["runtime"])
    assert replicas["mem_mb"] == first["run_replicas"]["mem_mb"]
    assert all(large[rule] == first[rule] for rule in large)


def test_limits_of_a_sweep_grow_with_its_points_and_terms(checkout: Checkout) -> None:
    """From 37 points to 37 000; without counter-rotating terms a point takes a sixth."""
    first = resources(checkout)["solve_sweep"]
    checkout.replace(TOY, "count: 37}", "count: 37000}")
    beyond = resources(checkout)["solve_sweep"]
    checkout.replace(TOY, "model: counter-rotating", "model: rwa")
    plain = resources(checkout)["solve_sweep"]
    more = {
        name: int(what["mem_mb"]) - int(first["mem_mb"])
        for name, what in (("beyond", beyond), ("plain", plain))
    }
    assert 4 * more["plain"] < more["beyond"] < 8 * more["plain"]
    assert int(beyond["runtime"]) > int(plain["runtime"])


def test_limits_of_a_band_grow_with_its_devices(checkout: Checkout) -> None:
    first = resources(checkout)["solve_band"]
    checkout.replace(TOY, "band_samples: 100", "band_samples: 100000")
    large = resources(checkout)["solve_band"]
    for limit in ("mem_mb", "runtime"):
        assert int(large[limit]) > 2 * int(first[limit])


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


def test_workflow_manager_looks_for_work_only_when_a_job_has_ended(checkout: Checkout) -> None:
    """Its default limit of jobs a second would wake it every second, ever more often."""
    recorded = "--verbose", "--until", "record_emission"
    told = checkout.run("--cores", "1", *recorded)
    jobs = re.search(r"^toy: (\d+) jobs", told.stdout, flags=re.MULTILINE)
    assert jobs
    assert 0 < (told.stdout + told.stderr).count("Ready jobs: ") <= int(jobs[1])
