"""Whether a dataset is a valid recording; what is wrong with it, and what to do instead."""

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import xarray

from entangled_drums import windows
from entangled_drums.errors import RecordingError
from entangled_drums.recording_format import (
    ANY,
    CAVITY_RESPONSE,
    FORMAT,
    FORMAT_VERSION,
    KINDS,
    PHASE_SCAN,
    POSITIVE,
    POWER,
    STATIONARITY,
    Kind,
)

Fail = Callable[[str, str], NoReturn]


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
        values_of(dataset, name)
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
    if layout.name == STATIONARITY:
        start = dataset["segment_start_s"].values
        shortest = np.min(np.diff(start), initial=np.inf)
        length = dataset.attrs["duration_s"] / start.size
        if shortest < length * (1.0 - 1e-6):
            fail(
                f"'segment_start_s' has a step of {shortest:g} s, and a segment lasts {length:g} s "
                "(duration_s / segments)",
                "write seconds from the beginning of the run; segments must not overlap",
            )


def _mend(kind: str) -> str:
    """What to do about a lost point: only of some kinds may the axis have gaps."""
    if kind == CAVITY_RESPONSE:
        return "drop that point"
    if kind == PHASE_SCAN:
        return "drop that bin from every spectrum"
    return "write what was recorded there; if that is lost, record anew"


def values_of(dataset: xarray.Dataset, name: str) -> np.ndarray:
    """Return a field of a recording, whether one value holds for all spectra or each has its own.

    Parameters
    ----------
    dataset : xarray.Dataset
        A recording.
    name : str
        Attribute or variable.

    Returns
    -------
    ndarray
    """
    return np.asarray(dataset.attrs[name] if name in dataset.attrs else dataset[name].values)
