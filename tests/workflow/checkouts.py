"""Copies of this checkout to run the workflow in, as a user would."""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from entangled_drums.provenance.digest import file_digest
from entangled_drums.provenance.volatile import is_volatile

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Checkout:
    """A copy of the project in a folder of its own.

    Attributes
    ----------
    folder : Path
    patience : float
        Seconds after which a run that does not end is killed, and its test fails.
    """

    folder: Path
    patience: float = 800.0

    def copied_to(self, folder: Path) -> "Checkout":
        """Copy all of it, results, dates and the workflow manager's memory too."""
        return replace(self, folder=Path(shutil.copytree(self.folder, folder, symlinks=True)))

    def snakemake(
        self,
        *arguments: str,
        experiment: str = "toy",
        results: str = "results",
        config: tuple[str, ...] = (),
        environment: Mapping[str, str] | None = None,
        umask: int = -1,
    ) -> subprocess.CompletedProcess:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "snakemake", *arguments),
                *("--config", f"experiment={experiment}", f"results_dir={results}", *config),
            ],
            cwd=self.folder,
            env={**os.environ, **(environment or {})},
            umask=umask,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        try:
            output, errors = process.communicate(timeout=self.patience)
        except subprocess.TimeoutExpired:
            # Its jobs too: they hold the pipes, which would be waited for.
            os.killpg(process.pid, signal.SIGKILL)
            output, errors = process.communicate()
            pytest.fail(f"a run did not end within {self.patience:g} s:\n{output}{errors}")
        return subprocess.CompletedProcess(process.args, process.returncode, output, errors)

    def run(self, *arguments: str, **options) -> subprocess.CompletedProcess:
        """Run the toy experiment, which must succeed."""
        finished = self.snakemake(*arguments, **options)
        assert finished.returncode == 0, finished.stdout + finished.stderr
        return finished

    def planned(self, *arguments: str, **options) -> dict[str, int]:
        """Jobs that would run now, by rule."""
        finished = self.run("--dry-run", *arguments, **options)
        text = finished.stdout + finished.stderr
        if "Nothing to be done" in text:
            return {}
        table = re.search(r"^job +count\n-[ -]*\n((?:\w+ +\d+\n)+)", text, flags=re.MULTILINE)
        assert table, text
        counts = {rule: int(count) for rule, count in re.findall(r"(\w+) +(\d+)\n", table[1])}
        counts.pop("total")
        counts.pop("all", None)
        return counts

    def replace(self, file: str, old: str, new: str, after: str = "") -> None:
        """Replace a text that stands once in a file, or the first one after another text."""
        path = self.folder / file
        text = path.read_text(encoding="utf-8")
        start = text.index(after)
        found = text.count(old, start)
        assert found == 1 or (found and after), f"{file}: {old!r} stands there {found} times"
        changed = text[:start] + text[start:].replace(old, new, 1)
        path.write_text(changed, encoding="utf-8")


def make_checkout(folder: Path, patience: float = Checkout.patience) -> Checkout:
    """Copy every file that git tracks or would track."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout.decode()
    for name in filter(None, listed.split("\0")):
        source, target = ROOT / name, folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_symlink():
            target.symlink_to(os.readlink(source))
        elif source.exists():
            shutil.copy(source, target)
    return Checkout(folder, patience)


def digests(results: Path) -> dict[str, str]:
    """Digest of every result that must not vary between runs."""
    names = (path.relative_to(results).as_posix() for path in results.rglob("*") if path.is_file())
    return {name: file_digest(results / name) for name in sorted(names) if not is_volatile(name)}
