"""Reflection of the cavity without pumps, as a network analyser at the end of a cable shows it."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray

from entangled_drums import recording, recording_format
from entangled_drums.laboratory.imperfections import NONE, Imperfections, course
from entangled_drums.units import angular


def record_cavity_response(
    truth: Mapping[str, float],
    nominal: Mapping[str, float],
    settings: Mapping[str, Any],
    generator: np.random.Generator,
    imperfections: Imperfections = NONE,
) -> xarray.Dataset:
    """Record S11 around the nominal cavity frequency.

    ``S11(omega) = kappa_e exp(i theta)/(kappa/2 - i omega) - 1`` with mismatch angle theta, seen
    through loss, phase, delay and tilt of the cable; the analyser shows its complex conjugate.

    Parameters
    ----------
    truth, nominal : mapping
        Flat true and nominal parameter values.
    settings : mapping
        ``half_span_hz``, ``points`` and ``standard_deviation`` of each quadrature's noise.
    generator : numpy.random.Generator
        Source of randomness.
    imperfections : Imperfections, optional
        Cable, mismatch and jitter of the cavity.

    Returns
    -------
    xarray.Dataset
        Recording of kind ``cavity_response``.
    """
    span = settings["half_span_hz"]
    frequency_hz = np.linspace(-span, span, settings["points"])
    centre_hz = nominal["cavity.frequency_hz"]
    along = course(imperfections, 1)
    kappa_external = truth["cavity.kappa_external_hz"]
    kappa = kappa_external + truth["cavity.kappa_internal_hz"]
    cavity_hz = truth["cavity.frequency_hz"] + along.cavity_shift_hz[0][:, None]
    coupling = kappa_external * np.exp(1j * imperfections.reflection_mismatch_rad)
    detuning_hz = centre_hz + frequency_hz - cavity_hz
    reflection = along.weights @ (coupling / (kappa / 2.0 - 1j * detuning_hz) - 1.0)
    # With fields running as exp(-i omega t), a delay turns the phase by +omega tau.
    phase = imperfections.cable_phase_rad + angular(frequency_hz) * imperfections.cable_delay_s
    tilt = 1.0 + imperfections.reflection_tilt * frequency_hz / (2.0 * span)
    seen = np.conj((1.0 - imperfections.cable_attenuation) * tilt * np.exp(1j * phase) * reflection)
    noise = settings["standard_deviation"] * generator.standard_normal((2, frequency_hz.size))
    return recording.compose(
        recording_format.CAVITY_RESPONSE,
        frequency_hz=frequency_hz,
        reflection_real=seen.real + noise[0],
        reflection_imaginary=seen.imag + noise[1],
        centre_frequency_hz=float(centre_hz),
        standard_deviation=float(settings["standard_deviation"]),
    )
