"""Do the two roads to a spectrum agree? One comparison of recordings made on both."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2, norm

from entangled_drums import parameters, windows
from entangled_drums.laboratory import receiver, time_record
from entangled_drums.laboratory.imperfections import Imperfections
from entangled_drums.system import System
from entangled_drums.tones import Modulation


@dataclass(frozen=True)
class Agreement:
    """P-values of a comparison; each is uniform between 0 and 1 if the roads agree.

    Attributes
    ----------
    bins : float
        All bins: chi-square of the logarithm of the ratio of the two recordings.
    total : float
        Their total power, two-sided.
    sum_rule : float
        Power of the record in time against the flux that the covariance matrix gives, two-sided.
    """

    bins: float
    total: float
    sum_rule: float


def compare(
    values: Mapping[str, float],
    system: System,
    modulation: Modulation,
    output: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    flux: float,
    *,
    sample_rate_hz: float,
    duration_s: float,
    bin_width_hz: float,
    window: str,
    overlap: float,
    generator: np.random.Generator,
) -> Agreement:
    """Record the same field on both roads, with independent noise, and compare.

    Parameters
    ----------
    values : mapping
        Flat parameter values; the receiver's are used.
    system, modulation : System, Modulation
        What the record in time is made from.
    output : callable
        S_out (K,) at frequencies (K,) in Hz: what the spectral road is made from.
    flux : float
        ``integral (S_out - n_e) df`` in photons per second, from the covariance.
    sample_rate_hz, duration_s, bin_width_hz, window, overlap
        How the record is made.
    generator : numpy.random.Generator
        Source of randomness of both.
    """
    chain = parameters.receiver(values)
    gain, added = float(chain.gain), float(chain.added_noise)
    port = float(system.bath.external_occupation)
    in_time, in_spectrum = generator.spawn(2)
    frequency, power, averages = time_record.periodogram(
        system,
        modulation,
        digitiser=time_record.Digitiser(sample_rate_hz),
        duration_s=duration_s,
        bin_width_hz=bin_width_hz,
        gain=gain,
        added_noise=added,
        generator=in_time,
        window=window,
        overlap=overlap,
    )
    averaging = receiver.Averaging(bin_width_hz, averages, window, overlap)
    expected = receiver.expected_power(
        time_record.folded(output, sample_rate_hz, port),
        frequency,
        bin_width_hz,
        window,
        values,
        Imperfections(finite_record=True),
        gain,
    )
    other = receiver.averaged_periodogram(expected, averaging, in_spectrum)
    shape = windows.effective_averages(window, averages, overlap)
    # Every third bin of a Hann window is independent of the next.
    step = 1 + len(windows.window(window).bin_correlation)
    logarithm = np.log(power / other)[::step]
    # Variance of the difference of two logarithms of Gamma numbers of this shape.
    spread = 2.0 * (1.0 / shape + 0.5 / shape**2)
    bins = float(chi2.sf(np.sum(logarithm**2) / spread, logarithm.size))
    for_sums = windows.shape_for_sums(window, shape)
    error = bin_width_hz * np.sqrt(np.sum(expected**2) / for_sums)
    difference = bin_width_hz * (power.sum() - other.sum())
    # Averaging over a sample takes the slow and the fast alike: what it takes is known.
    fine = np.linspace(-60.0 * sample_rate_hz, 60.0 * sample_rate_hz, 600_001)
    lost = (1.0 - np.sinc(fine / sample_rate_hz) ** 2) * (output(fine) - port)
    kept = flux - float(np.trapezoid(lost, fine))
    predicted = gain * (kept + (port + added) * sample_rate_hz)
    return Agreement(
        bins=bins,
        total=float(2.0 * norm.sf(abs(difference) / (np.sqrt(2.0) * error))),
        sum_rule=float(2.0 * norm.sf(abs(bin_width_hz * power.sum() - predicted) / error)),
    )
