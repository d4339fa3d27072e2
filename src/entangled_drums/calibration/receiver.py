"""Steps 2 and 3: loads of known temperature give gain and added noise, the cavity's port gives n_e.

A load shows ``gain (t n(T) + d + n_add)`` with transmission t near one and a difference d of the
paths' noise; behind the cavity tuned away stands ``gain (n_e + n_add)``. Errors of thermometer,
transmission and path noise are nuisances whose uncertainties stand in the recording: they, not the
statistics of the bins, limit both steps. n_e is what the port has more than the loads' path, so its
uncertainty is at least that of d.
"""

from collections.abc import Callable

import numpy as np
import xarray
from numpy.typing import NDArray

from entangled_drums import windows
from entangled_drums.calibration.background import BACKGROUND, GAIN, PORT
from entangled_drums.calibration.knowledge import Knowledge
from entangled_drums.calibration.scoring import Data, Fit, Nuisance, fit
from entangled_drums.calibration.tone_spectra import Fidelity
from entangled_drums.recording_format import POWER
from entangled_drums.units import angular, thermal_occupation

Array = NDArray[np.float64]


def calibrate_loads(dataset: xarray.Dataset, knowledge: Knowledge, fidelity: Fidelity) -> Fit:
    """Fit a recording of kind ``load_noise``; arguments and errors as for `calibrate_port`."""
    shown_k = dataset["load_temperature_k"].values[:, None]
    frequency = angular(float(dataset.attrs["centre_frequency_hz"]))
    nuisances = (
        _of(dataset, "temperature_uncertainty", "thermometer_error", "1"),
        _of(dataset, "path_uncertainty", "path_transmission_error", "1"),
        _of(dataset, "path_noise_uncertainty", "path_noise_difference", "quanta"),
    )
    size = len(knowledge.names)

    def levels(points: Array) -> Array:
        values = knowledge.values(points[:, :size])
        thermometer, path, noise = points[:, size:].T
        load = (1.0 + path) * thermal_occupation(frequency, shown_k * (1.0 + thermometer)) + noise
        return (values[GAIN] * (load - values[PORT]) + values[BACKGROUND]).T

    labels = tuple(f"load at {one:g} K" for one in shown_k[:, 0])
    return _fit(dataset, knowledge, nuisances, levels, labels)


def calibrate_port(dataset: xarray.Dataset, knowledge: Knowledge, fidelity: Fidelity) -> Fit:
    """Fit a recording of kind ``background``.

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
    size = len(knowledge.names)

    def levels(points: Array) -> Array:
        return knowledge.values(points[:, :size])[BACKGROUND][:, None]

    return _fit(dataset, knowledge, (), levels, ("port",))


def _of(dataset: xarray.Dataset, attribute: str, name: str, unit: str) -> Nuisance:
    # An uncertainty of zero would make the prior infinite.
    uncertainty = max(float(dataset.attrs[attribute]), 1e-9)
    return Nuisance(name, unit, 0.0, uncertainty, uncertainty)


def _fit(
    dataset: xarray.Dataset,
    knowledge: Knowledge,
    nuisances: tuple[Nuisance, ...],
    levels: Callable[[Array], Array],
    labels: tuple[str, ...],
) -> Fit:
    """Fit levels (B, S) to flat spectra."""
    power = np.atleast_2d(dataset[POWER].values)
    spectra, bins = power.shape
    name, shape = str(dataset.attrs["window"]), float(dataset.attrs["effective_averages"])
    apart = len(windows.window(name).bin_correlation) + 1
    number = np.round(dataset["frequency_hz"].values / float(dataset.attrs["bin_width_hz"]))

    def means(points: Array) -> Array:
        return np.repeat(levels(points), bins, axis=-1)

    data = Data(
        observed=power.reshape(-1),
        shape=np.full(power.size, windows.shape_for_sums(name, shape)),
        standard_deviation=1.0,
        group=np.repeat(np.arange(spectra), bins),
        labels=labels,
        tested=np.tile(number % apart == 0, spectra),
        tested_shape=np.full(power.size, shape),
    )
    return fit(knowledge, nuisances, data, means)
