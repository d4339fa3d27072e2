"""Exact spectra under one tone, as the steps that record drums' lines need them.

A single tone leaves no time in the equations, counter-rotating terms included, if they are written
in its own frame: there the tone couples ``a^dag (b + b^dag)``, the cavity lies a tone's distance
off, and the drums oscillate at their full frequencies. That is the model of two tones of equal
coupling at frame frequency zero, so the same formulas give the exact spectrum at no extra cost.

The spectrum is linear in the occupations of all baths,

    S = T_e n_e + T_i n_i + T_1 n_1 + T_2 n_2 + T_0,

with transfers T that depend on device and drive alone. Splitting it that way lets occupations be
anything in between (an estimate of n_e may be negative) and makes all derivatives by them free.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import xarray
from numpy.typing import NDArray

from entangled_drums import covariance, parameters, recording, spectra, windows
from entangled_drums.calibration.background import BACKGROUND, GAIN, PORT
from entangled_drums.calibration.knowledge import REST, Knowledge
from entangled_drums.calibration.scoring import Data, Means
from entangled_drums.parameters import DriveSettings
from entangled_drums.ranges import is_allowed
from entangled_drums.recording_format import POWER
from entangled_drums.system import Drive, System
from entangled_drums.units import angular

Array = NDArray[np.float64]
Values = dict[str, Array]
Occupations = Callable[[System, Values, Array], Array]
"""From a system with all occupations one, values (B, 1, 1) and nuisances (B, K) to the occupations
(B, R, C, 4) of port, internal loss and drums."""

DRUMS = (1, 2)
_OCCUPATIONS = (
    "bath.internal_occupation",
    "drum_1.thermal_occupation",
    "drum_2.thermal_occupation",
)
_SHAPES_TRANSFER = (
    "cavity.",
    "lines.",
    *(
        f"drum_{drum}.{name}"
        for drum in DRUMS
        for name in ("frequency_hz", "linewidth_hz", "single_photon_coupling_hz")
    ),
)


_AT_REST = 1e-6
"""Frame frequency of the drums in the frame of the tone, rad/s: zero, as far as numbers go."""
_OVERSAMPLING, _MARGIN_BINS = 2, 64


@dataclass(frozen=True)
class Fidelity:
    """What the model of the calibration contains beside one tone in the rotating wave.

    Parameters
    ----------
    counter_rotating : bool
        Terms beyond the rotating-wave approximation.
    finite_record : bool
        Smoothing of the spectra by the window of the periodogram.
    """

    counter_rotating: bool = True
    finite_record: bool = True


@dataclass(frozen=True)
class ToneSpectra:
    """A table of R x C recorded spectra, F bins each, with the drive of each.

    Parameters
    ----------
    drive : DriveSettings
        Arrays that broadcast to (R, C).
    omega : ndarray, (R, C, F)
        rad/s; (R, 1, F) where all columns have the same bins.
    bin_width : ndarray, (R, C) or (R, 1)
        rad/s.
    power : ndarray, (R, C, F)
    shape : ndarray, (R, C)
        Gamma shape of a bin.
    window : str
    labels : tuple of str
        Of the spectra, row by row.
    fidelity : Fidelity
    """

    drive: DriveSettings
    omega: Array
    bin_width: Array
    power: Array
    shape: Array
    window: str
    labels: tuple[str, ...]
    fidelity: Fidelity

    @classmethod
    def of(cls, dataset: xarray.Dataset, fidelity: Fidelity) -> "ToneSpectra":
        """Arrange a recording of spectra that each have bins of their own."""
        power = dataset[POWER]
        row, column, _ = power.dims
        names = [
            f"{row} {dataset[row].values[r]:g}, {column} {dataset[column].values[c]:g}"
            for r in range(power.shape[0])
            for c in range(power.shape[1])
        ]
        omega = np.asarray(angular(dataset["frequency_hz"].values))
        width = np.asarray(angular(dataset["bin_width_hz"].values))
        if np.array_equal(omega, np.broadcast_to(omega[:, :1], omega.shape)):
            # Where the columns share their drive too, their transfers are computed once.
            omega, width = omega[:, :1], width[:, :1]
        return cls(
            drive=recording.drive_settings(dataset),
            omega=omega,
            bin_width=width,
            power=np.asarray(power.values, dtype=np.float64),
            shape=np.asarray(dataset["effective_averages"].values, dtype=np.float64),
            window=str(dataset.attrs["window"]),
            labels=tuple(names),
            fidelity=fidelity,
        )

    def data(self) -> Data:
        """Return the bins as data of a fit."""
        bins = self.power.shape[-1]
        shape = np.repeat(self.shape.reshape(-1), bins)
        # A scale of the shape, the same for all spectra, accounts for correlated neighbours.
        weighed = shape * windows.shape_for_sums(self.window, 1.0)
        apart = len(windows.window(self.window).bin_correlation) + 1
        return Data(
            observed=self.power.reshape(-1),
            shape=weighed,
            standard_deviation=1.0,
            group=np.repeat(np.arange(self.shape.size), bins),
            labels=self.labels,
            tested=np.tile(np.arange(bins) % apart == 0, self.shape.size),
            tested_shape=shape,
        )

    def unit_system(self, values: Values) -> System:
        """Return systems (B, R, C) of values (B, 1, 1) with the occupations of all baths one.

        The baths hold what the laws of heating multiply occupations with.
        """
        ones = {**values, PORT: np.ones(1), **{name: np.ones(1) for name in _OCCUPATIONS}}
        return parameters.system(ones, self.drive)

    def transfer(self, values: Values, omega: Array | None = None) -> Array:
        """Return the transfers (B, R, C, 5, F) of n_e, n_i, n_1, n_2 and of the constant.

        At the bins, or at frequencies (R, C, F) of choice; (B, R, 1, 5, F) where neither
        frequencies nor drive differ between columns.
        """
        system = self.unit_system(values)
        omega = self.omega if omega is None else omega
        if self.fidelity.counter_rotating:
            system, omega = in_frame_of_tone(system, omega)
        found = spectra.output_transfer(system, omega)
        annihilated = (
            found.annihilation_external,
            found.annihilation_internal,
            *found.annihilation_drums,
        )
        created = (found.creation_external, found.creation_internal, *found.creation_drums)
        parts = [one + other for one, other in zip(annihilated, created, strict=True)]
        return np.stack(np.broadcast_arrays(*parts, sum(created)), axis=-2)

    def smoothing(self, values: Values, levels: Array) -> Array:
        """Return what the window's kernel adds to spectra (R, C, F) of occupations (R, C, 4)."""
        first = self.omega[..., :1]
        index = np.round((self.omega - first) / self.bin_width[..., None]).astype(np.int64)
        count = (int(index.max()) + 2 * _MARGIN_BINS + 1) * _OVERSAMPLING
        steps = np.arange(count) / _OVERSAMPLING - _MARGIN_BINS
        grid = first + self.bin_width[..., None] * steps
        spectrum = mixed(levels, self.transfer(values, grid)[0])
        at = (index + _MARGIN_BINS) * _OVERSAMPLING
        added = windows.smooth(spectrum, _OVERSAMPLING, self.window) - spectrum
        return np.take_along_axis(added, at, axis=-1)

    def recorded_transfer(self, values: Values) -> Array:
        """Return the transfers (R, C, 5, F) for values (1, 1, 1) as the window shows them."""
        bins = self.power.shape[-1]
        plain = np.broadcast_to(self.transfer(values)[0], (*self.shape.shape, 5, bins))
        if not self.fidelity.finite_record:
            return plain
        # Linear in the occupations: what the window adds to each alone.
        unit = np.concatenate([np.eye(4), np.zeros((1, 4))])
        added = [
            self.smoothing(values, np.broadcast_to(one, (*self.shape.shape, 4))) for one in unit
        ]
        added[:4] = [one - added[4] for one in added[:4]]
        return plain + np.stack(added, axis=-2)

    def stable(self, values: Values) -> bool:
        """Tell whether every drive has a steady state, for values (1, 1, 1)."""
        return bool(np.all(covariance.steady_state(self.unit_system(values)).stable))


def in_frame_of_tone(system: System, omega: Array) -> tuple[System, Array]:
    """Return a drive of one tone without approximation, and frequencies from that tone.

    Parameters
    ----------
    system : System
        With one tone, red or blue.
    omega : ndarray, (..., F)
        Frequencies from the drive centre.
    """
    drive = system.drive
    blue = np.any(np.abs(drive.blue_coupling) > 0, axis=-1)
    tone = np.where(blue, 1.0, -1.0) * drive.frame_frequency
    coupling = drive.red_coupling + drive.blue_coupling
    moved = Drive(
        cavity_detuning=drive.cavity_detuning + tone,
        frame_frequency=np.array(_AT_REST),
        red_coupling=coupling,
        blue_coupling=coupling,
    )
    return System(system.device, system.bath, moved), omega - tone[..., None]


def shaped(values: Mapping[str, Array]) -> Values:
    """Return values (B,) as (B, 1, 1), to broadcast against a table of spectra."""
    return {name: np.asarray(value)[:, None, None] for name, value in values.items()}


def heated(system: System, values: Values, nuisances: Array) -> Array:
    """Return occupations (B, R, C, 4) by the laws of heating; needs no nuisances."""
    pumped = system.bath.internal_occupation
    return np.stack(
        np.broadcast_arrays(
            values[PORT],
            values[_OCCUPATIONS[0]] * pumped + values[REST] * (1.0 - pumped),
            *(
                values[name] * system.bath.thermal_occupation[..., at]
                for at, name in enumerate(_OCCUPATIONS[1:])
            ),
        ),
        axis=-1,
    )


def means_model(
    table: ToneSpectra,
    knowledge: Knowledge,
    occupations: Occupations = heated,
    balanced: Callable[[DriveSettings, Values], DriveSettings] | None = None,
) -> Means:
    """Return the means of a table of spectra for `scoring.fit`.

    Parameters
    ----------
    table : ToneSpectra
    knowledge : Knowledge
        Whose coordinates are used.
    occupations : callable, optional
        See `Occupations`; by default the laws of heating.
    balanced : callable, optional
        Changes the settings of the generators into what arrives, for values (B, 1, 1).
    """
    size = len(knowledge.names)
    device = [at for at, name in enumerate(knowledge.names) if name.startswith(_SHAPES_TRANSFER)]
    reshaping = np.array([0, *(1 + at for at in device)])

    def arriving(values: Values) -> ToneSpectra:
        if balanced is None:
            return table
        return replace(table, drive=balanced(table.drive, values))

    def means(points: Array) -> Array:
        values = shaped(knowledge.values(points[:, :size]))
        few = {name: value[reshaping] for name, value in values.items()}
        transfer = arriving(few).transfer(few)
        levels = occupations(arriving(values).unit_system(values), values, points[:, size:])
        output = mixed(levels, transfer[0])
        output[reshaping] = mixed(levels[reshaping], transfer)
        if table.fidelity.finite_record:
            centre = {name: value[:1] for name, value in values.items()}
            level = np.broadcast_to(levels, (len(points), *table.shape.shape, 4))[0]
            # Differences need no more than their own bins: lines are wider than those.
            changes = output[1:] - output[0]
            changed = np.any(changes, axis=(1, 2, 3))
            changes[changed] = windows.smooth(changes[changed], 1, table.window)
            output[0] += arriving(centre).smoothing(centre, level)
            output[1:] = output[0] + changes
        gain, port, background = (values[n][..., None] for n in (GAIN, PORT, BACKGROUND))
        return (gain * (output - port) + background).reshape(len(points), -1)

    return means


def mixed(levels: Array, transfer: Array) -> Array:
    """Spectra (B, R, C, F) of occupations (B, R, C, 4) and transfers (..., R, C, 5, F)."""
    return (levels[..., None, :] @ transfer[..., :4, :])[..., 0, :] + transfer[..., 4, :]


def possible(
    table: ToneSpectra, knowledge: Knowledge, *, blue: bool = False
) -> Callable[[Array], bool]:
    """Return a check that spectra can be computed: values in range, drives stable."""
    size = len(knowledge.names)

    def check(x: Array) -> bool:
        values = knowledge.values(x[None, :size])
        for name in knowledge.names:
            if name not in (PORT, BACKGROUND, REST, *_OCCUPATIONS[:1]) and not is_allowed(
                name, values[name]
            ):
                return False
        return not blue or table.stable(shaped(values))

    return check
