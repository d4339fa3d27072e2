"""Spectrum of a phase scan for many devices at once, to leading order in the probe.

Of all sidebands of the probe offset the two that matter are kept: the one that is observed and the
one at which the drums resonate. Eliminating the drums exactly leaves a 4x4 problem for the cavity,
solved by blocks. What is left out is of relative order (probe/pump)^2 of the probe's signal;
:mod:`entangled_drums.inference.fine_effects` adds it from the exact expansion.
"""

import numpy as np
from numpy.typing import NDArray

from entangled_drums.system import Probe, System

Array = NDArray[np.float64]
Complex = NDArray[np.complex128]

_PHASES = 2.0 * np.pi * np.arange(3) / 3.0
_SIDEBANDS = (0, -1)
_SIGNS = np.array([1.0, -1.0, 1.0, -1.0])
_DRUMS = [0, 0, 1, 1]


def leading_harmonics(system: System, probe: Probe, frequency: Array) -> Array:
    """Return mean, cosine and sine over the probe phase of the output spectrum.

    Parameters
    ----------
    system : System
        Leading axes (B,); real couplings, no perturbation.
    probe : Probe
        Its phase is not used; couplings with leading axes () or (B,).
    frequency : ndarray, (F,)
        rad/s from the drive centre, near the lines that the probe adds.

    Returns
    -------
    ndarray, (B, 3, F)
        ``S(phi) = S[0] + S[1] cos(phi) + S[2] sin(phi)``, quanta.
    """
    spectrum = _at_phases(system, probe, frequency)
    transform = np.stack([np.full(3, 1 / 3), 2 / 3 * np.cos(_PHASES), 2 / 3 * np.sin(_PHASES)])
    return np.einsum("kp,bpf->bkf", transform, spectrum)


def _couplings(system: System, probe: Probe, points: int) -> tuple[Complex, Complex]:
    """Coefficients (B, 3, 4, 8): drums of each sideband to cavity operators, and back.

    Cavity operators run (a_0, a_0^dag, a_-1, a_-1^dag), drums (b_1, b_1^dag, b_2, b_2^dag) of
    sideband 0, then of -1.
    """
    drive = system.drive
    phase = np.exp(1j * _PHASES)
    shape = (points, 3)

    def spread(value: NDArray, factor: NDArray | float = 1.0) -> NDArray:
        return np.broadcast_to(np.asarray(value)[..., None] * factor, shape)

    sending = np.zeros((points, 3, 4, 8), dtype=np.complex128)
    hearing = np.zeros((points, 3, 8, 4), dtype=np.complex128)
    for drum in (0, 1):
        # The drift component at exp(-i m epsilon t): pumps at m = 0, probes at m = +1 and, as
        # their conjugates, at m = -1.
        lower = {0: spread(drive.red_coupling[..., drum]), 1: spread(probe.red_coupling[..., drum])}
        upper = {
            0: spread(drive.blue_coupling[..., drum]),
            1: spread(probe.blue_coupling[..., drum], phase),
        }
        nothing = np.zeros(shape)
        for a, cavity in enumerate(_SIDEBANDS):
            for d, sideband in enumerate(_SIDEBANDS):
                b, b_dag = 4 * d + 2 * drum, 4 * d + 2 * drum + 1
                m = cavity - sideband
                sending[:, :, 2 * a, b] = -1j * lower.get(m, nothing)
                sending[:, :, 2 * a, b_dag] = -1j * upper.get(m, nothing)
                sending[:, :, 2 * a + 1, b] = 1j * np.conj(upper.get(-m, nothing))
                sending[:, :, 2 * a + 1, b_dag] = 1j * np.conj(lower.get(-m, nothing))
                m = sideband - cavity
                hearing[:, :, b, 2 * a] = -1j * np.conj(lower.get(-m, nothing))
                hearing[:, :, b, 2 * a + 1] = -1j * upper.get(m, nothing)
                hearing[:, :, b_dag, 2 * a] = 1j * np.conj(upper.get(-m, nothing))
                hearing[:, :, b_dag, 2 * a + 1] = 1j * lower.get(m, nothing)
    return sending, hearing


def _at_phases(system: System, probe: Probe, frequency: Array) -> Array:
    device, bath, drive = system.device, system.bath, system.drive
    points = max(system.shape[0] if system.shape else 1, 1)
    offset = np.asarray(probe.offset)
    shift = np.stack([np.zeros_like(offset), -offset], axis=-1)
    omega = np.broadcast_to(
        frequency + np.broadcast_to(shift, (points, 2))[..., None], (points, 2, frequency.size)
    )
    half = np.broadcast_to((device.mechanical_linewidth / 2.0)[..., _DRUMS], (points, 4))
    centre = np.broadcast_to(system.detuning[..., _DRUMS] * _SIGNS, (points, 4))
    response = 1.0 / (
        half[:, None, :, None] + 1j * (centre[:, None, :, None] - omega[:, :, None, :])
    )
    response = response.reshape(points, 1, 8, frequency.size)
    sending, hearing = _couplings(system, probe, points)
    table = np.einsum("bpad,bpdc->bpacd", sending, hearing).reshape(points, 3, 16, 8)
    matrix = -(table @ response).reshape(points, 3, 4, 4, frequency.size)
    kappa = np.broadcast_to(device.kappa, (points,))[:, None, None]
    detuning = np.broadcast_to(drive.cavity_detuning, (points,))[:, None, None]
    for a in (0, 1):
        matrix[:, :, 2 * a, 2 * a] += kappa / 2.0 - 1j * (omega[:, a, None] + detuning)
        matrix[:, :, 2 * a + 1, 2 * a + 1] += kappa / 2.0 - 1j * (omega[:, a, None] - detuning)
    row = _first_row(matrix)

    external = np.broadcast_to(device.kappa_external, (points,))[:, None, None]
    internal = np.broadcast_to(device.kappa_internal, (points,))[:, None, None]
    n_e = np.broadcast_to(bath.external_occupation, (points,))[:, None, None]
    n_i = np.broadcast_to(bath.internal_occupation, (points,))[:, None, None]
    square = row.real**2 + row.imag**2
    annihilated, created = square[:, :, 0] + square[:, :, 2], square[:, :, 1] + square[:, :, 3]
    # The port's own reflection interferes with what leaks out at the observed sideband.
    reflected = external * annihilated - 2.0 * row[:, :, 0].real + 1.0 / external
    spectrum = n_e * reflected + (n_e + 1.0) * external * created
    spectrum = spectrum + internal * (n_i * annihilated + (n_i + 1.0) * created)
    drums = (np.swapaxes(sending, -1, -2) @ row) * response
    occupation = np.broadcast_to(bath.thermal_occupation, (points, 2))[:, [0, 0, 1, 1]]
    weight = 2.0 * half * (occupation + np.array([0.0, 1.0, 0.0, 1.0]))
    spectrum = spectrum + np.einsum(
        "bd,bpdf->bpf", np.tile(weight, 2), drums.real**2 + drums.imag**2
    )
    return external * spectrum


def _first_row(matrix: Complex) -> Complex:
    """First row (B, P, 4, F) of the inverse of matrices (B, P, 4, 4, F), by 2x2 blocks."""

    def block(rows: slice, columns: slice) -> tuple[Complex, Complex, Complex, Complex]:
        part = matrix[:, :, rows, columns]
        return part[:, :, 0, 0], part[:, :, 0, 1], part[:, :, 1, 0], part[:, :, 1, 1]

    first, second = slice(0, 2), slice(2, 4)
    p = block(first, first)
    q = block(first, second)
    r = block(second, first)
    s = block(second, second)
    inverse = 1.0 / (s[0] * s[3] - s[1] * s[2])
    # T = Q S^-1
    t = (
        (q[0] * s[3] - q[1] * s[2]) * inverse,
        (q[1] * s[0] - q[0] * s[1]) * inverse,
        (q[2] * s[3] - q[3] * s[2]) * inverse,
        (q[3] * s[0] - q[2] * s[1]) * inverse,
    )
    schur = (
        p[0] - t[0] * r[0] - t[1] * r[2],
        p[1] - t[0] * r[1] - t[1] * r[3],
        p[2] - t[2] * r[0] - t[3] * r[2],
        p[3] - t[2] * r[1] - t[3] * r[3],
    )
    inverse = 1.0 / (schur[0] * schur[3] - schur[1] * schur[2])
    one, two = schur[3] * inverse, -schur[1] * inverse
    return np.stack([one, two, -(one * t[0] + two * t[2]), -(one * t[1] + two * t[3])], axis=2)
