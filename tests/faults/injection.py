"""Ways to break a run, and a small experiment to break."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil
import yaml
from tests.workflow.checkouts import ROOT, Checkout, digests, make_checkout

NAME = "faults"
POINT = "reference-x620"
"""The operating point of the experiment."""
PAUSE = "pause-before-replace"
PAUSED = "paused"

# Put into the checkout's `src`, which every job imports from: a job leaves its process id and stops
# before it renames the output that the file names, until that file is deleted. The program itself
# knows nothing of this.
SITECUSTOMIZE = f"""
import os, time
_replace = os.replace
def _pausing_replace(source, target, **options):
    if os.path.exists({PAUSE!r}):
        with open({PAUSE!r}) as stream:
            name = stream.read()
        if str(target).endswith(name):
            with open({PAUSED!r} + ".new", "w") as stream:
                stream.write(str(os.getpid()))
            _replace({PAUSED!r} + ".new", {PAUSED!r})
            while os.path.exists({PAUSE!r}):
                time.sleep(0.1)
    return _replace(source, target, **options)
os.replace = _pausing_replace
"""


@dataclass(frozen=True)
class Undisturbed:
    """A checkout to run in, and what an undisturbed run makes.

    Attributes
    ----------
    checkout : Checkout
    digests : dict
        Digest of every result that must not vary.
    seconds : float
        How long the run took.
    """

    checkout: Checkout
    digests: dict[str, str]
    seconds: float


def small_experiment() -> dict:
    """The toy experiment with one operating point and as little work as possible."""
    experiment = yaml.safe_load((ROOT / "config/experiments/toy.yaml").read_text())
    experiment.update(name=NAME, title="Small experiment for fault injection")
    power, ratios = next(iter(experiment["operating_points"].items()))
    experiment["operating_points"] = {power: ratios[-1:]}
    experiment["theory"]["band_samples"] = 20
    experiment["inference"]["routes"] = ["direct"]
    experiment["figures"]["drawn"] = ["fig4", "table_s2"]
    del experiment["coverage"]
    return experiment


def write_experiment(checkout: Checkout, experiment: dict) -> None:
    """Add an experiment to a checkout."""
    # The loader wants a point and a sign in a number with an exponent; so does YAML 1.1.
    text = yaml.safe_dump(experiment, sort_keys=False)
    path = checkout.folder / "config/experiments" / f"{experiment['name']}.yaml"
    path.write_text(text, encoding="utf-8")


def undisturbed(folder: Path) -> Undisturbed:
    """Make a checkout and run the small experiment in it, in peace."""
    checkout = make_checkout(folder)
    write_experiment(checkout, small_experiment())
    (folder / "src/sitecustomize.py").write_text(SITECUSTOMIZE)
    start = time.monotonic()
    run(checkout, "undisturbed")
    return Undisturbed(checkout, digests(folder / "undisturbed" / NAME), time.monotonic() - start)


def run(checkout: Checkout, results: str) -> subprocess.CompletedProcess:
    """Run the documented command, which must finish."""
    return checkout.run("--cores", "2", experiment=NAME, results=results)


def start(checkout: Checkout, results: str) -> subprocess.Popen:
    """Start the documented command in a process group of its own."""
    return subprocess.Popen(
        [
            *(sys.executable, "-m", "snakemake", "--cores", "2"),
            *("--config", f"experiment={NAME}", f"results_dir={results}"),
        ],
        cwd=checkout.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def jobs(run: subprocess.Popen) -> list[psutil.Process]:
    """Processes of a run's jobs."""
    try:
        children = psutil.Process(run.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []
    return [child for child in children if "python" in _name(child)]


def kill_job(run: subprocess.Popen) -> None:
    """Kill one job at work, if there is one."""
    for process in jobs(run)[:1]:
        process.kill()


def kill_manager(run: subprocess.Popen) -> None:
    """Kill the workflow manager alone; its jobs go on without it."""
    os.kill(run.pid, signal.SIGKILL)


def kill_all(run: subprocess.Popen) -> None:
    """Kill everything at once, as a power cut does."""
    os.killpg(run.pid, signal.SIGKILL)


KILLS: dict[str, Callable[[subprocess.Popen], None]] = {
    "job": kill_job,
    "manager": kill_manager,
    "all": kill_all,
}


def wait_until(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    """Wait for a condition; it is an error if it does not come true in time."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "what the test waits for did not happen"
        time.sleep(0.02)


def random_point(seed: int, seconds: float) -> tuple[str, float]:
    """What to kill, and when, for one number."""
    generator = random.Random(seed)
    return sorted(KILLS)[seed % len(KILLS)], generator.uniform(0.5, seconds)


def leftovers(results: Path) -> list[Path]:
    """Folders that jobs wrote to and that nobody took away."""
    return list(results.rglob(".*.partial"))


def _name(process: psutil.Process) -> str:
    try:
        return process.name()
    except psutil.Error:
        return ""
