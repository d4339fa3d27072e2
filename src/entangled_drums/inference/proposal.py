"""Proposals that follow the curvature of the posterior.

Spectra fix some combinations of parameters a thousand times better than the parameters themselves
(the product of gain and noise, the area of a line), so that the posterior is a thin curved sheet,
which a normal distribution in the parameters misses. Here the *predicted data* are taken as normal:
with the standardised residuals ``r(u)`` of all bins and of the prior, and the orthonormal basis Q
of their derivatives at the mode, draws are solutions of ``Q^T r(u) = xi`` with normal ``xi``
(Bardsley et al., SIAM J. Sci. Comput. 36, A1895 (2014)), where ``Q^T r`` is replaced by its
expansion to second order in the logarithms of the parameters. The density of the draws is that of
this expansion and is exactly known; importance weights put right what it misses.

Where a parameter that cannot be negative is pulled below zero, few draws would be possible. The
normal numbers are then restricted to the half-space beyond which, to first order and with a margin,
that parameter is impossible.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_ndtr, ndtr, ndtri

from entangled_drums.inference.coordinates import Coordinates
from entangled_drums.inference.mode_search import Mode
from entangled_drums.inference.target import Target

Array = NDArray[np.float64]

_STEP = 0.02
_NEWTON_ITERATIONS = 12
_MARGIN = 1.0
"""Distance, in standard deviations of the proposal, of the half-space from the bound."""


@dataclass(frozen=True)
class CurvedProposal:
    """Second-order expansion ``v = start + linear d + d curvature d / 2`` around a mode.

    ``d = w - centre``; `curvature` is (P, P, P), its first index that of v. Draws have
    ``direction . v >= lowest``.
    """

    coordinates: Coordinates
    centre: Array
    start: Array
    linear: Array
    curvature: Array
    direction: Array
    lowest: float

    @classmethod
    def around(cls, target: Target, mode: Mode) -> "CurvedProposal":
        """Expand around a mode."""
        u = mode.u[None]
        values = target.values(u)
        means = target.means(u)
        gain, noise = values["receiver.gain"][0], values["receiver.added_noise"][0]
        weights = [seen.shape for seen in target.observation.spectra]
        recorded = sum(
            float(np.sum(weight * mean[0].mean(axis=0)))
            for weight, mean in zip(weights, means, strict=True)
        ) / sum(float(np.sum(weight)) for weight in weights)
        coordinates = Coordinates.of(target, recorded / gain - noise)
        scale = [
            np.sqrt(seen.shape) / mean[0]
            for seen, mean in zip(target.observation.spectra, means, strict=True)
        ]
        root = np.linalg.cholesky(target.precision)

        def residuals(w: Array) -> Array:
            standard = coordinates.to_standard(w)
            parts = [
                ((mean - seen.power) * factor).reshape(len(w), -1)
                for seen, mean, factor in zip(
                    target.observation.spectra, target.means(standard), scale, strict=True
                )
            ]
            return np.concatenate([*parts, standard @ root], axis=1)

        centre = coordinates.from_standard(u)[0]
        size = target.size
        steps = _STEP * _units(coordinates, target)
        first = residuals(np.concatenate([centre[None], centre + np.diag(steps)]))
        # The bound forbids steps down for some, so forward differences, made second order below.
        basis = np.linalg.qr(((first[1:] - first[0]) / steps[:, None]).T)[0]
        rows, columns = np.triu_indices(size)
        pairs = centre + np.zeros((rows.size, size))
        pairs[np.arange(rows.size), rows] += steps[rows]
        pairs[np.arange(rows.size), columns] += steps[columns]
        single = first @ basis
        double = np.concatenate(
            [residuals(pairs[at : at + 64]) @ basis for at in range(0, len(pairs), 64)]
        )
        mixed = (double - single[1 + rows] - single[1 + columns] + single[0]) / (
            steps[rows] * steps[columns]
        )[:, None]
        curvature = np.empty((size, size, size))
        curvature[:, rows, columns] = mixed.T
        curvature[:, columns, rows] = mixed.T
        linear = ((single[1:] - single[0]) / steps[:, None]).T
        linear = linear - 0.5 * np.einsum("kii,i->ki", curvature, steps)
        direction, lowest = _half_space(target, coordinates, centre, single[0], linear)
        return cls(coordinates, centre, single[0], linear, curvature, direction, lowest)

    def normal(self, widening: Array, generator: np.random.Generator) -> Array:
        """Return normal numbers (B, P) of variances `widening` (B,), inside the half-space."""
        size = self.centre.size
        scale = np.sqrt(widening)
        found = generator.standard_normal((widening.size, size)) * scale[:, None]
        if np.isfinite(self.lowest):
            beyond = ndtr(-self.lowest / scale)
            along = -scale * ndtri(beyond * (1.0 - generator.random(widening.size)))
            found += np.outer(along - found @ self.direction, self.direction)
        return found

    def _expand(self, d: Array) -> tuple[Array, Array]:
        """Return v (B, P) and dv/dw (B, P, P)."""
        bent = np.tensordot(d, self.curvature, axes=(1, 2))
        value = self.start + d @ self.linear.T + 0.5 * np.einsum("bki,bi->bk", bent, d)
        return value, self.linear + bent

    def draw(self, normal: Array) -> tuple[Array, NDArray[np.bool_]]:
        """Return the draws u (B, P) that belong to normal numbers (B, P), and which exist.

        For some numbers the expansion has no solution near the mode.
        """
        d: Array = np.asarray(np.linalg.solve(self.linear, (normal - self.start).T).T)
        for _ in range(_NEWTON_ITERATIONS):
            value, slope = self._expand(d)
            step = np.linalg.solve(slope, (normal - value)[..., None])[..., 0]
            d = d + step
        value, _ = self._expand(d)
        found = np.asarray(np.max(np.abs(value - normal), axis=1) < 1e-6)
        d[~found] = 0.0
        return self.coordinates.to_standard(self.centre + d), found

    def log_density(self, u: Array, widening: float) -> Array:
        """Return the log-density (B,) of draws from normal numbers of variance `widening`.

        The constant -P ln(2 pi)/2 is left out.
        """
        value, log_volume = self.normal_of(u)
        density = (
            -0.5 * np.sum(value**2, axis=-1) / widening
            - 0.5 * u.shape[1] * np.log(widening)
            - log_ndtr(-self.lowest / np.sqrt(widening))
            + log_volume
        )
        return np.where(value @ self.direction >= self.lowest - 1e-6, density, -np.inf)

    def normal_of(self, u: Array) -> tuple[Array, Array]:
        """Return the normal numbers v (B, P) that belong to draws u (B, P), and ln |dv/du| (B,)."""
        value, slope = self._expand(self.coordinates.from_standard(u) - self.centre)
        return value, np.linalg.slogdet(slope)[1] + self.coordinates.log_volume(u)


def _half_space(
    target: Target, coordinates: Coordinates, centre: Array, start: Array, linear: Array
) -> tuple[Array, float]:
    """Direction (P,) and lowest projection of normal numbers that keep all parameters possible."""
    inverse = np.linalg.inv(linear)
    spread = np.linalg.norm(inverse, axis=1)
    plain = ~coordinates.logarithmic & np.isfinite(target.lowest)
    if coordinates.noise is not None:
        plain[coordinates.noise] = False
    # How far below its bound the proposal is centred, in its own standard deviations.
    depth = np.where(plain, (target.lowest - centre + inverse @ start) / spread, -np.inf)
    worst = int(np.argmax(depth))
    if not depth[worst] > 0.0:
        return np.zeros(target.size), -np.inf
    return inverse[worst] / spread[worst], float(depth[worst]) - _MARGIN


def _units(coordinates: Coordinates, target: Target) -> Array:
    """Natural unit of each coordinate: one standard deviation of the parameter it stands for."""
    units = np.ones(target.size)
    if coordinates.noise is not None:
        at = coordinates.noise
        units[at] = target.scale[at] / (target.centre[at] + coordinates.background)
    return units
