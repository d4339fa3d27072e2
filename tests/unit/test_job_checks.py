"""An experiment that is cut into too many jobs is refused before they are planned."""

from pathlib import Path

import pytest

from entangled_drums.configuration.experiment import load_experiment
from entangled_drums.configuration.job_checks import MOST_JOBS, job_problems
from entangled_drums.errors import ConfigurationError

ROOT = Path(__file__).parents[2]
FOLDERS = {
    "schema_directory": ROOT / "workflow/schemas",
    "device_directory": ROOT / "config/devices",
}
TOY = ROOT / "config/experiments/toy.yaml"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "    coverage: 1\n",
            "    coverage: 10000\n",
            # 10 002 replicas, ten times as many in `make validate`, ten in a job
            r"coverage.chunk_replicas: makes 10002 jobs, .*; write for example 80$",
        ),
        (
            "chunk_points: 50000",
            "chunk_points: 1",
            r"theory.chunk_points: makes 5000 jobs, .*; write for example 4$",
        ),
    ],
    ids=["replicas", "points"],
)
def test_too_many_jobs(tmp_path, old, new, message):
    path = tmp_path / "toy.yaml"
    text = TOY.read_text("utf-8").replace("count: 37", "count: 5000")
    assert old in text
    path.write_text(text, "utf-8")
    load_experiment(path, **FOLDERS)
    path.write_text(text.replace(old, new), "utf-8")
    with pytest.raises(ConfigurationError, match=message):
        load_experiment(path, **FOLDERS)


def test_what_is_advised_is_enough():
    config = load_experiment(TOY, **FOLDERS)
    config["coverage"]["replicas"] = {"coverage": 1_000_000}
    config["coverage"]["chunk_replicas"] = 1
    config["theory"]["chunk_points"] = 7
    config["theory"]["sweeps"]["map"] = {
        "axes": {"drive.ratio": {"count": 90_001}, "drive.red_coupling_hz": {"count": 3}}
    }
    problems = job_problems(config)
    assert [one.path[-1] for one in problems] == ["chunk_points", "chunk_replicas"]
    for one in problems:
        config[one.path[0]][one.path[1]] = int(one.text.rsplit(" ", 1)[1])
    assert job_problems(config) == []
    assert 10_000_000 / config["coverage"]["chunk_replicas"] > MOST_JOBS / 2
