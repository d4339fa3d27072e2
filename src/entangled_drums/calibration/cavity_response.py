"""Step 1: reflection of the cavity gives its frequency and its two losses.

The analyser shows the conjugate of ``A e^{i(phi + omega tau)} (1 + t omega/2 omega_max)
[kappa_e e^{i theta}/(kappa/2 - i omega) - 1]``: amplitude A, phase phi, delay tau and tilt t of the
cable, and the angle theta of a mismatch at the port, are nuisances without prior.
"""

from typing import Any

import numpy as np
import xarray
from numpy.typing import NDArray

from entangled_drums.calibration.knowledge import Knowledge
from entangled_drums.calibration.scoring import Data, Fit, Nuisance, fit
from entangled_drums.calibration.tone_spectra import Fidelity
from entangled_drums.units import angular

Array = NDArray[np.float64]

PARAMETERS = ("cavity.frequency_hz", "cavity.kappa_external_hz", "cavity.kappa_internal_hz")


def calibrate(dataset: xarray.Dataset, knowledge: Knowledge, fidelity: Fidelity) -> Fit:
    """Fit a recording of kind ``cavity_response``.

    Parameters
    ----------
    dataset : xarray.Dataset
    knowledge : Knowledge
        What is known beforehand.
    fidelity : Fidelity
        Not used: there is no tone.

    Raises
    ------
    CalibrationError
        If the search does not settle.
    """
    frequency_hz = np.asarray(dataset["frequency_hz"].values, dtype=np.float64)
    seen = dataset["reflection_real"].values + 1j * dataset["reflection_imaginary"].values
    centre_hz = float(dataset.attrs["centre_frequency_hz"])
    nuisances = _start(frequency_hz, seen, knowledge.values(knowledge.mean[None]), centre_hz)
    size = len(knowledge.names)

    def means(points: Array) -> Array:
        values = knowledge.values(points[:, :size])
        shown = cable(frequency_hz, points[:, size:]) * reflection(
            frequency_hz, values, centre_hz, points[:, -1]
        )
        # The analyser's phasors run the other way.
        return np.concatenate([shown.real, -shown.imag], axis=-1)

    data = Data(
        observed=np.concatenate([seen.real, seen.imag]),
        shape=None,
        standard_deviation=float(dataset.attrs["standard_deviation"]),
        group=np.repeat([0, 1], seen.size),
        labels=("real part", "imaginary part"),
        tested=np.ones(2 * seen.size, dtype=bool),
        tested_shape=None,
    )
    return fit(knowledge, nuisances, data, means)


def reflection(
    frequency_hz: Array, values: dict[str, Any], centre_hz: float, mismatch_rad: Array
) -> NDArray[np.complex128]:
    """Return S11 (B, F) of cavities, before the cable, at distances from a centre."""
    frequency, external, internal = (np.asarray(values[name])[:, None] for name in PARAMETERS)
    offset = centre_hz - frequency + frequency_hz
    coupling = external * np.exp(1j * np.asarray(mismatch_rad)[:, None])
    return np.asarray(coupling / ((external + internal) / 2.0 - 1j * offset) - 1.0)


def cable(frequency_hz: Array, nuisances: Array) -> NDArray[np.complex128]:
    """Return the factor (B, F) of cables with the nuisances (B, 5) of `calibrate`, in its order."""
    amplitude, phase, delay, tilt = nuisances.T[:4, :, None]
    turn = phase + angular(frequency_hz) * delay
    span = 2.0 * float(np.max(np.abs(frequency_hz)))
    return np.asarray(amplitude * (1.0 + tilt * frequency_hz / span) * np.exp(1j * turn))


def _start(
    frequency_hz: Array, seen: NDArray[np.complex128], values: dict[str, Any], centre_hz: float
) -> tuple[Nuisance, ...]:
    """Read delay, phase and amplitude off the ratio of the data to the cavity as it is known."""
    ratio = np.conj(seen) / reflection(frequency_hz, values, centre_hz, np.zeros(1))[0]
    step = 2.0 * np.pi * float(np.mean(np.diff(frequency_hz)))
    delay = float(np.angle(np.sum(ratio[1:] * np.conj(ratio[:-1])))) / step
    level = np.mean(ratio * np.exp(-1j * angular(frequency_hz) * delay))
    span = float(np.ptp(angular(frequency_hz)))
    return (
        Nuisance("cable_amplitude", "1", float(np.abs(level)), float(np.abs(level))),
        Nuisance("cable_phase_rad", "rad", float(np.angle(level)), 1.0),
        Nuisance("cable_delay_s", "s", delay, 1.0 / span),
        Nuisance("tilt", "1", 0.0, 1.0),
        Nuisance("mismatch_rad", "rad", 0.0, 1.0),
    )
