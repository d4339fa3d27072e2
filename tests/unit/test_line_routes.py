"""Routes that give one number from line weights: right where valid, and clear where not."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from tests.unit.inference_samples import (
    CALIBRATION,
    PHASES,
    VALUES,
    drive,
    record,
    true_quantities,
)

from entangled_drums import calibration, covariance, entanglement, jsonfile, parameters
from entangled_drums.inference import emission_bound, quadrature
from entangled_drums.inference.emission_bound import largest_duan
from entangled_drums.inference.line_data import line_data
from entangled_drums.inference.line_windows import LineSettings
from entangled_drums.inference.route_result import route_result
from entangled_drums.laboratory import pumped

FEW = LineSettings(samples=2000)
COLD = {**VALUES, "bath.external_occupation": 0.0}


@cache
def lines(noiseless_seed=0, ratio=0.62):
    emission, scan = record(COLD, noiseless_seed, bin_width_hz=2e3, ratio=ratio)
    exact = calibration.from_device(COLD, dict.fromkeys(COLD, 0.0))
    return emission, line_data(emission, scan, exact, FEW), exact


def number(route, emission, found, prior):
    return route.infer_from(found, emission, prior, np.random.default_rng(0), FEW)


def test_bound_is_the_closed_form_for_equal_drums():
    occupation = np.random.default_rng(0).uniform(0.05, 5.0, (50, 2))
    for ratio in (0.3, 0.62, 0.9):
        maps = np.tile([[1, ratio**2, 2 * ratio], [ratio**2, 1, 2 * ratio]], (50, 1, 1))
        weights = occupation * (1 - ratio**2) - ratio**2
        expected = entanglement.emission_bound(occupation, np.arctanh(ratio))
        assert largest_duan(maps, weights) == pytest.approx(expected, rel=1e-9)


def test_no_physical_state_has_a_larger_duan_sum_than_the_bound():
    """Unequal couplings: random physical states, each against the bound of its own weights."""
    generator = np.random.default_rng(1)
    red, blue = np.array([1.0, 1.3]), 0.6 * np.array([1.0, 1.3])
    maps = np.array(
        [
            [red[0] ** 2, blue[1] ** 2, 2 * red[0] * blue[1]],
            [blue[0] ** 2, red[1] ** 2, 2 * red[1] * blue[0]],
        ]
    )
    occupations = generator.uniform(0.0, 4.0, (500, 2))
    largest = np.sqrt(
        np.minimum(
            occupations[:, 0] * (occupations[:, 1] + 1), occupations[:, 1] * (occupations[:, 0] + 1)
        )
    )
    states = np.column_stack([occupations, generator.uniform(-1, 1, 500) * largest])
    duan = states[:, 0] + states[:, 1] + 1 + 2 * states[:, 2]
    bound = largest_duan(np.tile(maps, (500, 1, 1)), states @ maps.T)
    assert np.all(bound >= duan - 1e-9)
    assert np.min(bound - duan) < 0.05


def test_impossible_weights_have_no_bound():
    maps = np.array([[[1.0, 0.4, 1.2], [0.4, 1.0, 1.2]]])
    assert np.isnan(largest_duan(maps, np.array([[-5.0, -5.0]])))[0]


def test_worked_point_is_not_shown_by_its_emission():
    """n_e = 0: the bound is 1.17 although the Duan sum is 0.831 (worked example)."""
    emission, found, prior = lines()
    result = number(emission_bound, emission, found, prior)
    assert result.validity == "valid"
    assert result.outcome == "not shown"
    assert result.duan.mean() == pytest.approx(1.17, abs=0.02)
    assert true_quantities(COLD)["duan"] == pytest.approx(0.831, abs=0.001)


def without_noise(found):
    """The same lines as the exact spectra of the calibrated device have them."""
    measured = replace(
        found.measured,
        areas=found.model.areas[0],
        emission_covariance=1e-12 * found.measured.emission_covariance,
        scan_variance=1e-12 * found.measured.scan_variance,
    )
    return replace(found, measured=measured)


def test_quadrature_is_off_by_percents_with_opposite_signs_on_the_two_lines():
    """Interference with cavity noise, in numbers of the worked example: 0.836 and 0.867."""
    warm = {**COLD, "bath.internal_occupation": 1.656}
    emission, scan = record(warm, 0, bin_width_hz=2e3)
    exact = calibration.from_device(warm, dict.fromkeys(warm, 0.0))
    found = without_noise(line_data(emission, scan, exact, FEW))
    result = number(quadrature, emission, found, exact)
    assert true_quantities(warm)["duan"] == pytest.approx(0.8442, abs=1e-4)
    assert result.data["duan_of_line_1"]["value"] == pytest.approx(0.836, abs=0.02)
    assert result.data["duan_of_line_2"]["value"] == pytest.approx(0.867, abs=0.02)
    assert result.duan.mean() == pytest.approx(0.852, abs=0.025)
    # Without noise the approximation is all that is wrong, and the route says so.
    off = result.data["error_of_approximation"]["value"]
    assert off == pytest.approx(result.duan.mean() - true_quantities(warm)["duan"], abs=1e-6)
    assert result.validity.startswith("not valid here: the approximation is off by")


def test_quadrature_is_valid_where_noise_hides_its_approximation():
    emission, scan = record(COLD, 0)
    found = line_data(emission, scan, CALIBRATION, FEW)
    result = number(quadrature, emission, found, CALIBRATION)
    off = result.data["error_of_approximation"]["value"]
    assert abs(off) < 0.5 * result.duan.std()
    assert result.validity == "valid"


def test_errors_of_the_calibration_are_carried():
    emission, scan = record(COLD, 0)
    found = without_noise(line_data(emission, scan, CALIBRATION, FEW))
    assert number(emission_bound, emission, found, CALIBRATION).duan.std() > 0.03
    # The couplings (3 %) and the gain (3 %) scale the whole variance.
    assert number(quadrature, emission, found, CALIBRATION).duan.std() > 0.03


def test_unresolved_lines_are_not_valid_and_dark_modes_fool_nobody():
    """Omega/2pi = 10 kHz: the quadrature alone would say 0.459 where the Duan sum is 1.33."""
    close = {**COLD, "drum_2.frequency_hz": 1.002e7, "bath.internal_occupation": 0.0}
    for drum in ("drum_1", "drum_2"):
        close |= {f"{drum}.linewidth_hz": 110.0, f"{drum}.thermal_occupation": 40.0}
    close["heating.reference_coupling_hz"] = 1.5e5
    settings = parameters.drive_settings(close, 1.5e5, 0.62)
    state = covariance.steady_state(parameters.system(close, settings)).covariance
    assert entanglement.measures(state).duan == pytest.approx(1.33, abs=0.01)
    drums = state[2:, 2:]
    collective = 0.5 * (drums[:2, :2] + drums[2:, 2:] + drums[:2, 2:] + drums[2:, :2])
    assert 2 * np.linalg.eigvalsh(collective)[0] == pytest.approx(0.459, abs=0.01)
    probe = parameters.probe_settings(close, 1.5e5, 1.0e4, PHASES)
    generator = np.random.default_rng(0)
    emission = pumped.record_emission(
        close, settings, pumped.EmissionSettings(1800.0, 4e5, 2e3), generator
    )
    scan = pumped.record_phase_scan(
        close,
        settings,
        probe,
        pumped.PhaseScanSettings(1800.0, 1e5, 2e3, pumped.line_centres_hz(close, settings, 1.5e5)),
        generator,
    )
    exact = calibration.from_device(close, dict.fromkeys(close, 0.0))
    found = line_data(emission, scan, exact, FEW)
    for route in (quadrature, emission_bound):
        result = number(route, emission, found, exact)
        assert result.validity.startswith("not valid here: emission lines are")
        assert result.outcome == result.validity
        assert route_result(content(result)).valid is False


def content(result):
    return {**result.content(), "operating_point": "p", "power": "reference"}


def test_results_are_written_in_the_common_form(tmp_path):
    emission, found, prior = lines()
    for route in (quadrature, emission_bound):
        one = content(number(route, emission, found, prior))
        jsonfile.write(tmp_path / "r.json", one)
        again = route_result(jsonfile.read(tmp_path / "r.json"))
        assert again.route == route.ROUTE
        assert again.ratio == pytest.approx(0.62)
        assert set(again.quantities) == {"duan"}


def test_missing_recordings_are_not_available():
    emission, _ = record(COLD, 0)
    found = line_data(emission, None, CALIBRATION, FEW)
    result = number(quadrature, emission, found, CALIBRATION)
    assert result.validity == "not available: no phase scan recording"
    assert np.isnan(result.probability)
    assert drive().ratio == pytest.approx(result.settings["ratio"])
