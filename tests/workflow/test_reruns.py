"""What runs again after a change: all that depends on it, and nothing else."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.workflow.checkouts import Checkout, make_checkout

INFERENCE = {
    "infer_direct": 2,
    "infer_model_based": 2,
    "decide_verdict": 1,
    "draw_fig4": 1,
    "write_table_s2": 1,
}
CHAIN = {"record_calibration": 1}
STATIONARITY = {"record_stationarity": 1}
RECORDINGS = {"record_emission": 2, "record_phase_scan": 2, **CHAIN, **STATIONARITY}
PARAMETERS = {"write_parameters": 1}
THEORY = {"solve_sweep": 1, "join_sweep": 1, "solve_band": 1}
TRUTH = {"draw_truth": 1}
CALIBRATION = {"calibrate_device": 1}

TOY = "config/experiments/toy.yaml"
DEVICE = "config/devices/drums-2018-assumed.yaml"
LIBRARY = "src/entangled_drums"


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    checkout = make_checkout(tmp_path_factory.mktemp("reruns"))
    checkout.run("--cores", "2")
    return checkout


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


def test_second_run_does_nothing(checkout: Checkout) -> None:
    assert planned(checkout) == {}


@pytest.mark.parametrize(
    ("file", "old", "new", "expected"),
    [
        (
            f"{LIBRARY}/entanglement.py",
            "duan = level - 2.0 * magnitude",
            "duan = level - 2.0 * magnitude * 1.0",
            {**THEORY, **INFERENCE},
        ),
        (
            f"{LIBRARY}/calibration/gaussian.py",
            "FORMAT_VERSION = 1",
            "FORMAT_VERSION = 2",
            {**CALIBRATION, **INFERENCE},
        ),
        (f"{LIBRARY}/figures/style.py", "7.0", "7.5", {"draw_fig1": 1, "draw_fig4": 1}),
        (f"{LIBRARY}/figures/fig4.py", "_ROW_MM = 52.0", "_ROW_MM = 53.0", {"draw_fig4": 1}),
        ("scripts/draw_truth.py", "once.", "once!", {**TRUTH, **RECORDINGS, **INFERENCE}),
    ],
    ids=["formula", "calibration", "style", "figure", "script"],
)
def test_code(checkout: Checkout, file: str, old: str, new: str, expected: dict[str, int]) -> None:
    checkout.replace(file, old, new)
    assert planned(checkout) == expected


def test_edited_code_is_noticed_whatever_its_date(checkout: Checkout) -> None:
    checkout.replace(f"{LIBRARY}/figures/fig4.py", "_ROW_MM = 52.0", "_ROW_MM = 53.0")
    os.utime(checkout.folder / LIBRARY / "figures" / "fig4.py", (0, 0))
    assert planned(checkout) == {"draw_fig4": 1}


@pytest.mark.parametrize(
    ("file", "old", "new", "expected"),
    [
        (TOY, "value: 0.83", "value: 0.84", {**PARAMETERS, "draw_fig4": 1}),
        (TOY, "title: Toy", "title: Small toy", PARAMETERS),
        (TOY, "count: 37", "count: 38", {**PARAMETERS, **THEORY, "draw_fig4": 1}),
        (
            TOY,
            "half_span_hz: 1.0e+6",
            "half_span_hz: 1.1e+6",
            {**PARAMETERS, "record_emission": 2, **CHAIN, **STATIONARITY, **INFERENCE},
        ),
        (
            TOY,
            "probe_coupling_hz: 1.0e+4",
            "probe_coupling_hz: 1.1e+4",
            {**PARAMETERS, "record_phase_scan": 2, **INFERENCE},
        ),
        (
            DEVICE,
            "value: 12.0",
            "value: 12.5",
            {**PARAMETERS, **TRUTH, **RECORDINGS, **CALIBRATION, **INFERENCE},
        ),
        (DEVICE, "title: Two", "title: The two", PARAMETERS),
    ],
    ids=[
        *("comparison", "title", "sweep", "emission", "probe"),
        *("receiver", "device-title"),
    ],
)
def test_config(
    checkout: Checkout, file: str, old: str, new: str, expected: dict[str, int]
) -> None:
    checkout.replace(file, old, new)
    assert planned(checkout) == expected


def test_added_point_leaves_the_others_alone(checkout: Checkout) -> None:
    checkout.replace(TOY, "[0.45, 0.62]", "[0.45, 0.62, 0.7]")
    assert planned(checkout) == {
        **PARAMETERS,
        "record_emission": 1,
        "record_phase_scan": 1,
        "infer_direct": 1,
        "infer_model_based": 1,
        "decide_verdict": 1,
        "draw_fig4": 1,
        "write_table_s2": 1,
    }


def test_swapped_values_are_noticed(checkout: Checkout) -> None:
    """The linewidths of the two drums change places: everything physical depends on them."""
    path = checkout.folder / DEVICE
    text = path.read_text()
    swapped = text.replace("value: 106.0", "value: @").replace("value: 144.0", "value: 106.0")
    path.write_text(swapped.replace("value: @", "value: 144.0"))
    assert planned(checkout) == {
        **PARAMETERS,
        **THEORY,
        **TRUTH,
        **RECORDINGS,
        **CALIBRATION,
        **INFERENCE,
        "draw_fig1": 1,
    }


def test_identical_text_with_a_new_date_reruns_nothing(checkout: Checkout) -> None:
    """What `git checkout` of another branch and back does to every file."""
    for name in ("config", "scripts", "src", "workflow", "Snakefile", "environment.yml"):
        top = checkout.folder / name
        for path in [top] if top.is_file() else top.rglob("*"):
            if path.is_file():
                os.utime(path)
    assert planned(checkout) == {}


def test_deleted_figure_is_drawn_again_alone(checkout: Checkout) -> None:
    path = checkout.folder / "results/toy/figures/fig4.png"
    content = path.read_bytes()
    path.unlink()
    assert planned(checkout) == {"draw_fig4": 1}
    checkout.run("--cores", "1")
    assert path.read_bytes() == content


@pytest.mark.parametrize("size", [0, 100], ids=["empty", "truncated"])
def test_damaged_intermediate_is_named_and_made_again(checkout: Checkout, size: int) -> None:
    """Dated old, it looks up to date to the workflow manager; its digest tells."""
    path = checkout.folder / "results/toy/calibration/device.json"
    content = path.read_bytes()
    path.write_bytes(content[:size])
    os.utime(path, (0, 0))
    (checkout.folder / "results/toy/inference/reference-x620/direct.json").unlink()
    finished = checkout.run("--cores", "2")
    assert "calibration/device" in finished.stdout + finished.stderr
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
