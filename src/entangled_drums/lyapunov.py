"""Batched solution of general Lyapunov equations, for drifts without the arrowhead structure.

A symmetric 6x6 covariance has 21 independent entries; the equation ``A V + V A^T + D = 0`` becomes
a 21x21 linear system per point.
"""

import numpy as np
from numpy.typing import NDArray

SIZE = 6
_ROWS, _COLUMNS = np.triu_indices(SIZE)
HALF = len(_ROWS)


def half(symmetric: NDArray) -> NDArray:
    """Upper triangle (..., 21) of symmetric matrices (..., 6, 6)."""
    return symmetric[..., _ROWS, _COLUMNS]


def full(upper: NDArray) -> NDArray:
    """Symmetric matrices (..., 6, 6) from their upper triangle (..., 21)."""
    matrix = np.empty((*upper.shape[:-1], SIZE, SIZE), dtype=upper.dtype)
    matrix[..., _ROWS, _COLUMNS] = upper
    matrix[..., _COLUMNS, _ROWS] = upper
    return matrix


def _expansion() -> NDArray[np.float64]:
    # For each entry of A, the 21x21 matrix it adds to the operator V -> A V + V A^T.
    basis = full(np.eye(HALF))
    operator = np.zeros((SIZE * SIZE, HALF, HALF))
    for k in range(SIZE):
        for entry in range(SIZE):
            product = np.zeros((HALF, SIZE, SIZE))
            product[:, k, :] += basis[:, entry, :]
            product[:, :, k] += basis[:, :, entry]
            operator[k * SIZE + entry] = half(product).T
    return operator.reshape(SIZE * SIZE, HALF * HALF)


_EXPANSION = _expansion()


def operator(drift: NDArray) -> NDArray:
    """Matrices (..., 21, 21) of the map ``V -> A V + V A^T`` on upper triangles.

    ``drift`` (..., 6, 6) may be complex, as the harmonics of a periodic drift are.
    """
    flat = drift.reshape((*drift.shape[:-2], SIZE * SIZE))
    return (flat @ _EXPANSION).reshape((*drift.shape[:-2], HALF, HALF))


def solve(drift: NDArray, diffusion: NDArray) -> NDArray[np.float64]:
    """Solve ``A V + V A^T + D = 0`` for batches of (..., 6, 6); NaN where it is singular."""
    shape = np.broadcast_shapes(drift.shape, diffusion.shape)
    drift = np.broadcast_to(drift, shape).reshape(-1, SIZE, SIZE)
    source = half(np.broadcast_to(diffusion, shape).reshape(-1, SIZE, SIZE))[..., None]
    solution = solve_batch(operator(drift), -source)[..., 0]
    return full(solution).reshape(shape)


def solve_batch(matrix: NDArray, vector: NDArray) -> NDArray:
    """``numpy.linalg.solve`` over one leading axis that gives NaN for a singular point."""
    try:
        return np.linalg.solve(matrix, vector)
    except np.linalg.LinAlgError:
        # One exactly singular point makes LAPACK refuse the whole batch: isolate it by halving.
        if len(matrix) == 1:
            return np.full_like(vector, np.nan)
        middle = len(matrix) // 2
        return np.concatenate(
            [
                solve_batch(matrix[:middle], vector[:middle]),
                solve_batch(matrix[middle:], vector[middle:]),
            ]
        )
