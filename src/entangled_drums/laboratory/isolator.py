"""Amplifier noise that leaks backwards through an isolator, and comes back from the cavity.

An amplifier that adds the classical field ``h`` (``n = added_noise - 1/2`` quanta) sends a part
``rho h`` towards the cavity, ``rho = isolator_leakage exp(i isolator_phase_rad)``: all of it
correlated with what the amplifier adds (an assumption; independent noise would only warm the port).
The cavity returns it with its reflection T under the tones, and both parts interfere,

    n_e -> n_e + |rho|^2 n,    S_out -> S_out + 2 n Re(rho T(omega)),

which gives lines a Fano shape that no bath can. T is that of the tones alone in the rotating-wave
approximation: probes and counter-rotating terms would change a small effect by a percent of itself.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from entangled_drums import spectra
from entangled_drums.laboratory.imperfections import Imperfections, amplifier_noise
from entangled_drums.system import System


def interference(
    reflection: ArrayLike, truth: Mapping[str, Any], imperfections: Imperfections
) -> NDArray[np.float64]:
    """Return what the leak adds to a spectrum (quanta) beside the warmer port.

    Parameters
    ----------
    reflection : array_like, complex
        T of the load behind the isolator: -1 for a cavity tuned away, 0 for a matched load.
    truth : mapping
        Flat true values; the receiver's added noise is used.
    imperfections : Imperfections
    """
    phase = np.exp(1j * imperfections.isolator_phase_rad)
    leakage = 2.0 * amplifier_noise(truth) * imperfections.isolator_leakage
    return leakage * np.real(phase * np.asarray(reflection))


def under_tones(
    system: System,
    omega: NDArray[np.float64],
    truth: Mapping[str, Any],
    imperfections: Imperfections,
) -> NDArray[np.float64]:
    """Return the interference (..., F) at frequencies (F,) in rad/s under the tones of a system."""
    if imperfections.isolator_leakage == 0:
        return np.zeros(omega.shape)
    return interference(spectra.port_reflection(system, omega), truth, imperfections)
