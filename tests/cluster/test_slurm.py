"""The same command on a real Slurm gives the same bytes, and gets over what breaks there."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.cluster.conftest import PATIENCE, Setting
from tests.cluster.slurm import Cluster
from tests.faults.injection import NAME, leftovers, wait_until
from tests.workflow.checkouts import digests, make_checkout

PROFILE = ("--profile", "workflow/profiles/slurm")
# What makes the tests quick on a machine without a network disk.
QUICK = ("--latency-wait", "10", "--slurm-init-seconds-before-status-checks", "1")


def run(setting: Setting, results: str, *arguments: str, experiment: str = NAME) -> str:
    """Run on the cluster; return what is told. It must finish."""
    finished = setting.checkout.run(
        *(*PROFILE, *QUICK, *arguments),
        experiment=experiment,
        results=results,
        environment=setting.cluster.environment,
    )
    return finished.stdout + finished.stderr


@contextmanager
def started(setting: Setting, results: str) -> Iterator[subprocess.Popen]:
    """A run on the cluster of which a job is at work; neither outlives the test."""
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "snakemake", *PROFILE, *QUICK),
            *("--config", f"experiment={NAME}", f"results_dir={results}"),
        ],
        cwd=setting.checkout.folder,
        env={**os.environ, **setting.cluster.environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        wait_until(lambda: bool(setting.cluster.jobs("RUNNING")), seconds=120)
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
        setting.cluster.cancel_all()


def assert_complete(setting: Setting, results: str) -> None:
    folder = setting.checkout.folder / results / NAME
    assert digests(folder) == setting.expected
    assert leftovers(folder) == []


@pytest.mark.essential
def test_toy_gives_the_same_bytes(cluster: Cluster, tmp_path: Path) -> None:
    """The whole toy experiment, with results on a scratch folder."""
    local = make_checkout(tmp_path / "local", PATIENCE)
    setting = Setting(cluster, local.copied_to(tmp_path / "second"), {})
    local.run("--cores", "2")
    began = time.monotonic()
    told = run(setting, str(tmp_path / "scratch"), experiment="toy")
    seconds = time.monotonic() - began
    assert digests(tmp_path / "scratch/toy") == digests(local.folder / "results/toy")
    submitted = re.findall(r"submitted with SLURM jobid (\d+)", told)
    total = re.search(r"^toy: (\d+) jobs on a cluster$", told, re.MULTILINE)
    assert total and 0 < len(submitted) < int(total[1]), "small jobs are local or grouped"
    assert f"toy: {total[1]} of {total[1]} jobs" in told
    print(f"toy on Slurm: {total[1]} jobs as {len(submitted)} of the cluster, {seconds:.0f} s")
    again = run(setting, str(tmp_path / "scratch"), experiment="toy")
    assert "Nothing to be done" in again


def test_job_that_needs_more_memory_gets_it(setting: Setting) -> None:
    """Slurm kills a job above its limit; the next attempt may use more."""
    costs = setting.checkout.folder / "workflow/costs.yaml"
    before = costs.read_text()
    # Slurm looks once a second, and the job may be quicker: at the first attempt less than the
    # workflow manager takes, at the third or so enough for it and the job.
    manager = re.search(r"^cluster: \{memory_mb: \d+", before, re.MULTILINE)
    rule = re.search(r"solve_band: \{[^}]*\}", before)
    assert manager and rule
    small = before.replace(manager[0], "cluster: {memory_mb: 90")
    costs.write_text(small.replace(rule[0], "solve_band: {seconds: 2, memory_mb: 5}"))
    try:
        told = run(setting, "memory", *("--retries", "5", "--until", "solve_band"))
    finally:
        costs.write_text(before)
    assert "solve_band ratio-reference failed" in told
    assert "SLURM status is: 'OUT_OF_MEMORY'" in told or "SLURM status is: 'FAILED'" in told
    run(setting, "memory")
    assert_complete(setting, "memory")


def test_time_limit(setting: Setting) -> None:
    """A job that hangs is ended by its time limit, and made again."""
    folder = setting.checkout.folder
    hang = folder / "hang"
    # The job hangs once: the file that makes it hang is gone when it comes again.
    (folder / "src/sitecustomize.py").write_text(
        "import os, sys, time\n"
        "own = any(word.endswith('solve_band.py') for word in sys.orig_argv)\n"
        "if own and os.path.exists('hang'):\n"
        "    os.unlink('hang')\n"
        "    time.sleep(600)\n"
    )
    hang.touch()
    try:
        told = run(setting, "time", "--set-resources", "solve_band:runtime=1")
    finally:
        (folder / "src/sitecustomize.py").unlink()
    assert "TIMEOUT" in told
    assert "solve_band ratio-reference failed" in told
    assert_complete(setting, "time")


def test_node_dies(setting: Setting) -> None:
    """slurmd is killed in mid-run, and comes back."""
    with started(setting, "node") as process:
        setting.cluster.kill_node()
        time.sleep(5)
        setting.cluster.start_node()
        output, _ = process.communicate()
    if process.returncode:
        output += run(setting, "node")
    assert_complete(setting, "node")


def test_node_is_drained(setting: Setting) -> None:
    """An administrator takes the node away; jobs wait until it is back."""
    node = f"NodeName={os.uname().nodename.split('.')[0]}"
    with started(setting, "drained") as process:
        setting.cluster.command("scontrol", "update", node, "State=DRAIN", "Reason=test")
        wait_until(lambda: not setting.cluster.jobs("RUNNING"), seconds=180)
        assert process.poll() is None, "the run waits"
        setting.cluster.command("scontrol", "update", node, "State=RESUME")
        output, _ = process.communicate()
    assert process.returncode == 0, output
    assert_complete(setting, "drained")


def test_manager_dies(setting: Setting) -> None:
    """Jobs of a dead run are cancelled by the next one, and write nothing into its results."""
    with started(setting, "manager") as process:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        assert setting.cluster.jobs("RUNNING,PENDING")
        told = run(setting, "manager")
    assert "cleared the lock that process" in told
    assert re.search(r"cancelling \d+ jobs that the dead run left in the queue", told)
    assert_complete(setting, "manager")


def test_failed_job_shows_its_log(setting: Setting) -> None:
    script = setting.checkout.folder / "scripts/solve_band.py"
    before = script.read_text()
    script.write_text(
        before.replace("def main(job: Job) -> None:\n", "def main(job: Job) -> None:\n    1 / 0\n")
    )
    try:
        failed = setting.checkout.snakemake(
            *(*PROFILE, *QUICK, "--retries", "0"),
            experiment=NAME,
            results="failing",
            environment=setting.cluster.environment,
        )
    finally:
        script.write_text(before)
    assert failed.returncode == 1
    told = failed.stdout + failed.stderr
    assert "solve_band ratio-reference failed" in told
    assert f"the end of failing/{NAME}/logs/solve_band/ratio-reference.log:" in told
    assert "ZeroDivisionError: division by zero" in told
