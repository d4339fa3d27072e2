"""Checks of the drive and of the recordings, on the nominal device.

The lines of the driven drums are the eigenvalues of the drift matrix in the rotating-wave
approximation: they give the distance from the centre of the pump pair (imaginary part) and the full
width at half maximum (twice the decay rate).
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from entangled_drums.configuration.problems import (
    KeyPath,
    Problem,
    plain_number,
    rounded_down,
    rounded_up,
)
from entangled_drums.configuration.values import device_values
from entangled_drums.errors import EntangledDrumsError

WIDTHS_COVERED = 1.0
"""Full linewidths that a spectrum must show beyond the centre of a line."""

BINS_PER_WIDTH = 5.0
"""Frequency bins that must fit into the full width of the narrowest line."""

WIDTHS_APART = 2.0
"""Full linewidths between a line of the probe and a line of the pumps, to tell them apart."""

FEWEST_AVERAGES = 100
"""Averages of a spectrum; with fewer, the error of a bin is no longer small beside its value."""


@dataclass(frozen=True)
class _Lines:
    """What the spectra must show, at one operating point; cyclic, in Hz."""

    path: KeyPath
    outermost: float
    shift: float
    widest: float
    narrowest: float


def physics_problems(config: Mapping[str, Any]) -> list[Problem]:
    """Return the problems of the drive and of the recordings, on the nominal device.

    Parameters
    ----------
    config : mapping
        Experiment with its device tree, valid under the schemas and with valid references.

    Returns
    -------
    list of Problem
        Drives without a steady state; spectra that do not reach or do not resolve the lines;
        probes too close to the pumps; recordings too short for their bins.
    """
    lines, found = _lines(config)
    if found:
        return found
    recordings = config["recordings"]
    for kind in ("emission", "phase_scan"):
        path: KeyPath = ("recordings", kind)
        found += _span_problems(path, recordings[kind], lines)
        found += _bin_problems(path, recordings[kind], lines)
    return found + _probe_problems(recordings["phase_scan"], lines)


def _lines(config: Mapping[str, Any]) -> tuple[list[_Lines], list[Problem]]:
    import numpy as np

    from entangled_drums.model import drift
    from entangled_drums.parameters import drive_settings, system

    values = device_values(config["device"])
    drive = config["drive"]
    drum_frequencies = np.array([values["drum_1.frequency_hz"], values["drum_2.frequency_hz"]])
    lines, found = [], []
    for power, ratios in config["operating_points"].items():
        try:
            settings = drive_settings(
                values,
                drive["powers"][power]["red_coupling_hz"],
                np.asarray(ratios),
                drive["cavity_detuning_hz"],
                drive["frame_offset_hz"],
            )
            # Recorded windows stand around the lines as they would be without the optical spring.
            bare = np.sort(np.abs(drum_frequencies - settings.frame_frequency_hz))
            driven = system(values, settings)
            eigenvalues = np.linalg.eigvals(drift(driven.device, driven.drive)) / (2 * math.pi)
        except (EntangledDrumsError, np.linalg.LinAlgError) as error:
            what = f"no model of this drive on this device, {error}"
            found.append(Problem(("operating_points", power), f"{what}; write other values"))
            continue
        for index, (ratio, rates) in enumerate(zip(ratios, eigenvalues, strict=True)):
            path: KeyPath = ("operating_points", power, index)
            growth = float(rates.real.max())
            if not growth < 0:
                what = f"the drive has no steady state at x = {ratio:g} (unstable, fastest growth"
                remedy = "write a smaller ratio"
                found.append(Problem(path, f"{what} {growth:.3g} Hz); {remedy}"))
                continue
            # The cavity is the pair of eigenvalues that decays fastest.
            drums = rates[np.argsort(rates.real)[2:]]
            distance = np.sort(np.abs(drums.imag))
            width = -2 * drums.real
            lines.append(
                _Lines(
                    path=path,
                    outermost=float(distance.max()),
                    shift=float(np.abs(distance - np.repeat(bare, 2)).max()),
                    widest=float(width.max()),
                    narrowest=float(width.min()),
                )
            )
    return lines, found


def _span_problems(
    path: KeyPath, recording: Mapping[str, Any], lines: list[_Lines]
) -> list[Problem]:
    emission = path[-1] == "emission"

    def reach(line: _Lines) -> float:
        centre = line.outermost if emission else line.shift
        return centre + WIDTHS_COVERED * line.widest

    worst = max(lines, key=reach)
    if recording["half_span_hz"] >= reach(worst):
        return []
    what = f"{_hz(recording['half_span_hz'])} does not cover the lines at {_point(worst)}"
    remedy = f"write at least {_hz(rounded_up(reach(worst)))}"
    return [Problem((*path, "half_span_hz"), f"{what}; {remedy}")]


def _bin_problems(
    path: KeyPath, recording: Mapping[str, Any], lines: list[_Lines]
) -> list[Problem]:
    worst = min(lines, key=lambda line: line.narrowest)
    limit = worst.narrowest / BINS_PER_WIDTH
    bin_width = recording["bin_width_hz"]
    found = []
    if bin_width > limit:
        what = f"{_hz(bin_width)} is too coarse for the line of {_hz(worst.narrowest)} full width"
        remedy = f"at {_point(worst)}; write at most {_hz(rounded_down(limit))}"
        found.append(Problem((*path, "bin_width_hz"), f"{what} {remedy}"))
    spectra = recording.get("phases", 1)
    averages = recording["duration_s"] * bin_width / spectra
    if averages < FEWEST_AVERAGES:
        needed = rounded_up(FEWEST_AVERAGES * spectra / bin_width)
        what = (
            f"{plain_number(recording['duration_s'])} s are {averages:.3g} averages of a spectrum"
        )
        remedy = f"write at least {plain_number(needed)}"
        found.append(Problem((*path, "duration_s"), f"{what}; {remedy}"))
    return found


def _probe_problems(recording: Mapping[str, Any], lines: list[_Lines]) -> list[Problem]:
    path: KeyPath = ("recordings", "phase_scan", "probe_offset_hz")
    offset = recording["probe_offset_hz"]
    worst = max(lines, key=lambda line: line.widest)
    needed = WIDTHS_APART * worst.widest
    if offset < needed:
        what = f"{_hz(offset)} is too small, lines of {_hz(worst.widest)} full width overlap"
        return [
            Problem(path, f"{what} at {_point(worst)}; write at least {_hz(rounded_up(needed))}")
        ]
    for line in lines:
        # Shifted by the separation of the pump lines, one probe line falls onto a pump line.
        separation = 2 * line.outermost
        if abs(offset - separation) < WIDTHS_APART * line.widest:
            below = rounded_down(separation - WIDTHS_APART * line.widest)
            what = f"{_hz(offset)} puts a line of the probe onto one of the pumps at {_point(line)}"
            remedy = f"write at most {_hz(below)}" if below >= needed else "write a larger offset"
            return [Problem(path, f"{what}; {remedy}")]
    return []


def _point(line: _Lines) -> str:
    _, power, index = line.path
    return f"operating_points.{power}[{index}]"


def _hz(value: float) -> str:
    return f"{plain_number(float(f'{value:.4g}'))} Hz"
