"""The chain of calibration: exact models, honest errors, and refusal of what does not fit."""

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import chi2, kstest
from tests.unit.inference_samples import UNCERTAINTIES, VALUES

from entangled_drums import calibration, parameters, prior, spectra
from entangled_drums.calibration import chain, report, scoring, thermal_sweep
from entangled_drums.calibration.background import ADDED, BACKGROUND, GAIN, PORT, with_background
from entangled_drums.calibration.curves import STEPS_BETWEEN
from entangled_drums.calibration.gaussian import Calibration
from entangled_drums.calibration.knowledge import REST, REST_UNCERTAINTY, Knowledge
from entangled_drums.calibration.tone_spectra import (
    Fidelity,
    ToneSpectra,
    heated,
    mixed,
    shaped,
)
from entangled_drums.errors import CalibrationError
from entangled_drums.laboratory import calibration_runs
from entangled_drums.laboratory.imperfections import Imperfections, SpuriousLine
from entangled_drums.units import angular, thermal_occupation

# A port warm enough that normal errors never reach below zero, where truths are cut off.
NOMINAL = {**VALUES, PORT: 0.2}
PRIOR = calibration.from_device(NOMINAL, UNCERTAINTIES)
TONE = {"bins": 41, "widths": 6.0}
MEASUREMENT = {
    "emission": {
        "duration_s": 60.0, "half_span_hz": 1.0e5, "bin_width_hz": 2.0e3, "window": "boxcar"
    },
    "probe_offset_hz": 1.5e5,
    "cavity_response": {"half_span_hz": 1.0e7, "points": 61, "standard_deviation": 2.0e-3},
    "background": {"duration_s": 60.0},
    "load_noise": {
        "duration_s": 60.0,
        "load_temperatures_k": [0.02, 1.0],
        "temperature_uncertainty": 0.005,
        "path_uncertainty": 0.01,
        "path_noise_uncertainty": 0.02,
    },
    "thermal_sweep": {
        **TONE,
        "duration_s": 300.0,
        "coupling_hz": 2.0e3,
        "temperatures_k": [0.014, 0.03, 0.1, 0.3],
        "temperature_uncertainty": 0.005,
    },
    "sideband_cooling": {**TONE, "duration_s": 100.0, "couplings_hz": [3.0e3, 2.0e4, 1.4e5]},
    "sideband_narrowing": {**TONE, "duration_s": 100.0, "couplings_hz": [2.0e3, 4.0e3]},
    "probe_calibration": {**TONE, "duration_s": 200.0, "coupling_hz": 5.0e3},
}  # fmt: skip
REAL = Imperfections(
    finite_record=True,
    cable_delay_s=4.0e-8,
    cable_phase_rad=0.7,
    cable_attenuation=0.3,
    reflection_tilt=0.02,
    reflection_mismatch_rad=0.02,
)
FIDELITY = Fidelity(counter_rotating=False)
KINDS = tuple(step.kind for step in chain.STEPS)


@cache
def truth(seed):
    return prior.draw(NOMINAL, UNCERTAINTIES, np.random.default_rng(seed))


@cache
def recordings(seed, imperfections=REAL):
    streams = np.random.default_rng(1000 + seed).spawn(len(KINDS))
    return {
        kind: calibration_runs.record(
            kind, truth(seed), NOMINAL, MEASUREMENT, stream, imperfections
        )
        for kind, stream in zip(KINDS, streams, strict=True)
    }


@cache
def calibrated(seed):
    return chain.calibrate(recordings(seed), PRIOR, FIDELITY)


def spoiled(kind, change):
    """Recordings of one device, one of them with its power changed."""
    made = dict(recordings(1))
    power = made[kind]["power_spectral_density"]
    made[kind] = made[kind].assign(
        power_spectral_density=(power.dims, change(power.values.copy()), power.attrs)
    )
    return made


@pytest.mark.parametrize("kind", ["sideband_cooling", "sideband_narrowing", "probe_calibration"])
@pytest.mark.parametrize("counter_rotating", [False, True])
def test_the_spectra_of_one_tone_are_those_of_the_general_solver(kind, counter_rotating):
    table = ToneSpectra.of(recordings(1)[kind], Fidelity(counter_rotating, False))
    knowledge = Knowledge.of(PRIOR)
    values = shaped(knowledge.values(knowledge.mean[None]))
    shape = table.shape.shape
    levels = heated(table.unit_system(values), values, np.zeros((1, 0)))
    found = mixed(np.broadcast_to(levels, (1, *shape, 4)), table.transfer(values)[0])[0]
    for at in np.ndindex(shape):
        drive = parameters.DriveSettings(
            **{
                name: np.broadcast_to(np.asarray(value), shape)[at]
                for name, value in vars(table.drive).items()
            }
        )
        system = parameters.system(NOMINAL, drive)
        expected = (
            spectra.beyond_rwa_output_psd(system, table.omega[at], 3)
            if counter_rotating
            else spectra.output_psd(system, table.omega[at])
        )
        np.testing.assert_allclose(found[at], expected, rtol=1e-7, atol=1e-7)


def test_pulls_of_all_parameters_and_p_values_of_all_fits():
    """64 devices at fixed seeds; each claim fails by chance once in 1000 (Holm's share each)."""
    chi_squares, pulls = [], []
    p_values = {step.name: [] for step in chain.STEPS}
    for seed in range(64):
        result = calibrated(seed)
        found = result.calibration
        names = found.uncertain_names()
        error = found.values[[found.index(name) for name in names]] - [
            with_background(truth(seed))[name] for name in names
        ]
        block = found.covariance_of(names)
        pulls.append(error / np.sqrt(np.diag(block)))
        chi_squares.append(error @ np.linalg.solve(block, error))
        for name, fit in result.fits.items():
            p_values[name].append(fit.goodness.p_value)
    assert len(names) == 20
    assert kstest(chi2(len(names)).cdf(chi_squares), "uniform").pvalue > 1e-3
    each = np.sum(np.square(pulls), axis=0)
    limits = chi2(64).ppf([5e-4 / len(names), 1 - 5e-4 / len(names)])
    assert np.all((limits[0] < each) & (each < limits[1]))
    for values in p_values.values():
        assert kstest(values, "uniform").pvalue > 1e-3 / len(p_values)


@pytest.mark.parametrize("seed", [67, 113])
def test_a_search_that_sets_out_far_off_settles(seed):
    """Bins as precise as they are would send the first step of the thermal sweep astray."""
    fit = calibrated(seed).fits["thermal_sweep"]
    assert fit.goodness.p_value > 1e-3 and fit.agreement.p_value > 1e-3


def test_every_step_tells_what_it_is_there_for():
    fits = calibrated(1).fits

    def gained(step, name):
        """Uncertainty after the step over that before it."""
        at = fits[step].after.names.index(name)
        return fits[step].after.uncertainty[at] / fits[step].before.uncertainty[at]

    assert gained("cavity_response", "cavity.kappa_external_hz") < 0.2
    assert gained("receiver", GAIN) < 0.5
    assert 0.5 < gained("port_occupation", PORT) < 0.7
    assert gained("thermal_sweep", "drum_1.linewidth_hz") < 0.3
    assert gained("sideband_cooling", "drum_2.single_photon_coupling_hz") < 0.5
    assert gained("sideband_cooling", "bath.internal_occupation") < 0.3
    assert gained("sideband_cooling", "heating.cavity_exponent") < 0.5
    assert gained("sideband_narrowing", "lines.blue_transmission") < 0.3
    assert gained("probe", "lines.probe_balance") < 0.3


def test_weak_tones_do_not_pretend_to_measure_the_port():
    """Emission shows n_i - n_e only: beyond the loads, n_e gets better by less than a fifth."""
    fits = calibrated(1).fits
    at = fits["port_occupation"].after.names.index(PORT)
    assert fits["probe"].after.uncertainty[at] > 0.8 * fits["port_occupation"].after.uncertainty[at]


@pytest.mark.parametrize(
    ("kind", "change", "step"),
    [
        ("sideband_cooling", lambda p: _with_line(p, (1, 1, 20)), "sideband_cooling"),
        ("probe_calibration", lambda p: _with_line(p, (0, 0, 5)), "probe"),
        ("thermal_sweep", lambda p: p * (1.0 + 0.02 * np.sign(np.arange(41) - 20)), "thermal"),
        ("background", lambda p: p * (1.0 + 5e-3 * np.sign(np.arange(p.size) - 50)), "port"),
    ],
    ids=["line", "line of a probe", "kinked gain", "kinked background"],
)
def test_a_recording_that_does_not_fit_is_refused(kind, change, step):
    with pytest.raises(CalibrationError) as error:
        chain.calibrate(spoiled(kind, change), PRIOR, FIDELITY)
    text = str(error.value)
    assert text.startswith(f"calibration, step {step}")
    assert f"does not fit the recording {kind} (p = " in text and "\n" not in text


def _with_line(power, at):
    power[at] *= 1.3
    return power


def test_a_device_file_far_off_is_contradicted():
    values = {**NOMINAL, "cavity.kappa_external_hz": 1.4e6}
    with pytest.raises(CalibrationError) as error:
        chain.calibrate(recordings(1), calibration.from_device(values, UNCERTAINTIES), FIDELITY)
    assert "contradicts what was known before" in str(error.value)
    assert "cavity.kappa_external_hz moved by" in str(error.value)


def test_a_gain_that_changes_between_recordings_is_noticed():
    made = spoiled("sideband_cooling", lambda power: 1.05 * power)
    with pytest.raises(CalibrationError, match="step sideband_cooling"):
        chain.calibrate(made, PRIOR, FIDELITY)


def test_the_rotating_wave_does_not_fit_the_whole_truth():
    true = replace(REAL, counter_rotating=True)
    made = {kind: recordings(1)[kind] for kind in ("cavity_response", "load_noise", "background")}
    # The drums shift by a hundredth of the width: it takes time to see that.
    longer = {"sideband_cooling": {**MEASUREMENT["sideband_cooling"], "duration_s": 2000.0}}
    made["sideband_cooling"] = calibration_runs.record(
        "sideband_cooling", truth(1), NOMINAL, longer, np.random.default_rng(7), true
    )
    with pytest.raises(CalibrationError, match="step sideband_cooling"):
        chain.calibrate(made, PRIOR, FIDELITY)
    found = chain.calibrate(made, PRIOR, Fidelity())
    assert found.fits["sideband_cooling"].goodness.p_value > 1e-3


def test_spurious_lines_of_the_laboratory_are_noticed():
    line = Imperfections(spurious_lines=(SpuriousLine(2.0e4, 0.5),))
    made = dict(recordings(1))
    made["background"] = calibration_runs.record(
        "background", truth(1), NOMINAL, MEASUREMENT, np.random.default_rng(7), line
    )
    with pytest.raises(CalibrationError, match="step port_occupation"):
        chain.calibrate(made, PRIOR, FIDELITY)


def test_steps_without_a_recording_are_left_out_and_say_so():
    made = {kind: recordings(1)[kind] for kind in ("cavity_response", "background")}
    result = chain.calibrate(made, PRIOR, FIDELITY)
    assert list(result.fits) == ["cavity_response", "port_occupation"]
    assert result.calibration.method == "recordings: cavity_response, port_occupation"
    told = report.contents(result, made)
    assert told["thermal_sweep"]["skipped"] == "no recording of kind thermal_sweep"
    assert told["cavity_response"]["skipped"] is None
    at = result.calibration.index("drum_1.linewidth_hz")
    assert result.calibration.values[at] == NOMINAL["drum_1.linewidth_hz"]


def test_the_worst_of_many_spectra_is_judged_as_such():
    good = scoring.Goodness(100.0, 100.0, 0.5)
    step, fit = chain.STEPS[0], calibrated(1).fits["cavity_response"]
    bad = scoring.Goodness(150.0, 100.0, 5e-5)
    many = replace(fit, goodness=good, agreement=good, spectra=(bad, *[good] * 9))
    chain.accept(step, many)
    with pytest.raises(CalibrationError, match="does not fit the recording"):
        chain.accept(step, replace(many, spectra=(bad,)))
    with pytest.raises(CalibrationError, match="contradicts what was known"):
        chain.accept(step, replace(many, spectra=(good,), agreement=bad))


def test_no_recording_at_all_is_an_error():
    with pytest.raises(CalibrationError, match="no recordings"):
        chain.calibrate({}, PRIOR, FIDELITY)


def test_the_points_of_the_report_scatter_around_the_fit():
    """Pulls of widths and occupations over ten devices; false alarm 1 in 1000 each."""
    pulls = {"width_hz": [], "centre_hz": [], "bath_occupation": []}
    for seed in range(10):
        result = calibrated(seed)
        told = report.contents(result, recordings(seed))["sideband_cooling"]["points"]
        assert {point["drum"] for point in told} == {1, 2}
        for name, found in pulls.items():
            found += [
                (point[name] - point[f"{name}_fitted"]) / point[f"{name}_uncertainty"]
                for point in told
            ]
    for found in pulls.values():
        # Six points share up to four parameters that follow them: at least a third is left.
        assert 0.2 * len(found) < np.sum(np.square(found)) < chi2(len(found)).ppf(1 - 1e-3)


def test_the_fitted_bath_of_every_spectrum_is_what_the_law_of_heating_says():
    """The window smooths broad lines as it does narrow ones; both must give the same bath."""
    dataset, result = recordings(1)["sideband_cooling"], calibrated(1)
    known = result.fits["sideband_cooling"].after
    values = shaped(known.values(known.mean[None]))
    system = ToneSpectra.of(dataset, FIDELITY).unit_system(values)
    shape = dataset["power_spectral_density"].shape[:2]
    law = np.broadcast_to(heated(system, values, np.zeros((1, 0)))[0], (*shape, 4))
    told = report.contents(result, recordings(1))["sideband_cooling"]["points"]
    fitted = np.reshape([point["bath_occupation_fitted"] for point in told], shape)
    for at, drum in enumerate(dataset["drum"].values):
        assert fitted[at] == pytest.approx(law[at, :, 1 + drum], rel=1e-3)


@pytest.mark.parametrize(
    ("step", "abscissa", "quantities"),
    [
        ("thermal_sweep", "temperature_k", ("bath_occupation", "cryostat_occupation")),
        ("sideband_cooling", "red_photons", ("bath_occupation", "width_hz", "occupation")),
        ("sideband_narrowing", "blue_photons", ("bath_occupation", "width_hz", "occupation")),
    ],
)
def test_curves_pass_through_what_was_fitted_at_every_spectrum(step, abscissa, quantities):
    told = report.contents(calibrated(1), recordings(1))[step]
    assert [curve["drum"] for curve in told["curves"]] == [1, 2]
    for curve in told["curves"]:
        points = [point for point in told["points"] if point["drum"] == curve["drum"]]
        at = slice(None, None, STEPS_BETWEEN)
        assert curve[abscissa][at] == pytest.approx([point[abscissa] for point in points])
        assert set(curve) == {"drum", abscissa, *quantities}
        for name in quantities:
            fitted = np.array([point.get(f"{name}_fitted", point.get(name)) for point in points])
            # Of the other drum, a point knows the law that it has at base temperature only.
            assert curve[name][at] == pytest.approx(fitted, rel=1e-4), name


def test_between_the_spectra_widths_follow_the_optical_damping():
    """Below the width of the cavity the damping is proportional to the photons."""
    told = report.contents(calibrated(1), recordings(1))
    for step, abscissa in (
        ("sideband_cooling", "red_photons"),
        ("sideband_narrowing", "blue_photons"),
    ):
        for curve in told[step]["curves"]:
            photons, width = (
                np.array(curve[name])[: STEPS_BETWEEN + 1] for name in (abscissa, "width_hz")
            )
            slope, bare = np.polyfit(photons[[0, -1]], width[[0, -1]], 1)
            assert np.all(np.diff(photons) > 0.0)
            assert width == pytest.approx(bare + slope * photons, rel=1e-3)


def test_each_probe_sees_the_line_of_each_drum():
    told = report.contents(calibrated(1), recordings(1))["probe"]["points"]
    assert [(point["sideband"], point["drum"]) for point in told] == [
        (-1.0, 1), (-1.0, 2), (1.0, 1), (1.0, 2)
    ]  # fmt: skip
    for point in told:
        assert point["bath_occupation_uncertainty"] < 0.1 * point["bath_occupation_fitted"]


def test_widths_are_those_of_the_optical_damping():
    told = report.contents(calibrated(1), recordings(1))["sideband_cooling"]["points"]
    device = truth(1)
    kappa = device["cavity.kappa_external_hz"] + device["cavity.kappa_internal_hz"]
    weak = next(point for point in told if point["drum"] == 1)
    g0 = device["drum_1.single_photon_coupling_hz"]
    expected = device["drum_1.linewidth_hz"] + 4.0 * g0**2 * weak["red_photons"] / kappa
    assert weak["width_hz_fitted"] == pytest.approx(expected, rel=0.01)
    # A drum cooled by a weak tone: n gamma/(gamma + damping), up to the heating of the cavity.
    bare = device["drum_1.linewidth_hz"] / expected
    assert weak["occupation"] == pytest.approx(weak["bath_occupation"] * bare, rel=0.02)


def test_a_drum_follows_the_cryostat_when_warm_and_keeps_its_occupation_when_cold():
    frequency = angular(1.0e7)
    for power in (2.0, 4.0, 5.0):
        base = thermal_sweep.drum_occupation(41.0, frequency, 0.014, 0.014, power)
        assert base == pytest.approx(41.0, rel=1e-9)
    warm = thermal_sweep.drum_occupation(41.0, frequency, 0.3, 0.014, 4.0)
    assert warm == pytest.approx(thermal_occupation(frequency, 0.3), rel=1e-5)


def test_the_page_states_the_priors_of_the_laws():
    page = (Path(__file__).parents[2] / "docs/calibration.md").read_text("utf-8")
    around, factor = thermal_sweep.LINK_POWER, thermal_sweep.LINK_POWER_FACTOR
    assert f"log-normal around {around:g}, one standard deviation a factor {factor:g}" in page
    assert f"normal, mean 0, standard deviation {REST_UNCERTAINTY:g}" in page


def test_the_chain_works_with_the_background_and_hands_it_on():
    rng = np.random.default_rng(3)
    names = (PORT, ADDED, GAIN)
    root = rng.standard_normal((3, 3)) * 1e-3
    start = Calibration(names, np.array([0.2, 12.0, 1.1]), root @ root.T)
    knowledge = Knowledge.of(start)
    assert set(knowledge.names) == {PORT, BACKGROUND, GAIN, REST}
    handed_on = knowledge.calibration("test")
    assert set(handed_on.names) == {PORT, BACKGROUND, GAIN}
    np.testing.assert_allclose(
        [handed_on.mapping()[name] for name in names], start.values, rtol=1e-5
    )
    # The mean of a product moves by the covariance of its factors, here 1e-7 of it.
    np.testing.assert_allclose(handed_on.covariance_of(names), start.covariance, rtol=1e-4)
    again = Knowledge.of(handed_on)
    assert again.names == knowledge.names and again.fixed == knowledge.fixed
    np.testing.assert_allclose(again.mean, knowledge.mean, rtol=1e-14)
    np.testing.assert_allclose(again.covariance, knowledge.covariance, rtol=1e-14, atol=1e-20)


def test_mean_and_error_of_the_background_are_those_of_many_draws():
    """Of gain, added noise and n_e that are uncertain together; five standard errors."""
    names, size = (GAIN, ADDED, PORT), 400_000
    mean, scale = np.array([1.1, 12.0, 0.2]), np.array([0.02, 0.3, 0.04])
    correlation = np.array([[1.0, -0.8, -0.5], [-0.8, 1.0, 0.3], [-0.5, 0.3, 1.0]])
    covariance = correlation * np.outer(scale, scale)
    knowledge = Knowledge.of(Calibration(names, mean, covariance))
    at = knowledge.names.index(BACKGROUND)
    gain, added, port = np.random.default_rng(8).multivariate_normal(mean, covariance, size).T
    drawn = gain * (added + port)
    error = np.std(drawn) / np.sqrt(size)
    assert abs(knowledge.mean[at] - np.mean(drawn)) < 5.0 * error
    assert abs(mean[0] * (mean[1] + mean[2]) - np.mean(drawn)) > 10.0 * error
    # To first order in the errors.
    assert knowledge.uncertainty[at] == pytest.approx(np.std(drawn), rel=0.01)
