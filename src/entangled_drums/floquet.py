"""Noise transfer through a periodically (or doubly periodically) modulated cavity.

With ``x_n = x(omega + n.theta)`` the equations of motion couple sidebands,

    -i (omega + n.theta) x_n - sum_m A_m x_{n-m} = inputs_n,

truncated to ``|n_k| <= N_k`` for every base frequency. The output at omega is row 0 of the inverse.
Drums couple only to the cavity, so they are eliminated exactly before the solve: two unknowns per
sideband remain. With mechanical parametric terms the drums couple among themselves and the full
matrix is solved.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from entangled_drums.system import System
from entangled_drums.tones import Index, Modulation, component, lattice

CHUNK_BYTES = 64 * 2**20


@dataclass(frozen=True)
class Transfer:
    """Transfer (..., F, sidebands, 8) to the output field from the inputs of each sideband.

    Inputs run ``(a_e, a_e^dag, a_i, a_i^dag, b_1, b_1^dag, b_2, b_2^dag)``; ``indices`` names the
    sideband of each entry, the inputs being at ``omega + n.theta``.
    """

    values: NDArray[np.complex128]
    indices: list[Index]

    def commutator(self) -> NDArray[np.float64]:
        """``[a_out, a_out^dag]`` (..., F), summed over inputs and sidebands: 1 when converged."""
        square = self.values.real**2 + self.values.imag**2
        return (square[..., 0::2] - square[..., 1::2]).sum(axis=(-2, -1))

    def psd(self, normal: NDArray) -> NDArray[np.float64]:
        """Normally ordered output spectrum (..., F) for input correlations (..., 8, 8)."""
        return self.shares(normal).sum(axis=-1)

    def shares(self, normal: NDArray) -> NDArray[np.float64]:
        """What the inputs of each sideband add to the spectrum, (..., F, sidebands)."""
        off_diagonal = normal - normal * np.eye(8)
        if not off_diagonal.any():
            weight = np.diagonal(normal, axis1=-2, axis2=-1).real[..., None, :, None]
            return ((self.values.real**2 + self.values.imag**2) @ weight)[..., 0]
        left = self.values.conj() @ normal[..., None, :, :]
        return (left * self.values).sum(axis=-1).real


def _outermost(shares: NDArray[np.float64], indices: list[Index]) -> float:
    """Largest part of the outermost sidebands in the spectrum plus one quantum."""
    if len(indices) == 1:
        return 0.0
    reach = np.max(np.abs(indices), axis=0)
    outer = [any(abs(i) == r for i, r in zip(n, reach, strict=True)) for n in indices]
    return float((shares[..., outer].sum(axis=-1) / (shares.sum(axis=-1) + 1.0)).max())


def output_transfer(
    system: System, modulation: Modulation, omega: NDArray[np.float64], reach: tuple[int, ...]
) -> Transfer:
    """Transfer from all inputs of all sidebands to the output at ``omega`` (F,) or (..., F).

    Parameters
    ----------
    system : System
        The couplings of ``system.drive`` are not used: ``modulation`` has them.
    modulation : Modulation
    omega : ndarray
        rad/s from the drive centre.
    reach : tuple of int
        Number of harmonics kept for each base frequency.
    """
    indices = lattice(reach)
    leading = np.broadcast_shapes(system.shape, modulation.shape, omega.shape[:-1])
    reduced = system.perturbation is None or not system.perturbation.changes_drift
    row_solver = _reduced_rows if reduced else _full_rows
    blocks = _components(system, modulation, leading)
    values = row_solver(system, modulation, blocks, omega, indices, leading)
    values[..., indices.index((0,) * len(reach)), 0] -= 1.0
    return Transfer(values, indices)


def output_psd(
    system: System,
    modulation: Modulation,
    omega: NDArray[np.float64],
    reach: tuple[int, ...],
    normal: NDArray,
) -> tuple[NDArray[np.float64], float]:
    """Spectrum (..., F) and the share of the outermost sidebands, in chunks of bounded memory.

    Arguments as in :func:`output_transfer`; ``normal`` as in :meth:`Transfer.psd`.
    """
    leading = np.broadcast_shapes(system.shape, modulation.shape, omega.shape[:-1])
    unknowns = 6 * int(np.prod([2 * r + 1 for r in reach]))
    step = max(1, int(CHUNK_BYTES // (16 * unknowns**2 * max(int(np.prod(leading)), 1))))
    spectrum = np.empty((*leading, omega.shape[-1]))
    truncation = 0.0
    for start in range(0, omega.shape[-1], step):
        part = slice(start, start + step)
        transfer = output_transfer(system, modulation, omega[..., part], reach)
        shares = transfer.shares(normal)
        spectrum[..., part] = shares.sum(axis=-1)
        truncation = max(truncation, _outermost(shares, transfer.indices))
    return spectrum, truncation


def _components(
    system: System, modulation: Modulation, leading: tuple[int, ...]
) -> dict[Index, NDArray]:
    return {
        m: np.broadcast_to(
            component(system.device, system.drive, modulation, m, system.perturbation),
            (*leading, 6, 6),
        )
        for m in modulation.indices
    }


def _shifted(
    modulation: Modulation, omega: NDArray, indices: list[Index], leading: tuple[int, ...]
) -> NDArray[np.float64]:
    shifts = [
        sum((k * base for k, base in zip(n, modulation.bases, strict=True)), np.zeros(()))
        for n in indices
    ]
    shift = np.stack(np.broadcast_arrays(*shifts), axis=-1)
    return np.broadcast_to(
        omega[..., None] + shift[..., None, :], (*leading, omega.shape[-1], len(indices))
    )


def _plus(n: Index, m: Index) -> Index:
    return tuple(a + b for a, b in zip(n, m, strict=True))


def _minus(n: Index, m: Index) -> Index:
    return tuple(a - b for a, b in zip(n, m, strict=True))


def _reduced_rows(
    system: System,
    modulation: Modulation,
    blocks: dict[Index, NDArray],
    omega: NDArray[np.float64],
    indices: list[Index],
    leading: tuple[int, ...],
) -> NDArray[np.complex128]:
    size, points, components = len(indices), omega.shape[-1], tuple(blocks)
    origin = (0,) * len(modulation.bases)
    frequency = _shifted(modulation, omega, indices, leading)
    still = np.diagonal(blocks[origin], axis1=-2, axis2=-1)[..., None, None, :]
    own = -still - 1j * frequency[..., None]
    responses = 1.0 / own[..., 2:]
    # Drums at n - m send to the cavity at n, and hear it at n - m - k. The couplings depend on m
    # and k alone, so one table for each distance m + k of two sidebands serves every n.
    distances = tuple(sorted({_plus(m, k) for m in components for k in components}))
    table, distance, to_part, from_part = _drum_table(blocks, distances)
    near = _padded(responses)[..., _sources(tuple(indices), components), :]
    sent = near.reshape((*leading, points * size, -1)) @ table
    start = _sources(tuple(indices), distances)[:, distance]
    # The transposed matrix: row 0 of its inverse is what is asked for.
    place = ((2 * start + from_part) * size + np.arange(size)[:, None]) * 2 + to_part
    inside = start < size
    matrix = np.zeros((*leading, points, 4 * size**2), dtype=np.complex128)
    matrix[..., place[inside]] = -sent.reshape((*leading, points, -1))[..., inside.reshape(-1)]
    matrix[..., :: 2 * size + 1] += own[..., :2].reshape((*leading, points, -1))
    first = np.zeros((2 * size, 1))
    first[2 * indices.index(origin)] = 1.0
    row = np.linalg.solve(matrix.reshape((*leading, points, 2 * size, 2 * size)), first)
    row = row.reshape((*leading, points, size, 2))
    backwards = tuple(tuple(-i for i in m) for m in components)
    sending = np.concatenate([blocks[m][..., 0:2, 2:6] for m in components], axis=-2)
    reached = _padded(row)[..., _sources(tuple(indices), backwards), :]
    drum_row = reached.reshape((*leading, points * size, -1)) @ sending
    return _to_inputs(system, row, drum_row.reshape(responses.shape) * responses)


def _drum_table(
    blocks: dict[Index, NDArray], distances: tuple[Index, ...]
) -> tuple[NDArray[np.complex128], NDArray, NDArray, NDArray]:
    """What the cavity hears of itself through the drums, per unit of their response.

    Returns
    -------
    table : ndarray, (..., M 4, C)
        Rows: component that sends, and drum operator. Columns: those that are not zero.
    distance, to_part, from_part : ndarray of int, (C,)
        Of each column: number of the distance, cavity operator at its end and at its start.
    """
    components = list(blocks)
    sending = np.stack([blocks[m][..., 0:2, 2:6].swapaxes(-1, -2) for m in components], axis=-3)
    hearing = np.stack([blocks[m][..., 2:6, 0:2] for m in components], axis=-3)
    product = sending[..., :, None, :, :, None] * hearing[..., None, :, :, None, :]
    number = np.array([[distances.index(_plus(m, k)) for k in components] for m in components])
    count = len(components)
    table = np.zeros((*product.shape[:-5], count, len(distances), 4, 2, 2), dtype=np.complex128)
    table[..., np.arange(count)[:, None], number, :, :, :] = product
    table = np.moveaxis(table, -3, -4).reshape((*product.shape[:-5], 4 * count, -1))
    used = np.flatnonzero(table.reshape((-1, table.shape[-1])).any(axis=0))
    distance, to_part, from_part = np.unravel_index(used, (len(distances), 2, 2))
    return table[..., used], distance, to_part, from_part


@lru_cache(maxsize=32)
def _sources(indices: tuple[Index, ...], shifts: tuple[Index, ...]) -> NDArray[np.intp]:
    """Positions (N, M) of ``n - m``; one past the end for those outside the lattice."""
    position = {n: at for at, n in enumerate(indices)}
    return np.array([[position.get(_minus(n, m), len(indices)) for m in shifts] for n in indices])


def _padded(values: NDArray) -> NDArray:
    """Values (..., N, K) with zeros behind the last sideband."""
    return np.concatenate([values, np.zeros_like(values[..., :1, :])], axis=-2)


def _full_rows(
    system: System,
    modulation: Modulation,
    blocks: dict[Index, NDArray],
    omega: NDArray[np.float64],
    indices: list[Index],
    leading: tuple[int, ...],
) -> NDArray[np.complex128]:
    position = {n: p for p, n in enumerate(indices)}
    size = len(indices)
    frequency = _shifted(modulation, omega, indices, leading)
    matrix = np.zeros((*leading, omega.shape[-1], size, 6, size, 6), dtype=np.complex128)
    for n, p in position.items():
        for m, block in blocks.items():
            source = position.get(_minus(n, m))
            if source is not None:
                matrix[..., p, :, source, :] -= block[..., None, :, :]
        for k in range(6):
            matrix[..., p, k, p, k] -= 1j * frequency[..., p]
    flat = matrix.reshape((*leading, omega.shape[-1], 6 * size, 6 * size))
    first = np.zeros((6 * size, 1))
    first[6 * position[(0,) * len(modulation.bases)]] = 1.0
    row = np.linalg.solve(np.swapaxes(flat, -1, -2), first)[..., 0]
    row = row.reshape((*leading, omega.shape[-1], size, 6))
    return _to_inputs(system, row[..., 0:2], row[..., 2:6])


def _to_inputs(system: System, cavity_row: NDArray, drum_row: NDArray) -> NDArray[np.complex128]:
    device = system.device
    external = np.sqrt(device.kappa_external)[..., None, None, None]
    internal = np.sqrt(device.kappa_internal)[..., None, None, None]
    linewidth = np.repeat(np.sqrt(device.mechanical_linewidth), 2, axis=-1)[..., None, None, :]
    return external * np.concatenate(
        [external * cavity_row, internal * cavity_row, linewidth * drum_row], axis=-1
    )


def first_order_transfer(
    system: System, modulation: Modulation, omega: NDArray[np.float64]
) -> Transfer:
    """Transfer with every component but the static one kept to first order.

    The row of the static problem is carried to each neighbouring sideband once,
    ``y_n = y_0 A_-n R(omega + n.theta)`` with the static resolvent ``R``.
    """
    origin = (0,) * len(modulation.bases)
    leading = np.broadcast_shapes(system.shape, modulation.shape, omega.shape[:-1])
    blocks = _components(system, modulation, leading)
    indices = modulation.indices
    frequency = _shifted(modulation, omega, indices, leading)
    still = blocks[origin][..., None, :, :]

    def resolve(source: NDArray, at: int) -> NDArray:
        matrix = -still - 1j * frequency[..., at, None, None] * np.eye(6)
        return np.linalg.solve(np.swapaxes(matrix, -1, -2), source[..., None])[..., 0]

    first = np.zeros((*leading, omega.shape[-1], 6), dtype=np.complex128)
    first[..., 0] = 1.0
    centre = resolve(first, indices.index(origin))
    rows = np.empty((*leading, omega.shape[-1], len(indices), 6), dtype=np.complex128)
    for at, n in enumerate(indices):
        if n == origin:
            rows[..., at, :] = centre
        else:
            carried = centre @ blocks[tuple(-i for i in n)]
            rows[..., at, :] = resolve(carried, at)
    values = _to_inputs(system, rows[..., 0:2], rows[..., 2:6])
    values[..., indices.index(origin), 0] -= 1.0
    return Transfer(values, indices)
