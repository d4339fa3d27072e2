"""Linearised dynamics of one cavity and two drums in the rotating-wave approximation (RWA).

With the cavity rotating at the drive centre and the drums at the frame frequency omega_m,

    H/hbar  = -Delta a^dag a + sum_j delta_j b_j^dag b_j
              + sum_j [ a^dag (G_j^- b_j + G_j^+ b_j^dag) + h.c. ]
    da/dt   = (i Delta - kappa/2) a - i sum_j (G_j^- b_j + G_j^+ b_j^dag)
              + sqrt(kappa_e) a_e + sqrt(kappa_i) a_i
    db_j/dt = (-i delta_j - gamma_j/2) b_j - i (G_j^-* a + G_j^+ a^dag) + sqrt(gamma_j) b_j,in

with delta_j = omega_j - omega_m, white input noise ``<f(t) f^dag(t')> = (n + 1) delta(t - t')``.
In quadratures ``dr/dt = A r + noise`` and the symmetrised noise is the diffusion matrix ``D``:
the covariance obeys ``dV/dt = A V + V A^T + D``.
"""

import numpy as np
from numpy.typing import NDArray

from entangled_drums.conventions import operators_from_quadratures
from entangled_drums.system import Bath, Device, Drive, Perturbation, System


def operator_drift(
    device: Device, drive: Drive, perturbation: Perturbation | None = None
) -> NDArray[np.complex128]:
    """Drift matrix for the operators ``(a, a^dag, b_1, b_1^dag, b_2, b_2^dag)``.

    Returns
    -------
    ndarray, (..., 6, 6), complex
        Rates in rad/s.
    """
    matrix = uncoupled_drift(device, drive, perturbation)
    shape = np.broadcast_shapes(
        matrix.shape[:-2], drive.red_coupling.shape[:-1], drive.blue_coupling.shape[:-1]
    )
    matrix = np.broadcast_to(matrix, (*shape, 6, 6)).copy()
    for j in (0, 1):
        b, b_dag = 2 + 2 * j, 3 + 2 * j
        red, blue = drive.red_coupling[..., j], drive.blue_coupling[..., j]
        matrix[..., 0, b] = -1j * red
        matrix[..., 0, b_dag] = -1j * blue
        matrix[..., b, 0] = -1j * np.conj(red)
        matrix[..., b, 1] = -1j * blue
    _fill_adjoint_rows(matrix)
    return matrix


def uncoupled_drift(
    device: Device, drive: Drive, perturbation: Perturbation | None = None
) -> NDArray[np.complex128]:
    """Drift matrix as `operator_drift` has it, with all tones off."""
    cavity = 1j * drive.cavity_detuning - device.kappa / 2.0
    delta = device.mechanical_frequency - drive.frame_frequency[..., None]
    drum = -1j * delta - device.mechanical_linewidth / 2.0
    shape = np.broadcast_shapes(cavity.shape, drum.shape[:-1])
    if perturbation is not None:
        shape = np.broadcast_shapes(
            shape,
            perturbation.mechanical_two_mode.shape,
            perturbation.mechanical_parametric.shape[:-1],
        )
    matrix = np.zeros((*shape, 6, 6), dtype=np.complex128)
    matrix[..., 0, 0] = cavity
    for j in (0, 1):
        b, b_dag = 2 + 2 * j, 3 + 2 * j
        matrix[..., b, b] = drum[..., j]
        if perturbation is not None:
            matrix[..., b, b_dag] = -1j * perturbation.mechanical_parametric[..., j]
            matrix[..., b, 5 - 2 * j] = -1j * perturbation.mechanical_two_mode
    _fill_adjoint_rows(matrix)
    return matrix


def _fill_adjoint_rows(matrix: NDArray[np.complex128]) -> None:
    swap = [1, 0, 3, 2, 5, 4]
    matrix[..., 1::2, :] = np.conj(matrix[..., 0::2, :])[..., swap]


def to_quadratures(operator_matrix: NDArray[np.complex128]) -> NDArray[np.complex128]:
    """Change a drift matrix (..., 6, 6) from operators to quadratures (complex in general)."""
    basis = operators_from_quadratures()
    return basis.conj().T @ operator_matrix @ basis


def drift(
    device: Device, drive: Drive, perturbation: Perturbation | None = None
) -> NDArray[np.float64]:
    """Drift matrix ``A`` of the quadratures ``(X_a, P_a, X_1, P_1, X_2, P_2)`` in the RWA.

    Parameters
    ----------
    device, drive : Device, Drive
        Leading axes broadcast.
    perturbation : Perturbation, optional
        Adds the mechanical parametric terms.

    Returns
    -------
    ndarray, (..., 6, 6)
        Rates in rad/s. Stable if and only if every eigenvalue has a negative real part.
    """
    return to_quadratures(operator_drift(device, drive, perturbation)).real


def diffusion(
    device: Device, bath: Bath, perturbation: Perturbation | None = None
) -> NDArray[np.float64]:
    """Diffusion matrix ``D`` of the quadratures, symmetrised, vacuum variance 1/2.

    Diagonal ``kappa (n_c + 1/2)`` twice, then ``gamma_j (n_j + 1/2)`` twice for each drum; a
    perturbation adds correlated noise.

    Returns
    -------
    ndarray, (..., 6, 6)
        In rad/s.
    """
    port, inside = bath.external_occupation, bath.internal_occupation
    gamma = device.mechanical_linewidth
    if perturbation is not None:
        port = port + perturbation.pump_noise_occupation
    cavity = device.kappa_external * (port + 0.5) + device.kappa_internal * (inside + 0.5)
    drums = gamma * (bath.thermal_occupation + 0.5)
    anomalous = normal = np.zeros(())
    if perturbation is not None:
        anomalous = device.kappa_external * perturbation.pump_noise_correlation
        normal = np.sqrt(gamma[..., 0] * gamma[..., 1]) * perturbation.bath_correlation
    shape = np.broadcast_shapes(
        cavity.shape, drums.shape[:-1], np.shape(anomalous), np.shape(normal)
    )
    matrix = np.zeros((*shape, 6, 6))
    matrix[..., 0, 0] = cavity + np.real(anomalous)
    matrix[..., 1, 1] = cavity - np.real(anomalous)
    matrix[..., 0, 1] = matrix[..., 1, 0] = np.imag(anomalous)
    for j in (0, 1):
        matrix[..., 2 + 2 * j, 2 + 2 * j] = matrix[..., 3 + 2 * j, 3 + 2 * j] = drums[..., j]
    matrix[..., 2, 4] = matrix[..., 4, 2] = matrix[..., 3, 5] = matrix[..., 5, 3] = np.real(normal)
    matrix[..., 2, 5] = matrix[..., 5, 2] = np.imag(normal)
    matrix[..., 3, 4] = matrix[..., 4, 3] = -np.imag(normal)
    return matrix


def input_matrix(device: Device) -> NDArray[np.float64]:
    """Coupling (..., 6, 8) of the inputs to the operators, in rad^(1/2) s^(-1/2).

    Inputs run ``(a_e, a_e^dag, a_i, a_i^dag, b_1, b_1^dag, b_2, b_2^dag)``.
    """
    gamma = device.mechanical_linewidth
    shape = np.broadcast_shapes(device.kappa.shape, gamma.shape[:-1])
    matrix = np.zeros((*shape, 6, 8))
    for k in (0, 1):
        matrix[..., k, k] = np.sqrt(device.kappa_external)
        matrix[..., k, 2 + k] = np.sqrt(device.kappa_internal)
        for j in (0, 1):
            matrix[..., 2 + 2 * j + k, 4 + 2 * j + k] = np.sqrt(gamma[..., j])
    return matrix


def normal_correlations(system: System) -> NDArray[np.complex128]:
    """``N_kl`` of ``<f_k^dag f_l> = N_kl delta(t - t')`` for the inputs of :func:`input_matrix`.

    (..., 8, 8): ``n`` for annihilation, ``n + 1`` for creation inputs, and the correlations that a
    perturbation brings.
    """
    bath, extra = system.bath, system.perturbation
    occupations = [
        bath.external_occupation,
        bath.internal_occupation,
        bath.thermal_occupation[..., 0],
        bath.thermal_occupation[..., 1],
    ]
    if extra is not None:
        occupations[0] = occupations[0] + extra.pump_noise_occupation
    matrix = np.zeros((*system.shape, 8, 8), dtype=np.complex128)
    for k, occupation in enumerate(occupations):
        matrix[..., 2 * k, 2 * k] = occupation
        matrix[..., 2 * k + 1, 2 * k + 1] = occupation + 1.0
    if extra is not None:
        matrix[..., 1, 0] = extra.pump_noise_correlation
        matrix[..., 0, 1] = np.conj(extra.pump_noise_correlation)
        matrix[..., 4, 6] = matrix[..., 7, 5] = extra.bath_correlation
        matrix[..., 6, 4] = matrix[..., 5, 7] = np.conj(extra.bath_correlation)
    return matrix
