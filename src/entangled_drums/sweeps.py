"""What the model predicts over a grid of parameters, and how sure the device file lets us be.

An axis is any parameter of the device or the drive by its flat name (``drum_1.linewidth_hz``,
``drive.ratio``); the generators are set anew at each grid point, for the device of that point.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from typing import Any

import numpy as np
import xarray
from numpy.typing import ArrayLike, NDArray

from entangled_drums import covariance, entanglement, parameters, periodic, tones
from entangled_drums.entanglement import Measures
from entangled_drums.errors import ParameterError
from entangled_drums.prior import draw
from entangled_drums.system import System
from entangled_drums.units import cyclic

BAND_QUANTILES = (0.16, 0.5, 0.84)
MODELS = ("rwa", "counter-rotating")
DRIVE_PREFIX = "drive."
JOINT_PREFIX = "drums."
_SPACINGS: dict[str, Callable[..., NDArray[np.float64]]] = {
    "linear": np.linspace,
    "logarithmic": np.geomspace,
}
_UNITS = {"_hz": "Hz", "_occupation": "quanta"}


def grid(axes: Mapping[str, Mapping[str, Any]]) -> dict[str, NDArray[np.float64]]:
    """Return the values along each axis, in the order of `axes`.

    Parameters
    ----------
    axes : mapping
        By parameter name: ``start``, ``stop`` (included), ``count`` and optionally ``spacing``,
        ``linear`` (the default) or ``logarithmic``.

    Returns
    -------
    dict
        Arrays of shape (count,).

    Raises
    ------
    ParameterError
        If a spacing is unknown.
    """
    points = {}
    for name, axis in axes.items():
        spacing = axis.get("spacing", "linear")
        if spacing not in _SPACINGS:
            raise ParameterError(
                f"axis {name}: spacing is {spacing!r}; write {' or '.join(sorted(_SPACINGS))}"
            )
        points[name] = _SPACINGS[spacing](axis["start"], axis["stop"], axis["count"])
    return points


def system_on_grid(
    device: Mapping[str, ArrayLike],
    drive: Mapping[str, ArrayLike],
    points: Mapping[str, NDArray[np.float64]],
) -> System:
    """Return the system at every point of a grid.

    Parameters
    ----------
    device : mapping
        Flat device values; arrays broadcast against the grid from the left.
    drive : mapping
        ``red_coupling_hz``, ``ratio`` (unless swept), ``cavity_detuning_hz``, ``frame_offset_hz``.
    points : mapping
        Values along each axis, see `grid`; they replace those of `device` and `drive`. Besides
        their parameters, ``drums.coupling_ratio`` (at the same geometric mean),
        ``drums.mean_frequency_hz`` (at the same difference) and ``drums.thermal_occupation``
        set both drums.

    Returns
    -------
    System
        Its last leading axes are the axes of the grid, in order.

    Raises
    ------
    ParameterError
        If a value is out of range or the ratio is neither given nor swept.
    """
    device, settings = _values_on_grid(device, drive, points)
    return parameters.system(device, settings)


def _values_on_grid(
    device: Mapping[str, ArrayLike],
    drive: Mapping[str, ArrayLike],
    points: Mapping[str, NDArray[np.float64]],
) -> tuple[dict[str, ArrayLike], parameters.DriveSettings]:
    device, drive = dict(device), dict(drive)
    for name, shaped in _along_axes(points).items():
        if name.startswith(DRIVE_PREFIX):
            drive[name.removeprefix(DRIVE_PREFIX)] = shaped
        elif name.startswith(JOINT_PREFIX):
            device.update(_both_drums(device, name, shaped))
        else:
            device[name] = shaped
    return device, parameters.drive_settings(device, **drive)


def tone_settings(
    device: Mapping[str, ArrayLike],
    settings: parameters.DriveSettings,
    declared: Sequence[Mapping[str, Any]],
) -> list[tones.ToneSettings]:
    """Return the generator settings of tones that are declared by the sideband they drive.

    Parameters
    ----------
    device : mapping
        Flat device values.
    settings : DriveSettings
        The pump pair that the tones replace: it gives the photons of a red and of a blue tone, and
        the frame.
    declared : sequence of mapping
        ``side``: ``red`` (below the drive centre) or ``blue``; ``at``: ``drum_1``, ``drum_2`` or
        ``frame``, whose frequency is the distance from the centre; ``offset_hz`` is added;
        ``weight`` multiplies the coupling; ``phase_rad``.

    Returns
    -------
    list of ToneSettings
    """
    distances = {
        "frame": np.asarray(settings.frame_frequency_hz),
        "drum_1": np.asarray(device["drum_1.frequency_hz"]),
        "drum_2": np.asarray(device["drum_2.frequency_hz"]),
    }
    found = []
    for tone in declared:
        red = tone["side"] == "red"
        photons = np.asarray(settings.red_photons)
        if not red:
            arriving = np.asarray(device["lines.blue_transmission"]) ** 2
            photons = arriving * np.asarray(settings.blue_photons)
        found.append(
            tones.ToneSettings(
                frequency_hz=(-1.0 if red else 1.0) * distances[tone["at"]] + tone["offset_hz"],
                photons=tone["weight"] ** 2 * photons,
                phase_rad=tone["phase_rad"],
            )
        )
    return found


def _along_axes(points: Mapping[str, NDArray[np.float64]]) -> dict[str, NDArray[np.float64]]:
    return {
        name: values.reshape((-1,) + (1,) * (len(points) - 1 - position))
        for position, (name, values) in enumerate(points.items())
    }


def _both_drums(
    device: Mapping[str, ArrayLike], name: str, values: NDArray[np.float64]
) -> dict[str, ArrayLike]:
    def pair(quantity: str) -> tuple[NDArray, NDArray]:
        first, second = (np.asarray(device[f"drum_{drum}.{quantity}"]) for drum in (1, 2))
        return first, second

    if name == "drums.coupling_ratio":
        quantity = "single_photon_coupling_hz"
        first, second = pair(quantity)
        mean = np.sqrt(first * second)
        new = mean * np.sqrt(values), mean / np.sqrt(values)
    elif name == "drums.mean_frequency_hz":
        quantity = "frequency_hz"
        first, second = pair(quantity)
        new = values - (second - first) / 2.0, values + (second - first) / 2.0
    elif name == "drums.thermal_occupation":
        quantity = "thermal_occupation"
        new = values, values
    else:
        raise ParameterError(f"axis {name}: unknown; write a parameter of device or drive")
    return {f"drum_{drum}.{quantity}": value for drum, value in zip((1, 2), new, strict=True)}


def solve_sweep(
    device: Mapping[str, float],
    drive: Mapping[str, float],
    axes: Mapping[str, Mapping[str, Any]],
    *,
    model: str = "rwa",
    declared_tones: Sequence[Mapping[str, Any]] | None = None,
    rows: tuple[int, int] | None = None,
) -> xarray.Dataset:
    """Solve the steady state on a grid: every measure, and the diagnostics of every solve.

    Parameters
    ----------
    device, drive : mapping
        See `system_on_grid`.
    axes : mapping
        See `grid`.
    model : {"rwa", "counter-rotating"}
        Rotating-wave approximation, or all counter-rotating terms; then the state is the mean over
        one period of twice the frame frequency.
    declared_tones : sequence of mapping, optional
        Tones that replace the pump pair, see `tone_settings`. Where they beat, the state is the
        mean over the beats.
    rows : tuple of int, optional
        Part of the first axis, see `entangled_drums.chunking.chunks`; all of it by default.

    Returns
    -------
    xarray.Dataset
        One dimension per axis, named after its parameter. NaN where there is no steady state;
        ``reason_code`` says why.

    Raises
    ------
    ParameterError
        See `system_on_grid`; or the model is unknown.
    """
    points = grid(axes)
    if rows is not None:
        first = next(iter(points))
        points[first] = points[first][slice(*rows)]
    if model not in MODELS:
        raise ParameterError(f"model: {model!r} is unknown; write {' or '.join(MODELS)}")
    values, settings = _values_on_grid(device, drive, points)
    system = parameters.system(values, settings)
    beyond = model == "counter-rotating"
    steady = None
    if declared_tones is None and not beyond:
        steady = covariance.steady_state(system)
        matrix, reason_code = steady.covariance, steady.reason_code
    else:
        if declared_tones is None:
            modulation = tones.drive_modulation(system.drive, counter_rotating=True)
        else:
            modulation = tones.tone_modulation(
                tones.tones(values, tone_settings(values, settings, declared_tones)),
                system.drive.frame_frequency,
                counter_rotating=beyond,
            )
        state = periodic.periodic_state(system, modulation)
        matrix, reason_code = state.mean_covariance, state.reason_code
    dataset = _dataset(points)
    dataset.attrs["model"] = model
    _add_measures(dataset, tuple(points), entanglement.measures(matrix))
    diagnostics: dict[str, tuple[NDArray, str, str]] = {
        "reason_code": (
            reason_code,
            "1",
            "0 where a steady state exists; otherwise why there is none: "
            + "; ".join(f"{code} {text}" for code, text in enumerate(covariance.REASONS) if text),
        ),
        "smallest_symplectic_eigenvalue": (
            covariance.symplectic_eigenvalues(matrix)[..., 0],
            "1",
            "smallest symplectic eigenvalue of cavity and drums; physical states have >= 1/2",
        ),
        **_groups(system),
    }
    if steady is not None:
        diagnostics |= {
            "spectral_abscissa_hz": (
                cyclic(steady.spectral_abscissa),
                "Hz",
                "largest real part of the drift's eigenvalues over 2 pi; negative where stable",
            ),
            "residual": (
                steady.residual,
                "1",
                "largest element of A V + V A^T + D over max|A| max|V|",
            ),
        }
    shape = tuple(values.size for values in points.values())
    for name, (numbers, units, description) in diagnostics.items():
        attributes = {"units": units, "description": description}
        dataset[name] = (tuple(points), np.broadcast_to(numbers, shape), attributes)
    return dataset


def _groups(system: System) -> dict[str, tuple[NDArray, str, str]]:
    """Dimensionless groups that say where a point lies, geometric means over the drums."""
    device, drive, bath = system.device, system.drive, system.bath

    def mean(values: NDArray) -> NDArray:
        return np.sqrt(np.abs(values[..., 0] * values[..., 1]))

    kappa = device.kappa
    half_splitting = (
        device.mechanical_frequency[..., 1] - device.mechanical_frequency[..., 0]
    ) / 2.0
    response = 1.0 + (2.0 * half_splitting / kappa) ** 2
    red, blue = mean(drive.red_coupling), mean(drive.blue_coupling)
    linewidth, occupation = mean(device.mechanical_linewidth), mean(bath.thermal_occupation)
    damping = 4.0 * (red**2 - blue**2) / (kappa * response)
    cooperativity = 4.0 * red**2 / (kappa * response * linewidth)
    return {
        "cooperativity_over_occupation": (
            cooperativity / occupation,
            "1",
            "cooperativity 4 G^2 kappa/[gamma (kappa^2 + 4 Omega^2)] over the bath occupation",
        ),
        "splitting_over_kappa": (
            half_splitting / kappa,
            "1",
            "half the difference of the drum frequencies over kappa",
        ),
        "damping_over_splitting": (
            damping / np.abs(half_splitting),
            "1",
            "optical damping over half the difference of the drum frequencies",
        ),
        "cavity_occupation": (
            system.cavity_occupation,
            "quanta",
            "occupation of the undriven cavity, (kappa_e n_e + kappa_i n_i)/kappa",
        ),
        "kappa_over_mechanical_frequency": (
            kappa / drive.frame_frequency,
            "1",
            "cavity linewidth over the frame frequency",
        ),
    }


def join(parts: Sequence[xarray.Dataset]) -> xarray.Dataset:
    """Put the parts of a sweep together along their first axis.

    Parameters
    ----------
    parts : sequence of xarray.Dataset
        From `solve_sweep`, in the order of `entangled_drums.chunking.chunks`.

    Returns
    -------
    xarray.Dataset
    """
    first_axis = str(next(iter(parts[0].coords)))
    return xarray.concat(
        [part.drop_attrs(deep=False) for part in parts],
        dim=first_axis,
        data_vars="all",
        coords="minimal",
        compat="override",
        join="exact",
        combine_attrs="no_conflicts",
    ).assign_attrs(model=parts[0].attrs["model"])


_SHIFTS_SOLVED = 10


def solve_band(
    device: Mapping[str, float],
    uncertainties: Mapping[str, float],
    drive: Mapping[str, float],
    axes: Mapping[str, Mapping[str, Any]],
    *,
    samples: int,
    generator: np.random.Generator,
    model: str = "rwa",
) -> xarray.Dataset:
    """Quantiles of Duan sum and 2 nu over devices drawn from the device file's uncertainties.

    The generators stay as the nominal device wants them: what the band shows is not knowing the
    device, not setting it differently. How counter-rotating terms shift the quantiles varies slowly
    and is solved for at a few points of the axis, with all devices.

    Parameters
    ----------
    device, uncertainties : mapping
        Flat values and standard uncertainties, the same keys.
    drive : mapping
        See `system_on_grid`.
    axes : mapping
        See `grid`; drive parameters only.
    samples : int
        Number of devices drawn.
    generator : numpy.random.Generator
    model : {"rwa", "counter-rotating"}
        See `solve_sweep`.

    Returns
    -------
    xarray.Dataset
        ``duan`` and ``two_nu`` with dimensions ``quantile`` and the axes, over the stable devices;
        ``stable_fraction`` with the axes alone.

    Raises
    ------
    ParameterError
        If a value is out of range.
    """
    points = grid(axes)
    drawn = [draw(device, uncertainties, generator) for _ in range(samples)]
    sets = {
        name: np.array([one[name] for one in drawn]).reshape((-1,) + (1,) * len(points))
        for name in device
    }
    nominal: dict[str, Any] = {
        **drive,
        **{name.removeprefix(DRIVE_PREFIX): values for name, values in _along_axes(points).items()},
    }
    system = parameters.system(sets, parameters.drive_settings(device, **nominal))
    duan, nu, code = entanglement.duan_and_nu_map(system)
    dataset = _dataset(points)
    dataset["quantile"] = (
        "quantile",
        np.array(BAND_QUANTILES),
        {"units": "1", "description": "fraction of the drawn devices below the value"},
    )
    quantities = {"duan": duan, "two_nu": 2.0 * nu}
    shifts = {} if model == "rwa" else _shifts_of_quantiles(quantities, sets, device, drive, points)
    for name, values in quantities.items():
        dataset[name] = (
            ("quantile", *points),
            _quantiles(values) + shifts.get(name, 0.0),
            {"units": "1", "description": f"quantiles of {name} over the stable drawn devices"},
        )
    dataset["stable_fraction"] = (
        tuple(points),
        np.mean(code == covariance.STABLE, axis=0),
        {"units": "1", "description": "fraction of the drawn devices that have a steady state"},
    )
    return dataset


def _shifts_of_quantiles(
    quantities: Mapping[str, NDArray[np.float64]],
    sets: Mapping[str, NDArray[np.float64]],
    device: Mapping[str, float],
    drive: Mapping[str, float],
    points: Mapping[str, NDArray[np.float64]],
) -> dict[str, NDArray[np.float64]]:
    """By how much counter-rotating terms move the quantiles (Q, points) along the only axis."""
    ((axis, at),) = points.items()
    few = np.unique(np.linspace(0, at.size - 1, _SHIFTS_SOLVED).round().astype(int))
    nominal: dict[str, Any] = {**drive, axis.removeprefix(DRIVE_PREFIX): at[few]}
    system = parameters.system(sets, parameters.drive_settings(device, **nominal))
    modulation = tones.drive_modulation(system.drive, counter_rotating=True)
    measured = entanglement.measures(
        periodic.periodic_state(system, modulation, (2,)).mean_covariance
    )
    beyond = {"duan": measured.duan, "two_nu": 2.0 * measured.ppt_symplectic_eigenvalue}
    shifts = {}
    for name, values in quantities.items():
        shift = _quantiles(beyond[name]) - _quantiles(values[:, few])
        known = np.isfinite(shift).all(axis=0)
        shifts[name] = np.stack([np.interp(at, at[few][known], row[known]) for row in shift])
    return shifts


def _quantiles(values: NDArray[np.float64]) -> NDArray[np.float64]:
    result = np.full((len(BAND_QUANTILES), *values.shape[1:]), np.nan)
    some = np.isfinite(values).any(axis=0)
    result[:, some] = np.nanquantile(values[:, some], BAND_QUANTILES, axis=0)
    return result


def _dataset(points: Mapping[str, NDArray[np.float64]]) -> xarray.Dataset:
    return xarray.Dataset(
        coords={
            name: (
                name,
                values,
                {
                    "units": next((u for end, u in _UNITS.items() if name.endswith(end)), "1"),
                    "description": f"swept parameter {name}",
                },
            )
            for name, values in points.items()
        }
    )


def _add_measures(dataset: xarray.Dataset, dimensions: tuple[str, ...], found: Measures) -> None:
    for one in fields(Measures):
        units, description = entanglement.describe(one.name)
        values = getattr(found, one.name)
        if values.ndim > len(dimensions):
            parts = {
                f"{one.name}_{drum}": (values[..., drum - 1], f"{description}: drum {drum}")
                for drum in (1, 2)
            }
        elif np.iscomplexobj(values):
            parts = {
                f"{one.name}_real": (values.real, f"{description}: real part"),
                f"{one.name}_imaginary": (values.imag, f"{description}: imaginary part"),
            }
        else:
            parts = {one.name: (values, description)}
        for name, (part, text) in parts.items():
            dataset[name] = (dimensions, part, {"units": units, "description": text})
