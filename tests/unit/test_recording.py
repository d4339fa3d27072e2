"""The recording format: what is written comes back, and every defect has its own message."""

import numpy as np
import pytest
import xarray

from entangled_drums import recording, recording_checks
from entangled_drums.errors import RecordingError
from entangled_drums.parameters import DriveSettings, ProbeSettings

DRIVE = DriveSettings(1.4e5, 0.62, 5.5e9, 1.065e7, 1.16e6, 4.5e5)


def emission() -> xarray.Dataset:
    frequency = np.arange(-5, 6) * 1.0e3
    return recording.build(
        recording.EMISSION,
        frequency,
        np.full(frequency.shape, 13.0),
        DRIVE,
        duration_s=10.0,
        bin_width_hz=1.0e3,
        averages=10000,
    )


def phase_scan() -> xarray.Dataset:
    frequency = np.arange(-5, 6) * 1.0e3
    phases = 2.0 * np.pi * np.arange(4) / 4
    return recording.build(
        recording.PHASE_SCAN,
        frequency,
        np.full((4, 11), 13.0),
        DRIVE,
        duration_s=10.0,
        bin_width_hz=1.0e3,
        averages=2500,
        probe=ProbeSettings(1.5e5, 5.9e3, 5.9e3, phases),
    )


@pytest.mark.parametrize("make", [emission, phase_scan])
def test_what_is_written_comes_back(tmp_path, make):
    path = tmp_path / "recording.nc"
    recording.write(path, make(), "0123")
    read = recording.read(path, make().attrs["kind"])
    xarray.testing.assert_identical(read.drop_attrs(), make().drop_attrs())
    assert read.attrs == {**make().attrs, "record_id": "0123"}
    assert recording.drive_settings(read) == DRIVE


def test_probe_settings_come_back():
    settings = recording.probe_settings(phase_scan())
    assert (settings.offset_hz, settings.red_photons, settings.blue_photons) == (
        1.5e5,
        5.9e3,
        5.9e3,
    )
    np.testing.assert_array_equal(settings.phase_rad, 2.0 * np.pi * np.arange(4) / 4)


def test_averages_are_whole_segments_shared_between_phases():
    assert recording.averages_of(1800.0, 1000.0) == 1_800_000
    assert recording.averages_of(1800.0, 1000.0, 8) == 225_000
    assert recording.averages_of(0.0995, 1000.0) == 99
    # In binary 0.29 * 100 is 28.999999999999996; no segment may be lost by rounding.
    assert recording.averages_of(0.29, 100.0) == 29


def _attribute(name, value):
    def change(dataset):
        if value is None:
            del dataset.attrs[name]
        else:
            dataset.attrs[name] = value
        return dataset

    return change


def _power(index, value):
    def change(dataset):
        values = dataset["power_spectral_density"].values.copy()
        values[index] = value
        dataset["power_spectral_density"].values = values
        return dataset

    return change


def _axis(index, value):
    def change(dataset):
        values = dataset["frequency_hz"].values.copy()
        values[index] = value
        attributes = dataset["frequency_hz"].attrs
        return dataset.assign_coords(frequency_hz=("frequency_hz", values, attributes))

    return change


def _units(name, value):
    def change(dataset):
        dataset[name].attrs["units"] = value
        return dataset

    return change


DEFECTS = [
    (_attribute("format", None), "attribute 'format' is None; write 'entangled-drums-recording'"),
    (_attribute("format_version", 2), "attribute 'format_version' is 2; convert to version 1"),
    (
        _attribute("kind", "emision"),
        "'kind' is 'emision'; write one of background, cavity_response, emission",
    ),
    (_attribute("unit", "W/Hz"), "attribute 'unit' is 'W/Hz'; convert to 'quanta'"),
    (
        _attribute("window", "hann"),
        "'equivalent_noise_bandwidth_hz' is 1000; write 1.5 bins, 1500, as the hann window has",
    ),
    (_attribute("sidedness", None), "attribute 'sidedness' is missing; write 'two-sided'"),
    (_attribute("averages", None), "attribute 'averages' is missing; write its value as a plain"),
    (_attribute("averages", 10.5), "'averages' is 10.5; write a whole number above zero"),
    (_attribute("averages", 10001), "'averages' is 10001; write at most 10000 (duration_s"),
    (_attribute("overlap", 1.0), "'overlap' is 1; write a fraction of a segment, below 1"),
    (
        _attribute("window", "kaiser"),
        "attribute 'window' is 'kaiser'; convert to 'boxcar' or 'hann'",
    ),
    (_attribute("averaging", "log"), "attribute 'averaging' is 'log'; average the power: traces"),
    (_attribute("origin", None), "attribute 'origin' is missing; write one of simulated, measured"),
    (_attribute("effective_averages", 2e4), "'effective_averages' is 20000; write at most the"),
    (_attribute("duration_s", -1.0), "'duration_s' is -1; write a number above zero"),
    (_attribute("duration_s", float("nan")), "'duration_s' is nan; write a finite number"),
    (_attribute("red_photons", "many"), "'red_photons' is 'many'; write a plain number"),
    (_attribute("blue_photons", -2.0), "'blue_photons' is -2; write zero or more"),
    (
        _attribute("equivalent_noise_bandwidth_hz", 1.5e3),
        "is 1500; write 1 bins, 1000, as the boxcar window has",
    ),
    (_attribute("seed", 3), "attribute 'seed' is not part of the format; remove it"),
    (_power((3,), np.nan), "'power_spectral_density' is not finite at index (3); write what"),
    (_power((4,), -1.0), "'power_spectral_density' is zero or negative at index (4); write "),
    (_axis(4, -3.0e3), "coordinate 'frequency_hz' does not rise at index 4; sort it, no repeats"),
    (_axis(4, np.inf), "coordinate 'frequency_hz' is inf at index 4; write finite numbers"),
    (_axis(4, -1.5e3), "'frequency_hz' has steps below the bin width 1000 Hz; drop the bins"),
    (_units("frequency_hz", "kHz"), "'frequency_hz' has units 'kHz'; convert to 'Hz'"),
    (_units("power_spectral_density", "W"), "has units 'W'; convert to 'quanta'"),
    (lambda d: d.drop_vars("power_spectral_density"), "'power_spectral_density' is missing"),
    (lambda d: d.assign(truth=("frequency_hz", np.ones(11))), "'truth' is not part of the format"),
]


@pytest.mark.parametrize(("change", "message"), DEFECTS)
def test_each_defect_is_named_in_one_line(change, message):
    with pytest.raises(RecordingError) as error:
        recording_checks.check(change(emission()), source="x.nc")
    assert str(error.value).startswith("x.nc: ")
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_another_kind_than_asked_for_is_refused():
    with pytest.raises(RecordingError) as error:
        recording_checks.check(emission(), recording.PHASE_SCAN, "x.nc")
    assert str(error.value) == (
        "x.nc: attribute 'kind' is 'emission'; give a recording of kind 'phase_scan'"
    )


def test_a_phase_scan_needs_its_probe():
    with pytest.raises(RecordingError, match="'probe_offset_hz' is missing"):
        recording_checks.check(_attribute("probe_offset_hz", None)(phase_scan()))
    with pytest.raises(RecordingError, match="'probe_offset_hz' is 0; write the shift"):
        recording_checks.check(_attribute("probe_offset_hz", 0.0)(phase_scan()))
    with pytest.raises(RecordingError, match="needs the probe settings"):
        recording.build(
            recording.PHASE_SCAN, [0.0], [[1.0]], DRIVE, duration_s=1, bin_width_hz=1, averages=1
        )


def test_transposed_spectra_are_refused():
    with pytest.raises(RecordingError, match=r"write \(phase_rad, frequency_hz\)"):
        recording_checks.check(phase_scan().transpose("frequency_hz", "phase_rad"))


def test_segments_of_a_run_must_not_overlap():
    settings = {"duration_s": 24.0, "bin_width_hz": 1.0, "averages": 4}
    spectra = np.full((6, 3), 2.0)

    def run(start):
        return recording.build(
            "stationarity", [-1.0, 0.0, 1.0], spectra, DRIVE, segment_start_s=start, **settings
        )

    run(4.0 * np.arange(6))
    run(4.0 * np.arange(6) + 10.0 * (np.arange(6) > 2))
    with pytest.raises(RecordingError, match="a step of 1 s, and a segment lasts 4 s"):
        run(np.arange(6))


def test_what_lacks_a_description_gets_that_of_the_format(tmp_path):
    given = emission()
    described = given["frequency_hz"].attrs.pop("description")
    recording.write(tmp_path / "x.nc", given)
    assert recording.read(tmp_path / "x.nc")["frequency_hz"].attrs["description"] == described
    assert "description" not in given["frequency_hz"].attrs


def test_an_invalid_recording_is_not_written(tmp_path):
    with pytest.raises(RecordingError):
        recording.write(tmp_path / "x.nc", _attribute("averages", 0)(emission()))
    assert not (tmp_path / "x.nc").exists()
