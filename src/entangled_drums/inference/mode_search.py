"""Modes of the posterior: damped Fisher scoring from several starts at once.

One start ends in the wrong mode in a few percent of data sets, and intervals then cover too little;
several starts cost little because all of them are evaluated in one batch. Steps are tried straight
in the parameters and straight in their logarithms (`coordinates`): under a wide prior the best ones
lie in a curved valley a thousand times longer than wide, in which straight steps end on its slopes.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from entangled_drums.errors import NoFitError
from entangled_drums.inference.coordinates import Coordinates
from entangled_drums.inference.target import Target

Array = NDArray[np.float64]

_MAXIMUM_ITERATIONS = 60
_TOLERANCE = 1e-4
"""A start has settled when its next step is below this many standard deviations."""
_LARGEST_STEP = 4.0
_ON_BOUND = 1e-9


@dataclass(frozen=True)
class Mode:
    """A maximum of the posterior.

    Parameters
    ----------
    u : ndarray, (P,)
        Standardised parameters; on a bound where the maximum is cut off by it.
    log_posterior : float
    information : ndarray, (P, P)
        Minus the second derivatives of the log-posterior there: expected, or observed where it is
        positive.
    starts : int
        How many starts ended here.
    """

    u: Array
    log_posterior: float
    information: Array
    starts: int


def find_modes(target: Target, starts: Array) -> list[Mode]:
    """Climb from every start; return the distinct modes with the observed information, best first.

    Arguments and errors as for `climb`.
    """
    modes = climb(target, starts)
    return [
        replace(mode, information=_positive(target.observed_information(mode.u), mode.information))
        for mode in modes
    ]


def climb(target: Target, starts: Array) -> list[Mode]:
    """Climb from every start; return the distinct modes with the expected information, best first.

    Parameters
    ----------
    target : Target
    starts : ndarray, (K, P)
        Standardised parameters, physically possible.

    Raises
    ------
    NoFitError
        If fewer than half of the starts settle.
    """
    lowest = target.lowest
    recorded = float(np.mean(target.observation.emission.power))
    calibrated = target.values(np.zeros((1, target.size)))
    gain, noise = (float(calibrated[f"receiver.{name}"][0]) for name in ("gain", "added_noise"))
    coordinates = Coordinates.of(target, max(recorded / gain - noise, 0.0))
    u = np.maximum(starts, lowest)
    settled = np.zeros(len(u), dtype=bool)
    damping, share = np.zeros(len(u)), np.ones(len(u))
    value, gradient, information = target.linearised(u)
    for _ in range(_MAXIMUM_ITERATIONS):
        active = np.flatnonzero(~settled)
        if active.size == 0:
            break
        step = np.zeros_like(u)
        limited = np.zeros(len(u), dtype=bool)
        for at in active:
            step[at], limited[at] = _step(u[at], gradient[at], information[at], damping[at], lowest)
            step[at] *= share[at]
        # Data make the valley straight in one kind of coordinates, a tight prior in the other.
        straight = np.maximum(u + step, lowest)
        curved = np.maximum(np.where(step != 0.0, coordinates.moved(u, step), u), lowest)
        both = target.log_posterior(np.concatenate([straight[active], curved[active]]))
        better = both[active.size :] > both[: active.size]
        trial = u.copy()
        trial[active] = np.where(better[:, None], curved[active], straight[active])
        change = np.einsum("bi,bij,bj->b", trial - u, information, trial - u)
        new_value, new_gradient, new_information = target.linearised(trial[active])
        for row, at in enumerate(active):
            # Rounding in sums over 1e4 bins: a flat top may seem to fall by this much.
            if new_value[row] < value[at] - 1e-7 * (1.0 + abs(value[at])):
                damping[at] = max(10.0 * damping[at], 1e-2)
                settled[at] = damping[at] > 1e8
                continue
            # Where the expected information is too small, full steps overshoot to and fro.
            gained = (new_value[row] - value[at]) / max(
                gradient[at] @ step[at] - 0.5 * change[at], 1e-12
            )
            if gained < 0.5:
                share[at] = max(0.6 * share[at], 0.2)
            elif gained > 0.9:
                share[at] = min(1.5 * share[at], 1.0)
            u[at], value[at] = trial[at], new_value[row]
            gradient[at], information[at] = new_gradient[row], new_information[row]
            damping[at] = 0.1 * damping[at] if damping[at] > 1e-6 else 0.0
            settled[at] = change[at] < _TOLERANCE**2 and not limited[at]
    if np.mean(settled) < 0.5:
        raise NoFitError(
            f"{np.sum(~settled)} of {len(u)} searches for the best parameters do not settle; check "
            "the recordings against the calibration"
        )
    return _distinct(u[settled], value[settled], information[settled])


def _step(
    u: Array, gradient: Array, information: Array, damping: float, lowest: Array
) -> tuple[Array, bool]:
    """Damped scoring step in the parameters that are not held back by a bound.

    It ends where it meets a bound, and says so: to cut off one parameter alone would leave the
    valley that ties it to others.
    """
    step = np.zeros_like(u)
    free = np.ones(u.size, dtype=bool)
    for _ in range(u.size):
        matrix = information[np.ix_(free, free)]
        matrix = matrix + damping * np.diag(np.diag(matrix))
        step[:] = 0.0
        step[free] = np.linalg.solve(matrix, gradient[free])
        held = free & (u <= lowest + _ON_BOUND) & (step < 0)
        if not held.any():
            break
        free &= ~held
    length = float(np.max(np.abs(step)))
    step = step * min(1.0, _LARGEST_STEP / length) if length > 0 else step
    beyond = u + step < lowest - _ON_BOUND
    if not beyond.any():
        return step, False
    return step * float(np.min((u - lowest)[beyond] / -step[beyond])), True


def _distinct(u: Array, value: Array, information: Array) -> list[Mode]:
    found: list[Mode] = []
    for at in np.argsort(-value, kind="stable"):
        for number, mode in enumerate(found):
            apart = u[at] - mode.u
            if apart @ information[at] @ apart < 1.0:
                found[number] = replace(mode, starts=mode.starts + 1)
                break
        else:
            if not found or value[at] >= found[0].log_posterior - 30.0:
                found.append(Mode(u[at], float(value[at]), information[at], 1))
    return found


def _positive(observed: Array, expected: Array) -> Array:
    """The observed information, or the expected one where the former is not positive."""
    return observed if np.linalg.eigvalsh(observed)[0] > 1e-6 else expected
