"""Pack an experiment's results into one file, and unpack them elsewhere."""

import sys
from pathlib import Path

from entangled_drums.provenance import archive as archives
from entangled_drums.wording import counted


def archive(folder: str, file: str) -> None:
    """Pack results and say where.

    Parameters
    ----------
    folder : str
        ``results/<experiment>``.
    file : str
        Archive to write.
    """
    number = archives.archive(folder, file)
    size = Path(file).stat().st_size
    print(
        f"{file}: {counted(number, 'file')} of {folder}, {size / 1e6:.1f} MB, each with its SHA-256"
    )


def restore(file: str, results: str) -> None:
    """Unpack results, say where, and print the experiment's name.

    Parameters
    ----------
    file : str
        Archive.
    results : str
        Folder that holds the results of all experiments.
    """
    target = archives.restore(file, results)
    print(f"{target}: restored; every file matches its SHA-256", file=sys.stderr)
    print(target.name)
