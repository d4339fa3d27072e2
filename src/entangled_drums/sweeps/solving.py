"""The steady state on a grid of parameters, with every measure and diagnostic."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

import numpy as np
import xarray
from numpy.typing import NDArray

from entangled_drums import covariance, entanglement, parameters, periodic, tones
from entangled_drums.entanglement import Measures
from entangled_drums.errors import ParameterError
from entangled_drums.sweeps.grid import dataset_on, grid, tone_settings, values_on_grid
from entangled_drums.system import System
from entangled_drums.units import cyclic

MODELS = ("rwa", "counter-rotating")


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
        See `entangled_drums.sweeps.grid.values_on_grid`.
    axes : mapping
        See `entangled_drums.sweeps.grid.grid`.
    model : {"rwa", "counter-rotating"}
        Rotating-wave approximation, or all counter-rotating terms; then the state is the mean over
        one period of twice the frame frequency.
    declared_tones : sequence of mapping, optional
        Tones that replace the pump pair, see
        `entangled_drums.sweeps.grid.tone_settings`. Where they beat, the state is the
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
        See `entangled_drums.sweeps.grid.values_on_grid`; or the model is unknown.
    """
    points = grid(axes)
    if rows is not None:
        first = next(iter(points))
        points[first] = points[first][slice(*rows)]
    if model not in MODELS:
        raise ParameterError(f"model: {model!r} is unknown; write {' or '.join(MODELS)}")
    values, settings = values_on_grid(device, drive, points)
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
    dataset = dataset_on(points)
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
