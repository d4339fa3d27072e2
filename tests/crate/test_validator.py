"""The crate before the public validator: all REQUIRED checks of four profiles, without network."""

import json
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.unit import audited_results

from entangled_drums.provenance.crate import METADATA, write_crate

PYTHON = audited_results.ROOT / ".venv-provenance" / "bin" / "python"

pytestmark = pytest.mark.skipif(
    not PYTHON.exists(), reason="needs the validator's environment: make test-crate"
)


def without(identity: str, key: str) -> Callable[[dict], None]:
    def spoil(entities: dict) -> None:
        del entities[identity][key]

    return spoil


def removed(identity: str) -> Callable[[dict], None]:
    def spoil(entities: dict) -> None:
        del entities[identity]

    return spoil


JOB = "inference/near/direct.record.json"
SPOILT = {
    "no-instrument": ("process-run-crate-0.5", without(f"#job/{JOB}", "instrument")),
    "no-description": ("ro-crate-1.1", removed(METADATA)),
    "no-licence": ("ro-crate-1.1", without("./", "license")),
    "no-date": ("ro-crate-1.1", without("./", "datePublished")),
    "no-parameter-type": (
        "workflow-run-crate-0.5",
        without("#parameter/name", "additionalType"),
    ),
    "no-step-tool": ("provenance-run-crate-0.5", without("#step/infer_direct", "workExample")),
    "no-controlled-job": ("provenance-run-crate-0.5", without(f"#control/{JOB}", "object")),
    "no-engine": ("provenance-run-crate-0.5", without("#engine-run", "instrument")),
}


@pytest.fixture(scope="module")
def issues(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, list[str]]]:
    """What the validator says of the crate as it is, and of each spoilt one."""
    folder = tmp_path_factory.mktemp("crate")
    results = audited_results.make(folder / "checkout")
    write_crate(results, folder / "checkout", folder / "whole.zip")
    for name, (_, spoil) in SPOILT.items():
        spoilt_copy(folder / "whole.zip", folder / f"{name}.zip", spoil)
    finished = subprocess.run(
        [
            str(PYTHON),
            str(Path(__file__).with_name("validate.py")),
            *(f"{name}.zip" for name in ("whole", *SPOILT)),
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    return json.loads(finished.stdout)


def spoilt_copy(source: Path, target: Path, spoil: Callable[[dict], None]) -> None:
    with zipfile.ZipFile(source) as whole, zipfile.ZipFile(target, "w") as copy:
        for name in whole.namelist():
            content = whole.read(name)
            if name == METADATA:
                description = json.loads(content)
                entities = {entity["@id"]: entity for entity in description["@graph"]}
                spoil(entities)
                description["@graph"] = list(entities.values())
                content = json.dumps(description).encode()
            copy.writestr(name, content)


def test_crate_passes_every_required_check(issues: dict[str, dict[str, list[str]]]) -> None:
    assert len(issues["whole.zip"]) == 4
    assert all(found == [] for found in issues["whole.zip"].values()), issues["whole.zip"]


@pytest.mark.parametrize("name", SPOILT)
def test_spoilt_crate_fails(issues: dict[str, dict[str, list[str]]], name: str) -> None:
    profile = SPOILT[name][0]
    assert issues[f"{name}.zip"][profile], issues[f"{name}.zip"]


def test_missing_file_fails(tmp_path: Path) -> None:
    results = audited_results.make(tmp_path / "checkout")
    write_crate(results, tmp_path / "checkout", tmp_path / "whole.zip")
    with zipfile.ZipFile(tmp_path / "whole.zip") as archive:
        archive.extractall(tmp_path / "crate")
    shutil.rmtree(tmp_path / "crate" / "results" / "small" / "figures")
    finished = subprocess.run(
        [str(PYTHON), str(Path(__file__).with_name("validate.py")), str(tmp_path / "crate")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    (found,) = json.loads(finished.stdout).values()
    assert found["ro-crate-1.1"]
