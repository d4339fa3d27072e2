"""Exact solutions to compare with: slow, obvious, in multiple precision."""

import mpmath
import numpy as np
from tests.physics.samples import worked_example

from entangled_drums import covariance, lyapunov


def exact_lyapunov(drift, noise):
    """Solve ``A V + V A^T + D = 0`` in 40-digit arithmetic, as 21 linear equations."""
    with mpmath.workdps(40):
        operator = mpmath.matrix(21, 21)
        rows, columns = np.triu_indices(6)
        place = {(r, c): k for k, (r, c) in enumerate(zip(rows, columns, strict=True))}
        place |= {(c, r): k for (r, c), k in place.items()}
        for k, (r, c) in enumerate(zip(rows, columns, strict=True)):
            for m in range(6):
                operator[k, place[m, c]] += mpmath.mpf(float(drift[r, m]))
                operator[k, place[r, m]] += mpmath.mpf(float(drift[c, m]))
        place_order = list(zip(rows, columns, strict=True))
        source = mpmath.matrix([-mpmath.mpf(float(noise[r, c])) for r, c in place_order])
        solution = mpmath.lu_solve(operator, source)
        return lyapunov.full(np.array([float(entry) for entry in solution]))


def threshold_ratio():
    """Ratio of the worked example at which it becomes unstable, to the last bit."""
    low, high = 0.9, 1.1
    for _ in range(60):
        middle = 0.5 * (low + high)
        stable = covariance.steady_state(worked_example(ratio=middle)).spectral_abscissa < 0
        low, high = (middle, high) if stable else (low, middle)
    return low
