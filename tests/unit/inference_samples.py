"""An operating point and recordings of it, shared by the tests of inference."""

from functools import cache
from pathlib import Path

import numpy as np
import yaml

from entangled_drums import calibration, parameters, prior
from entangled_drums.configuration.values import device_uncertainties, device_values
from entangled_drums.inference.fine_effects import Fidelity
from entangled_drums.inference.observation import observation
from entangled_drums.inference.states import state_quantities
from entangled_drums.inference.target import line_shapes, target
from entangled_drums.laboratory import pumped
from entangled_drums.laboratory.imperfections import NONE

_DEVICE = yaml.safe_load(
    (Path(__file__).parents[2] / "config/devices/drums-2018-assumed.yaml").read_text("utf-8")
)
VALUES = device_values(_DEVICE)
UNCERTAINTIES = device_uncertainties(_DEVICE)
CALIBRATION = calibration.from_device(VALUES, UNCERTAINTIES)
PHASES = 2.0 * np.pi * np.arange(8) / 8
RATIO = 0.62


def drive(ratio=RATIO):
    return parameters.drive_settings(VALUES, 1.4e5, ratio)


def truth(seed):
    return prior.draw(VALUES, UNCERTAINTIES, np.random.default_rng(seed))


def record(
    true,
    seed,
    bin_width_hz=2.5e3,
    imperfections=NONE,
    ratio=RATIO,
    window="boxcar",
    duration_s=1800.0,
):
    """Emission and phase scan of one device; without noise if the seed is None."""
    generator = None if seed is None else np.random.default_rng(seed)
    settings = drive(ratio)
    probe = parameters.probe_settings(VALUES, 1.5e5, 1.0e4, PHASES)
    centres = pumped.line_centres_hz(VALUES, settings, 1.5e5)
    emission = pumped.record_emission(
        true,
        settings,
        pumped.EmissionSettings(1800.0, 1.0e6, bin_width_hz, window),
        generator,
        imperfections,
    )
    scan = pumped.record_phase_scan(
        true,
        settings,
        probe,
        pumped.PhaseScanSettings(1800.0, 1.0e5, bin_width_hz, centres, window),
        generator,
        imperfections,
    )
    return emission, scan


@cache
def example(seed=1, *, counter_rotating=False, merged=False):
    """Truth and target of one data set."""
    true = truth(seed)
    seen = observation(*record(true, seed))
    if merged:
        seen = seen.merged(line_shapes(VALUES, seen), 0.15)
    return true, target(seen, CALIBRATION, Fidelity(counter_rotating=counter_rotating))


def true_quantities(true, ratio=RATIO, *, counter_rotating=False):
    found = state_quantities(
        {name: np.array([value]) for name, value in true.items()},
        drive(ratio),
        counter_rotating=counter_rotating,
    )
    return {name: float(value[0]) for name, value in found.items()}
