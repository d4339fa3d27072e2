"""Recordings under the two pumps: emission, phase scan with two probes, stationarity run."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import xarray
from numpy.typing import NDArray

from entangled_drums import (
    covariance,
    model,
    periodic,
    recording,
    recording_checks,
    recording_format,
    spectra,
    tones,
    windows,
)
from entangled_drums.laboratory import isolator, receiver
from entangled_drums.laboratory.imperfections import (
    NONE,
    Course,
    Imperfections,
    course,
    true_probe,
    true_system,
)
from entangled_drums.nodes import interpolated, lines_of, stretches
from entangled_drums.parameters import DriveSettings, ProbeSettings
from entangled_drums.phase_series import HARMONICS, PHASES, harmonics, phase_harmonics
from entangled_drums.system import System
from entangled_drums.units import angular

_REACH = (3, 1)
"""Harmonics of probe offset and of twice the frame frequency: exact to 1e-6 of a line for probes up
to a tenth of the pumps."""
_RESOLUTION = 0.4
_SCAN_RESOLUTION = 0.5
"""Distance of the frequencies that spectra are solved at, in units of the distance from the nearest
pole: interpolation between them is good to 5e-5 of a bin's power, that of probe lines to 2e-4 where
the pumps broaden them most and to 3e-5 elsewhere."""


@dataclass(frozen=True)
class EmissionSettings:
    """How the emission under the pumps alone is recorded.

    Parameters
    ----------
    duration_s : float
        Measuring time.
    half_span_hz : float
        The spectrum covers the drive centre plus and minus this.
    bin_width_hz : float
        Width of a bin.
    window : str, optional
        Window of the periodogram.
    overlap : float, optional
        Fraction of a segment shared with the next one.
    """

    duration_s: float
    half_span_hz: float
    bin_width_hz: float
    window: str = windows.BOXCAR
    overlap: float = 0.0


@dataclass(frozen=True)
class PhaseScanSettings:
    """How the spectra with two probes are recorded, phase after phase.

    Parameters
    ----------
    duration_s : float
        Measuring time of the whole scan, shared equally between its phases.
    half_span_hz : float
        Each spectrum covers each line's nominal centre plus and minus this.
    bin_width_hz : float
        Width of a bin.
    line_centres_hz : tuple of float
        Nominal centres of the lines from the drive centre, see `line_centres_hz`.
    window : str, optional
        Window of the periodogram.
    overlap : float, optional
        Fraction of a segment shared with the next one.
    """

    duration_s: float
    half_span_hz: float
    bin_width_hz: float
    line_centres_hz: tuple[float, float]
    window: str = windows.BOXCAR
    overlap: float = 0.0


def line_centres_hz(
    values: Mapping[str, float], settings: DriveSettings, offset_hz: float = 0.0
) -> tuple[float, float]:
    """Return where the drums' lines are expected, from the drive centre in Hz.

    Parameters
    ----------
    values : mapping
        Nominal flat parameter values.
    settings : DriveSettings
        Settings of the pump generators.
    offset_hz : float, optional
        Shift of the probe pair (0 for the emission under the pumps).

    Returns
    -------
    tuple of float
        ``offset_hz + f_j - frame_frequency_hz`` of drums 1 and 2, without the optical spring.
    """
    frame = float(np.asarray(settings.frame_frequency_hz))
    return (
        offset_hz + float(values["drum_1.frequency_hz"]) - frame,
        offset_hz + float(values["drum_2.frequency_hz"]) - frame,
    )


def emission_psd(
    system: System, truth: Mapping[str, Any], imperfections: Imperfections, along: Course
) -> Callable[[NDArray[np.float64]], NDArray[np.float64]]:
    """Return the true spectrum (..., K) under the drive, averaged over the course.

    Leading axes are those of the system but for the last one, which has the nodes of the course.
    Frequencies in Hz may be (K,) or (..., K).
    """
    covariance.require(covariance.steady_state(system))
    if imperfections.counter_rotating:
        modulation = tones.drive_modulation(system.drive, counter_rotating=True)
        periodic.require_stable(system, modulation)

    def exact(omega: NDArray[np.float64]) -> NDArray[np.float64]:
        omega = omega[..., None, :]
        if imperfections.counter_rotating:
            found = spectra.beyond_rwa_output_psd(system, omega, harmonics=2, require_stable=False)
        else:
            found = spectra.output_psd(system, omega, require_stable=False)
        found = found + isolator.under_tones(system, omega, truth, imperfections)
        found = np.broadcast_to(found, np.broadcast_shapes(found.shape, (*system.shape, 1)))
        return np.asarray(along.weights @ found)

    resolution = _RESOLUTION * (0.5 if imperfections.drum_drift_hz else 1.0)
    return _interpolated(exact, system, resolution)


def _interpolated(
    exact: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    system: System,
    resolution: float,
    offset: float = 0.0,
) -> Callable[[NDArray[np.float64]], NDArray[np.float64]]:
    """A spectrum (..., K) as a function of Hz, solved at the frequencies that resolve it."""
    drift = model.operator_drift(system.device, system.drive, system.perturbation)

    def output(frequency_hz: NDArray[np.float64]) -> NDArray[np.float64]:
        omega = np.asarray(angular(frequency_hz))
        rows = omega.reshape(-1, omega.shape[-1])
        shape = np.broadcast_shapes(system.shape, (*omega.shape[:-1], 1))
        # Spectra on the same bins share their nodes: those of the first are good for all.
        first = np.broadcast_to(drift, (*shape, 6, 6)).reshape(len(rows), -1, 6, 6)[:, 0]
        blocks = [
            stretches(row, float(np.min(np.diff(row))), lines_of(one, offset), resolution)
            for row, one in zip(rows, first, strict=True)
        ]
        at = [np.concatenate([block.at for block in one]) for one in blocks]
        most = max(one.size for one in at)
        padded = np.stack([np.pad(one, (0, most - one.size), mode="edge") for one in at])
        values = exact(padded.reshape((*omega.shape[:-1], most)))
        each = zip(blocks, values.reshape(len(rows), -1, most), strict=True)
        found = [interpolated(*one) for one in each]
        return np.reshape(found, (*values.shape[:-1], omega.shape[-1]))

    return output


def record_emission(
    truth: Mapping[str, float],
    drive: DriveSettings,
    settings: EmissionSettings,
    generator: np.random.Generator | None,
    imperfections: Imperfections = NONE,
) -> xarray.Dataset:
    """Record the noise that leaves the cavity under the two pumps.

    Parameters
    ----------
    truth : mapping
        Flat true values of the device.
    drive : DriveSettings
        Settings of the pump generators (plain numbers).
    settings : EmissionSettings
        Span, bins and duration.
    generator : numpy.random.Generator or None
        Source of randomness; with None the expected powers are returned.
    imperfections : Imperfections, optional
        What the laboratory does that the model does not say.

    Returns
    -------
    xarray.Dataset
        Recording of kind ``emission``, see `entangled_drums.recording`.

    Raises
    ------
    UnstableDriveError
        If the true device has no steady state under this drive.
    ParameterError
        If the measurement is shorter than one segment.
    """
    recorded = record_segments(truth, drive, settings, 1, generator, imperfections)
    return recorded.squeeze("segment_start_s", drop=True).pipe(
        lambda one: recording_checks.check(one.assign_attrs(kind=recording_format.EMISSION))
    )


def record_segments(
    truth: Mapping[str, float],
    drive: DriveSettings,
    settings: EmissionSettings,
    segments: int,
    generator: np.random.Generator | None,
    imperfections: Imperfections = NONE,
) -> xarray.Dataset:
    """Record the emission in segments of a run, to see whether the state holds.

    Arguments and errors as for `record_emission`; ``duration_s`` is shared between the segments.

    Returns
    -------
    xarray.Dataset
        Recording of kind ``stationarity``.
    """
    averaging = receiver.Averaging.of(
        settings.duration_s, settings.bin_width_hz, segments, settings.window, settings.overlap
    )
    along = course(imperfections, segments)
    system = true_system(truth, drive, imperfections, along)
    frequency_hz = receiver.bins_hz((0.0,), settings.half_span_hz, settings.bin_width_hz)
    power = receiver.record(
        emission_psd(system, truth, imperfections, along),
        frequency_hz,
        averaging,
        truth,
        imperfections,
        generator,
        receiver.tone_power(truth, drive),
    )
    return recording.build(
        recording_format.STATIONARITY,
        frequency_hz,
        power,
        drive,
        duration_s=settings.duration_s,
        bin_width_hz=settings.bin_width_hz,
        averages=averaging.averages,
        window=settings.window,
        overlap=settings.overlap,
        segment_start_s=settings.duration_s * np.arange(segments) / segments,
    )


def record_phase_scan(
    truth: Mapping[str, float],
    drive: DriveSettings,
    probe: ProbeSettings,
    settings: PhaseScanSettings,
    generator: np.random.Generator | None,
    imperfections: Imperfections = NONE,
) -> xarray.Dataset:
    """Record the two probe lines for every phase of the blue probe, with its exact back-action.

    Parameters
    ----------
    truth : mapping
        Flat true values of the device.
    drive : DriveSettings
        Settings of the pump generators (plain numbers).
    probe : ProbeSettings
        Settings of the probe generators; ``phase_rad`` has shape (phases,).
    settings : PhaseScanSettings
        Spans, bins and duration.
    generator : numpy.random.Generator or None
        Source of randomness; with None the expected powers are returned.
    imperfections : Imperfections, optional
        What the laboratory does that the model does not say.

    Returns
    -------
    xarray.Dataset
        Recording of kind ``phase_scan``, see `entangled_drums.recording`.

    Raises
    ------
    UnstableDriveError
        If the true device has no steady state under the pumps.
    ParameterError
        If the measurement is shorter than one segment at each phase.
    """
    phases = np.size(probe.phase_rad)
    averaging = receiver.Averaging.of(
        settings.duration_s, settings.bin_width_hz, phases, settings.window, settings.overlap
    )
    along = course(imperfections, phases, probes=True)
    system = true_system(truth, drive, imperfections, along)
    covariance.require(covariance.steady_state(system))
    felt = true_probe(truth, probe, imperfections, along)
    of_phases: NDArray[np.float64] | None = None
    if not imperfections.drum_drift_hz and phases > HARMONICS:
        # All spectra are of one device: a few phases say what every other one shows.
        met = np.asarray(probe.phase_rad)[:, None] + along.phase_shift_rad
        of_phases = np.einsum("k,skh->sh", along.weights, phase_harmonics(met))
        still = replace(imperfections, probe_phase_drift_rad=0.0)
        along = course(still, HARMONICS, probes=True)
        system = true_system(truth, drive, still, along)
        felt = true_probe(truth, replace(probe, phase_rad=PHASES), still, along)

    def exact(omega: NDArray[np.float64]) -> NDArray[np.float64]:
        if imperfections.counter_rotating:
            modulation = tones.drive_modulation(system.drive, felt, counter_rotating=True)
            found = spectra.modulated_output_psd(
                system, modulation, omega, _REACH, require_stable=False
            )
        else:
            found = spectra.probe_output_psd(system, felt, omega)
        found = found + isolator.under_tones(system, omega, truth, imperfections)
        found = np.einsum("k,skf->sf", along.weights, found)
        return found if of_phases is None else of_phases @ harmonics(found)

    if imperfections.counter_rotating:
        periodic.require_stable(system, tones.drive_modulation(system.drive, counter_rotating=True))
    resolution = _SCAN_RESOLUTION * (0.5 if imperfections.drum_drift_hz else 1.0)
    output = _interpolated(exact, system, resolution, float(felt.offset.reshape(-1)[0]))
    frequency_hz = receiver.bins_hz(
        settings.line_centres_hz, settings.half_span_hz, settings.bin_width_hz
    )
    power = receiver.record(
        output,
        frequency_hz,
        averaging,
        truth,
        imperfections,
        generator,
        receiver.tone_power(truth, drive, probe),
    )
    return recording.build(
        recording.PHASE_SCAN,
        frequency_hz,
        power,
        drive,
        duration_s=settings.duration_s,
        bin_width_hz=settings.bin_width_hz,
        averages=averaging.averages,
        probe=probe,
        window=settings.window,
        overlap=settings.overlap,
    )
