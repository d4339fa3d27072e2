"""Recordings: what a receiver stores of noise and response, simulated and real alike.

Format version 1, defined field by field in `entangled_drums.recording_format` and described in
docs/recordings.md. Nothing about the true device, the random seed, the time or the computer is in a
recording.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray
from numpy.typing import ArrayLike

from entangled_drums import arrayfile, windows
from entangled_drums.errors import RecordingError
from entangled_drums.parameters import DriveSettings, ProbeSettings
from entangled_drums.recording_checks import check, values_of
from entangled_drums.recording_format import (
    EMISSION,
    FORMAT_VERSION,
    KINDS,
    PHASE_SCAN,
    POWER,
    SIMULATED,
)

__all__ = [
    "EMISSION",
    "PHASE_SCAN",
    "averages_of",
    "build",
    "compose",
    "drive_settings",
    "likelihood_shape",
    "probe_settings",
    "read",
    "read_optional",
    "write",
]

_DRIVE = (
    "red_coupling_hz",
    "ratio",
    "centre_frequency_hz",
    "frame_frequency_hz",
    "red_photons",
    "blue_photons",
)


def averages_of(duration_s: float, bin_width_hz: float, phases: int = 1) -> int:
    """Return how many disjoint segments fit into a measurement.

    Parameters
    ----------
    duration_s : float
        Duration of the whole recording, shared equally between the phases.
    bin_width_hz : float
        Width of a frequency bin; a segment lasts its inverse.
    phases : int, optional
        Number of phases of a scan.

    Returns
    -------
    int
        Averages of each spectrum; zero if not even one segment fits.
    """
    return windows.segments(duration_s / phases, bin_width_hz)


def averaging(
    bin_width_hz: ArrayLike,
    averages: ArrayLike,
    window: str = windows.BOXCAR,
    overlap: float = 0.0,
) -> dict[str, Any]:
    """Return the four fields that say how spectra were averaged.

    Parameters
    ----------
    bin_width_hz, averages : array_like
        Bin width and number of segments; one for all spectra or one for each.
    window : str, optional
        Window of the periodogram.
    overlap : float, optional
        Fraction of a segment shared with the next one.

    Returns
    -------
    dict
        ``averages``, ``effective_averages``, ``bin_width_hz``, ``equivalent_noise_bandwidth_hz``.
    """
    count = np.asarray(averages)
    effective = np.vectorize(
        lambda number: windows.effective_averages(window, int(number), overlap), otypes=[float]
    )(count)
    width = np.asarray(bin_width_hz, dtype=np.float64)
    return {
        "averages": count.astype(np.int64),
        "effective_averages": effective,
        "bin_width_hz": width,
        "equivalent_noise_bandwidth_hz": windows.window(window).equivalent_noise_bandwidth * width,
    }


def compose(kind: str, source: str | Path = "recording", /, **fields: Any) -> xarray.Dataset:
    """Put the fields of a recording into the format.

    Parameters
    ----------
    kind : str
        One of `entangled_drums.recording_format.KINDS`.
    source : str or Path, optional
        File name for messages.
    **fields
        Every variable of the kind as an array, every attribute as a plain value; those whose value
        the format fixes are filled in, and ``origin`` is "simulated" unless it is given.

    Returns
    -------
    xarray.Dataset
        A recording that passes `check`.

    Raises
    ------
    RecordingError
        If the kind is unknown or the result is not a valid recording.
    """
    if kind not in KINDS:
        raise RecordingError(
            f"{source}: kind {kind!r} is unknown; write one of {', '.join(sorted(KINDS))}"
        )
    layout = KINDS[kind]
    coordinates: dict[str, Any] = {}
    variables: dict[str, Any] = {}
    for one in layout.variables:
        if one.name not in fields:
            raise RecordingError(f"{source}: {one.name!r} of kind {kind!r} is missing; give it")
        values = np.asarray(fields.pop(one.name))
        if values.dtype.kind in "iuf" and one.name not in ("averages", "bin", "drum", "sideband"):
            values = values.astype(np.float64)
        target = coordinates if one.dimensions == (one.name,) else variables
        if values.ndim != len(one.dimensions):
            raise RecordingError(
                f"{source}: {one.name!r} has {values.ndim} dimensions; "
                f"write ({', '.join(one.dimensions)})"
            )
        note = {"units": one.unit, "description": one.description}
        target[one.name] = (one.dimensions, values, note)
    fields.setdefault("origin", SIMULATED)
    attributes: dict[str, Any] = {}
    for attribute in layout.attributes:
        name = attribute.name
        if name in fields:
            value = fields.pop(name)
            attributes[name] = value.item() if isinstance(value, np.generic | np.ndarray) else value
        elif len(attribute.choices) == 1:
            attributes[name] = attribute.choices[0]
    attributes |= {"format_version": FORMAT_VERSION, "kind": kind, **fields}
    try:
        dataset = xarray.Dataset(variables, coords=coordinates, attrs=attributes)
    except ValueError as error:
        raise RecordingError(f"{source}: shapes do not match ({error}); mend them") from None
    return check(dataset, source=source)


def build(
    kind: str,
    frequency_hz: ArrayLike,
    power_spectral_density: ArrayLike,
    drive: DriveSettings,
    *,
    duration_s: float,
    bin_width_hz: float,
    averages: int,
    probe: ProbeSettings | None = None,
    window: str = windows.BOXCAR,
    overlap: float = 0.0,
    origin: str = SIMULATED,
    **coordinates: ArrayLike,
) -> xarray.Dataset:
    """Put averaged periodograms under the two pumps into the recording format.

    Parameters
    ----------
    kind : {"emission", "phase_scan", "stationarity"}
        What was recorded.
    frequency_hz : array_like, (F,)
        Bin centres from the drive centre, Hz, rising.
    power_spectral_density : array_like, (F,) or (phases or segments, F)
        Averaged spectrum, quanta.
    drive : DriveSettings
        Settings of the pump generators.
    duration_s, bin_width_hz, averages : float, float, int
        Duration of the whole recording, bin width, and segments averaged in each spectrum.
    probe : ProbeSettings, optional
        Settings of the probe generators; needed for a phase scan, with ``phase_rad`` (phases,).
    window, overlap : str, float, optional
        Window of the periodogram and overlap of the segments.
    origin : {"simulated", "measured"}, optional
        Where the numbers come from.
    **coordinates
        Further coordinates of the kind.

    Returns
    -------
    xarray.Dataset
        A recording that passes `check`.

    Raises
    ------
    RecordingError
        If the result is not a valid recording.
    """
    fields: dict[str, Any] = {
        "frequency_hz": frequency_hz,
        POWER: power_spectral_density,
        "window": window,
        "overlap": float(overlap),
        "duration_s": float(duration_s),
        **averaging(bin_width_hz, averages, window, overlap),
        **{name: float(getattr(drive, name)) for name in _DRIVE},
        **coordinates,
    }
    if kind == PHASE_SCAN:
        if probe is None:
            raise RecordingError("recording: kind 'phase_scan' needs the probe settings; give them")
        fields["probe_offset_hz"] = np.asarray(probe.offset_hz)
        fields["probe_red_photons"] = np.asarray(probe.red_photons)
        fields["probe_blue_photons"] = np.asarray(probe.blue_photons)
        fields["phase_rad"] = probe.phase_rad
    return compose(kind, origin=origin, **fields)


def likelihood_shape(dataset: xarray.Dataset) -> np.ndarray:
    """Return the Gamma shape with which to weigh each bin as if all bins were independent.

    The effective averages; for a Hann window half of that, since its neighbouring bins are
    correlated: see `entangled_drums.windows.shape_for_sums`.

    Returns
    -------
    ndarray
        A scalar, or one for each spectrum of a kind with settings of its own.
    """
    effective = values_of(dataset, "effective_averages").astype(np.float64)
    return np.asarray(windows.shape_for_sums(dataset.attrs["window"], 1.0) * effective)


def drive_settings(dataset: xarray.Dataset) -> DriveSettings:
    """Return the pump generators' settings stored in a valid recording.

    Numbers for a recording under the two pumps. For recordings under one tone, arrays that
    broadcast to the shape of the spectra without their bins, and a ratio of 0 (red) or infinity
    (blue).

    Raises
    ------
    RecordingError
        If no tone was on in this kind of recording.
    """
    if "red_coupling_hz" not in (*dataset.attrs, *dataset.variables):
        raise RecordingError(
            f"recording: kind {dataset.attrs['kind']!r} has no drive; give one that has"
        )
    if "ratio" in dataset.attrs:
        return DriveSettings(**{name: float(dataset.attrs[name]) for name in _DRIVE})
    settings = dataset[POWER].dims[:-1]
    fields: dict[str, Any] = {"red_photons": 0.0, "blue_photons": 0.0}
    for name in _DRIVE:
        if name in dataset.attrs:
            fields[name] = float(dataset.attrs[name])
        elif name in dataset.variables:
            variable = dataset[name]
            shape = [variable.sizes.get(dimension, 1) for dimension in settings]
            fields[name] = variable.values.astype(np.float64).reshape(shape)
    fields["ratio"] = np.where(np.asarray(fields["red_photons"]) > 0, 0.0, np.inf)
    return DriveSettings(**fields)


def probe_settings(dataset: xarray.Dataset) -> ProbeSettings:
    """Return the probe generators' settings of a valid phase scan, ``phase_rad`` (phases,)."""
    return ProbeSettings(
        offset_hz=float(dataset.attrs["probe_offset_hz"]),
        red_photons=float(dataset.attrs["probe_red_photons"]),
        blue_photons=float(dataset.attrs["probe_blue_photons"]),
        phase_rad=dataset["phase_rad"].values.astype(np.float64),
    )


def write(path: str | Path, dataset: xarray.Dataset, record_id: str | None = None) -> None:
    """Check a recording and write it to exactly the path given.

    Variables without a description get that of the format.

    Raises
    ------
    RecordingError
        If it is not a valid recording; nothing is written then.
    """
    described = check(dataset, source=path).copy()
    for one in KINDS[dataset.attrs["kind"]].variables:
        described[one.name].attrs.setdefault("description", one.description)
    arrayfile.write(path, described, record_id)


def read(path: str | Path, kind: str | None = None) -> xarray.Dataset:
    """Read a recording and check it.

    Parameters
    ----------
    path : str or Path
        File to read.
    kind : {"emission", "phase_scan"}, optional
        Kind that is needed; any kind if None.

    Raises
    ------
    FileFormatError
        If the file is not netCDF-4.
    RecordingError
        If it is not a valid recording of that kind.
    """
    return check(arrayfile.read(path), kind, source=path)


def read_optional(paths: Sequence[Path] | Path, kind: str) -> xarray.Dataset | None:
    """Read the recording of an optional input: None where there is none; errors as for `read`."""
    files = [paths] if isinstance(paths, Path) else list(paths)
    return read(files[0], kind) if files else None
