"""The environment of a cluster without internet, from a folder of packages."""

import os
import subprocess
import sys
from pathlib import Path

from tests.workflow.checkouts import ROOT, make_checkout


def test_installation_without_network(tmp_path: Path) -> None:
    """As docs/cluster.md says: collect the packages where there is a network, install where not."""
    wheels = tmp_path / "wheels"
    lock = ("--require-hashes", "--no-deps", "-r", str(ROOT / "requirements/run.lock"))
    for what in (lock, ("setuptools", "wheel")):
        subprocess.run(
            [sys.executable, "-m", "pip", "download", "--quiet", *what, "-d", str(wheels)],
            check=True,
        )
    checkout = make_checkout(tmp_path / "checkout")
    settings = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
    # `unshare --net`: no network at all, not even the loopback.
    finished = subprocess.run(
        ["unshare", "--net", "make", "environment"],
        cwd=checkout.folder,
        env={**settings, "PIP_CONFIG_FILE": os.devnull, "WHEELS": str(wheels)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    told = subprocess.run(
        [str(checkout.folder / ".venv/bin/snakemake"), "--version"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.strip() in (ROOT / "requirements/run.lock").read_text()
