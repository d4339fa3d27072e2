"""The model-based route: its likelihood against a slow reference, its sampler, its answers."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml
from scipy.stats import chi2, gamma, genpareto, kstest, multivariate_normal, truncnorm
from tests.unit.inference_samples import (
    CALIBRATION,
    VALUES,
    example,
    record,
    true_quantities,
    truth,
)

from entangled_drums import arrayfile, jsonfile, parameters, prior, spectra, tones
from entangled_drums.calibration import Calibration, from_device
from entangled_drums.configuration.values import device_uncertainties, device_values
from entangled_drums.errors import CalibrationError, InferenceError
from entangled_drums.inference import ensemble, importance, posterior_file
from entangled_drums.inference.coordinates import Coordinates
from entangled_drums.inference.fine_effects import Fidelity
from entangled_drums.inference.line_maps import MODEL_PARAMETERS
from entangled_drums.inference.mode_search import find_modes
from entangled_drums.inference.model_based import (
    ModelBasedSettings,
    correction_error,
    infer,
    summarise,
)
from entangled_drums.inference.observation import observation
from entangled_drums.inference.posterior import SamplerSettings, explore, search, trusted
from entangled_drums.inference.proposal import CurvedProposal
from entangled_drums.inference.target import line_shapes, target
from entangled_drums.laboratory.imperfections import Imperfections, SpuriousLine


def points(density, count, seed=0, size=0.7):
    u = size * np.random.default_rng(seed).standard_normal((count, density.size))
    return np.maximum(u, density.lowest)


def slow_means(density, u, emission, scan, *, counter_rotating=False):
    """Every bin from the exact spectra, one parameter set at a time."""
    found = []
    for row in u:
        values = {name: value[0] for name, value in density.values(row[None]).items()}
        system = parameters.system(values, density.observation.drive)
        probe = parameters.probe(values, density.observation.probe)
        gain, added = values["receiver.gain"], values["receiver.added_noise"]
        w_emission = 2 * np.pi * emission["frequency_hz"].values
        w_scan = 2 * np.pi * scan["frequency_hz"].values
        if counter_rotating:
            one = spectra.beyond_rwa_output_psd(system, w_emission)
            modulation = tones.drive_modulation(system.drive, probe, counter_rotating=True)
            other = spectra.modulated_output_psd(system, modulation, w_scan, (4, 1))
        else:
            one = spectra.output_psd(system, w_emission)
            other = spectra.probe_output_psd(system, probe, w_scan)
        found.append([gain * (one + added)[None], gain * (other + added)])
    return found


@pytest.mark.parametrize("counter_rotating", [False, True])
def test_spectra_agree_with_the_exact_ones_far_below_the_noise(counter_rotating):
    emission, scan = record(truth(1), 1)
    _, density = example(1, counter_rotating=counter_rotating)
    reference = points(density, 1, seed=5, size=0.4)
    density = density.with_effects_at(reference[0])
    # Where the effects were tabulated, and a typical posterior's distance away.
    u = np.concatenate([reference, reference + 0.1 * points(density, 1, seed=6)])
    u = np.maximum(u, density.lowest)
    means = density.means(u)
    slow = slow_means(density, u, emission, scan, counter_rotating=counter_rotating)
    for row in range(len(u)):
        misfit = sum(
            np.sum(seen.shape * (near[row] / exact - 1.0) ** 2)
            for seen, near, exact in zip(density.observation.spectra, means, slow[row], strict=True)
        )
        # All bins together, in units in which one sigma of one parameter is 1.
        assert misfit < 0.02


def test_log_likelihood_is_that_of_gamma_bins():
    _, density = example(1)
    density = density.with_effects_at(np.zeros(density.size))
    best = find_modes(density, np.zeros((1, density.size)))[0].u
    u = best + 1e-3 * points(density, 2)
    means = density.means(u)
    for row, found in enumerate(density.log_likelihood(u)):
        slow = 0.0
        for seen, mean in zip(density.observation.spectra, means, strict=True):
            shape = np.broadcast_to(seen.shape, seen.power.shape)
            fitted = gamma(shape, scale=mean[row] / shape).logpdf(seen.power)
            perfect = gamma(shape, scale=seen.power / shape).logpdf(seen.power)
            slow += np.sum(fitted - perfect)
        assert found == pytest.approx(slow, rel=1e-6)


def test_prior_has_the_full_covariance_and_is_cut_off():
    names = ("drum_1.thermal_occupation", "receiver.gain")
    first, second = (CALIBRATION.index(name) for name in names)
    covariance = CALIBRATION.covariance.copy()
    covariance[first, second] = covariance[second, first] = 0.9 * np.sqrt(
        covariance[first, first] * covariance[second, second]
    )
    correlated = Calibration(CALIBRATION.names, CALIBRATION.values, covariance)
    density = target(observation(*record(truth(1), 1)), correlated, Fidelity())
    at, to = (density.names.index(name) for name in names)
    u = points(density, 3, size=0.3)
    found = density.log_prior(u)
    exact = multivariate_normal(np.zeros(density.size), density.correlation).logpdf(u)
    assert np.diff(found) == pytest.approx(np.diff(exact), rel=1e-6)
    assert density.correlation[at, to] == pytest.approx(0.9)
    impossible = np.zeros((1, density.size))
    impossible[0, density.names.index("bath.external_occupation")] = -1.0
    assert density.log_posterior(impossible)[0] == -np.inf


def test_gradient_and_information_are_derivatives_of_the_density():
    _, density = example(1, merged=True)
    density = density.with_effects_at(np.zeros(density.size))
    best = find_modes(density, np.zeros((1, density.size)))[0].u
    u = best + 0.02 * np.random.default_rng(0).standard_normal(density.size)
    u[density.names.index("bath.external_occupation")] = 0.5
    _, gradient, information = (part[0] for part in density.linearised(u[None]))
    step = 1e-4
    for at in range(density.size):
        direction = step * np.eye(density.size)[at]
        around = density.log_posterior(np.stack([u + direction, u - direction]))
        slope = (around[0] - around[1]) / (2 * step)
        assert gradient[at] == pytest.approx(
            slope, rel=2e-3, abs=0.02 * np.sqrt(information[at, at])
        )
    observed = density.observed_information(u)
    gradients = [
        density.linearised((u + sign * 1e-3 * np.eye(density.size)[3])[None])[1][0]
        for sign in (1, -1)
    ]
    column = -(gradients[0] - gradients[1]) / 2e-3
    scale = np.sqrt(np.diag(information))
    assert np.abs((observed[3] - column) / scale / scale[3]).max() < 5e-3
    # They differ by the misfit times the curvature of the model: at the mode, where only noise is
    # misfitted, by less than a percent; here, a thousand in the log-posterior below it, by more.
    expected = np.diag(density.linearised(best[None])[2][0])
    assert np.diag(density.observed_information(best)) == pytest.approx(expected, rel=0.02)


def test_starts_from_all_over_the_prior_find_one_mode():
    _, density = example(2, merged=True)
    density = density.with_effects_at(np.zeros(density.size))
    starts = density.prior_draws(12, np.random.default_rng(0))
    modes = find_modes(density, starts)
    assert modes[0].starts >= 11
    gradient = density.linearised(modes[0].u[None])[1][0]
    inside = modes[0].u > density.lowest + 1e-9
    size = np.sqrt(np.diag(modes[0].information))
    assert np.abs(gradient / size)[inside].max() < 1e-2


def test_fine_effects_are_those_of_the_best_mode():
    """Tabulated at calibrated values alone they would add four to the deviance of this fit."""
    seen = observation(*record(truth(3), 3))
    seen = seen.merged(line_shapes(VALUES, seen), 0.15)
    fidelity = Fidelity(counter_rotating=True, finite_record=True)
    density = target(seen, CALIBRATION, fidelity)
    found, modes = search(density, np.random.default_rng(0), SamplerSettings(starts=1))
    exact = density.with_effects_at(modes[0].u)

    def added(of):
        return sum(
            np.sum(one.shape * (mean / right - 1.0) ** 2)
            for one, mean, right in zip(
                seen.spectra, of.means(modes[0].u[None]), exact.means(modes[0].u[None]), strict=True
            )
        )

    assert added(found) < 0.05
    assert added(density.with_effects_at(np.zeros(density.size))) > 1.0


def test_proposal_density_is_that_of_its_draws():
    _, density = example(1, merged=True)
    density = density.with_effects_at(np.zeros(density.size))
    mode = find_modes(density, np.zeros((1, density.size)))[0]
    proposal = CurvedProposal.around(density, mode)
    u, exist = proposal.draw(np.random.default_rng(0).standard_normal((4, density.size)))
    assert exist.all()
    # Change of variables by brute force: the density of draws is the normal one over |du/dxi|.
    xi = proposal._expand(proposal.coordinates.from_standard(u) - proposal.centre)[0]
    for row in range(4):
        columns = []
        for axis in range(density.size):
            shift = np.zeros(density.size)
            shift[axis] = 1e-4
            two, _ = proposal.draw(np.stack([xi[row] + shift, xi[row] - shift]))
            columns.append((two[0] - two[1]) / 2e-4)
        volume = np.linalg.slogdet(np.array(columns))[1]
        expected = -0.5 * np.sum(xi[row] ** 2) - volume
        assert proposal.log_density(u[row : row + 1], 1.0)[0] == pytest.approx(expected, abs=1e-3)


def test_coordinates_there_and_back():
    _, density = example(1)
    coordinates = Coordinates.of(density, 0.7)
    u = points(density, 5)
    assert coordinates.to_standard(coordinates.from_standard(u)) == pytest.approx(u, abs=1e-9)
    step = 1e-6
    slopes = np.stack(
        [
            (coordinates.from_standard(u + step * e) - coordinates.from_standard(u - step * e))
            / (2 * step)
            for e in np.eye(density.size)
        ],
        axis=-1,
    )
    assert coordinates.log_volume(u) == pytest.approx(np.linalg.slogdet(slopes)[1], abs=1e-6)


def test_posterior_is_efficient_and_trusted():
    _, density = example(1)
    found = explore(density, np.random.default_rng(0), SamplerSettings())
    assert found.sampler == "importance"
    assert found.sample.effective_size >= 1000
    assert found.sample.effective_size > 0.6 * found.sample.evaluations
    assert found.sample.pareto_k < 0.5


def require_agreement(one, other):
    """Means and spreads of all parameters agree within four errors.

    Seventeen of each, false alarm 1 in 500 together; errors of standard deviations follow.
    """
    (mean, spread), (other_mean, other_spread) = (
        (mean := sample.weights @ sample.u, np.sqrt(sample.weights @ (sample.u - mean) ** 2))
        for sample in (one, other)
    )
    error = spread * np.sqrt(1 / one.effective_size + 1 / other.effective_size)
    assert np.all(np.abs(other_mean - mean) < 4 * error)
    assert np.all(np.abs(other_spread - spread) < 4 * error)


def test_emcee_agrees():
    """The same density at the flagship point, by an ensemble that starts from the best mode.

    emcee walks in the coordinates of the project's own proposals, where it mixes fastest. Its speed
    is compared in benchmarks/posterior.py.
    """
    _, density = example(1, merged=True)
    found = explore(density, np.random.default_rng(0), SamplerSettings())
    other, _ = ensemble.run(
        found.target, found.modes[0], np.random.default_rng(2), wanted=1e9, most_steps=500
    )
    require_agreement(found.sample, other)
    ours, theirs = (
        summarise(replace(found, sample=sample), np.random.default_rng(0), 100)[0]["duan"]
        for sample in (found.sample, other)
    )
    uncertainty = ours["uncertainty"] / np.sqrt(other.effective_size / 2)
    assert theirs["value"] == pytest.approx(ours["value"], abs=4 * uncertainty)
    assert theirs["uncertainty"] == pytest.approx(ours["uncertainty"], abs=4 * uncertainty)


def test_a_posterior_with_long_tails_is_sampled_by_adapted_proposals():
    """Half an hour behind a quiet receiver, and a device known from its file alone."""
    file = Path(__file__).parents[2] / "config/devices/drums-2018-quiet-receiver.yaml"
    device = yaml.safe_load(file.read_text("utf-8"))
    values, uncertainties = device_values(device), device_uncertainties(device)
    true = prior.draw(values, uncertainties, np.random.default_rng(2))
    seen = observation(*record(true, 2))
    seen = seen.merged(line_shapes(values, seen), 0.15)
    density = target(seen, from_device(values, uncertainties), Fidelity(counter_rotating=False))
    settings = SamplerSettings(most_steps=0)
    found = explore(density, np.random.default_rng(0), settings)
    assert found.sampler == "adaptive importance"
    narrow = importance.draw(
        found.target, found.modes, np.random.default_rng(1), count=1500, wanted=1000.0, most=12000
    )
    assert not trusted(narrow, settings.effective_draws)
    other, _ = ensemble.run(
        found.target, found.modes[0], np.random.default_rng(2), wanted=1e9, most_steps=600
    )
    require_agreement(found.sample, other)


@pytest.mark.parametrize("below", [0.0, 3.0])
def test_adapted_proposals_find_the_same_posterior(below):
    """Where both serve; also if the prior of n_e is centred three sigma below zero."""
    name = "bath.external_occupation"
    values = CALIBRATION.values.copy()
    if below:
        values[CALIBRATION.index(name)] = -below * CALIBRATION.uncertainty(name)
    shifted = Calibration(CALIBRATION.names, values, CALIBRATION.covariance)
    seen = observation(*record(truth(1), 1))
    density = target(seen.merged(line_shapes(VALUES, seen), 0.15), shifted, Fidelity())
    density, modes = search(density, np.random.default_rng(0), SamplerSettings())
    samples = [
        draw(density, modes, np.random.default_rng(1), count=3000, wanted=2000.0, most=most)
        for draw, most in ((importance.draw, 12000), (importance.draw_adapted, 18000))
    ]
    assert all(trusted(sample, 2000.0) for sample in samples)
    require_agreement(*samples)


def test_proposals_of_all_stages_are_weighed_in_one_unit():
    """Draws of one, weighed by the other's density over its own, add to the share that is possible.

    Shares of 20000 draws; four standard errors.
    """
    _, density = example(1, merged=True)
    density, modes = search(density, np.random.default_rng(0), SamplerSettings())
    around = importance._Mixture.around(density, modes, importance.WIDE)
    generator = np.random.default_rng(1)
    few = around.attempt(density, 300, generator)
    adapted = importance._Adapted.to(
        around.proposals[0], few, np.full(len(few), 1.0 / len(few)), importance.WIDE
    )
    assert abs(np.sum(np.log(np.diag(adapted.root)))) > 0.5
    count = 20000
    drawn = adapted.attempt(density, count, generator)
    ratio = np.zeros(count)
    ratio[: len(drawn)] = np.exp(around.log_density(drawn) - adapted.log_density(drawn))
    share = len(around.attempt(density, count, generator)) / count
    error = np.hypot(ratio.std(), np.sqrt(share * (1.0 - share))) / np.sqrt(count)
    assert abs(ratio.mean() - share) < 4.0 * error
    assert error < 0.03


def test_draws_from_a_prior_that_is_cut_off_far_out():
    """A calibration that puts n_e 4 sigma below zero leaves an exponential tail above it."""
    name = "bath.external_occupation"
    values = CALIBRATION.values.copy()
    values[CALIBRATION.index(name)] = -4.0 * CALIBRATION.uncertainty(name)
    shifted = Calibration(CALIBRATION.names, values, CALIBRATION.covariance)
    density = target(observation(*record(truth(1), 1)), shifted, Fidelity())
    u = density.prior_draws(20000, np.random.default_rng(0))
    assert density.allowed(u).all()
    drawn = u[:, density.names.index(name)]
    assert kstest(drawn, truncnorm(4.0, np.inf).cdf).pvalue > 1e-3
    result = infer(*record(truth(1), 1), shifted, np.random.default_rng(0))
    assert result.validity == "valid"


def test_an_unconverged_posterior_is_an_error():
    _, density = example(1, merged=True)
    settings = SamplerSettings(draws=60, effective_draws=1e6, most_draws=60, most_steps=20)
    with pytest.raises(InferenceError, match="was not sampled"):
        explore(density, np.random.default_rng(0), settings)


def test_a_point_without_a_posterior_has_a_result_that_says_so():
    """Other operating points may have one: the run must not end."""
    sampler = SamplerSettings(draws=60, effective_draws=1e6, most_draws=60, most_steps=20)
    settings = ModelBasedSettings(sampler=sampler)
    result = infer(*record(truth(1), 1), CALIBRATION, np.random.default_rng(0), settings)
    assert result.validity.startswith("not valid here: the posterior was not sampled: ")
    assert not result.quantities and not result.draws
    assert jsonfile.dumps(result.content())


def test_a_proposal_without_a_possible_draw_is_an_error(monkeypatch):
    _, density = example(1, merged=True)
    _, modes = search(density, np.random.default_rng(0), SamplerSettings())
    monkeypatch.setattr(type(density), "allowed", lambda self, u: np.zeros(len(u), dtype=bool))
    with pytest.raises(InferenceError, match="no draw around the best fit is physically possible"):
        importance.draw(density, modes, np.random.default_rng(0), count=50, wanted=10.0, most=100)


@pytest.mark.parametrize("density", [-np.inf, np.nan])
def test_draws_without_a_density_are_an_error(monkeypatch, density):
    _, target_here = example(1, merged=True)
    target_here, modes = search(target_here, np.random.default_rng(0), SamplerSettings())
    monkeypatch.setattr(
        type(target_here), "log_posterior", lambda self, u: np.full(len(u), density)
    )
    for draw in (importance.draw, importance.draw_adapted):
        with pytest.raises(InferenceError, match=r"no draw .* has a finite density; look at"):
            draw(target_here, modes, np.random.default_rng(0), count=50, wanted=10.0, most=100)


def test_pareto_shape_of_known_tails():
    generator = np.random.default_rng(0)
    for shape in (0.2, 0.5, 0.9):
        weights = genpareto(shape).rvs(20000, random_state=generator)
        assert importance.pareto_shape(weights) == pytest.approx(shape, abs=0.15)
    assert importance.pareto_shape(np.ones(1000)) == -np.inf


def test_merged_bins_shift_the_result_by_less_than_a_tenth_of_sigma():
    for seed in (1, 2, 3):
        true = truth(seed)
        seen = observation(*record(true, seed, bin_width_hz=1.0e3))
        few = seen.merged(line_shapes(VALUES, seen), 0.15)
        assert max(one.power.shape[-1] for one in few.spectra) <= 150
        results = []
        for one in (seen, few):
            density = target(one, CALIBRATION, Fidelity())
            found = explore(density, np.random.default_rng(0), SamplerSettings())
            results.append(summarise(found, np.random.default_rng(0), 400)[0]["duan"])
        # Sampling alone scatters by 1/sqrt(1200) = 0.03 sigma each.
        shift = results[0]["value"] - results[1]["value"]
        assert abs(shift) < 0.1 * results[0]["uncertainty"] + 3 * 0.04 * results[0]["uncertainty"]


def test_truth_is_recovered_within_its_errors():
    """Twelve data sets: chi-square of the pulls of D; false alarm 1 in 1000 either side."""
    pulls = []
    for seed in range(10, 22):
        true, density = example(seed, merged=True)
        found = explore(
            density,
            np.random.default_rng(seed),
            SamplerSettings(draws=400, effective_draws=200),
        )
        duan = summarise(found, np.random.default_rng(0), 100)[0]["duan"]
        pulls.append((duan["value"] - true_quantities(true)["duan"]) / duan["uncertainty"])
        assert duan["uncertainty"] < 0.04
    assert chi2(12).ppf(1e-3) < np.sum(np.square(pulls)) < chi2(12).ppf(1 - 1e-3)


def test_result_is_complete_and_opens_again(tmp_path):
    emission, scan = record(truth(1), 1)
    result = infer(emission, scan, CALIBRATION, np.random.default_rng(0))
    assert result.validity == "valid"
    content = result.content()
    jsonfile.write(tmp_path / "r.json", content)
    assert jsonfile.read(tmp_path / "r.json")["route"] == "model_based"
    assert set(content["fits"]) == {
        "emission",
        *(f"phase_scan_{k}" for k in range(1, 9)),
        "calibration",
        "all",
    }
    assert all(fit["p_value"] > 1e-4 for fit in content["fits"].values())
    # The calibration alone knows D several times worse.
    own = content["quantities"]["duan"]["uncertainty"]
    assert content["prior_predictive"]["duan"]["uncertainty"] > 1.5 * own
    assert abs(content["correction"]["largest_duan_shift"]) < 0.02 * own
    # The linearised result agrees with the sampled one, and n_e carries much of the error.
    linear = content["priors"]["as_calibrated"]
    assert linear["duan_uncertainty"] == pytest.approx(own, rel=0.1)
    assert content["priors"]["bath.external_occupation"]["known"]["duan_uncertainty"] < 0.8 * own
    posterior_file.write(tmp_path / "p.nc", result.draws, "0" * 64)
    again = arrayfile.read(tmp_path / "p.nc", group="posterior")
    assert dict(again.sizes) == {"chain": 4, "draw": 250}
    assert float(again["duan"].mean()) == pytest.approx(
        content["quantities"]["duan"]["value"], abs=0.2 * own
    )
    posterior_file.write(tmp_path / "q.nc", result.draws, "0" * 64)
    assert (tmp_path / "p.nc").read_bytes() == (tmp_path / "q.nc").read_bytes()


def test_the_same_seed_gives_the_same_result():
    emission, scan = record(truth(1), 1)
    settings = ModelBasedSettings(sampler=SamplerSettings(draws=300, effective_draws=200))
    one, other = (
        infer(emission, scan, CALIBRATION, np.random.default_rng(4), settings) for _ in range(2)
    )
    assert jsonfile.dumps(one.content()) == jsonfile.dumps(other.content())


def test_an_analysis_in_the_rotating_wave_approximation_is_noticed():
    """Recordings with counter-rotating terms pull the drums' frequencies away by 570 Hz."""
    true = truth(1)
    emission, scan = record(true, 1, imperfections=Imperfections(counter_rotating=True))
    right = infer(
        emission,
        scan,
        CALIBRATION,
        np.random.default_rng(0),
        ModelBasedSettings(fidelity=Fidelity(counter_rotating=True)),
    )
    wrong = infer(emission, scan, CALIBRATION, np.random.default_rng(0))
    assert min(fit.p_value for fit in right.fits.values()) > 1e-3
    assert wrong.fits["calibration"].p_value < 1e-4
    duan = right.quantities["duan"]
    expected = true_quantities(true, counter_rotating=True)["duan"]
    assert abs(duan["value"] - expected) < 3.5 * duan["uncertainty"]
    assert abs(right.correction["largest_duan_shift"]) < 0.05 * duan["uncertainty"]


def test_a_spurious_line_is_noticed():
    emission, scan = record(
        truth(1), 1, imperfections=Imperfections(spurious_lines=(SpuriousLine(3.0e5, 1.0),))
    )
    result = infer(emission, scan, CALIBRATION, np.random.default_rng(0))
    assert result.fits["emission"].p_value < 1e-3


def test_goodness_of_fit_has_its_distribution_for_correlated_bins():
    """Hann window: deviance of 20 emissions against chi-square; false alarm 1 in 1000 each side."""
    total, degrees = 0.0, 0.0
    for seed in range(20):
        emission, scan = record(truth(seed), seed, window="hann", bin_width_hz=5e3)
        density = target(observation(emission, scan), CALIBRATION, Fidelity())
        density = density.with_effects_at(np.zeros(density.size))
        best = find_modes(density, np.zeros((1, density.size)))[0].u
        fit = density.goodness(best)["emission"]
        total, degrees = total + fit.chi_square, degrees + fit.degrees_of_freedom
    assert chi2(degrees).ppf(1e-3) < total < chi2(degrees).ppf(1 - 1e-3)


def test_without_a_phase_scan_the_route_still_works():
    emission, _ = record(truth(1), 1)
    result = infer(emission, None, CALIBRATION, np.random.default_rng(0))
    assert result.validity == "valid"
    assert set(result.fits) == {"emission", "calibration", "all"}


def test_no_emission_is_not_available():
    result = infer(None, None, CALIBRATION, np.random.default_rng(0))
    assert result.validity == "not available: no emission recording"
    assert posterior_file.dataset(result.draws).sizes == {"chain": 4, "draw": 0}


def test_a_spectrum_that_misses_a_line_is_refused():
    emission, scan = record(truth(1), 1)
    cut = emission.isel(frequency_hz=slice(0, 400))
    with pytest.raises(InferenceError, match="emission: does not cover line 2"):
        infer(cut, scan, CALIBRATION, np.random.default_rng(0))


def test_recordings_of_different_drives_are_refused():
    emission, _ = record(truth(1), 1)
    _, scan = record(truth(1), 1, ratio=0.5)
    with pytest.raises(InferenceError, match=r"phase scan: ratio is 0\.5"):
        infer(emission, scan, CALIBRATION, np.random.default_rng(0))


def test_a_missing_calibration_is_named():
    emission, scan = record(truth(1), 1)
    names = [name for name in MODEL_PARAMETERS if name != "receiver.gain"]
    partial = from_device({n: VALUES[n] for n in names}, dict.fromkeys(names, 0.0))
    with pytest.raises(CalibrationError, match=r"receiver\.gain is missing"):
        infer(emission, scan, partial, np.random.default_rng(0))


def test_the_error_of_the_correction_is_found():
    _, density = example(1, merged=True)
    found = explore(density, np.random.default_rng(0), SamplerSettings())
    drawn = summarise(found, np.random.default_rng(0), 20)[1]
    good = correction_error(found, drawn, 3)
    spoilt = type(found)(
        example(1, merged=True)[1].with_effects_at(found.modes[0].u + 3.0),
        found.modes,
        found.sample,
        found.sampler,
    )
    bad = correction_error(spoilt, drawn, 3)
    assert abs(bad["duan_shift_at_mode"]) > 10 * abs(good["duan_shift_at_mode"])
