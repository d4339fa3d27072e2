"""Imperfections of the laboratory: each with its sign and size, where it must act, and in pairs."""

from functools import cache
from itertools import combinations

import numpy as np
import pytest
from tests.unit.test_calibration_runs import MEASUREMENT, TRUTH
from tests.unit.test_laboratory import DRIVE, PROBE, VALUES

from entangled_drums import (
    covariance,
    parameters,
    recording_checks,
    spectra,
    tones,
    windows,
)
from entangled_drums.errors import ParameterError
from entangled_drums.laboratory import calibration_runs, pumped, receiver
from entangled_drums.laboratory.imperfections import (
    NONE,
    Imperfections,
    SpuriousLine,
    course,
    true_probe,
    true_system,
)
from entangled_drums.units import angular

SIZES = {
    "counter_rotating": {"counter_rotating": True},
    "finite_record": {"finite_record": True},
    "gain_ripple": {"gain_ripple": 0.02},
    "gain_drift": {"gain_drift": 0.01},
    "spurious_lines": {"spurious_lines": (SpuriousLine(-5.5e5, 3.0),)},
    "cavity_jitter": {"cavity_jitter_hz": 3.0e4},
    "drum_drift": {"drum_drift_hz": 2.0e3},
    "blue_attenuation": {"blue_attenuation": 0.02},
    "pump_noise": {"pump_noise_occupation": 0.05, "pump_noise_correlation": 0.04},
    "mechanical_parametric": {"mechanical_parametric_hz": 500.0},
    "bath_correlation": {"bath_correlation": 10.0},
    "compression": {"compression": 0.02},
    "isolator": {"isolator_leakage": 3.0e-3, "isolator_phase_rad": 1.0},
    "probe_phase_drift": {"probe_phase_drift_rad": 0.4},
    "probe_imbalance": {"probe_imbalance": 0.05},
    "cable_delay": {"cable_delay_s": 1.0e-9},
    "cable_phase": {"cable_phase_rad": 0.01},
    "cable_attenuation": {"cable_attenuation": 0.01},
    "reflection_tilt": {"reflection_tilt": 0.02},
    "reflection_mismatch": {"reflection_mismatch_rad": 0.02},
}
RECEIVER = {"gain_ripple", "gain_drift", "spurious_lines"}
OF_STATE = {"counter_rotating", "finite_record", "cavity_jitter", "drum_drift"}
SINGLE_TONE = RECEIVER | OF_STATE | {"pump_noise", "compression", "isolator", "bath_correlation"}
PUMPED = SINGLE_TONE | {"blue_attenuation", "mechanical_parametric"}
CABLE = {"cable_delay", "cable_phase", "cable_attenuation"}
ACTS_ON = {
    "emission": PUMPED,
    "stationarity": PUMPED,
    "phase_scan": PUMPED | {"probe_phase_drift", "probe_imbalance"},
    "cavity_response": CABLE | {"reflection_tilt", "reflection_mismatch", "cavity_jitter"},
    "background": RECEIVER | {"isolator"},
    "load_noise": RECEIVER,
    "thermal_sweep": SINGLE_TONE,
    "sideband_cooling": SINGLE_TONE,
    "sideband_narrowing": SINGLE_TONE | {"blue_attenuation"},
    "probe_calibration": SINGLE_TONE | {"blue_attenuation", "probe_imbalance"},
}
"""Where each imperfection acts: two tones make the parametric term, blue tones lose amplitude."""
# Away from the best frame, where small shifts act in second order only and nothing adds up.
DETUNED = parameters.drive_settings(VALUES, 1.4e5, 0.62, frame_offset_hz=4.0e3)
EMISSION = pumped.EmissionSettings(1.0e5, 1.0e6, 5.0e3)
CENTRES = pumped.line_centres_hz(VALUES, DRIVE, 1.5e5)
SCAN = pumped.PhaseScanSettings(4.0e5, 5.0e4, 5.0e3, CENTRES)
ONE_PHASE = parameters.ProbeSettings(**{**vars(PROBE), "phase_rad": np.array([0.7])})
EVERYWHERE = tuple(SpuriousLine(f, 3.0) for f in (0.0, -5.0e5, -6.5e5, -8.0e5, 8.0e5))


def emission(imperfections):
    made = pumped.record_emission(VALUES, DRIVE, EMISSION, np.random.default_rng(1), imperfections)
    return made["power_spectral_density"].values


def recorded(kind, imperfections, truth=TRUTH):
    """Numbers of a small recording of any kind; the same noise whatever the imperfections."""
    generator = np.random.default_rng(1)
    if kind == "emission":
        made = pumped.record_emission(truth, DETUNED, EMISSION, generator, imperfections)
    elif kind == "stationarity":
        made = pumped.record_segments(truth, DETUNED, EMISSION, 3, generator, imperfections)
    elif kind == "phase_scan":
        made = pumped.record_phase_scan(truth, DETUNED, ONE_PHASE, SCAN, generator, imperfections)
    else:
        made = calibration_runs.record(kind, truth, TRUTH, MEASUREMENT, generator, imperfections)
    if kind == "cavity_response":
        return np.concatenate([made["reflection_real"].values, made["reflection_imaginary"].values])
    return made["power_spectral_density"].values


@pytest.mark.parametrize("kind", ACTS_ON)
def test_each_imperfection_acts_where_it_must_and_only_there(kind):
    """Fixed seed: the noise of the bins is the same number, so any change is the imperfection's."""
    bare = recorded(kind, NONE)
    acts = set()
    for name, settings in SIZES.items():
        lines = {"spurious_lines": EVERYWHERE} if name == "spurious_lines" else settings
        changed = np.max(np.abs(recorded(kind, Imperfections(**lines)) - bare))
        acts |= {name} if changed > 1e-7 else set()
        assert name in acts or changed < 1e-12
    assert acts == ACTS_ON[kind]


# Both run along the same time, so that their product does not average out: tested exactly below.
TOGETHER = ("drum_drift", "probe_phase_drift")


def _pairs():
    for kind in ("emission", "phase_scan", "cavity_response"):
        for pair in combinations(sorted(ACTS_ON[kind]), 2):
            if pair != TOGETHER:
                yield (kind, *pair)


@cache
def change(kind, *names):
    """What some imperfections change in the numbers of a recording."""
    settings = {key: value for name in names for key, value in SIZES[name].items()}
    return recorded(kind, Imperfections(**settings)) - recorded(kind, NONE)


@pytest.mark.parametrize(("kind", "first", "second"), list(_pairs()))
def test_small_imperfections_add_up_in_pairs(kind, first, second):
    """Neither hides the other: what a pair does is the sum, up to half of the smaller one."""
    alone = change(kind, first), change(kind, second)
    smaller = min(np.sqrt(np.mean(one**2)) for one in alone)
    together = change(kind, first, second)
    assert np.sqrt(np.mean((together - alone[0] - alone[1]) ** 2)) < smaller / 2.0


# Tones too weak to do anything, at what is then the reference power: only what they bring shows.
WEAK = {**VALUES, "heating.reference_coupling_hz": 1.0, "drum_2.frequency_hz": 1.0e7,
        "drum_2.linewidth_hz": 106.0}  # fmt: skip


def weak_state(imperfections, ratio=1.0):
    system = true_system(WEAK, parameters.drive_settings(WEAK, 1.0, ratio), imperfections)
    return covariance.require(covariance.steady_state(system))


def test_noise_of_the_tones_fills_the_cavity_and_squeezes_it():
    """``<a^dag a> = n_c + (kappa_e/kappa) s``, ``<a a> = (kappa_e/kappa) q``; s and q of two."""
    share = 1.13 / 1.38
    state = weak_state(Imperfections(pump_noise_occupation=0.1, pump_noise_correlation=0.06))
    empty = (1.13 * 0.02 + 0.25 * 1.5) / 1.38
    assert state[0, 0] - 0.5 == pytest.approx(empty + share * (0.2 + 0.12), rel=1e-5)
    assert state[1, 1] - 0.5 == pytest.approx(empty + share * (0.2 - 0.12), rel=1e-5)


def test_one_tone_has_noise_but_nothing_to_correlate_it_with():
    sizes = Imperfections(
        pump_noise_occupation=0.1, pump_noise_correlation=0.06, mechanical_parametric_hz=20.0
    )
    both = true_system(WEAK, parameters.drive_settings(WEAK, 2.0, 0.5), sizes).perturbation
    assert both.pump_noise_occupation == pytest.approx(0.1 * (4.0 + 1.0))
    assert both.pump_noise_correlation == pytest.approx(0.06 * 2.0 * 2.0)
    np.testing.assert_allclose(both.mechanical_parametric, angular(20.0) * 2.0)
    one = true_system(WEAK, parameters.drive_settings(WEAK, 2.0, 0.0), sizes).perturbation
    assert one.pump_noise_occupation == pytest.approx(0.4)
    assert one.pump_noise_correlation == 0 and not one.changes_drift


def test_the_parametric_term_squeezes_each_drum():
    """Principal variances ``(n + 1/2)/(1 -+ 2 chi/gamma)``, on axes turned by 45 degrees."""
    state = weak_state(Imperfections(mechanical_parametric_hz=20.0))
    for drum, occupation in ((0, 41.0), (1, 30.0)):
        at = slice(2 + 2 * drum, 4 + 2 * drum)
        expected = (occupation + 0.5) / (1.0 + np.array([1.0, -1.0]) * 2.0 * 20.0 / 106.0)
        np.testing.assert_allclose(np.linalg.eigvalsh(state[at, at]), expected, rtol=1e-4)


def test_correlated_baths_correlate_the_drums():
    """``<b_1^dag b_2> = m`` for equal drums."""
    state = weak_state(Imperfections(bath_correlation=10.0))
    assert 0.5 * (state[2, 4] + state[3, 5]) == pytest.approx(10.0, rel=1e-4)


def test_tones_compress_the_gain_and_only_under_tones():
    sizes = Imperfections(compression=0.02)
    power = 1.0 + 0.62**2
    np.testing.assert_allclose(emission(sizes) / emission(NONE), 1.0 / (1.0 + 0.02 * power))
    strong = parameters.drive_settings(VALUES, 2.0e5, 0.62)
    assert receiver.tone_power(VALUES, strong) == pytest.approx(power * (2.0 / 1.4) ** 2)
    assert receiver.tone_power(VALUES, DRIVE, PROBE) == pytest.approx(power + 2.0 / 14.0**2)


def test_leaking_amplifier_noise_interferes_with_itself():
    """Without lines: ``n |rho|^2 |S11|^2 + 2 n Re(rho S11)``; a Fano shape about the cavity."""
    off = {**VALUES, "drum_1.single_photon_coupling_hz": 1e-3,
           "drum_2.single_photon_coupling_hz": 1e-3}  # fmt: skip
    rho = 0.02 * np.exp(1j * 0.8)
    sizes = Imperfections(isolator_leakage=0.02, isolator_phase_rad=0.8)
    frequency = np.linspace(-2.0e6, 2.0e6, 9)
    along = course(sizes, 1)

    def output(imperfections):
        system = true_system(off, DRIVE, imperfections, along)
        return pumped.emission_psd(system, off, imperfections, along)(frequency)[0]

    reflection = 1.13e6 / (0.69e6 - 1j * frequency) - 1.0
    expected = 11.5 * (np.abs(rho * reflection) ** 2 + 2.0 * np.real(rho * reflection))
    np.testing.assert_allclose(output(sizes) - output(NONE), expected, rtol=1e-6, atol=1e-9)


def test_leaks_return_from_a_cavity_tuned_away_but_not_from_a_matched_load():
    sizes = Imperfections(isolator_leakage=0.01, isolator_phase_rad=0.5)
    change = (recorded("background", sizes) - recorded("background", NONE)).mean()
    assert change == pytest.approx(11.5 * (1e-4 - 0.02 * np.cos(0.5)), rel=1e-3)
    np.testing.assert_array_equal(recorded("load_noise", sizes), recorded("load_noise", NONE))


def test_gain_ripples_along_frequency():
    frequency = 5.0e3 * np.arange(-200, 201)
    ratio = emission(Imperfections(gain_ripple=0.02, gain_ripple_period_hz=1.2e6)) / emission(NONE)
    np.testing.assert_allclose(ratio, 1.0 + 0.02 * np.sin(2.0 * np.pi * frequency / 1.2e6))


def test_gain_drifts_between_runs_by_its_standard_deviation():
    """Fixed seed; 4000 runs, 4.9 standard errors (p = 1e-6)."""
    generator = np.random.default_rng(5)
    sizes = Imperfections(gain_drift=0.01)
    drawn = np.log([receiver.gain_of_run(VALUES, sizes, generator) / 1.1 for _ in range(4000)])
    assert abs(drawn.mean()) < 4.9 * 0.01 / np.sqrt(4000)
    assert abs(drawn.std() / 0.01 - 1.0) < 4.9 / np.sqrt(2 * 4000)


def test_blue_tones_arrive_weaker():
    weaker = Imperfections(blue_attenuation=0.02)
    lower = parameters.drive_settings(VALUES, 1.4e5, 0.62 * 0.98)
    made = pumped.record_emission(VALUES, lower, EMISSION, np.random.default_rng(1))
    np.testing.assert_allclose(emission(weaker), made["power_spectral_density"], rtol=1e-12)
    probe = true_probe(VALUES, PROBE, weaker, course(weaker, 4, probes=True))
    np.testing.assert_allclose(np.abs(probe.blue_coupling / probe.red_coupling), 0.98)


def test_probe_imbalance_strengthens_the_blue_probe_alone():
    sizes = Imperfections(probe_imbalance=0.05)
    probe = true_probe(VALUES, PROBE, sizes, course(sizes, 4, probes=True))
    np.testing.assert_allclose(np.abs(probe.blue_coupling / probe.red_coupling), 1.05)
    bare, changed = recorded("probe_calibration", NONE), recorded("probe_calibration", sizes)
    np.testing.assert_array_equal(changed[0], bare[0])
    assert np.all(changed[1].max(axis=-1) > bare[1].max(axis=-1))


def test_drifts_of_phase_and_drums_average_over_their_common_course():
    """One spectrum, noise free to 1e-6: the plain mean over what the drifts run through."""
    settings = pumped.PhaseScanSettings(1.0e12, 1.0e5, 5.0e4, CENTRES)
    sizes = Imperfections(probe_phase_drift_rad=2.0, drum_drift_hz=4.0e3)
    made = pumped.record_phase_scan(
        VALUES, DRIVE, ONE_PHASE, settings, np.random.default_rng(1), sizes
    )
    time = (np.arange(200) + 0.5) / 200 - 0.5
    slow = dict(VALUES)
    for drum in (1, 2):
        slow[f"drum_{drum}.frequency_hz"] = VALUES[f"drum_{drum}.frequency_hz"] + 4.0e3 * time
    turned = parameters.ProbeSettings(**{**vars(PROBE), "phase_rad": 0.7 + 2.0 * time})
    omega = angular(made["frequency_hz"].values)
    every = spectra.probe_output_psd(
        parameters.system(slow, DRIVE), parameters.probe(VALUES, turned), omega
    )
    np.testing.assert_allclose(
        made["power_spectral_density"].values[0],
        VALUES["receiver.gain"] * (every.mean(axis=0) + VALUES["receiver.added_noise"]),
        rtol=1e-5,
    )


def test_drift_and_jitter_average_the_spectrum_over_their_course():
    """Against a plain mean over many samples of the course."""
    imperfections = Imperfections(drum_drift_hz=4.0e3, cavity_jitter_hz=3.0e4)
    frequency = np.linspace(-9.0e5, 9.0e5, 37)
    along = course(imperfections, 1)
    assert along.weights.sum() == pytest.approx(1.0, abs=1e-14)
    system = true_system(VALUES, DRIVE, imperfections, along)
    found = pumped.emission_psd(system, VALUES, imperfections, along)(frequency)[0]
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


def test_segments_of_a_stationarity_run_follow_the_drift():
    """Noise free to 1e-5: segment k of 5 is the mean over the k-th fifth of the course."""
    settings = pumped.EmissionSettings(5.0e6, 1.0e6, 1.0e4)
    sizes = Imperfections(drum_drift_hz=2.0e4)
    made = pumped.record_segments(VALUES, DRIVE, settings, 5, np.random.default_rng(1), sizes)
    omega = angular(made["frequency_hz"].values)
    for segment, power in enumerate(made["power_spectral_density"].values):
        shift = 2.0e4 * ((segment + (np.arange(100) + 0.5) / 100) / 5.0 - 0.5)
        slow = dict(VALUES)
        for drum in (1, 2):
            slow[f"drum_{drum}.frequency_hz"] = VALUES[f"drum_{drum}.frequency_hz"] + shift
        mean = spectra.output_psd(parameters.system(slow, DRIVE), omega).mean(axis=0)
        np.testing.assert_allclose(power, 1.1 * (12.0 + mean), rtol=6e-5)


def test_phases_of_a_scan_follow_one_another_in_the_drift():
    along = course(Imperfections(probe_phase_drift_rad=1.0), 4, probes=True)
    np.testing.assert_allclose(
        along.phase_shift_rad @ along.weights, [-0.375, -0.125, 0.125, 0.375], atol=1e-14
    )
    assert np.all(along.drum_shift_hz == 0)


def test_a_finite_record_smears_lines_but_keeps_their_power():
    sizes = Imperfections(finite_record=True)
    settings = pumped.EmissionSettings(1.0e9, 1.0e6, 4.0e3)
    bare, smeared = (
        pumped.record_emission(VALUES, DRIVE, settings, np.random.default_rng(1), one)[
            "power_spectral_density"
        ].values
        for one in (NONE, sizes)
    )
    assert smeared.max() < bare.max()
    assert smeared.sum() == pytest.approx(bare.sum(), rel=1e-4)
    expected = windows.expected_periodogram(
        lambda f: 1.1 * (12.0 + spectra.output_psd(parameters.system(VALUES, DRIVE), angular(f))),
        4.0e3 * np.arange(-250, 251), 4.0e3, "boxcar",
    )  # fmt: skip
    np.testing.assert_allclose(smeared, expected, rtol=5.0 / np.sqrt(1.0e9 * 4.0e3))


def test_counter_rotating_terms_are_those_of_the_exact_spectrum():
    system = parameters.system(VALUES, DRIVE)
    frequency = np.linspace(-9.0e5, 9.0e5, 19)
    imperfections = Imperfections(counter_rotating=True)
    along = course(imperfections, 1)
    found = pumped.emission_psd(
        true_system(VALUES, DRIVE, imperfections, along), VALUES, imperfections, along
    )(frequency)[0]
    exact = spectra.beyond_rwa_output_psd(system, angular(frequency), 4)
    np.testing.assert_allclose(found, exact, rtol=1e-10)


def test_counter_rotating_terms_act_on_probed_spectra_too():
    """Against twice as many harmonics, at a few bins; one phase, no noise to speak of."""
    settings = pumped.PhaseScanSettings(1.0e12, 1.0e5, 5.0e4, CENTRES)
    made = pumped.record_phase_scan(
        VALUES,
        DRIVE,
        ONE_PHASE,
        settings,
        np.random.default_rng(1),
        Imperfections(counter_rotating=True),
    )
    system, felt = parameters.system(VALUES, DRIVE), parameters.probe(VALUES, ONE_PHASE)
    modulation = tones.drive_modulation(system.drive, felt, counter_rotating=True)
    omega = angular(made["frequency_hz"].values)
    exact = spectra.modulated_output_psd(system, modulation, omega, (6, 2))
    expected = VALUES["receiver.gain"] * (exact + VALUES["receiver.added_noise"])
    np.testing.assert_allclose(made["power_spectral_density"], expected, rtol=1e-7)


def test_a_spurious_line_stands_in_its_bin_and_leaks_into_neighbours():
    line = Imperfections(spurious_lines=(SpuriousLine(2.5e3, 10.0),))
    frequency = 1.0e3 * np.arange(-20, 21)

    def nothing(frequency_hz):
        return np.zeros(frequency_hz.shape)

    power = receiver.expected_power(nothing, frequency, 1.0e3, "boxcar", VALUES, line, 1.0)
    excess = power - VALUES["receiver.added_noise"]
    assert excess[22] == pytest.approx(10.0 * np.sinc(0.5) ** 2)
    assert excess[23] == pytest.approx(excess[22]) and excess[21] < 0.2 * excess[22]


def test_cable_and_mismatch_shape_the_reflection():
    """``(1 - l) (1 + t f/2F) exp(i phi + i omega tau) S11``, conjugated; mismatch turns kappa_e."""
    sizes = Imperfections(
        cable_delay_s=4.0e-8, cable_phase_rad=0.7, cable_attenuation=0.3,
        reflection_tilt=0.1, reflection_mismatch_rad=0.2,
    )  # fmt: skip
    made = calibration_runs.record(
        "cavity_response", TRUTH, TRUTH,
        {"cavity_response": {"half_span_hz": 5e6, "points": 101, "standard_deviation": 1e-9}},
        np.random.default_rng(1), sizes,
    )  # fmt: skip
    f = made["frequency_hz"].values
    ideal = 1.13e6 * np.exp(0.2j) / (0.69e6 - 1j * f) - 1.0
    cable = 0.7 * (1.0 + 0.1 * f / 1.0e7) * np.exp(1j * (0.7 + angular(f) * 4.0e-8))
    seen = made["reflection_real"].values + 1j * made["reflection_imaginary"].values
    np.testing.assert_allclose(seen, np.conj(cable * ideal), atol=1e-8)


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


def test_recordings_do_not_tell_the_imperfections():
    imperfections = Imperfections(**{k: v for one in SIZES.values() for k, v in one.items()})
    short = pumped.EmissionSettings(1.0, 1.0e6, 5.0e4)
    made = pumped.record_emission(VALUES, DRIVE, short, np.random.default_rng(1), imperfections)
    bare = pumped.record_emission(VALUES, DRIVE, short, np.random.default_rng(1))
    assert made.attrs == bare.attrs
    recording_checks.check(made)


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ({"gain_riple": 0.1}, "laboratory.gain_riple: unknown; remove it"),
        ({"gain_ripple": 1.5}, "laboratory.gain_ripple: 1.5 is not in 0 .. 1; write for example"),
        ({"gain_drift": -1.0}, "laboratory.gain_drift: -1.0 is negative; write 0 or more"),
        ({"reflection_tilt": 2.5}, "laboratory.reflection_tilt: 2.5 leaves no signal at one end"),
        (
            {"pump_noise_occupation": 0.1, "pump_noise_correlation": -0.2},
            "laboratory.pump_noise_correlation: -0.2 is more than the noise that it correlates; "
            "write at most pump_noise_occupation, 0.1",
        ),
    ],
)
def test_impossible_sizes_are_named(section, message):
    with pytest.raises(ParameterError) as error:
        Imperfections.of(section)
    assert str(error.value).startswith(message)
