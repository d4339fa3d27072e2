"""The calibration: what the analysis knows about device and receiver, with its covariance.

Inference starts from here and from the recordings, and from nothing else. Interface (JSON, format
version 1): ``parameters`` is a list of ``{name, value, unit}`` with the flat names of the device
file (``receiver.background`` may stand for the added noise, see `background`), ``covariance`` the
matrix of their standard uncertainties in the same order, ``method`` says where they come from and
``goodness_of_fit`` how well the calibration data were fitted (null where nothing was fitted).
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from entangled_drums import jsonfile
from entangled_drums.calibration.background import (
    ADDED,
    BACKGROUND,
    GAIN,
    PORT,
    flat,
    possible,
    slopes_of_added_noise,
)
from entangled_drums.errors import CalibrationError
from entangled_drums.ranges import is_allowed
from entangled_drums.symmetric_root import symmetric_root

FORMAT = "entangled-drums-calibration"
FORMAT_VERSION = 1
_MAXIMUM_REDRAWS = 100
_KEYS = ("format", "format_version", "parameters", "covariance", "method", "goodness_of_fit")
_UNIT_OF_SUFFIX = {
    "_hz": "Hz",
    "_k": "K",
    "_m": "m",
    "occupation": "quanta",
    "noise": "quanta",
    "background": "quanta",
}


def unit_of(name: str) -> str:
    """Return the unit that a flat parameter name implies, ``"1"`` for pure numbers."""
    for suffix, unit in _UNIT_OF_SUFFIX.items():
        if name.endswith(suffix):
            return unit
    return "1"


@dataclass(frozen=True)
class Calibration:
    """Calibrated parameters and their covariance.

    Parameters
    ----------
    names : tuple of str
        Flat parameter names; ``receiver.background`` may stand for ``receiver.added_noise``.
    values : ndarray, (P,)
        Values, in the units their names imply.
    covariance : ndarray, (P, P)
        Covariance of the values; a row of zeros marks a parameter taken as exact.
    method : str
        Where the numbers come from.
    goodness_of_fit : dict or None
        ``chi_square``, ``degrees_of_freedom``, ``p_value`` of the calibration fits.

    Raises
    ------
    CalibrationError
        If names repeat, shapes differ, something is NaN, the covariance is not symmetric and
        positive semidefinite, or the background stands beside the added noise or without gain and
        n_e.
    """

    names: tuple[str, ...]
    values: NDArray[np.float64]
    covariance: NDArray[np.float64]
    method: str = "device file"
    goodness_of_fit: dict[str, Any] | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", np.asarray(self.values, dtype=np.float64))
        object.__setattr__(self, "covariance", np.asarray(self.covariance, dtype=np.float64))
        count = len(self.names)
        if len(set(self.names)) != count:
            twice = next(name for name in self.names if self.names.count(name) > 1)
            raise CalibrationError(f"calibration: {twice} is given twice; keep one of them")
        if BACKGROUND in self.names:
            if ADDED in self.names:
                raise CalibrationError(
                    f"calibration: {BACKGROUND} and {ADDED} say the same; keep one of them"
                )
            for name in (GAIN, PORT):
                self.index(name)
        if self.values.shape != (count,) or self.covariance.shape != (count, count):
            raise CalibrationError(
                f"calibration: {count} names, values of shape {self.values.shape}, covariance of "
                f"shape {self.covariance.shape}; give ({count},) and ({count}, {count})"
            )
        if not np.all(np.isfinite(self.values)):
            name = self.names[int(np.flatnonzero(~np.isfinite(self.values))[0])]
            raise CalibrationError(f"calibration: {name} is not finite; give a number")
        if not np.all(np.isfinite(self.covariance)):
            raise CalibrationError("calibration: covariance is not finite; give numbers")
        variances = np.diag(self.covariance)
        if np.any(variances < 0):
            name = self.names[int(np.flatnonzero(variances < 0)[0])]
            raise CalibrationError(f"calibration: variance of {name} is negative; give 0 or more")
        # Rates of 1e10 Hz and exponents of 0.1 share the matrix: only correlations compare.
        scale = np.where(variances > 0, np.sqrt(variances), 1.0)
        correlation = self.covariance / np.outer(scale, scale)
        if not np.allclose(correlation, correlation.T, rtol=0.0, atol=1e-9):
            raise CalibrationError("calibration: covariance is not symmetric; give C equal to C^T")
        if count and np.linalg.eigvalsh(correlation)[0] < -1e-9 * count:
            raise CalibrationError(
                "calibration: covariance has a negative eigenvalue; give a covariance matrix"
            )

    def mapping(self) -> dict[str, float]:
        """Return the central values by name, as `entangled_drums.parameters.system` takes them.

        Beside a background also the added noise that belongs to it.
        """
        return flat(dict(zip(self.names, self.values.tolist(), strict=True)))

    def uncertainty(self, name: str) -> float:
        """Return the standard uncertainty of one parameter; see `covariance_of`."""
        return math.sqrt(self.covariance_of((name,))[0, 0])

    def index(self, name: str) -> int:
        """Return the position of one parameter.

        Raises
        ------
        CalibrationError
            If the calibration does not hold it.
        """
        try:
            return self.names.index(name)
        except ValueError:
            raise CalibrationError(
                f"calibration: {name} is missing; add it with value and uncertainty"
            ) from None

    def require(self, names: tuple[str, ...]) -> None:
        """Refuse a calibration that lacks one of these parameters.

        Raises
        ------
        CalibrationError
            Names the first that is missing.
        """
        for name in self.coordinates(names):
            self.index(name)

    def coordinates(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """Return these names, with the background for the added noise if it stands for that."""
        if BACKGROUND not in self.names:
            return names
        return tuple(BACKGROUND if name == ADDED else name for name in names)

    def uncertain_names(self, among: tuple[str, ...] | None = None) -> tuple[str, ...]:
        """Return the names whose uncertainty is not zero, optionally only of those given.

        If the background stands for the added noise, it is the background that is returned.

        Raises
        ------
        CalibrationError
            If one of `among` is not in the calibration.
        """
        names = self.coordinates(among or self.names)
        return tuple(name for name in names if self.uncertainty(name) > 0)

    def covariance_of(self, names: tuple[str, ...]) -> NDArray[np.float64]:
        """Return the covariance of some parameters, in that order.

        To first order for the added noise, if the background stands for it.

        Raises
        ------
        CalibrationError
            If one of them is not in the calibration.
        """
        derived = BACKGROUND in self.names
        slopes = slopes_of_added_noise(self.mapping()) if derived else {}
        change = np.zeros((len(names), len(self.names)))
        for row, name in enumerate(names):
            for source, slope in slopes.items() if derived and name == ADDED else ((name, 1.0),):
                change[row, self.index(source)] = slope
        return np.asarray(change @ self.covariance @ change.T)

    def relearnt(self, name: str, value: float, uncertainty: float) -> "Calibration":
        """Return the same knowledge, but of one parameter only what is given, independently.

        Raises
        ------
        CalibrationError
            If the calibration does not hold it.
        """
        at = self.index(name)
        values, covariance = self.values.copy(), self.covariance.copy()
        values[at] = value
        covariance[at] = covariance[:, at] = 0.0
        covariance[at, at] = uncertainty**2
        return replace(self, values=values, covariance=covariance)

    def sample(self, generator: np.random.Generator, size: int) -> dict[str, NDArray[np.float64]]:
        """Draw parameter sets from the normal distribution of the calibration.

        Parameters
        ----------
        generator : numpy.random.Generator
            Source of randomness.
        size : int
            Number of sets.

        Returns
        -------
        dict
            Arrays of shape (size,) by name; beside a background also the added noise.

        Raises
        ------
        CalibrationError
            If hardly any set is physically possible.

        Notes
        -----
        A set with an impossible value (a negative occupation) is drawn again as a whole, which
        truncates the distribution and keeps correlations.
        """
        scale = np.sqrt(np.diag(self.covariance))
        root = symmetric_root(self.covariance)
        kept = np.empty((0, len(self.names)))
        for _ in range(_MAXIMUM_REDRAWS):
            normal = generator.standard_normal((size, len(self.names)))
            drawn = self.values + normal @ root.T
            allowed = possible(dict(zip(self.names, drawn.T, strict=True)))
            for index in np.flatnonzero(scale > 0):
                allowed = allowed & is_allowed(self.names[index], drawn[:, index])
            kept = np.concatenate([kept, drawn[np.broadcast_to(allowed, size)]])
            if len(kept) >= size:
                return flat({name: kept[:size, index] for index, name in enumerate(self.names)})
        raise CalibrationError(
            "calibration: values and uncertainties leave hardly any possible device; "
            "give smaller uncertainties"
        )

    def jacobian(
        self,
        function: Callable[[dict[str, NDArray[np.float64]]], NDArray[np.float64]],
        names: tuple[str, ...],
        step: float = 0.1,
    ) -> NDArray[np.float64]:
        """Differentiate a vector-valued function with respect to calibrated parameters.

        All displaced parameter sets are evaluated in one batched call. Steps are central, except
        where a value that cannot be negative lies closer to zero than the step: those go forward.

        Parameters
        ----------
        function : callable
            Takes values by name, each of shape (B,), and returns an array of shape (B, M).
        names : tuple of str
            Parameters to differentiate by; their uncertainty must not be zero.
        step : float, optional
            Displacement in units of each uncertainty.

        Returns
        -------
        ndarray, (M, len(names))
            Derivatives at the central values.

        Raises
        ------
        CalibrationError
            If a name is missing.
        """
        positions = [self.index(name) for name in names]
        steps = step * np.array([self.uncertainty(name) for name in names])
        centre = self.values[positions]
        bounded = np.array([not bool(is_allowed(name, -1.0)) for name in names])
        forward = bounded & (centre - steps < 0)
        lower = np.where(forward, 0.0, steps)
        count = len(names)
        sets = np.tile(self.values, (2 * count, 1))
        sets[np.arange(count), positions] += steps
        sets[np.arange(count, 2 * count), positions] -= lower
        result = function(flat({name: sets[:, i] for i, name in enumerate(self.names)}))
        return ((result[:count] - result[count:]) / (steps + lower)[:, None]).T


def from_device(values: Mapping[str, float], uncertainties: Mapping[str, float]) -> Calibration:
    """Return the calibration that takes the device file's values and uncertainties as priors.

    Parameters
    ----------
    values, uncertainties : mapping
        Flat nominal values and standard uncertainties, the same keys; uncorrelated.

    Raises
    ------
    CalibrationError
        If an uncertainty is missing or negative, or a value is not finite.
    """
    names = tuple(sorted(values))
    for name in names:
        if name not in uncertainties:
            raise CalibrationError(f"calibration: no uncertainty of {name}; write one (or 0.0)")
        if not float(uncertainties[name]) >= 0:
            raise CalibrationError(
                f"calibration: uncertainty of {name} is {uncertainties[name]}; write 0 or more"
            )
    return Calibration(
        names=names,
        values=np.array([float(values[name]) for name in names]),
        covariance=np.diag([float(uncertainties[name]) ** 2 for name in names]),
    )


def content(calibration: Calibration) -> dict[str, Any]:
    """Return the JSON interface of a calibration as plain built-ins."""
    return {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "parameters": [
            {"name": name, "value": float(value), "unit": unit_of(name)}
            for name, value in zip(calibration.names, calibration.values, strict=True)
        ],
        "covariance": calibration.covariance.tolist(),
        "method": calibration.method,
        "goodness_of_fit": calibration.goodness_of_fit,
    }


def from_content(data: Mapping[str, Any], source: str | Path = "calibration") -> Calibration:
    """Validate the JSON interface and return the calibration it holds.

    Parameters
    ----------
    data : mapping
        Content of the file; a ``record_id`` is allowed and ignored.
    source : str or Path, optional
        File name for messages.

    Raises
    ------
    CalibrationError
        If a key is missing, unknown or of the wrong form.
    """
    if data.get("format") != FORMAT:
        raise CalibrationError(f"{source}: format is {data.get('format')!r}; write {FORMAT!r}")
    if data.get("format_version") != FORMAT_VERSION:
        raise CalibrationError(
            f"{source}: format_version is {data.get('format_version')!r}; write {FORMAT_VERSION}"
        )
    for key in _KEYS:
        if key not in data:
            raise CalibrationError(f"{source}: {key} is missing; add it")
    unknown = sorted(set(data) - set(_KEYS) - {"record_id"})
    if unknown:
        raise CalibrationError(f"{source}: {unknown[0]} is not part of the format; remove it")
    if not isinstance(data["parameters"], list):
        raise CalibrationError(f"{source}: parameters is not a list; write name, value, unit each")
    names, values = [], []
    for index, entry in enumerate(data["parameters"]):
        where = f"{source}: parameters[{index}]"
        if not isinstance(entry, Mapping) or set(entry) != {"name", "value", "unit"}:
            raise CalibrationError(f"{where} is malformed; write name, value and unit")
        name, value = entry["name"], entry["value"]
        if not isinstance(name, str):
            raise CalibrationError(f"{where}.name is {name!r}; write the parameter's flat name")
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise CalibrationError(f"{where}.value of {name} is {value!r}; write a number")
        if entry["unit"] != unit_of(name):
            raise CalibrationError(
                f"{where}.unit of {name} is {entry['unit']!r}; convert to {unit_of(name)!r}"
            )
        names.append(name)
        values.append(float(value))
    try:
        matrix = np.array(data["covariance"], dtype=np.float64)
    except (TypeError, ValueError):
        raise CalibrationError(
            f"{source}: covariance is not a matrix of numbers; write one row per parameter"
        ) from None
    if not isinstance(data["method"], str):
        raise CalibrationError(f"{source}: method is not a string; name where the numbers are from")
    quality = data["goodness_of_fit"]
    if quality is not None and not isinstance(quality, Mapping):
        raise CalibrationError(f"{source}: goodness_of_fit is {quality!r}; write a mapping or null")
    try:
        return Calibration(
            tuple(names),
            np.array(values),
            matrix.reshape(0, 0) if not names and matrix.size == 0 else matrix,
            data["method"],
            None if quality is None else dict(quality),
        )
    except CalibrationError as error:
        message = str(error).removeprefix("calibration: ")
        raise CalibrationError(f"{source}: {message}") from None


def write(path: str | Path, calibration: Calibration, record_id: str | None = None) -> None:
    """Write a calibration as JSON to exactly the path given."""
    data = content(calibration)
    if record_id is not None:
        data["record_id"] = record_id
    jsonfile.write(path, data)


def read(path: str | Path) -> Calibration:
    """Read a calibration from JSON and validate it.

    Raises
    ------
    FileFormatError
        If the file is not strict JSON.
    CalibrationError
        If it does not hold a valid calibration.
    """
    return from_content(jsonfile.read(path), path)
