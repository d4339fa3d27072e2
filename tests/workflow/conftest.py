import fcntl
import os
import subprocess
from dataclasses import dataclass

import pytest
from tests.workflow.checkouts import Checkout, make_checkout


@dataclass(frozen=True)
class FinishedRun:
    """A run of the toy experiment on two cores, in a checkout under version control.

    Attributes
    ----------
    checkout : Checkout
        Not to be changed: it serves all tests. Take a copy (`Checkout.copied_to`).
    told : str
        What the run printed.
    """

    checkout: Checkout
    told: str


@pytest.fixture(scope="session")
def finished_run(tmp_path_factory: pytest.TempPathFactory) -> FinishedRun:
    """The one run that all tests share, whichever of pytest's processes they are in."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    told = folder / "finished-run.txt"
    with open(folder / "finished-run.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not told.exists():
            checkout = make_checkout(folder / "finished-run")
            commit(checkout)
            finished = checkout.run(
                *("--cores", "2"),
                environment={
                    "PYTHONHASHSEED": "1",
                    "PYTHONDONTWRITEBYTECODE": "1",
                    "TZ": "UTC",
                    "LC_ALL": "C.UTF-8",
                    "LANG": "C.UTF-8",
                },
                umask=0o022,
            )
            told.write_text(finished.stdout + finished.stderr)
    return FinishedRun(Checkout(folder / "finished-run"), told.read_text())


def commit(checkout: Checkout) -> None:
    for words in (("init",), ("add", "."), ("commit", "-m", "as it was")):
        subprocess.run(
            ["git", "-c", "user.name=x", "-c", "user.email=x", *words],
            cwd=checkout.folder,
            env={**os.environ, "GIT_CONFIG_GLOBAL": os.devnull},
            check=True,
            capture_output=True,
        )
