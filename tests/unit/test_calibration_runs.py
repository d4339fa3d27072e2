"""Recordings of the calibration: valid, from the truth alone, and physically what they must be."""

import numpy as np
import pytest
from tests.unit.test_laboratory import VALUES

from entangled_drums import recording, recording_format, recording_quality
from entangled_drums.laboratory import calibration_runs, single_tone, single_tone_settings
from entangled_drums.laboratory.imperfections import NONE, Imperfections
from entangled_drums.units import angular, thermal_occupation

TRUTH = {**VALUES, "cryostat.base_temperature_k": 0.014, "receiver.gain": 1.0}
TONE = {"duration_s": 600.0, "bins": 201, "widths": 10.0}
MEASUREMENT = {
    "emission": {
        "duration_s": 60.0, "half_span_hz": 1.0e6, "bin_width_hz": 5.0e3, "window": "boxcar"
    },
    "probe_offset_hz": 1.5e5,
    "cavity_response": {"half_span_hz": 1.0e7, "points": 401, "standard_deviation": 1.0e-3},
    "background": {"duration_s": 600.0},
    "load_noise": {
        "duration_s": 600.0,
        "load_temperatures_k": [1.0, 0.02],
        "temperature_uncertainty": 0.0,
        "path_uncertainty": 0.0,
        "path_noise_uncertainty": 0.0,
    },
    "thermal_sweep": {
        **TONE,
        "coupling_hz": 2.0e3,
        "temperatures_k": [0.2, 0.014, 0.1],
        "temperature_uncertainty": 0.0,
    },
    "sideband_cooling": {**TONE, "couplings_hz": [3.0e3, 1.0e4, 1.0e5]},
    "sideband_narrowing": {**TONE, "couplings_hz": [2.0e3, 4.0e3]},
    "probe_calibration": {**TONE, "coupling_hz": 4.0e3},
}  # fmt: skip


def record(kind, imperfections=NONE, measurement=MEASUREMENT, truth=TRUTH):
    generator = np.random.default_rng(3)
    return calibration_runs.record(kind, truth, TRUTH, measurement, generator, imperfections)


def area(spectra):
    """Power above the floor of the outer bins, times the bin width."""
    power = spectra["power_spectral_density"]
    floor = power.isel(bin=np.r_[0:20, 181:201]).mean("bin")
    return ((power - floor).sum("bin") * spectra["bin_width_hz"]).values


@pytest.mark.parametrize("kind", calibration_runs.KINDS)
def test_every_kind_is_valid_clean_and_reproducible(kind, tmp_path):
    made = record(kind)
    recording.write(tmp_path / "one.nc", made, "0123")
    assert recording.read(tmp_path / "one.nc", kind).attrs["origin"] == "simulated"
    assert recording_quality.findings(made) == []
    assert made.identical(record(kind))


@pytest.mark.parametrize("kind", calibration_runs.KINDS)
def test_every_kind_depends_on_the_truth_but_does_not_tell_it(kind):
    other = {**TRUTH, "receiver.gain": 1.234, "cavity.kappa_external_hz": 1.0e6}
    made = record(kind, truth=other)
    data = recording_format.KINDS[kind].data[0].name
    assert np.all(made[data].values != record(kind)[data].values)
    assert made.attrs == record(kind).attrs


def test_thermal_sweep_grows_as_the_bath_where_the_drums_follow():
    """Areas at 100 and 200 mK, where decoupling changes the ratio by less than 0.3 %."""
    made = record("thermal_sweep")
    np.testing.assert_array_equal(made["temperature_k"], [0.014, 0.1, 0.2])
    found = area(made)
    for drum, frequency in enumerate((1.0e7, 1.13e7)):
        warm, hot = thermal_occupation(angular(frequency), np.array([0.1, 0.2]))
        assert found[drum, 2] / found[drum, 1] == pytest.approx(hot / warm, rel=0.04)
        cold = thermal_occupation(angular(frequency), 0.014)
        expected = TRUTH[f"drum_{drum + 1}.thermal_occupation"] / warm
        assert found[drum, 0] / found[drum, 1] == pytest.approx(expected, rel=0.06)
        assert found[drum, 0] / found[drum, 1] > 1.1 * cold / warm


def test_the_decoupled_drum_has_the_occupation_of_the_device_at_base_temperature():
    drive = single_tone_settings.tone(TRUTH, 1, 2.0e3, blue=False)
    warmed = single_tone.warmed(TRUTH, drive, 0.014)
    for drum in (1, 2):
        name = f"drum_{drum}.thermal_occupation"
        assert warmed[name] == pytest.approx(TRUTH[name], rel=1e-12)
    assert warmed["bath.external_occupation"] == TRUTH["bath.external_occupation"]


def test_red_tones_widen_and_blue_tones_narrow_the_lines():
    for kind, sign in (("sideband_cooling", 1.0), ("sideband_narrowing", -1.0)):
        made = record(kind)
        peak = made["power_spectral_density"].max("bin").values - 12.0
        # Area over height of a Lorentzian is pi/2 times its width.
        width = area(made) / peak * 2.0 / np.pi
        kappa = 1.38e6
        coupling = made["red_coupling_hz"].values
        for drum, bare in enumerate((106.0, 144.0)):
            expected = bare + sign * 4.0 * coupling[:2] ** 2 / kappa
            np.testing.assert_allclose(width[drum, :2], expected, rtol=0.15)


def test_loads_and_background_stand_at_their_levels():
    """Floors averaged over 401 bins of 1e6 averages and more: 5 standard errors are 2e-3."""
    loads = record("load_noise")["power_spectral_density"].mean("frequency_hz").values
    occupation = thermal_occupation(angular(5.5e9), np.array([0.02, 1.0]))
    np.testing.assert_allclose(loads, 12.0 + occupation, atol=2e-3)
    background = record("background")["power_spectral_density"].mean("frequency_hz")
    assert float(background) == pytest.approx(12.0 + 0.02, abs=2e-3)


def test_errors_of_loads_stay_within_what_is_stated_and_are_drawn_once():
    changed = {**MEASUREMENT["load_noise"], "path_uncertainty": 0.05}
    made = record("load_noise", measurement={**MEASUREMENT, "load_noise": changed})
    level = made["power_spectral_density"].mean("frequency_hz").values - 12.0
    hot = float(thermal_occupation(angular(5.5e9), 1.0))
    assert made.attrs["path_uncertainty"] == 0.05
    assert 1e-3 < abs(level[1] / hot - 1.0) < 0.25


def test_cavity_response_is_the_conjugate_of_the_formula_through_the_cable():
    cable = Imperfections(cable_delay_s=4.0e-8, cable_phase_rad=0.7, cable_attenuation=0.3)
    made = record("cavity_response", cable)
    frequency = made["frequency_hz"].values
    seen = made["reflection_real"].values + 1j * made["reflection_imaginary"].values
    ideal = 1.13e6 / (1.38e6 / 2 - 1j * frequency) - 1.0
    expected = 0.7 * np.exp(-1j * (0.7 + angular(frequency) * 4.0e-8)) * np.conj(ideal)
    residual = np.abs(seen - expected) / 1.0e-3
    assert np.mean(residual**2) == pytest.approx(2.0, rel=0.35)


def test_single_tone_settings_come_back_as_drives():
    cooling = recording.drive_settings(record("sideband_cooling"))
    assert np.shape(cooling.red_photons) == (1, 3) and cooling.blue_photons == 0.0
    np.testing.assert_array_equal(cooling.frame_frequency_hz, [[1.0e7], [1.13e7]])
    probes = recording.drive_settings(record("probe_calibration"))
    np.testing.assert_array_equal(np.ravel(probes.ratio), [0.0, np.inf])
