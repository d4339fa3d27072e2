"""The same experiment gives the same bytes, whatever the circumstances."""

from pathlib import Path

from entangled_drums.provenance.record import SUFFIX
from tests.workflow.checkouts import digests, make_checkout


def test_results_do_not_depend_on_circumstances(tmp_path: Path) -> None:
    first = make_checkout(tmp_path / "here")
    first.run(
        "--cores",
        "1",
        environment={"PYTHONHASHSEED": "1", "TZ": "UTC", "LC_ALL": "C.UTF-8", "LANG": "C.UTF-8"},
        umask=0o022,
    )
    second = make_checkout(tmp_path / "another place" / "with a long name")
    scratch = tmp_path / "scratch"
    second.run(
        "--cores",
        "2",
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
    expected, found = digests(first.folder / "results" / "toy"), digests(scratch / "toy")
    assert {name.split("/")[0] for name in expected} >= {
        *("parameters", "theory", "truth", "recordings"),
        *("calibration", "inference", "figures", "tables"),
    }
    assert found == expected

    # Every result that is compared is vouched for by a record, and nothing else lies about.
    recorded = [name for name in expected if name.endswith(SUFFIX)]
    stems = {name.removesuffix(SUFFIX) for name in recorded}
    assert all(
        str(Path(name).parent / Path(name).name.split(".")[0]) in stems for name in expected
    )


def test_toy_is_small(tmp_path: Path) -> None:
    checkout = make_checkout(tmp_path)
    assert sum(checkout.planned().values()) <= 25
    assert sum(checkout.planned(experiment="aalto-2018").values()) <= 400
