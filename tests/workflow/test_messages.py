"""A wrong input stops the run before any job, with one line that says what to write instead."""

import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from snakemake.cli import get_argument_parser
from tests.workflow.checkouts import Checkout, make_checkout

TOY = "config/experiments/toy.yaml"
DEVICE = "config/devices/drums-2018-assumed.yaml"


@pytest.fixture(scope="module")
def module_checkout(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    return make_checkout(tmp_path_factory.mktemp("messages"))


@pytest.fixture
def checkout(module_checkout: Checkout) -> Iterator[Checkout]:
    files = [module_checkout.folder / name for name in (TOY, DEVICE)]
    before = {path: path.read_bytes() for path in files}
    yield module_checkout
    for path, content in before.items():
        path.write_bytes(content)


def refusal(checkout: Checkout, *targets: str, **options) -> str:
    finished = checkout.snakemake(*targets, "--cores", "1", "--quiet", "all", **options)
    assert finished.returncode == 1
    assert not (checkout.folder / "results" / "toy").exists()
    lines = [line for line in finished.stderr.splitlines() if not line.startswith("Using workflow")]
    lines = [line for line in lines if not line.startswith("Assuming unrestricted")]
    assert len(lines) == 1, finished.stderr
    assert finished.stdout == ""
    return lines[0]


@pytest.mark.parametrize(
    ("file", "old", "new", "words"),
    [
        (
            TOY,
            "bin_width_hz: 2500.0\n    window: boxcar\n  phase",
            "bin_widht_hz: 2500.0\n    window: boxcar\n  phase",
            ("bin_widht_hz", "did you mean bin_width_hz"),
        ),
        (TOY, "red_coupling_hz: 1.4e+5", "red_coupling_hz: 1.4e5", ("red_coupling_hz", "1.4e+5")),
        (
            TOY,
            "  drawn: [fig4,",
            "  drawn: [figg4,",
            ("figures.drawn[0]", '"figg4"', "did you mean fig4?"),
        ),
        (
            TOY,
            "  drawn: [fig4,",
            "  drawn: [figs7,",
            ("figures.drawn[0]", '"figs7" cannot be drawn', "leave figs7 out"),
        ),
        (
            TOY,
            "  source: simulated",
            "  source: files\n  path: nowhere",
            ("recordings.path", "no such folder"),
        ),
        (
            TOY,
            "  source: recordings",
            "  source: file\n  path: nowhere.json",
            ("calibration.path", "no such file"),
        ),
        (TOY, "phases: 8", "phases: eight", ("phases", "eight")),
        (TOY, "[0.45, 0.62]", "[0.45, 0.62, 1.4]", ("operating_points.reference", "1.4")),
        (
            TOY,
            "device: drums-2018-assumed",
            "device: drums-2018-asumed",
            ("device", "did you mean drums-2018-assumed"),
        ),
        (DEVICE, "value: 106.0", "value: -106.0", ("drum_1.linewidth_hz.value", "-106")),
        (
            DEVICE,
            "    status: assumed\n    source: definition",
            "    source: definition",
            ("heating.reference_coupling_hz", "status"),
        ),
    ],
    ids=[
        "misspelt",
        "exponent",
        "figure",
        "lacking",
        "folder",
        "file",
        "type",
        "ratio",
        "device",
        "range",
        "missing",
    ],
)
def test_wrong_config(
    checkout: Checkout, file: str, old: str, new: str, words: tuple[str, ...]
) -> None:
    checkout.replace(file, old, new)
    line = refusal(checkout)
    told = re.match(re.escape(file) + r":([0-9]+): ", line)
    assert told
    text = (checkout.folder / file).read_text()
    # A missing key is told where its section begins, a few lines above.
    assert abs(text[: text.index(new)].count("\n") + 1 - int(told[1])) <= 3
    for word in words:
        assert word in line


@pytest.mark.parametrize(
    ("experiment", "target", "words"),
    [
        ("toy", "draw_nonsense", ("nonsense is no figure or table", "write one of: fig1, ")),
        ("toy", "draw_fig-4", ("fig-4 is no figure or table", "did you mean fig4?")),
        ("toy", "write_table_s9", ("table_s9 is no figure or table", "did you mean table_s")),
        ("toy", "draw_figs7", ("toy: figs7 cannot be made, for no sweep", "add that")),
        (
            "toy",
            "draw_figs5",
            ("config/experiments/toy.yaml: figures.drawn leaves figs5 out", "add figs5 there"),
        ),
        (
            "example-recordings",
            "draw_figs5",
            ("figs5 cannot be made", "the calibration has no recording sideband_cooling"),
        ),
        ("example-recordings", "draw_figs10", ("figs10 cannot be made, for coverage",)),
    ],
)
def test_figure_that_cannot_be_made(
    checkout: Checkout, experiment: str, target: str, words: tuple[str, ...]
) -> None:
    line = refusal(checkout, target, experiment=experiment)
    for word in words:
        assert word in line


def test_make_figure_asks_for_one_rule(checkout: Checkout) -> None:
    """Options before a target must not take it for one of their own values."""
    for asked in (["figure", "FIG=fig4"], ["figure", "FIG=table_s2"]):
        printed = subprocess.run(
            ["make", "--dry-run", *asked, "CACHE=kept", "PROFILE=slurm"],
            cwd=checkout.folder,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        command = next(line for line in printed.splitlines() if "bin/snakemake" in line)
        words = shlex.split(command)
        options = get_argument_parser().parse_args(words[words.index(".venv/bin/snakemake") + 1 :])
        assert len(options.targets) == 1


@pytest.mark.parametrize(
    ("experiment", "validation", "words"),
    [
        ("toy", "2", "--config validation=2: write true or false"),
        ("example-recordings", "true", "coverage.validation: missing key, there is nothing to"),
    ],
)
def test_validation_that_cannot_be_made(
    checkout: Checkout, experiment: str, validation: str, words: str
) -> None:
    asked = {"config": (f"validation={validation}",), "experiment": experiment}
    assert words in refusal(checkout, "-n", **asked)


def test_unknown_experiment(checkout: Checkout) -> None:
    assert "did you mean toy" in refusal(checkout, experiment="tyo")


@pytest.mark.parametrize("name", ["Toy", "-toy", "1e6", "../toy", "toy toy", "toy;ls", ""])
def test_experiment_name_out_of_bounds(checkout: Checkout, name: str) -> None:
    assert "[a-z0-9][a-z0-9-]*" in refusal(checkout, experiment=name)


@pytest.mark.parametrize("results", ["", "123", "results/{x}", "config", ".", "/", "README.md"])
def test_results_folder_that_cannot_be(checkout: Checkout, results: str) -> None:
    line = refusal(checkout, "-n", results=results)
    assert line.startswith("results_dir ")
    assert "; write " in line


def test_failed_job_shows_its_reason_and_log(checkout: Checkout, tmp_path: Path) -> None:
    script = checkout.folder / "scripts" / "draw_truth.py"
    content = script.read_text()
    script.write_text(content.replace("    truth = ", "    1 / 0\n    truth = "))
    try:
        failed = checkout.snakemake("--cores", "1", results=str(tmp_path))
    finally:
        script.write_text(content)
    assert failed.returncode == 1
    text = failed.stdout + failed.stderr
    assert "draw_truth: ZeroDivisionError: division by zero" in text
    assert f"log: {tmp_path}/toy/logs/draw_truth/job.log" in text
