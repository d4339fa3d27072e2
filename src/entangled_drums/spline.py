"""Cubic splines without free ends, for many curves on the same knots.

The polynomial pieces join with continuous second derivatives, and the first two and the last two
are one polynomial each ("not-a-knot"); C. de Boor, A Practical Guide to Splines (Springer, 2001),
chapter IV. Writing the slopes at the knots as unknowns leaves one banded system.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_banded

Array = NDArray[np.float64]


def cubic(knots: Array, values: Array, at: Array) -> Array:
    """Interpolate curves between knots.

    Parameters
    ----------
    knots : ndarray, (K,)
        Rising, four or more.
    values : ndarray, (..., K)
        The curves at the knots.
    at : ndarray, (M,)
        Where they are wanted; beyond the ends the outermost pieces go on.

    Returns
    -------
    ndarray, (..., M)
    """
    curves = values.reshape(-1, knots.size).T
    step = np.diff(knots)
    chord = np.diff(curves, axis=0) / step[:, None]
    slope = _slopes(step, chord)
    piece = np.clip(np.searchsorted(knots, at, side="right") - 1, 0, knots.size - 2)
    part = ((at - knots[piece]) / step[piece])[:, None]
    rest = 1.0 - part
    # Hermite form: the chord's line, and what the slopes at both ends bend away from it.
    bend = rest * (slope[piece] - chord[piece]) - part * (slope[piece + 1] - chord[piece])
    line = rest * curves[piece] + part * curves[piece + 1]
    found = line + part * rest * step[piece, None] * bend
    return np.asarray(found.T.reshape((*values.shape[:-1], at.size)))


def _slopes(step: Array, chord: Array) -> Array:
    """Slopes (K, N) at the knots for chords (K - 1, N) over steps (K - 1,)."""
    bands = np.zeros((3, step.size + 1))
    bands[0, 2:] = step[:-1]
    bands[1, 1:-1] = 2.0 * (step[:-1] + step[1:])
    bands[2, :-2] = step[1:]
    right = np.empty((step.size + 1, chord.shape[1]))
    right[1:-1] = 3.0 * (step[1:, None] * chord[:-1] + step[:-1, None] * chord[1:])
    for end, near, far in ((0, 0, 1), (-1, -1, -2)):
        both = step[near] + step[far]
        bands[1, end] = step[far]
        bands[0 if end == 0 else 2, 1 if end == 0 else -2] = both
        right[end] = (
            (step[near] + 2.0 * both) * step[far] * chord[near] + step[near] ** 2 * chord[far]
        ) / both
    return np.asarray(solve_banded((1, 1), bands, right))
