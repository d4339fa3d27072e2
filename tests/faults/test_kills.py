"""Whatever is killed, whenever: the same command, given again, finishes with the same bytes."""

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
from tests.faults.injection import (
    KILLS,
    NAME,
    PAUSE,
    PAUSED,
    Undisturbed,
    leftovers,
    random_point,
    run,
    start,
    wait_until,
)
from tests.workflow.checkouts import digests


def recovered(peaceful: Undisturbed, results: str) -> str:
    """Run again; the results must be those of the undisturbed run."""
    finished = run(peaceful.checkout, results)
    folder = peaceful.checkout.folder / results / NAME
    assert digests(folder) == peaceful.digests
    assert leftovers(folder) == []
    return finished.stdout + finished.stderr


@pytest.mark.parametrize("point", range(25))
def test_kill_at_random(peaceful: Undisturbed, point: int, request: pytest.FixtureRequest) -> None:
    kind, seconds = random_point(point, peaceful.seconds)
    results = f"random-{point}"
    process = start(peaceful.checkout, results)
    try:
        process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        KILLS[kind](process)
    process.communicate()
    recovered(peaceful, results)


@pytest.mark.parametrize(
    ("kind", "output"),
    [
        ("job", "calibration/device.json"),
        ("manager", "figures/fig4.png"),
        ("manager", "truth/truth.record.json"),
        pytest.param("all", "tables/table_s2.tex", marks=pytest.mark.essential),
        ("all", "parameters/resolved.record.json"),
    ],
)
def test_kill_between_write_and_rename(peaceful: Undisturbed, kind: str, output: str) -> None:
    folder = peaceful.checkout.folder
    results = f"rename-{kind}-{Path(output).name}"
    pause, paused = folder / PAUSE, folder / PAUSED
    pause.write_text(f"{results}/{NAME}/{output}")
    try:
        process = start(peaceful.checkout, results)
        wait_until(paused.exists, seconds=120)
        job = int(paused.read_text())
        assert not (folder / results / NAME / output).exists()
        assert leftovers(folder / results / NAME)
        if kind == "job":
            os.kill(job, signal.SIGKILL)
        else:
            KILLS[kind](process)
        if kind == "manager":
            # Its job is still there, holding complete files and about to rename them. It is let go
            # when the next run waits for it, and must not disturb what that run makes.
            following = start(peaceful.checkout, results)
            assert following.stdout
            line = next(line for line in following.stdout if line.startswith(f"{NAME}: waiting"))
            assert "waiting for a job that a killed run left behind" in line
            pause.unlink()
            following.communicate()
            assert following.returncode == 0
            with pytest.raises(ProcessLookupError):
                os.kill(job, 0)
        pause.unlink(missing_ok=True)
        process.communicate()
    finally:
        pause.unlink(missing_ok=True)
        paused.unlink(missing_ok=True)
    told = recovered(peaceful, results)
    assert ("cleared the lock that process" in told) == (kind == "all")


def test_job_of_a_killed_run_does_not_write_into_the_next(peaceful: Undisturbed) -> None:
    """The job goes on when its run is dead; by the time it ends, another run has the folder."""
    folder = peaceful.checkout.folder
    results = "late"
    process = start(peaceful.checkout, results)
    wait_until(lambda: any((folder / results).rglob("draw_truth/job.log")), seconds=120)
    KILLS["manager"](process)
    process.communicate()
    told = recovered(peaceful, results)
    assert "cleared the lock that process" in told
    time.sleep(1)
    assert digests(folder / results / NAME) == peaceful.digests
