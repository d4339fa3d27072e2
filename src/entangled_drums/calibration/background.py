"""The receiver's background, which may stand for its added noise wherever parameters are named.

The background, gain times (n_e + n_add) in recorded quanta, is measured a hundred times better than
its factors. In coordinates (gain, n_add) the likely values lie on a thin hyperbola, which no normal
distribution follows; in coordinates (gain, background) they lie on a line. So fits and priors take
the background as their coordinate, and spectra the added noise that follows from it.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

GAIN, ADDED, PORT = "receiver.gain", "receiver.added_noise", "bath.external_occupation"
BACKGROUND = "receiver.background"


def flat(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return parameter values with the added noise that belongs to their background, if any.

    Parameters
    ----------
    values : mapping
        Numbers or arrays by name; where there is a background, also gain and n_e.
    """
    found = dict(values)
    if BACKGROUND in found:
        found[ADDED] = found[BACKGROUND] / found[GAIN] - found[PORT]
    return found


def with_background(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return parameter values with the background that belongs to their added noise."""
    return {**values, BACKGROUND: values[GAIN] * (values[ADDED] + values[PORT])}


def slopes_of_added_noise(values: Mapping[str, float]) -> dict[str, float]:
    """Return the derivatives of the added noise by background, gain and n_e."""
    gain = values[GAIN]
    return {BACKGROUND: 1.0 / gain, GAIN: -values[BACKGROUND] / gain**2, PORT: -1.0}


def possible(values: Mapping[str, Any]) -> NDArray[np.bool_]:
    """Tell whether the background leaves room for the vacuum and heat that leave the port."""
    found = flat(values)
    return np.asarray(np.asarray(found.get(ADDED, 0.0)) >= 0.0)
