"""Draws from a normal distribution of many parameters, each cut off at a lower bound of its own.

Parameters near a bound are drawn from their own cut-off normal distribution by Gibbs sampling,
which is exact for one of them; all others given these. Rejection would fail for an occupation that
a calibration estimates several standard deviations below zero.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

Array = NDArray[np.float64]

_SAFE = 7.0
"""A bound this many standard deviations away is never reached."""


def draws(
    precision: Array, lowest: Array, count: int, generator: np.random.Generator, sweeps: int
) -> Array:
    """Draw parameter sets.

    Parameters
    ----------
    precision : ndarray, (P, P)
        Inverse covariance of the distribution without bounds, whose mean is zero and whose
        standard deviations are about one.
    lowest : ndarray, (P,)
        Lower bounds; minus infinity where there is none.
    count : int
    generator : numpy.random.Generator
    sweeps : int
        Of the Gibbs sampler, which more than one parameter near its bound needs.

    Returns
    -------
    ndarray, (count, P)
    """
    near = np.flatnonzero(lowest > -_SAFE)
    rest = np.flatnonzero(lowest <= -_SAFE)
    u = np.empty((count, lowest.size))
    covariance: Array = np.asarray(np.linalg.inv(precision), dtype=np.float64)
    if near.size:
        within = covariance[np.ix_(near, near)]
        u[:, near] = _near_bounds(within, lowest[near], count, generator, sweeps)
    if rest.size:
        # The block of a precision matrix is the inverse of the conditional covariance.
        block = precision[np.ix_(rest, rest)]
        mean = -u[:, near] @ np.linalg.solve(block, precision[np.ix_(rest, near)]).T
        root = np.linalg.cholesky(np.linalg.inv(block))
        u[:, rest] = mean + generator.standard_normal((count, rest.size)) @ root.T
    return np.maximum(u, lowest)


def _near_bounds(
    covariance: Array, lowest: Array, count: int, generator: np.random.Generator, sweeps: int
) -> Array:
    precision = np.linalg.inv(covariance)
    u = np.maximum(np.zeros((count, lowest.size)), lowest)
    for _ in range(sweeps if lowest.size > 1 else 1):
        for at in range(lowest.size):
            spread = 1.0 / np.sqrt(precision[at, at])
            others = u @ precision[at] - u[:, at] * precision[at, at]
            mean = -others * spread**2
            # From the upper tail, where the normal distribution keeps its digits.
            beyond = ndtr(-(lowest[at] - mean) / spread)
            drawn = mean - spread * ndtri(beyond * (1.0 - generator.random(count)))
            u[:, at] = np.maximum(drawn, lowest[at])
    return u
