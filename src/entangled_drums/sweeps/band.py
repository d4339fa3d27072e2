"""How sure the device file lets us be of what the model predicts."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray
from numpy.typing import NDArray

from entangled_drums import covariance, entanglement, parameters, periodic, tones
from entangled_drums.prior import draw
from entangled_drums.sweeps.grid import DRIVE_PREFIX, along_axes, dataset_on, grid

BAND_QUANTILES = (0.16, 0.5, 0.84)
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
        See `entangled_drums.sweeps.grid.values_on_grid`.
    axes : mapping
        See `entangled_drums.sweeps.grid.grid`; drive parameters only.
    samples : int
        Number of devices drawn.
    generator : numpy.random.Generator
    model : {"rwa", "counter-rotating"}
        See `entangled_drums.sweeps.solving.solve_sweep`.

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
        **{name.removeprefix(DRIVE_PREFIX): values for name, values in along_axes(points).items()},
    }
    system = parameters.system(sets, parameters.drive_settings(device, **nominal))
    duan, nu, code = entanglement.duan_and_nu_map(system)
    dataset = dataset_on(points)
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
