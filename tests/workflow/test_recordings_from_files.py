"""Recordings given as files take the same road as simulated ones, and nothing asks for a truth."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import yaml
from tests.workflow.checkouts import Checkout, make_checkout

from entangled_drums import recording

EXPERIMENT = "example-recordings"
POINT = "reference-x620"
GIVEN = Path("config/recordings/simulated-example", POINT)
RESULTS = Path("results", EXPERIMENT)


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return make_checkout(tmp_path)


def direct(checkout: Checkout) -> dict:
    result = RESULTS / "inference" / POINT / "direct.json"
    checkout.run("--cores", "2", result.as_posix(), experiment=EXPERIMENT)
    return json.loads((checkout.folder / result).read_text())


def test_no_job_makes_or_reads_a_truth(checkout: Checkout) -> None:
    planned = checkout.planned(experiment=EXPERIMENT)
    assert planned["import_recording"] == 2
    assert not {"draw_truth", "record_emission", "record_phase_scan"} & set(planned)


def test_settings_with_a_table_give_the_same_result_as_netcdf(checkout: Checkout) -> None:
    expected = direct(checkout)
    given = checkout.folder / GIVEN / "emission.nc"
    dataset = recording.read(given)
    given.unlink()
    derived = ("format", "format_version", "effective_averages", "equivalent_noise_bandwidth_hz")
    settings = {name: value for name, value in dataset.attrs.items() if name not in derived}
    settings = {k: v.item() if isinstance(v, np.generic) else v for k, v in settings.items()}
    given.with_suffix(".yaml").write_text(yaml.safe_dump({**settings, "table": "emission.csv"}))
    rows = zip(
        dataset["frequency_hz"].values.tolist(),
        dataset["power_spectral_density"].values.tolist(),
        strict=True,
    )
    lines = ["frequency_hz,power_spectral_density", *(f"{f!r},{p!r}" for f, p in rows)]
    given.with_suffix(".csv").write_text("\n".join(lines) + "\n")
    found = direct(checkout)
    assert found["validity"] == "valid"
    assert found["quantities"] == expected["quantities"]


def test_a_route_without_its_data_says_so(checkout: Checkout) -> None:
    (checkout.folder / GIVEN / "phase_scan.nc").unlink()
    found = direct(checkout)
    assert found["validity"].startswith("not available: no phase scan")


def test_a_recording_of_another_kind_stops_the_job_with_one_line(checkout: Checkout) -> None:
    folder = checkout.folder / GIVEN
    shutil.copyfile(folder / "emission.nc", folder / "phase_scan.nc")
    finished = checkout.snakemake("--cores", "2", experiment=EXPERIMENT)
    assert finished.returncode != 0
    text = finished.stdout + finished.stderr
    assert "attribute 'kind' is 'emission'; give a recording of kind 'phase_scan'" in text
