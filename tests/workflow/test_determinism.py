"""The same experiment gives the same bytes, whatever the circumstances."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.workflow.checkouts import Checkout, digests, make_checkout

from entangled_drums.provenance.record import SUFFIX


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    checkout = make_checkout(tmp_path_factory.mktemp("determinism") / "here")
    checkout.run(
        "--cores",
        "1",
        environment={"PYTHONHASHSEED": "1", "TZ": "UTC", "LC_ALL": "C.UTF-8", "LANG": "C.UTF-8"},
        umask=0o022,
    )
    return checkout


def test_results_do_not_depend_on_circumstances(toy: Checkout, tmp_path: Path) -> None:
    second = make_checkout(tmp_path / "another place" / "with a long name")
    scratch = tmp_path / "scratch"
    second.run(
        "--cores",
        "2",
        results=str(scratch),
        environment={
            "PYTHONHASHSEED": "271828",
            "TZ": "Pacific/Kiritimati",
            "LC_ALL": "POSIX",
            "LANG": "fi_FI.ISO-8859-1",
            "COLUMNS": "40",
        },
        umask=0o077,
    )
    expected, found = digests(toy.folder / "results" / "toy"), digests(scratch / "toy")
    assert {name.split("/")[0] for name in expected} >= {
        *("parameters", "theory", "truth", "recordings"),
        *("calibration", "inference", "figures", "tables"),
    }
    assert found == expected

    # Every result that is compared is vouched for by a record, and nothing else lies about.
    recorded = [name for name in expected if name.endswith(SUFFIX)]
    stems = {name.removesuffix(SUFFIX) for name in recorded}
    assert all(str(Path(name).parent / Path(name).name.split(".")[0]) in stems for name in expected)


def test_toy_is_small(tmp_path: Path) -> None:
    checkout = make_checkout(tmp_path)
    assert sum(checkout.planned().values()) <= 25
    assert sum(checkout.planned(experiment="aalto-2018").values()) <= 400


def test_generated_documentation_is_up_to_date(toy: Checkout) -> None:
    finished = subprocess.run(
        [sys.executable, "tools/generate_docs.py", "--check"],
        cwd=toy.folder,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": "src"},
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
