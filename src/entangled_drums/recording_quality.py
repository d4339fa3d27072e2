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
LEAST_QUANTA = 1e-3
"""Far below the half quantum of any receiver, for a gain of any reasonable calibration."""
MOST_QUANTA = 1e16
"""Ten thousand quanta behind the largest gain that a device file may state, 120 dB."""
BINS_PER_WIDTH = 5
NEAREST_PHOTONS = 0.02
"""Relative; twice the rounding of numbers written with two digits in the examples."""
_SIGMA = 5.0
_FOURTH = np.array([1.0, -4.0, 6.0, -4.0, 1.0])
"""Fourth difference: slopes and curvature of lines drop out of it."""
_LOGARITHM_RATIO = np.pi**2 / 6.0
"""Relative variance of an average of logarithms over that of an average of powers."""


def findings(dataset: xarray.Dataset) -> list[str]:
    """Return what is doubtful about a valid recording.

    Parameters
    ----------
    dataset : xarray.Dataset
        A recording that has passed `entangled_drums.recording_checks.check`.

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
    found = _averages(each("averages")) + _level(
        power[..., :: _independent(dataset)], each("effective_averages")
    )
    if "ratio" in dataset.attrs:
        found += _photons(*(dataset.attrs[one] for one in ("ratio", "red_photons", "blue_photons")))
    found += _scatter(dataset, spectra, frequency, each("effective_averages"), each("bin_width_hz"))
    # Beside the lines of the probes stand those of the pumps, often at the end of the axis.
    probed = dataset.attrs["kind"] == PHASE_SCAN
    if not probed and ("ratio" in dataset.attrs or "drum" in dataset.dims):
        found += _lines(
            spectra,
            frequency,
            each("bin_width_hz"),
            each("effective_averages"),
            single="drum" in dataset.dims,
        )
    if not probed and not found and dataset.attrs.get("ratio", 0.0) > 0:
        found += _pump_lines(spectra, frequency[0], each("effective_averages"))
    if probed:
        found += _phases(dataset["phase_rad"].values)
        found += _probe_lines(dataset, each("effective_averages"))
    elif np.any(np.diff(frequency, axis=-1) > 1.5 * each("bin_width_hz")[:, None]):
        row, at = np.argwhere(np.diff(frequency, axis=-1) > 1.5 * each("bin_width_hz")[:, None])[0]
        found.append(
            f"bins are missing between {frequency[row, at]:g} and {frequency[row, at + 1]:g} Hz; "
            "write the whole axis"
        )
    return found


def _level(power: NDArray[np.float64], effective: NDArray[np.float64]) -> list[str]:
    level = float(np.median(power))
    if level < LEAST_QUANTA:
        return [
            f"the spectrum lies at {level:.2g} quanta, a receiver adds half a quantum at least: "
            "W/Hz or V^2/Hz? convert to quanta, or import with a settings file (docs/importing.md)"
        ]
    if level > MOST_QUANTA:
        return [
            f"the spectrum lies at {level:.2g} quanta, more than a cryogenic receiver gives: is "
            "the table in quanta already? write unit: quanta"
        ]
    if power.shape[-1] < _FOURTH.size:
        return []
    # Bins that scatter as decibels of what the averages allow, and lie where decibels would.
    change = np.apply_along_axis(np.convolve, -1, power, _FOURTH, mode="valid")
    scatter = np.median(np.abs(change), axis=-1).reshape(-1) / 0.6745 / np.sum(_FOURTH**2) ** 0.5
    decibels = 10.0 / np.log(10.0) * effective**-0.5
    linear = np.median(power, axis=-1).reshape(-1) * effective**-0.5
    if abs(np.median(scatter / decibels) - 1.0) < 0.15 < abs(np.median(scatter / linear) - 1.0):
        return [
            f"bins scatter by {np.median(scatter):.2g} around {level:.3g}, as decibels do; write "
            "power in linear units"
        ]
    return []


def _averages(averages: NDArray[np.float64]) -> list[str]:
    if averages.min() >= FEWEST_AVERAGES:
        return []
    return [
        f"only {averages.min():g} averages, a bin scatters by {averages.min() ** -0.5:.0%}; "
        f"average at least {FEWEST_AVERAGES}"
    ]


def _photons(ratio: float, red: float, blue: float) -> list[str]:
    # The analysis takes the photons; names, tables and figures take the ratio.
    expected = ratio**2 * red
    if abs(blue - expected) <= NEAREST_PHOTONS * expected:
        return []
    return [
        f"blue_photons is {blue:.3g}, ratio {ratio:g} and red_photons {red:.3g} make it "
        f"{expected:.3g}: write ratio^2 times red_photons, or the ratio that was set"
    ]


def _windows(frequency: NDArray[np.float64], width: float) -> list[NDArray[np.intp]]:
    gaps = np.flatnonzero(np.diff(frequency) > 1.5 * width) + 1
    return np.split(np.arange(frequency.size), gaps)


def _independent(dataset: xarray.Dataset) -> int:
    """How many bins apart the window leaves them independent."""
    return 1 + len(windows.window(dataset.attrs["window"]).bin_correlation)


def _scatter(
    dataset: xarray.Dataset,
    spectra: NDArray[np.float64],
    frequency: NDArray[np.float64],
    effective: NDArray[np.float64],
    width: NDArray[np.float64],
) -> list[str]:
    # What fourth differences leave of a resolved line is small against the scatter.
    step = _independent(dataset)
    squares: list[NDArray[np.float64]] = []
    for row, values in enumerate(spectra):
        for part in _windows(frequency[row], float(width[row])):
            for start in range(step):
                chosen = values[part[start::step]]
                if chosen.size < 5:
                    continue
                level = np.convolve(chosen, np.ones(5) / 5.0, mode="valid")
                change = np.convolve(chosen, _FOURTH, mode="valid") / level
                squares.append(change**2 / np.sum(_FOURTH**2) * effective[row])
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
    *,
    single: bool,
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
            # Far from the middle of a wide axis the line of the other drum may stand.
            middle = slice(part.size // 4, part.size - part.size // 4) if single else slice(None)
            peak = int(np.argmax(here[middle])) + (middle.start or 0)
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


def _excess(power: NDArray[np.float64], spread: NDArray[np.float64] | float) -> NDArray[np.float64]:
    """Largest height of a peak above both its sides at each bin, in standard deviations."""
    best = np.zeros(power.size)
    cumulative = np.concatenate([[0.0], np.cumsum(power)])
    bins = 2
    # Broader than this is the cavity, not a line.
    while 16 * bins < power.size:
        mean = (cumulative[bins:] - cumulative[:-bins]) / bins
        apart = mean[bins:-bins] - np.maximum(mean[2 * bins :], mean[: -2 * bins])
        noise = np.median(power) * spread * np.sqrt(1.5 / bins)
        centre = np.arange(apart.size) + bins + bins // 2
        best[centre] = np.maximum(best[centre], apart / noise)
        bins *= 2
    return best


def _pump_lines(
    spectra: NDArray[np.float64], frequency: NDArray[np.float64], effective: NDArray[np.float64]
) -> list[str]:
    height = _excess(spectra.mean(axis=0), float(np.sum(effective)) ** -0.5)
    for side, name in ((frequency < 0, "below"), (frequency > 0, "above")):
        if height[side].max(initial=0.0) < _SIGMA:
            return [
                f"no line stands out {name} the drive centre between {frequency[0]:g} and "
                f"{frequency[-1]:g} Hz: it lies outside the axis, or the pumps are off; record a "
                "wider span"
            ]
    return []


def _probe_lines(dataset: xarray.Dataset, effective: NDArray[np.float64]) -> list[str]:
    frequency, power = dataset["frequency_hz"].values, dataset[POWER].values
    offset = float(dataset.attrs["probe_offset_hz"])
    if not frequency[0] < offset < frequency[-1]:
        return [
            f"the axis from {frequency[0]:g} to {frequency[-1]:g} Hz lies on one side of "
            f"probe_offset_hz, {offset:g}: the lines of the probes lie outside; write their offset "
            "from the drive centre, and both lines"
        ]
    # What answers to the phase is the lines of the probes alone: first harmonic over the phases.
    phase = dataset["phase_rad"].values
    if phase.size < 3:
        return []
    turn = np.stack([np.ones(phase.size), np.cos(phase), np.sin(phase)], axis=-1)
    answer = np.linalg.lstsq(turn, power, rcond=None)[0][1:]
    answering = np.sqrt(np.linalg.inv(turn.T @ turn)[1, 1])
    # Of the answer, averaged over three bins.
    spread = float(np.median(power) * (3.0 * np.mean(effective)) ** -0.5 * answering)
    for part in _windows(frequency, float(dataset.attrs["bin_width_hz"])):
        if part.size < 5:
            continue
        kernel = np.ones(3) / 3.0
        padded = np.pad(answer[:, part], ((0, 0), (1, 1)), mode="edge")
        smooth = np.stack([np.convolve(one, kernel, mode="valid") for one in padded])
        peak = int(np.argmax(np.sum(smooth**2, axis=0)))
        top = float(np.hypot(*smooth[:, peak]))
        # Along the direction in which the peak answers, noise has either sign.
        line = smooth[0] * smooth[0, peak] / top + smooth[1] * smooth[1, peak] / top
        ends = frequency[part[0]], frequency[part[-1]]
        # A weak line is seen over an eighth of its window, if not in three bins.
        wide = max(3, part.size // 8)
        mean = [np.convolve(one, np.ones(wide) / wide, mode="valid") for one in answer[:, part]]
        if max(top, np.hypot(*mean).max() * np.sqrt(wide / 3.0)) < _SIGMA * spread:
            return [
                f"nothing between {ends[0]:g} and {ends[1]:g} Hz answers to the phase of the "
                "probes: their line lies outside, or is lost in the noise; record it, or measure "
                "longer"
            ]
        if top < 2.0 * _SIGMA * spread:
            continue
        for end, at in zip((line[:3].mean(), line[-3:].mean()), ends, strict=True):
            if end > 0.4 * top:
                return [
                    f"a line of the probes is cut off at {at:g} Hz: record a wider span around it"
                ]
        raw = answer[0, part] * smooth[0, peak] / top + answer[1, part] * smooth[1, peak] / top
        bins = int(np.count_nonzero(raw > 0.5 * raw.max()))
        if bins < BINS_PER_WIDTH - 1:
            return [
                f"the line of the probes near {frequency[part[peak]]:g} Hz is only {bins} bins "
                f"wide; resolve it with {BINS_PER_WIDTH} bins or more"
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
