"""The direct route: unbiased, honest about its errors, blind to the truth, clear when it cannot."""

import inspect
from functools import cache

import numpy as np
import pytest
from scipy.stats import chi2, kstest, norm
from tests.unit import inference_samples

from entangled_drums import calibration, jsonfile, parameters, prior
from entangled_drums.errors import CalibrationError, InferenceError, RecordingError
from entangled_drums.inference.direct import infer
from entangled_drums.inference.line_maps import MODEL_PARAMETERS, model_state
from entangled_drums.inference.line_windows import LineSettings
from entangled_drums.laboratory import pumped

VALUES = {**inference_samples.VALUES, "bath.external_occupation": 0.1}
RELATIVE = {
    "cavity.kappa_external_hz": 0.02,
    "cavity.kappa_internal_hz": 0.05,
    "drum_1.single_photon_coupling_hz": 0.02,
    "drum_2.single_photon_coupling_hz": 0.02,
    "drum_1.thermal_occupation": 0.05,
    "drum_2.thermal_occupation": 0.05,
    "bath.external_occupation": 0.2,
    "bath.internal_occupation": 0.1,
    "receiver.gain": 0.02,
    "receiver.added_noise": 0.05,
}
UNCERTAINTIES = {name: RELATIVE.get(name, 0.0) * value for name, value in VALUES.items()}
EXACT = calibration.from_device(VALUES, dict.fromkeys(VALUES, 0.0))
UNCERTAIN = calibration.from_device(VALUES, UNCERTAINTIES)
FEW = LineSettings(samples=2000)
PHASES = 2.0 * np.pi * np.arange(8) / 8


def record(truth, generator, ratio=0.62, phases=PHASES, offset_hz=1.5e5, half_span_hz=1.0e6):
    drive = parameters.drive_settings(VALUES, 1.4e5, ratio)
    probe = parameters.probe_settings(VALUES, offset_hz, 1.0e4, phases)
    centres = pumped.line_centres_hz(VALUES, drive, offset_hz)
    emission = pumped.record_emission(
        truth, drive, pumped.EmissionSettings(1800.0, half_span_hz, 2.0e3), generator
    )
    scan = pumped.record_phase_scan(
        truth,
        drive,
        probe,
        pumped.PhaseScanSettings(1800.0, 1.0e5, 2.0e3, centres),
        generator,
    )
    return emission, scan


def true_state(truth, ratio=0.62):
    drive = parameters.drive_settings(VALUES, 1.4e5, ratio)
    return model_state({name: np.array([value]) for name, value in truth.items()}, drive)[0]


def duan(state):
    return state[0] + state[1] + 1.0 - 2.0 * np.hypot(state[2], state[3])


@cache
def example():
    emission, scan = record(VALUES, np.random.default_rng(1))
    return emission, scan, infer(emission, scan, UNCERTAIN, np.random.default_rng(2), FEW)


def test_the_true_state_is_recovered_when_the_calibration_is_exact():
    """40 replicas, fixed seed: 1e-4 false alarms in each of four checks."""
    generator, replicas = np.random.default_rng(101), 40
    truth = true_state(VALUES)
    total, pulls, consistency = 0.0, [], 0.0
    for _ in range(replicas):
        result = infer(*record(VALUES, generator), EXACT, generator, FEW)
        error = result.state - truth
        total += error @ np.linalg.solve(result.covariance, error)
        quantity = result.quantities["duan"]
        assert quantity["calibration"] == 0.0
        pulls.append((quantity["value"] - duan(truth)) / quantity["statistical"])
        consistency += result.fits["least_squares"].chi_square
    low, high = chi2.ppf([0.5e-4, 1.0 - 0.5e-4], 4 * replicas)
    assert low < total < high
    assert abs(np.mean(pulls)) < norm.isf(0.5e-4) / np.sqrt(replicas)
    low, high = chi2.ppf([0.5e-4, 1.0 - 0.5e-4], replicas)
    assert low < np.sum(np.square(pulls)) < high
    assert low < consistency < high


def test_pulls_when_the_calibration_is_wrong_within_its_errors():
    """24 truths drawn from the calibration, fixed seed: 1e-4 false alarms each."""
    generator, replicas = np.random.default_rng(202), 24
    statistic, pulls = [], []
    for _ in range(replicas):
        truth = prior.draw(VALUES, UNCERTAINTIES, generator)
        recordings = record(truth, generator, phases=PHASES[::2])
        result = infer(*recordings, UNCERTAIN, generator, FEW)
        error = result.state - true_state(truth)
        statistic.append(error @ np.linalg.solve(result.covariance, error))
        quantity = result.quantities["duan"]
        pulls.append((quantity["value"] - duan(true_state(truth))) / quantity["uncertainty"])
    assert kstest(statistic, chi2(4).cdf).pvalue > 1e-4
    assert abs(np.mean(pulls)) < norm.isf(0.5e-4) / np.sqrt(replicas)
    low, high = chi2.ppf([0.5e-4, 1.0 - 0.5e-4], replicas)
    assert low < np.sum(np.square(pulls)) < high


def test_inference_takes_recordings_and_calibration_and_nothing_else():
    names = list(inspect.signature(infer).parameters)
    assert names == ["emission", "phase_scan", "calibration", "generator", "settings"]
    emission, scan, result = example()
    again = infer(emission, scan, UNCERTAIN, np.random.default_rng(2), FEW)
    assert jsonfile.dumps(again.content()) == jsonfile.dumps(result.content())


def test_the_result_says_what_it_needs_to():
    result = example()[2]
    assert result.validity == "valid"
    content = result.content()
    assert content["route"] == "direct" and content["ratio"] == 0.62
    quantity = content["quantities"]["duan"]
    assert quantity["uncertainty"] == pytest.approx(
        np.hypot(quantity["statistical"], quantity["calibration"])
    )
    low, high = quantity["interval_68"]
    assert quantity["interval_95"][0] < low < quantity["value"] < high < quantity["interval_95"][1]
    assert content["quantities"]["two_nu"]["value"] <= quantity["value"]
    assert content["quantities"]["squeezing_db"]["value"] == pytest.approx(
        -10.0 * np.log10(quantity["value"])
    )
    assert 0.95 < content["probability_entangled"] <= 1.0
    assert content["goodness_of_fit"]["degrees_of_freedom"] == 1
    assert content["fits"]["phase_scan"]["degrees_of_freedom"] == 13
    offsets = np.abs(content["correction"]["scan_offset_over_area"])
    assert 1e-3 < offsets.max() < 0.1
    assert content["dimensionless_groups"]["ratio"] == pytest.approx(0.62)


def test_mislabelled_probe_phases_turn_the_correlator():
    emission, scan, _ = example()
    shifted = scan.assign_coords(phase_rad=scan["phase_rad"] + 0.3)
    shifted["phase_rad"].attrs = scan["phase_rad"].attrs
    straight, turned = (
        infer(emission, one, EXACT, np.random.default_rng(2), FEW) for one in (scan, shifted)
    )
    found = turned.state[2:] @ [1, 1j] / (straight.state[2:] @ [1, 1j])
    # Offsets and the emission, which pins Re c, hold it back a little.
    assert 0.15 < np.angle(found) < 0.35


def test_missing_recordings_and_unresolved_lines_give_a_reason_and_no_number():
    emission, scan, _ = example()
    missing = infer(None, scan, UNCERTAIN, np.random.default_rng(1))
    assert missing.validity == "not available: no emission recording"
    missing = infer(emission, None, UNCERTAIN, np.random.default_rng(1))
    assert missing.validity == "not available: no phase scan recording"
    assert missing.content()["quantities"] == {}
    assert jsonfile.plain(missing.content())["probability_entangled"] is None
    close = infer(
        *record(VALUES, np.random.default_rng(1), offset_hz=5.0e4),
        UNCERTAIN,
        np.random.default_rng(1),
    )
    assert close.validity.startswith("not valid here: probe and emission lines are 2.7 line")
    weak = {**VALUES, "drum_1.single_photon_coupling_hz": 65.0}
    weak = calibration.from_device(weak, dict.fromkeys(weak, 0.0))
    undamped = infer(emission, scan, weak, np.random.default_rng(1))
    assert undamped.validity.startswith("not valid here: the drive does not damp line 1")
    blue = {"blue_photons": 1.2 * emission.attrs["red_photons"]}
    unstable = infer(
        emission.assign_attrs(blue), scan.assign_attrs(blue), EXACT, np.random.default_rng(1)
    )
    assert unstable.validity.startswith("not valid here: the calibrated device has no steady state")
    assert np.all(np.isnan(unstable.state))


def test_a_spurious_line_makes_the_result_not_valid():
    emission, scan, _ = example()
    spoiled = emission.copy(deep=True)
    near = np.abs(spoiled["frequency_hz"].values - 6.4e5) < 3.0e3
    spoiled["power_spectral_density"].values[near] *= 1.02
    result = infer(spoiled, scan, UNCERTAIN, np.random.default_rng(1), FEW)
    assert result.validity.startswith("not valid here: fit of emission line 2 has p = ")


def test_an_emission_without_lines_gives_a_reason_and_no_number():
    emission, scan, _ = example()
    flat = emission.copy(deep=True)
    noise = np.random.default_rng(4).gamma(1e6, 1e-6, flat.sizes["frequency_hz"])
    power = flat["power_spectral_density"]
    power.values = float(power.mean()) * noise
    result = infer(flat, scan, UNCERTAIN, np.random.default_rng(1))
    assert result.validity.startswith("not valid here: emission, line 1: ")
    assert not result.quantities
    assert jsonfile.dumps(result.content())


def test_wrong_kinds_are_refused():
    emission, scan, _ = example()
    with pytest.raises(RecordingError) as error:
        infer(scan, scan, UNCERTAIN, np.random.default_rng(1))
    assert str(error.value) == (
        "emission: attribute 'kind' is 'phase_scan'; give a recording of kind 'emission'"
    )
    with pytest.raises(RecordingError, match="phase scan: attribute 'kind' is 'emission'; give a"):
        infer(emission, emission, UNCERTAIN, np.random.default_rng(1))


@pytest.mark.parametrize("name", MODEL_PARAMETERS)
def test_a_calibration_without_a_needed_parameter_is_refused(name):
    emission, scan, _ = example()
    less = {key: value for key, value in VALUES.items() if key != name}
    poor = calibration.from_device(less, dict.fromkeys(less, 0.0))
    with pytest.raises(CalibrationError) as error:
        infer(emission, scan, poor, np.random.default_rng(1))
    assert str(error.value) == (
        f"calibration: {name} is missing; add it with value and uncertainty"
    )


def test_recordings_that_do_not_cover_or_belong_together_are_refused():
    emission, scan, _ = example()
    generator = np.random.default_rng(1)
    narrow = emission.isel(frequency_hz=np.abs(emission["frequency_hz"].values) < 6.5e5)
    with pytest.raises(
        InferenceError, match=r"emission: does not cover line 1, -686.* Hz from the"
    ):
        infer(narrow, scan, UNCERTAIN, generator)
    half = scan.isel(frequency_hz=scan["frequency_hz"].values < 0)
    with pytest.raises(InferenceError, match=r"phase scan: does not cover line 2, .*; record that"):
        infer(emission, half, UNCERTAIN, generator)
    other = record(VALUES, generator, ratio=0.6)[1]
    with pytest.raises(InferenceError, match=r"phase scan: ratio is 0.6, but 0.62 in the emission"):
        infer(emission, other, UNCERTAIN, generator)
    with pytest.raises(InferenceError, match="2 phases do not determine mean, cosine and sine"):
        infer(emission, scan.isel(phase_rad=[0, 3]), UNCERTAIN, generator)
