"""Noise of the receiver alone: behind the cavity tuned away, and behind loads of known temperature.

The background shows gain x (n_e + n_add), leaks of the isolator apart; loads, which reflect
nothing, show gain x (t n(T) + n_add + d), a transmission t near one and a small difference d in the
noise of the paths. Neither t, d nor the error of the thermometer is known to the analysis beyond
its uncertainty, which is stored with the recording.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray
from numpy.typing import NDArray

from entangled_drums import recording, recording_format
from entangled_drums.laboratory import isolator, receiver
from entangled_drums.laboratory.imperfections import NONE, Imperfections, returned_occupation
from entangled_drums.laboratory.pumped import EmissionSettings
from entangled_drums.units import angular, thermal_occupation


def record_background(
    truth: Mapping[str, float],
    nominal: Mapping[str, float],
    settings: EmissionSettings,
    generator: np.random.Generator,
    imperfections: Imperfections = NONE,
) -> xarray.Dataset:
    """Record the noise with the cavity tuned away and the pumps off.

    Parameters
    ----------
    truth, nominal : mapping
        Flat true and nominal parameter values.
    settings : EmissionSettings
        Span, bins and duration.
    generator : numpy.random.Generator
        Source of randomness.
    imperfections : Imperfections, optional
        Those of the receiver apply.

    Returns
    -------
    xarray.Dataset
        Recording of kind ``background``.
    """
    # A cavity tuned away reflects the port's own noise, and what leaks back from the amplifier.
    level = np.array(
        truth["bath.external_occupation"]
        + returned_occupation(truth, imperfections)
        + isolator.interference(-1.0, truth, imperfections)
    )
    power, fields = _flat(level, truth, settings, 1, generator, imperfections)
    return recording.compose(
        recording_format.BACKGROUND,
        power_spectral_density=power,
        centre_frequency_hz=float(nominal["cavity.frequency_hz"]),
        **fields,
    )


def record_load_noise(
    truth: Mapping[str, float],
    nominal: Mapping[str, float],
    settings: EmissionSettings,
    loads: Mapping[str, Any],
    generator: np.random.Generator,
    imperfections: Imperfections = NONE,
) -> xarray.Dataset:
    """Record the noise of matched loads at known temperatures.

    Parameters
    ----------
    truth, nominal, settings, generator, imperfections
        See `record_background`; the duration is shared between the loads.
    loads : mapping
        ``load_temperatures_k``, and the uncertainties ``temperature_uncertainty``,
        ``path_uncertainty`` and ``path_noise_uncertainty`` that the laboratory draws its errors
        from and states in the recording.

    Returns
    -------
    xarray.Dataset
        Recording of kind ``load_noise``.
    """
    noise, errors = generator.spawn(2)
    shown_k = np.sort(np.asarray(loads["load_temperatures_k"], dtype=np.float64))
    names = ("temperature_uncertainty", "path_uncertainty", "path_noise_uncertainty")
    uncertainty = {name: float(loads[name]) for name in names}
    thermometer, path, path_noise = (uncertainty[name] * errors.standard_normal() for name in names)
    true_k = shown_k * (1.0 + thermometer)
    occupation = thermal_occupation(angular(nominal["cavity.frequency_hz"]), true_k)
    level = (1.0 + path) * occupation + path_noise
    power, fields = _flat(level, truth, settings, shown_k.size, noise, imperfections)
    return recording.compose(
        recording_format.LOAD_NOISE,
        power_spectral_density=power,
        load_temperature_k=shown_k,
        centre_frequency_hz=float(nominal["cavity.frequency_hz"]),
        **uncertainty,
        **fields,
    )


def _flat(
    level: NDArray[np.float64],
    truth: Mapping[str, float],
    settings: EmissionSettings,
    spectra: int,
    generator: np.random.Generator,
    imperfections: Imperfections,
) -> tuple[NDArray[np.float64], dict[str, Any]]:
    averaging = receiver.Averaging.of(
        settings.duration_s, settings.bin_width_hz, spectra, settings.window, settings.overlap
    )
    frequency_hz = receiver.bins_hz((0.0,), settings.half_span_hz, settings.bin_width_hz)
    power = receiver.record(
        lambda frequency: np.broadcast_to(level[..., None], (*level.shape, frequency.size)),
        frequency_hz,
        averaging,
        truth,
        imperfections,
        generator,
    )
    return power, {
        "frequency_hz": frequency_hz,
        "window": settings.window,
        "overlap": settings.overlap,
        "duration_s": settings.duration_s,
        **recording.averaging(
            settings.bin_width_hz, averaging.averages, settings.window, settings.overlap
        ),
    }
