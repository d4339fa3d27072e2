import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.cluster.slurm import Cluster, what_is_missing
from tests.faults.injection import NAME, small_experiment, write_experiment
from tests.workflow.checkouts import Checkout, digests, make_checkout

PATIENCE = 1500.0
"""Seconds that a run may take: a cluster hands out few jobs a minute."""


@dataclass(frozen=True)
class Setting:
    """A cluster, a checkout whose profile suits tests, and what a local run of it makes."""

    cluster: Cluster
    checkout: Checkout
    expected: dict[str, str]


def pytest_sessionstart(session: pytest.Session) -> None:
    missing = what_is_missing()
    if missing:
        pytest.exit("a cluster cannot be started here; missing: " + "; ".join(missing), 1)


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    # Not below pytest's folder: munged wants a path that others may look into, and a short one.
    folder = Path(tempfile.mkdtemp(prefix="slurm-", dir="/tmp"))
    folder.chmod(0o755)
    cluster = Cluster(folder)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def setting(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Setting:
    checkout = make_checkout(tmp_path_factory.mktemp("cluster"), PATIENCE)
    write_experiment(checkout, small_experiment())
    checkout.run("--cores", "2", experiment=NAME, results="local")
    return Setting(cluster, checkout, digests(checkout.folder / "local" / NAME))
