"""Doubts about a recording whose form is valid: what its numbers themselves say.

Each finding is one line: what looks wrong, where, and what to do. The scatter of neighbouring bins
is compared with what the stored averages allow; a correct recording raises a finding less than once
in a million.
"""

import numpy as np
import xarray
from numpy.typing import NDArray

from entangled_drums import windows
from entangled_drums.recording_format import PHASE_SCAN, POWER

FEWEST_AVERAGES = 100
BINS_PER_WIDTH = 5
_SIGMA = 5.0
_LOGARITHM_RATIO = np.pi**2 / 6.0
"""Relative variance of an average of logarithms over that of an average of powers."""


def findings(dataset: xarray.Dataset) -> list[str]:
    """Return what is doubtful about a valid recording.

    Parameters
    ----------
    dataset : xarray.Dataset
        A recording that has passed `entangled_drums.recording.check`.

    Returns
    -------
    list of str
        Empty if nothing is.
    """
    if POWER not in dataset.variables:
        return []
    power = dataset[POWER].values
    spectra = power.reshape(-1, power.shape[-1])
    leading = power.shape[:-1]

    def each(name: str) -> NDArray[np.float64]:
        known = dataset.attrs[name] if name in dataset.attrs else dataset[name].values
        return np.broadcast_to(np.asarray(known, dtype=np.float64), leading).reshape(-1)

    frequency = dataset["frequency_hz"].values
    frequency = np.broadcast_to(frequency, power.shape).reshape(spectra.shape)
    found = _averages(each("averages"))
    found += _scatter(dataset, spectra, frequency, each("effective_averages"), each("bin_width_hz"))
    # Beside the lines of the probes stand those of the pumps, often at the end of the axis.
    probed = dataset.attrs["kind"] == PHASE_SCAN
    if not probed and ("ratio" in dataset.attrs or "drum" in dataset.dims):
        found += _lines(spectra, frequency, each("bin_width_hz"), each("effective_averages"))
    if probed:
        found += _phases(dataset["phase_rad"].values)
    elif np.any(np.diff(frequency, axis=-1) > 1.5 * each("bin_width_hz")[:, None]):
        row, at = np.argwhere(np.diff(frequency, axis=-1) > 1.5 * each("bin_width_hz")[:, None])[0]
        found.append(
            f"bins are missing between {frequency[row, at]:g} and {frequency[row, at + 1]:g} Hz; "
            "write the whole axis"
        )
    return found


def _averages(averages: NDArray[np.float64]) -> list[str]:
    if averages.min() >= FEWEST_AVERAGES:
        return []
    return [
        f"only {averages.min():g} averages, a bin scatters by {averages.min() ** -0.5:.0%}; "
        f"average at least {FEWEST_AVERAGES}"
    ]


def _windows(frequency: NDArray[np.float64], width: float) -> list[NDArray[np.intp]]:
    gaps = np.flatnonzero(np.diff(frequency) > 1.5 * width) + 1
    return np.split(np.arange(frequency.size), gaps)


def _scatter(
    dataset: xarray.Dataset,
    spectra: NDArray[np.float64],
    frequency: NDArray[np.float64],
    effective: NDArray[np.float64],
    width: NDArray[np.float64],
) -> list[str]:
    # Fourth differences of neighbours that the window leaves independent: slopes and curvature of
    # lines drop out, and what is left of a resolved line is small against the scatter.
    window = windows.window(dataset.attrs["window"])
    step = 1 + len(window.bin_correlation)
    weights = np.array([1.0, -4.0, 6.0, -4.0, 1.0])
    squares: list[NDArray[np.float64]] = []
    for row, values in enumerate(spectra):
        for part in _windows(frequency[row], float(width[row])):
            for start in range(step):
                chosen = values[part[start::step]]
                if chosen.size < 5:
                    continue
                level = np.convolve(chosen, np.ones(5) / 5.0, mode="valid")
                change = np.convolve(chosen, weights, mode="valid") / level
                squares.append(change**2 / np.sum(weights**2) * effective[row])
    if not squares:
        return []
    every = np.concatenate(squares)
    # The median resists the few bins on steep lines; that of chi-square with one degree is 0.455.
    ratio = float(np.median(every)) / 0.4549364
    # Neighbouring differences share bins: about one independent value in three.
    error = 1.2 * np.sqrt(2.0 * 3.0 / every.size) * 1.5
    if max(ratio - 1.0, -np.log(max(ratio, 1e-300))) < _SIGMA * error:
        return []
    if ratio < 1.0:
        return [
            f"bins scatter less than the averages allow (variance {ratio:.2f} of it): smoothed, or "
            "the averages are understated; write raw bins and the true number of segments"
        ]
    if abs(ratio / _LOGARITHM_RATIO - 1.0) < max(0.15, 3.0 * error):
        return [
            f"bins scatter {ratio:.2f} times more (in variance) than the averages allow, as traces "
            "averaged in decibels do (1.64); average the power"
        ]
    return [
        f"bins scatter {ratio:.2g} times more (in variance) than the averages allow: spurious "
        "lines, overlapping segments, or fewer averages; write 'effective_averages' as they are"
    ]


def _lines(
    spectra: NDArray[np.float64],
    frequency: NDArray[np.float64],
    width: NDArray[np.float64],
    effective: NDArray[np.float64],
) -> list[str]:
    for row, values in enumerate(spectra):
        for part in _windows(frequency[row], float(width[row])):
            if part.size < 10:
                continue
            here = values[part]
            smooth = np.convolve(np.pad(here, 1, mode="edge"), np.ones(3) / 3.0, mode="valid")
            floor, top = float(np.median(smooth)), float(smooth.max())
            noise = _SIGMA * floor * effective[row] ** -0.5
            outer = max(3, part.size // 50)
            for end, at in ((smooth[:outer], part[0]), (smooth[-outer:], part[-1])):
                if top > floor + 2.0 * noise and float(end.mean()) > 0.5 * (floor + top):
                    return [
                        f"the spectrum is high at the end of its axis, {frequency[row, at]:g} Hz: "
                        "a line lies outside or is cut off; record a wider span"
                    ]
            if here.max() < floor + 2.0 * noise:
                continue
            peak = int(np.argmax(here))
            half = 0.5 * (floor + float(here[peak]))
            above = here > half
            left = peak - int(np.argmin(above[peak::-1])) if not above[: peak + 1].all() else 0
            right = peak + int(np.argmin(above[peak:])) if not above[peak:].all() else here.size
            bins = right - left - 1
            if bins < BINS_PER_WIDTH - 1:
                return [
                    f"the line near {frequency[row, part[peak]]:g} Hz is only {bins} bins wide; "
                    f"resolve it with {BINS_PER_WIDTH} bins or more"
                ]
    return []


def _phases(phase: NDArray[np.float64]) -> list[str]:
    if phase.size < 3:
        return [f"only {phase.size} phases; record at least 3, better 16, over a full turn"]
    if np.ptp(phase) > 4.0 * np.pi:
        return [f"phases reach {phase.max():g}: degrees? write rad"]
    turn = np.sort(np.mod(phase, 2.0 * np.pi))
    gaps = np.diff(np.append(turn, turn[0] + 2.0 * np.pi))
    if gaps.max() > np.pi:
        return [f"no phase within {gaps.max():.2f} rad; spread the phases over a full turn"]
    return []
