"""Drift and diffusion against an independent derivation from the Hamiltonian."""

import numpy as np
import pytest
from tests.physics.samples import random_system, worked_example

from entangled_drums import model
from entangled_drums.conventions import operators_from_quadratures, symplectic_form
from entangled_drums.system import Perturbation


def hamiltonian_matrix(system, perturbation):
    """Real symmetric h with H/hbar = r^T h r / 2, from the normally ordered coefficients."""
    mode = operators_from_quadratures()
    lower, raise_ = mode[0::2], mode[1::2]  # rows: b and b^dag as linear forms of r
    form = np.zeros((6, 6), dtype=complex)

    def add(coefficient, left, right):
        form[...] += coefficient * np.outer(left, right)
        form[...] += np.conj(coefficient * np.outer(left, right))

    drive = system.drive
    add(-0.5 * drive.cavity_detuning, raise_[0], lower[0])
    for j in (0, 1):
        add(0.5 * system.detuning[j], raise_[1 + j], lower[1 + j])
        add(drive.red_coupling[j], raise_[0], lower[1 + j])
        add(drive.blue_coupling[j], raise_[0], raise_[1 + j])
        add(0.5 * perturbation.mechanical_parametric[j], raise_[1 + j], raise_[1 + j])
    add(perturbation.mechanical_two_mode, raise_[1], raise_[2])
    assert np.abs(form.imag).max() < 1e-9 * np.abs(form).max()
    return (form + form.T).real


@pytest.mark.parametrize("seed", range(5))
def test_drift_is_the_symplectic_gradient_of_the_hamiltonian(seed):
    system = random_system(seed, complex_couplings=True)
    perturbation = Perturbation(
        mechanical_parametric=[2e4 + 1e4j, -3e4j], mechanical_two_mode=1e4 - 2e4j
    )
    losses = np.repeat([system.device.kappa, *system.device.mechanical_linewidth], 2) / 2
    expected = symplectic_form() @ hamiltonian_matrix(system, perturbation) - np.diag(losses)
    found = model.drift(system.device, system.drive, perturbation)
    np.testing.assert_allclose(found, expected, atol=1e-9 * np.abs(expected).max())


def test_diffusion_without_and_with_correlations():
    system = worked_example(external_occupation=0.3)
    device, bath = system.device, system.bath
    found = model.diffusion(device, bath)
    cavity = device.kappa * (system.cavity_occupation + 0.5)
    drums = device.mechanical_linewidth * (bath.thermal_occupation + 0.5)
    np.testing.assert_allclose(found, np.diag(np.repeat([cavity, *drums], 2)), rtol=1e-14)

    m, q = 4.0 - 7.0j, 0.1 + 0.2j
    extra = Perturbation(bath_correlation=m, pump_noise_occupation=0.4, pump_noise_correlation=q)
    basis = operators_from_quadratures()
    # <{v_k, v_l}>/2 of the noise forces, v = (a, a^dag, b_1, ...), from the diffusion matrix.
    noise = basis @ model.diffusion(device, bath, extra) @ basis.T
    between = np.sqrt(np.prod(device.mechanical_linewidth))
    assert noise[0, 0] == pytest.approx(device.kappa_external * q)
    assert noise[0, 1] == pytest.approx(cavity + 0.4 * device.kappa_external)
    assert noise[3, 4] == pytest.approx(between * m)  # b_1^dag b_2
    assert noise[2, 5] == pytest.approx(between * np.conj(m))
    assert abs(noise[2, 4]) < 1e-9


def test_input_correlations_give_the_diffusion_matrix():
    system = random_system(8)
    mixing = model.input_matrix(system.device)
    normal = model.normal_correlations(system)
    # Symmetrised: <f_k^dag f_l> lacks half the commutator, which is -1/2 for annihilation inputs.
    symmetric = normal + np.diag([0.5, -0.5] * 4)
    basis = operators_from_quadratures()
    found = basis.conj().T @ mixing @ symmetric @ mixing.T @ basis
    expected = model.diffusion(system.device, system.bath)
    np.testing.assert_allclose(found, expected, atol=1e-9 * expected.max())


def test_batches_broadcast():
    found = model.drift(random_system(1, (3, 2)).device, random_system(1).drive)
    assert found.shape == (3, 2, 6, 6)
