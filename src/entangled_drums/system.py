"""One cavity, two drums, their baths and tones, as frozen, validated dataclasses.

Everything is angular (rad/s). Every field may be an array: plain fields of shape ``(...)``, fields
that belong to the two drums of shape ``(..., 2)``, where the leading axes of all fields broadcast
against each other. `entangled_drums.parameters` builds them from config, truth and calibration.
"""

from dataclasses import dataclass, fields
from functools import cached_property
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from entangled_drums.errors import ParameterError
from entangled_drums.validation import Checked, broadcast_shape

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

    @cached_property
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
