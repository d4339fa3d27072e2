"""What is known between two steps of the chain: one normal distribution, in coordinates that last.

The background stands for the added noise, for the reason that `background` gives.

One coordinate exists only within the chain: the occupation of the cavity's internal bath without
any pump. The law of heating, n_i proportional to a power of the drive, holds it to be zero; if it
were taken at its word, the emission under weak tones, which shows n_i - n_e, would seem to measure
n_e. So the chain leaves it free, n_i = rest + (n_i,ref - rest) u^(2 exponent).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from entangled_drums.calibration.background import (
    ADDED,
    BACKGROUND,
    GAIN,
    PORT,
    flat,
    with_background,
)
from entangled_drums.calibration.gaussian import Calibration

Array = NDArray[np.float64]

REST, REST_UNCERTAINTY = "heating.cavity_rest_occupation", 0.5
"""Internal occupation of the cavity without pumps, quanta; prior zero with this uncertainty."""


@dataclass(frozen=True)
class Knowledge:
    """A normal distribution of the uncertain parameters, all others fixed.

    Parameters
    ----------
    names : tuple of str
        Coordinates: flat parameter names, with `BACKGROUND` in place of the added noise; `REST`.
    mean : ndarray, (P,)
    covariance : ndarray, (P, P)
        Positive definite.
    fixed : dict
        Flat values of the parameters that are taken as exact.
    """

    names: tuple[str, ...]
    mean: Array
    covariance: Array
    fixed: dict[str, float]

    @classmethod
    def of(cls, calibration: Calibration) -> "Knowledge":
        """Return a calibration in the coordinates of the chain.

        Raises
        ------
        CalibrationError
            If gain, added noise or n_e is missing.
        """
        calibration.require((GAIN, ADDED, PORT))
        names = calibration.uncertain_names()
        values = calibration.mapping()
        covariance = calibration.covariance_of(names)
        mean = np.array([values[name] for name in names])
        fixed = {name: values[name] for name in calibration.names if name not in names}
        if ADDED in names:
            gain, added, port = (values[name] for name in (GAIN, ADDED, PORT))
            at = names.index(ADDED)
            change = np.eye(len(names))
            slopes = {GAIN: added + port, ADDED: gain, PORT: gain}
            change[at] = [slopes.get(name, 0.0) for name in names]
            covariance = change @ covariance @ change.T
            # The mean of a product is more than the product of the means.
            mean[at] = gain * (added + port)
            mean[at] += calibration.covariance_of((GAIN, ADDED, PORT))[0, 1:].sum()
            names = (*names[:at], BACKGROUND, *names[at + 1 :])
        extended = np.diag([*np.zeros(len(names)), REST_UNCERTAINTY**2])
        extended[:-1, :-1] = 0.5 * (covariance + covariance.T)
        return cls((*names, REST), np.array([*mean, 0.0]), extended, fixed)

    @property
    def uncertainty(self) -> Array:
        """Standard uncertainties, (P,)."""
        return np.sqrt(np.diag(self.covariance))

    def updated(self, mean: Array, covariance: Array) -> "Knowledge":
        """Return the same coordinates with another mean and covariance."""
        return replace(self, mean=mean, covariance=0.5 * (covariance + covariance.T))

    def values(self, points: Array) -> dict[str, Array]:
        """Return flat parameter values, each (B,), and the background, of coordinates (B, P)."""
        found: dict[str, Array] = {
            name: np.full(points.shape[0], value) for name, value in self.fixed.items()
        }
        found.update({name: points[:, at] for at, name in enumerate(self.names)})
        return flat(found) if BACKGROUND in found else with_background(found)

    def calibration(
        self, method: str, goodness_of_fit: Mapping[str, float] | None = None
    ) -> Calibration:
        """Return the distribution of the calibrated parameters, sorted by name."""
        kept = [at for at, name in enumerate(self.names) if name != REST]
        names = tuple(self.names[at] for at in kept)
        every = tuple(sorted({*names, *self.fixed}))
        places = [every.index(name) for name in names]
        full = np.zeros((len(every), len(every)))
        full[np.ix_(places, places)] = self.covariance[np.ix_(kept, kept)]
        centre = np.array([self.fixed.get(name, 0.0) for name in every])
        centre[places] = self.mean[kept]
        return Calibration(
            every, centre, full, method, None if goodness_of_fit is None else dict(goodness_of_fit)
        )
