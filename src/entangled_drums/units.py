"""Units at the border of the library: cyclic and angular frequency, temperature, decibel.

Config files, tables and recordings give cyclic frequencies in Hz (names end in ``_hz``); every
formula of the library uses angular rates in rad/s. The conversion happens here and nowhere else.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from entangled_drums.errors import ParameterError

TWO_PI = 2.0 * np.pi
HBAR = 1.054571817e-34
"""Reduced Planck constant in J s (exact in the SI of 2019, rounded to ten digits)."""
BOLTZMANN = 1.380649e-23
"""Boltzmann constant in J/K (exact in the SI of 2019)."""


def angular(frequency_hz: ArrayLike) -> NDArray[np.float64]:
    """Angular frequency in rad/s of a cyclic frequency in Hz, any shape."""
    return TWO_PI * np.asarray(frequency_hz, dtype=np.float64)


def cyclic(angular_frequency: ArrayLike) -> NDArray[np.float64]:
    """Cyclic frequency in Hz of an angular frequency in rad/s, any shape."""
    return np.asarray(angular_frequency, dtype=np.float64) / TWO_PI


def thermal_occupation(
    angular_frequency: ArrayLike, temperature_k: ArrayLike
) -> NDArray[np.float64]:
    """Bose-Einstein occupation ``1/(exp(hbar omega/(k_B T)) - 1)`` of a bath.

    Parameters
    ----------
    angular_frequency : array_like
        Mode frequency in rad/s, positive.
    temperature_k : array_like
        Bath temperature in K, not negative; zero gives zero quanta. Broadcasts.

    Raises
    ------
    ParameterError
        If a frequency is not positive or a temperature is negative, or either is NaN.
    """
    omega, temperature = np.broadcast_arrays(
        np.asarray(angular_frequency, dtype=np.float64),
        np.asarray(temperature_k, dtype=np.float64),
    )
    if not np.all(omega > 0):
        raise ParameterError("angular_frequency must be positive: give rad/s above zero")
    if not np.all(temperature >= 0):
        raise ParameterError("temperature_k must not be negative or NaN: give kelvin, 0 or more")
    with np.errstate(divide="ignore", over="ignore"):
        return 1.0 / np.expm1(HBAR * omega / (BOLTZMANN * temperature))


def temperature(angular_frequency: ArrayLike, occupation: ArrayLike) -> NDArray[np.float64]:
    """Temperature in K at which a mode of this frequency (rad/s) holds this mean occupation.

    Inverse of :func:`thermal_occupation`; an occupation of zero gives zero kelvin.

    Raises
    ------
    ParameterError
        If a frequency is not positive or an occupation is negative, or either is NaN.
    """
    omega, quanta = np.broadcast_arrays(
        np.asarray(angular_frequency, dtype=np.float64),
        np.asarray(occupation, dtype=np.float64),
    )
    if not np.all(omega > 0):
        raise ParameterError("angular_frequency must be positive: give rad/s above zero")
    if not np.all(quanta >= 0):
        raise ParameterError("occupation must not be negative or NaN: give quanta, 0 or more")
    with np.errstate(divide="ignore"):
        return HBAR * omega / (BOLTZMANN * np.log1p(1.0 / quanta))


def decibel(ratio: ArrayLike) -> NDArray[np.float64]:
    """Level ``10 log10(ratio)`` in dB of a ratio of powers or variances to its reference."""
    return 10.0 * np.log10(np.asarray(ratio, dtype=np.float64))
