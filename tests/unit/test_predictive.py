"""Spectra and readings that posterior draws predict, against closed forms and recordings."""

import numpy as np
import pytest
from scipy.stats import chi2
from tests.unit.figure_samples import WORKED_EXAMPLE
from tests.unit.inference_samples import VALUES, drive, record
from tests.unit.posterior_samples import CALIBRATION, around, recordings

from entangled_drums import calibration, entanglement
from entangled_drums.errors import InferenceError
from entangled_drums.inference import posterior_file, predictive, probe_readings
from entangled_drums.inference.line_windows import LineSettings
from entangled_drums.inference.states import state_quantities

FALSE_ALARM = 1e-4


def exactly(values, count=2):
    """Draws that are all one device."""
    many = {name: np.full(count, value) for name, value in values.items()}
    return {**many, **state_quantities(many, drive(), counter_rotating=False)}


def known(values):
    return calibration.Calibration(
        CALIBRATION.names,
        np.array([values[name] for name in CALIBRATION.names]),
        CALIBRATION.covariance,
    )


def residuals(seen):
    """Recorded minus predicted, in standard deviations."""
    model = np.stack([np.interp(seen.frequency_hz, seen.curve_hz, row) for row in seen.model.value])
    return (seen.measured - model) / seen.uncertainty


@pytest.fixture(scope="module")
def true_one():
    emission, scan = recordings()
    return predictive.predict(emission, scan, CALIBRATION, exactly(VALUES))


def test_recordings_scatter_around_the_device_that_made_them(true_one):
    """Chi-square over all merged bins, two-sided false alarm 1e-4 each."""
    for seen in (true_one.emission, true_one.phase_scan):
        z = residuals(seen)
        low, high = chi2.ppf([FALSE_ALARM / 2, 1 - FALSE_ALARM / 2], z.size)
        assert low < float(np.sum(z**2)) < high


def test_another_device_does_not_pass():
    emission, _ = recordings()
    other = {**VALUES, "bath.internal_occupation": 1.7 * VALUES["bath.internal_occupation"]}
    seen = predictive.predict(emission, None, CALIBRATION, exactly(other)).emission
    assert np.sum(residuals(seen) ** 2) > chi2.ppf(1 - FALSE_ALARM, seen.frequency_hz.size)


def test_pedestal_is_that_of_the_empty_cavity():
    """4 kappa_e kappa_i n_i/(kappa^2 + 4 w^2) with a cold input line and a centred drive."""
    cold = {**VALUES, "bath.external_occupation": 0.0}
    emission, _ = recordings()
    seen = predictive.predict(emission, None, known(cold), exactly(cold)).emission
    external, internal = cold["cavity.kappa_external_hz"], cold["cavity.kappa_internal_hz"]
    expected = (
        4.0 * external * internal * cold["bath.internal_occupation"]
        / ((external + internal) ** 2 + 4.0 * seen.curve_hz**2)
    )  # fmt: skip
    assert seen.pedestal.value == pytest.approx(expected, rel=1e-9)


def test_bogoliubov_occupations_of_equal_drums():
    equal = {
        **VALUES,
        "drum_2.single_photon_coupling_hz": VALUES["drum_1.single_photon_coupling_hz"],
    }
    draws = exactly(equal)
    ratio = np.sqrt(drive().blue_photons / drive().red_photons)
    expected, _ = entanglement.bogoliubov_occupations(
        np.stack([draws["occupation_1"], draws["occupation_2"]], axis=-1),
        draws["correlator_magnitude"] * np.exp(1j * draws["correlator_phase_rad"]),
        np.arctanh(ratio),
    )
    assert predictive.bogoliubov_occupations(equal, draws, drive()) == pytest.approx(
        expected, rel=1e-12
    )


def test_receiver_moves_points_and_curve_alike():
    """Draws that differ in gain and noise only, at one recorded level, predict the same points."""
    emission, _ = recordings()
    draws = exactly(VALUES, 3)
    level = VALUES["receiver.gain"] * (0.5 + VALUES["receiver.added_noise"])
    draws["receiver.gain"] = VALUES["receiver.gain"] * np.array([0.98, 1.0, 1.02])
    draws["receiver.added_noise"] = level / draws["receiver.gain"] - 0.5
    seen = predictive.predict(emission, None, CALIBRATION, draws).emission
    band = seen.model[0]
    here = np.abs(band.value - 0.5) < 0.02
    assert here.any()
    assert np.max((band.upper - band.lower)[here]) < 1e-3
    assert seen.scale_uncertainty < 1e-12


def test_readings_of_the_worked_example():
    """Two independent programs: 0.836/0.867 and 7.45/7.10 at epsilon -+ Omega; the closed form
    0.8442 and 7.2468."""
    emission, scan = record(WORKED_EXAMPLE, 5, bin_width_hz=1e3)
    found = probe_readings.probe_readings(
        emission,
        scan,
        known(WORKED_EXAMPLE),
        exactly(WORKED_EXAMPLE),
        LineSettings(scan_half_window_widths=2.0),
    )
    half = found.curve_rad.size // 2
    assert found.undisturbed.value[[0, half]] == pytest.approx([0.8442, 7.2468], abs=1e-4)
    assert found.model.value[:, 0] == pytest.approx([0.836, 0.867], abs=0.004)
    assert found.model.value[:, half] == pytest.approx([7.45, 7.10], abs=0.02)


def test_readings_scatter_around_the_device_that_made_them():
    emission, scan = recordings()
    found = probe_readings.probe_readings(emission, scan, CALIBRATION, around(VALUES))
    model = np.stack(
        [np.interp(found.phase_rad, found.curve_rad, row) for row in found.model.value]
    )
    z = (found.measured - model) / found.uncertainty
    low, high = chi2.ppf([FALSE_ALARM / 2, 1 - FALSE_ALARM / 2], z.size)
    assert low < float(np.sum(z**2)) < high
    # Reading a vacuum would give 1, whatever the balance of the couplings.
    assert found.undisturbed.value.min() < 1.0 < found.undisturbed.value.max()


def test_reason_where_lines_cannot_be_told_apart():
    emission, scan = recordings(ratio=0.62)
    close = {**VALUES, "drum_2.frequency_hz": VALUES["drum_1.frequency_hz"] + 2e4}
    assert "not valid here" in probe_readings.probe_readings(
        emission, scan, known(close), exactly(close)
    )


def test_no_draws_is_an_error():
    emission, _ = recordings()
    with pytest.raises(InferenceError, match="no draws"):
        predictive.predict(
            emission, None, CALIBRATION, {name: np.empty(0) for name in exactly(VALUES)}
        )


def test_prior_state_is_that_of_the_calibration():
    emission, _ = recordings()
    drawn = predictive.prior_state(emission, CALIBRATION, np.random.default_rng(1), 400)
    name = "drum_1.thermal_occupation"
    sigma = CALIBRATION.uncertainty(name)
    # Mean of 400 draws, false alarm 1e-4.
    assert abs(drawn[name].mean() - VALUES[name]) < 3.9 * sigma / 20.0
    assert drawn["duan"].size == drawn[name].size


def test_draws_come_back_from_their_file(tmp_path):
    draws = around(VALUES, 8)
    posterior_file.write(tmp_path / "posterior.nc", draws)
    found = posterior_file.read(tmp_path / "posterior.nc")
    assert set(found) == set(draws)
    for name, values in draws.items():
        assert found[name] == pytest.approx(values, rel=0)
    posterior_file.write(tmp_path / "none.nc", {})
    assert posterior_file.read(tmp_path / "none.nc") == {}
