"""Where the lines of one operating point stand, and which bins the fits of each use."""

from dataclasses import dataclass, field

import numpy as np
import xarray
from numpy.typing import NDArray

from entangled_drums import covariance, parameters
from entangled_drums.errors import InferenceError
from entangled_drums.inference.fine_effects import Fidelity
from entangled_drums.inference.line_maps import Setup, expected_lines
from entangled_drums.inference.spectral_lines import window
from entangled_drums.units import angular, cyclic

Array = NDArray[np.float64]


@dataclass(frozen=True)
class LineSettings:
    """Choices of the routes that read line weights.

    Parameters
    ----------
    emission_half_window_widths : float
        Half-width of an emission line's fit window, in calibrated line widths Gamma. Narrow: these
        lines are strong, and what limits their fit is their shape: unequal drums make each a sum
        of two poles of different width.
    scan_half_window_widths : float
        The same for the probe lines, which are weak: noise limits their fit.
    largest_share_of_gap : float
        Half-width of a window at most this share of the distance to the next line.
    smallest_half_window_widths : float
        A spectrum must cover each line by at least this many Gamma on either side.
    smallest_separation : float
        The route is not valid where lines are closer than this many Gamma.
    smallest_p_value : float
        The route is not valid where a fit is worse than this.
    samples : int
        Drawn calibrations, each with one draw of the noise, behind errors and intervals.
    fidelity : Fidelity
        What the exact spectra contain beside pumps and probes in the rotating-wave approximation.
    """

    emission_half_window_widths: float = 2.0
    scan_half_window_widths: float = 5.0
    largest_share_of_gap: float = 0.6
    smallest_half_window_widths: float = 1.5
    smallest_separation: float = 3.0
    smallest_p_value: float = 1e-3
    samples: int = 20000
    fidelity: Fidelity = field(default_factory=Fidelity)


def _block_around(frequency: Array, centre: float, width_of_bin: float) -> float:
    """Distance from `centre` to the nearer end of the gapless block of bins around it."""
    breaks = np.flatnonzero(np.diff(frequency) > 2.5 * width_of_bin)
    starts = np.concatenate([[0], breaks + 1])
    stops = np.concatenate([breaks, [frequency.size - 1]])
    for start, stop in zip(starts, stops, strict=True):
        if frequency[start] <= centre <= frequency[stop]:
            return float(min(centre - frequency[start], frequency[stop] - centre))
    return 0.0


def _half_windows(
    spectrum: xarray.Dataset,
    centres: Array,
    widths: Array,
    wanted: Array,
    settings: LineSettings,
    source: str,
) -> Array:
    frequency = angular(spectrum["frequency_hz"].values)
    bin_width = float(angular(spectrum.attrs["bin_width_hz"]))
    needed = settings.smallest_half_window_widths * widths
    covered = np.array([_block_around(frequency, float(centre), bin_width) for centre in centres])
    for line in np.flatnonzero(covered < needed):
        low, high = cyclic(centres[line] - needed[line]), cyclic(centres[line] + needed[line])
        raise InferenceError(
            f"{source}: does not cover line {line + 1}, {low:.0f} .. {high:.0f} Hz from the drive "
            "centre; record that range"
        )
    return np.minimum(np.maximum(wanted, needed), covered)


@dataclass(frozen=True)
class Bins:
    """Indices of the bins of each fit, one window for each line, named as in `Grids`."""

    emission: tuple[NDArray[np.intp], NDArray[np.intp]]
    scan: tuple[NDArray[np.intp], NDArray[np.intp]]
    reference: tuple[NDArray[np.intp], NDArray[np.intp]]


def _chosen(
    frequency: Array, at: Array, half_widths: Array, source: str
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    first, second = (
        window(frequency, float(centre), float(width), source)
        for centre, width in zip(at, half_widths, strict=True)
    )
    return first, second


def emission_lines(
    values: dict[str, float], drive: parameters.DriveSettings, settings: LineSettings
) -> tuple[Array, Array] | str:
    """Return where a device is expected to emit, if its lines can be told apart.

    Parameters
    ----------
    values : dict
        Flat values of the device.
    drive : DriveSettings
    settings : LineSettings

    Returns
    -------
    tuple of ndarray, (2,), or str
        Centres and full widths of the lines, rad/s from the drive centre; or ``"not valid here:
        ..."``.
    """
    steady = covariance.steady_state(parameters.system(values, drive))
    if not np.all(steady.stable):
        return (
            "not valid here: the calibrated device has no steady state under this drive "
            f"({steady.reason})"
        )
    centres, widths = expected_lines(values, drive)
    if np.any(widths <= 0):
        return (
            f"not valid here: the drive does not damp line {int(np.argmin(widths)) + 1} of the "
            "calibrated device"
        )
    separation = abs(float(centres[1] - centres[0]))
    return too_close(separation, widths, "emission lines", settings) or (centres, widths)


def too_close(distance: float, widths: Array, what: str, settings: LineSettings) -> str:
    """Return why lines at a distance (rad/s) cannot be told apart; empty if they can."""
    if distance >= settings.smallest_separation * np.max(widths):
        return ""
    return (
        f"not valid here: {what} are {distance / np.max(widths):.2g} line widths apart, "
        f"less than {settings.smallest_separation:g}"
    )


def emission_bins(
    emission: xarray.Dataset,
    lines: tuple[Array, Array],
    settings: LineSettings,
    source: str = "emission",
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Choose the bins around each emission line that its fit uses.

    Parameters
    ----------
    emission : xarray.Dataset
        Spectra with the axis ``frequency_hz``.
    lines : tuple of ndarray, (2,)
        Centres and widths, from `emission_lines`.
    settings : LineSettings
    source : str, optional
        Name of the spectra for messages.

    Returns
    -------
    tuple of ndarray of int
        Indices of the bins of each line.

    Raises
    ------
    InferenceError
        If the spectrum does not cover a line.
    """
    centres, widths = lines
    separation = abs(float(centres[1] - centres[0]))
    wanted = np.minimum(
        settings.emission_half_window_widths * widths, settings.largest_share_of_gap * separation
    )
    half = _half_windows(emission, centres, widths, wanted, settings, source)
    return _chosen(angular(emission["frequency_hz"].values), centres, half, source)


def select_bins(
    emission: xarray.Dataset,
    scan: xarray.Dataset,
    setup: Setup,
    lines: tuple[Array, Array],
    settings: LineSettings,
) -> Bins:
    """Choose the bins of all fits.

    Parameters
    ----------
    emission, scan : xarray.Dataset
        Recordings of those kinds.
    setup : Setup
    lines : tuple of ndarray, (2,)
        Centres and widths, from `emission_lines`.
    settings : LineSettings

    Returns
    -------
    Bins

    Raises
    ------
    InferenceError
        If a spectrum does not cover its lines.
    """
    of_emission = emission_bins(emission, lines, settings)
    centres, widths = lines
    offset = float(angular(setup.probe.offset_hz))
    gap = min(abs(offset), abs(abs(float(centres[1] - centres[0])) - abs(offset)))
    wanted = np.minimum(
        settings.scan_half_window_widths * widths, settings.largest_share_of_gap * gap
    )
    half = _half_windows(scan, centres + offset, widths, wanted, settings, "phase scan")
    emission_frequency = angular(emission["frequency_hz"].values)
    scan_frequency = angular(scan["frequency_hz"].values)
    return Bins(
        of_emission,
        _chosen(scan_frequency, centres + offset, half, "phase scan"),
        _chosen(emission_frequency, centres + offset, half, "emission at the probe lines"),
    )
