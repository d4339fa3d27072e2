"""Results taken from elsewhere: from a cache that checkouts share, or from an archive."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.faults.injection import NAME, small_experiment, write_experiment
from tests.workflow.checkouts import Checkout, digests, make_checkout

CLI = "from entangled_drums.cli import main; raise SystemExit(main())"
CACHED = ("solve_sweep", "solve_band", "infer_direct")
OUTPUTS = 2 + 2 + 4
"""Files that the cached rules make in the small experiment, which has one job of each."""


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """A checkout that has run the small experiment and filled a cache, `../cache`."""
    folder = tmp_path_factory.mktemp("sharing")
    (folder / "cache").mkdir()
    checkout = make_checkout(folder / "first")
    write_experiment(checkout, small_experiment())
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
        *("--cores", "2", "--cache", *CACHED),
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
    """Names of the results' folders that hold links."""
    results = checkout.folder / "results" / NAME
    return {path.relative_to(results).parts[0] for path in results.rglob("*") if path.is_symlink()}


def test_cache_gives_the_same_bytes(finished: Checkout, second: Checkout) -> None:
    told = run_cached(second, finished.folder.parent / "cache")
    assert told.count("Symlinking output file") == OUTPUTS, told
    assert links(second) == {"theory", "inference"}
    expected = digests(finished.folder / "results" / NAME)
    assert digests(second.folder / "results" / NAME) == expected
    assert second.planned(experiment=NAME) == {}


def test_changed_input_is_not_taken_from_the_cache(finished: Checkout, second: Checkout) -> None:
    """The uncertainty of one parameter changes the band, and the truth that was drawn."""
    second.replace("config/devices/drums-2018-assumed.yaml", "value: 106.0", "value: 107.0")
    told = run_cached(second, finished.folder.parent / "cache")
    assert told.count("Moving output file") == OUTPUTS, told
    assert told.count("Symlinking output file") == OUTPUTS, told
    before = digests(finished.folder / "results" / NAME)
    after = digests(second.folder / "results" / NAME)
    assert all(
        before[name] != after[name] for name in before if name.endswith((".nc", "direct.json"))
    )


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
