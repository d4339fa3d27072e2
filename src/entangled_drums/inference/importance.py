"""Importance sampling of the posterior from a mixture around its modes, with its own diagnosis.

Proposals follow the posterior around each of its modes
(:mod:`entangled_drums.inference.proposal`), most of them widened a little, some of them much. Draws
outside the allowed range are dropped before the density is evaluated, which only changes the
normalisation. Where that is not enough, proposals learn from the draws before them. Effective
sample size and Pareto k (Vehtari et al., J. Mach. Learn. Res. 25, 72 (2024); Zhang & Stephens,
Technometrics 51, 316 (2009)) say whether the result may be used.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from entangled_drums.errors import NoFitError
from entangled_drums.inference.mode_search import Mode
from entangled_drums.inference.proposal import CurvedProposal
from entangled_drums.inference.target import Target

Array = NDArray[np.float64]

_IMPOSSIBLE = (
    "no draw around the best fit is physically possible; look at the calibration, which may lie "
    "far outside the possible range"
)
_SMALLEST_SHARE = 0.05
_MOST_REDRAWS = 100
RELIABLE_PARETO_SHAPE = 0.7


@dataclass(frozen=True)
class Spread:
    """Two widths of the proposals around each mode, as variances of their normal numbers.

    Parameters
    ----------
    widening : float
        Of most proposals.
    defensive_widening : float
        Of the others, which catch tails.
    defensive_share : float
        Of the others.
    """

    widening: float
    defensive_widening: float
    defensive_share: float

    @property
    def parts(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """Share and widening of both."""
        return (
            (1.0 - self.defensive_share, self.widening),
            (self.defensive_share, self.defensive_widening),
        )

    def widenings(self, number: int, generator: np.random.Generator) -> Array:
        """Return a widening for each of a number of draws."""
        defensive = generator.random(number) < self.defensive_share
        return np.where(defensive, self.defensive_widening, self.widening)


NARROW = Spread(1.15, 2.5, 0.1)
WIDE = Spread(1.5, 3.0, 0.2)
"""For a posterior with longer tails than its proposals."""


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
    spread: Spread

    @classmethod
    def around(cls, target: Target, modes: list[Mode], spread: Spread) -> "_Mixture":
        mass = np.array(
            [mode.log_posterior - 0.5 * np.linalg.slogdet(mode.information)[1] for mode in modes]
        )
        shares = np.maximum(np.exp(mass - mass.max()), _SMALLEST_SHARE)
        proposals = [CurvedProposal.around(target, mode) for mode in modes]
        return cls(proposals, shares / shares.sum(), spread)

    def attempt(self, target: Target, number: int, generator: np.random.Generator) -> Array:
        """Return those of a number of draws that are possible."""
        which = generator.choice(len(self.proposals), size=number, p=self.shares)
        widening = self.spread.widenings(number, generator)
        parts = [
            one.draw(one.normal(widening[which == at], generator))
            for at, one in enumerate(self.proposals)
        ]
        drawn = np.concatenate([u[exists] for u, exists in parts])
        return np.asarray(drawn[target.allowed(drawn)])

    def draw(self, target: Target, count: int, generator: np.random.Generator) -> Array:
        kept = [np.empty((0, target.size))]
        missing = count
        for _ in range(_MOST_REDRAWS):
            drawn = self.attempt(target, missing + missing // 3 + 10, generator)
            # In random order: cutting the surplus must not favour a mode.
            drawn = generator.permutation(drawn)[:missing]
            kept.append(drawn)
            missing -= len(drawn)
            if missing == 0:
                break
        return np.concatenate(kept)

    def log_density(self, u: Array) -> Array:
        return _log_sum(
            [
                np.log(share * part) + proposal.log_density(u, widening)
                for proposal, share in zip(self.proposals, self.shares, strict=True)
                for part, widening in self.spread.parts
            ]
        )


@dataclass(frozen=True)
class _Adapted:
    """Normal distribution of the normal numbers of one proposal, as earlier draws found it."""

    proposal: CurvedProposal
    mean: Array
    root: Array
    spread: Spread

    @classmethod
    def to(cls, proposal: CurvedProposal, u: Array, weights: Array, spread: Spread) -> "_Adapted":
        # A few draws of great weight would be taken for the whole (E. L. Ionides, J. Comput. Graph.
        # Stat. 17, 295 (2008)).
        kept = np.minimum(weights, len(weights) ** -0.5)
        kept /= kept.sum()
        normal, _ = proposal.normal_of(u)
        mean = kept @ normal
        away = normal - mean
        size = len(mean)
        # Where few draws speak, what the proposal expects.
        expected = size / (size + 1.0 / np.sum(kept**2))
        spreading = (1.0 - expected) * (away.T * kept) @ away + expected * np.eye(size)
        return cls(proposal, mean, np.linalg.cholesky(spreading), spread)

    def attempt(self, target: Target, number: int, generator: np.random.Generator) -> Array:
        """Return those of a number of draws that are possible."""
        scale = np.sqrt(self.spread.widenings(number, generator))
        normal = generator.standard_normal((number, target.size)) * scale[:, None]
        drawn, exists = self.proposal.draw(self.mean + normal @ self.root.T)
        drawn = drawn[exists]
        return np.asarray(drawn[target.allowed(drawn)])

    def log_density(self, u: Array) -> Array:
        normal, log_volume = self.proposal.normal_of(u)
        square = np.sum(np.linalg.solve(self.root, (normal - self.mean).T) ** 2, axis=0)
        parts = [
            np.log(part) - 0.5 * square / widening - 0.5 * u.shape[1] * np.log(widening)
            for part, widening in self.spread.parts
        ]
        return _log_sum(parts) - np.sum(np.log(np.diag(self.root))) + log_volume


def _log_sum(parts: list[Array]) -> Array:
    stacked = np.stack(parts)
    highest = stacked.max(axis=0)
    known = np.where(np.isfinite(highest), highest, 0.0)
    with np.errstate(divide="ignore"):
        return np.asarray(known + np.log(np.sum(np.exp(stacked - known), axis=0)))


def _weights(log_weights: Array) -> Array:
    """Weights that add to one. NoFitError if none is finite."""
    if not np.isfinite(log_weights.max()):
        raise NoFitError(
            "no draw around the best fit has a finite density; look at the drive that the "
            "recordings state"
        )
    weights = np.exp(log_weights - log_weights.max())
    return np.asarray(weights / weights.sum())


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
    mixture = _Mixture.around(target, modes, NARROW)
    u, log_weights = np.empty((0, target.size)), np.empty(0)
    number = count
    while True:
        more = mixture.draw(target, number, generator)
        if len(u) + len(more) == 0:
            raise NoFitError(_IMPOSSIBLE)
        u = np.concatenate([u, more])
        log_weights = np.concatenate(
            [log_weights, target.log_posterior(more) - mixture.log_density(more)]
        )
        weights = _weights(log_weights)
        effective, shape = float(1.0 / np.sum(weights**2)), pareto_shape(weights)
        enough = effective >= wanted and shape < RELIABLE_PARETO_SHAPE
        if enough or len(u) >= most or len(more) < number:
            return Sample(u, weights, effective, shape, len(u))
        expected = 1.1 * wanted * len(u) / effective - len(u)
        number = int(min(max(expected, count // 2), most - len(u), 4 * count))


def draw_adapted(
    target: Target,
    modes: list[Mode],
    generator: np.random.Generator,
    *,
    count: int,
    wanted: float,
    most: int,
) -> Sample:
    """Draw from a posterior that proposals around its modes do not match.

    Every stage proposes from what the draws before it found the posterior to be, a normal
    distribution in the coordinates of the best mode, and all draws so far are weighed against the
    mixture of all proposals so far (J.-M. Cornuet et al., Scand. J. Stat. 39, 798 (2012)). The
    first stage is the mixture around the modes, wider than in `draw`.

    Parameters
    ----------
    target : Target
    modes : list of Mode
    generator : numpy.random.Generator
    count : int
        Draws that each stage attempts.
    wanted : float
        Effective sample size at which to stop.
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
    stages: list[_Mixture | _Adapted] = [around := _Mixture.around(target, modes, WIDE)]
    u, log_posterior = np.empty((0, target.size)), np.empty(0)
    log_densities: list[Array] = []
    while True:
        newest = stages[-1]
        more = newest.attempt(target, count, generator)
        if len(u) + len(more) == 0:
            raise NoFitError(_IMPOSSIBLE)
        log_densities = [
            np.concatenate([known, stage.log_density(more)])
            for stage, known in zip(stages, log_densities, strict=False)
        ]
        u = np.concatenate([u, more])
        log_densities.append(newest.log_density(u))
        log_posterior = np.concatenate([log_posterior, target.log_posterior(more)])
        # Each stage attempts the same number, possible or not, so all have the same share.
        weights = _weights(log_posterior - _log_sum(log_densities))
        effective, shape = float(1.0 / np.sum(weights**2)), pareto_shape(weights)
        enough = effective >= wanted and shape < RELIABLE_PARETO_SHAPE
        if enough or len(stages) * count >= most:
            return Sample(u, weights, effective, shape, len(u))
        stages.append(_Adapted.to(around.proposals[0], u, weights, WIDE))


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
