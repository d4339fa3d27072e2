"""Which generated files may differ between two runs of the same experiment.

Everything else under ``results/<experiment>/`` is the same to the byte whenever config, code and
package versions are the same, on one type of processor.
"""

from pathlib import PurePosixPath

VOLATILE = (
    "logs/",
    "benchmarks/",
    "report.html",
    "audit/manifest.json",
    "audit/manifest.record.json",
    "crate.zip",
)
"""Paths relative to the experiment's results folder; a trailing slash means all below it."""


def is_volatile(path: str | PurePosixPath) -> bool:
    """Tell whether a result is volatile by design.

    Parameters
    ----------
    path : str or PurePosixPath
        Path relative to the experiment's results folder.

    Returns
    -------
    bool
    """
    text = PurePosixPath(path).as_posix()
    return any(
        text.startswith(entry) if entry.endswith("/") else text == entry for entry in VOLATILE
    )
