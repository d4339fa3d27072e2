"""All recordings of the calibration, one after the other."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import xarray

from entangled_drums import recording_format as kinds
from entangled_drums.laboratory import noise_floor, reflection, single_tone
from entangled_drums.laboratory.imperfections import Imperfections
from entangled_drums.laboratory.pumped import EmissionSettings

KINDS = (
    kinds.CAVITY_RESPONSE,
    kinds.BACKGROUND,
    kinds.LOAD_NOISE,
    kinds.THERMAL_SWEEP,
    kinds.SIDEBAND_COOLING,
    kinds.SIDEBAND_NARROWING,
    kinds.PROBE_CALIBRATION,
)


def record(
    kind: str,
    truth: Mapping[str, float],
    nominal: Mapping[str, float],
    measurement: Mapping[str, Mapping[str, Any]],
    generator: np.random.Generator,
    imperfections: Imperfections,
) -> xarray.Dataset:
    """Record one data set of the calibration.

    Parameters
    ----------
    kind : str
        One of `KINDS`.
    truth, nominal : mapping
        Flat true and nominal parameter values.
    measurement : mapping
        Settings of each kind by its name, as in the section ``calibration`` of an experiment, and
        under ``emission`` and ``probe_offset_hz`` the bins of the emission and the offset of the
        probes.
    generator : numpy.random.Generator
        Source of randomness.
    imperfections : Imperfections
        What the laboratory does that the model does not say.

    Returns
    -------
    xarray.Dataset
    """
    settings = dict(measurement[kind])
    if kind == kinds.CAVITY_RESPONSE:
        return reflection.record_cavity_response(truth, nominal, settings, generator, imperfections)
    if kind in (kinds.BACKGROUND, kinds.LOAD_NOISE):
        spectrum = EmissionSettings(
            **{**measurement["emission"], "duration_s": settings["duration_s"]}
        )
        if kind == kinds.BACKGROUND:
            return noise_floor.record_background(truth, nominal, spectrum, generator, imperfections)
        return noise_floor.record_load_noise(
            truth, nominal, spectrum, settings, generator, imperfections
        )
    if kind in (kinds.SIDEBAND_COOLING, kinds.SIDEBAND_NARROWING):
        return single_tone.record_power_sweep(
            kind, truth, nominal, settings, generator, imperfections
        )
    one: Callable[..., xarray.Dataset] = single_tone.record_thermal_sweep
    if kind == kinds.PROBE_CALIBRATION:
        settings["probe_offset_hz"] = measurement["probe_offset_hz"]
        one = single_tone.record_probe_calibration
    return one(truth, nominal, settings, generator, imperfections)
