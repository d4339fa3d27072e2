"""Which values a flat parameter may take, by its name."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

_MAY_BE_ZERO = ("occupation", "added_noise")


def is_allowed(name: str, value: ArrayLike) -> NDArray[np.bool_]:
    """Tell whether a value of a flat parameter is physically possible.

    Parameters
    ----------
    name : str
        Flat parameter name, for example ``"cavity.kappa_internal_hz"``.
    value : array_like, (...)
        Values in the unit the name implies.

    Returns
    -------
    ndarray of bool, (...)
        Occupations and added noise must not be negative; exponents and slopes of heating may have
        any sign; everything else must be positive. NaN is never allowed.
    """
    number = np.asarray(value, dtype=np.float64)
    if name.startswith("heating.") and not name.endswith("_hz"):
        return np.isfinite(number)
    if name.endswith(_MAY_BE_ZERO):
        return number >= 0
    return number > 0
