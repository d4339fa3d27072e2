"""Modes of the posterior: damped Fisher scoring from several starts at once.

One start ends in the wrong mode in a few percent of data sets, and intervals then cover too little;
several starts cost little because all of them are evaluated in one batch. Steps are straight in
the logarithms of the parameters (`coordinates`): in the parameters themselves the best ones lie in
a curved valley a thousand times longer than wide, in which straight steps end on its slopes.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from entangled_drums.errors import InferenceError
from entangled_drums.inference.coordinates import Coordinates
from entangled_drums.inference.target import Target

Array = NDArray[np.float64]

_MAXIMUM_ITERATIONS = 60
_TOLERANCE = 1e-4
"""A start has settled when its next step is below this many standard deviations."""
_LARGEST_STEP = 4.0


@dataclass(frozen=True)
class Mode:
    """A maximum of the posterior.

    Parameters
    ----------
    u : ndarray, (P,)
        Standardised parameters; on a bound where the maximum is cut off by it.
    log_posterior : float
    information : ndarray, (P, P)
        Observed information: minus the second derivatives of the log-posterior there.
    starts : int
        How many starts ended here.
    """

    u: Array
    log_posterior: float
    information: Array
    starts: int


def find_modes(target: Target, starts: Array) -> list[Mode]:
    """Climb from every start; return the distinct modes, best first.

    Parameters
    ----------
    target : Target
    starts : ndarray, (K, P)
        Standardised parameters, physically possible.

    Raises
    ------
    InferenceError
        If fewer than half of the starts settle.
    """
    lowest = target.lowest
    recorded = float(np.mean(target.observation.emission.power))
    calibrated = target.values(np.zeros((1, target.size)))
    gain, noise = (float(calibrated[f"receiver.{name}"][0]) for name in ("gain", "added_noise"))
    coordinates = Coordinates.of(target, max(recorded / gain - noise, 0.0))
    u = np.maximum(starts, lowest)
    settled = np.zeros(len(u), dtype=bool)
    damping = np.zeros(len(u))
    value, gradient, information = target.linearised(u)
    for _ in range(_MAXIMUM_ITERATIONS):
        active = np.flatnonzero(~settled)
        if active.size == 0:
            break
        step = np.zeros_like(u)
        for at in active:
            step[at] = _step(u[at], gradient[at], information[at], damping[at], lowest)
        trial = np.maximum(np.where(step != 0.0, coordinates.moved(u, step), u), lowest)
        change = np.einsum("bi,bij,bj->b", trial - u, information, trial - u)
        new_value, new_gradient, new_information = target.linearised(trial[active])
        for row, at in enumerate(active):
            # Rounding in sums over 1e4 bins: a flat top may seem to fall by this much.
            if new_value[row] < value[at] - 1e-7 * (1.0 + abs(value[at])):
                damping[at] = max(10.0 * damping[at], 1e-2)
                settled[at] = damping[at] > 1e8
                continue
            u[at], value[at] = trial[at], new_value[row]
            gradient[at], information[at] = new_gradient[row], new_information[row]
            damping[at] = 0.1 * damping[at] if damping[at] > 1e-6 else 0.0
            settled[at] = change[at] < _TOLERANCE**2
    if np.mean(settled) < 0.5:
        raise InferenceError(
            f"model-based route: {np.sum(~settled)} of {len(u)} searches for the best parameters "
            "do not settle; check the recordings against the calibration"
        )
    return _distinct(target, u[settled], value[settled], information[settled])


def _step(u: Array, gradient: Array, information: Array, damping: float, lowest: Array) -> Array:
    """Damped scoring step in the parameters that are not held back by a bound."""
    step = np.zeros_like(u)
    free = np.ones(u.size, dtype=bool)
    for _ in range(u.size):
        matrix = information[np.ix_(free, free)]
        matrix = matrix + damping * np.diag(np.diag(matrix))
        step[:] = 0.0
        step[free] = np.linalg.solve(matrix, gradient[free])
        held = free & (u <= lowest + 1e-12) & (step < 0)
        if not held.any():
            break
        free &= ~held
    length = float(np.max(np.abs(step)))
    return step * min(1.0, _LARGEST_STEP / length) if length > 0 else step


def _distinct(target: Target, u: Array, value: Array, information: Array) -> list[Mode]:
    found: list[Mode] = []
    counted: list[int] = []
    for at in np.argsort(-value, kind="stable"):
        same = next(
            (
                number
                for number, mode in enumerate(found)
                if (u[at] - mode.u) @ information[at] @ (u[at] - mode.u) < 1.0
            ),
            None,
        )
        if same is not None:
            counted[same] += 1
            continue
        if found and value[at] < found[0].log_posterior - 30.0:
            continue
        observed = _positive(target.observed_information(u[at]), information[at])
        found.append(Mode(u[at], float(value[at]), observed, 0))
        counted.append(1)
    return [replace(mode, starts=number) for mode, number in zip(found, counted, strict=True)]


def _positive(observed: Array, expected: Array) -> Array:
    """The observed information, or the expected one where the former is not positive."""
    return observed if np.linalg.eigvalsh(observed)[0] > 1e-6 else expected
