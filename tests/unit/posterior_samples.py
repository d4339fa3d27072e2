"""Draws of an operating point that stand in for a posterior, and recordings of its device."""

from functools import cache

import numpy as np
from tests.unit.inference_samples import CALIBRATION, UNCERTAINTIES, VALUES, drive, record

from entangled_drums import prior
from entangled_drums.inference.states import state_quantities

__all__ = ["CALIBRATION", "around", "recordings"]

_NARROW = 0.1


def around(true, count=60, seed=7, ratio=0.62):
    """Draws near a device, a tenth as wide as the calibration, with their states."""
    generator = np.random.default_rng(seed)
    narrow = {name: _NARROW * sigma for name, sigma in UNCERTAINTIES.items()}
    drawn = [prior.draw(true, narrow, generator) for _ in range(count)]
    values = {name: np.array([one[name] for one in drawn]) for name in true}
    states = state_quantities(values, drive(ratio), counter_rotating=False)
    uncertain = {name: values[name] for name in true if UNCERTAINTIES[name] > 0.0}
    return {**uncertain, **states}


@cache
def recordings(seed=3, ratio=0.62):
    """Emission and phase scan of the nominal device."""
    return record(VALUES, seed, ratio=ratio)
