"""Any list of drive tones, as harmonics of the coupling between the cavity and the drums.

A tone at ``Delta_t`` from the drive centre with couplings ``g_tj`` contributes

    H/hbar = sum_j g_tj a^dag (b_j exp(-i (Delta_t + omega_m) t)
                               + b_j^dag exp(-i (Delta_t - omega_m) t)) + h.c.

in the frame where the cavity rotates at the drive centre and the drums at omega_m. The
rotating-wave approximation (RWA) keeps, for each tone, the slower of its two terms; the other one
turns at about 2 omega_m. Collecting equal exponents gives

    H/hbar = sum_m exp(-i m.theta t) a^dag sum_j (L_mj b_j + R_mj b_j^dag) + h.c.

with integer vectors ``m`` and base frequencies ``theta`` (epsilon of the probes, 2 omega_m of the
counter-rotating terms, or both).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import ArrayLike, NDArray

from entangled_drums.errors import ParameterError
from entangled_drums.model import uncoupled_drift
from entangled_drums.parameters import both_drums
from entangled_drums.system import Device, Drive, Perturbation, Probe
from entangled_drums.units import angular
from entangled_drums.validation import checked

Index = tuple[int, ...]
_COMMENSURATE = 1e-6
"""Two exponents are the same multiple of a base if their ratio is an integer to this accuracy."""


@dataclass(frozen=True)
class Tone:
    """One tone: ``frequency`` (...) in rad/s from the drive centre, ``coupling`` (..., 2) in rad/s.

    The coupling g_tj = g0_j times the complex intracavity amplitude of the tone.
    """

    frequency: NDArray[np.float64]
    coupling: NDArray

    def __post_init__(self) -> None:
        frequency = np.asarray(self.frequency, dtype=np.float64)
        coupling = np.asarray(self.coupling)
        if coupling.ndim == 0 or coupling.shape[-1] != 2:
            raise ParameterError(
                f"tone.coupling has shape {coupling.shape}: its last axis must have length 2"
            )
        if not (np.all(np.isfinite(frequency)) and np.all(np.isfinite(coupling))):
            raise ParameterError("tone.frequency or tone.coupling holds NaN: give finite numbers")
        object.__setattr__(self, "frequency", frequency)
        object.__setattr__(self, "coupling", coupling)


@dataclass(frozen=True)
class ToneSettings:
    """What the generator of one tone was set to, whatever the true device is.

    ``frequency_hz`` is measured from the drive centre; ``photons`` is the mean number of photons
    that the tone keeps in the cavity; ``phase_rad`` the phase of its amplitude.
    """

    frequency_hz: ArrayLike
    photons: ArrayLike
    phase_rad: ArrayLike = 0.0


def tones(values: Mapping[str, ArrayLike], settings: Sequence[ToneSettings]) -> list[Tone]:
    """Tones that the device of ``values`` feels: ``g_tj = g0_j sqrt(photons) exp(i phase)``.

    Parameters
    ----------
    values : mapping
        Flat device values; only ``drum_j.single_photon_coupling_hz`` are used.
    settings : sequence of ToneSettings
        Any number of tones: pump pairs, four-tone drives, one red and one blue tone.

    Raises
    ------
    ParameterError
        If a coupling is missing, or a photon number is negative or NaN.
    """
    coupling = angular(both_drums(values, "single_photon_coupling_hz"))
    found = []
    for number, one in enumerate(settings):
        photons = checked(one.photons, f"tones[{number}].photons", sign="not negative")
        phase = checked(one.phase_rad, f"tones[{number}].phase_rad")
        amplitude = np.sqrt(photons) * np.exp(1j * phase)
        frequency = checked(one.frequency_hz, f"tones[{number}].frequency_hz")
        found.append(Tone(angular(frequency), coupling * np.asarray(amplitude)[..., None]))
    return found


@dataclass(frozen=True)
class Modulation:
    """Harmonics of the coupling.

    Attributes
    ----------
    bases : tuple of ndarray (...)
        Base frequencies theta, rad/s.
    lowering, raising : dict
        ``L_m`` and ``R_m``, arrays (..., 2), by integer index ``m`` (one entry per base).
    """

    bases: tuple[NDArray[np.float64], ...]
    lowering: dict[Index, NDArray]
    raising: dict[Index, NDArray]

    @property
    def shape(self) -> tuple[int, ...]:
        """Common leading shape."""
        couplings = [*self.lowering.values(), *self.raising.values()]
        return np.broadcast_shapes(
            *(base.shape for base in self.bases), *(value.shape[:-1] for value in couplings)
        )

    @property
    def indices(self) -> list[Index]:
        """Every m at which the drift has a component, with its negative; the origin included."""
        found = {(0,) * len(self.bases)}
        for index in (*self.lowering, *self.raising):
            found |= {index, tuple(-i for i in index)}
        return sorted(found)

    def lower(self, index: Index) -> NDArray | float:
        """``L_m``, or zero."""
        return self.lowering.get(index, np.zeros(2))

    def upper(self, index: Index) -> NDArray | float:
        """``R_m``, or zero."""
        return self.raising.get(index, np.zeros(2))


def _add(target: dict[Index, NDArray], index: Index, value: NDArray) -> None:
    target[index] = target[index] + value if index in target else value


def drive_modulation(
    drive: Drive, probe: Probe | None = None, *, counter_rotating: bool = False
) -> Modulation:
    """Harmonics for a pump pair, optionally with a probe pair and the counter-rotating terms.

    Bases are ``(epsilon,)``, ``(2 omega_m,)``, both in this order, or none.
    """
    probe_axis = 1 if probe is not None else 0
    counter_axis = 1 if counter_rotating else 0
    bases = []
    if probe is not None:
        bases.append(probe.offset)
    if counter_rotating:
        bases.append(2.0 * drive.frame_frequency)

    def index(epsilon: int, twice: int) -> Index:
        return (epsilon,) * probe_axis + (twice,) * counter_axis

    lowering: dict[Index, NDArray] = {}
    raising: dict[Index, NDArray] = {}
    pairs = [(0, drive.red_coupling, drive.blue_coupling)]
    if probe is not None:
        blue = probe.blue_coupling * np.exp(1j * probe.phase)[..., None]
        pairs.append((1, probe.red_coupling, blue))
    for epsilon, red, blue in pairs:
        _add(lowering, index(epsilon, 0), red)
        _add(raising, index(epsilon, 0), blue)
        if counter_rotating:
            _add(raising, index(epsilon, -1), red)
            _add(lowering, index(epsilon, 1), blue)
    return Modulation(tuple(bases), lowering, raising)


def tone_modulation(
    tones: list[Tone], frame_frequency: ArrayLike, *, counter_rotating: bool = False
) -> Modulation:
    """Harmonics for any list of tones.

    Parameters
    ----------
    tones : list of Tone
        Their leading axes broadcast.
    frame_frequency : array_like, (...)
        omega_m, rad/s.
    counter_rotating : bool
        Keep the fast term of every tone too.

    Raises
    ------
    ParameterError
        If there is no tone, or the exponents need different bases in different points of a batch.
    """
    if not tones:
        raise ParameterError("tones is empty: give at least one Tone")
    frame = np.asarray(frame_frequency, dtype=np.float64)
    if not np.all(frame > 0):
        raise ParameterError("frame_frequency is not positive: give rad/s above zero")
    terms = []
    for number, tone in enumerate(tones):
        below = np.abs(tone.frequency + frame) < np.abs(tone.frequency - frame)
        if below.any() != below.all():
            raise ParameterError(
                f"tones[{number}].frequency changes side of the cavity within the batch: split it"
            )
        red = bool(below.all())
        offset = tone.frequency + frame if red else tone.frequency - frame
        # The difference of two large frequencies: what is left below this is rounding.
        offset = np.where(np.abs(offset) < 1e-12 * frame, 0.0, offset)
        terms.append((red, offset, tone.coupling))
    bases = _bases([offset for _, offset, _ in terms])
    lowering: dict[Index, NDArray] = {}
    raising: dict[Index, NDArray] = {}
    for red, offset, coupling in terms:
        slow = _multiples(offset, bases) + ((0,) if counter_rotating else ())
        fast = slow[:-1] + ((-1,) if red else (1,))
        _add(lowering if red else raising, slow, coupling)
        if counter_rotating:
            _add(raising if red else lowering, fast, coupling)
    if counter_rotating:
        bases = [*bases, 2.0 * frame]
    return Modulation(tuple(bases), lowering, raising)


def _bases(offsets: list[NDArray]) -> list[NDArray]:
    # The slowest exponent is a base; those that are no integer combination of the earlier bases
    # become further ones.
    bases: list[NDArray] = []
    for offset in sorted(offsets, key=lambda value: float(np.abs(value).max())):
        if not offset.any():
            continue
        if not np.all(offset):
            raise ParameterError("tones: a frequency offset is zero in part of the batch: split it")
        if _combination(offset, bases) is None:
            bases.append(np.abs(offset))
    return bases


def _combination(offset: NDArray, bases: list[NDArray]) -> Index | None:
    if not bases:
        return None
    reach = range(-3, 4)
    slowest = min(float(np.abs(base).min()) for base in bases)
    for index in sorted(np.ndindex(*(len(reach),) * len(bases)), key=lambda i: _length(i, reach)):
        multiples = tuple(reach[i] for i in index)
        total = sum((m * base for m, base in zip(multiples, bases, strict=True)), np.zeros(()))
        if np.all(np.abs(offset - total) <= _COMMENSURATE * slowest):
            return multiples
    return None


def _length(index: tuple[int, ...], reach: range) -> int:
    return sum(abs(reach[i]) for i in index)


def _multiples(offset: NDArray, bases: list[NDArray]) -> Index:
    if not offset.any():
        return (0,) * len(bases)
    found = _combination(offset, bases)
    assert found is not None  # every offset is a base or a combination by construction
    return found


def component(
    device: Device,
    drive: Drive,
    modulation: Modulation,
    index: Index,
    perturbation: Perturbation | None = None,
) -> NDArray[np.complex128]:
    """Operator-basis drift component (..., 6, 6) that multiplies ``exp(-i m.theta t)``.

    ``drive`` gives the detuning and the frame; its couplings are not used. Components obey
    ``A_-m = conj(A_m)`` in quadratures.
    """
    negative = tuple(-i for i in index)
    lower, upper = np.asarray(modulation.lower(index)), np.asarray(modulation.upper(index))
    lower_back = np.conj(np.asarray(modulation.lower(negative)))
    upper_back = np.conj(np.asarray(modulation.upper(negative)))
    shape = np.broadcast_shapes(
        modulation.shape, np.shape(device.kappa), drive.cavity_detuning.shape,
        drive.frame_frequency.shape, device.mechanical_frequency.shape[:-1],
        device.mechanical_linewidth.shape[:-1],
    )  # fmt: skip
    matrix = np.zeros((*shape, 6, 6), dtype=np.complex128)
    if not any(index):
        matrix = matrix + uncoupled_drift(device, drive, perturbation)
    for j in (0, 1):
        b, b_dag = 2 + 2 * j, 3 + 2 * j
        matrix[..., 0, b] += -1j * lower[..., j]
        matrix[..., 0, b_dag] += -1j * upper[..., j]
        matrix[..., 1, b] += 1j * upper_back[..., j]
        matrix[..., 1, b_dag] += 1j * lower_back[..., j]
        matrix[..., b, 0] += -1j * lower_back[..., j]
        matrix[..., b, 1] += -1j * upper[..., j]
        matrix[..., b_dag, 0] += 1j * upper_back[..., j]
        matrix[..., b_dag, 1] += 1j * lower[..., j]
    return matrix


def lattice(reach: tuple[int, ...]) -> list[Index]:
    """All integer vectors with ``|n_k| <= reach_k``, in order."""
    return list(product(*(range(-r, r + 1) for r in reach)))
