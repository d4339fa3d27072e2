"""Recordings: what a receiver stores of noise and response, simulated and real alike.

Format version 1, defined field by field in `entangled_drums.recording_format` and described in
docs/recordings.md. Nothing about the true device, the random seed, the time or the computer is in a
recording.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import xarray
from numpy.typing import ArrayLike

from entangled_drums import arrayfile, windows
from entangled_drums.errors import RecordingError
from entangled_drums.parameters import DriveSettings, ProbeSettings
from entangled_drums.recording_format import (
    ANY,
    CAVITY_RESPONSE,
    EMISSION,
    FORMAT,
    FORMAT_VERSION,
    KINDS,
    PHASE_SCAN,
    POSITIVE,
    POWER,
    SIMULATED,
    Kind,
)

__all__ = [
    "EMISSION",
    "PHASE_SCAN",
    "averages_of",
    "build",
    "check",
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
Fail = Callable[[str, str], NoReturn]


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


def _check_attributes(attributes: Mapping[str, Any], layout: Kind, fail: Fail) -> None:
    for attribute in layout.attributes:
        name = attribute.name
        if name not in attributes:
            if len(attribute.choices) == 1:
                fail(f"attribute {name!r} is missing", f"write {attribute.choices[0]!r}")
            if attribute.choices:
                fail(
                    f"attribute {name!r} is missing",
                    f"write one of {', '.join(attribute.choices)}: {attribute.description}",
                )
            fail(f"attribute {name!r} is missing", "write its value as a plain number")
        value = attributes[name]
        if not attribute.is_number:
            known = isinstance(value, str) and value in attribute.choices
            if attribute.choices and not known:
                _wrong_choice(name, value, attribute.choices, fail)
            continue
        if isinstance(value, bool) or not isinstance(value, int | float | np.number):
            fail(f"attribute {name!r} is {value!r}", "write a plain number")
        if isinstance(value, np.complexfloating):
            fail(f"attribute {name!r} is {value}", "write a real number")
        if not math.isfinite(value):
            fail(f"attribute {name!r} is {value}", "write a finite number")
        if not _sign_holds(value, attribute.sign):
            fail(f"attribute {name!r} is {value:g}", _sign_wanted(attribute.sign))
    allowed = {attribute.name for attribute in layout.attributes} | {"record_id"}
    unknown = sorted(str(name) for name in attributes if name not in allowed)
    if unknown:
        fail(f"attribute {unknown[0]!r} is not part of the format", "remove it")


def _wrong_choice(name: str, value: Any, choices: tuple[str, ...], fail: Fail) -> NoReturn:
    shown = f"attribute {name!r} is {str(value)[:60]!r}"
    if name == "unit":
        fail(shown, "convert to 'quanta', or import with a settings file (docs/importing.md)")
    if name == "averaging":
        fail(shown, "average the power: traces averaged in decibels lie 2.51 dB low")
    fail(shown, f"convert to {' or '.join(map(repr, choices))}")


def _sign_holds(values: Any, sign: str) -> bool:
    return bool(
        sign == ANY or (np.all(values > 0) if sign == POSITIVE else np.all(np.asarray(values) >= 0))
    )


def _sign_wanted(sign: str) -> str:
    return "write a number above zero" if sign == POSITIVE else "write zero or more"


def _check_variables(dataset: xarray.Dataset, layout: Kind, fail: Fail) -> None:
    for one in layout.variables:
        if one.name not in dataset.variables:
            fail(f"variable {one.name!r} is missing", f"write it, in {one.unit}")
        variable = dataset[one.name]
        units = variable.attrs.get("units")
        if units != one.unit:
            fail(f"variable {one.name!r} has units {units!r}", f"convert to {one.unit!r}")
        if variable.dims != one.dimensions:
            fail(
                f"{one.name!r} has dimensions ({', '.join(map(str, variable.dims))})",
                f"write ({', '.join(one.dimensions)})",
            )
        values = variable.values
        what = "coordinate" if one.dimensions == (one.name,) else "variable"
        if values.dtype.kind not in "iuf" or values.size == 0:
            fail(f"{what} {one.name!r} holds no numbers", "write one real number for each place")
        if one in layout.data:
            continue
        bad = ~np.isfinite(values)
        if np.any(bad):
            at = _first(bad)
            fail(f"{what} {one.name!r} is {values[bad][0]} at index {at}", "write finite numbers")
        if not _sign_holds(values, one.sign):
            fail(f"{what} {one.name!r} is {values.min():g} somewhere", _sign_wanted(one.sign))
        if what == "coordinate" or one.name == "frequency_hz":
            falling = np.diff(values, axis=-1) <= 0
            if np.any(falling):
                at = _first(np.pad(falling, [(0, 0)] * (falling.ndim - 1) + [(1, 0)]))
                fail(f"{what} {one.name!r} does not rise at index {at}", "sort it, no repeats")
    unknown = sorted(set(map(str, dataset.variables)) - {one.name for one in layout.variables})
    if unknown:
        fail(f"variable {unknown[0]!r} is not part of the format", "remove it")


def _first(bad: np.ndarray) -> str:
    place = ", ".join(str(i) for i in np.argwhere(bad)[0])
    return place if bad.ndim == 1 else f"({place})"


def _check_averaging(dataset: xarray.Dataset, layout: Kind, fail: Fail) -> None:
    overlap, window = dataset.attrs["overlap"], dataset.attrs["window"]
    if overlap >= 1:
        fail(f"attribute 'overlap' is {overlap:g}", "write a fraction of a segment, below 1")
    averages, effective, width, bandwidth = (
        _field(dataset, name)
        for name in (
            "averages",
            "effective_averages",
            "bin_width_hz",
            "equivalent_noise_bandwidth_hz",
        )
    )
    if np.any(averages != np.floor(averages)):
        fail(f"'averages' is {np.min(averages):g}", "write a whole number above zero")
    expected = windows.window(window).equivalent_noise_bandwidth
    if not np.allclose(bandwidth, expected * width, rtol=1e-6):
        fail(
            f"'equivalent_noise_bandwidth_hz' is {np.ravel(bandwidth)[0]:g}",
            f"write {expected:g} bins, {expected * np.ravel(width)[0]:g}, as the {window} window "
            "has",
        )
    spectra = math.prod(dataset[POWER].shape[:-1])
    possible = windows.segments(
        dataset.attrs["duration_s"] / (spectra if averages.ndim == 0 else 1),
        float(np.max(width)),
        overlap,
    )
    if np.max(averages) > possible:
        fail(
            f"'averages' is {np.max(averages):g}",
            f"write at most {possible} (duration_s / spectra * bin_width_hz)",
        )
    if np.any(effective > averages * (1.0 + 1e-9)):
        fail(
            f"'effective_averages' is {np.max(effective):g}",
            f"write at most the averages, {np.max(averages):g}; fewer if segments overlap",
        )
    step = np.min(np.diff(dataset["frequency_hz"].values, axis=-1), axis=-1, initial=np.inf)
    if np.any(step < width * (1.0 - 1e-6)):
        fail(
            f"'frequency_hz' has steps below the bin width {np.ravel(width)[0]:g} Hz",
            "drop the bins between: zero padding adds no information",
        )


def _field(dataset: xarray.Dataset, name: str) -> np.ndarray:
    return np.asarray(dataset.attrs[name] if name in dataset.attrs else dataset[name].values)


def check(
    dataset: xarray.Dataset, kind: str | None = None, source: str | Path = "recording"
) -> xarray.Dataset:
    """Check that a dataset is a valid recording.

    Parameters
    ----------
    dataset : xarray.Dataset
        What was read.
    kind : str, optional
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

    def fail(wrong: str, instead: str) -> NoReturn:
        raise RecordingError(f"{source}: {wrong}; {instead}")

    attributes = dataset.attrs
    if not isinstance(attributes.get("format"), str) or attributes["format"] != FORMAT:
        fail(f"attribute 'format' is {attributes.get('format')!r}", f"write {FORMAT!r}")
    version = attributes.get("format_version")
    if not np.isscalar(version) or version != FORMAT_VERSION:
        fail(
            f"attribute 'format_version' is {version!r}",
            f"convert to version {FORMAT_VERSION}, the one this program reads",
        )
    found = attributes.get("kind")
    if not isinstance(found, str) or found not in KINDS:
        fail(f"attribute 'kind' is {found!r}", f"write one of {', '.join(sorted(KINDS))}")
    if kind is not None and found != kind:
        fail(f"attribute 'kind' is {found!r}", f"give a recording of kind {kind!r}")
    layout = KINDS[found]
    _check_attributes(attributes, layout, fail)
    _check_variables(dataset, layout, fail)
    if attributes.get("probe_offset_hz") == 0:
        fail("attribute 'probe_offset_hz' is 0", "write the shift of the probe pair")
    for one in layout.data:
        values = dataset[one.name].values
        if values.dtype.kind != "f":
            fail(f"{one.name!r} has type {values.dtype}", "write real numbers")
        bad = ~np.isfinite(values)
        if np.any(bad):
            place = ", ".join(str(i) for i in np.argwhere(bad)[0])
            fail(f"{one.name!r} is not finite at index ({place})", _mend(found))
        if one.name == POWER and np.any(values <= 0):
            place = ", ".join(str(i) for i in np.argwhere(values <= 0)[0])
            remedy = _mend(found)
            if np.mean(values <= 0) > 0.5:
                remedy = "decibels? write power in linear units"
            fail(f"{one.name!r} is zero or negative at index ({place})", remedy)
    if layout.data[0].name == POWER:
        _check_averaging(dataset, layout, fail)
    return dataset


def _mend(kind: str) -> str:
    """What to do about a lost point: only of some kinds may the axis have gaps."""
    if kind == CAVITY_RESPONSE:
        return "drop that point"
    if kind == PHASE_SCAN:
        return "drop that bin from every spectrum"
    return "write what was recorded there; if that is lost, record anew"


def likelihood_shape(dataset: xarray.Dataset) -> np.ndarray:
    """Return the Gamma shape with which to weigh each bin as if all bins were independent.

    The effective averages; for a Hann window half of that, since its neighbouring bins are
    correlated: see `entangled_drums.windows.shape_for_sums`.

    Returns
    -------
    ndarray
        A scalar, or one for each spectrum of a kind with settings of its own.
    """
    effective = _field(dataset, "effective_averages").astype(np.float64)
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


def read_optional(paths: Sequence[Path] | Path, kind: str) -> xarray.Dataset | None:
    """Read the recording of an optional input: None where there is none; errors as for `read`."""
    files = [paths] if isinstance(paths, Path) else list(paths)
    return read(files[0], kind) if files else None
