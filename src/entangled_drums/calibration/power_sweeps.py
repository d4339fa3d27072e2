"""Steps 5 to 7: lines against the power of one tone, and lines under one probe at a time.

Red tones widen a line by the optical damping, which gives the couplings; its area gives occupations
and, with the cavity's pedestal, how pumps heat drums and cavity. Blue tones below threshold narrow
it, which gives the amplitude with which they arrive. The two probes alone give their balance.
"""

from dataclasses import replace

import numpy as np
import xarray
from numpy.typing import NDArray

from entangled_drums.calibration.knowledge import Knowledge
from entangled_drums.calibration.scoring import Fit, fit
from entangled_drums.calibration.tone_spectra import (
    Fidelity,
    ToneSpectra,
    Values,
    means_model,
    possible,
)
from entangled_drums.parameters import DriveSettings

Array = NDArray[np.float64]

BALANCE = "lines.probe_balance"


def calibrate_sweep(dataset: xarray.Dataset, knowledge: Knowledge, fidelity: Fidelity) -> Fit:
    """Fit a recording of kind ``sideband_cooling`` or ``sideband_narrowing``.

    Parameters
    ----------
    dataset : xarray.Dataset
    knowledge : Knowledge
        What is known beforehand.
    fidelity : Fidelity
        What the model contains.

    Raises
    ------
    CalibrationError
        If the search does not settle.
    """
    table = ToneSpectra.of(dataset, fidelity)
    means = means_model(table, knowledge)
    return fit(knowledge, (), table.data(), means, possible(table, knowledge, blue=True))


def calibrate_probes(dataset: xarray.Dataset, knowledge: Knowledge, fidelity: Fidelity) -> Fit:
    """Fit a recording of kind ``probe_calibration``; see `calibrate_sweep`."""
    table = ToneSpectra.of(dataset, fidelity)
    means = means_model(table, knowledge, balanced=probe_drive)
    return fit(knowledge, (), table.data(), means, possible(table, knowledge))


def probe_drive(settings: DriveSettings, values: Values) -> DriveSettings:
    """Return the settings that one tone would need to arrive as the probes do."""
    blue = np.asarray(settings.blue_photons) * values[BALANCE] ** 2
    return replace(settings, blue_photons=blue)
