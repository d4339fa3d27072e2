"""From the flat values of config, truth and calibration files to the system they describe.

:class:`DriveSettings`, :class:`ProbeSettings` and the flat mappings are cyclic (``_hz``); the
dataclasses of `entangled_drums.system` that are built here are angular (rad/s). Values may be
arrays, whose axes broadcast against each other.

The generators of a laboratory are set without knowing the true device. :class:`DriveSettings`
holds what they were set to (frequencies and photon numbers); :func:`system` turns that into the
drive that a given device (nominal, true or inferred) then feels.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from entangled_drums.errors import ParameterError
from entangled_drums.system import Bath, Device, Drive, Probe, Receiver, System
from entangled_drums.units import angular
from entangled_drums.validation import checked

Array = NDArray[np.float64]


@dataclass(frozen=True)
class DriveSettings:
    """What the two pump generators were set to, whatever the true device is.

    ``red_coupling_hz`` is the nominal G^-/2pi (geometric mean of the drums of the nominal device);
    it labels the power and enters the heating law. ``ratio`` is the nominal x = G^+/G^-. The
    frequencies are in Hz, ``red_photons`` and ``blue_photons`` are mean intracavity photon numbers.
    """

    red_coupling_hz: ArrayLike
    ratio: ArrayLike
    centre_frequency_hz: ArrayLike
    frame_frequency_hz: ArrayLike
    red_photons: ArrayLike
    blue_photons: ArrayLike


@dataclass(frozen=True)
class ProbeSettings:
    """What the two probe generators were set to: offset (Hz), photon numbers and blue phase."""

    offset_hz: ArrayLike
    red_photons: ArrayLike
    blue_photons: ArrayLike
    phase_rad: ArrayLike


def _value(values: Mapping[str, ArrayLike], key: str) -> Array:
    try:
        return np.asarray(values[key], dtype=np.float64)
    except KeyError:
        raise ParameterError(f"{key} is missing from the parameter values: add it") from None
    except (TypeError, ValueError):
        raise ParameterError(f"{key} is not a number: give a real number") from None


def both_drums(values: Mapping[str, ArrayLike], key: str) -> Array:
    """Array (..., 2) of ``drum_1.<key>`` and ``drum_2.<key>``; ParameterError if one is missing."""
    pair = [_value(values, f"drum_{drum}.{key}") for drum in (1, 2)]
    return np.stack(np.broadcast_arrays(*pair), axis=-1)


def drive_settings(
    values: Mapping[str, ArrayLike],
    red_coupling_hz: ArrayLike,
    ratio: ArrayLike,
    cavity_detuning_hz: ArrayLike = 0.0,
    frame_offset_hz: ArrayLike = 0.0,
) -> DriveSettings:
    """Generator settings that give a wanted operating point on the device of ``values``.

    Parameters
    ----------
    values : mapping
        Flat parameter values, usually the nominal ones of the device file.
    red_coupling_hz, ratio : array_like
        G^-/2pi for the geometric mean of the single-photon couplings, and x = G^+/G^-.
    cavity_detuning_hz : array_like
        Drive centre minus cavity frequency.
    frame_offset_hz : array_like
        Half the separation of the tones minus the mean drum frequency.

    Raises
    ------
    ParameterError
        If a coupling or ratio is negative or NaN, or a value is missing.
    """
    red = checked(red_coupling_hz, "drive.red_coupling_hz", sign="not negative")
    x = checked(ratio, "drive.ratio", sign="not negative")
    detuning = checked(cavity_detuning_hz, "drive.cavity_detuning_hz")
    offset = checked(frame_offset_hz, "drive.frame_offset_hz")
    coupling = both_drums(values, "single_photon_coupling_hz")
    photons = red**2 / (coupling[..., 0] * coupling[..., 1])
    return DriveSettings(
        red_coupling_hz=red,
        ratio=x,
        centre_frequency_hz=_value(values, "cavity.frequency_hz") + detuning,
        frame_frequency_hz=both_drums(values, "frequency_hz").mean(axis=-1) + offset,
        red_photons=photons,
        blue_photons=x**2 * photons,
    )


def probe_settings(
    values: Mapping[str, ArrayLike],
    offset_hz: ArrayLike,
    coupling_hz: ArrayLike,
    phase_rad: ArrayLike,
) -> ProbeSettings:
    """Generator settings of two probes of equal coupling on the device of ``values``.

    ``coupling_hz`` is P/2pi for the geometric mean of the single-photon couplings. Raises
    ParameterError if it is negative or NaN.
    """
    wanted = checked(coupling_hz, "probe.coupling_hz", sign="not negative")
    coupling = both_drums(values, "single_photon_coupling_hz")
    photons = wanted**2 / (coupling[..., 0] * coupling[..., 1])
    return ProbeSettings(
        offset_hz=checked(offset_hz, "probe.offset_hz"),
        red_photons=photons,
        blue_photons=photons,
        phase_rad=checked(phase_rad, "probe.phase_rad"),
    )


def system(values: Mapping[str, ArrayLike], settings: DriveSettings) -> System:
    """Device, baths and drive that result when the generators drive the device of ``values``.

    ``values`` holds the flat keys of the device file (``cavity.frequency_hz`` ...), nominal, true
    or inferred; entries may be arrays that broadcast. The pumps heat: with ``u = G/G_ref``,
    ``n_i = bath.internal_occupation u^(2 heating.cavity_exponent)`` and
    ``n_j = drum_j.thermal_occupation (1 + heating.drum_slope (u^2 - 1))``, an assumed law. Blue
    tones arrive with ``lines.blue_transmission`` times the amplitude that they are set to.

    Raises
    ------
    ParameterError
        If a value is missing, of the wrong sign or shape, or NaN.
    """
    red_setting = checked(settings.red_coupling_hz, "drive.red_coupling_hz", sign="not negative")
    power = red_setting / _value(values, "heating.reference_coupling_hz")
    cavity_heating = power ** (2.0 * _value(values, "heating.cavity_exponent"))
    drum_heating = 1.0 + _value(values, "heating.drum_slope") * (power**2 - 1.0)
    coupling = both_drums(values, "single_photon_coupling_hz")
    red_amplitude = np.sqrt(checked(settings.red_photons, "drive.red_photons", sign="not negative"))
    blue_amplitude = _value(values, "lines.blue_transmission") * np.sqrt(
        checked(settings.blue_photons, "drive.blue_photons", sign="not negative")
    )
    cavity_frequency = _value(values, "cavity.frequency_hz")
    return System(
        Device(
            cavity_frequency=angular(cavity_frequency),
            kappa_external=angular(_value(values, "cavity.kappa_external_hz")),
            kappa_internal=angular(_value(values, "cavity.kappa_internal_hz")),
            mechanical_frequency=angular(both_drums(values, "frequency_hz")),
            mechanical_linewidth=angular(both_drums(values, "linewidth_hz")),
            single_photon_coupling=angular(coupling),
        ),
        Bath(
            external_occupation=_value(values, "bath.external_occupation"),
            internal_occupation=_value(values, "bath.internal_occupation") * cavity_heating,
            thermal_occupation=both_drums(values, "thermal_occupation") * drum_heating[..., None],
        ),
        Drive(
            cavity_detuning=angular(np.asarray(settings.centre_frequency_hz) - cavity_frequency),
            frame_frequency=angular(settings.frame_frequency_hz),
            red_coupling=angular(coupling * red_amplitude[..., None]),
            blue_coupling=angular(coupling * blue_amplitude[..., None]),
        ),
    )


def probe(values: Mapping[str, ArrayLike], settings: ProbeSettings) -> Probe:
    """Probe that the device of ``values`` feels at these generator settings.

    The blue one arrives with ``lines.blue_transmission`` times ``lines.probe_balance`` of the
    amplitude that it is set to.

    Raises
    ------
    ParameterError
        If a value is missing, of the wrong sign or shape, or NaN.
    """
    coupling = angular(both_drums(values, "single_photon_coupling_hz"))
    red = checked(settings.red_photons, "probe.red_photons", sign="not negative")
    blue = checked(settings.blue_photons, "probe.blue_photons", sign="not negative")
    arriving = _value(values, "lines.blue_transmission") * _value(values, "lines.probe_balance")
    return Probe(
        offset=angular(settings.offset_hz),
        red_coupling=coupling * np.sqrt(red)[..., None],
        blue_coupling=coupling * (arriving * np.sqrt(blue))[..., None],
        phase=np.asarray(settings.phase_rad),
    )


def receiver(values: Mapping[str, ArrayLike]) -> Receiver:
    """Receiver of the flat values ``receiver.gain`` and ``receiver.added_noise``.

    Raises
    ------
    ParameterError
        If a value is missing, of the wrong sign, or NaN.
    """
    return Receiver(_value(values, "receiver.gain"), _value(values, "receiver.added_noise"))
