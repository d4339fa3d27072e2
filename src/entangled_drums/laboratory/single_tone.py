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
from typing import Any

import numpy as np
import xarray
from numpy.typing import NDArray

from entangled_drums import parameters, recording, recording_format
from entangled_drums.laboratory import receiver
from entangled_drums.laboratory.imperfections import NONE, Imperfections, course, true_system
from entangled_drums.laboratory.pumped import emission_psd
from entangled_drums.parameters import DriveSettings
from entangled_drums.units import BOLTZMANN, HBAR, angular, thermal_occupation

DECOUPLING_EXPONENT = 4.0
DRUMS = (1, 2)

Spectrum = tuple[Mapping[str, float], DriveSettings, int]
"""True values, settings of the generators, and the drum whose line is recorded."""


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
    drives = [_tone(nominal, drum, settings["coupling_hz"], blue=False) for drum in DRUMS]
    spectra: list[list[Spectrum]] = [
        [(warmed(truth, drive, float(one)), drive, drum) for one in true_k]
        for drum, drive in zip(DRUMS, drives, strict=True)
    ]
    return recording.compose(
        recording_format.THERMAL_SWEEP,
        drum=np.array(DRUMS),
        temperature_k=shown_k,
        frame_frequency_hz=[drive.frame_frequency_hz for drive in drives],
        temperature_uncertainty=uncertainty,
        **{
            name: float(np.asarray(getattr(drives[0], name)))
            for name in ("red_coupling_hz", "red_photons", "centre_frequency_hz")
        },
        **_record(spectra, nominal, settings, noise, imperfections),
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
    drives = [[_tone(nominal, drum, one, blue=blue) for one in couplings] for drum in DRUMS]
    spectra: list[list[Spectrum]] = [
        [(truth, drive, drum) for drive in row] for drum, row in zip(DRUMS, drives, strict=True)
    ]
    photons = "blue_photons" if blue else "red_photons"
    return recording.compose(
        kind,
        drum=np.array(DRUMS),
        frame_frequency_hz=[row[0].frame_frequency_hz for row in drives],
        red_coupling_hz=couplings,
        centre_frequency_hz=float(np.asarray(drives[0][0].centre_frequency_hz)),
        **{photons: [getattr(drive, photons) for drive in drives[0]]},
        **_record(spectra, nominal, settings, generator, imperfections),
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
    pair = parameters.drive_settings(
        nominal, settings["coupling_hz"], 1.0, cavity_detuning_hz=settings["probe_offset_hz"]
    )
    drives = [_one_of(pair, blue=False), _one_of(pair, blue=True)]
    spectra = [[(truth, drive, drum) for drum in DRUMS] for drive in drives]
    # Only the blue probe's generator can be out of balance with the red one's.
    excess = (truth["lines.probe_balance"] * (1.0 + imperfections.probe_imbalance)) ** 2
    felt = [
        [
            (
                values,
                DriveSettings(
                    **{**vars(drive), "blue_photons": np.asarray(drive.blue_photons) * excess}
                ),
                drum,
            )
            for values, drive, drum in row
        ]
        for row in spectra
    ]
    return recording.compose(
        recording_format.PROBE_CALIBRATION,
        sideband=np.array([-1, 1]),
        drum=np.array(DRUMS),
        centre_frequency_hz=float(np.asarray(pair.centre_frequency_hz)),
        frame_frequency_hz=float(np.asarray(pair.frame_frequency_hz)),
        **{
            name: [float(np.asarray(getattr(drive, name))) for drive in drives]
            for name in ("red_coupling_hz", "red_photons", "blue_photons")
        },
        **_record(felt, nominal, settings, generator, imperfections),
    )


def warmed(
    truth: Mapping[str, float], drive: DriveSettings, temperature_k: float
) -> dict[str, float]:
    """Return the flat true values with all baths as they are at a cryostat temperature.

    Parameters
    ----------
    truth : mapping
        Flat true values at base temperature.
    drive : DriveSettings
        Settings of the tone, whose heating of the drums comes on top.
    temperature_k : float
        True temperature of the cryostat.
    """
    values = dict(truth)
    bath = parameters.system(truth, drive).bath
    base_k = truth["cryostat.base_temperature_k"]
    for drum in DRUMS:
        name = f"drum_{drum}.thermal_occupation"
        frequency = float(angular(truth[f"drum_{drum}.frequency_hz"]))
        coldest = float(bath.thermal_occupation[drum - 1])
        coldest_k = HBAR * frequency / (BOLTZMANN * np.log1p(1.0 / coldest))
        power = DECOUPLING_EXPONENT
        floor = max(coldest_k**power - base_k**power, 0.0)
        drum_k = (temperature_k**power + floor) ** (1.0 / power)
        # parameters.system multiplies by the heating of the tone, which the floor holds already.
        heating = coldest / truth[name]
        values[name] = float(thermal_occupation(frequency, drum_k)) / heating
    cavity = float(angular(truth["cavity.frequency_hz"]))
    extra = float(thermal_occupation(cavity, temperature_k) - thermal_occupation(cavity, base_k))
    values["bath.external_occupation"] = truth["bath.external_occupation"] + extra
    internal = float(bath.internal_occupation) / truth["bath.internal_occupation"]
    values["bath.internal_occupation"] = truth["bath.internal_occupation"] + extra / internal
    return values


def line_centre_hz(nominal: Mapping[str, float], drive: DriveSettings, drum: int) -> float:
    """Return where the nominal device has a drum's line under one tone, Hz from the drive centre.

    A red tone's line lies one drum frequency above the tone, a blue tone's one below.
    """
    above = nominal[f"drum_{drum}.frequency_hz"] - float(np.asarray(drive.frame_frequency_hz))
    return -above if np.asarray(drive.red_photons) == 0 else above


def expected_width_hz(nominal: Mapping[str, float], drive: DriveSettings, drum: int) -> float:
    """Return the width of a drum's line that the nominal device leads one to expect.

    ``gamma_j +- 4 g_j^2 n kappa/(kappa^2 + 4 omega^2)`` with the photons n of the red (+) or blue
    (-) tone and the line's distance omega from the cavity.
    """
    kappa = nominal["cavity.kappa_external_hz"] + nominal["cavity.kappa_internal_hz"]
    centre = float(np.asarray(drive.centre_frequency_hz)) - nominal["cavity.frequency_hz"]
    line = centre + line_centre_hz(nominal, drive, drum)
    photons = float(np.asarray(drive.red_photons) - np.asarray(drive.blue_photons))
    coupling = nominal[f"drum_{drum}.single_photon_coupling_hz"]
    damping = 4.0 * coupling**2 * photons * kappa / (kappa**2 + 4.0 * line**2)
    return float(nominal[f"drum_{drum}.linewidth_hz"] + damping)


def _tone(
    nominal: Mapping[str, float], drum: int, coupling_hz: float, *, blue: bool
) -> DriveSettings:
    frame = nominal[f"drum_{drum}.frequency_hz"]
    pair = parameters.drive_settings(nominal, coupling_hz, 1.0)
    tone = _one_of(pair, blue=blue)
    return DriveSettings(**{**vars(tone), "frame_frequency_hz": frame})


def _one_of(pair: DriveSettings, *, blue: bool) -> DriveSettings:
    off = {"red_photons": 0.0, "ratio": np.inf} if blue else {"blue_photons": 0.0, "ratio": 0.0}
    return DriveSettings(**{**vars(pair), **off})


def _record(
    spectra: list[list[Spectrum]],
    nominal: Mapping[str, float],
    settings: Mapping[str, Any],
    generator: np.random.Generator,
    imperfections: Imperfections,
) -> dict[str, Any]:
    """Record a table of spectra, each on its own bins; the fields that all kinds share."""
    shape = len(spectra), len(spectra[0])
    count = int(settings["bins"])
    number = np.arange(count) - count // 2
    power = np.empty((*shape, count))
    frequency_hz = np.empty((*shape, count))
    averages = np.empty(shape, dtype=np.int64)
    widths = np.empty(shape)
    streams = generator.spawn(shape[0] * shape[1])
    along = course(imperfections, 1)
    for row, entries in enumerate(spectra):
        for column, (values, drive, drum) in enumerate(entries):
            widest = max(expected_width_hz(nominal, drive, drum), 1.0)
            width = _round(2.0 * settings["widths"] * widest / count)
            centre = line_centre_hz(nominal, drive, drum)
            frequency: NDArray[np.float64] = width * (np.round(centre / width) + number)
            averaging = receiver.Averaging.of(settings["duration_s"], width)
            system = true_system(values, drive, imperfections, along)
            output = emission_psd(system, values, imperfections, along)
            power[row, column] = receiver.record(
                output,
                frequency,
                averaging,
                values,
                imperfections,
                streams[row * shape[1] + column],
                receiver.tone_power(values, drive),
            )[0]
            frequency_hz[row, column] = frequency
            averages[row, column] = averaging.averages
            widths[row, column] = width
    return {
        "bin": np.arange(count),
        "power_spectral_density": power,
        "frequency_hz": frequency_hz,
        "window": "boxcar",
        "overlap": 0.0,
        "duration_s": float(settings["duration_s"]) * shape[0] * shape[1],
        **recording.averaging(widths, averages),
    }


def _round(width_hz: float) -> float:
    """Two digits: what an experimenter types into an analyser."""
    digits = 1 - int(np.floor(np.log10(width_hz)))
    return float(np.round(width_hz, digits))
