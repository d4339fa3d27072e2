"""Spectra of a real laboratory: a settings file with a table beside it, in any usual unit.

The settings file (YAML) names the table (``table``, a CSV file beside it) and gives the fields of
the recording's kind that are no columns; see docs/importing.md. Power densities may be in quanta,
W/Hz, dBm/Hz or V^2/Hz (with ``impedance_ohm``); frequencies absolute, from the drive centre, or of
opposite sign. Everything is converted to the recording format.

Power of a two-sided density of the field is the power that an analyser shows at that frequency: a
tone of power P above the centre appears once. A density called one-sided folds the two sides of the
centre together and cannot be unfolded, so it is refused.
"""

import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import xarray

from entangled_drums import foreign, parameters, recording, recording_checks
from entangled_drums.configuration import yamlfile
from entangled_drums.errors import EntangledDrumsError, RecordingError
from entangled_drums.recording_format import (
    CAVITY_RESPONSE,
    KINDS,
    LOAD_NOISE,
    PHASE_SCAN,
    POWER,
    REFLECTION,
    STATIONARITY,
    Kind,
)
from entangled_drums.units import HBAR, TWO_PI

UNITS = ("quanta", "W/Hz", "dBm/Hz", "V^2/Hz")
ORIGINS = ("drive centre", "absolute")
SIGNS = ("positive above the drive centre", "negative above the drive centre")
SETTINGS_SUFFIXES = (".yaml", ".yml")
NEAREST_COUPLING = 0.01
"""Relative; settings of generators are repeated better, and powers worth a name differ by more."""
NEAREST_RATIO = 5e-4
"""Operating points are named by thousandths of the ratio."""
NEAREST_PHOTONS = 0.1
"""Relative, beside three standard deviations of what the device file makes of the coupling: numbers
of photons are often written with two digits. Operating points worth a name differ by more."""
_COARSEST_PADDING = 100.0
"""Zero padding divides bins by less; units of frequency differ by more."""
_COLUMNS = {
    PHASE_SCAN: "phase_rad",
    LOAD_NOISE: "load_temperature_k",
    STATIONARITY: "segment_start_s",
}
_SUPPORTED = tuple(
    name
    for name, kind in KINDS.items()
    if kind.data[0].dimensions[-1] == "frequency_hz" and len(kind.data[0].dimensions) <= 2
)


def read(path: str | Path, kind: str | None = None) -> xarray.Dataset:
    """Read a recording: netCDF, or a settings file with its table.

    Parameters
    ----------
    path : str or Path
        File to read; a name that ends in .yaml or .yml is a settings file.
    kind : str, optional
        Kind that is needed; any kind if None.

    Raises
    ------
    FileFormatError
        If a netCDF file is not readable, or makes the library hang or crash.
    RecordingError
        If something is wrong with settings, table or recording.
    OSError
        If a file cannot be opened.
    """
    path = Path(path)
    if path.suffix not in SETTINGS_SUFFIXES:
        foreign.try_first(lambda: _try_netcdf(path, kind), path)
        return recording.read(path, kind)
    try:
        settings = yamlfile.read(path).tree
    except EntangledDrumsError as error:
        raise RecordingError(str(error)) from None
    table = settings.get("table")
    if not isinstance(table, str) or Path(table).name != table:
        raise RecordingError(
            f"{path}: table is {table!r}; write the name of a CSV file in the same folder"
        )
    try:
        values = read_table(path.with_name(table))
    except FileNotFoundError:
        raise RecordingError(
            f"{path.with_name(table)}: no such file, the table that {path.name} names; "
            "put it beside the settings"
        ) from None
    return recording_checks.check(convert(settings, values, path), kind, path)


def read_given(
    paths: Sequence[Path] | Path, kind: str, point: Mapping[str, Any] | None = None
) -> xarray.Dataset:
    """Read the one recording among the files that were given for it; errors as for `read`.

    Parameters
    ----------
    paths : Path or sequence of Path
        A netCDF file, or a settings file and its table.
    kind : str
        Kind that is needed.
    point : mapping, optional
        Operating point at which it must have been taken: ``name``, ``power``, ``red_coupling_hz``,
        ``ratio``, and flat values (``device``) and ``uncertainties`` of the device file.

    Returns
    -------
    xarray.Dataset
        Without the record of the job that may have written it.

    Raises
    ------
    RecordingError
        If it is not one recording, or its table has another name, or it was taken at another
        operating point: what the analysis finds would bear the wrong name.
    """
    given = [paths] if isinstance(paths, Path) else list(paths)
    files = [path for path in given if path.suffix != ".csv"]
    if len(files) != 1:
        raise RecordingError(
            f"{', '.join(path.name for path in given)}: not one recording; keep one netCDF file, "
            "or one settings file and its table"
        )
    if files[0].suffix in SETTINGS_SUFFIXES:
        _require_own_table(files[0], kind)
    dataset = read(files[0], kind)
    dataset.attrs.pop("record_id", None)
    if point is not None:
        _require_point(dataset.attrs, point, files[0])
    return dataset


def _require_own_table(settings: Path, kind: str) -> None:
    try:
        table = yamlfile.read(settings).tree.get("table")
    except EntangledDrumsError as error:
        raise RecordingError(str(error)) from None
    if table != f"{kind}.csv":
        raise RecordingError(
            f"{settings}: table is {table!r}; the workflow finds files by their names: call it "
            f"{kind}.csv"
        )


def _require_point(drive: Mapping[str, Any], point: Mapping[str, Any], source: Path) -> None:
    keys = {
        "red_coupling_hz": f"drive.powers.{point['power']}.red_coupling_hz",
        "ratio": f"operating_points.{point['power']}",
    }
    nearest = {
        "red_coupling_hz": NEAREST_COUPLING * point["red_coupling_hz"],
        "ratio": NEAREST_RATIO,
    }
    for name, key in keys.items():
        if abs(drive[name] - point[name]) > nearest[name] * (1.0 + 1e-9):
            raise RecordingError(
                f"{source}: {name} is {drive[name]:g}, but {point[name]:g} at {point['name']} "
                f"({key} of the experiment file); put it into the folder of the point at which it "
                "was recorded, or correct one of the two"
            )
    # The analysis goes by the photons.
    device, uncertainties = point["device"], point["uncertainties"]
    wanted = parameters.drive_settings(device, point["red_coupling_hz"], point["ratio"])
    red, blue = float(np.asarray(wanted.red_photons)), drive["ratio"] ** 2 * drive["red_photons"]
    couplings = [f"drum_{drum}.single_photon_coupling_hz" for drum in (1, 2)]
    relative = math.hypot(*(uncertainties[name] / device[name] for name in couplings))
    expected = {
        "red_photons": (
            red,
            f"the coupling of {point['name']} takes {red:.3g} by the device file",
            3.0 * relative,
        ),
        "blue_photons": (blue, f"ratio^2 times red_photons is {blue:.3g}", 0.0),
    }
    for name, (photons, why, uncertainty) in expected.items():
        if abs(drive[name] - photons) > (NEAREST_PHOTONS + uncertainty) * photons:
            raise RecordingError(
                f"{source}: {name} is {drive[name]:.3g}, but {why}; write the photons of the drive "
                "at which it was recorded"
            )


def _try_netcdf(path: Path, kind: str | None) -> None:
    foreign.refuse_links(path)
    recording.read(path, kind)


def read_table(path: Path) -> dict[str, np.ndarray]:
    """Read a CSV table: a line of column names, then numbers; lines with # are left out.

    Raises
    ------
    RecordingError
        If it is empty, ragged, or holds anything but finite numbers.
    OSError
        If it cannot be opened.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise RecordingError(f"{path}: not a text file; write CSV, UTF-8") from None
    lines = [
        (number, line.strip())
        for number, line in enumerate(text.splitlines(), 1)
        if line.strip() and not line.lstrip().startswith("#")
    ]
    if len(lines) < 2:
        raise RecordingError(f"{path}: no numbers; write column names and one line for each point")
    names = [name.strip() for name in lines[0][1].split(",")]
    if len(names) == 1 and re.search(r"[;\s]", names[0]):
        raise RecordingError(
            f"{path}:{lines[0][0]}: one column, {names[0][:60]!r}; write commas between columns, "
            "and points in numbers"
        )
    if len(set(names)) < len(names) or not all(names):
        raise RecordingError(f"{path}: column names repeat or are empty; name each column once")
    rows = []
    for number, line in lines[1:]:
        cells = line.split(",")
        if len(cells) != len(names):
            remedy = "write one number for each column, with a decimal point"
            raise RecordingError(
                f"{path}:{number}: {len(cells)} cells for {len(names)} columns; {remedy}"
            )
        try:
            rows.append([float(cell) for cell in cells])
        except ValueError:
            bad = next(cell for cell in cells if not _is_number(cell))
            raise RecordingError(
                f"{path}:{number}: {bad.strip()[:30]!r} is not a number; write it as 1.25e-3"
            ) from None
        for name, value in zip(names, rows[-1], strict=True):
            if not math.isfinite(value):
                remedy = "write what was recorded there; if that is lost, record anew"
                raise RecordingError(f"{path}:{number}: {name} is {value}; {remedy}")
    table = np.array(rows)
    return dict(zip(names, table.T, strict=True))


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def convert(
    settings: Mapping[str, Any], table: Mapping[str, np.ndarray], source: str | Path = "settings"
) -> xarray.Dataset:
    """Convert settings and a table to a recording.

    Parameters
    ----------
    settings : mapping
        Content of a settings file.
    table : mapping
        Columns by name.
    source : str or Path, optional
        File name for messages.

    Raises
    ------
    RecordingError
        With one line: what is wrong, where, what to write instead.
    """

    def fail(wrong: str, instead: str) -> NoReturn:
        raise RecordingError(f"{source}: {wrong}; {instead}")

    name = settings.get("kind")
    if name not in _SUPPORTED:
        fail(f"kind is {name!r}", f"write one of {', '.join(_SUPPORTED)}")
    layout = KINDS[name]
    fields = _known_fields(settings, layout, fail)
    axis, column = "frequency_hz", _COLUMNS.get(name)
    wanted = [*REFLECTION] if name == CAVITY_RESPONSE else [POWER]
    for needed in (axis, *([column] if column else []), *wanted):
        if needed not in table:
            fail(f"the table has no column {needed!r}", f"its columns are {', '.join(table)}")
    frequency = _frequencies(settings, table[axis], fail)
    if column is None:
        order = np.argsort(frequency, kind="stable")
        shaped = {one: table[one][order] for one in wanted}
        fields[axis] = frequency[order]
    else:
        fields[axis], fields[column], shaped = _rectangle(
            frequency, table[column], {one: table[one] for one in wanted}, column, fail
        )
    if name == CAVITY_RESPONSE:
        return recording.compose(name, source, **fields, **shaped)
    power = _quanta(shaped[POWER], settings, fail)
    return recording.compose(name, source, **fields, **{POWER: power})


_ONLY_HERE = ("table", "unit", "impedance_ohm", "frequency_origin", "frequency_sign", "sidedness")
_DERIVED = ("format", "format_version", "effective_averages", "equivalent_noise_bandwidth_hz")


def _known_fields(settings: Mapping[str, Any], layout: Kind, fail: Any) -> dict[str, Any]:
    allowed = {one.name for one in layout.attributes} - set(_DERIVED)
    unknown = sorted(str(key) for key in settings if key not in allowed | set(_ONLY_HERE))
    if unknown:
        fail(f"{unknown[0]} is not a setting of kind {layout.name!r}", "remove it")
    for one in layout.attributes:
        fixed = len(one.choices) == 1 and one.name not in ("averaging", "time_convention")
        if one.name in (*_DERIVED, "kind", "unit") or fixed:
            continue
        if one.name not in settings:
            unit = f", in {one.unit}" if one.is_number and one.unit != "1" else ""
            fail(f"{one.name} is missing", f"write {one.description}{unit}")
        value = settings[one.name]
        if one.is_number and (isinstance(value, bool) or not isinstance(value, int | float)):
            fail(f"{one.name} is {value!r}", "write a number, for example 1.0e+6")
        if one.choices and value not in one.choices:
            if one.name == "averaging":
                fail(
                    f"averaging is {value!r}",
                    "average the power: traces averaged in decibels lie 2.51 dB low",
                )
            fail(f"{one.name} is {value!r}", f"write {' or '.join(map(repr, one.choices))}")
    fields = {key: value for key, value in settings.items() if key not in (*_ONLY_HERE, "kind")}
    if layout.name != CAVITY_RESPONSE:
        for name in ("averages", "bin_width_hz"):
            if not math.isfinite(fields[name]) or not fields[name] > 0:
                fail(f"{name} is {fields[name]}", "write a number above zero")
        if not 0 <= fields["overlap"] < 1:
            fail(f"overlap is {fields['overlap']}", "write a fraction of a segment, below 1")
        if fields["averages"] > 2**53:
            fail(f"averages is {fields['averages']:g}", "write the number of segments")
        fields |= recording.averaging(
            fields["bin_width_hz"], int(fields["averages"]), fields["window"], fields["overlap"]
        )
    return fields


def _frequencies(settings: Mapping[str, Any], values: np.ndarray, fail: Any) -> np.ndarray:
    origin = settings.get("frequency_origin", ORIGINS[0])
    sign = settings.get("frequency_sign", SIGNS[0])
    if origin not in ORIGINS:
        fail(f"frequency_origin is {origin!r}", f"write {' or '.join(map(repr, ORIGINS))}")
    if sign not in SIGNS:
        fail(f"frequency_sign is {sign!r}", f"write {' or '.join(map(repr, SIGNS))}")
    if settings.get("sidedness", "two-sided") != "two-sided":
        fail(
            f"sidedness is {settings['sidedness']!r}",
            "record both sides of the drive centre: folded together, they cannot be told apart",
        )
    centre = settings["centre_frequency_hz"]
    if origin == "absolute" and centre > 0 and not 0.5 < np.median(values) / centre < 2.0:
        fail(
            f"frequencies around {np.median(values):g} are absolute, centre_frequency_hz is "
            f"{centre:g}",
            "in kHz, MHz or GHz? write Hz; from the drive centre? write frequency_origin: drive "
            "centre",
        )
    steps = np.diff(np.unique(values))
    width = settings.get("bin_width_hz")
    if width is not None and steps.size and np.median(steps) < width / _COARSEST_PADDING:
        fail(
            f"frequencies rise by {np.median(steps):.3g}, bin_width_hz is {width:g}",
            "in kHz, MHz or GHz? write Hz",
        )
    shifted = values - centre if origin == "absolute" else values
    return -shifted if sign == SIGNS[1] else shifted


def _rectangle(
    frequency: np.ndarray,
    setting: np.ndarray,
    data: Mapping[str, np.ndarray],
    column: str,
    fail: Any,
) -> tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]:
    """Turn a long table into one row for each value of the setting."""
    order = np.lexsort((frequency, setting))
    rows, counts = np.unique(setting, return_counts=True)
    if np.any(counts != counts[0]):
        at = int(np.flatnonzero(counts != counts[0])[0])
        fail(
            f"{column} = {rows[at]:g} has {counts[at]} points, {rows[0]:g} has {counts[0]}",
            "give every spectrum the same frequencies",
        )
    shape = rows.size, int(counts[0])
    axes = frequency[order].reshape(shape)
    if not np.allclose(axes, axes[0], rtol=1e-9, atol=1e-6):
        fail(f"spectra of different {column} differ in frequency", "give all the same frequencies")
    return axes[0], rows, {name: values[order].reshape(shape) for name, values in data.items()}


def _quanta(values: np.ndarray, settings: Mapping[str, Any], fail: Any) -> np.ndarray:
    unit = settings.get("unit")
    if unit not in UNITS:
        fail(f"unit is {unit!r}", f"write one of {', '.join(UNITS)}")
    if unit == "quanta":
        return values
    if unit == "dBm/Hz":
        if np.any(values > 100):
            fail(
                f"a power of {np.max(values):g} dBm/Hz", "write decibels over a milliwatt per hertz"
            )
        watt = 1e-3 * 10.0 ** (values / 10.0)
    elif unit == "V^2/Hz":
        impedance = settings.get("impedance_ohm")
        if isinstance(impedance, bool) or not isinstance(impedance, int | float) or impedance <= 0:
            fail(f"impedance_ohm is {impedance!r}", "write the impedance in ohm, for example 50.0")
        watt = values / impedance
    else:
        watt = values
    # Quanta of the photon at the drive centre, as everywhere in this project.
    return np.asarray(watt / (HBAR * TWO_PI * settings["centre_frequency_hz"]))
