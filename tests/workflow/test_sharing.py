"""Results taken from elsewhere: from a cache that checkouts share, or from an archive."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.faults.injection import NAME, POINT, small_experiment, write_experiment
from tests.workflow.checkouts import ROOT, Checkout, digests, make_checkout

from entangled_drums.provenance.chain import read_chain


def cached_rules() -> list[str]:
    """Rules that `make reproduce CACHE=...` takes from a cache."""
    found = re.search(r"^CACHED = (.*)$", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)
    assert found
    return found[1].split()


def shared_experiment() -> dict:
    """The small experiment with jobs of every rule that is cached."""
    experiment = small_experiment()
    sweeps = experiment["theory"]["sweeps"]
    axis = {"start": 0.1, "stop": 0.9, "count": 9}
    sweeps["few-points"] = {**sweeps["ratio-reference"], "axes": {"drive.ratio": axis}}
    experiment["theory"]["chunk_points"] = 20  # the other sweep has more: it is cut into parts
    experiment["inference"]["routes"] = ["direct", "model_based"]
    experiment["coverage"] = {
        "operating_point": POINT,
        "replicas": {"coverage": 1},
        "chunk_replicas": 1,
        "draws": 100,
        "validation": {"factor": 2, "roots": ["second"]},
    }
    return experiment


def cached_outputs(checkout: Checkout) -> set[str]:
    """Results of the cached rules, by the records, which are cached too."""
    chain = read_chain(checkout.folder / "results" / NAME)
    made = {
        record: content["outputs"]
        for record, content in chain.records.items()
        if content["rule"] in cached_rules()
    }
    assert {chain.records[record]["rule"] for record in made} == set(cached_rules())
    return {name for record, outputs in made.items() for name in (record, *outputs)}


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """A checkout that has run the small experiment and filled a cache, `../cache`."""
    folder = tmp_path_factory.mktemp("sharing")
    (folder / "cache").mkdir()
    checkout = make_checkout(folder / "first")
    write_experiment(checkout, shared_experiment())
    run_cached(checkout)
    return checkout


@pytest.fixture
def second(finished: Checkout, tmp_path: Path) -> Checkout:
    """The same checkout in another folder, without results."""
    nothing_made = shutil.ignore_patterns("results", ".snakemake", "__pycache__")
    return Checkout(
        Path(shutil.copytree(finished.folder, tmp_path / "second", ignore=nothing_made))
    )


def run_cached(checkout: Checkout, cache: Path | None = None) -> str:
    """Run with the cache; return what is told."""
    told = checkout.run(
        *("--cores", "2", "--cache", *cached_rules()),
        experiment=NAME,
        environment={"SNAKEMAKE_OUTPUT_CACHE": str(cache or checkout.folder.parent / "cache")},
    )
    return told.stdout + told.stderr


def command(checkout: Checkout, *words: str) -> subprocess.CompletedProcess:
    """Run the project's command of the checkout, as `make archive` and `make restore` do."""
    return subprocess.run(
        [
            sys.executable,
            "-c",
            "from entangled_drums.cli import main; raise SystemExit(main())",
            *list(words),
        ],
        cwd=checkout.folder,
        env={**os.environ, "PYTHONPATH": str(checkout.folder / "src")},
        capture_output=True,
        text=True,
        check=False,
    )


def links(checkout: Checkout) -> set[str]:
    """Results that are links."""
    results = checkout.folder / "results" / NAME
    return {
        path.relative_to(results).as_posix() for path in results.rglob("*") if path.is_symlink()
    }


def test_cache_gives_the_same_bytes(finished: Checkout, second: Checkout) -> None:
    told = run_cached(second, finished.folder.parent / "cache")
    assert links(second) == cached_outputs(second)
    assert told.count("Symlinking output file") == len(links(second)), told
    expected = digests(finished.folder / "results" / NAME)
    assert digests(second.folder / "results" / NAME) == expected
    assert second.planned(experiment=NAME) == {}
    verified = command(second, "verify", f"results/{NAME}")
    assert verified.returncode == 0, verified.stdout


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("config/devices/drums-2018-assumed.yaml", "value: 106.0", "value: 107.0"),
        ("src/entangled_drums/provenance/job.py", "%s: record %s", "%s: record: %s"),
    ],
    ids=["parameter", "code"],
)
def test_changed_input_is_not_taken_from_the_cache(
    finished: Checkout, second: Checkout, file: str, old: str, new: str
) -> None:
    """It changes all that is cached; all of it is made, and put there."""
    second.replace(file, old, new)
    told = run_cached(second, finished.folder.parent / "cache")
    outputs = cached_outputs(second)
    assert told.count("Moving output file") == len(outputs), told
    assert told.count("Symlinking output file") == len(outputs), told
    before = digests(finished.folder / "results" / NAME)
    after = digests(second.folder / "results" / NAME)
    assert all(before[name] != after[name] for name in outputs)


def test_damaged_file_in_the_cache_is_made_again(
    finished: Checkout, second: Checkout, tmp_path: Path
) -> None:
    cache = tmp_path / "cache"
    shutil.copytree(finished.folder.parent / "cache", cache)
    run_cached(second, cache)
    expected = digests(second.folder / "results" / NAME)
    damaged = (second.folder / "results" / NAME / "theory/bands/ratio-reference.nc").resolve()
    assert damaged.parent == cache
    damaged.write_bytes(b"")
    told = run_cached(second, cache)
    assert "theory/bands/ratio-reference.nc: is empty; removed, to be made again" in told
    assert damaged.stat().st_size > 0
    assert digests(second.folder / "results" / NAME) == expected


def test_archive_moves_to_another_machine(
    finished: Checkout, second: Checkout, tmp_path: Path
) -> None:
    """With links into a cache on this one; nothing is computed on the other, and edits count."""
    file = tmp_path / "results.tar.gz"
    packed = command(finished, "archive", f"results/{NAME}", str(file))
    assert packed.returncode == 0, packed.stderr
    restored = command(second, "restore", str(file), "results")
    assert restored.returncode == 0, restored.stderr
    assert restored.stdout == f"{NAME}\n"
    target = second.folder / "results" / NAME
    assert links(second) == set()
    assert digests(target) == digests(finished.folder / "results" / NAME)

    assert second.planned(experiment=NAME), "old dates: nothing is believed by its date alone"
    second.run("--cores", "2", "--touch", experiment=NAME)
    assert second.planned(experiment=NAME) == {}
    assert digests(target) == digests(finished.folder / "results" / NAME)
    second.replace("src/entangled_drums/figures/fig4.py", "_ROW_MM = 52.0", "_ROW_MM = 53.0")
    assert set(second.planned(experiment=NAME)) == {"draw_fig4", "write_paper", "audit"}


def test_archive_of_other_code_is_not_taken_as_current(
    finished: Checkout, second: Checkout, tmp_path: Path
) -> None:
    file = tmp_path / "results.tar.gz"
    assert command(finished, "archive", f"results/{NAME}", str(file)).returncode == 0
    assert command(second, "restore", str(file), "results").returncode == 0
    second.replace("config/devices/drums-2018-assumed.yaml", "value: 106.0", "value: 107.0")
    refused = second.snakemake("--cores", "2", "--touch", experiment=NAME)
    assert refused.returncode == 1
    assert "made with other config than this checkout has; run without --touch" in refused.stderr
