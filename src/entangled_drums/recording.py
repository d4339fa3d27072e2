"""Recordings: averaged power spectra as a receiver stores them, simulated and real alike.

Format version 1. A recording is a netCDF-4 file with one variable ``power_spectral_density`` (in
quanta: power per Hz over the photon energy, referred to the receiver's input up to its gain), the
coordinate ``frequency_hz`` (from the drive centre, positive above it) and, in a phase scan,
``phase_rad`` (phase of the blue probe). The settings of the generators and of the averaging are
plain attributes. Nothing about the true device, the random seed, the time or the computer is in it.
"""

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import xarray
from numpy.typing import ArrayLike

from entangled_drums import arrayfile
from entangled_drums.errors import RecordingError
from entangled_drums.parameters import DriveSettings, ProbeSettings

FORMAT = "entangled-drums-recording"
FORMAT_VERSION = 1
EMISSION = "emission"
PHASE_SCAN = "phase_scan"

_DIMENSIONS = {EMISSION: ("frequency_hz",), PHASE_SCAN: ("phase_rad", "frequency_hz")}
_FIXED_TEXT = {
    "unit": "quanta",
    "sidedness": "two-sided",
    "frequency_sign": "positive above the drive centre",
    "frequency_origin": "drive centre",
    "window": "boxcar",
}
_DRIVE = (
    "red_coupling_hz",
    "ratio",
    "centre_frequency_hz",
    "frame_frequency_hz",
    "red_photons",
    "blue_photons",
)
_PROBE = ("probe_offset_hz", "probe_red_photons", "probe_blue_photons")
_POSITIVE = "bin_width_hz", "equivalent_noise_bandwidth_hz", "duration_s", *_DRIVE[2:5]
_NOT_NEGATIVE = "red_coupling_hz", "ratio", "blue_photons", *_PROBE[1:]
_AVERAGING = (
    "overlap",
    "averages",
    "bin_width_hz",
    "equivalent_noise_bandwidth_hz",
    "duration_s",
)
_DESCRIPTIONS = {
    "power_spectral_density": ("quanta", "averaged periodogram of the field leaving the cavity"),
    "frequency_hz": ("Hz", "centre of the bin, from the drive centre, positive above it"),
    "phase_rad": ("rad", "phase of the blue probe tone"),
}


def averages_of(duration_s: float, bin_width_hz: float, phases: int = 1) -> int:
    """Return how many disjoint boxcar segments fit into a measurement.

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
    # The tiny excess keeps a product that is an integer up to rounding from losing one segment.
    return math.floor(duration_s / phases * bin_width_hz * (1.0 + 1e-12))


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
) -> xarray.Dataset:
    """Put an averaged boxcar periodogram into the recording format.

    Parameters
    ----------
    kind : {"emission", "phase_scan"}
        What was recorded.
    frequency_hz : array_like, (F,)
        Bin centres from the drive centre, Hz, rising.
    power_spectral_density : array_like, (F,) or (phases, F)
        Averaged spectrum, quanta.
    drive : DriveSettings
        Settings of the pump generators.
    duration_s, bin_width_hz, averages : float, float, int
        Duration of the whole recording, bin width, and segments averaged in each spectrum.
    probe : ProbeSettings, optional
        Settings of the probe generators; needed for a phase scan, with ``phase_rad`` (phases,).

    Returns
    -------
    xarray.Dataset
        A recording that passes `check`.

    Raises
    ------
    RecordingError
        If the result is not a valid recording.
    """
    attributes: dict[str, Any] = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "kind": kind,
        **_FIXED_TEXT,
        "overlap": 0.0,
        "averages": int(averages),
        "bin_width_hz": float(bin_width_hz),
        "equivalent_noise_bandwidth_hz": float(bin_width_hz),
        "duration_s": float(duration_s),
        **{name: float(getattr(drive, name)) for name in _DRIVE},
    }
    coordinates: dict[str, np.ndarray] = {
        "frequency_hz": np.asarray(frequency_hz, dtype=np.float64)
    }
    if kind == PHASE_SCAN:
        if probe is None:
            raise RecordingError("recording: kind 'phase_scan' needs the probe settings; give them")
        attributes["probe_offset_hz"] = float(probe.offset_hz)
        attributes["probe_red_photons"] = float(probe.red_photons)
        attributes["probe_blue_photons"] = float(probe.blue_photons)
        coordinates["phase_rad"] = np.asarray(probe.phase_rad, dtype=np.float64)
    dataset = xarray.Dataset(
        {
            "power_spectral_density": (
                _DIMENSIONS.get(kind, ("frequency_hz",)),
                np.asarray(power_spectral_density, dtype=np.float64),
            )
        },
        coords=coordinates,
        attrs=attributes,
    )
    for name, (units, description) in _DESCRIPTIONS.items():
        if name in dataset.variables:
            dataset[name].attrs = {"units": units, "description": description}
    return check(dataset)


def _check_attributes(attributes: Mapping[str, Any], kind: str, fail: Callable) -> None:
    numbers = _AVERAGING + _DRIVE + (_PROBE if kind == PHASE_SCAN else ())
    allowed = {"format", "format_version", "kind", "record_id", *_FIXED_TEXT, *numbers}
    for name, required in _FIXED_TEXT.items():
        if name not in attributes:
            fail(f"attribute {name!r} is missing", f"write {required!r}")
        if attributes[name] != required:
            fail(f"attribute {name!r} is {attributes[name]!r}", f"convert to {required!r}")
    for name in numbers:
        if name not in attributes:
            fail(f"attribute {name!r} is missing", "write its value as a plain number")
        value = attributes[name]
        if isinstance(value, bool | str) or not np.isscalar(value) or not np.isreal(value):
            fail(f"attribute {name!r} is {value!r}", "write a plain number")
        if not math.isfinite(value):
            fail(f"attribute {name!r} is {value}", "write a finite number")
        if name in _POSITIVE and not value > 0:
            fail(f"attribute {name!r} is {value:g}", "write a number above zero")
        if name in _NOT_NEGATIVE and value < 0:
            fail(f"attribute {name!r} is {value:g}", "write zero or more")
    unknown = sorted(set(attributes) - allowed)
    if unknown:
        fail(f"attribute {unknown[0]!r} is not part of the format", "remove it")


def _check_averaging(dataset: xarray.Dataset, phases: int, fail: Callable) -> None:
    attributes = dataset.attrs
    averages, width = attributes["averages"], attributes["bin_width_hz"]
    if averages != int(averages) or averages < 1:
        fail(f"attribute 'averages' is {averages:g}", "write a whole number above zero")
    if attributes["overlap"] != 0:
        fail(
            f"attribute 'overlap' is {attributes['overlap']:g}",
            "average segments without overlap, so that bins are independent, and write 0.0",
        )
    bandwidth = attributes["equivalent_noise_bandwidth_hz"]
    if not math.isclose(bandwidth, width, rel_tol=1e-6):
        fail(
            f"attribute 'equivalent_noise_bandwidth_hz' is {bandwidth:g}",
            f"write the bin width {width:g}, as a boxcar window has",
        )
    possible = averages_of(attributes["duration_s"], width, phases)
    if averages > possible:
        fail(
            f"attribute 'averages' is {averages:g}",
            f"write at most {possible} (duration_s / phases * bin_width_hz)",
        )


def _check_axis(dataset: xarray.Dataset, name: str, fail: Callable) -> np.ndarray:
    values = dataset[name].values
    if values.dtype.kind not in "iuf" or values.size == 0:
        fail(f"coordinate {name!r} holds no numbers", "write one number per step")
    if not np.all(np.isfinite(values)):
        index = int(np.flatnonzero(~np.isfinite(values))[0])
        fail(f"coordinate {name!r} is {values[index]} at index {index}", "write finite numbers")
    falling = np.flatnonzero(np.diff(values) <= 0)
    if falling.size:
        fail(f"coordinate {name!r} does not rise at index {falling[0] + 1}", "sort it, no repeats")
    return values


def check(
    dataset: xarray.Dataset, kind: str | None = None, source: str | Path = "recording"
) -> xarray.Dataset:
    """Check that a dataset is a valid recording.

    Parameters
    ----------
    dataset : xarray.Dataset
        What was read.
    kind : {"emission", "phase_scan"}, optional
        Kind that is needed; any kind if None.
    source : str or Path, optional
        File name for messages.

    Returns
    -------
    xarray.Dataset
        The dataset given.

    Raises
    ------
    RecordingError
        If anything is missing, unknown, out of range, or of another kind than asked for.
    """

    def fail(wrong: str, instead: str) -> None:
        raise RecordingError(f"{source}: {wrong}; {instead}")

    attributes = dataset.attrs
    if attributes.get("format") != FORMAT:
        fail(f"attribute 'format' is {attributes.get('format')!r}", f"write {FORMAT!r}")
    if attributes.get("format_version") != FORMAT_VERSION:
        fail(
            f"attribute 'format_version' is {attributes.get('format_version')!r}",
            f"convert to version {FORMAT_VERSION}, the one this program reads",
        )
    found = attributes.get("kind")
    if found not in _DIMENSIONS:
        fail(f"attribute 'kind' is {found!r}", f"write one of {', '.join(sorted(_DIMENSIONS))}")
    if kind is not None and found != kind:
        fail(f"attribute 'kind' is {found!r}", f"give a recording of kind {kind!r}")
    _check_attributes(attributes, found, fail)

    dimensions = _DIMENSIONS[found]
    for name in ("power_spectral_density", *dimensions):
        if name not in dataset.variables:
            fail(f"variable {name!r} is missing", f"write it, in {_DESCRIPTIONS[name][0]}")
        units = dataset[name].attrs.get("units")
        if units != _DESCRIPTIONS[name][0]:
            fail(f"variable {name!r} has units {units!r}", f"convert to {_DESCRIPTIONS[name][0]!r}")
    unknown = sorted(set(map(str, dataset.variables)) - {"power_spectral_density", *dimensions})
    if unknown:
        fail(f"variable {unknown[0]!r} is not part of the format", "remove it")
    power = dataset["power_spectral_density"]
    if power.dims != dimensions:
        fail(
            f"'power_spectral_density' has dimensions ({', '.join(map(str, power.dims))})",
            f"write ({', '.join(dimensions)})",
        )
    frequency = _check_axis(dataset, "frequency_hz", fail)
    width = attributes["bin_width_hz"]
    if frequency.size > 1 and np.min(np.diff(frequency)) < width * (1.0 - 1e-6):
        fail(
            f"'frequency_hz' has steps below the bin width {width:g} Hz",
            "thin the bins, so that they are independent",
        )
    phases = 1
    if found == PHASE_SCAN:
        phases = _check_axis(dataset, "phase_rad", fail).size
        if attributes["probe_offset_hz"] == 0:
            fail("attribute 'probe_offset_hz' is 0", "write the shift of the probe pair")
    _check_averaging(dataset, phases, fail)
    values = power.values
    if values.dtype.kind != "f":
        fail(f"'power_spectral_density' has type {values.dtype}", "write real numbers")
    for bad, what in ((~np.isfinite(values), "not finite"), (values <= 0, "zero or negative")):
        if np.any(bad):
            index = ", ".join(str(i) for i in np.argwhere(bad)[0])
            fail(f"'power_spectral_density' is {what} at index ({index})", "drop that bin")
    return dataset


def drive_settings(dataset: xarray.Dataset) -> DriveSettings:
    """Return the pump generators' settings stored in a valid recording."""
    return DriveSettings(**{name: float(dataset.attrs[name]) for name in _DRIVE})


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

    Raises
    ------
    RecordingError
        If it is not a valid recording; nothing is written then.
    """
    arrayfile.write(path, check(dataset, source=path), record_id)


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
