"""Recompute every digest of a results folder, and say what does not fit."""

from pathlib import Path

from entangled_drums.provenance import verify as checks
from entangled_drums.provenance.compare import compare, read_reference
from entangled_drums.provenance.configured import stale_config
from entangled_drums.wording import counted, escaped

DAMAGED, STALE, ORPHANED, FORGED, DIFFERENT, NOT_BLIND = 3, 4, 5, 6, 7, 8
"""Exit codes. The first in the order 6, 3, 8, 4, 7, 5 is returned; 0 means that all fits."""


def verify(folder: str, root: str | None, reference: str | None, checkout: str | None) -> int:
    """Verify a results folder and print one line for each finding.

    Parameters
    ----------
    folder : str
        ``results/<experiment>``.
    root : str or None
        Root digest that was noted down.
    reference : str or None
        Folder of reference numbers to compare with.
    checkout : str or None
        Checkout whose code and config the results must have been made with. By default the
        current folder, if it is one.

    Returns
    -------
    int
        0 if everything fits, otherwise one of the exit codes above.

    Raises
    ------
    EntangledDrumsError
        If there is nothing to verify, or to compare with.
    """
    here = Path(checkout) if checkout else Path()
    is_checkout = checkout is not None or (here / "Snakefile").is_file()
    comparison = compare(Path(folder), read_reference(Path(reference))) if reference else None
    report = checks.verify(folder, root=root, checkout=here if is_checkout else None)
    findings = list(report.findings)
    if is_checkout:
        findings += stale_config(report.chain, here)
    for finding in sorted(findings):
        print(finding)
    if report.affected:
        affected = escaped(", ".join(report.affected))
        print(f"made from these, so not to be trusted either: {affected}")
    different = 0
    if comparison:
        different = len(comparison.differences)
        for line in comparison.differences:
            print(escaped(f"differs: {line}"))
        print(
            f"{reference}: {counted(comparison.numbers, 'number')} compared, {different} differ "
            f"beyond tolerance; {comparison.equal_digests} of {comparison.digests} files equal to "
            "the byte"
        )
    against = f" and the code and config of {here.resolve()}" if is_checkout else ""
    print(f"{folder}: {counted(report.checked, 'file')} checked along every chain{against}")
    print(f"root digest {report.root}")
    code = _code({finding.kind for finding in findings}, different)
    print("everything fits" if code == 0 else counted(len(findings) + different, "finding"))
    return code


def _code(kinds: set[str], different: int) -> int:
    if checks.FORGED in kinds:
        return FORGED
    if kinds & set(checks.DAMAGE):
        return DAMAGED
    if checks.BLIND in kinds:
        return NOT_BLIND
    if checks.STALE in kinds:
        return STALE
    if different:
        return DIFFERENT
    return ORPHANED if kinds else 0
