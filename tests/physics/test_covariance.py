"""Steady-state covariance: reference vectors, slow solvers, the stability gate, bad points."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import solve_continuous_lyapunov
from tests.physics.exact import exact_lyapunov, threshold_ratio
from tests.physics.samples import (
    CASES,
    largest_error,
    random_system,
    reference_system,
    with_drive,
    worked_example,
)

from entangled_drums import covariance, lyapunov, model, moments
from entangled_drums.conventions import symplectic_form
from entangled_drums.errors import UnphysicalStateError, UnstableDriveError
from entangled_drums.system import Perturbation, System


def matrices(system):
    return (
        model.drift(system.device, system.drive, system.perturbation),
        model.diffusion(system.device, system.bath, system.perturbation),
    )


@pytest.mark.parametrize("number", range(len(CASES)))
def test_reference_covariance(number):
    state = covariance.steady_state(reference_system(CASES[number]))
    assert largest_error(state.covariance, CASES[number]["covariance"]) < 1e-11
    assert state.residual < 1e-13
    assert state.spectral_abscissa < 0
    assert state.smallest_symplectic_eigenvalue >= 0.5


@pytest.mark.parametrize("complex_couplings", [False, True])
def test_agrees_with_scipy_at_random_points(complex_couplings):
    system = random_system(11, (300,), complex_couplings)
    state = covariance.steady_state(system)
    drift, noise = matrices(system)
    assert state.stable.mean() > 0.5
    for point in np.flatnonzero(state.stable):
        expected = solve_continuous_lyapunov(drift[point], -noise[point])
        # scipy's own solution is the less accurate one: its errors grow like 1/(slowest rate).
        assert largest_error(state.covariance[point], expected) < 1e-9


def test_agrees_with_the_half_vectorised_solver():
    system = random_system(12, (300,), complex_couplings=True)
    state = covariance.steady_state(system)
    expected = lyapunov.solve(*matrices(system))
    for point in np.flatnonzero(state.stable):
        assert largest_error(state.covariance[point], expected[point]) < 1e-10


def test_half_vectorised_operator_is_the_lyapunov_map():
    rng = np.random.default_rng(0)
    drift, upper = rng.normal(size=(6, 6)), rng.normal(size=21)
    matrix = lyapunov.full(upper)
    expected = lyapunov.half(drift @ matrix + matrix @ drift.T)
    np.testing.assert_allclose(lyapunov.operator(drift) @ upper, expected, rtol=1e-13, atol=1e-13)


def test_gate_agrees_with_eigenvalues_and_gives_nan_with_a_reason():
    system = random_system(13, (2000,), complex_couplings=True, largest_ratio=1.3)
    state = covariance.steady_state(system)
    assert 0.2 < state.stable.mean() < 0.95
    np.testing.assert_array_equal(state.stable, state.spectral_abscissa < 0)
    assert np.isnan(state.covariance[~state.stable]).all()
    assert np.isfinite(state.covariance[state.stable]).all()
    assert set(np.unique(state.reason[~state.stable])) == {covariance.REASONS[1]}
    assert (state.reason[state.stable] == "").all()


def test_every_state_is_symmetric_and_physical():
    system = random_system(14, (2000,))
    state = covariance.steady_state(system)
    found = state.covariance[state.stable]
    np.testing.assert_array_equal(found, np.swapaxes(found, -1, -2))
    assert state.smallest_symplectic_eigenvalue[state.stable].min() > 0.5 - 1e-9
    assert state.residual[state.stable].max() < 1e-13


@settings(max_examples=50, deadline=None, derandomize=True)
@given(
    ratio=st.floats(0.0, 1.4),
    red=st.floats(1e3, 4e5),
    asymmetry=st.floats(0.5, 2.0),
    detuning=st.floats(-1e6, 1e6),
    occupation=st.floats(0.0, 1e4),
)
def test_a_point_is_either_physical_or_refused(ratio, red, asymmetry, detuning, occupation):
    system = worked_example(
        internal_occupation=occupation,
        red=(red * asymmetry, red / asymmetry),
        ratio=ratio,
        cavity_detuning_hz=detuning,
        thermal=(occupation, 1.0),
    )
    state = covariance.steady_state(system)
    if state.stable:
        assert state.smallest_symplectic_eigenvalue > 0.5 - 1e-9 * np.abs(state.covariance).max()
        assert state.spectral_abscissa < 0
    else:
        assert np.isnan(state.covariance).all()
        assert state.reason != ""


def test_no_pumps_leave_the_baths():
    system = worked_example(red=(0.0, 0.0), external_occupation=0.2)
    state = covariance.steady_state(system)
    cavity = system.cavity_occupation
    expected = np.diag(np.repeat([cavity, 41.0, 30.0], 2) + 0.5)
    np.testing.assert_allclose(state.covariance, expected, rtol=1e-14, atol=1e-14)


@pytest.mark.parametrize("drum", [0, 1])
def test_one_red_tone_cools_one_drum_by_the_exact_formula(drum):
    coupling = np.zeros((3, 2))
    coupling[:, drum] = [2e3, 3e4, 5e5]
    system = worked_example(red=coupling, ratio=0.0, external_occupation=0.1)
    tuned = system.device.mechanical_frequency[drum]
    system = with_drive(system, frame_frequency=tuned)
    state = covariance.steady_state(system)
    n = state.covariance[:, 2 + 2 * drum, 2 + 2 * drum] - 0.5
    g2 = 4 * system.drive.red_coupling[:, drum] ** 2
    gamma = system.device.mechanical_linewidth[drum]
    kappa = system.device.kappa
    bath = system.bath.thermal_occupation[drum]
    below = (kappa + gamma) * (g2 + kappa * gamma)
    expected = (
        bath * gamma * (g2 + kappa * (kappa + gamma)) + system.cavity_occupation * g2 * kappa
    ) / below
    np.testing.assert_allclose(n, expected, rtol=1e-11)


@pytest.mark.parametrize("ratio", [0.2, 0.62, 0.9])
def test_lossless_drums_in_empty_baths_are_pure(ratio):
    system = worked_example(
        internal_occupation=0.0, ratio=ratio, linewidths=(1e-6, 1e-6), thermal=(0.0, 0.0)
    )
    state = covariance.steady_state(system)
    assert state.stable
    x_plus = 0.5 * (state.covariance[2, 2] + state.covariance[4, 4]) + state.covariance[2, 4]
    p_minus = 0.5 * (state.covariance[3, 3] + state.covariance[5, 5]) - state.covariance[3, 5]
    assert x_plus + p_minus == pytest.approx((1 - ratio) / (1 + ratio), rel=1e-8)
    np.testing.assert_allclose(state.covariance[:2, :2], 0.5 * np.eye(2), atol=1e-8)
    assert 1 / (8 * np.sqrt(np.linalg.det(state.covariance))) == pytest.approx(1.0, abs=1e-8)


def test_refinement_holds_at_very_slow_drums():
    system = worked_example(linewidths=(1e-3, 2e-3), ratio=0.93, red=(2e5, 1.9e5))
    assert np.all(system.device.mechanical_linewidth < moments.REFINE_BELOW * system.device.kappa)
    drift, noise = matrices(system)
    state = covariance.steady_state(system)
    assert largest_error(state.covariance, exact_lyapunov(drift, noise)) < 1e-11


def test_errors_near_threshold_follow_the_condition():
    gaps = np.array([1e-2, 1e-4, 1e-6])
    for gap in gaps:
        system = worked_example(ratio=threshold_ratio() * (1 - gap))
        drift, noise = matrices(system)
        exact = exact_lyapunov(drift, noise)
        condition = np.linalg.cond(lyapunov.operator(drift))
        error = largest_error(covariance.steady_state(system).covariance, exact)
        assert error < 4 * condition * np.finfo(float).eps


def test_a_marginal_drive_is_refused():
    state = covariance.steady_state(worked_example(ratio=threshold_ratio()))
    assert not state.stable
    assert state.reason in (covariance.REASONS[1], covariance.REASONS[2])


def test_singular_points_do_not_spoil_their_batch():
    rng = np.random.default_rng(3)
    matrix = rng.normal(size=(5, 8, 8))
    matrix[2, 4] = matrix[2, 5] = 0.0
    vector = rng.normal(size=(5, 8, 1))
    found = lyapunov.solve_batch(matrix, vector)
    assert np.isnan(found[2]).all()
    keep = [0, 1, 3, 4]
    np.testing.assert_allclose(matrix[keep] @ found[keep], vector[keep], atol=1e-10)


def test_require_names_the_point_and_the_reason():
    state = covariance.steady_state(worked_example(ratio=np.array([0.5, 1.2])))
    with pytest.raises(UnstableDriveError, match=r"at point \(1,\).*unstable.*lower the blue"):
        covariance.require(state)
    good = covariance.steady_state(worked_example())
    assert covariance.require(good) is good.covariance


def test_require_refuses_an_unphysical_state():
    state = covariance.SteadyState(
        np.full((6, 6), np.nan), np.array(covariance.UNPHYSICAL, dtype=np.int8), worked_example()
    )
    with pytest.raises(UnphysicalStateError, match="uncertainty relation"):
        covariance.require(state)


def test_unphysical_noise_is_caught_by_the_gate():
    # Below the vacuum level: no baths can do this, so the occupations are forced past the checks.
    system = worked_example(red=(0.0, 0.0))
    object.__setattr__(system.bath, "thermal_occupation", np.array([-0.2, 1.0]))
    _, code = covariance.gated_moments(system, 1)
    assert code.tolist() == [covariance.UNPHYSICAL]


def test_batches_broadcast_and_chunks_agree(monkeypatch):
    whole = worked_example(
        internal_occupation=np.linspace(0, 3, 7)[:, None], ratio=np.linspace(0, 0.9, 5)
    )
    expected = covariance.steady_state(whole)
    assert expected.covariance.shape == (7, 5, 6, 6)
    monkeypatch.setattr(covariance, "CHUNK_POINTS", 4)
    np.testing.assert_array_equal(covariance.steady_state(whole).covariance, expected.covariance)
    single = covariance.steady_state(
        worked_example(internal_occupation=np.linspace(0, 3, 7)[3], ratio=np.linspace(0, 0.9, 5)[2])
    )
    np.testing.assert_allclose(single.covariance, expected.covariance[3, 2], rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize(
    "perturbation",
    [
        Perturbation(mechanical_parametric=[300.0 + 100.0j, -200.0]),
        Perturbation(mechanical_two_mode=150.0j),
        Perturbation(bath_correlation=12.0 - 5.0j),
        Perturbation(pump_noise_occupation=0.2, pump_noise_correlation=0.1 + 0.2j),
    ],
)
def test_perturbations_agree_with_scipy(perturbation):
    plain = worked_example()
    system = System(plain.device, plain.bath, plain.drive, perturbation)
    state = covariance.steady_state(system)
    drift, noise = matrices(system)
    expected = solve_continuous_lyapunov(drift, -noise)
    assert largest_error(state.covariance, expected) < 1e-9
    assert largest_error(covariance.steady_state(plain).covariance, expected) > 1e-5


def test_symplectic_eigenvalues_of_a_squeezed_thermal_state():
    r, n = 0.8, 1.7
    matrix = (n + 0.5) * np.diag([np.exp(2 * r), np.exp(-2 * r), 1.0, 1.0])
    np.testing.assert_allclose(covariance.symplectic_eigenvalues(matrix), [n + 0.5, n + 0.5])
    assert symplectic_form(1).tolist() == [[0, 1], [-1, 0]]
