"""Write reference/<experiment>/ from a verified run: small tables, and digests of all results.

    python tools/write_reference.py results/aalto-2018

`entangled-drums verify RESULTS --against reference/aalto-2018` compares another run with it.
"""

import argparse
import shutil
import sys
from pathlib import Path

from entangled_drums import jsonfile
from entangled_drums.errors import EntangledDrumsError
from entangled_drums.provenance.compare import NAME, reference_content
from entangled_drums.provenance.verify import verify

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("figures", "tables")

# Probabilities and intervals come from 1e5 or so samples: where the last bits of a number differ,
# a few samples fall on the other side. That is far below any uncertainty in these tables.
TOLERANCE = {"relative": 1e-5, "absolute": 1e-4}


def write(results: Path, target: Path) -> int:
    """Write a reference.

    Parameters
    ----------
    results : Path
        ``results/<experiment>``, complete and audited.
    target : Path
        Folder to write; what is in it is replaced.

    Returns
    -------
    int
        Bytes written.

    Raises
    ------
    EntangledDrumsError
        If the results do not verify.
    """
    report = verify(results, checkout=ROOT)
    if report.findings:
        raise EntangledDrumsError(f"{results}: does not verify, first: {report.findings[0]}")
    tables = sorted(
        path.relative_to(results).as_posix()
        for folder in FOLDERS
        for path in (results / folder).glob("*.csv")
    )
    shutil.rmtree(target, ignore_errors=True)
    for name in tables:
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(results / name, target / name)
    jsonfile.write(target / NAME, reference_content(results, dict.fromkeys(tables, TOLERANCE)))
    return sum(path.stat().st_size for path in target.rglob("*") if path.is_file())


def main() -> None:
    parser = argparse.ArgumentParser(description="write reference numbers from a verified run")
    parser.add_argument("results", type=Path)
    options = parser.parse_args()
    target = ROOT / "reference" / options.results.resolve().name
    try:
        size = write(options.results, target)
    except EntangledDrumsError as error:
        sys.exit(str(error))
    print(f"{target.relative_to(ROOT)}: written, {size} bytes")


if __name__ == "__main__":
    main()
