"""Exact elimination of the drums from the RWA noise equations: what is left is 2x2 for the cavity.

At each frequency the drums respond linearly to ``(a, a^dag)``, so a Schur complement leaves a 2x2
matrix with a closed inverse. Couplings and occupations enter through small tables that multiply the
drums' susceptibilities, which makes the sums over drums matrix products over all frequencies.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from entangled_drums.parameters import System

_SIGNS = np.array([1.0, -1.0, 1.0, -1.0])


@dataclass(frozen=True)
class Eliminated:
    """The 2x2 cavity problem after exact elimination of the drums; arrays (..., F)."""

    m_22: NDArray[np.complex128]
    determinant: NDArray[np.complex128]
    square_22: NDArray[np.float64]
    square_12: NDArray[np.float64]
    cross: NDArray[np.complex128]
    drum_response: NDArray[np.float64]


def modulus_square(coupling: NDArray) -> NDArray[np.float64]:
    """Squared modulus of real or complex couplings."""
    return np.asarray(square(coupling) if coupling.dtype.kind == "c" else coupling * coupling)


def square(z: NDArray[np.complex128]) -> NDArray[np.float64]:
    """Squared modulus."""
    return z.real**2 + z.imag**2


def interleave(rows: list[tuple[NDArray, NDArray]]) -> NDArray:
    """Matrix (..., R, 4) whose rows alternate the drums' entries (..., 2) of each pair."""
    shape: tuple[int, ...] = ()
    if any(part.ndim > 1 for row in rows for part in row):
        shape = np.broadcast_shapes(*(part.shape[:-1] for row in rows for part in row))
    mixed = any(part.dtype.kind == "c" for row in rows for part in row)
    table = np.empty((*shape, len(rows), 4), dtype=np.complex128 if mixed else np.float64)
    for at, (even, odd) in enumerate(rows):
        table[..., at, 0::2] = even
        table[..., at, 1::2] = odd
    return table


def eliminate(system: System, omega: NDArray[np.float64]) -> Eliminated:
    """Eliminate the drums at frequencies (F,) or (..., F), rad/s from the drive centre."""
    # Drum susceptibilities chi_1(omega), chi_1^*(-omega), chi_2(omega), chi_2^*(-omega) stand in an
    # axis of length 4; sums over drums are then matrix products. `cross` is m_22 m_12^* and
    # `drum_response` holds |chi|^2.
    drive, delta = system.drive, system.detuning
    half = (system.device.mechanical_linewidth / 2.0)[..., [0, 0, 1, 1], None]
    centre = (delta[..., [0, 0, 1, 1]] * _SIGNS)[..., None]
    offset = omega[..., None, :] - centre
    response = 1.0 / (offset * offset + half * half)
    chi = np.empty(response.shape, dtype=np.complex128)
    np.multiply(half, response, out=chi.real)
    np.multiply(offset, response, out=chi.imag)
    red, blue = drive.red_coupling, drive.blue_coupling
    red_square, blue_square = modulus_square(red), modulus_square(blue)
    product = red * blue
    table = interleave(
        [(red_square, -blue_square), (-blue_square, red_square), (product, -product)]
    )
    if table.dtype.kind == "c":
        sums = table @ chi
    else:  # real and imaginary parts side by side: half the arithmetic
        sums = (table @ chi.view(np.float64)).view(np.complex128)
    half_kappa = system.device.kappa[..., None] / 2.0
    detuning = drive.cavity_detuning[..., None]
    shape = sums.shape[:-2]
    if half_kappa.ndim > 1 or detuning.ndim > 1:
        shape = np.broadcast_shapes(shape, half_kappa.shape[:-1], detuning.shape[:-1])
        sums = np.broadcast_to(sums, (*shape, *sums.shape[-2:])).copy()
    m_11, m_22, m_12 = sums[..., 0, :], sums[..., 1, :], sums[..., 2, :]
    m_11.real += half_kappa
    m_11.imag -= omega + detuning
    m_22.real += half_kappa
    m_22.imag -= omega - detuning
    m_21 = -m_12 if table.dtype.kind == "f" else -(np.conj(table[..., 2:, :]) @ chi)[..., 0, :]
    return Eliminated(
        m_22=m_22,
        determinant=m_11 * m_22 - m_12 * m_21,
        square_22=square(m_22),
        square_12=square(m_12),
        cross=m_22 * np.conj(m_12),
        drum_response=response,
    )
