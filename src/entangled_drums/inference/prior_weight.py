"""How much each prior carries: the result if one calibrated uncertainty were doubled, or zero.

Linear in the parameters around the best point, where the information of the data and that of the
prior add.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from entangled_drums.inference.states import state_quantities
from entangled_drums.inference.target import Target

Array = NDArray[np.float64]

_STEP = 0.02


@dataclass(frozen=True)
class LinearResult:
    """Duan sum and 2 nu with their uncertainties for some prior."""

    duan: float
    duan_uncertainty: float
    two_nu: float
    two_nu_uncertainty: float

    def content(self) -> dict[str, float]:
        """Return plain built-ins for JSON."""
        return {
            "duan": self.duan,
            "duan_uncertainty": self.duan_uncertainty,
            "two_nu": self.two_nu,
            "two_nu_uncertainty": self.two_nu_uncertainty,
            "probability_entangled": float(norm.cdf((1.0 - self.two_nu) / self.two_nu_uncertainty)),
        }


def gradients(target: Target, u: Array, names: tuple[str, ...]) -> tuple[Array, Array]:
    """Return quantities (Q,) and their derivatives (Q, P) by the standardised parameters."""
    # Steps go upwards, where no parameter meets a bound.
    points = np.concatenate([u[None], u + _STEP * np.eye(target.size)])
    found = state_quantities(
        target.values(points),
        target.observation.drive,
        counter_rotating=target.fidelity.counter_rotating,
    )
    values = np.stack([found[name] for name in names])
    return values[:, 0], (values[:, 1:] - values[:, :1]) / _STEP


def weights_of_priors(target: Target, u: Array) -> dict[str, Any]:
    """Return what each prior contributes.

    Parameters
    ----------
    target : Target
    u : ndarray, (P,)
        Best parameters.

    Returns
    -------
    dict
        By parameter: ``value`` and ``uncertainty`` of the prior (in its unit),
        ``posterior_uncertainty``, ``doubled`` (the result with this uncertainty doubled) and
        ``known`` (with the parameter known exactly at its best value).
    """
    values, slopes = gradients(target, u, ("duan", "two_nu"))
    information = target.linearised(u[None])[2][0]
    data = information - target.precision
    posterior = np.linalg.inv(information)

    def result(covariance: Array, shift: Array) -> LinearResult:
        spread = np.sqrt(np.einsum("qi,ij,qj->q", slopes, covariance, slopes))
        centre = values + slopes @ shift
        return LinearResult(float(centre[0]), float(spread[0]), float(centre[1]), float(spread[1]))

    found: dict[str, Any] = {}
    for at, name in enumerate(target.names):
        factor = np.ones(target.size)
        factor[at] = 2.0
        wider = target.precision / np.outer(factor, factor)
        covariance = np.linalg.inv(data + wider)
        # At the best point the pulls of data and prior cancel; a weaker prior lets it move on.
        doubled = result(covariance, covariance @ ((target.precision - wider) @ u))
        others = np.arange(target.size) != at
        known = np.zeros_like(posterior)
        known[np.ix_(others, others)] = np.linalg.inv(information[np.ix_(others, others)])
        found[name] = {
            "value": float(target.centre[at]),
            "uncertainty": float(target.scale[at]),
            "posterior_uncertainty": float(np.sqrt(posterior[at, at]) * target.scale[at]),
            "doubled": doubled.content(),
            "known": result(known, np.zeros(target.size)).content(),
        }
    return found
