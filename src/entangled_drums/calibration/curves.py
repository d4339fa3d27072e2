"""What the fit of a step says between its spectra: the laws of the step as smooth curves.

A curve runs over the settings of the generators or thermometers, from the first spectrum to the
last, and passes through what was fitted at each of them.
"""

from dataclasses import fields, replace
from typing import Any

import numpy as np
import xarray
from numpy.typing import NDArray

from entangled_drums.calibration import line_state, thermal_sweep
from entangled_drums.calibration.scoring import Fit
from entangled_drums.calibration.tone_spectra import Fidelity, ToneSpectra, heated, shaped
from entangled_drums.parameters import DriveSettings
from entangled_drums.recording_format import POWER, THERMAL_SWEEP
from entangled_drums.units import angular, thermal_occupation

Array = NDArray[np.float64]

STEPS_BETWEEN = 12
"""Points of a curve from one spectrum to the next."""


def curves(kind: str, fit: Fit, dataset: xarray.Dataset) -> list[dict[str, Any]]:
    """Return the laws of a step that recorded the lines of both drums, by drum.

    Parameters
    ----------
    kind : str
        Kind of the recording.
    fit : Fit
    dataset : xarray.Dataset
        The recording: spectra by drum and a rising power or temperature.

    Returns
    -------
    list of dict
        With ``drum``, the abscissa by its name in the recording and, at each of its values,
        ``bath_occupation`` and, in the thermal sweep, ``cryostat_occupation``, of a drum that
        follows; under a varied tone ``width_hz`` and ``occupation`` of the drum's motion.
    """
    abscissa = str(dataset[POWER].dims[1])
    dataset = dataset.sortby(abscissa)
    table = ToneSpectra.of(dataset, Fidelity())
    columns = table.shape.shape[1]
    table = replace(table, drive=_between_drives(table.drive, columns))
    values = shaped(fit.after.values(fit.after.mean[None]))
    drums = dataset["drum"].values.astype(int)
    own = np.broadcast_to(drums[:, None], (drums.size, STEPS_BETWEEN * (columns - 1) + 1))
    along = _between(dataset[abscissa].values)
    system = table.unit_system(values)
    levels = np.broadcast_to(heated(system, values, np.zeros((1, 0)))[0], (*own.shape, 4))
    bath = np.take_along_axis(levels, (own + 1)[..., None], axis=-1)[..., 0]
    found: dict[str, Array] = {}
    if kind == THERMAL_SWEEP:
        frequency = angular(
            np.array([values[f"drum_{drum}.frequency_hz"].item() for drum in drums])
        )
        error, *logarithms = fit.nuisance_values[:3]
        found["bath_occupation"] = thermal_sweep.drum_occupation(
            bath,
            frequency[:, None],
            along * (1.0 + error),
            values["cryostat.base_temperature_k"][0],
            thermal_sweep.link_power(np.array(logarithms))[drums - 1, None],
        )
        found["cryostat_occupation"] = np.asarray(thermal_occupation(frequency[:, None], along))
    else:
        found["bath_occupation"] = bath
        found["width_hz"], _ = line_state.pole(system, own)
        found["occupation"] = line_state.occupation(system, own, levels)
    return [
        {
            "drum": int(drum),
            abscissa: along.tolist(),
            **{name: quantity[row].tolist() for name, quantity in found.items()},
        }
        for row, drum in enumerate(drums)
    ]


def _between(settings: Array) -> Array:
    """Fill settings (..., C), all above zero, up with geometric steps."""
    count = settings.shape[-1]
    fine = np.arange(STEPS_BETWEEN * (count - 1) + 1) / STEPS_BETWEEN
    filled = [np.interp(fine, np.arange(count), one) for one in np.log(settings.reshape(-1, count))]
    return np.exp(np.reshape(filled, (*settings.shape[:-1], fine.size)))


def _between_drives(drive: DriveSettings, columns: int) -> DriveSettings:
    """Fill up whatever setting varies from column to column; photons go as coupling squared."""
    changed = {}
    for field in fields(drive):
        setting = np.asarray(getattr(drive, field.name))
        if setting.ndim and setting.shape[-1] == columns > 1:
            constant = np.all(setting == setting[..., :1])
            changed[field.name] = setting[..., :1] if constant else _between(setting)
    return replace(drive, **changed)
