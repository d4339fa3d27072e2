"""Grids of parameters, and the system at every one of their points.

An axis is any parameter of the device or the drive by its flat name (``drum_1.linewidth_hz``,
``drive.ratio``); the generators are set anew at each grid point, for the device of that point.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import xarray
from numpy.typing import ArrayLike, NDArray

from entangled_drums import parameters, tones
from entangled_drums.errors import ParameterError

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


def values_on_grid(
    device: Mapping[str, ArrayLike],
    drive: Mapping[str, ArrayLike],
    points: Mapping[str, NDArray[np.float64]],
) -> tuple[dict[str, ArrayLike], parameters.DriveSettings]:
    """Return device and generator settings at every point of a grid.

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
    dict, DriveSettings
        Arrays whose last axes are the axes of the grid, in order.

    Raises
    ------
    ParameterError
        If a value is out of range or the ratio is neither given nor swept.
    """
    device, drive = dict(device), dict(drive)
    for name, shaped in along_axes(points).items():
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


def along_axes(points: Mapping[str, NDArray[np.float64]]) -> dict[str, NDArray[np.float64]]:
    """Return the values of each axis in a shape that broadcasts over the grid."""
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


def dataset_on(points: Mapping[str, NDArray[np.float64]]) -> xarray.Dataset:
    """Return a dataset that has the axes of a grid as coordinates, and nothing on them yet."""
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
