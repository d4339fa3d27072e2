"""How much each prior carries: the result if one calibrated uncertainty were doubled, or zero.

Linear in the parameters around the best point, where the information of the data and that of the
prior add; what is impossible (a negative occupation) is cut off, which matters for n_e.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from entangled_drums.inference.states import state_quantities
from entangled_drums.inference.target import Target

Array = NDArray[np.float64]

_RESULTS = ("duan", "duan_uncertainty", "two_nu", "two_nu_uncertainty", "probability_entangled")
_STEP = 0.02
_DRAWS = 4000


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


def weights_of_priors(target: Target, u: Array, generator: np.random.Generator) -> dict[str, Any]:
    """Return what each prior contributes.

    Parameters
    ----------
    target : Target
    u : ndarray, (P,)
        Best parameters.
    generator : numpy.random.Generator
        Draws from the linearised posterior, the same for all priors.

    Returns
    -------
    dict
        ``as_calibrated``: the linearised result itself; by parameter its ``value`` and
        ``uncertainty`` (in its unit), ``doubled`` (the result with this uncertainty doubled) and
        ``known`` (with the parameter known exactly at its best value). NaN where the linearised
        result lies so far outside the possible range that no draw is left.
    """
    values, slopes = gradients(target, u, ("duan", "two_nu"))
    gradient, information = (part[0] for part in target.linearised(u[None])[1:])
    data = information - target.precision
    normal = generator.standard_normal((_DRAWS, target.size))

    def result(precision: Array, free: NDArray[np.bool_]) -> dict[str, float]:
        block = np.ix_(free, free)
        covariance = np.zeros_like(precision)
        covariance[block] = np.linalg.inv((data + precision)[block])
        # At the best point the pulls of data and prior cancel (what is left of the gradient is the
        # push against a bound); a weaker prior lets it move on.
        shift = covariance @ (gradient + (target.precision - precision) @ u)
        root = np.zeros_like(precision)
        root[block] = np.linalg.cholesky(covariance[block])
        drawn = shift + normal @ root.T
        drawn = drawn[target.allowed(u + drawn)]
        if not len(drawn):
            return dict.fromkeys(_RESULTS, float("nan"))
        duan, two_nu = values[:, None] + slopes @ drawn.T
        return {
            "duan": float(duan.mean()),
            "duan_uncertainty": float(duan.std()),
            "two_nu": float(two_nu.mean()),
            "two_nu_uncertainty": float(two_nu.std()),
            "probability_entangled": float(np.mean(two_nu < 1.0)),
        }

    everything = np.ones(target.size, dtype=bool)
    found: dict[str, Any] = {"as_calibrated": result(target.precision, everything)}
    for at, name in enumerate(target.names):
        factor = np.ones(target.size)
        factor[at] = 2.0
        found[name] = {
            "value": float(target.centre[at]),
            "uncertainty": float(target.scale[at]),
            "doubled": result(target.precision / np.outer(factor, factor), everything),
            "known": result(target.precision, np.arange(target.size) != at),
        }
    return found
