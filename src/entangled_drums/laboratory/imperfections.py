"""What a real laboratory does that the model does not say, each switched and sized by itself.

An imperfection that is slow against the spectra (drift, jitter) averages the spectrum over its
course: the expected periodogram is the mean of the spectra met on the way. The course is replaced
by a few nodes with weights (Gauss-Legendre in time, Gauss-Hermite for jitter), exact for smooth
spectra.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from entangled_drums import parameters
from entangled_drums.errors import ParameterError
from entangled_drums.parameters import DriveSettings, ProbeSettings
from entangled_drums.system import Perturbation, Probe, System
from entangled_drums.units import angular

_NODES = 7
_MANY_SPECTRA = 8


@dataclass(frozen=True)
class SpuriousLine:
    """A line that is not physics: ``frequency_hz`` from the drive centre, height in ``quanta``."""

    frequency_hz: float
    quanta: float


@dataclass(frozen=True)
class Imperfections:
    """The size of every imperfection; all absent by default.

    Parameters
    ----------
    counter_rotating : bool
        Keep the terms beyond the rotating-wave approximation.
    finite_record : bool
        Convolve spectra with the kernel of the window, as a finite record does.
    gain_ripple : float
        Relative amplitude of a ripple of the gain along frequency.
    gain_ripple_period_hz : float
        Its period.
    gain_drift : float
        Relative standard deviation of the gain from one recording to the next.
    spurious_lines : tuple of SpuriousLine
        Narrow lines of the receiver.
    cavity_jitter_hz : float
        Standard deviation of slow fluctuations of the cavity frequency within a recording.
    drum_drift_hz : float
        Change of both drum frequencies over one recording, linear and centred on its middle.
    probe_phase_drift_rad : float
        Change of the phase of the blue probe over one recording.
    probe_imbalance : float
        Relative excess of the blue probe's amplitude.
    blue_attenuation : float
        Relative lack of the blue tones' amplitude against the red ones', as cables bring it.
    pump_noise_occupation, pump_noise_correlation : float
        Noise in the skirts of the tones that enters the cavity, and its squeezing-like correlation
        between the two tones, in quanta at reference power each (see `relative_powers`). The
        occupation grows with the power of both tones, the correlation with twice the geometric
        mean: one tone alone has none.
    mechanical_parametric_hz : float
        Parametric term of each drum, chi/2pi, that two tones at reference power induce; it grows
        with the geometric mean of their powers.
    bath_correlation : float
        Correlation of the drums' baths, quanta.
    compression : float
        Relative loss of the receiver's gain under one tone at reference power.
    isolator_leakage, isolator_phase_rad : float
        Amplitude and phase with which noise of the amplifier returns to the cavity, see
        `entangled_drums.laboratory.isolator`.
    cable_delay_s, cable_phase_rad, cable_attenuation : float
        Delay, phase and relative loss of amplitude on the way to the network analyser.
    reflection_tilt : float
        Relative change of the amplitude of S11 over the sweep.
    reflection_mismatch_rad : float
        Asymmetry of the resonance from a reflection at the port: phase of the coupling.
    """

    counter_rotating: bool = False
    finite_record: bool = False
    gain_ripple: float = 0.0
    gain_ripple_period_hz: float = 3.0e6
    gain_drift: float = 0.0
    spurious_lines: tuple[SpuriousLine, ...] = ()
    cavity_jitter_hz: float = 0.0
    drum_drift_hz: float = 0.0
    probe_phase_drift_rad: float = 0.0
    probe_imbalance: float = 0.0
    blue_attenuation: float = 0.0
    pump_noise_occupation: float = 0.0
    pump_noise_correlation: float = 0.0
    mechanical_parametric_hz: float = 0.0
    bath_correlation: float = 0.0
    compression: float = 0.0
    isolator_leakage: float = 0.0
    isolator_phase_rad: float = 0.0
    cable_delay_s: float = 0.0
    cable_phase_rad: float = 0.0
    cable_attenuation: float = 0.0
    reflection_tilt: float = 0.0
    reflection_mismatch_rad: float = 0.0

    def __post_init__(self) -> None:
        for name in ("gain_ripple", "blue_attenuation", "isolator_leakage", "cable_attenuation"):
            if not 0.0 <= getattr(self, name) < 1.0:
                raise ParameterError(
                    f"laboratory.{name}: {getattr(self, name)} is not in 0 .. 1; "
                    "write for example 0.05"
                )
        for name in ("gain_drift", "cavity_jitter_hz", "pump_noise_occupation", "compression"):
            if not getattr(self, name) >= 0.0:
                raise ParameterError(
                    f"laboratory.{name}: {getattr(self, name)} is negative; write 0 or more"
                )
        if not abs(self.pump_noise_correlation) <= self.pump_noise_occupation:
            raise ParameterError(
                f"laboratory.pump_noise_correlation: {self.pump_noise_correlation} is more than "
                f"the noise that it correlates; write at most pump_noise_occupation, "
                f"{self.pump_noise_occupation}"
            )
        if not self.gain_ripple_period_hz > 0.0:
            raise ParameterError("laboratory.gain_ripple_period_hz is not above zero; write Hz")
        if not abs(self.reflection_tilt) < 2.0:
            raise ParameterError(
                f"laboratory.reflection_tilt: {self.reflection_tilt} leaves no signal at one end; "
                "write a number between -2 and 2"
            )

    @classmethod
    def of(cls, section: Mapping[str, Any]) -> "Imperfections":
        """Return the imperfections of the section ``laboratory`` of an experiment.

        Raises
        ------
        ParameterError
            If a key is unknown or a size is out of range.
        """
        known = {one.name for one in fields(cls)}
        for name in section:
            if name not in known:
                raise ParameterError(f"laboratory.{name}: unknown; remove it")
        values = dict(section)
        values["spurious_lines"] = tuple(
            SpuriousLine(**line) for line in section.get("spurious_lines", ())
        )
        return cls(**values)


NONE = Imperfections()

ABSENT_IN_TIME = (
    "counter_rotating",
    "gain_ripple",
    "spurious_lines",
    "cavity_jitter_hz",
    "drum_drift_hz",
    "probe_phase_drift_rad",
    "isolator_leakage",
)
"""Imperfections that recordings simulated in time cannot have, see `pumped_in_time`."""


@dataclass(frozen=True)
class Course:
    """Nodes of the course of the slow quantities during each of several spectra.

    ``drum_shift_hz``, ``cavity_shift_hz`` and ``phase_shift_rad`` have shape (spectra, nodes), the
    ``weights`` (nodes,) add to one.
    """

    drum_shift_hz: NDArray[np.float64]
    cavity_shift_hz: NDArray[np.float64]
    phase_shift_rad: NDArray[np.float64]
    weights: NDArray[np.float64]


def course(imperfections: Imperfections, spectra: int, *, probes: bool = False) -> Course:
    """Return the course of the slow quantities over a recording.

    Parameters
    ----------
    imperfections : Imperfections
    spectra : int
        Spectra that share the recording's time equally, one after the other.
    probes : bool, optional
        Whether probes are on, whose phase may drift.
    """
    drifts = imperfections.drum_drift_hz != 0 or (
        probes and imperfections.probe_phase_drift_rad != 0
    )
    # In one of many spectra little changes.
    order = _NODES if spectra < _MANY_SPECTRA else _NODES // 2
    nodes, weights = np.polynomial.legendre.leggauss(order) if drifts else (np.zeros(1), [2.0])
    # Time from the middle of the recording, in units of its duration.
    middle = (np.arange(spectra) + 0.5) / spectra - 0.5
    time = middle[:, None] + np.asarray(nodes) / (2.0 * spectra)
    jitter, jitter_weights = np.zeros(1), np.ones(1)
    if imperfections.cavity_jitter_hz > 0:
        jitter, jitter_weights = np.polynomial.hermite_e.hermegauss(_NODES)
        jitter_weights = jitter_weights / jitter_weights.sum()

    def spread(values: NDArray, other: NDArray) -> NDArray[np.float64]:
        return np.repeat(values, other.size, axis=-1)

    return Course(
        drum_shift_hz=imperfections.drum_drift_hz * spread(time, jitter),
        cavity_shift_hz=np.tile(
            imperfections.cavity_jitter_hz * jitter, (spectra, np.asarray(nodes).size)
        ),
        phase_shift_rad=imperfections.probe_phase_drift_rad * spread(time, jitter),
        weights=np.outer(np.asarray(weights) / 2.0, jitter_weights).reshape(-1),
    )


def true_system(
    truth: Mapping[str, Any],
    drive: DriveSettings,
    imperfections: Imperfections,
    along: Course | None = None,
) -> System:
    """Return the system as it really is under the generators' settings.

    Parameters
    ----------
    truth : mapping
        Flat true values; arrays broadcast.
    drive : DriveSettings
        Settings of the generators; arrays broadcast.
    imperfections : Imperfections
    along : Course, optional
        Slow quantities; their shape (spectra, nodes) joins the leading axes.
    """
    values = dict(truth)
    if along is not None:
        values["cavity.frequency_hz"] = values["cavity.frequency_hz"] + along.cavity_shift_hz
        for drum in (1, 2):
            name = f"drum_{drum}.frequency_hz"
            values[name] = values[name] + along.drum_shift_hz
    if imperfections.isolator_leakage:
        values["bath.external_occupation"] = values[
            "bath.external_occupation"
        ] + returned_occupation(truth, imperfections)
    blue = np.asarray(drive.blue_photons) * (1.0 - imperfections.blue_attenuation) ** 2
    settings = DriveSettings(**{**vars(drive), "blue_photons": blue})
    made = parameters.system(values, settings)
    perturbation = _perturbation(imperfections, *relative_powers(truth, settings))
    return (
        made if perturbation is None else System(made.device, made.bath, made.drive, perturbation)
    )


def true_probe(
    truth: Mapping[str, Any],
    probe: ProbeSettings,
    imperfections: Imperfections,
    along: Course,
) -> Probe:
    """Return the probes as they really are: ``phase_rad`` (spectra,) becomes (spectra, nodes)."""
    blue = (1.0 - imperfections.blue_attenuation) * (1.0 + imperfections.probe_imbalance)
    phase = np.asarray(probe.phase_rad)[:, None] + along.phase_shift_rad
    settings = ProbeSettings(
        offset_hz=probe.offset_hz,
        red_photons=probe.red_photons,
        blue_photons=np.asarray(probe.blue_photons) * blue**2,
        phase_rad=phase,
    )
    return parameters.probe(truth, settings)


def amplifier_noise(truth: Mapping[str, Any]) -> float:
    """Return the classical part of the receiver's noise: what it adds beside half a quantum."""
    return max(float(truth["receiver.added_noise"]) - 0.5, 0.0)


def returned_occupation(truth: Mapping[str, Any], imperfections: Imperfections) -> float:
    """Return the occupation (quanta) that the leak of the isolator adds to the port."""
    return imperfections.isolator_leakage**2 * amplifier_noise(truth)


def relative_powers(
    truth: Mapping[str, Any], tones: DriveSettings | ProbeSettings
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the powers of the red and the blue tone in units of the reference power.

    A red tone at reference power gives the geometric mean of the couplings of the true drums the
    value ``heating.reference_coupling_hz``.
    """
    couplings = parameters.both_drums(truth, "single_photon_coupling_hz")
    photons = truth["heating.reference_coupling_hz"] ** 2 / np.prod(couplings, axis=-1)
    return np.asarray(tones.red_photons / photons), np.asarray(tones.blue_photons / photons)


def _perturbation(
    imperfections: Imperfections, red: NDArray[np.float64], blue: NDArray[np.float64]
) -> Perturbation | None:
    both = np.sqrt(red * blue)
    parametric = float(angular(imperfections.mechanical_parametric_hz)) * both
    extra: dict[str, Any] = {
        "mechanical_parametric": np.stack([parametric, parametric], axis=-1),
        "pump_noise_occupation": imperfections.pump_noise_occupation * (red + blue),
        "pump_noise_correlation": imperfections.pump_noise_correlation * 2.0 * both,
        "bath_correlation": imperfections.bath_correlation,
    }
    if not any(np.any(value) for value in extra.values()):
        return None
    return Perturbation(**extra)
