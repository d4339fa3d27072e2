"""Worked numbers of the two-drum drive in the RWA: what the model predicts, digit by digit."""

import numpy as np
import pytest
from scipy.optimize import brentq, minimize_scalar
from tests.physics.samples import with_drive, worked_example

from entangled_drums import covariance, entanglement
from entangled_drums.system import Bath
from entangled_drums.units import TWO_PI, angular

HOT = 1.656  # internal occupation that makes n_c = 0.30


def state_of(system):
    return covariance.require(covariance.steady_state(system))


def measures_of(system):
    return entanglement.measures(state_of(system))


def rates(system):
    """Gamma, Omega, kappa, cooperativity C of an equal-coupling system, angular."""
    kappa = system.device.kappa
    omega = 0.5 * np.diff(system.device.mechanical_frequency, axis=-1)[..., 0]
    red, blue = system.drive.red_coupling[..., 0], system.drive.blue_coupling[..., 0]
    gamma_opt = 4 / kappa * (red**2 - blue**2) / (1 + (2 * omega / kappa) ** 2)
    linewidth = system.device.mechanical_linewidth[..., 0]
    cooperativity = 4 * red**2 * kappa / (linewidth * (kappa**2 + 4 * omega**2))
    return gamma_opt, omega, kappa, cooperativity


def test_worked_point():
    assert measures_of(worked_example()).duan == pytest.approx(0.8310609, abs=1e-7)


def test_worked_point_with_hot_cavity():
    system = worked_example(internal_occupation=HOT)
    assert system.cavity_occupation == pytest.approx(0.30)
    found = measures_of(system)
    np.testing.assert_allclose(found.occupation, [1.524997, 1.520502], atol=5e-7)
    assert found.anomalous_correlator.real == pytest.approx(-1.600634, abs=5e-7)
    assert found.duan == pytest.approx(0.8442303, abs=5e-8)
    assert found.ppt_symplectic_eigenvalue == pytest.approx(0.4220893, abs=5e-8)
    assert rates(system)[0] / TWO_PI == pytest.approx(18.53e3, abs=5.0)


def test_adiabatic_formula():
    gamma, n, ratio = 120.0, 35.0, 0.62
    system = worked_example(
        internal_occupation=HOT, linewidths=(gamma, gamma), thermal=(n, n), ratio=ratio
    )
    gamma_opt = rates(system)[0] / TWO_PI
    squeezing = (1 - ratio) / (1 + ratio)
    expected = (gamma * (2 * n + 1) + gamma_opt * squeezing * 1.6) / (gamma + gamma_opt)
    assert measures_of(system).duan == pytest.approx(expected, abs=3e-4)


def table_system(cavity_occupation, ratio, red=(150e3, 150e3), half_splitting=0.65e6):
    return worked_example(
        internal_occupation=cavity_occupation * 1.38 / 0.25,
        red=red,
        ratio=ratio,
        frequencies=(10.65e6 - half_splitting, 10.65e6 + half_splitting),
        linewidths=(110.0, 110.0),
        thermal=(40.0, 40.0),
    )


def best(quantity, *arguments):
    return minimize_scalar(
        lambda x: quantity(measures_of(table_system(arguments[0], x, *arguments[1:]))),
        bounds=(0.2, 0.97),
        method="bounded",
        options={"xatol": 1e-7},
    )


@pytest.mark.parametrize(
    ("cavity_occupation", "duan"),
    [(0, 0.650), (0.1, 0.696), (0.2, 0.740), (0.3, 0.780), (0.5, 0.853)],
)
def test_best_duan_against_cavity_occupation(cavity_occupation, duan):
    assert best(lambda m: m.duan, cavity_occupation).fun == pytest.approx(duan, abs=6e-4)


@pytest.mark.parametrize(
    ("imbalance", "duan", "two_nu"),
    [(1, 0.650, 0.650), (1.05, 0.654, 0.654), (1.1, 0.667, 0.667), (1.2, 0.709, 0.708),
     (1.4, 0.818, 0.813)],
)  # fmt: skip
def test_best_duan_against_unequal_couplings(imbalance, duan, two_nu):
    red = (150e3 * np.sqrt(imbalance), 150e3 / np.sqrt(imbalance))
    assert best(lambda m: m.duan, 0.0, red).fun == pytest.approx(duan, abs=6e-4)
    found = best(lambda m: 2 * m.ppt_symplectic_eigenvalue, 0.0, red).fun
    assert found == pytest.approx(two_nu, abs=6e-4)


@pytest.mark.parametrize("cavity_occupation", [0.0, 0.3])
def test_optimum_ratio_solves_its_quadratic(cavity_occupation):
    n, nc = 40.0, cavity_occupation
    cooperativity = float(rates(table_system(nc, 0.5))[3])
    polynomial = [cooperativity * (nc + 0.5), n + nc + 1, -(n + 0.5)]
    y = max(np.roots(polynomial))
    found = best(lambda m: m.duan, nc)
    assert 1 - found.x == pytest.approx(y, rel=0.01)
    assert found.fun == pytest.approx(2 * (nc + 0.5) * y / (1 - y), rel=3e-3)
    if nc == 0:
        assert found.fun == pytest.approx(y / (1 - y), rel=3e-3)
    often_quoted = np.sqrt((2 * n + 1) / cooperativity)
    assert 0.215 < 1 - often_quoted / found.fun < 0.405


@pytest.mark.parametrize("cavity_occupation", [0.1, 0.3])
def test_entanglement_starts_at_the_threshold_cooperativity(cavity_occupation):
    n = 40.0
    base = float(rates(table_system(cavity_occupation, 0.5))[3])
    threshold = 4 * n * (cavity_occupation + 1)

    def best_duan(cooperativity):
        red = 150e3 * np.sqrt(cooperativity / base)
        return best(lambda m: m.duan, cavity_occupation, (red, red)).fun

    crossing = brentq(lambda c: best_duan(c) - 1, 0.8 * threshold, 1.3 * threshold, xtol=1e-3)
    assert crossing == pytest.approx(threshold, rel=0.02)


def quadrature_variances(covariance_matrix):
    v = covariance_matrix
    x_plus = 0.5 * (v[2, 2] + v[4, 4]) + v[2, 4]
    p_minus = 0.5 * (v[3, 3] + v[5, 5]) - v[3, 5]
    return x_plus, p_minus


def test_dark_mode_hides_from_one_quadrature():
    x_plus, p_minus = quadrature_variances(state_of(table_system(0.0, 0.77, half_splitting=1e-3)))
    # Without splitting one collective mode never sees the cavity and stays hot.
    assert x_plus == pytest.approx(0.152, abs=6e-4)
    assert p_minus == pytest.approx(40.5, abs=0.1)


def test_quadrature_route_fails_for_small_splitting():
    system = table_system(0.0, 0.62, half_splitting=10e3)
    x_plus, _ = quadrature_variances(state_of(system))
    assert 2 * x_plus == pytest.approx(0.459, abs=6e-4)
    assert measures_of(system).duan_fixed_phase == pytest.approx(1.33, abs=6e-3)


def test_two_mode_detuning_costs_and_turns_the_phase():
    base = measures_of(worked_example(internal_occupation=HOT)).duan
    for offset, cost in ((500.0, 0.0046), (1000.0, 0.018), (2000.0, 0.071)):
        found = measures_of(worked_example(internal_occupation=HOT, frame_offset_hz=-offset))
        assert found.duan - base == pytest.approx(cost, rel=0.03)
        turned = np.abs(np.angle(-found.anomalous_correlator))
        assert turned / (offset / 1000) == pytest.approx(0.107, rel=0.02)


def test_cavity_detuning_hardly_matters():
    base = measures_of(worked_example()).duan
    found = measures_of(worked_example(cavity_detuning_hz=np.array([50e3, 100e3])))
    assert np.abs(found.duan - base).max() < 3e-4
    # Unequal drums make it one-sided: detuning towards the hotter drum's line costs more.
    other = measures_of(worked_example(cavity_detuning_hz=-100e3))
    assert 3e-4 < other.duan - base < 1e-3


def test_port_noise_raises_the_duan_sum_by_0_47():
    system = worked_example()
    delta = 1e-3
    raised = Bath(delta, 1.5 + delta, [41.0, 30.0])
    changed = type(system)(system.device, raised, system.drive)
    slope = (measures_of(changed).duan - measures_of(system).duan) / delta
    assert slope == pytest.approx(0.47, abs=0.005)


def test_ratio_below_one_is_not_the_stability_condition():
    unequal = worked_example(red=(140e3, 100e3), ratio=0.99)
    crossed = with_drive(
        unequal,
        red_coupling=angular([140e3, 20e3]),
        blue_coupling=angular([20e3, 20.5e3]),
    )
    over = covariance.steady_state(crossed)
    assert over.stable and np.any(crossed.drive.blue_coupling > crossed.drive.red_coupling)
    under = with_drive(
        unequal,
        red_coupling=angular([140e3, 1e3]),
        blue_coupling=angular([0.99 * 140e3, 0.99e3]),
    )
    with_little = covariance.steady_state(with_drive(under, cavity_detuning=angular(-4e6)))
    assert not with_little.stable
