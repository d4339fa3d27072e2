"""Systems that the physics tests share: the worked example, random draws, reference vectors."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np

from entangled_drums.system import Bath, Device, Drive, Probe, System
from entangled_drums.units import angular

CASES = json.loads(
    (Path(__file__).parents[1] / "data" / "reference_vectors.json").read_text(encoding="utf-8")
)["cases"]


def worked_example(
    internal_occupation=1.5,
    red=(140e3, 140e3),
    ratio=0.62,
    frequencies=(10.0e6, 11.3e6),
    linewidths=(106.0, 144.0),
    thermal=(41.0, 30.0),
    frame_offset_hz=0.0,
    cavity_detuning_hz=0.0,
    external_occupation=0.0,
):
    """Section 4 of the model notes; frequencies in Hz, any argument may be an array."""
    red = np.asarray(red, dtype=float)
    frequencies = np.asarray(frequencies, dtype=float)
    return System(
        Device(
            cavity_frequency=angular(5.5e9),
            kappa_external=angular(1.13e6),
            kappa_internal=angular(0.25e6),
            mechanical_frequency=angular(frequencies),
            mechanical_linewidth=angular(linewidths),
            single_photon_coupling=angular([130.0, 130.0]),
        ),
        Bath(external_occupation, internal_occupation, thermal),
        Drive(
            cavity_detuning=angular(cavity_detuning_hz),
            frame_frequency=angular(frequencies.mean(axis=-1) + frame_offset_hz),
            red_coupling=angular(red),
            blue_coupling=angular(red * np.asarray(ratio)[..., None]),
        ),
    )


def reference_system(case):
    """System of one entry of the reference vectors."""
    p = case["parameters"]
    return System(
        Device(
            cavity_frequency=angular(5.5e9),
            kappa_external=angular(p["kappa_external_hz"]),
            kappa_internal=angular(p["kappa_internal_hz"]),
            mechanical_frequency=angular(p["mechanical_frequency_hz"]),
            mechanical_linewidth=angular(p["mechanical_linewidth_hz"]),
            single_photon_coupling=angular([130.0, 130.0]),
        ),
        Bath(p["external_occupation"], p["internal_occupation"], p["thermal_occupation"]),
        Drive(
            cavity_detuning=angular(p["cavity_detuning_hz"]),
            frame_frequency=angular(p["frame_frequency_hz"]),
            red_coupling=angular(p["red_coupling_hz"]),
            blue_coupling=angular(p["blue_coupling_hz"]),
        ),
    )


def reference_probe(case):
    """Probe of one entry of the reference vectors."""
    p = case["probe"]
    return Probe(
        offset=angular(p["offset_hz"]),
        red_coupling=angular(p["red_coupling_hz"]),
        blue_coupling=angular(p["blue_coupling_hz"]),
        phase=p["phase_rad"],
    )


def random_system(seed, points=(), complex_couplings=False, largest_ratio=0.9):
    """Random device, baths and drive, mostly stable, with rates near those of the experiment."""
    rng = np.random.default_rng(seed)
    pairs = (*points, 2)
    red = angular(10 ** rng.uniform(4.3, 5.4, points))[..., None] * rng.uniform(0.8, 1.25, pairs)
    blue = red * rng.uniform(0.0, largest_ratio, points)[..., None] * rng.uniform(0.9, 1.0, pairs)
    if complex_couplings:
        red = red * np.exp(2j * np.pi * rng.random(pairs))
        blue = blue * np.exp(2j * np.pi * rng.random(pairs))
    frequency = angular(
        np.stack([rng.uniform(8e6, 10.4e6, points), rng.uniform(10.6e6, 13e6, points)], axis=-1)
    )
    return System(
        Device(
            cavity_frequency=angular(5.5e9),
            kappa_external=angular(rng.uniform(0.3e6, 2e6, points)),
            kappa_internal=angular(rng.uniform(0.05e6, 0.5e6, points)),
            mechanical_frequency=frequency,
            mechanical_linewidth=angular(10 ** rng.uniform(1, 3, pairs)),
            single_photon_coupling=angular([130.0, 130.0]),
        ),
        Bath(
            rng.uniform(0, 0.3, points), rng.uniform(0, 2, points), 10 ** rng.uniform(-1, 2, pairs)
        ),
        Drive(
            cavity_detuning=angular(rng.uniform(-1e5, 1e5, points)),
            frame_frequency=frequency.mean(axis=-1) + angular(rng.uniform(-2e3, 2e3, points)),
            red_coupling=red,
            blue_coupling=blue,
        ),
    )


def with_cold_baths(system):
    """The same system with every input in its vacuum."""
    return replace(system, bath=Bath(0.0, 0.0, [0.0, 0.0]))


def with_drive(system, **changes):
    """The same system with fields of its drive replaced."""
    return replace(system, drive=replace(system.drive, **changes))


def largest_error(found, expected):
    """Largest deviation relative to the largest element of what is expected."""
    expected = np.asarray(expected)
    return np.abs(found - expected).max() / np.abs(expected).max()
