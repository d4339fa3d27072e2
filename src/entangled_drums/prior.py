"""Devices drawn from the device file: what its values and uncertainties together allow.

The true device of the simulated laboratory, the theory band and the coverage study all draw here.
"""

from collections.abc import Mapping

import numpy as np

from entangled_drums.errors import ParameterError
from entangled_drums.ranges import is_allowed

_MAXIMUM_REDRAWS = 1000


def draw(
    values: Mapping[str, float],
    uncertainties: Mapping[str, float],
    generator: np.random.Generator,
) -> dict[str, float]:
    """Draw a device: every parameter normal around its nominal value, independently.

    A quantity that cannot be negative (a rate, a frequency, a gain) is drawn again until it is
    positive; occupations and added noise until they are not negative.

    Parameters
    ----------
    values, uncertainties : mapping
        Flat nominal values and standard uncertainties, the same keys.
    generator : numpy.random.Generator
        Source of randomness; parameters are drawn in the order of their names.

    Returns
    -------
    dict
        Flat drawn values, sorted by name.

    Raises
    ------
    ParameterError
        If an uncertainty is missing, negative or NaN, or no allowed value can be drawn.
    """
    device: dict[str, float] = {}
    for name in sorted(values):
        if name not in uncertainties:
            raise ParameterError(f"{name}: no uncertainty given; write one (0.0 if it is exact)")
        centre, spread = float(values[name]), float(uncertainties[name])
        if not spread >= 0 or not np.isfinite(centre) or not np.isfinite(spread):
            raise ParameterError(
                f"{name}: value {centre} +- {spread} cannot be drawn from; "
                "write finite numbers and an uncertainty of zero or more"
            )
        for _ in range(_MAXIMUM_REDRAWS):
            number = centre + spread * float(generator.standard_normal())
            if is_allowed(name, number):
                device[name] = number
                break
        else:
            raise ParameterError(
                f"{name}: {centre:g} +- {spread:g} gives no positive value; "
                "write a positive value or a smaller uncertainty"
            )
    return device
