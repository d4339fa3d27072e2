"""One run at a time in a results folder; what a dead run left is cleared."""

import json
import os
import signal
from pathlib import Path

import pytest
from tests.faults.injection import NAME, Undisturbed, run, start, wait_until
from tests.workflow.checkouts import digests

from entangled_drums.provenance.run_lock import lock_path


def test_live_run_is_not_disturbed(peaceful: Undisturbed) -> None:
    folder = peaceful.checkout.folder
    first = start(peaceful.checkout, "live")
    wait_until(lambda: "pid" in _content(lock_path(folder / "live" / NAME)))
    refused = peaceful.checkout.snakemake("--cores", "2", experiment=NAME, results="live")
    assert refused.returncode == 1
    lines = [line for line in refused.stderr.splitlines() if line.startswith(f"{NAME}: live/")]
    assert len(lines) == 1, refused.stderr
    assert f"is in use by process {first.pid} on {os.uname().nodename}, started 20" in lines[0]
    assert f"kill -INT {first.pid}" in lines[0]
    # Looking is allowed.
    assert peaceful.checkout.snakemake("--dry-run", experiment=NAME, results="live").returncode == 0
    output, _ = first.communicate()
    assert first.returncode == 0, output
    assert digests(folder / "live" / NAME) == peaceful.digests


@pytest.mark.essential
def test_two_starts_at_once(peaceful: Undisturbed) -> None:
    both = [start(peaceful.checkout, "two"), start(peaceful.checkout, "two")]
    outputs = [process.communicate()[0] for process in both]
    assert sorted(process.returncode for process in both) == [0, 1], outputs
    loser = next(
        text for process, text in zip(both, outputs, strict=True) if process.returncode == 1
    )
    assert "is in use by process" in loser
    assert digests(peaceful.checkout.folder / "two" / NAME) == peaceful.digests


def test_lock_of_a_dead_run_is_cleared(peaceful: Undisturbed) -> None:
    """Snakemake's own would have to be removed by hand: it is not used."""
    folder = peaceful.checkout.folder
    process = start(peaceful.checkout, "dead")
    wait_until(lambda: (folder / "dead" / NAME / "logs").exists())
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    assert list((folder / ".snakemake/locks").glob("*")) == []
    finished = run(peaceful.checkout, "dead")
    assert f"cleared the lock that process {process.pid} on" in finished.stderr
    assert digests(folder / "dead" / NAME) == peaceful.digests


def test_lock_of_another_machine_is_not_cleared(peaceful: Undisturbed) -> None:
    path = lock_path(peaceful.checkout.folder / "elsewhere" / NAME)
    path.parent.mkdir()
    holder = {"run": "x", "pid": 1, "host": "far-away", "since": "2026-01-01 00:00:00 UTC"}
    path.write_text(json.dumps(holder))
    refused = peaceful.checkout.snakemake("--cores", "2", experiment=NAME, results="elsewhere")
    assert refused.returncode == 1
    assert "process 1 on far-away, started 2026-01-01" in refused.stderr
    assert f"delete elsewhere/.{NAME}.lock" in refused.stderr
    path.unlink()
    run(peaceful.checkout, "elsewhere")


def test_interrupted_run_gives_its_lock_back(peaceful: Undisturbed) -> None:
    process = start(peaceful.checkout, "interrupted")
    log = peaceful.checkout.folder / "interrupted" / NAME / "logs"
    wait_until(lambda: log.exists())
    process.send_signal(signal.SIGINT)
    process.communicate()
    finished = run(peaceful.checkout, "interrupted")
    assert "cleared the lock" not in finished.stderr
    assert digests(peaceful.checkout.folder / "interrupted" / NAME) == peaceful.digests


def test_other_experiment_may_run_beside(peaceful: Undisturbed) -> None:
    """The lock is that of one results folder."""
    both = [start(peaceful.checkout, "beside-a"), start(peaceful.checkout, "beside-b")]
    outputs = [process.communicate()[0] for process in both]
    assert [process.returncode for process in both] == [0, 0], outputs


def _content(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
