"""Covariance in time under drives that are constant, or constant in pieces (pulses).

    V(t) = exp(A t) V_0 exp(A^T t) + integral_0^t exp(A s) D exp(A^T s) ds

exactly, stable or not: a short step is taken from one matrix exponential (Van Loan, IEEE TAC 23,
395 (1978)) and doubled, ``Phi(2h) = Phi(h)^2``, ``Q(2h) = Q(h) + Phi(h) Q(h) Phi(h)^T``, so nothing
that decays is ever divided by.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import expm

from entangled_drums.errors import ParameterError
from entangled_drums.model import diffusion, drift
from entangled_drums.system import System


def thermal_covariance(system: System) -> NDArray[np.float64]:
    """Steady covariance (..., 6, 6) of the same device and baths with all pumps off."""
    occupations = [
        system.cavity_occupation,
        system.bath.thermal_occupation[..., 0],
        system.bath.thermal_occupation[..., 1],
    ]
    levels = np.stack(np.broadcast_arrays(*occupations), axis=-1) + 0.5
    return np.repeat(levels, 2, axis=-1)[..., None] * np.eye(6)


def propagator(
    system: System, duration: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """``Phi`` and ``Q`` with ``V(t) = Phi V_0 Phi^T + Q`` after a constant drive.

    Parameters
    ----------
    system : System
        Leading axes (...); may be unstable.
    duration : array_like, (...)
        Seconds, zero or more.

    Raises
    ------
    ParameterError
        If a duration is negative or NaN.
    """
    time = np.asarray(duration, dtype=np.float64)
    if not np.all((time >= 0) & np.isfinite(time)):
        raise ParameterError("duration is negative or not finite: give seconds, 0 or more")
    rates = drift(system.device, system.drive, system.perturbation)
    noise = diffusion(system.device, system.bath, system.perturbation)
    shape = np.broadcast_shapes(rates.shape[:-2], noise.shape[:-2], time.shape)
    rates = np.broadcast_to(rates, (*shape, 6, 6))
    noise = np.broadcast_to(noise, (*shape, 6, 6))
    size = float((np.abs(rates).sum(axis=-1).max(axis=-1) * time).max(initial=0.0))
    doublings = max(0, int(np.ceil(np.log2(max(size, 1e-300)))) + 1)
    step = np.broadcast_to(time, shape)[..., None, None] / 2.0**doublings
    generator = np.zeros((*shape, 12, 12))
    generator[..., :6, :6] = -rates * step
    generator[..., :6, 6:] = noise * step
    generator[..., 6:, 6:] = np.swapaxes(rates, -1, -2) * step
    exponential = expm(generator)
    phi = np.swapaxes(exponential[..., 6:, 6:], -1, -2)
    q = phi @ exponential[..., :6, 6:]
    for _ in range(doublings):
        q = q + phi @ q @ np.swapaxes(phi, -1, -2)
        phi = phi @ phi
    return phi, 0.5 * (q + np.swapaxes(q, -1, -2))


def evolve(system: System, covariance: ArrayLike, duration: ArrayLike) -> NDArray[np.float64]:
    """Covariance (..., 6, 6) after a constant drive of this duration (s), from ``covariance``.

    Raises
    ------
    ParameterError
        If the duration is negative, or the covariance is no finite (..., 6, 6) array.
    """
    phi, q = propagator(system, duration)
    start = np.asarray(covariance, dtype=np.float64)
    if start.shape[-2:] != (6, 6) or not np.all(np.isfinite(start)):
        raise ParameterError(
            f"covariance has shape {start.shape} or is not finite: give numbers (..., 6, 6)"
        )
    return phi @ start @ np.swapaxes(phi, -1, -2) + q


def evolve_pulses(
    pulses: Sequence[tuple[System, ArrayLike]], covariance: ArrayLike
) -> list[NDArray[np.float64]]:
    """Covariance at the end of each pulse of a piecewise-constant drive.

    Parameters
    ----------
    pulses : sequence of (System, duration)
        Drives and their durations in seconds, in order.
    covariance : array_like, (..., 6, 6)
        State before the first pulse.

    Raises
    ------
    ParameterError
        If there is no pulse, or a duration is negative.
    """
    if not pulses:
        raise ParameterError("pulses is empty: give at least one (System, duration)")
    states = []
    state = np.asarray(covariance, dtype=np.float64)
    for system, duration in pulses:
        state = evolve(system, state, duration)
        states.append(state)
    return states
