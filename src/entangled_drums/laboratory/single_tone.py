"""Recordings under one tone: thermal sweep, cooling, narrowing, calibration of the probes.

The tone sits one drum frequency below (red) or above (blue) the cavity, so that this drum's line
falls into the middle of the cavity. Each spectrum has bins of its own, matched to the width that
the nominal device leads one to expect.

As the cryostat warms, the drum follows it as ``T_drum^4 = T^4 + T_0^4``: the drum decouples where a
constant heat load outweighs a thermal link that falls as the cube of temperature (an assumption, as
for boundary resistance). T_0 is such that the coldest drum has the occupation of the device. The
cavity's baths gain the thermal occupation at the cavity frequency.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import xarray
from numpy.typing import ArrayLike, NDArray

from entangled_drums import parameters, recording, recording_format, windows
from entangled_drums.laboratory import receiver, single_tone_settings
from entangled_drums.laboratory.imperfections import (
    NONE,
    Imperfections,
    course,
    relative_powers,
    true_system,
)
from entangled_drums.laboratory.pumped import emission_psd
from entangled_drums.parameters import DriveSettings
from entangled_drums.units import BOLTZMANN, HBAR, angular, thermal_occupation

DECOUPLING_EXPONENT = 4.0
DRUMS = (1, 2)
_EACH_DRUM = np.array(DRUMS)


def record_thermal_sweep(
    truth: Mapping[str, float],
    nominal: Mapping[str, float],
    settings: Mapping[str, Any],
    generator: np.random.Generator,
    imperfections: Imperfections = NONE,
) -> xarray.Dataset:
    """Record the line of each drum under a weak red tone at several temperatures.

    Parameters
    ----------
    truth, nominal : mapping
        Flat true and nominal parameter values.
    settings : mapping
        ``coupling_hz`` of the tone (nominal, geometric mean of the drums), ``temperatures_k``,
        their relative ``temperature_uncertainty``, ``duration_s`` of each spectrum, ``bins`` and
        half span in line ``widths``.
    generator : numpy.random.Generator
        Source of randomness.
    imperfections : Imperfections, optional

    Returns
    -------
    xarray.Dataset
        Recording of kind ``thermal_sweep``.
    """
    noise, errors = generator.spawn(2)
    shown_k = np.sort(np.asarray(settings["temperatures_k"], dtype=np.float64))
    uncertainty = float(settings["temperature_uncertainty"])
    true_k = shown_k * (1.0 + uncertainty * errors.standard_normal())
    drums = _EACH_DRUM[:, None]
    drive = single_tone_settings.tone(nominal, drums, settings["coupling_hz"], blue=False)
    table = _Table((len(DRUMS), true_k.size), warmed(truth, drive, true_k), drive, drums)
    return recording.compose(
        recording_format.THERMAL_SWEEP,
        drum=_EACH_DRUM,
        temperature_k=shown_k,
        frame_frequency_hz=np.ravel(drive.frame_frequency_hz),
        temperature_uncertainty=uncertainty,
        **{
            name: float(np.asarray(getattr(drive, name)))
            for name in ("red_coupling_hz", "red_photons", "centre_frequency_hz")
        },
        **_record(table, nominal, settings, noise, imperfections),
    )


def record_power_sweep(
    kind: str,
    truth: Mapping[str, float],
    nominal: Mapping[str, float],
    settings: Mapping[str, Any],
    generator: np.random.Generator,
    imperfections: Imperfections = NONE,
) -> xarray.Dataset:
    """Record the line of each drum under one tone at several powers.

    Parameters
    ----------
    kind : {"sideband_cooling", "sideband_narrowing"}
        Red or blue tone.
    truth, nominal, settings, generator, imperfections
        See `record_thermal_sweep`; ``couplings_hz`` lists the nominal couplings.

    Returns
    -------
    xarray.Dataset

    Raises
    ------
    UnstableDriveError
        If a blue tone drives a drum beyond its threshold.
    """
    blue = kind == recording_format.SIDEBAND_NARROWING
    couplings = np.sort(np.asarray(settings["couplings_hz"], dtype=np.float64))
    drums = _EACH_DRUM[:, None]
    drive = single_tone_settings.tone(nominal, drums, couplings, blue=blue)
    table = _Table((len(DRUMS), couplings.size), truth, drive, drums)
    photons = "blue_photons" if blue else "red_photons"
    return recording.compose(
        kind,
        drum=_EACH_DRUM,
        frame_frequency_hz=np.ravel(drive.frame_frequency_hz),
        red_coupling_hz=couplings,
        centre_frequency_hz=float(np.asarray(drive.centre_frequency_hz)),
        **{photons: getattr(drive, photons)},
        **_record(table, nominal, settings, generator, imperfections),
    )


def record_probe_calibration(
    truth: Mapping[str, float],
    nominal: Mapping[str, float],
    settings: Mapping[str, Any],
    generator: np.random.Generator,
    imperfections: Imperfections = NONE,
) -> xarray.Dataset:
    """Record both drums' lines under the red probe alone and under the blue probe alone.

    Parameters
    ----------
    truth, nominal, settings, generator, imperfections
        See `record_thermal_sweep`; ``coupling_hz`` of a probe and ``probe_offset_hz``.

    Returns
    -------
    xarray.Dataset
        Recording of kind ``probe_calibration``.
    """
    drive = single_tone_settings.probes(
        nominal, settings["coupling_hz"], settings["probe_offset_hz"]
    )
    felt = single_tone_settings.arriving(truth, drive, imperfections.probe_imbalance)
    felt = replace(
        felt,
        red_photons=np.asarray(felt.red_photons)[:, None],
        blue_photons=np.asarray(felt.blue_photons)[:, None],
    )
    sidebands = np.array(single_tone_settings.SIDEBANDS)
    table = _Table((len(sidebands), len(DRUMS)), truth, felt, _EACH_DRUM)
    return recording.compose(
        recording_format.PROBE_CALIBRATION,
        sideband=sidebands,
        drum=_EACH_DRUM,
        centre_frequency_hz=float(np.asarray(drive.centre_frequency_hz)),
        frame_frequency_hz=float(np.asarray(drive.frame_frequency_hz)),
        red_coupling_hz=np.broadcast_to(drive.red_coupling_hz, sidebands.shape),
        red_photons=drive.red_photons,
        blue_photons=drive.blue_photons,
        **_record(table, nominal, settings, generator, imperfections),
    )


def warmed(
    truth: Mapping[str, float], drive: DriveSettings, temperature_k: ArrayLike
) -> dict[str, Any]:
    """Return the flat true values with all baths as they are at cryostat temperatures.

    Parameters
    ----------
    truth : mapping
        Flat true values at base temperature.
    drive : DriveSettings
        Settings of the tone, whose heating of the drums comes on top.
    temperature_k : array_like
        True temperature of the cryostat.
    """
    values: dict[str, Any] = dict(truth)
    now_k = np.asarray(temperature_k, dtype=np.float64)
    bath = parameters.system(truth, drive).bath
    base_k = truth["cryostat.base_temperature_k"]
    for drum in DRUMS:
        name = f"drum_{drum}.thermal_occupation"
        frequency = float(angular(truth[f"drum_{drum}.frequency_hz"]))
        coldest = bath.thermal_occupation[..., drum - 1]
        coldest_k = HBAR * frequency / (BOLTZMANN * np.log1p(1.0 / coldest))
        power = DECOUPLING_EXPONENT
        floor = np.maximum(coldest_k**power - base_k**power, 0.0)
        drum_k = (now_k**power + floor) ** (1.0 / power)
        # parameters.system multiplies by the heating of the tone, which the floor holds already.
        heating = coldest / truth[name]
        values[name] = thermal_occupation(frequency, drum_k) / heating
    cavity = float(angular(truth["cavity.frequency_hz"]))
    extra = thermal_occupation(cavity, now_k) - thermal_occupation(cavity, base_k)
    values["bath.external_occupation"] = truth["bath.external_occupation"] + extra
    internal = bath.internal_occupation / truth["bath.internal_occupation"]
    values["bath.internal_occupation"] = truth["bath.internal_occupation"] + extra / internal
    return values


@dataclass(frozen=True)
class _Table:
    """Spectra (R, C) to record: everything broadcasts to that shape.

    Parameters
    ----------
    shape : tuple of int
    values : mapping
        Flat true values.
    drive : DriveSettings
        Settings of the generators.
    drum : ndarray of int
        The drum whose line is recorded.
    """

    shape: tuple[int, int]
    values: Mapping[str, Any]
    drive: DriveSettings
    drum: NDArray[np.int64]


def _line_centre_hz(
    nominal: Mapping[str, float], drive: DriveSettings, drum: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Where the nominal device has a drum's line under one tone, Hz from the drive centre.

    A red tone's line lies one drum frequency above the tone, a blue tone's one below.
    """
    frequency_hz = parameters.both_drums(nominal, "frequency_hz")[drum - 1]
    above = frequency_hz - np.asarray(drive.frame_frequency_hz)
    return np.where(np.asarray(drive.red_photons) == 0, -above, above)


def _expected_width_hz(
    nominal: Mapping[str, float], drive: DriveSettings, drum: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Width of a drum's line that the nominal device leads one to expect.

    ``gamma_j +- 4 g_j^2 n kappa/(kappa^2 + 4 omega^2)`` with the photons n of the red (+) or blue
    (-) tone and the line's distance omega from the cavity.
    """
    kappa = nominal["cavity.kappa_external_hz"] + nominal["cavity.kappa_internal_hz"]
    centre = np.asarray(drive.centre_frequency_hz) - nominal["cavity.frequency_hz"]
    line = centre + _line_centre_hz(nominal, drive, drum)
    photons = np.asarray(drive.red_photons) - np.asarray(drive.blue_photons)
    coupling = parameters.both_drums(nominal, "single_photon_coupling_hz")[drum - 1]
    damping = 4.0 * coupling**2 * photons * kappa / (kappa**2 + 4.0 * line**2)
    return parameters.both_drums(nominal, "linewidth_hz")[drum - 1] + damping


def _record(
    table: _Table,
    nominal: Mapping[str, float],
    settings: Mapping[str, Any],
    generator: np.random.Generator,
    imperfections: Imperfections,
) -> dict[str, Any]:
    """Record a table of spectra, each on its own bins; the fields that all kinds share."""
    drive, shape = table.drive, table.shape
    count = int(settings["bins"])
    number = np.arange(count) - count // 2
    widest = np.maximum(_expected_width_hz(nominal, drive, table.drum), 1.0)
    wanted = np.broadcast_to(2.0 * settings["widths"] * widest / count, shape)
    width = np.array([_round(float(one)) for one in wanted.flat]).reshape(*shape, 1)
    centre = np.broadcast_to(_line_centre_hz(nominal, drive, table.drum), shape)[..., None]
    frequency_hz: NDArray[np.float64] = width * (np.round(centre / width) + number)
    # Behind the axes of the table comes that of the nodes of the course.
    along = course(imperfections, 1)
    values = {
        name: value if np.ndim(value) == 0 else np.asarray(value)[..., None]
        for name, value in table.values.items()
    }
    settings_of_each = DriveSettings(
        **{name: np.asarray(value)[..., None] for name, value in vars(drive).items()}
    )
    system = true_system(values, settings_of_each, imperfections, along)
    averaging = [receiver.Averaging.of(settings["duration_s"], float(one)) for one in width.flat]
    power = receiver.record_runs(
        emission_psd(system, values, imperfections, along),
        frequency_hz,
        averaging,
        table.values,
        imperfections,
        generator,
        np.broadcast_to(sum(relative_powers(table.values, drive)), shape),
    )
    return {
        "bin": np.arange(count),
        "power_spectral_density": power,
        "frequency_hz": frequency_hz,
        "window": windows.BOXCAR,
        "overlap": 0.0,
        "duration_s": float(settings["duration_s"]) * shape[0] * shape[1],
        **recording.averaging(
            width[..., 0], np.reshape([one.averages for one in averaging], shape)
        ),
    }


def _round(width_hz: float) -> float:
    """Two digits: what an experimenter types into an analyser."""
    digits = 1 - int(np.floor(np.log10(width_hz)))
    return float(np.round(width_hz, digits))
