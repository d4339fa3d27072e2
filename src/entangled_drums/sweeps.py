"""What the model predicts over a grid of parameters, and how sure the device file lets us be.

An axis is any parameter of the device or the drive by its flat name (``drum_1.linewidth_hz``,
``drive.ratio``); the generators are set anew at each grid point, for the device of that point.
"""

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any

import numpy as np
import xarray
from numpy.typing import ArrayLike, NDArray

from entangled_drums import covariance, entanglement, parameters
from entangled_drums.entanglement import Measures
from entangled_drums.errors import ParameterError
from entangled_drums.laboratory import draw_truth
from entangled_drums.units import cyclic

BAND_QUANTILES = (0.16, 0.5, 0.84)
DRIVE_PREFIX = "drive."
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
) -> parameters.System:
    """Return the system at every point of a grid.

    Parameters
    ----------
    device : mapping
        Flat device values; arrays broadcast against the grid from the left.
    drive : mapping
        ``red_coupling_hz``, ``ratio`` (unless swept), ``cavity_detuning_hz``, ``frame_offset_hz``.
    points : mapping
        Values along each axis, see `grid`; they replace those of `device` and `drive`.

    Returns
    -------
    System
        Its last leading axes are the axes of the grid, in order.

    Raises
    ------
    ParameterError
        If a value is out of range or the ratio is neither given nor swept.
    """
    device, drive = dict(device), dict(drive)
    for position, (name, values) in enumerate(points.items()):
        shaped = values.reshape((-1,) + (1,) * (len(points) - 1 - position))
        if name.startswith(DRIVE_PREFIX):
            drive[name.removeprefix(DRIVE_PREFIX)] = shaped
        else:
            device[name] = shaped
    return parameters.system(device, parameters.drive_settings(device, **drive))


def solve_sweep(
    device: Mapping[str, float],
    drive: Mapping[str, float],
    axes: Mapping[str, Mapping[str, Any]],
) -> xarray.Dataset:
    """Solve the steady state on a grid: every measure, and the diagnostics of every solve.

    Parameters
    ----------
    device, drive : mapping
        See `system_on_grid`.
    axes : mapping
        See `grid`.

    Returns
    -------
    xarray.Dataset
        One dimension per axis, named after its parameter. NaN where there is no steady state;
        ``reason_code`` says why.

    Raises
    ------
    ParameterError
        See `system_on_grid`.
    """
    points = grid(axes)
    state = covariance.steady_state(system_on_grid(device, drive, points))
    dataset = _dataset(points)
    _add_measures(dataset, tuple(points), entanglement.measures(state.covariance))
    diagnostics = {
        "reason_code": (
            state.reason_code,
            "1",
            "0 where a steady state exists; otherwise why there is none: "
            + "; ".join(f"{code} {text}" for code, text in enumerate(covariance.REASONS) if text),
        ),
        "spectral_abscissa_hz": (
            cyclic(state.spectral_abscissa),
            "Hz",
            "largest real part of the drift's eigenvalues over 2 pi; negative where stable",
        ),
        "residual": (state.residual, "1", "largest element of A V + V A^T + D over max|A| max|V|"),
        "smallest_symplectic_eigenvalue": (
            state.smallest_symplectic_eigenvalue,
            "1",
            "smallest symplectic eigenvalue of cavity and drums; physical states have >= 1/2",
        ),
    }
    for name, (values, units, description) in diagnostics.items():
        dataset[name] = (
            tuple(points),
            values,
            {"units": units, "description": description},
        )
    return dataset


def solve_band(
    device: Mapping[str, float],
    uncertainties: Mapping[str, float],
    drive: Mapping[str, float],
    axes: Mapping[str, Mapping[str, Any]],
    *,
    samples: int,
    generator: np.random.Generator,
) -> xarray.Dataset:
    """Quantiles of Duan sum and 2 nu over devices drawn from the device file's uncertainties.

    The generators stay as the nominal device wants them: what the band shows is not knowing the
    device, not setting it differently.

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
    drawn = [draw_truth(device, uncertainties, generator) for _ in range(samples)]
    sets = {
        name: np.array([one[name] for one in drawn]).reshape((-1,) + (1,) * len(points))
        for name in device
    }
    nominal: dict[str, Any] = {
        **drive,
        **{
            name.removeprefix(DRIVE_PREFIX): values.reshape(
                (-1,) + (1,) * (len(points) - 1 - position)
            )
            for position, (name, values) in enumerate(points.items())
        },
    }
    system = parameters.system(sets, parameters.drive_settings(device, **nominal))
    duan, nu, code = entanglement.duan_and_nu_map(system)
    dataset = _dataset(points)
    dataset["quantile"] = (
        "quantile",
        np.array(BAND_QUANTILES),
        {"units": "1", "description": "fraction of the drawn devices below the value"},
    )
    for name, values in (("duan", duan), ("two_nu", 2.0 * nu)):
        dataset[name] = (
            ("quantile", *points),
            _quantiles(values),
            {"units": "1", "description": f"quantiles of {name} over the stable drawn devices"},
        )
    dataset["stable_fraction"] = (
        tuple(points),
        np.mean(code == covariance.STABLE, axis=0),
        {"units": "1", "description": "fraction of the drawn devices that have a steady state"},
    )
    return dataset


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
