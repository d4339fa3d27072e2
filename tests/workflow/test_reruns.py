"""What runs again after a change: all that depends on it, and nothing else."""

import os
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator
from fnmatch import fnmatch
from pathlib import Path

import pytest
from tests.unit.audited_results import add
from tests.workflow.checkouts import Checkout
from tests.workflow.conftest import FinishedRun

from entangled_drums.provenance.chain import AUDIT_RECORD, Chain, read_chain
from entangled_drums.provenance.verify import verify

TOY = "config/experiments/toy.yaml"
DEVICE = "config/devices/drums-2018-assumed.yaml"
LIBRARY = "src/entangled_drums"


@pytest.fixture(scope="module")
def finished(finished_run: FinishedRun, tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    return finished_run.checkout.copied_to(tmp_path_factory.mktemp("reruns") / "checkout")


@pytest.fixture
def checkout(finished: Checkout) -> Iterator[Checkout]:
    """The finished checkout; edits are taken back afterwards."""
    sources = [
        path
        for name in ("config", "scripts", "src", "workflow")
        for path in (finished.folder / name).rglob("*")
        if path.is_file()
    ]
    before = {path: path.read_bytes() for path in sources}
    yield finished
    for path, content in before.items():
        if path.read_bytes() != content:
            path.write_bytes(content)


def planned(checkout: Checkout) -> dict[str, int]:
    """Jobs that would run now, without the audit: whatever runs again, it runs once after it."""
    counts = checkout.planned()
    assert counts.pop("audit", 0) == bool(counts)
    return counts


def chain_of(checkout: Checkout) -> Chain:
    return read_chain(checkout.folder / "results/toy")


def counted(chain: Chain, jobs: Iterable[str]) -> dict[str, int]:
    """Count jobs, which are named by their records, by rule."""
    return dict(Counter(chain.records[job]["rule"] for job in jobs if job != AUDIT_RECORD))


def all_behind(chain: Chain, *rules: str) -> dict[str, int]:
    """Jobs of some rules (a * stands for anything), and all that was made from their results."""
    origins = {
        job
        for job, record in chain.records.items()
        if any(fnmatch(record["rule"], rule) for rule in rules)
    }
    assert origins
    return counted(chain, {job for job in chain.records if {job, *chain.ancestors(job)} & origins})


def test_second_run_does_nothing(checkout: Checkout) -> None:
    assert planned(checkout) == {}


@pytest.mark.parametrize(
    ("file", "old", "new", "origins"),
    [
        (
            f"{LIBRARY}/entanglement.py",
            "duan = level - 2.0 * magnitude",
            "duan = level - 2.0 * magnitude * 1.0",
            ("solve_sweep", "solve_band", "calibrate_device", "infer_*", "run_replicas"),
        ),
        (
            f"{LIBRARY}/calibration/gaussian.py",
            "FORMAT_VERSION = 1",
            "FORMAT_VERSION = 2",
            ("calibrate_device", "infer_*", "run_replicas"),
        ),
        (f"{LIBRARY}/figures/style.py", "7.0", "7.5", ("draw_fig*",)),
        (f"{LIBRARY}/figures/fig4.py", "_ROW_MM = 52.0", "_ROW_MM = 53.0", ("draw_fig4",)),
        ("scripts/draw_truth.py", "once.", "once!", ("draw_truth",)),
    ],
    ids=["formula", "calibration", "style", "figure", "script"],
)
def test_code(checkout: Checkout, file: str, old: str, new: str, origins: tuple[str, ...]) -> None:
    checkout.replace(file, old, new)
    assert planned(checkout) == all_behind(chain_of(checkout), *origins)


def test_edited_code_is_noticed_whatever_its_date(checkout: Checkout) -> None:
    checkout.replace(f"{LIBRARY}/figures/fig4.py", "_ROW_MM = 52.0", "_ROW_MM = 53.0")
    os.utime(checkout.folder / LIBRARY / "figures" / "fig4.py", (0, 0))
    assert planned(checkout) == all_behind(chain_of(checkout), "draw_fig4")


@pytest.mark.parametrize(
    ("file", "old", "new", "what", "forced"),
    [
        (
            f"{LIBRARY}/figures/fig4.py",
            "_ROW_MM = 52.0",
            "_ROW_MM = 53.0",
            "figures/fig4.record.json: made with other code",
            "draw_fig4",
        ),
        (
            TOY,
            "value: 0.83",
            "value: 0.84",
            "figures/fig4.record.json: made with other config",
            "draw_fig4 write_paper write_parameters",
        ),
    ],
    ids=["code", "config"],
)
def test_without_the_memory_of_a_run_its_records_tell(
    finished: Checkout, tmp_path: Path, file: str, old: str, new: str, what: str, forced: str
) -> None:
    """All dates say that the results are new."""
    copy = finished.copied_to(tmp_path / "copy")
    shutil.rmtree(copy.folder / ".snakemake")
    date_back(copy)
    assert planned(copy) == {}
    expected = {**all_behind(chain_of(copy), *forced.split()), "audit": 1}
    copy.replace(file, old, new)
    date_back(copy)
    for arguments in (("--dry-run",), ("--cores", "2")):
        refused = copy.snakemake(*arguments)
        assert refused.returncode == 1
        assert what in refused.stderr
        assert refused.stderr.rstrip().endswith(f"add --forcerun {forced}")
    assert copy.planned("--forcerun", *forced.split()) == expected


def date_back(checkout: Checkout) -> None:
    """Date everything that results are made from long before them."""
    for name in ("config", "requirements", "scripts", "src", "workflow"):
        for path in (checkout.folder / name).rglob("*"):
            os.utime(path, (0, 0))


@pytest.mark.parametrize(
    ("file", "old", "new", "origins"),
    [
        (TOY, "value: 0.83", "value: 0.84", ("draw_fig4",)),
        (TOY, "title: Toy", "title: Small toy", ("write_paper",)),
        (TOY, "count: 37", "count: 38", ("solve_sweep", "solve_band")),
        (
            TOY,
            "half_span_hz: 1.0e+6",
            "half_span_hz: 1.1e+6",
            ("record_emission", "record_calibration", "run_replicas"),
        ),
        (
            TOY,
            "probe_coupling_hz: 1.0e+4",
            "probe_coupling_hz: 1.1e+4",
            ("record_phase_scan", "run_replicas"),
        ),
        (
            DEVICE,
            "value: 12.0",
            "value: 12.5",
            ("draw_truth", "calibrate_device", "run_replicas"),
        ),
        (DEVICE, "title: Two", "title: The two", ("write_paper",)),
    ],
    ids=[
        *("comparison", "title", "sweep", "emission", "probe"),
        *("receiver", "device-title"),
    ],
)
def test_config(
    checkout: Checkout, file: str, old: str, new: str, origins: tuple[str, ...]
) -> None:
    checkout.replace(file, old, new)
    assert planned(checkout) == all_behind(chain_of(checkout), "write_parameters", *origins)


def test_added_point_leaves_the_others_alone(checkout: Checkout) -> None:
    """Each rule with a job for every point runs once; so does what is made from all points."""
    chain = chain_of(checkout)
    of_points = {job for job in chain.records if "/reference-x450/" in job}
    assert {"recordings", "inference"} <= {job.split("/")[0] for job in of_points}
    behind = {job for job in chain.records if of_points & {*chain.ancestors(job)}}
    checkout.replace(TOY, "[0.45, 0.62]", "[0.45, 0.62, 0.7]")
    parameters = {"parameters/resolved.record.json"}
    assert planned(checkout) == counted(chain, of_points | behind | parameters)


def test_swapped_values_are_noticed(checkout: Checkout) -> None:
    """The linewidths of the two drums change places: everything physical depends on them."""
    path = checkout.folder / DEVICE
    text = path.read_text()
    swapped = text.replace("value: 106.0", "value: @").replace("value: 144.0", "value: 106.0")
    path.write_text(swapped.replace("value: @", "value: 144.0"))
    chain = chain_of(checkout)
    assert planned(checkout) == counted(chain, chain.records)


def test_identical_text_with_a_new_date_reruns_nothing(checkout: Checkout) -> None:
    """What `git checkout` of another branch and back does to every file."""
    for name in ("config", "scripts", "src", "workflow", "Snakefile", "environment.yml"):
        top = checkout.folder / name
        for path in [top] if top.is_file() else top.rglob("*"):
            if path.is_file():
                os.utime(path)
    assert planned(checkout) == {}


def test_deleted_figure_is_drawn_again(checkout: Checkout) -> None:
    path = checkout.folder / "results/toy/figures/fig4.png"
    content = path.read_bytes()
    expected = all_behind(chain_of(checkout), "draw_fig4")
    path.unlink()
    assert planned(checkout) == expected
    checkout.run("--cores", "1")
    assert path.read_bytes() == content


@pytest.mark.parametrize("size", [0, 100], ids=["empty", "truncated"])
def test_damaged_intermediate_is_named_and_made_again(checkout: Checkout, size: int) -> None:
    """Dated old, it looks up to date to the workflow manager; its digest tells."""
    path = checkout.folder / "results/toy/theory/bands/ratio-reference.nc"
    content = path.read_bytes()
    path.write_bytes(content[:size])
    os.utime(path, (0, 0))
    (checkout.folder / "results/toy/figures/fig4.csv").unlink()
    finished = checkout.run("--cores", "2")
    assert "theory/bands/ratio-reference.nc: " in finished.stdout + finished.stderr
    assert path.read_bytes() == content
    assert checkout.planned() == {}


def test_killed_run_is_taken_up_again(finished: Checkout, tmp_path: Path) -> None:
    """A result that was being written when its job died is made again, not believed."""
    path = finished.folder / "results/toy/theory/sweeps/ratio-reference.nc"
    content = path.read_bytes()
    partial = path.with_name(".ratio-reference.record.json.partial")
    partial.mkdir()
    (partial / path.name).write_bytes(b"half")
    path.unlink()
    finished.run("--cores", "2")
    assert path.read_bytes() == content
    assert not partial.exists()


def test_parts_of_an_earlier_cutting_are_removed(finished: Checkout, tmp_path: Path) -> None:
    """They are nobody's any more; before a run they go, and verification finds nothing."""
    edited = finished.copied_to(tmp_path / "copy")
    results = edited.folder / "results/toy"
    joined = "results/toy/theory/sweeps/ratio-reference.nc"
    edited.replace(TOY, "chunk_points: 50000", "chunk_points: 20")
    edited.run("--cores", "2", joined)
    part = results / "theory/parts/ratio-reference/1.nc"
    replicas = "coverage/main/parts/1.json"
    assert part.exists()
    assert not (results / replicas).exists()
    add(results, "run_replicas", {replicas: {"replicas": []}})
    assert verify(results).findings != ()
    edited.replace(TOY, "chunk_points: 20", "chunk_points: 50000")
    told = edited.run("--cores", "2", joined).stderr
    for folder, count in (("theory/parts/ratio-reference", 2), ("coverage/main/parts", 1)):
        assert f"{folder}: results that no job makes any more, removed: {count}" in told
    assert not part.exists()
    assert verify(results).findings == ()
