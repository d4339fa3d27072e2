"""The same experiment gives the same bytes, whatever the circumstances."""

import platform
import re
from pathlib import Path

import pytest
from tests.workflow.checkouts import ROOT, digests, make_checkout
from tests.workflow.conftest import FinishedRun
from tests.workflow.documented_files import is_described, undescribed
from tools.write_reference import TOLERANCES

from entangled_drums.provenance.compare import Reference, compare
from entangled_drums.provenance.record import SUFFIX


def test_results_do_not_depend_on_circumstances(finished_run: FinishedRun, tmp_path: Path) -> None:
    second = make_checkout(tmp_path / "another place" / "with a long name")
    scratch = tmp_path / "scratch"
    second.run(
        "--cores",
        "1",
        results=str(scratch),
        environment={
            "PYTHONHASHSEED": "271828",
            "TZ": "Pacific/Kiritimati",
            "LC_ALL": "POSIX",
            "LANG": "fi_FI.ISO-8859-1",
            "COLUMNS": "40",
        },
        umask=0o077,
    )
    expected, found = (
        digests(finished_run.checkout.folder / "results/toy"),
        digests(scratch / "toy"),
    )
    assert {name.split("/")[0] for name in expected} >= {
        *("parameters", "theory", "truth", "recordings"),
        *("calibration", "inference", "figures", "tables"),
    }
    assert found == expected

    # Every result that is compared is vouched for by a record, and nothing else lies about.
    recorded = [name for name in expected if name.endswith(SUFFIX)]
    stems = {name.removesuffix(SUFFIX) for name in recorded}
    assert all(str(Path(name).parent / Path(name).name.split(".")[0]) in stems for name in expected)


@pytest.mark.skipif(platform.machine() != "x86_64", reason="only there are the kernels known")
def test_on_another_processor_the_last_digits_differ(
    finished_run: FinishedRun, tmp_path: Path
) -> None:
    """Linear algebra and array loops as on a processor of 2008: other bytes, the same numbers."""
    old = {"OPENBLAS_CORETYPE": "Nehalem", "NPY_DISABLE_CPU_FEATURES": "AVX2 FMA3 AVX512F"}
    second = make_checkout(tmp_path / "checkout")
    second.run("--cores", "2", environment=old)
    expected = finished_run.checkout.folder / "results/toy"
    found = second.folder / "results/toy"
    assert digests(found) != digests(expected)
    tables = {
        path.relative_to(expected).as_posix(): {**TOLERANCES[path.parent.name], "every": 1}
        for path in expected.glob("*/*.csv")
        if path.parent.name in TOLERANCES
    }
    compared = compare(found, Reference(expected, "toy", {}, tables))
    assert compared.differences == ()
    assert compared.numbers > 500


def test_jobs_share_compiled_modules(finished_run: FinishedRun) -> None:
    """Though the user's environment forbids to keep them: each job would compile them again."""
    library = finished_run.checkout.folder / "src" / "entangled_drums"
    compiled = {
        path.parent.parent / f"{path.name.split('.')[0]}.py" for path in library.rglob("*.pyc")
    }
    assert {library / "nodes.py", library / "inference" / "direct.py"} <= compiled


def test_toy_is_small(tmp_path: Path) -> None:
    checkout = make_checkout(tmp_path)
    assert sum(checkout.planned().values()) <= 25
    assert sum(checkout.planned(experiment="aalto-2018").values()) <= 400


def test_every_file_of_a_run_is_described(finished_run: FinishedRun) -> None:
    page = (ROOT / "docs" / "files.md").read_text(encoding="utf-8")
    assert list(undescribed(finished_run.checkout.folder / "results/toy", page)) == []

    # Files that only the whole experiment has.
    listed = finished_run.checkout.run("--summary", experiment="aalto-2018").stdout
    names = re.findall(r"^results/aalto-2018/(\S+)", listed, re.MULTILINE)
    assert len(names) > 100
    assert [name for name in names if not is_described(name, page)] == []
