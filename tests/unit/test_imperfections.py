"""Imperfections of the laboratory: absent by default, each with its effect, all pairs together."""

from itertools import combinations

import numpy as np
import pytest
from tests.unit.test_laboratory import DRIVE, PROBE, VALUES

from entangled_drums import parameters, recording, spectra, tones
from entangled_drums.errors import ParameterError
from entangled_drums.laboratory import pumped, receiver
from entangled_drums.laboratory.imperfections import (
    NONE,
    Imperfections,
    SpuriousLine,
    course,
    true_system,
)
from entangled_drums.units import angular

SIZES = {
    "counter_rotating": True,
    "finite_record": True,
    "gain_ripple": 0.02,
    "gain_drift": 0.01,
    "spurious_lines": (SpuriousLine(-5.5e5, 3.0),),
    "cavity_jitter_hz": 5.0e4,
    "drum_drift_hz": 3.0e3,
    "probe_phase_drift_rad": 0.4,
    "probe_imbalance": 0.1,
    "blue_attenuation": 0.02,
    "pump_noise_occupation": 0.1,
    "mechanical_parametric_hz": 500.0,
    "bath_correlation": 10.0,
}
EMISSION = pumped.EmissionSettings(1.0e5, 1.0e6, 5.0e4)
CENTRES = pumped.line_centres_hz(VALUES, DRIVE, 1.5e5)
SCAN = pumped.PhaseScanSettings(4.0e5, 1.0e5, 5.0e4, CENTRES)
ONLY_WITH_PROBES = ("probe_phase_drift_rad", "probe_imbalance")


def emission(imperfections):
    made = pumped.record_emission(VALUES, DRIVE, EMISSION, np.random.default_rng(1), imperfections)
    return made["power_spectral_density"].values


def scan(imperfections):
    made = pumped.record_phase_scan(
        VALUES, DRIVE, PROBE, SCAN, np.random.default_rng(1), imperfections
    )
    return made["power_spectral_density"].values


@pytest.mark.parametrize("name", SIZES)
def test_each_imperfection_shows_where_it_must_and_only_there(name):
    """Fixed seed: the noise of the bins is the same number, so any change is the imperfection's."""
    imperfections = Imperfections(**{name: SIZES[name]})
    changed = np.max(np.abs(emission(imperfections) / emission(NONE) - 1.0))
    if name in ONLY_WITH_PROBES:
        assert changed == 0.0
        assert np.max(np.abs(scan(imperfections) / scan(NONE) - 1.0)) > 1e-4
    else:
        assert changed > 1e-5


@pytest.mark.parametrize("pair", list(combinations(SIZES, 2)), ids="+".join)
def test_every_pair_gives_a_valid_recording_that_differs_from_either(pair):
    both = Imperfections(**{name: SIZES[name] for name in pair})
    made = emission(both)
    assert np.all(made > 0) and np.all(np.isfinite(made))
    for name in pair:
        other = next(one for one in pair if one != name)
        if other not in ONLY_WITH_PROBES:
            assert np.any(made != emission(Imperfections(**{name: SIZES[name]})))


def test_drift_and_jitter_average_the_spectrum_over_their_course():
    """Against a plain mean over many samples of the course."""
    imperfections = Imperfections(drum_drift_hz=4.0e3, cavity_jitter_hz=3.0e4)
    frequency = np.linspace(-9.0e5, 9.0e5, 37)
    along = course(imperfections, 1)
    assert along.weights.sum() == pytest.approx(1.0, abs=1e-14)
    system = true_system(VALUES, DRIVE, imperfections, along)
    found = pumped.emission_psd(system, imperfections, along)(frequency)[0]
    time = (np.arange(40) + 0.5) / 40 - 0.5
    jitter, weights = np.polynomial.hermite_e.hermegauss(25)
    slow = dict(VALUES)
    for drum in (1, 2):
        slow[f"drum_{drum}.frequency_hz"] = VALUES[f"drum_{drum}.frequency_hz"] + 4.0e3 * time
    total = np.zeros(frequency.size)
    for shift, weight in zip(3.0e4 * jitter, weights / weights.sum(), strict=True):
        slow["cavity.frequency_hz"] = VALUES["cavity.frequency_hz"] + shift
        psd = spectra.output_psd(parameters.system(slow, DRIVE), angular(frequency))
        total += weight * psd.mean(axis=0)
    np.testing.assert_allclose(found, total, rtol=2e-3)


def test_phases_of_a_scan_follow_one_another_in_the_drift():
    along = course(Imperfections(probe_phase_drift_rad=1.0), 4, probes=True)
    np.testing.assert_allclose(
        along.phase_shift_rad @ along.weights, [-0.375, -0.125, 0.125, 0.375], atol=1e-14
    )
    assert np.all(along.drum_shift_hz == 0)


def test_counter_rotating_terms_are_those_of_the_exact_spectrum():
    system = parameters.system(VALUES, DRIVE)
    frequency = np.linspace(-9.0e5, 9.0e5, 19)
    imperfections = Imperfections(counter_rotating=True)
    along = course(imperfections, 1)
    found = pumped.emission_psd(
        true_system(VALUES, DRIVE, imperfections, along), imperfections, along
    )(frequency)[0]
    exact = spectra.beyond_rwa_output_psd(system, angular(frequency), 4)
    np.testing.assert_allclose(found, exact, rtol=1e-10)


def test_counter_rotating_terms_act_on_probed_spectra_too():
    """Against twice as many harmonics, at a few bins; one phase, no noise to speak of."""
    settings = pumped.PhaseScanSettings(1.0e12, 1.0e5, 5.0e4, CENTRES)
    one = parameters.ProbeSettings(**{**vars(PROBE), "phase_rad": np.array([0.7])})
    made = pumped.record_phase_scan(
        VALUES, DRIVE, one, settings, np.random.default_rng(1), Imperfections(counter_rotating=True)
    )
    system, felt = parameters.system(VALUES, DRIVE), parameters.probe(VALUES, one)
    modulation = tones.drive_modulation(system.drive, felt, counter_rotating=True)
    omega = angular(made["frequency_hz"].values)
    exact = spectra.modulated_output_psd(system, modulation, omega, (6, 2))
    expected = VALUES["receiver.gain"] * (exact + VALUES["receiver.added_noise"])
    np.testing.assert_allclose(made["power_spectral_density"], expected, rtol=1e-7)


def test_a_spurious_line_stands_in_its_bin_and_leaks_into_neighbours():
    line = Imperfections(spurious_lines=(SpuriousLine(2.5e3, 10.0),))
    frequency = 1.0e3 * np.arange(-20, 21)
    averaging = receiver.Averaging(1.0e3, 10)

    def nothing(frequency_hz):
        return np.zeros(frequency_hz.shape)

    power = receiver.expected_power(nothing, frequency, averaging, VALUES, line, 1.0)
    excess = power - VALUES["receiver.added_noise"]
    assert excess[22] == pytest.approx(10.0 * np.sinc(0.5) ** 2)
    assert excess[23] == pytest.approx(excess[22]) and excess[21] < 0.2 * excess[22]


def test_hann_bins_are_correlated_as_in_theory():
    """Fixed seed; correlations of 4e5 bins within 5 standard errors (p = 6e-7 each)."""
    averaging = receiver.Averaging(1.0, 50, "hann", 0.0)
    drawn = receiver.averaged_periodogram(np.ones((200, 2000)), averaging, np.random.default_rng(4))
    error = 1.0 / np.sqrt(drawn.size)
    assert drawn.mean() == pytest.approx(1.0, abs=5 * np.sqrt(1.95 / 50) * error)
    assert drawn.var() * 50 == pytest.approx(1.0, abs=5 * np.sqrt(2.4 * 1.5) * error)
    centred = drawn - 1.0
    for distance, expected in ((1, 4 / 9), (2, 1 / 36), (3, 0.0)):
        product = centred[:, distance:] * centred[:, :-distance]
        assert product.mean() * 50 == pytest.approx(expected, abs=0.01)


def test_switching_an_imperfection_on_does_not_change_other_random_numbers():
    drift = Imperfections(gain_drift=0.01)
    ratio = emission(drift) / emission(NONE)
    assert np.ptp(ratio) < 1e-12 and abs(ratio[0] - 1.0) > 1e-4


def test_recordings_do_not_tell_the_imperfections():
    imperfections = Imperfections(**SIZES)
    made = pumped.record_emission(VALUES, DRIVE, EMISSION, np.random.default_rng(1), imperfections)
    bare = pumped.record_emission(VALUES, DRIVE, EMISSION, np.random.default_rng(1))
    assert made.attrs == bare.attrs
    recording.check(made)


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ({"gain_riple": 0.1}, "laboratory.gain_riple: unknown; remove it"),
        ({"gain_ripple": 1.5}, "laboratory.gain_ripple: 1.5 is not in 0 .. 1; write for example"),
        ({"gain_drift": -1.0}, "laboratory.gain_drift: -1.0 is negative; write 0 or more"),
        ({"reflection_tilt": 2.5}, "laboratory.reflection_tilt: 2.5 leaves no signal at one end"),
    ],
)
def test_impossible_sizes_are_named(section, message):
    with pytest.raises(ParameterError) as error:
        Imperfections.of(section)
    assert str(error.value).startswith(message)
