"""Penalised maximum likelihood by Fisher scoring: how every step of the chain is fitted.

Unknown are the parameters that are known beforehand by a normal distribution, and nuisances of the
step, which may have one too. With mean mu(x), weights w (inverse variances of the data) and prior
precision P,

    x <- x + (J^T w J + P)^-1 [J^T w (y - mu) - P (x - x_0)],

damped if the sum of deviance and penalty does not fall. Long averages make bins so precise that the
first step ends far off in a curved valley; the search begins with bins taken as less precise. The
inverse at the end is the covariance of
the estimate. Bins of a periodogram are Gamma distributed, with deviance 2 N [y/mu - ln(y/mu) - 1]
and weight N/mu^2; points of a reflection are normal.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc, digamma

from entangled_drums.calibration.knowledge import Knowledge
from entangled_drums.errors import CalibrationError

Array = NDArray[np.float64]
Means = Callable[[Array], Array]
"""From points (B, P + K) to the means (B, D). All points but the first are small displacements of
it: only differences from it matter."""

_STEP = 1e-3
"""Displacement for derivatives, in units of the scale of each parameter."""
_MOST_STEPS = 50
_SETTLED = 2e-3
"""Square of the last step, in units of the final uncertainty."""
_ROUNDING = 1e-3
"""Rise of the deviance that is put down to rounding: far below one degree of freedom."""
_OVERSHOT, _AS_PROMISED = 0.5, 0.75
"""Share of the promised fall of the deviance below and above which steps get shorter and longer."""
_TOLERANCES = (0.1, 0.01)
"""Relative errors of the bins with which the search begins."""
_JITTER = 1e-10
_DETERMINED = 0.1
"""Share of its prior's information that the data must add to a direction that is tested."""


@dataclass(frozen=True)
class Nuisance:
    """A parameter of one step.

    Parameters
    ----------
    name, unit : str
    start : float
        Value that the search starts from; the mean of its prior if it has one.
    scale : float
        Size of a typical change.
    uncertainty : float
        Of its prior; infinity without one.
    """

    name: str
    unit: str
    start: float
    scale: float
    uncertainty: float = np.inf


@dataclass(frozen=True)
class Goodness:
    """Chi-square (or deviance), degrees of freedom and p-value."""

    chi_square: float
    degrees_of_freedom: float
    p_value: float

    @classmethod
    def of(cls, chi_square: float, degrees_of_freedom: float) -> "Goodness":
        """Return the goodness with its p-value; without degrees of freedom nothing is tested."""
        if degrees_of_freedom <= 0:
            return cls(float(chi_square), 0.0, 1.0)
        p_value = float(chdtrc(degrees_of_freedom, chi_square))
        return cls(float(chi_square), float(degrees_of_freedom), p_value)

    def content(self) -> dict[str, float]:
        """Return plain built-ins for JSON."""
        return dict(vars(self))


@dataclass(frozen=True)
class Data:
    """Data of one step with their noise.

    Parameters
    ----------
    observed : ndarray, (D,)
    shape : ndarray, (D,), or None
        Gamma shape with which each bin is weighed; None for normal data.
    standard_deviation : float
        Of normal data.
    group : ndarray of int, (D,)
        Spectrum that each datum belongs to, from zero.
    labels : tuple of str
        Name of each spectrum.
    tested : ndarray of bool, (D,)
        Data without correlations between them, for the goodness of fit.
    tested_shape : ndarray, (D,), or None
        Gamma shape of those.
    """

    observed: Array
    shape: Array | None
    standard_deviation: float
    group: NDArray[np.intp]
    labels: tuple[str, ...]
    tested: NDArray[np.bool_]
    tested_shape: Array | None

    def deviance(self, mean: Array) -> float:
        """Return the deviance of all data."""
        return float(np.sum(self._deviances(mean, self.shape)))

    def weight(self, mean: Array) -> Array:
        """Return the inverse variance of each datum, (D,)."""
        if self.shape is None:
            return np.full(mean.shape, self.standard_deviation**-2)
        return self.shape / mean**2

    def blurred(self, tolerance: float) -> "Data":
        """Return the same data with a relative error added to the noise of each bin.

        Normal data are returned as they are.
        """
        if self.shape is None:
            return self
        return replace(self, shape=self.shape / (1.0 + self.shape * tolerance**2))

    def goodness(self, mean: Array, leverage: Array) -> tuple[Goodness, tuple[Goodness, ...]]:
        """Return the goodness of all data and of each spectrum.

        ``leverage`` (D,) is how much of a parameter each datum determines.
        """
        each = self._deviances(mean, self.tested_shape)
        if self.tested_shape is not None:
            # Expected deviance of one Gamma bin, which is 1 only for many averages.
            each = each / (2.0 * self.tested_shape * _excess_of_logarithm(self.tested_shape))
        chosen, count = self.tested, len(self.labels)
        sums = np.bincount(self.group[chosen], each[chosen], count)
        used = np.bincount(self.group, leverage, count)
        degrees = np.bincount(self.group[chosen], minlength=count) - used
        return (
            Goodness.of(float(sums.sum()), float(degrees.sum())),
            tuple(Goodness.of(*one) for one in zip(sums, degrees, strict=True)),
        )

    def _deviances(self, mean: Array, shape: Array | None) -> Array:
        if shape is None:
            return ((self.observed - mean) / self.standard_deviation) ** 2
        excess = self.observed / mean - 1.0
        return 2.0 * shape * (excess - np.log1p(excess))


def _excess_of_logarithm(shape: Array) -> Array:
    """ln N - psi(N), about 1/(2 N), without cancellation for large N."""
    many = shape > 1e4
    safe = np.where(many, 1.0, shape)
    return np.where(many, 0.5 / shape + 1.0 / (12.0 * shape**2), np.log(safe) - digamma(safe))


@dataclass(frozen=True)
class Fit:
    """Outcome of one step.

    Parameters
    ----------
    before, after : Knowledge
        What was known before and is known after the step.
    nuisances : tuple of Nuisance
    nuisance_values, nuisance_uncertainties : ndarray, (K,)
    mean : ndarray, (D,)
        Fitted means of the data.
    data : Data
    goodness : Goodness
        Of the data.
    spectra : tuple of Goodness
        Of each spectrum.
    agreement : Goodness
        Of what was known before with what the data say.
    """

    before: Knowledge
    after: Knowledge
    nuisances: tuple[Nuisance, ...]
    nuisance_values: Array
    nuisance_uncertainties: Array
    mean: Array
    data: Data
    goodness: Goodness
    spectra: tuple[Goodness, ...]
    agreement: Goodness


@dataclass(frozen=True)
class _Place:
    """Standardised parameters u (P + K,) with means (D,) and derivatives (P + K, D) there."""

    u: Array
    mean: Array
    jacobian: Array


def fit(
    knowledge: Knowledge,
    nuisances: tuple[Nuisance, ...],
    data: Data,
    means: Means,
    possible: Callable[[Array], bool] = lambda x: True,
) -> Fit:
    """Fit one step.

    Parameters
    ----------
    knowledge : Knowledge
        Prior of the P parameters.
    nuisances : tuple of Nuisance
        The K nuisances.
    data : Data
    means : callable
        See `Means`.
    possible : callable, optional
        Tells whether the means can be computed at x.

    Returns
    -------
    Fit

    Raises
    ------
    CalibrationError
        If the search does not settle.
    """
    size = len(knowledge.names)
    scale = np.concatenate([knowledge.uncertainty, [one.scale for one in nuisances]])
    start = np.concatenate([knowledge.mean, [one.start for one in nuisances]])
    deviation = scale[:size]
    correlation = knowledge.covariance / np.outer(deviation, deviation)
    precision = np.zeros((start.size, start.size))
    precision[:size, :size] = np.linalg.inv(correlation + _JITTER * np.eye(size))
    own = np.array([one.scale / one.uncertainty for one in nuisances])
    precision[np.arange(size, start.size), np.arange(size, start.size)] = own**2

    displaced = np.concatenate([np.zeros((1, start.size)), _STEP * np.diag(scale)])

    def place(u: Array) -> _Place:
        found = means(start + scale * u + displaced)
        return _Place(u, found[0], (found[1:] - found[0]) / _STEP)

    def climbed(at: _Place, of: Data, settled: float) -> tuple[_Place, Array, Array, Array]:
        """Settle for these data; return also weighted derivatives, information and last step."""
        damping = 0.0
        for _ in range(_MOST_STEPS):
            objective = of.deviance(at.mean) + float(at.u @ precision @ at.u)
            weighted = at.jacobian * of.weight(at.mean)
            information = weighted @ at.jacobian.T + precision
            gradient = weighted @ (of.observed - at.mean) - precision @ at.u
            full: Array = np.asarray(np.linalg.solve(information, gradient), dtype=np.float64)
            if float(gradient @ full) < settled:
                return at, weighted, information, full
            step = np.linalg.solve(information + damping * np.diag(np.diag(information)), gradient)
            promised = float(2.0 * gradient @ step - step @ information @ step)
            u, trial, lower = at.u + step, at, np.inf
            if possible(start + scale * u):
                trial = place(u)
                lower = of.deviance(trial.mean) + float(u @ precision @ u)
            # Where the true curvature exceeds the expected one, whole steps overshoot.
            kept = (objective - lower + _ROUNDING) / (promised + _ROUNDING)
            if kept < _OVERSHOT:
                damping = max(4.0 * damping, 0.3)
                if damping > 1e8:
                    break
            elif kept > _AS_PROMISED:
                damping = damping / 10.0 if damping > 1e-2 else 0.0
            if lower <= objective + _ROUNDING:
                at = trial
        raise CalibrationError("the search for the best fit does not settle")

    best = place(np.zeros(start.size))
    for tolerance in _TOLERANCES:
        best = climbed(best, data.blurred(tolerance), 1.0)[0]
    best, weighted, information, last = climbed(best, data, _SETTLED)
    u, mean, jacobian = best.u + last, best.mean + last @ best.jacobian, best.jacobian
    covariance: Array = np.asarray(np.linalg.inv(information), dtype=np.float64)
    leverage = np.einsum("id,id->d", covariance @ jacobian, weighted)
    goodness, spectra = data.goodness(mean, leverage)
    return Fit(
        before=knowledge,
        after=knowledge.updated(
            (start + scale * u)[:size], (covariance * np.outer(scale, scale))[:size, :size]
        ),
        nuisances=nuisances,
        nuisance_values=(start + scale * u)[size:],
        nuisance_uncertainties=scale[size:] * np.sqrt(np.diag(covariance)[size:]),
        mean=mean,
        data=data,
        goodness=goodness,
        spectra=spectra,
        agreement=_agreement(u[:size], precision[:size, :size], covariance[:size, :size]),
    )


def _agreement(change: Array, precision: Array, covariance: Array) -> Goodness:
    """Test the change of the parameters against prior minus posterior covariance.

    In coordinates in which the prior is white, the eigenvalues of that difference are the shares of
    information that the data add; directions of which the data say little are left out.
    """
    whiten = np.linalg.cholesky(precision).T
    share, directions = np.linalg.eigh(np.eye(len(precision)) - whiten @ covariance @ whiten.T)
    pull = directions.T @ (whiten @ change)
    told = share > _DETERMINED
    return Goodness.of(float(np.sum(pull[told] ** 2 / share[told])), float(np.sum(told)))
