"""Write reference/<experiment>/ from a verified run: small tables, verdicts, all digests.

    python tools/write_reference.py results/aalto-2018

`entangled-drums verify RESULTS --against reference/aalto-2018` compares another run with it. The
results in README.md come from there (tools/generate_docs.py), and its pictures from the same run.
"""

import argparse
import math
import shutil
import sys
from pathlib import Path
from typing import Any

from entangled_drums import jsonfile
from entangled_drums.errors import EntangledDrumsError
from entangled_drums.exhibits import FIGURES, TABLES, exhibits
from entangled_drums.provenance.compare import NAME, reference_content
from entangled_drums.provenance.record import SUFFIX, read_record
from entangled_drums.provenance.verify import verify

ROOT = Path(__file__).resolve().parents[1]

# With the linear algebra kernels of another processor type numbers differed by 5e-11 of themselves.
# Probabilities in the tables are shares of random samples, a few of which may change sides.
TOLERANCES = {
    "figures": {"relative": 1e-6, "absolute": 1e-6},
    "tables": {"relative": 1e-6, "absolute": 1e-4},
}
# Means over a thousand draws of a posterior: one of them may be another, which moves a mean by a
# thousandth of its error, some 1e-5 of itself.
OF_DRAWS = {"relative": 2e-5, "absolute": 1e-6}
TOLERANCE_OF = {f"figures/{name}.csv": OF_DRAWS for name in ("fig2", "fig3", "figs5", "figs9")}

PICTURES = {"aalto-2018": {"figures/fig4.png": "docs/images/fig4.png"}}
"""By experiment: pictures of it that the documentation shows, and where."""

LONGEST = 150
"""Rows of a table that are kept; of a longer one, every so many."""


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
        for folder in TOLERANCES
        for path in (results / folder).glob("*.csv")
    )
    shutil.rmtree(target, ignore_errors=True)
    entries = {}
    for name in tables:
        head, *rows = (results / name).read_text(encoding="utf-8").splitlines(keepends=True)
        every = math.ceil(len(rows) / LONGEST)
        tolerance = TOLERANCE_OF.get(name, TOLERANCES[name.split("/")[0]])
        entries[name] = {**tolerance, "every": every}
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        (target / name).write_text(head + "".join(rows[::every]), encoding="utf-8")
    verdict = jsonfile.read(results / "inference" / "verdict.json")
    verdicts = {point["operating_point"]: point["verdict"] for point in verdict["points"]}
    content = reference_content(results, entries)
    content["made"] = {kind: made(results, kind) for kind in (FIGURES, TABLES)}
    content["verdict"] = {"summary": verdict["summary"], "points": verdicts}
    content["validity"] = validity(results)
    jsonfile.write(target / NAME, content)
    for source, picture in PICTURES.get(target.name, {}).items():
        shutil.copyfile(results / source, ROOT / picture)
    return sum(path.stat().st_size for path in target.rglob("*") if path.is_file())


def made(results: Path, kind: str) -> dict[str, dict[str, Any]]:
    """Return what made each figure or table: rule, script, module, config keys, and its forms."""
    names = exhibits((path.as_posix() for path in (results / kind).iterdir()), kind)
    entries = {}
    for name in names:
        record = read_record(results / kind / f"{name}{SUFFIX}")
        script = next(file for file in record["code"] if file.startswith("scripts/"))
        entries[name] = {
            "rule": record["rule"],
            "script": script,
            "module": next(
                (file for file in record["code"] if file.endswith(f"{kind}/{name}.py")), script
            ),
            "config_keys": record["settings"]["config_keys"],
            "forms": sorted(output.rsplit(".", 1)[1] for output in record["outputs"]),
        }
    return entries


_OF_MISFIT = ("meaning", "unit", "size", "noticed", "bias_in_sigma", "in_error_budget")


def validity(results: Path) -> dict[str, Any]:
    """Return what the coverage study and the injected misfits found, as README tells it."""
    study = jsonfile.read(results / "coverage" / "main" / "summary.json")
    misfits = jsonfile.read(results / "coverage" / "misfit.json")["found"]
    told = ("operating_point", "replicas", "without_posterior", "claims", "errors", "fits")
    return {
        **{key: study[key] for key in told},
        "coverage": study["coverage"]["duan"],
        "misfits": [{key: one[key] for key in _OF_MISFIT} for one in misfits],
    }


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
