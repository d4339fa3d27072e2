"""Exact spectra under one tone, as the steps that record drums' lines need them.

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
from entangled_drums.calibration.knowledge import BACKGROUND, GAIN, PORT, REST, Knowledge
from entangled_drums.calibration.scoring import STEP, Data, Linear, Nuisance
from entangled_drums.parameters import DriveSettings, System
from entangled_drums.ranges import is_allowed
from entangled_drums.recording_format import POWER
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


@dataclass(frozen=True)
class ToneSpectra:
    """A table of R x C recorded spectra, F bins each, with the drive of each.

    Parameters
    ----------
    drive : DriveSettings
        Arrays that broadcast to (R, C).
    omega, power : ndarray, (R, C, F)
    shape : ndarray, (R, C)
        Gamma shape of a bin.
    window : str
    labels : tuple of str
        Of the spectra, row by row.
    """

    drive: DriveSettings
    omega: Array
    power: Array
    shape: Array
    window: str
    labels: tuple[str, ...]

    @classmethod
    def of(cls, dataset: xarray.Dataset) -> "ToneSpectra":
        """Arrange a recording of spectra that each have bins of their own."""
        power = dataset[POWER]
        row, column, _ = power.dims
        names = [
            f"{row} {dataset[row].values[r]:g}, {column} {dataset[column].values[c]:g}"
            for r in range(power.shape[0])
            for c in range(power.shape[1])
        ]
        return cls(
            drive=recording.drive_settings(dataset),
            omega=np.asarray(angular(dataset["frequency_hz"].values)),
            power=np.asarray(power.values, dtype=np.float64),
            shape=np.asarray(dataset["effective_averages"].values, dtype=np.float64),
            window=str(dataset.attrs["window"]),
            labels=tuple(names),
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

    def transfer(self, values: Values) -> Array:
        """Return the transfers (B, R, C, 5, F) of n_e, n_i, n_1, n_2 and of the constant."""
        system = self.unit_system(values)
        found = spectra.output_transfer(system, self.omega)
        annihilated = (
            found.annihilation_external,
            found.annihilation_internal,
            *found.annihilation_drums,
        )
        created = (found.creation_external, found.creation_internal, *found.creation_drums)
        parts = [one + other for one, other in zip(annihilated, created, strict=True)]
        return np.stack(np.broadcast_arrays(*parts, sum(created)), axis=-2)

    def stable(self, values: Values) -> bool:
        """Tell whether every drive has a steady state, for values (1, 1, 1)."""
        return bool(np.all(covariance.steady_state(self.unit_system(values)).stable))


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


def linear_model(
    table: ToneSpectra,
    knowledge: Knowledge,
    nuisances: tuple[Nuisance, ...] = (),
    occupations: Occupations = heated,
    balanced: Callable[[DriveSettings, Values], DriveSettings] | None = None,
    fine: Array | None = None,
) -> Linear:
    """Return means and derivatives of a table of spectra for `scoring.fit`.

    Parameters
    ----------
    table : ToneSpectra
    knowledge : Knowledge
        Whose coordinates, and uncertainties as scale of the derivatives, are used.
    nuisances : tuple of Nuisance, optional
    occupations : callable, optional
        See `Occupations`; by default the laws of heating.
    balanced : callable, optional
        Changes the settings of the generators into what arrives, for values (B, 1, 1).
    fine : ndarray, (R, C, F), optional
        Output spectrum to be added: what the model leaves out.
    """
    size = len(knowledge.names)
    steps = STEP * np.concatenate([knowledge.uncertainty, [one.scale for one in nuisances]])
    device = [at for at, name in enumerate(knowledge.names) if name.startswith(_SHAPES_TRANSFER)]
    chosen = np.array([0, *(1 + at for at in device)])

    def arriving(values: Values) -> ToneSpectra:
        if balanced is None:
            return table
        return replace(table, drive=balanced(table.drive, values))

    def linear(x: Array) -> tuple[Array, Array]:
        points = x + np.concatenate([np.zeros((1, x.size)), np.diag(steps)])
        values = shaped(knowledge.values(points[:, :size]))
        few = {name: value[chosen] for name, value in values.items()}
        transfer = arriving(few).transfer(few)
        levels = occupations(arriving(values).unit_system(values), values, points[:, size:])
        output = _mixed(levels, transfer[0])
        output[chosen] = _mixed(levels[chosen], transfer)
        if fine is not None:
            output = output + fine
        gain, port, background = (values[n][..., None] for n in (GAIN, PORT, BACKGROUND))
        means = (gain * (output - port) + background).reshape(len(points), -1)
        return means[0], (means[1:] - means[0]) / steps[:, None]

    return linear


def _mixed(levels: Array, transfer: Array) -> Array:
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
