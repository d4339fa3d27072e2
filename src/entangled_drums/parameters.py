"""Parameters of the experiment as frozen, validated dataclasses, and how they are built.

Everything inside is angular (rad/s); only :class:`DriveSettings`, :class:`ProbeSettings` and the
flat mappings of config, truth and calibration files are cyclic (``_hz``). Every field may be an
array: plain fields of shape ``(...)``, fields that belong to the two drums of shape ``(..., 2)``,
where the leading axes of all fields broadcast against each other.

The generators of a laboratory are set without knowing the true device. :class:`DriveSettings`
holds what they were set to (frequencies and photon numbers); :func:`system` turns that into the
drive that a given device (nominal, true or inferred) then feels.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from entangled_drums.errors import ParameterError
from entangled_drums.units import angular
from entangled_drums.validation import Checked, broadcast_shape, checked

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Device(Checked):
    """One cavity and two drums.

    Parameters
    ----------
    cavity_frequency : array_like, (...)
        omega_c, rad/s.
    kappa_external, kappa_internal : array_like, (...)
        Loss rates of the cavity into the measured port and elsewhere, rad/s, positive.
    mechanical_frequency, mechanical_linewidth : array_like, (..., 2)
        omega_j and gamma_j, rad/s, positive.
    single_photon_coupling : array_like, (..., 2)
        g0_j, rad/s, positive.

    Raises
    ------
    ParameterError
        If a field is not positive, is NaN, or has a wrong shape.
    """

    cavity_frequency: Array
    kappa_external: Array
    kappa_internal: Array
    mechanical_frequency: Array
    mechanical_linewidth: Array
    single_photon_coupling: Array

    _RULES: ClassVar[dict[str, dict]] = {
        "cavity_frequency": {"sign": "positive"},
        "kappa_external": {"sign": "positive"},
        "kappa_internal": {"sign": "positive"},
        "mechanical_frequency": {"sign": "positive", "per_drum": True},
        "mechanical_linewidth": {"sign": "positive", "per_drum": True},
        "single_photon_coupling": {"sign": "positive", "per_drum": True},
    }

    @property
    def kappa(self) -> Array:
        """Total loss rate of the cavity, rad/s."""
        return self.kappa_external + self.kappa_internal


@dataclass(frozen=True)
class Bath(Checked):
    """Mean occupations (quanta, not negative) of the external port, the internal loss, the drums.

    ``external_occupation`` and ``internal_occupation`` have shape ``(...)``, ``thermal_occupation``
    ``(..., 2)``. Raises ParameterError as :class:`Device` does.
    """

    external_occupation: Array
    internal_occupation: Array
    thermal_occupation: Array

    _RULES: ClassVar[dict[str, dict]] = {
        "external_occupation": {"sign": "not negative"},
        "internal_occupation": {"sign": "not negative"},
        "thermal_occupation": {"sign": "not negative", "per_drum": True},
    }


@dataclass(frozen=True)
class Drive(Checked):
    """One red and one blue tone at the drive centre minus and plus the frame frequency.

    Parameters
    ----------
    cavity_detuning : array_like, (...)
        Delta = drive centre minus cavity frequency, rad/s.
    frame_frequency : array_like, (...)
        omega_m = half the separation of the two tones, rad/s, positive.
    red_coupling, blue_coupling : array_like, (..., 2)
        G_j^- and G_j^+, rad/s; may be complex. Zero switches a tone off.
    """

    cavity_detuning: Array
    frame_frequency: Array
    red_coupling: NDArray
    blue_coupling: NDArray

    _RULES: ClassVar[dict[str, dict]] = {
        "cavity_detuning": {},
        "frame_frequency": {"sign": "positive"},
        "red_coupling": {"per_drum": True, "allow_complex": True},
        "blue_coupling": {"per_drum": True, "allow_complex": True},
    }


@dataclass(frozen=True)
class Probe(Checked):
    """Two weak tones: the pump pair shifted by ``offset``, the blue one with a phase.

    ``offset`` (epsilon, rad/s, not zero) and ``phase`` (rad) have shape ``(...)``; ``red_coupling``
    and ``blue_coupling`` (P_j^-, P_j^+, rad/s, may be complex) ``(..., 2)``.
    """

    offset: Array
    red_coupling: NDArray
    blue_coupling: NDArray
    phase: Array

    _RULES: ClassVar[dict[str, dict]] = {
        "offset": {},
        "red_coupling": {"per_drum": True, "allow_complex": True},
        "blue_coupling": {"per_drum": True, "allow_complex": True},
        "phase": {},
    }

    def __post_init__(self) -> None:
        super().__post_init__()
        if np.any(self.offset == 0):
            raise ParameterError(
                "probe.offset is zero: give a shift other than zero, or add the tones to the drive"
            )


@dataclass(frozen=True)
class Receiver(Checked):
    """``gain`` (recorded quanta per quantum leaving the cavity) and ``added_noise`` (quanta)."""

    gain: Array
    added_noise: Array

    _RULES: ClassVar[dict[str, dict]] = {
        "gain": {"sign": "positive"},
        "added_noise": {"sign": "not negative"},
    }


@dataclass(frozen=True)
class Perturbation(Checked):
    """Small terms outside the standard model, to be switched on one at a time.

    Parameters
    ----------
    mechanical_parametric : array_like, (..., 2)
        chi_j (rad/s, complex) of ``H/hbar = (chi_j b_j^dag^2 + h.c.)/2``: modulation of the spring
        of drum j at twice the frame frequency, e.g. by the beat of the pumps.
    mechanical_two_mode : array_like, (...)
        xi (rad/s, complex) of ``H/hbar = xi b_1^dag b_2^dag + h.c.``.
    bath_correlation : array_like, (...)
        ``m`` of ``<b_1,in^dag(t) b_2,in(t')> = m delta(t - t')`` (quanta, complex). Physical
        only if ``|m|^2 <= n_1 n_2``.
    pump_noise_occupation : array_like, (...)
        Extra noise quanta ``s`` entering the external port from the skirts of the pumps.
    pump_noise_correlation : array_like, (...)
        ``q`` of ``<a_e(t) a_e(t')> = q delta(t - t')`` (complex): the skirts of the two tones are
        mirror images about the drive centre, so common noise makes their overlap at the cavity
        squeezed-like. Physical only if ``|q|^2 <= s_tot (s_tot + 1)``, ``s_tot = n_e + s``.
    """

    mechanical_parametric: NDArray = (0.0, 0.0)  # type: ignore[assignment]
    mechanical_two_mode: NDArray = 0.0  # type: ignore[assignment]
    bath_correlation: NDArray = 0.0  # type: ignore[assignment]
    pump_noise_occupation: Array = 0.0  # type: ignore[assignment]
    pump_noise_correlation: NDArray = 0.0  # type: ignore[assignment]

    _RULES: ClassVar[dict[str, dict]] = {
        "mechanical_parametric": {"per_drum": True, "allow_complex": True},
        "mechanical_two_mode": {"allow_complex": True},
        "bath_correlation": {"allow_complex": True},
        "pump_noise_occupation": {"sign": "not negative"},
        "pump_noise_correlation": {"allow_complex": True},
    }

    @property
    def changes_drift(self) -> bool:
        """Whether a term of the Hamiltonian (not only of the noise) is present."""
        return bool(np.any(self.mechanical_parametric) or np.any(self.mechanical_two_mode))


@dataclass(frozen=True)
class System:
    """A device, its baths and the drive on it; optionally a perturbation of the standard model.

    Raises
    ------
    ParameterError
        If the leading axes do not broadcast, or a correlation of the perturbation is larger than
        the noise it correlates.
    """

    device: Device
    bath: Bath
    drive: Drive
    perturbation: Perturbation | None = None

    def __post_init__(self) -> None:
        _ = self.shape
        extra = self.perturbation
        if extra is None:
            return
        n1, n2 = self.bath.thermal_occupation[..., 0], self.bath.thermal_occupation[..., 1]
        if np.any(np.abs(extra.bath_correlation) ** 2 > n1 * n2):
            raise ParameterError(
                "perturbation.bath_correlation exceeds sqrt(n_1 n_2) of bath.thermal_occupation: "
                "give a smaller correlation"
            )
        port = self.bath.external_occupation + extra.pump_noise_occupation
        if np.any(np.abs(extra.pump_noise_correlation) ** 2 > port * (port + 1.0)):
            raise ParameterError(
                "perturbation.pump_noise_correlation is larger than its noise allows, "
                "sqrt(s (s + 1)): raise perturbation.pump_noise_occupation"
            )

    def parts(self) -> list[Checked]:
        """The dataclasses that hold the fields of this system."""
        found: list[Checked] = [self.device, self.bath, self.drive]
        return found if self.perturbation is None else [*found, self.perturbation]

    @property
    def shape(self) -> tuple[int, ...]:
        """Common shape of the leading axes."""
        named: list[tuple[str, tuple[int, ...]]] = []
        for part in self.parts():
            named += part.leading_shapes()
        return broadcast_shape(named)

    @property
    def detuning(self) -> Array:
        """delta_j = omega_j - omega_m, shape (..., 2), rad/s."""
        return self.device.mechanical_frequency - self.drive.frame_frequency[..., None]

    @property
    def cavity_occupation(self) -> Array:
        """n_c = (kappa_e n_e + kappa_i n_i)/kappa, the occupation of an undriven cavity."""
        device, bath = self.device, self.bath
        return (
            device.kappa_external * bath.external_occupation
            + device.kappa_internal * bath.internal_occupation
        ) / device.kappa

    def points(self, start: int, stop: int) -> "System":
        """Points ``start:stop`` of the flattened leading axes, as a system of one leading axis.

        Fields without leading axes stay as they are, so a chunk of a large sweep over few
        parameters stays small.
        """
        shape = self.shape
        parts = []
        for part in self.parts():
            values = {}
            for (_, leading), one in zip(part.leading_shapes(), fields(part), strict=True):  # type: ignore[arg-type]
                value = getattr(part, one.name)
                if leading:
                    tail = value.shape[len(leading) :]
                    if leading == shape:
                        value = value.reshape((-1, *tail))[start:stop]
                    else:
                        index = np.unravel_index(
                            np.arange(start, min(stop, int(np.prod(shape)))), shape
                        )
                        padded = value.reshape((1,) * (len(shape) - len(leading)) + value.shape)
                        value = padded[
                            tuple(
                                i if n > 1 else 0
                                for i, n in zip(index, padded.shape[: len(shape)], strict=True)
                            )
                        ]
                values[one.name] = value
            parts.append(type(part)(**values))
        return System(*parts)  # type: ignore[arg-type]


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
