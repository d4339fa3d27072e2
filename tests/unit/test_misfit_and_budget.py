"""Misfit injection on noiseless data, and the error budget with its table."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from scipy.stats import chi2, ncx2
from tests.unit.inference_samples import CALIBRATION, PHASES, record, truth
from tests.unit.test_coverage import PLAIN

from entangled_drums import jsonfile
from entangled_drums.coverage import misfit
from entangled_drums.errors import InferenceError
from entangled_drums.inference import direct, error_budget, mode_search
from entangled_drums.inference.fine_effects import Fidelity
from entangled_drums.inference.line_data import _measure, line_data
from entangled_drums.inference.line_windows import LineSettings
from entangled_drums.inference.mode_search import find_modes
from entangled_drums.inference.model_based import ModelBasedSettings, best_fit
from entangled_drums.inference.observation import observation
from entangled_drums.inference.route_result import ROUTE_LABELS
from entangled_drums.inference.target import target
from entangled_drums.inference.verdict import largest_failing
from entangled_drums.laboratory.imperfections import Imperfections
from entangled_drums.tables import table_s3
from entangled_drums.tables.output import csv_text, markdown_text


def test_probability_to_notice_is_that_of_the_noncentral_law():
    fit = misfit.Fit(
        {"emission": 30.0, "calibration": 0.0}, {"emission": 50.0, "calibration": 5.0}, 0, 1
    )
    level = largest_failing(2)
    one = 1 - ncx2.cdf(chi2.isf(level, 50), 50, 30.0)
    assert fit.noticed == pytest.approx(1 - (1 - one) * (1 - level), rel=1e-6)
    perfect = replace(fit, deviances={"emission": 0.0, "calibration": 0.0})
    assert perfect.noticed == pytest.approx(1 - (1 - level) ** 2, rel=1e-6)


def test_a_line_in_the_emission_is_found_and_does_no_harm():
    found = misfit.search("spurious-line", PLAIN, CALIBRATION, [np.random.default_rng(0)])
    assert found["noticed"] == pytest.approx(0.9, abs=0.02)
    assert not found["at_largest"]
    assert abs(found["bias_in_sigma"]) < 0.3
    assert [one["size"] for one in found["sizes"]] == sorted(one["size"] for one in found["sizes"])
    assert misfit.table([found])[0]["imperfection"] == "spurious-line"
    assert jsonfile.dumps(found)


def test_a_wrong_analysis_that_is_always_noticed_is_no_hidden_error():
    """With a calibration far better than the device file its bias is above one sigma."""
    real = replace(
        PLAIN,
        imperfections=Imperfections(counter_rotating=True, finite_record=True),
        fidelity=Fidelity(counter_rotating=True, finite_record=True),
    )
    well_known = replace(CALIBRATION, covariance=CALIBRATION.covariance / 400.0)
    found = misfit.search("rwa-analysis", real, well_known, [])
    assert found["noticed"] > 0.99
    assert abs(found["bias_in_sigma"]) > 1.0
    assert not found["in_error_budget"]


def test_without_an_imperfection_there_is_no_bias():
    plain = misfit.Laboratory.of(PLAIN, CALIBRATION)
    prepared = misfit.prepare(
        observation(*PLAIN.record(PLAIN.values, None)), CALIBRATION, misfit.ModelBasedSettings()
    )
    found = misfit.fit(plain, Fidelity(), prepared)
    assert abs(found.bias) < 1e-3 * found.uncertainty
    # The laboratory interpolates between exactly solved frequencies; one sigma would be 1.
    assert sum(found.deviances.values()) < 0.02


def test_an_unknown_imperfection_is_named():
    with pytest.raises(InferenceError, match="'noise' is unknown; write one of spurious-line"):
        misfit.search("noise", PLAIN, CALIBRATION, [])


@cache
def budgets():
    emission, scan = record(truth(1), 1)
    density = target(observation(emission, scan), CALIBRATION, Fidelity())
    density = density.with_effects_at(np.zeros(density.size))
    best = find_modes(density, np.zeros((1, density.size)))[0].u
    lines = line_data(emission, scan, CALIBRATION, LineSettings())
    result = direct.infer_from(
        lines, emission, CALIBRATION, np.random.default_rng(0), LineSettings(samples=4000)
    )
    return (
        error_budget.of_model_based(density, best),
        error_budget.of_direct(lines, CALIBRATION, np.random.default_rng(0)),
        result,
    )


def test_items_add_up_to_the_error():
    for budget in budgets()[:2]:
        total = sum(item.variance for item in budget.items)
        assert total == pytest.approx(budget.uncertainty**2, rel=1e-9)
        variances = [item.variance for item in budget.items]
        assert variances == sorted(variances, reverse=True)
        assert min(variances) >= 0.0


def test_each_recording_brings_the_noise_it_has():
    """250 repetitions with noise in one recording alone; each false alarm has a chance of 0.3 %."""
    emission, scan = record(truth(1), None)
    found = line_data(emission, scan, CALIBRATION, LineSettings())
    weight = np.ones(found.measured.areas.size) / np.sqrt(np.diag(found.measured.covariance))
    weight[2:] *= np.tile(np.cos(2 * PHASES) + 0.3, 2)
    generator = np.random.default_rng(5)

    def noisy(spectrum, averages):
        power = spectrum["power_spectral_density"]
        return spectrum.assign(
            power_spectral_density=power * generator.gamma(averages, 1 / averages, power.shape)
        )

    def spread(of_emission, of_scan):
        setup = found.setup
        areas = [
            _measure(
                noisy(emission, setup.emission_averages) if of_emission else emission,
                noisy(scan, setup.scan_averages) if of_scan else scan,
                setup,
                found.bins,
                found.model,
            ).areas
            for _ in range(250)
        ]
        return np.var(areas @ weight, ddof=1)

    by_emission = weight @ found.measured.emission_covariance @ weight
    by_scan = weight**2 @ found.measured.scan_variance
    low, high = chi2.ppf([0.0015, 0.9985], 249) / 249
    assert low < spread(True, False) / by_emission < high
    assert low < spread(False, True) / by_scan < high


def test_a_recording_never_brings_less_than_nothing(monkeypatch):
    """Errors of the shape that lines and probe lines share may cancel in D."""
    monkeypatch.setattr(error_budget, "_DRAWS", 50)
    emission, scan = record(truth(1), 1)
    found = line_data(emission, scan, CALIBRATION, LineSettings())
    solved = direct.solve(found, CALIBRATION)
    monkeypatch.setattr(direct, "solve", lambda *_: solved)  # it weighs areas by their noise

    def brought(shift):
        measured = replace(found.measured, emission_covariance=np.outer(shift, shift))
        budget = error_budget.of_direct(
            replace(found, measured=measured), CALIBRATION, np.random.default_rng(0)
        )
        return next(item.variance for item in budget.items if item.name == "emission")

    line, probe_line = np.eye(found.measured.areas.size)[[0, 2]]
    line = line / np.sqrt(brought(line))
    probe_line = probe_line / np.sqrt(brought(probe_line))
    both = sorted([brought(line + probe_line), brought(line - probe_line)])
    assert both == pytest.approx([0.0, 4.0], abs=1e-9)
    assert both[0] >= 0.0


def test_without_errors_of_the_calibration_the_noise_is_all():
    exact = replace(CALIBRATION, covariance=np.zeros_like(CALIBRATION.covariance))
    lines = line_data(*record(truth(1), 1), exact, LineSettings())
    budget = error_budget.of_direct(lines, exact, np.random.default_rng(0))
    assert sorted(item.name for item in budget.items) == ["emission", "phase_scan"]
    total = sum(item.variance for item in budget.items)
    assert budget.uncertainty**2 == pytest.approx(total, rel=1e-12) and total > 0.0


def test_correlated_parameters_share_their_part():
    """Gain and added noise known by their product: each alone would count many times over."""
    gain, added = (CALIBRATION.index(f"receiver.{name}") for name in ("gain", "added_noise"))
    covariance = CALIBRATION.covariance.copy()
    covariance[gain, added] = -0.99 * np.sqrt(covariance[gain, gain] * covariance[added, added])
    covariance[added, gain] = covariance[gain, added]
    emission, scan = record(truth(1), 1)
    correlated = replace(CALIBRATION, covariance=covariance)
    density = target(observation(emission, scan), correlated, Fidelity())
    best = find_modes(density, np.zeros((1, density.size)))[0].u
    lines = line_data(emission, scan, correlated, LineSettings())
    for budget in (
        error_budget.of_model_based(density, best),
        error_budget.of_direct(lines, correlated, np.random.default_rng(0)),
    ):
        variances = [item.variance for item in budget.items]
        assert min(variances) >= 0.0
        assert sum(variances) == pytest.approx(budget.uncertainty**2, rel=1e-6)
        # One standard deviation of an item cannot move D farther than all errors together do.
        shifts = [item.shift for item in budget.items if item.kind == error_budget.CALIBRATED]
        assert np.abs(shifts).max() <= budget.uncertainty * (1 + 1e-9)


def test_budget_of_the_direct_route_is_its_error():
    _, budget, result = budgets()
    assert budget.uncertainty == pytest.approx(result.quantities["duan"]["uncertainty"], rel=0.1)


def test_largest_items_are_confirmed_by_leaving_them_out():
    for budget in budgets()[:2]:
        item = next(one for one in budget.items if one.kind == error_budget.CALIBRATED)
        # Known exactly, it also helps to know what it was traded against.
        assert item.left_out > 0.6 * item.variance
        assert item.left_out < budget.uncertainty**2
    assert budgets()[0].items[0].name == "bath.external_occupation"


def test_what_moves_nothing_has_no_distance_to_one(tmp_path):
    """Such as a frequency of a drum in the rotating-wave approximation."""
    path = tmp_path / "budget.json"
    item = error_budget.Item("drum_1.frequency_hz", error_budget.CALIBRATED, 0.0, shift=0.0)
    jsonfile.write(path, item.content(0.8))
    assert jsonfile.read(path)["sigma_to_one"] is None


def test_table_has_all_items_and_the_misfits_that_matter():
    routes = [budget.content() for budget in budgets()[:2]]
    found = {"meaning": "drift", "unit": "Hz", "size": 3906.8, "bias": -0.03}
    misfits = [{**found, "in_error_budget": True}, {**found, "in_error_budget": False}]
    table = table_s3.table(routes, misfits, "Made up.", {})
    own = [row for row in table.rows if row["route"] == "model_based"]
    assert [row["kind"] for row in own].count("misfit") == 1
    total = own[-1]["error"]
    assert total == pytest.approx(np.hypot(routes[0]["uncertainty"], 0.03), rel=1e-3)
    assert "drift, unnoticed up to 3.9e+03 Hz" in csv_text(table)
    assert "all together" in markdown_text(table, None)


def test_routes_without_a_budget_are_named_in_a_note():
    why = {"direct": "not available: no phase scan recording", "model_based": "not valid here: why"}
    table = table_s3.table([], [], "Made up.", why)
    assert table.rows == ()
    text = markdown_text(table, None)
    for route, reason in why.items():
        assert f"No budget of {ROUTE_LABELS[route]}: {reason}." in text


def test_without_a_fit_there_is_a_reason_in_place_of_the_best_parameters(monkeypatch):
    monkeypatch.setattr(mode_search, "_MAXIMUM_ITERATIONS", 1)
    seen = observation(*record(truth(1), 1))
    found = best_fit(seen, CALIBRATION, np.random.default_rng(0), ModelBasedSettings())
    assert isinstance(found, str)
    assert "searches for the best parameters do not settle" in found
