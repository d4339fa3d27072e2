"""Covariance under a periodically modulated drive: probes, counter-rotating terms, any tones.

The steady state repeats with the drive, ``V(t) = sum_n V_n exp(-i n.theta t)``, and obeys the
harmonic Lyapunov equations

    -i (n.theta) V_n = sum_m (A_m V_{n-m} + V_{n-m} A_m^T) + D delta_n0.

Along the first base frequency they are tridiagonal in n whenever the drift has no overtones, and
are then solved by a matrix continued fraction over the upper half (``V_-n = conj(V_n)``); other
bases, and drifts with overtones, enter as dense blocks.
"""

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from entangled_drums import lyapunov
from entangled_drums.covariance import (
    PHYSICAL_TOLERANCE,
    REASONS,
    SINGULAR,
    STABLE,
    UNPHYSICAL,
    UNSTABLE,
    symplectic_eigenvalues,
)
from entangled_drums.errors import ParameterError, UnstableDriveError
from entangled_drums.model import diffusion, to_quadratures
from entangled_drums.system import System
from entangled_drums.tones import Index, Modulation, component, lattice

MOST_HARMONICS = 20
CHUNK_BYTES = 64 * 2**20
_PHASES = 4
"""Phases of each base frequency at which the state is checked."""


@dataclass(frozen=True)
class PeriodicState:
    """Periodic steady states of a batch.

    Attributes
    ----------
    harmonics : ndarray, (..., H, 6, 6), complex
        ``V_n`` in the order of ``indices``; NaN where there is no steady state.
    indices : list of tuple of int
        The n of each harmonic.
    bases : tuple of ndarray (...)
        Base frequencies, rad/s.
    reason_code : ndarray of int8, (...)
        Index into :data:`entangled_drums.covariance.REASONS`.
    reach : tuple of int
        Harmonics kept for each base.
    """

    harmonics: NDArray[np.complex128]
    indices: list[Index]
    bases: tuple[NDArray[np.float64], ...]
    reason_code: NDArray[np.int8]
    reach: tuple[int, ...] = field(default=())

    @property
    def stable(self) -> NDArray[np.bool_]:
        """Whether a periodic steady state exists, (...)."""
        return self.reason_code == STABLE

    @property
    def reason(self) -> NDArray[np.str_]:
        """Why there is none, empty where there is one, (...)."""
        return np.array(REASONS)[self.reason_code]

    @property
    def mean_covariance(self) -> NDArray[np.float64]:
        """Time average ``V_0``, (..., 6, 6)."""
        return self.harmonics[..., self.indices.index((0,) * len(self.bases)), :, :].real

    def covariance_at(self, time: ArrayLike) -> NDArray[np.float64]:
        """Covariance (..., T, 6, 6) at the times (T,) in seconds."""
        moments = np.atleast_1d(np.asarray(time, dtype=np.float64))
        phases = [base[..., None] * moments for base in self.bases]
        return _sum_harmonics(self.harmonics, self.indices, phases)


def _sum_harmonics(
    harmonics: NDArray, indices: list[Index], phases: list[NDArray]
) -> NDArray[np.float64]:
    total: NDArray = np.zeros(())
    for at, n in enumerate(indices):
        angle = sum((k * phase for k, phase in zip(n, phases, strict=True)), np.zeros(1))
        total = total + (harmonics[..., None, at, :, :] * np.exp(-1j * angle)[..., None, None]).real
    return total


def require(state: PeriodicState) -> PeriodicState:
    """The state itself, if every point of the batch has one.

    Raises
    ------
    UnstableDriveError
        If a point has none; names the first one and the reason.
    """
    if state.stable.all():
        return state
    position = tuple(int(i) for i in np.argwhere(~state.stable)[0])
    where = f" at point {position}" if position else ""
    raise UnstableDriveError(
        f"the modulated drive{where} has no periodic steady state "
        f"({REASONS[int(state.reason_code[position])]}): lower the blue couplings"
    )


def require_stable(system: System, modulation: Modulation) -> None:
    """Refuse a modulated system in which any point is unstable.

    Three harmonics of each base frequency decide; they need not give the state to full accuracy.

    Raises
    ------
    UnstableDriveError
        If a point has no periodic steady state; names the first one.
    """
    state = _solve_with_reach(system, modulation, (3,) * len(modulation.bases))
    code = np.where(state.reason_code == UNPHYSICAL, STABLE, state.reason_code)
    require(replace(state, reason_code=code))


def periodic_state(
    system: System,
    modulation: Modulation,
    reach: tuple[int, ...] | None = None,
    tolerance: float = 1e-12,
) -> PeriodicState:
    """Periodic steady state under a modulated drive.

    Parameters
    ----------
    system : System
        Device, baths, detuning and frame. The couplings of ``system.drive`` are not used:
        ``modulation`` has them.
    modulation : Modulation
        From :func:`entangled_drums.tones.drive_modulation` or ``tone_modulation``.
    reach : tuple of int, optional
        Harmonics kept for each base frequency. By default raised until one more changes the mean
        covariance by less than ``tolerance`` of its largest element.
    tolerance : float
        Target of the automatic choice.

    Raises
    ------
    ParameterError
        If ``reach`` has the wrong length, or 20 harmonics do not reach the tolerance.
    """
    axes = len(modulation.bases)
    if reach is not None:
        if len(reach) != axes or any(r < 0 for r in reach):
            raise ParameterError(
                f"reach is {reach}: give one number of harmonics (0 or more) for each of the "
                f"{axes} base frequencies"
            )
        return _solve_with_reach(system, modulation, tuple(reach))
    chosen = [2] * axes
    state = _solve_with_reach(system, modulation, tuple(chosen))
    open_axes = list(range(axes))
    while open_axes:
        for axis in list(open_axes):
            trial = list(chosen)
            trial[axis] += 1
            better = _solve_with_reach(system, modulation, tuple(trial))
            if _change(state, better) < tolerance:
                open_axes.remove(axis)
                continue
            if trial[axis] >= MOST_HARMONICS:
                raise ParameterError(
                    f"modulation needs more than {MOST_HARMONICS} harmonics for tolerance "
                    f"{tolerance}: the tones are too strong or too close together"
                )
            chosen, state = trial, better
    return state


def _change(before: PeriodicState, after: PeriodicState) -> float:
    both = before.stable & after.stable
    if not both.any():
        return 0.0
    old, new = before.mean_covariance[both], after.mean_covariance[both]
    size = np.abs(new).max(axis=(-2, -1))
    return float((np.abs(new - old).max(axis=(-2, -1)) / size).max())


def _solve_with_reach(
    system: System, modulation: Modulation, reach: tuple[int, ...]
) -> PeriodicState:
    shape = np.broadcast_shapes(system.shape, modulation.shape)
    origin = (0,) * len(reach)
    drifts = {
        m: np.broadcast_to(
            to_quadratures(
                component(system.device, system.drive, modulation, m, system.perturbation)
            ),
            (*shape, 6, 6),
        ).reshape(-1, 6, 6)
        for m in modulation.indices
    }
    noise = diffusion(system.device, system.bath, system.perturbation)
    source = lyapunov.half(np.broadcast_to(noise, (*shape, 6, 6)).reshape(-1, 6, 6))
    bases = [np.broadcast_to(base, shape).reshape(-1) for base in modulation.bases]
    overtones = any(abs(m[0]) > 1 for m in drifts) if reach else False
    first = () if (overtones or not reach) else (reach[0],)
    rest = reach[len(first) :]
    block = lyapunov.HALF * int(np.prod([2 * r + 1 for r in rest]))
    points = len(source)
    step = max(1, CHUNK_BYTES // (16 * block * block * 4))
    indices = lattice(reach)
    harmonics = np.empty((points, len(indices), 6, 6), dtype=np.complex128)
    for start in range(0, points, step):
        part = slice(start, start + step)
        harmonics[part] = lyapunov.full(
            _solve_chunk(
                {m: lyapunov.operator(value[part]) for m, value in drifts.items()},
                source[part],
                [base[part] for base in bases],
                first,
                rest,
            )
        )
    code = _check(harmonics, indices, len(reach))
    mean = harmonics[:, indices.index(origin)]
    code[~np.isfinite(mean).all(axis=(-2, -1))] = SINGULAR
    harmonics[code != STABLE] = np.nan
    return PeriodicState(
        harmonics.reshape((*shape, len(indices), 6, 6)),
        indices,
        modulation.bases,
        code.reshape(shape),
        reach,
    )


def _solve_chunk(
    operators: dict[Index, NDArray],
    source: NDArray,
    bases: list[NDArray],
    first: tuple[int, ...],
    rest: tuple[int, ...],
) -> NDArray[np.complex128]:
    """Upper triangles (points, H, 21) of the harmonics, in the order of the full lattice."""
    inner = lattice(rest)
    points, count, half = len(source), len(inner), lyapunov.HALF
    position = {n: p for p, n in enumerate(inner)}

    def block(shift: tuple[int, ...]) -> NDArray[np.complex128]:
        """Coupling from first-axis neighbour ``n - shift`` over the lattice of the other axes."""
        matrix = np.zeros((points, count, half, count, half), dtype=np.complex128)
        for m, value in operators.items():
            if m[: len(first)] != shift:
                continue
            tail = m[len(first) :]
            for n, p in position.items():
                source_at = position.get(tuple(a - b for a, b in zip(n, tail, strict=True)))
                if source_at is not None:
                    matrix[:, p, :, source_at, :] += value
        return matrix.reshape(points, count * half, count * half)

    def diagonal(number: int) -> NDArray[np.complex128]:
        matrix = -static
        for n, p in position.items():
            multiples = ((number,) if first else ()) + n
            rotation = sum(
                (k * base for k, base in zip(multiples, bases, strict=True)), np.zeros(points)
            )
            at = np.arange(p * half, (p + 1) * half)
            matrix[:, at, at] -= 1j * rotation[:, None]
        return matrix

    static = block((0,) * len(first))
    vector = np.zeros((points, count * half, 1), dtype=np.complex128)
    centre = position[(0,) * len(rest)]
    vector[:, centre * half : (centre + 1) * half, 0] = source
    if not first:
        solution = lyapunov.solve_batch(diagonal(0), vector)
        return solution.reshape(points, count, half)

    up, down = block((1,)), block((-1,))
    ratios: list[NDArray] = []
    following: NDArray | None = None
    for number in range(first[0], 0, -1):
        matrix = diagonal(number)
        if following is not None:
            matrix = matrix - down @ following
        following = lyapunov.solve_batch(matrix, up)
        ratios.insert(0, following)
    matrix = diagonal(0)
    if following is not None:
        mirrored = _mirror(following, count)
        matrix = matrix - down @ following - up @ mirrored
    current = lyapunov.solve_batch(matrix, vector)
    blocks = [current[..., 0].reshape(points, count, half)]
    for ratio in ratios:
        current = ratio @ current
        upper = current[..., 0].reshape(points, count, half)
        blocks.append(upper)
        blocks.insert(0, np.conj(upper[:, ::-1]))
    return np.concatenate(blocks, axis=1)


def _mirror(matrix: NDArray, count: int) -> NDArray:
    # Reality of V(t): V_-n = conj(V_n), so the order of the inner lattice is reversed as well.
    points, size, _ = matrix.shape
    half = size // count
    tensor = matrix.reshape(points, count, half, count, half)
    return np.conj(tensor[:, ::-1, :, ::-1, :]).reshape(points, size, size)


def _check(harmonics: NDArray, indices: list[Index], axes: int) -> NDArray[np.int8]:
    # A periodic solution that is positive at one time proves stability (discrete Lyapunov theorem
    # for one period); several phases guard the two-frequency case and the uncertainty relation.
    cycle = 2 * np.pi * np.arange(_PHASES) / _PHASES
    phases = [grid.reshape(-1) for grid in np.meshgrid(*[cycle] * axes)]
    states = _sum_harmonics(harmonics, indices, phases)
    finite = np.asarray(np.isfinite(states).all(axis=(-3, -2, -1)))
    filled = np.where(finite[:, None, None, None], states, np.eye(6))
    lowest = np.linalg.eigvalsh(filled)[..., 0].min(axis=-1)
    symplectic = symplectic_eigenvalues(filled)[..., 0].min(axis=-1)
    largest = np.abs(filled).max(axis=(-3, -2, -1))
    bound = 0.5 - PHYSICAL_TOLERANCE * np.maximum(1.0, largest)
    code = np.where(lowest <= 0, UNSTABLE, np.where(symplectic < bound, UNPHYSICAL, STABLE))
    return np.where(finite, code, SINGULAR).astype(np.int8)
