"""Pack a run as a research object crate."""

from entangled_drums.provenance.crate import write_crate
from entangled_drums.wording import counted


def crate(folder: str, file: str | None, checkout: str) -> int:
    """Write the crate of an audited run.

    Parameters
    ----------
    folder : str
        ``results/<experiment>``.
    file : str or None
        Zip file to write; ``crate.zip`` in the results folder by default.
    checkout : str
        The checkout the run was made in.

    Returns
    -------
    int
        0.

    Raises
    ------
    EntangledDrumsError
        If something does not fit, or the file cannot be written.
    """
    target = file or f"{folder}/crate.zip"
    number = write_crate(folder, checkout, target)
    print(f"{target}: written, {counted(number, 'file')}")
    return 0
