"""Coordinates in which spectra depend nearly linearly on parameters.

Widths and areas of lines are products of parameters, and the recorded background is gain times
noise: in the logarithms of the parameters such products are straight.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from entangled_drums.inference.target import Target
from entangled_drums.ranges import is_allowed

Array = NDArray[np.float64]

_LOGARITHMIC_ABOVE = 4.0
"""Parameters this many standard deviations above zero are taken by their logarithm."""
_STEP = 1e-4


@dataclass(frozen=True)
class Coordinates:
    """Standardised logarithms ``w`` (B, P) in place of the standardised parameters ``u``.

    Gain and added noise, where both are free, become the gain and the level of the recorded
    background, which is what the spectra fix.
    """

    centre: Array
    scale: Array
    logarithmic: NDArray[np.bool_]
    gain: int | None
    noise: int | None
    background: float

    @classmethod
    def of(cls, target: Target, background: float) -> "Coordinates":
        """Return the coordinates for a target whose mean emission is `background` quanta."""
        names = target.names
        bounded = np.array([not bool(is_allowed(name, -1.0)) for name in names])
        both = "receiver.gain" in names and "receiver.added_noise" in names
        gain = names.index("receiver.gain") if both else None
        noise = names.index("receiver.added_noise") if both else None
        logarithmic = bounded & (target.centre > _LOGARITHMIC_ABOVE * target.scale)
        if noise is not None:
            logarithmic[noise] = False
        return cls(target.centre, target.scale, logarithmic, gain, noise, background)

    @property
    def _relative(self) -> Array:
        return np.where(self.logarithmic, self.scale / np.abs(self.centre), 1.0)

    def from_standard(self, u: Array) -> Array:
        """Return w (B, P) of u (B, P)."""
        relative = self._relative
        w = np.where(
            self.logarithmic, np.log1p(np.where(self.logarithmic, relative * u, 0.0)) / relative, u
        )
        if self.gain is not None and self.noise is not None:
            gain = self.centre[self.gain] + self.scale[self.gain] * u[:, self.gain]
            noise = self.centre[self.noise] + self.scale[self.noise] * u[:, self.noise]
            w[:, self.noise] = np.log(gain * (noise + self.background))
        return w

    def to_standard(self, w: Array) -> Array:
        """Return u (B, P) of w (B, P)."""
        relative = self._relative
        u = np.where(
            self.logarithmic, np.expm1(np.where(self.logarithmic, relative * w, 0.0)) / relative, w
        )
        if self.gain is not None and self.noise is not None:
            gain = self.centre[self.gain] + self.scale[self.gain] * u[:, self.gain]
            noise = np.exp(w[:, self.noise]) / gain - self.background
            u[:, self.noise] = (noise - self.centre[self.noise]) / self.scale[self.noise]
        return u

    def moved(self, u: Array, step: Array) -> Array:
        """Return u (B, P) moved along the straight line in w that begins in a direction (B, P)."""
        w = self.from_standard(u)
        return self.to_standard(w + (self.from_standard(u + _STEP * step) - w) / _STEP)

    def log_volume(self, u: Array) -> Array:
        """Return log |dw/du|, (B,)."""
        relative = self._relative
        slope = np.where(self.logarithmic, 1.0 / (1.0 + relative * u), 1.0)
        if self.noise is not None:
            noise = self.centre[self.noise] + self.scale[self.noise] * u[:, self.noise]
            slope[:, self.noise] = self.scale[self.noise] / (noise + self.background)
        return np.asarray(np.sum(np.log(slope), axis=-1))
