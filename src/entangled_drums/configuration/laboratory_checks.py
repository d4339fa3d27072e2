"""Checks of what the simulated laboratory does, on the nominal device: can it be at all?

Each of its drives needs a steady state (in the rotating-wave approximation), and noise cannot be
correlated more than there is of it. Where a number is too large, the largest possible one is told.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from entangled_drums.configuration.problems import (
    KeyPath,
    Problem,
    dotted,
    plain_number,
    rounded_down,
    shown,
)
from entangled_drums.configuration.values import device_values
from entangled_drums.errors import EntangledDrumsError

if TYPE_CHECKING:
    from entangled_drums.laboratory.imperfections import Imperfections
    from entangled_drums.parameters import DriveSettings
    from entangled_drums.system import System

_HALVINGS = 60
"""Of the logarithm of a size, when the largest one with a steady state is looked for."""

_SMALLEST = 1e-9
"""Share of a size that has no steady state; the tones themselves being off, there is one."""

_Tone = tuple[KeyPath, float, Callable[[float], "DriveSettings"]]


def laboratory_problems(config: Mapping[str, Any]) -> list[Problem]:
    """Return the problems of the simulated laboratory.

    Parameters
    ----------
    config : mapping
        Experiment with its device tree, whose operating points have passed
        `entangled_drums.configuration.line_checks`.

    Returns
    -------
    list of Problem
        Correlations that exceed their noise; drives without a steady state, among them those of
        the calibration if its recordings are simulated.
    """
    from entangled_drums.laboratory.imperfections import Imperfections

    laboratory = config["laboratory"]
    correlation, occupation = (
        laboratory[f"pump_noise_{name}"] for name in ("correlation", "occupation")
    )
    if abs(correlation) > occupation:
        what = f"{shown(correlation)} is more than the noise that it correlates"
        remedy = f"write at most pump_noise_occupation, {shown(occupation)}, or raise that"
        return [Problem(("laboratory", "pump_noise_correlation"), f"{what}; {remedy}")]
    # Whether the baths can be correlated so far is asked below, of each drive's own baths.
    imperfections = replace(Imperfections.of(laboratory), bath_correlation=0.0)
    values = device_values(config["device"])
    found, systems = _parametric_problems(config, values, imperfections)
    if config["recordings"]["source"] == "simulated":
        for path, coupling, settings in _calibration_tones(config, values, imperfections):
            try:
                system = _system(values, settings(coupling), imperfections)
            except EntangledDrumsError as error:
                what = f"no model of this drive on this device, {error}"
                found.append(Problem(path, f"{what}; write other values"))
                continue
            systems.append(system)
            if _growth_hz(system) >= 0:

                def weaker(
                    other: float, tone: Callable[[float], "DriveSettings"] = settings
                ) -> "System":
                    return _system(values, tone(other), imperfections)

                largest = _largest(coupling, weaker)
                what = _no_steady_state(f"{plain_number(coupling)} Hz", system)
                found.append(Problem(path, f"{what}; write at most {plain_number(largest)}"))
    return found + _bath_problems(laboratory["bath_correlation"], systems)


def _parametric_problems(
    config: Mapping[str, Any], values: Mapping[str, float], imperfections: "Imperfections"
) -> tuple[list[Problem], list["System"]]:
    """Problems of the term that both pumps induce, and the systems under the pumps."""
    from entangled_drums.parameters import drive_settings

    drive = config["drive"]
    systems = []
    for power, ratios in config["operating_points"].items():
        for index, ratio in enumerate(ratios):
            settings = drive_settings(
                values,
                drive["powers"][power]["red_coupling_hz"],
                ratio,
                drive["cavity_detuning_hz"],
                drive["frame_offset_hz"],
            )
            system = _system(values, settings, imperfections)
            systems.append(system)
            size = imperfections.mechanical_parametric_hz
            if size == 0 or _growth_hz(system) < 0:
                continue

            def weaker(other: float, drive: "DriveSettings" = settings) -> "System":
                less = replace(imperfections, mechanical_parametric_hz=other)
                return _system(values, drive, less)

            largest = plain_number(_largest(abs(size), weaker))
            place = dotted(("operating_points", power, index))
            what = _no_steady_state(f"{plain_number(size)} Hz at {place}", system)
            remedy = f"write at most {largest} in size"
            path: KeyPath = ("laboratory", "mechanical_parametric_hz")
            return [Problem(path, f"{what}; {remedy}")], systems
    return [], systems


def _calibration_tones(
    config: Mapping[str, Any], values: Mapping[str, float], imperfections: "Imperfections"
) -> Iterator[_Tone]:
    """Key, coupling, and settings under a coupling of every tone of the calibration."""
    from entangled_drums.laboratory import single_tone_settings

    def one_tone(blue: bool) -> Callable[[float], "DriveSettings"]:
        return lambda coupling: single_tone_settings.tone(values, (1, 2), coupling, blue=blue)

    def probe(coupling: float) -> "DriveSettings":
        offset = config["recordings"]["phase_scan"]["probe_offset_hz"]
        settings = single_tone_settings.probes(values, coupling, offset)
        return single_tone_settings.arriving(values, settings, imperfections.probe_imbalance)

    calibration = config["calibration"]
    for kind, settings in (("thermal_sweep", one_tone(blue=False)), ("probe_calibration", probe)):
        yield ("calibration", kind, "coupling_hz"), calibration[kind]["coupling_hz"], settings
    for kind in ("sideband_cooling", "sideband_narrowing"):
        settings = one_tone(blue=kind == "sideband_narrowing")
        for index, coupling in enumerate(calibration[kind]["couplings_hz"]):
            yield ("calibration", kind, "couplings_hz", index), coupling, settings


def _bath_problems(correlation: float, systems: list["System"]) -> list[Problem]:
    # Every drive heats the drums in its own way.
    largest = min(
        (float(system.bath.thermal_occupation.prod(axis=-1).min()) ** 0.5 for system in systems),
        default=math.inf,
    )
    if abs(correlation) <= largest:
        return []
    what = f"{shown(correlation)} exceeds sqrt(n_1 n_2) of the drums' baths"
    remedy = f"write at most {plain_number(rounded_down(largest))} in size"
    return [Problem(("laboratory", "bath_correlation"), f"{what}; {remedy}")]


def _system(
    values: Mapping[str, float], settings: "DriveSettings", imperfections: "Imperfections"
) -> "System":
    from entangled_drums.laboratory.imperfections import true_system

    return true_system(values, settings, imperfections)


def _growth_hz(system: "System") -> float:
    import numpy as np

    from entangled_drums.model import drift

    rates = np.linalg.eigvals(drift(system.device, system.drive, system.perturbation))
    return float(rates.real.max()) / (2 * math.pi)


def _no_steady_state(what: str, system: "System") -> str:
    return f"no steady state with {what} (unstable, fastest growth {_growth_hz(system):.3g} Hz)"


def _largest(size: float, system: Callable[[float], "System"]) -> float:
    """Return the largest size with a steady state, below one that has none; two digits."""
    stable, unstable = _SMALLEST * size, size
    for _ in range(_HALVINGS):
        middle = math.sqrt(stable * unstable)
        if _growth_hz(system(middle)) < 0:
            stable = middle
        else:
            unstable = middle
    return rounded_down(stable)
