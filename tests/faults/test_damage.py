"""A damaged file is named and made again by the same command, whatever its date."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.faults.injection import NAME, POINT, Undisturbed, leftovers, run
from tests.workflow.checkouts import digests


@pytest.fixture(scope="module")
def complete(peaceful: Undisturbed) -> Path:
    """Results of a finished run, to be damaged."""
    run(peaceful.checkout, "damaged")
    return peaceful.checkout.folder / "damaged" / NAME


@pytest.mark.parametrize("date", ["old", "new"])
@pytest.mark.parametrize(
    ("damage", "file"),
    [
        ("empty", "calibration/device.json"),
        pytest.param(
            *("truncated", f"recordings/{POINT}/emission.nc"), marks=pytest.mark.essential
        ),
        ("altered", f"inference/{POINT}/direct.json"),
        ("empty", "truth/truth.record.json"),
        ("truncated", "figures/fig4.record.json"),
    ],
)
def test_damage(peaceful: Undisturbed, complete: Path, damage: str, file: str, date: str) -> None:
    path = complete / file
    content = path.read_bytes()
    middle = len(content) // 2
    path.write_bytes(
        {
            "empty": b"",
            "truncated": content[:middle],
            "altered": content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :],
        }[damage]
    )
    if date == "old":
        os.utime(path, (0, 0))
    planned = peaceful.checkout.snakemake("--dry-run", experiment=NAME, results="damaged")
    assert planned.returncode == 0
    assert path.exists(), "a dry run changes nothing"
    finished = run(peaceful.checkout, "damaged")
    told = (finished.stdout + finished.stderr).splitlines()
    assert any(
        line.startswith(f"{NAME}: damaged/{NAME}/{file}: ") and "removed, to be made again" in line
        for line in told
    ), told
    assert digests(complete) == peaceful.digests


@pytest.fixture
def small_disk(peaceful: Undisturbed) -> Iterator[Path]:
    folder = peaceful.checkout.folder / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=128k", "tmpfs", str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    if mounted.returncode:
        folder.rmdir()
        pytest.skip(f"a small disk cannot be mounted here (needs root): {mounted.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)
        shutil.rmtree(folder)


def test_full_disk(peaceful: Undisturbed, small_disk: Path) -> None:
    failed = peaceful.checkout.snakemake("--cores", "2", experiment=NAME, results=str(small_disk))
    assert failed.returncode == 1
    assert "No space left on device" in failed.stdout + failed.stderr
    subprocess.run(["mount", "-o", "remount,size=64m", str(small_disk)], check=True)
    run(peaceful.checkout, str(small_disk))
    assert digests(small_disk / NAME) == peaceful.digests
    assert leftovers(small_disk) == []
