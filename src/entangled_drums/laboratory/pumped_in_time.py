"""Recordings under the two pumps, made from the field in time instead of from its spectrum.

Same settings and same format as in `entangled_drums.laboratory.pumped`, but every bin comes out of
samples that were digitised and Fourier transformed. A record in time takes one base frequency, the
offset of the probes: the pumps are in the rotating-wave approximation. What is slow against the
record, or is said of the spectrum only, has no place in it either (`ABSENT_IN_TIME`).
"""

from collections.abc import Mapping
from dataclasses import fields, replace

import numpy as np
import xarray
from numpy.typing import NDArray

from entangled_drums import parameters, recording, recording_format, tones
from entangled_drums.errors import ParameterError
from entangled_drums.laboratory import receiver, time_record
from entangled_drums.laboratory.imperfections import (
    ABSENT_IN_TIME,
    NONE,
    Imperfections,
    course,
    true_probe,
    true_system,
)
from entangled_drums.laboratory.pumped import EmissionSettings, PhaseScanSettings
from entangled_drums.parameters import DriveSettings, ProbeSettings
from entangled_drums.system import System
from entangled_drums.tones import Modulation


def record_emission(
    truth: Mapping[str, float],
    drive: DriveSettings,
    settings: EmissionSettings,
    sample_rate_hz: float,
    generator: np.random.Generator,
    imperfections: Imperfections = NONE,
) -> xarray.Dataset:
    """Record the noise that leaves the cavity under the two pumps, sample by sample.

    Arguments as for `pumped.record_emission`, imperfections none of `ABSENT_IN_TIME`, and

    Parameters
    ----------
    sample_rate_hz : float
        A whole multiple of the bin width, and at least twice the span.

    Returns
    -------
    xarray.Dataset
        Recording of kind ``emission``, see `entangled_drums.recording`.

    Raises
    ------
    UnstableDriveError
        If the true device has no steady state under this drive.
    ParameterError
        If an imperfection is one of `ABSENT_IN_TIME`, or rate, bins and duration do not fit
        together.
    """
    _refuse_absent(imperfections)
    system = true_system(truth, drive, imperfections)
    samples, run = generator.spawn(2)
    gain = receiver.gain_of_run(truth, imperfections, run, receiver.tone_power(truth, drive))
    frequency_hz = receiver.bins_hz((0.0,), settings.half_span_hz, settings.bin_width_hz)
    power, averages = _periodogram(
        system,
        tones.drive_modulation(system.drive),
        settings,
        settings.duration_s,
        sample_rate_hz,
        frequency_hz,
        truth,
        gain,
        samples,
    )
    return recording.build(
        recording_format.EMISSION,
        frequency_hz,
        power,
        drive,
        duration_s=settings.duration_s,
        bin_width_hz=settings.bin_width_hz,
        averages=averages,
        window=settings.window,
        overlap=settings.overlap,
    )


def record_phase_scan(
    truth: Mapping[str, float],
    drive: DriveSettings,
    probe: ProbeSettings,
    settings: PhaseScanSettings,
    sample_rate_hz: float,
    generator: np.random.Generator,
    imperfections: Imperfections = NONE,
) -> xarray.Dataset:
    """Record the two probe lines for every phase of the blue probe, sample by sample.

    Arguments as for `pumped.record_phase_scan`, errors and ``sample_rate_hz`` as for
    `record_emission`; the sample rate is also a whole multiple of the probes' offset.

    Returns
    -------
    xarray.Dataset
        Recording of kind ``phase_scan``, see `entangled_drums.recording`.
    """
    _refuse_absent(imperfections)
    system = true_system(truth, drive, imperfections)
    phases = np.asarray(probe.phase_rad)
    felt = true_probe(truth, probe, imperfections, course(imperfections, phases.size, probes=True))
    samples, run = generator.spawn(2)
    power_of_tones = receiver.tone_power(truth, drive, probe)
    gain = receiver.gain_of_run(truth, imperfections, run, power_of_tones)
    frequency_hz = receiver.bins_hz(
        settings.line_centres_hz, settings.half_span_hz, settings.bin_width_hz
    )
    found = [
        _periodogram(
            system,
            tones.drive_modulation(system.drive, replace(felt, phase=phase)),
            settings,
            settings.duration_s / phases.size,
            sample_rate_hz,
            frequency_hz,
            truth,
            gain,
            stream,
        )
        for phase, stream in zip(felt.phase[:, 0], samples.spawn(phases.size), strict=True)
    ]
    return recording.build(
        recording.PHASE_SCAN,
        frequency_hz,
        np.stack([power for power, _ in found]),
        drive,
        duration_s=settings.duration_s,
        bin_width_hz=settings.bin_width_hz,
        averages=found[0][1],
        probe=probe,
        window=settings.window,
        overlap=settings.overlap,
    )


def _refuse_absent(imperfections: Imperfections) -> None:
    for one in fields(imperfections):
        if one.name in ABSENT_IN_TIME and getattr(imperfections, one.name) != one.default:
            raise ParameterError(
                f"laboratory.{one.name}: a record in time cannot have it; write {one.default}"
            )


def _periodogram(
    system: System,
    modulation: Modulation,
    settings: EmissionSettings | PhaseScanSettings,
    duration_s: float,
    sample_rate_hz: float,
    frequency_hz: NDArray[np.float64],
    truth: Mapping[str, float],
    gain: float,
    generator: np.random.Generator,
) -> tuple[NDArray[np.float64], int]:
    """Averaged periodogram at some of the bins, and the number of averages."""
    whole_hz, power, averages = time_record.periodogram(
        system,
        modulation,
        digitiser=time_record.Digitiser(sample_rate_hz),
        duration_s=duration_s,
        bin_width_hz=settings.bin_width_hz,
        gain=gain,
        added_noise=float(parameters.receiver(truth).added_noise),
        generator=generator,
        window=settings.window,
        overlap=settings.overlap,
    )
    index = np.round((frequency_hz - whole_hz[0]) / settings.bin_width_hz).astype(np.int64)
    if index[0] < 0 or index[-1] >= whole_hz.size:
        farthest = float(np.abs(frequency_hz).max())
        raise ParameterError(
            f"sample_rate_hz: {sample_rate_hz:g} Hz does not reach the bin at {farthest:g} Hz; "
            f"write more than {2.0 * farthest:g}"
        )
    return power[index], averages
