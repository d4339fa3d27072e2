"""Result of a route that gives one number at an operating point, the Duan sum or a bound on it."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from entangled_drums.inference.spectral_lines import Goodness

Array = NDArray[np.float64]

SHOWN, NOT_SHOWN = "shown", "not shown"
CONFIDENCE = 0.95
"""Entanglement is shown where D < 1 has at least this probability."""


@dataclass(frozen=True)
class SingleNumberResult:
    """What such a route found, or the reason why it found nothing.

    Parameters
    ----------
    route : str
        Name of the route.
    validity : str
        ``"valid"``, ``"not valid here: reason"`` or ``"not available: reason"``.
    meaning : str
        What the number is.
    settings : dict
        Drive settings the data were taken at.
    duan : ndarray, (S,)
        Draws of the number; empty where there is none, NaN for draws that no state fits.
    data : dict
        Measured numbers behind it, each with value and uncertainty.
    fits : dict
        Goodness of the fits behind it.
    """

    route: str
    validity: str
    meaning: str
    settings: dict[str, float] = field(default_factory=dict)
    duan: Array = field(default_factory=lambda: np.empty(0))
    data: dict[str, Any] = field(default_factory=dict)
    fits: dict[str, Goodness] = field(default_factory=dict)

    @property
    def outcome(self) -> str:
        """Say what the number shows: ``shown``, ``not shown``, or the reason why neither."""
        if self.validity != "valid":
            return self.validity
        return SHOWN if self.probability >= CONFIDENCE else NOT_SHOWN

    @property
    def probability(self) -> float:
        """Probability that the number is below 1; draws that no state fits count against it."""
        return float(np.mean(self.duan < 1.0)) if self.duan.size else float("nan")

    def content(self) -> dict[str, Any]:
        """Return the result for JSON."""
        possible = self.duan[np.isfinite(self.duan)]
        quantities = {}
        if possible.size:
            low_95, low_68, high_68, high_95 = np.quantile(possible, [0.025, 0.16, 0.84, 0.975])
            quantities["duan"] = {
                "value": float(possible.mean()),
                "uncertainty": float(possible.std()),
                "interval_68": [float(low_68), float(high_68)],
                "interval_95": [float(low_95), float(high_95)],
            }
        return {
            "route": self.route,
            "validity": self.validity,
            "outcome": self.outcome,
            "meaning": self.meaning,
            **self.settings,
            "data": self.data,
            "fits": {name: fit.content() for name, fit in self.fits.items()},
            "goodness_of_fit": None,
            "quantities": quantities,
            "probability_entangled": self.probability,
            "physical_fraction": possible.size / self.duan.size if self.duan.size else None,
        }


def number(draws: Array) -> dict[str, float]:
    """Return mean and standard deviation of draws."""
    return {"value": float(np.mean(draws)), "uncertainty": float(np.std(draws))}
