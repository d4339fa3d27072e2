"""Delete an experiment's results, asking first when they were dear."""

import json
import shlex
import shutil
import sys
from pathlib import Path

from entangled_drums.errors import EntangledDrumsError
from entangled_drums.provenance.chain import CONFIG_RECORD
from entangled_drums.provenance.record import SUFFIX
from entangled_drums.provenance.run_lock import held

ASK_ABOVE_SECONDS = 60.0


def computing_seconds(results_directory: Path) -> float:
    """Return how long the jobs behind a results folder took, by their own benchmark files.

    Parameters
    ----------
    results_directory : Path
        ``results/<experiment>``.

    Returns
    -------
    float
        Seconds, summed over jobs.
    """
    total = 0.0
    for path in sorted(results_directory.glob("benchmarks/*/*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            try:
                total += float(json.loads(line)["s"])
            except (ValueError, KeyError, TypeError):
                continue  # a half-written benchmark of a killed job: its cost is unknown
    return total


def clean(folder: str, confirmed: bool) -> None:
    """Delete a results folder.

    Parameters
    ----------
    folder : str
        ``results/<experiment>``.
    confirmed : bool
        Do not ask.

    Raises
    ------
    EntangledDrumsError
        If the folder holds no results of this project, a run is at work in it, or deleting was not
        agreed to.
    """
    path = Path(folder)
    if not path.exists():
        print(f"{path}: nothing to delete")
        return
    if path.is_symlink() or not any(path.glob(f"**/*{SUFFIX}")):
        raise EntangledDrumsError(
            f"{path}: holds no results of this project (no {SUFFIX} below it); "
            "delete it by hand if you must"
        )
    experiments = sorted(path.glob(f"*/{CONFIG_RECORD}"))
    if experiments:
        one = path / experiments[0].relative_to(path).parts[0]
        raise EntangledDrumsError(
            f"{path}: holds experiments, each in its own folder; give results/<experiment>, "
            f"here {one}"
        )
    seconds = computing_seconds(path)
    if seconds > ASK_ABOVE_SECONDS and not confirmed:
        question = f"{path} took {seconds / 60:.1f} min to compute. Delete it? [y/N] "
        if not sys.stdin.isatty():
            raise EntangledDrumsError(
                f"{path}: took {seconds / 60:.1f} min to compute and nobody is there to ask; "
                f"say `.venv/bin/entangled-drums clean --yes {shlex.quote(str(path))}`"
            )
        if input(question).strip().lower() not in ("y", "yes"):
            raise EntangledDrumsError(f"{path}: kept")
    with held(path):
        shutil.rmtree(path)
    print(f"{path}: deleted")
