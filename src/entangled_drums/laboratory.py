"""The simulated laboratory: a true device, and what a receiver would store of it.

Only this module turns true parameters into data. A recorded bin is the average of N disjoint
periodograms of Gaussian noise: Gamma distributed with shape N and mean
``gain * (S_out + added_noise)``, so its relative error is 1/sqrt(N). A boxcar window without
overlap leaves bins independent.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import xarray
from numpy.typing import NDArray

from entangled_drums import covariance, parameters, recording, spectra
from entangled_drums.errors import ParameterError
from entangled_drums.parameters import DriveSettings, ProbeSettings
from entangled_drums.units import angular


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
    """

    duration_s: float
    half_span_hz: float
    bin_width_hz: float


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
    """

    duration_s: float
    half_span_hz: float
    bin_width_hz: float
    line_centres_hz: tuple[float, float]


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
    frame = float(settings.frame_frequency_hz)
    return (
        offset_hz + float(values["drum_1.frequency_hz"]) - frame,
        offset_hz + float(values["drum_2.frequency_hz"]) - frame,
    )


def _bins_hz(centres_hz: tuple[float, ...], half_span_hz: float, width_hz: float) -> NDArray:
    indices: set[int] = set()
    for centre in centres_hz:
        first = int(np.ceil((centre - half_span_hz) / width_hz - 1e-9))
        last = int(np.floor((centre + half_span_hz) / width_hz + 1e-9))
        indices.update(range(first, last + 1))
    return width_hz * np.array(sorted(indices), dtype=np.float64)


def _averages(duration_s: float, bin_width_hz: float, phases: int) -> int:
    averages = recording.averages_of(duration_s, bin_width_hz, phases)
    if averages < 1:
        raise ParameterError(
            f"duration_s: {duration_s:g} s over {phases} spectra holds no segment of "
            f"1/{bin_width_hz:g} s; measure longer or widen the bins"
        )
    return averages


def averaged_periodogram(
    mean: NDArray[np.float64], averages: int, generator: np.random.Generator
) -> NDArray[np.float64]:
    """Draw averaged periodograms of Gaussian noise.

    Parameters
    ----------
    mean : ndarray
        Expected power of each bin, any positive unit.
    averages : int
        Number of disjoint segments averaged, N.
    generator : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    ndarray
        Independent Gamma numbers of shape N, mean `mean` and variance ``mean**2 / N``.
    """
    return generator.gamma(shape=averages, scale=mean / averages)


def record_emission(
    truth: Mapping[str, float],
    drive: DriveSettings,
    settings: EmissionSettings,
    generator: np.random.Generator,
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
    generator : numpy.random.Generator
        Source of randomness.

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
    system = parameters.system(truth, drive)
    covariance.require(covariance.steady_state(system))
    receiver = parameters.receiver(truth)
    averages = _averages(settings.duration_s, settings.bin_width_hz, 1)
    frequency_hz = _bins_hz((0.0,), settings.half_span_hz, settings.bin_width_hz)
    mean = receiver.gain * (
        spectra.output_psd(system, angular(frequency_hz)) + receiver.added_noise
    )
    return recording.build(
        recording.EMISSION,
        frequency_hz,
        averaged_periodogram(mean, averages, generator),
        drive,
        duration_s=settings.duration_s,
        bin_width_hz=settings.bin_width_hz,
        averages=averages,
    )


def record_phase_scan(
    truth: Mapping[str, float],
    drive: DriveSettings,
    probe: ProbeSettings,
    settings: PhaseScanSettings,
    generator: np.random.Generator,
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
        Windows, bins and duration.
    generator : numpy.random.Generator
        Source of randomness.

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
    system = parameters.system(truth, drive)
    covariance.require(covariance.steady_state(system))
    receiver = parameters.receiver(truth)
    averages = _averages(settings.duration_s, settings.bin_width_hz, np.size(probe.phase_rad))
    frequency_hz = _bins_hz(settings.line_centres_hz, settings.half_span_hz, settings.bin_width_hz)
    output = spectra.probe_output_psd(system, parameters.probe(truth, probe), angular(frequency_hz))
    mean = receiver.gain * (output + receiver.added_noise)
    return recording.build(
        recording.PHASE_SCAN,
        frequency_hz,
        averaged_periodogram(mean, averages, generator),
        drive,
        duration_s=settings.duration_s,
        bin_width_hz=settings.bin_width_hz,
        averages=averages,
        probe=probe,
    )
