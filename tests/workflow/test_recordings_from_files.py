"""Recordings given as files take the same road as simulated ones, and nothing asks for a truth."""

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
import xarray
import yaml
from tests.workflow.checkouts import Checkout, make_checkout

from entangled_drums import parameters, recording
from entangled_drums.configuration.values import device_values
from entangled_drums.laboratory import calibration_runs, pumped
from entangled_drums.laboratory.imperfections import NONE

EXPERIMENT = "example-recordings"
POINT = "reference-x620"
GIVEN = Path("config/recordings/simulated-example", POINT)
RESULTS = Path("results", EXPERIMENT)
CONFIG = f"config/experiments/{EXPERIMENT}.yaml"


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


def test_a_point_of_which_nothing_was_recorded_has_a_verdict(checkout: Checkout) -> None:
    checkout.replace(CONFIG, "reference: [0.62]", "reference: [0.45, 0.62]")
    verdict = RESULTS / "inference/verdict.json"
    table = RESULTS / "tables/table_s2.csv"
    checkout.run("--cores", "2", verdict.as_posix(), table.as_posix(), experiment=EXPERIMENT)
    points = json.loads((checkout.folder / verdict).read_text())["points"]
    assert {one["operating_point"]: one["verdict"] for one in points} == {
        "reference-x450": "not shown",
        POINT: "entangled",
    }
    nothing = RESULTS / "inference/reference-x450/direct.json"
    found = json.loads((checkout.folder / nothing).read_text())
    assert found["validity"] == "not available: no emission recording"
    assert (found["red_coupling_hz"], found["ratio"]) == (1.4e5, 0.45)


def test_a_verdict_mentions_a_run_that_changes(checkout: Checkout) -> None:
    file = Path("config/devices/drums-2018-quiet-receiver.yaml")
    values = device_values(yaml.safe_load(file.read_text("utf-8")))
    run = pumped.record_segments(
        values,
        parameters.drive_settings(values, 1.4e5, 0.62),
        pumped.EmissionSettings(1800.0, 1.0e6, 5.0e3),
        6,
        np.random.default_rng(4),
    )
    given = checkout.folder / GIVEN / "stationarity.nc"
    recording.write(given, run)
    verdict = RESULTS / "inference/verdict.json"

    def remarks() -> list[str]:
        checkout.run("--cores", "2", verdict.as_posix(), experiment=EXPERIMENT)
        (point,) = json.loads((checkout.folder / verdict).read_text())["points"]
        assert point["verdict"] == "entangled" and point["reasons"] == []
        return point["remarks"]

    assert remarks() == []
    run["power_spectral_density"] *= 1.0 + 0.01 * xarray.DataArray(range(6), dims="segment_start_s")
    recording.write(given, run)
    (remark,) = remarks()
    assert remark.startswith("the lines of the stationarity run change, p = ")


def test_a_recording_of_another_point_stops_the_job_with_one_line(checkout: Checkout) -> None:
    checkout.replace(CONFIG, "reference: [0.62]", "reference: [0.45, 0.62]")
    given = checkout.folder / GIVEN
    given.rename(given.with_name("reference-x450"))
    finished = checkout.snakemake("--cores", "2", experiment=EXPERIMENT)
    assert finished.returncode != 0
    folder = GIVEN.with_name("reference-x450").as_posix()
    assert re.search(
        rf"{folder}/(emission|phase_scan)\.nc: ratio is 0\.62, but 0\.45 at reference-x450 ",
        finished.stdout + finished.stderr,
    )


def test_what_no_name_leads_to_is_told_and_other_endings_are_read(checkout: Checkout) -> None:
    folder = checkout.folder / GIVEN
    shutil.copytree(folder, folder.with_name("reference-x62"))
    (folder / "phase_scan.nc").rename(folder / "phase-scan.nc")
    (folder / "emission.nc").unlink()
    (folder / "emission.yml").write_text("kind: emission\ntable: run7.csv\n")
    (folder / "run7.csv").write_text("frequency_hz,power_spectral_density\n1,2\n")
    finished = checkout.snakemake("--cores", "2", experiment=EXPERIMENT)
    text = finished.stdout + finished.stderr
    told = [line.split(":")[0] for line in text.splitlines() if ": not used; folders are" in line]
    assert told == [
        f"{GIVEN.with_name('reference-x62')}/emission.nc",
        f"{GIVEN.with_name('reference-x62')}/phase_scan.nc",
        f"{GIVEN}/phase-scan.nc",
        f"{GIVEN}/run7.csv",
    ]
    assert finished.returncode != 0
    assert (
        "emission.yml: table is 'run7.csv'; the workflow finds files by their names: call" in text
    )


def test_a_recording_of_another_kind_stops_the_job_with_one_line(checkout: Checkout) -> None:
    folder = checkout.folder / GIVEN
    shutil.copyfile(folder / "emission.nc", folder / "phase_scan.nc")
    finished = checkout.snakemake("--cores", "2", experiment=EXPERIMENT)
    assert finished.returncode != 0
    text = finished.stdout + finished.stderr
    assert "attribute 'kind' is 'emission'; give a recording of kind 'phase_scan'" in text


CALIBRATED = (RESULTS / "calibration/device.json").as_posix()


def record_calibration(kind: str) -> xarray.Dataset:
    """One recording of a laboratory whose device is as its file says."""
    file = Path("config/devices/drums-2018-quiet-receiver.yaml")
    values = device_values(yaml.safe_load(file.read_text("utf-8")))
    measurement = {
        "cavity_response": {"half_span_hz": 1.0e7, "points": 101, "standard_deviation": 2.0e-3},
        "background": {"duration_s": 10.0},
        "emission": {
            "duration_s": 10.0,
            "half_span_hz": 1.0e5,
            "bin_width_hz": 2.0e3,
            "window": "boxcar",
        },
        "probe_offset_hz": 1.5e5,
    }
    generator = np.random.default_rng(2)
    return calibration_runs.record(kind, values, values, measurement, generator, NONE)


def calibrated(checkout: Checkout) -> dict:
    checkout.run("--cores", "2", CALIBRATED, experiment=EXPERIMENT)
    return json.loads((checkout.folder / CALIBRATED).read_text())


def test_a_calibration_may_be_given_as_numbers(checkout: Checkout) -> None:
    from_device = calibrated(checkout)
    assert from_device["method"] == "device file"
    numbers = {**from_device, "method": "notebook 12"}
    numbers["covariance"][0][0] *= 4.0
    (checkout.folder / "mine.json").write_text(json.dumps(numbers))
    checkout.replace(CONFIG, "source: device", "source: file\n  path: mine.json")
    found = calibrated(checkout)
    assert found["method"] == "notebook 12"
    assert found["covariance"] == numbers["covariance"]
    missing = numbers["parameters"].pop(0)["name"]
    numbers["covariance"] = [row[1:] for row in numbers["covariance"][1:]]
    (checkout.folder / "mine.json").write_text(json.dumps(numbers))
    finished = checkout.snakemake("--cores", "2", CALIBRATED, experiment=EXPERIMENT)
    assert finished.returncode != 0
    assert f"calibration: {missing} is missing; add it" in finished.stdout + finished.stderr


def test_recordings_of_a_calibration_are_fitted_and_missing_ones_left_out(
    checkout: Checkout,
) -> None:
    folder = checkout.folder / GIVEN.parent / "calibration"
    folder.mkdir()
    for kind in ("background", "cavity_response"):
        recording.write(folder / f"{kind}.nc", record_calibration(kind))
    checkout.replace(CONFIG, "  source: device", "  source: recordings")
    found = calibrated(checkout)
    assert found["method"] == "recordings: cavity_response, port_occupation"
    steps = {
        path.name.split(".")[1]: json.loads(path.read_text())["skipped"]
        for path in (checkout.folder / RESULTS / "calibration").glob("device.*.json")
        if not path.name.endswith(".record.json")
    }
    assert steps["cavity_response"] is None and steps["port_occupation"] is None
    assert steps["thermal_sweep"] == "no recording of kind thermal_sweep"
    assert len(steps) == 7
    for path in folder.iterdir():
        path.unlink()
    finished = checkout.snakemake("--cores", "2", CALIBRATED, experiment=EXPERIMENT)
    assert finished.returncode != 0
    text = finished.stdout + finished.stderr
    assert "calibration: no recordings of a calibration; give them, or write" in text
