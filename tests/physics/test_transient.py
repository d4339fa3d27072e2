"""Covariance in time: limits, composition, instability, agreement with integration."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from tests.physics.samples import largest_error, random_system, with_drive, worked_example

from entangled_drums import covariance, model, transient
from entangled_drums.conventions import symplectic_form
from entangled_drums.errors import ParameterError


def integrate(system, start, duration):
    drift = model.drift(system.device, system.drive)
    noise = model.diffusion(system.device, system.bath)

    def rate(_, flat):
        v = flat.reshape(6, 6)
        return (drift @ v + v @ drift.T + noise).ravel()

    run = solve_ivp(rate, (0, duration), start.ravel(), method="DOP853", rtol=1e-11, atol=1e-12)
    return run.y[:, -1].reshape(6, 6)


@pytest.mark.parametrize("ratio", [0.0, 0.62, 1.6])
def test_agrees_with_integration_stable_or_not(ratio):
    system = worked_example(ratio=ratio)
    start = transient.thermal_covariance(system)
    for duration in (1e-7, 2e-5):
        found = transient.evolve(system, start, duration)
        assert largest_error(found, integrate(system, start, duration)) < 1e-8


def test_steady_state_is_a_fixed_point_and_the_limit():
    system = random_system(2)
    steady = covariance.require(covariance.steady_state(system))
    assert largest_error(transient.evolve(system, steady, 3e-4), steady) < 1e-10
    start = transient.thermal_covariance(system)
    assert largest_error(transient.evolve(system, start, 10.0), steady) < 1e-9


def test_without_pumps_the_thermal_state_is_steady():
    system = worked_example()
    off = with_drive(system, red_coupling=np.zeros(2), blue_coupling=np.zeros(2))
    steady = covariance.require(covariance.steady_state(off))
    np.testing.assert_allclose(transient.thermal_covariance(off), steady, rtol=1e-12, atol=1e-12)


def test_pieces_compose():
    system = worked_example()
    start = transient.thermal_covariance(system)
    whole = transient.evolve(system, start, 3e-5)
    parts = transient.evolve_pulses([(system, 1e-5), (system, 2e-5)], start)
    assert len(parts) == 2
    assert largest_error(parts[-1], whole) < 1e-11
    np.testing.assert_array_equal(transient.evolve(system, start, 0.0), start)


def test_batches_of_times_and_physicality_under_amplification():
    system = worked_example(ratio=1.4)
    start = transient.thermal_covariance(system)
    times = np.linspace(0, 4e-5, 9)
    states = transient.evolve(system, start, times)
    assert states.shape == (9, 6, 6)
    assert np.all(np.diff(np.trace(states, axis1=1, axis2=2)) > 0)
    assert covariance.symplectic_eigenvalues(states).min() > 0.5 - 1e-9
    assert largest_error(states[3], transient.evolve(system, start, times[3])) < 1e-12


def test_lossless_limit_of_the_propagator_is_symplectic():
    system = worked_example(linewidths=(1e-9, 1e-9))
    object.__setattr__(system.device, "kappa_external", np.array(1e-9))
    object.__setattr__(system.device, "kappa_internal", np.array(1e-9))
    phi, _ = transient.propagator(system, 1e-6)
    form = symplectic_form()
    np.testing.assert_allclose(phi @ form @ phi.T, form, atol=1e-9)


def test_bad_arguments_are_named():
    system = worked_example()
    with pytest.raises(ParameterError, match="duration is negative"):
        transient.evolve(system, np.eye(6), -1.0)
    with pytest.raises(ParameterError, match=r"covariance has shape \(4, 4\)"):
        transient.evolve(system, np.eye(4), 1.0)
    with pytest.raises(ParameterError, match="pulses is empty"):
        transient.evolve_pulses([], np.eye(6))
