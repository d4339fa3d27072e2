"""What the generators are set to for recordings under one tone; the config check asks this too."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from entangled_drums import parameters
from entangled_drums.parameters import DriveSettings

SIDEBANDS = (-1, 1)
"""The red and the blue probe."""


def tone(
    nominal: Mapping[str, float], drum: ArrayLike, coupling_hz: ArrayLike, *, blue: bool
) -> DriveSettings:
    """Return the settings of one tone, a drum's frequency below (red) or above the cavity.

    Parameters
    ----------
    nominal : mapping
        Flat nominal values.
    drum : array_like of int
        Number of the drum whose line is recorded; its axes broadcast with those of the coupling.
    coupling_hz : array_like
        Nominal coupling, geometric mean of the drums.
    blue : bool
    """
    pair = parameters.drive_settings(nominal, coupling_hz, 1.0)
    frame = parameters.both_drums(nominal, "frequency_hz")[np.asarray(drum) - 1]
    off: dict[str, Any] = (
        {"red_photons": 0.0, "ratio": np.inf} if blue else {"blue_photons": 0.0, "ratio": 0.0}
    )
    return replace(pair, frame_frequency_hz=frame, **off)


def probes(nominal: Mapping[str, float], coupling_hz: float, offset_hz: float) -> DriveSettings:
    """Return the settings of each of `SIDEBANDS` alone, photons (2,)."""
    pair = parameters.drive_settings(nominal, coupling_hz, 1.0, cavity_detuning_hz=offset_hz)
    sidebands = np.array(SIDEBANDS)
    return replace(
        pair,
        red_photons=np.where(sidebands < 0, pair.red_photons, 0.0),
        blue_photons=np.where(sidebands > 0, pair.blue_photons, 0.0),
    )


def arriving(
    truth: Mapping[str, float], settings: DriveSettings, probe_imbalance: float
) -> DriveSettings:
    """Return probes out of balance: that is an error of the blue probe's generator alone."""
    excess = (truth["lines.probe_balance"] * (1.0 + probe_imbalance)) ** 2
    return replace(settings, blue_photons=excess * np.asarray(settings.blue_photons))
