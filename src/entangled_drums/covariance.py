"""Steady-state covariance of the RWA model, with a verdict on every point.

Solves ``A V + V A^T + D = 0`` for whole batches. The noise matrix ``D`` is positive, so by
Lyapunov's theorem the solution ``V`` is positive definite if and only if the drift is stable: the
gate looks at the solution itself and costs no eigenvalues. It tests ``V + i Omega/2 >= 0``, which
implies both stability and the uncertainty relation. Points without a steady state hold NaN and a
reason, never a number.
"""

from dataclasses import dataclass, field, fields
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from entangled_drums import lyapunov
from entangled_drums.conventions import symplectic_form
from entangled_drums.errors import UnphysicalStateError, UnstableDriveError
from entangled_drums.model import diffusion, drift, operator_drift
from entangled_drums.moments import Moments, steady_moments
from entangled_drums.system import System

STABLE, UNSTABLE, MARGINAL, UNPHYSICAL, SINGULAR = range(5)
REASONS = (
    "",
    "unstable: the drive amplifies a mode without limit",
    "marginal: the slowest decay is below the rounding error of the drift",
    "unphysical: the solution violates the uncertainty relation",
    "singular: the moment equations have no unique solution",
)
CHUNK_POINTS = 4096
"""Points solved at a time: the working set stays in the processor's cache."""
PHYSICAL_TOLERANCE = 1e-9
"""Slack in the uncertainty relation, relative to the largest element (at least to one quantum)."""


@dataclass(frozen=True)
class SteadyState:
    """Steady states of a batch of points, and diagnostics of every solve.

    Attributes
    ----------
    covariance : ndarray, (..., 6, 6)
        Vacuum variance 1/2, order (X_a, P_a, X_1, P_1, X_2, P_2); NaN where there is no state.
    reason_code : ndarray of int8, (...)
        Index into :data:`REASONS`; 0 means a steady state exists.
    system : System
        What was solved.
    """

    covariance: NDArray[np.float64]
    reason_code: NDArray[np.int8]
    system: System = field(repr=False)

    @property
    def stable(self) -> NDArray[np.bool_]:
        """Whether a physical steady state exists, (...)."""
        return self.reason_code == STABLE

    @property
    def reason(self) -> NDArray[np.str_]:
        """Why there is no steady state, empty where there is one, (...)."""
        return np.array(REASONS)[self.reason_code]

    @cached_property
    def spectral_abscissa(self) -> NDArray[np.float64]:
        """Largest real part of the eigenvalues of the drift, rad/s, (...); negative = stable."""
        system = self.system
        matrix = drift(system.device, system.drive, system.perturbation)
        largest = np.linalg.eigvals(matrix).real.max(axis=-1)
        return np.broadcast_to(largest, self.reason_code.shape).copy()

    @cached_property
    def residual(self) -> NDArray[np.float64]:
        """Largest element of ``A V + V A^T + D`` over ``max|A| max|V|``, (...); NaN if none."""
        system = self.system
        matrix = drift(system.device, system.drive, system.perturbation)
        product = matrix @ self.covariance
        left = product + np.swapaxes(product, -1, -2)
        left = left + diffusion(system.device, system.bath, system.perturbation)
        scale = np.abs(matrix).max(axis=(-2, -1)) * np.abs(self.covariance).max(axis=(-2, -1))
        return np.abs(left).max(axis=(-2, -1)) / scale

    @cached_property
    def smallest_symplectic_eigenvalue(self) -> NDArray[np.float64]:
        """Smallest symplectic eigenvalue of the three modes, (...); at least 1/2 if physical."""
        return symplectic_eigenvalues(self.covariance)[..., 0]


def symplectic_eigenvalues(covariance: NDArray) -> NDArray[np.float64]:
    """Symplectic eigenvalues, ascending, (..., modes), of covariances (..., 2 modes, 2 modes).

    Moduli of the eigenvalues of ``i Omega V``; NaN in, NaN out.
    """
    modes = covariance.shape[-1] // 2
    finite = np.isfinite(covariance).all(axis=(-2, -1))
    filled = np.where(finite[..., None, None], covariance, np.eye(2 * modes))
    values = np.abs(np.linalg.eigvals(symplectic_form(modes) @ filled))
    return np.where(finite[..., None], np.sort(values, axis=-1)[..., ::2], np.nan)


def steady_state(system: System) -> SteadyState:
    """Steady-state covariance of every point of a system.

    Parameters
    ----------
    system : System
        Leading axes broadcast to ``(...)``.

    Returns
    -------
    SteadyState
        ``covariance`` is NaN, and ``reason`` says why, where no steady state exists.
    """
    shape = system.shape
    points = int(np.prod(shape))
    covariance = np.empty((points, 6, 6))
    code = np.empty(points, dtype=np.int8)
    for start in range(0, points, CHUNK_POINTS):
        stop = min(start + CHUNK_POINTS, points)
        moments, chunk_code = gated_moments(system.points(start, stop), stop - start)
        covariance[start:stop] = moments.covariance(stop - start)
        code[start:stop] = chunk_code
    if code.any():
        covariance[code != STABLE] = np.nan
    return SteadyState(covariance.reshape((*shape, 6, 6)), code.reshape(shape), system)


def require(state: SteadyState) -> NDArray[np.float64]:
    """Covariances of a batch in which every point must have a steady state.

    Raises
    ------
    UnstableDriveError
        If a point has none; names the first one and the reason.
    UnphysicalStateError
        If a solution violates the uncertainty relation.
    """
    if state.stable.all():
        return state.covariance
    position = tuple(int(i) for i in np.argwhere(~state.stable)[0])
    where = f" at point {position}" if position else ""
    code = int(state.reason_code[position])
    if code == UNPHYSICAL:
        raise UnphysicalStateError(f"system{where}: {REASONS[code]}: report this as a defect")
    raise UnstableDriveError(
        f"system.drive{where} has no steady state ({REASONS[code]}): lower the blue couplings "
        f"relative to the red ones"
    )


def require_stable(system: System) -> None:
    """Refuse a system in which any point is unstable, from the eigenvalues of its drift alone.

    Raises
    ------
    UnstableDriveError
        If a point is unstable or marginal; names the first one.
    """
    matrix = operator_drift(system.device, system.drive, system.perturbation)
    rates = np.linalg.eigvals(matrix)
    largest = rates.real.max(axis=-1)
    unstable = largest >= -64.0 * np.finfo(float).eps * np.abs(rates).max(axis=-1)
    if unstable.any():
        position = tuple(int(i) for i in np.argwhere(unstable)[0])
        where = f" at point {position}" if position else ""
        raise UnstableDriveError(
            f"system.drive{where} has no steady state ({REASONS[UNSTABLE]}): lower the blue "
            f"couplings relative to the red ones"
        )


def gated_moments(system: System, points: int) -> tuple[Moments, NDArray[np.int8]]:
    """Moments of one chunk (leading axes ``(points,)`` or none) and the reason codes of its points.

    The moments of points without a steady state are meaningless; their code is not 0.
    """
    with np.errstate(all="ignore"):
        if system.perturbation is not None and system.perturbation.changes_drift:
            moments = _moments_without_reduction(system, points)
        else:
            moments = steady_moments(system, points)
        return moments, _reason_codes(system, moments, points)


def _moments_without_reduction(system: System, points: int) -> Moments:
    matrix = drift(system.device, system.drive, system.perturbation)
    noise = diffusion(system.device, system.bath, system.perturbation)
    covariance = np.broadcast_to(lyapunov.solve(matrix, noise), (points, 6, 6))

    def pair(u: int, v: int) -> tuple[NDArray, NDArray]:
        xx, pp = covariance[:, 2 * u, 2 * v], covariance[:, 2 * u + 1, 2 * v + 1]
        xp, px = covariance[:, 2 * u, 2 * v + 1], covariance[:, 2 * u + 1, 2 * v]
        return (xx + pp + 1j * (xp - px)) / 2.0, (xx - pp + 1j * (xp + px)) / 2.0

    number = {key: pair(*key) for key in ((0, 0), (1, 1), (2, 2), (1, 2), (0, 1), (0, 2))}
    return Moments(
        cavity_number=number[0, 0][0].real,
        cavity_anomalous=number[0, 0][1],
        number_11=number[1, 1][0].real,
        number_22=number[2, 2][0].real,
        number_12=number[1, 2][0],
        anomalous_11=number[1, 1][1],
        anomalous_22=number[2, 2][1],
        anomalous_12=number[1, 2][1],
        cross_number_1=number[0, 1][0],
        cross_number_2=number[0, 2][0],
        cross_anomalous_1=number[0, 1][1],
        cross_anomalous_2=number[0, 2][1],
    )


def _reason_codes(system: System, moments: Moments, points: int) -> NDArray[np.int8]:
    code = np.zeros(points, dtype=np.int8)
    total = moments.cavity_number + moments.number_11 + moments.number_22
    code[~np.isfinite(total)] = SINGULAR
    device, drive = system.device, system.drive
    weakest = np.minimum(
        np.min(device.mechanical_linewidth * (system.bath.thermal_occupation + 0.5), axis=-1),
        device.kappa * (system.cavity_occupation + 0.5),
    )
    fastest = (
        device.kappa / 2.0
        + np.abs(drive.cavity_detuning)
        + np.abs(system.detuning).max(axis=-1)
        + (np.abs(drive.red_coupling) + np.abs(drive.blue_coupling)).sum(axis=-1)
    )
    rounding = 4.0 * np.finfo(float).eps * fastest * np.abs(total)
    code[(weakest < rounding) & (code == STABLE)] = MARGINAL
    largest = np.maximum(moments.cavity_number, np.maximum(moments.number_11, moments.number_22))
    half = 0.5 - PHYSICAL_TOLERANCE * np.maximum(1.0, largest)
    suspicious = ~_is_positive(moments, half) & (code == STABLE)
    if not suspicious.any():
        return code
    unstable = suspicious & ~_is_positive(moments, np.zeros(()))
    code[unstable] = UNSTABLE
    suspicious &= ~unstable
    if suspicious.any():
        # Elimination without pivoting may fail on a state that is merely close to pure.
        smallest = symplectic_eigenvalues(_covariance_of(moments, suspicious, points))[..., 0]
        bound = np.broadcast_to(half, points)[suspicious]
        code[suspicious] = np.where(smallest < bound, UNPHYSICAL, STABLE)
    return code


def _covariance_of(moments: Moments, chosen: NDArray[np.bool_], points: int) -> NDArray:
    picked = [
        np.broadcast_to(getattr(moments, one.name), points)[chosen] for one in fields(moments)
    ]
    return Moments(*picked).covariance(int(chosen.sum()))


def _is_positive(m: Moments, half: NDArray) -> NDArray[np.bool_]:
    # Elimination of the Hermitian matrix <{v, v^dag}>/2 + half diag(1, 1, 1, -1, -1, -1) with
    # v = (a, b_1, b_2, a^dag, b_1^dag, b_2^dag), which is unitarily V + i half Omega.
    number = {
        (0, 0): m.cavity_number,
        (1, 1): m.number_11,
        (2, 2): m.number_22,
        (0, 1): m.cross_number_1,
        (0, 2): m.cross_number_2,
        (1, 2): m.number_12,
    }
    anomalous = {
        (0, 0): m.cavity_anomalous,
        (1, 1): m.anomalous_11,
        (2, 2): m.anomalous_22,
        (0, 1): m.cross_anomalous_1,
        (0, 2): m.cross_anomalous_2,
        (1, 2): m.anomalous_12,
    }
    lower: dict[tuple[int, int], NDArray] = {}
    for v in range(3):
        for u in range(v + 1):
            # Row v, column u of <v u^dag>: the conjugate of <v^dag u> is <u^dag v>.
            extra = half if u == v else 0.0
            lower[v, u] = number[u, v] + extra
            lower[3 + v, 3 + u] = np.conj(number[u, v]) - extra
            lower[3 + v, u] = np.conj(anomalous[u, v])
            if u != v:
                lower[3 + u, v] = np.conj(anomalous[u, v])
    return _positive_pivots(lower, 6)


def _positive_pivots(lower: dict[tuple[int, int], NDArray], size: int) -> NDArray[np.bool_]:
    # Hermitian matrices as lower[row, column] arrays of shape (points,), overwritten; no pivoting.
    positive = np.ones(np.shape(lower[0, 0]), dtype=bool)
    for k in range(size):
        pivot = np.real(lower[k, k])
        positive = positive & (pivot > 0)
        inverse = 1.0 / pivot
        for column in range(k + 1, size):
            scaled = np.conj(lower[column, k]) * inverse
            for row in range(column, size):
                lower[row, column] = lower[row, column] - lower[row, k] * scaled
    return positive
