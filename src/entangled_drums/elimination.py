"""Exact elimination of the drums from the RWA noise equations: what is left is 2x2 for the cavity.

At each frequency the drums respond linearly to ``(a, a^dag)``, so a Schur complement leaves

    m_11 = kappa/2 - i (omega + Delta) + sum_j (|G_j^-|^2 chi_j - |G_j^+|^2 chi_j')
    m_22 = kappa/2 - i (omega - Delta) + sum_j (|G_j^-|^2 chi_j' - |G_j^+|^2 chi_j)
    m_12 = sum_j G_j^- G_j^+ (chi_j - chi_j'),  m_21 = -sum_j (G_j^- G_j^+)^* (chi_j - chi_j')

with ``chi_j = 1/(gamma_j/2 + i (delta_j - omega))`` and ``chi_j' = 1/(gamma_j/2 - i (delta_j +
omega))``: a matrix with a closed inverse. Couplings and occupations enter through small real tables
that multiply the susceptibilities of all frequencies at once. Real and imaginary parts are kept
apart, which numpy handles twice as fast as complex numbers.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from entangled_drums.system import System

Real = NDArray[np.float64]
_DRUMS = [0, 0, 1, 1]
_SIGNS = np.array([1.0, -1.0, 1.0, -1.0])


@dataclass(frozen=True)
class Eliminated:
    """The 2x2 cavity problem at each frequency, arrays (..., F).

    ``m_22`` and ``determinant`` as (real, imaginary); ``square_22``, ``square_12`` are squared
    moduli; ``cross`` is ``m_22 m_12^*`` as (real, imaginary), the imaginary part only where a
    product of couplings is complex. ``drum_response`` (..., 4, F) holds the squared
    susceptibilities of ``b_1, b_1^dag, b_2, b_2^dag``.
    """

    m_22: tuple[Real, Real]
    determinant: tuple[Real, Real]
    square_22: Real
    square_12: Real
    cross: tuple[Real, Real | None]
    drum_response: Real


def modulus_square(coupling: NDArray) -> Real:
    """Squared modulus of real or complex couplings."""
    if coupling.dtype.kind == "c":
        return coupling.real**2 + coupling.imag**2
    return np.asarray(coupling * coupling)


def interleave(rows: list[tuple[Real, Real]]) -> Real:
    """Matrix (..., R, 4) whose rows alternate the drums' entries (..., 2) of each pair."""
    shape: tuple[int, ...] = ()
    if any(part.ndim > 1 for row in rows for part in row):
        shape = np.broadcast_shapes(*(part.shape[:-1] for row in rows for part in row))
    table = np.empty((*shape, len(rows), 4))
    for at, (even, odd) in enumerate(rows):
        table[..., at, 0::2] = even
        table[..., at, 1::2] = odd
    return table


def eliminate(system: System, omega: Real) -> Eliminated:
    """Eliminate the drums at frequencies (F,) or (..., F), rad/s from the drive centre."""
    device, drive = system.device, system.drive
    half = (device.mechanical_linewidth / 2.0)[..., _DRUMS, None]
    centre = (system.detuning[..., _DRUMS] * _SIGNS)[..., None]
    offset = omega[..., None, :] - centre
    response = offset * offset
    response = response + half * half
    np.reciprocal(response, out=response)
    red_square, blue_square = (
        modulus_square(drive.red_coupling),
        modulus_square(drive.blue_coupling),
    )
    product = drive.red_coupling * drive.blue_coupling
    minus_blue = -blue_square
    rows = [
        (red_square, minus_blue),
        (minus_blue, red_square),
        (product.real, -product.real),
    ]
    phased = product.dtype.kind == "c"
    if phased:
        rows.append((product.imag, -product.imag))
    table = interleave(rows)
    re = table @ (half * response)
    offset = offset * response
    im = table @ offset
    half_kappa = device.kappa[..., None] / 2.0
    detuning = drive.cavity_detuning[..., None]
    re_11, re_22, re_12 = re[..., 0, :] + half_kappa, re[..., 1, :] + half_kappa, re[..., 2, :]
    im_11 = im[..., 0, :] - (omega + detuning)
    im_22 = im[..., 1, :] - (omega - detuning)
    im_12 = im[..., 2, :]
    # -m_12 m_21 is the sum of the squares of the parts driven by Re and Im of G^- G^+.
    re_det = re_11 * re_22 - im_11 * im_22 + (re_12 * re_12 - im_12 * im_12)
    im_det = re_11 * im_22 + im_11 * re_22 + 2.0 * (re_12 * im_12)
    if phased:
        re_extra, im_extra = re[..., 3, :], im[..., 3, :]
        re_det = re_det + (re_extra * re_extra - im_extra * im_extra)
        im_det = im_det + 2.0 * (re_extra * im_extra)
        re_12, im_12 = re_12 - im_extra, im_12 + re_extra
    return Eliminated(
        m_22=(re_22, im_22),
        determinant=(re_det, im_det),
        square_22=re_22 * re_22 + im_22 * im_22,
        square_12=re_12 * re_12 + im_12 * im_12,
        cross=(
            re_22 * re_12 + im_22 * im_12,
            im_22 * re_12 - re_22 * im_12 if phased else None,
        ),
        drum_response=response,
    )
