"""The square root of a covariance that random numbers are multiplied with.

Eigenvectors are free in sign, and free altogether where eigenvalues coincide: the last digit of a
kernel of linear algebra decides, hence the type of processor. Random numbers times such a root are
another draw on another machine. The symmetric root depends on the covariance alone, and smoothly
where that is not singular; where it is, a change by 1e-16 moves the root by about 1e-8.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray


def symmetric_root(covariance: ArrayLike) -> NDArray[np.float64]:
    """Return a root R of a covariance, R @ R.T = covariance.

    Parameters
    ----------
    covariance : array_like, (P, P)
        Real, symmetric, without negative eigenvalues but for rounding; in any units.

    Returns
    -------
    ndarray, (P, P)
        ``S C^(1/2)``, where S holds the standard deviations on its diagonal and C is the matrix of
        correlations, whose root is symmetric. A variable without variance has a row of zeros.
    """
    matrix = np.asarray(covariance, dtype=np.float64)
    scale = np.sqrt(np.clip(np.diag(matrix), 0.0, None))
    safe = np.where(scale > 0.0, scale, 1.0)
    eigenvalues, vectors = np.linalg.eigh(matrix / np.outer(safe, safe))
    root = (vectors * np.sqrt(np.clip(eigenvalues, 0.0, None))) @ vectors.T
    return np.asarray(scale[:, None] * root)
