"""Importance sampling of the posterior from a mixture around its modes, with its own diagnosis.

Proposals follow the posterior around each of its modes
(:mod:`entangled_drums.inference.proposal`), most of them widened a little, some of them much. Draws
outside the allowed range are dropped before the density is evaluated, which only changes the
normalisation. Effective sample size and Pareto k (Vehtari et al., J. Mach. Learn. Res. 25, 72
(2024); Zhang & Stephens, Technometrics 51, 316 (2009)) say whether the result may be used.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from entangled_drums.errors import NoFitError
from entangled_drums.inference.mode_search import Mode
from entangled_drums.inference.proposal import CurvedProposal
from entangled_drums.inference.target import Target

Array = NDArray[np.float64]

_WIDENING = 1.15
_DEFENSIVE_WIDENING = 2.5
_DEFENSIVE_SHARE = 0.1
_SMALLEST_SHARE = 0.05
_MOST_REDRAWS = 100
RELIABLE_PARETO_SHAPE = 0.7


@dataclass(frozen=True)
class Sample:
    """Weighted draws from the posterior.

    Parameters
    ----------
    u : ndarray, (S, P)
        Standardised parameters.
    weights : ndarray, (S,)
        Adding to one.
    effective_size : float
        Number of independent draws that they are worth.
    pareto_k : float
        Shape of the tail of the weights; below 0.7 the estimates are reliable.
    evaluations : int
        Densities evaluated.
    """

    u: Array
    weights: Array
    effective_size: float
    pareto_k: float
    evaluations: int

    def resampled(self, count: int, generator: np.random.Generator) -> NDArray[np.intp]:
        """Return indices of equally weighted draws (systematic resampling), in random order."""
        edges = np.cumsum(self.weights)
        positions = (np.arange(count) + generator.random()) / count
        chosen = np.minimum(np.searchsorted(edges, positions * edges[-1]), len(edges) - 1)
        return np.asarray(generator.permutation(chosen))


@dataclass(frozen=True)
class _Mixture:
    """Proposals around all modes, each in two widths."""

    proposals: list[CurvedProposal]
    shares: Array

    @classmethod
    def around(cls, target: Target, modes: list[Mode]) -> "_Mixture":
        mass = np.array(
            [mode.log_posterior - 0.5 * np.linalg.slogdet(mode.information)[1] for mode in modes]
        )
        shares = np.maximum(np.exp(mass - mass.max()), _SMALLEST_SHARE)
        return cls([CurvedProposal.around(target, mode) for mode in modes], shares / shares.sum())

    def draw(self, target: Target, count: int, generator: np.random.Generator) -> Array:
        kept = [np.empty((0, target.size))]
        missing = count
        for _ in range(_MOST_REDRAWS):
            number = missing + missing // 3 + 10
            which = generator.choice(len(self.proposals), size=number, p=self.shares)
            wide = generator.random(number) < _DEFENSIVE_SHARE
            widening = np.where(wide, _DEFENSIVE_WIDENING, _WIDENING)
            parts = [
                one.draw(one.normal(widening[which == at], generator))
                for at, one in enumerate(self.proposals)
            ]
            drawn = np.concatenate([u[exists] for u, exists in parts])
            # In random order: cutting the surplus must not favour a mode.
            drawn = generator.permutation(drawn[target.allowed(drawn)])[:missing]
            kept.append(drawn)
            missing -= len(drawn)
            if missing == 0:
                break
        return np.concatenate(kept)

    def log_density(self, u: Array) -> Array:
        parts = []
        for proposal, share in zip(self.proposals, self.shares, strict=True):
            for part, widening in (
                (1.0 - _DEFENSIVE_SHARE, _WIDENING),
                (_DEFENSIVE_SHARE, _DEFENSIVE_WIDENING),
            ):
                parts.append(np.log(share * part) + proposal.log_density(u, widening))
        stacked = np.stack(parts)
        highest = stacked.max(axis=0)
        return np.asarray(highest + np.log(np.sum(np.exp(stacked - highest), axis=0)))


def draw(
    target: Target,
    modes: list[Mode],
    generator: np.random.Generator,
    *,
    count: int,
    wanted: float,
    most: int,
) -> Sample:
    """Draw from the posterior.

    Parameters
    ----------
    target : Target
    modes : list of Mode
    generator : numpy.random.Generator
    count : int
        Draws of the first round.
    wanted : float
        Effective sample size at which to stop; as long as it is not reached, as many draws are
        added as the efficiency so far calls for.
    most : int
        Most draws in all.

    Returns
    -------
    Sample
        Whatever was reached; its numbers say how good it is.

    Raises
    ------
    NoFitError
        If no draw at all is physically possible, or none has a finite density.
    """
    mixture = _Mixture.around(target, modes)
    u, log_weights = np.empty((0, target.size)), np.empty(0)
    number = count
    while True:
        more = mixture.draw(target, number, generator)
        if len(u) + len(more) == 0:
            raise NoFitError(
                "no draw around the best fit is physically possible; look at the "
                "calibration, which may lie far outside the possible range"
            )
        u = np.concatenate([u, more])
        log_weights = np.concatenate(
            [log_weights, target.log_posterior(more) - mixture.log_density(more)]
        )
        if not np.isfinite(log_weights.max()):
            raise NoFitError(
                "no draw around the best fit has a finite density; look at the drive that the "
                "recordings state"
            )
        weights = np.exp(log_weights - log_weights.max())
        weights /= weights.sum()
        effective, shape = float(1.0 / np.sum(weights**2)), pareto_shape(weights)
        enough = effective >= wanted and shape < RELIABLE_PARETO_SHAPE
        if enough or len(u) >= most or len(more) < number:
            return Sample(u, weights, effective, shape, len(u))
        expected = 1.1 * wanted * len(u) / effective - len(u)
        number = int(min(max(expected, count // 2), most - len(u), 4 * count))


def pareto_shape(weights: Array) -> float:
    """Return the shape k of a generalised Pareto distribution fitted to the largest weights.

    Zhang & Stephens (2009), with the weak prior of Vehtari et al. towards 0.5.

    Parameters
    ----------
    weights : ndarray, (S,)
        Importance weights, any scale.
    """
    size = weights.size
    tail = int(min(0.2 * size, 3.0 * np.sqrt(size)))
    if tail < 5:
        return float("inf")
    largest = np.sort(weights)[-(tail + 1) :]
    excess = largest[1:] - largest[0]
    if not excess[-1] > 0:
        return float("-inf")
    if not excess[0] > 0:
        excess = np.maximum(excess, 1e-12 * excess[-1])
    grid = 30 + int(np.sqrt(tail))
    quartile = excess[int(tail / 4 + 0.5) - 1]
    theta = 1.0 / excess[-1] + (1.0 - np.sqrt(grid / (np.arange(1, grid + 1) - 0.5))) / (
        3.0 * quartile
    )
    shape = np.mean(np.log1p(-theta[:, None] * excess), axis=1)
    log_profile = tail * (np.log(-theta / shape) - shape - 1.0)
    posterior = 1.0 / np.sum(np.exp(log_profile - log_profile[:, None]), axis=1)
    best = float(theta @ posterior / posterior.sum())
    k = float(np.mean(np.log1p(-best * excess)))
    return (tail * k + 5.0) / (tail + 10.0)
