"""The receiver: gain, added noise, and the statistics of the bins that it stores.

The expected power of a bin is ``gain(f) [S_out(f) + added_noise]``. A bin that averages segments of
Gaussian noise is Gamma distributed around it, with neighbours correlated as the window demands; see
`entangled_drums.windows`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import linalg, special

from entangled_drums import parameters, windows
from entangled_drums.errors import ParameterError
from entangled_drums.laboratory.imperfections import Imperfections, relative_powers


@dataclass(frozen=True)
class Averaging:
    """How a spectrum is made out of a record: bin width, window, overlap and segments."""

    bin_width_hz: float
    averages: int
    window: str = windows.BOXCAR
    overlap: float = 0.0

    @classmethod
    def of(
        cls,
        duration_s: float,
        bin_width_hz: float,
        spectra: int = 1,
        window: str = windows.BOXCAR,
        overlap: float = 0.0,
    ) -> "Averaging":
        """Return the averaging that a measuring time allows, shared equally between spectra.

        Raises
        ------
        ParameterError
            If not even one segment fits.
        """
        averages = windows.segments(duration_s / spectra, bin_width_hz, overlap)
        if averages < 1:
            raise ParameterError(
                f"duration_s: {duration_s:g} s over {spectra} spectra holds no segment of "
                f"1/{bin_width_hz:g} s; measure longer or widen the bins"
            )
        return cls(bin_width_hz, averages, window, overlap)


def bins_hz(
    centres_hz: tuple[float, ...], half_span_hz: float, width_hz: float
) -> NDArray[np.float64]:
    """Return bin centres: the multiples of the width within a span of any of the centres."""
    indices: set[int] = set()
    for centre in centres_hz:
        first = int(np.ceil((centre - half_span_hz) / width_hz - 1e-9))
        last = int(np.floor((centre + half_span_hz) / width_hz + 1e-9))
        indices.update(range(first, last + 1))
    return width_hz * np.array(sorted(indices), dtype=np.float64)


def gain_of_run(
    truth: Mapping[str, float],
    imperfections: Imperfections,
    generator: np.random.Generator | None,
    tone_power: float = 0.0,
) -> float:
    """Return the gain during one recording; the tones compress it, `generator` draws its drift."""
    gain = float(parameters.receiver(truth).gain)
    gain /= 1.0 + imperfections.compression * tone_power
    if generator is None:
        return gain
    return gain * float(np.exp(imperfections.gain_drift * generator.standard_normal()))


def tone_power(
    truth: Mapping[str, float], *tones: parameters.DriveSettings | parameters.ProbeSettings
) -> float:
    """Return the power of all tones that are on, in units of the reference power."""
    return float(sum(np.sum(relative_powers(truth, one)) for one in tones))


def record(
    output: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    frequency_hz: NDArray[np.float64],
    averaging: Averaging,
    truth: Mapping[str, float],
    imperfections: Imperfections,
    generator: np.random.Generator | None,
    power_of_tones: float = 0.0,
) -> NDArray[np.float64]:
    """Record spectra: what the receiver stores of the field leaving the cavity.

    Parameters
    ----------
    output : callable
        Takes frequencies (K,) in Hz from the drive centre, returns S_out (..., K) in quanta.
    frequency_hz : ndarray, (F,)
        Bin centres.
    averaging : Averaging
        How the spectra are made.
    truth : mapping
        Flat true values; gain and added noise of the receiver are used.
    imperfections : Imperfections
    generator : numpy.random.Generator or None
        Source of randomness; with None the expected powers are returned, without drift of gain.
    power_of_tones : float, optional
        See `tone_power`.

    Returns
    -------
    ndarray, (..., F)
        Quanta.
    """
    # Separate streams: switching the drift on must not change the noise of the bins.
    bins, run = (None, None) if generator is None else generator.spawn(2)
    mean = expected_power(
        output,
        frequency_hz,
        averaging.bin_width_hz,
        averaging.window,
        truth,
        imperfections,
        gain_of_run(truth, imperfections, run, power_of_tones),
    )
    if bins is None:
        return mean
    number = np.round(frequency_hz / averaging.bin_width_hz).astype(np.int64)
    return averaged_periodogram(mean, averaging, bins, number)


def record_runs(
    output: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    frequency_hz: NDArray[np.float64],
    averaging: Sequence[Averaging],
    truth: Mapping[str, float],
    imperfections: Imperfections,
    generator: np.random.Generator,
    power_of_tones: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Record spectra of which each is a run of its own, with its own bins, gain and noise.

    Parameters
    ----------
    output : callable
        Takes frequencies (R, C, K) in Hz from the drive centre, returns S_out (R, C, K) in quanta.
    frequency_hz : ndarray, (R, C, F)
        Bin centres, in every spectrum at the same multiples of its bin width from the first.
    averaging : sequence of Averaging
        Of each spectrum, row by row; all with one window.
    truth, imperfections, generator
        See `record`.
    power_of_tones : ndarray, (R, C)
        See `tone_power`.

    Returns
    -------
    ndarray, (R, C, F)
        Quanta.
    """
    streams = [one.spawn(2) for one in generator.spawn(len(averaging))]
    gain = [
        gain_of_run(truth, imperfections, run, float(power))
        for (_, run), power in zip(streams, power_of_tones.flat, strict=True)
    ]
    each = (*power_of_tones.shape, 1)
    mean = expected_power(
        output,
        frequency_hz,
        np.reshape([one.bin_width_hz for one in averaging], each),
        averaging[0].window,
        truth,
        imperfections,
        np.reshape(gain, each),
    )
    power = [
        averaged_periodogram(one, of, bins)
        for one, of, (bins, _) in zip(
            mean.reshape(-1, mean.shape[-1]), averaging, streams, strict=True
        )
    ]
    return np.reshape(power, mean.shape)


def expected_power(
    output: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    frequency_hz: NDArray[np.float64],
    bin_width_hz: ArrayLike,
    window: str,
    truth: Mapping[str, float],
    imperfections: Imperfections,
    gain: ArrayLike,
) -> NDArray[np.float64]:
    """Return the expected power (..., F) of the bins, arguments as in `record`.

    Bins (S, F) with bin widths and gains (S, 1) are those of spectra with bins of their own.
    """
    gain, bin_width_hz = np.asarray(gain), np.asarray(bin_width_hz)
    added = float(parameters.receiver(truth).added_noise)

    def power(frequency: NDArray[np.float64]) -> NDArray[np.float64]:
        turn = 2.0 * np.pi * frequency / imperfections.gain_ripple_period_hz
        ripple = 1.0 + imperfections.gain_ripple * np.sin(turn)
        return gain * ripple * (output(frequency) + added)

    if imperfections.finite_record:
        mean = windows.expected_periodogram(power, frequency_hz, bin_width_hz, window)
    else:
        mean = power(frequency_hz)
    for line in imperfections.spurious_lines:
        offset = (frequency_hz - line.frequency_hz) / bin_width_hz
        mean = mean + gain * line.quanta * _line_shape(offset, window)
    return mean


def _line_shape(offset: NDArray[np.float64], window: str) -> NDArray[np.float64]:
    """|W|^2 of a window against the distance in bins, 1 at its peak."""
    response = np.sinc(offset)
    if window == windows.HANN:
        response = response + 0.5 * (np.sinc(offset - 1.0) + np.sinc(offset + 1.0))
    return response**2


def averaged_periodogram(
    mean: NDArray[np.float64],
    averaging: Averaging,
    generator: np.random.Generator,
    index: ArrayLike | None = None,
) -> NDArray[np.float64]:
    """Draw averaged periodograms of Gaussian noise.

    Parameters
    ----------
    mean : ndarray, (..., F)
        Expected power of each bin, any positive unit.
    averaging : Averaging
        Window, overlap and number of segments.
    generator : numpy.random.Generator
        Source of randomness.
    index : array_like of int, (F,), optional
        Number of each bin, which tells neighbours from bins across a gap; consecutive if None.

    Returns
    -------
    ndarray, (..., F)
        Gamma numbers with the effective averages as shape. For a boxcar they are independent; for
        a Hann window neighbours are correlated as in theory (through a Gaussian copula, exact in
        the marginal laws, and in the correlations up to 1/averages).
    """
    window = windows.window(averaging.window)
    shape = windows.effective_averages(averaging.window, averaging.averages, averaging.overlap)
    if not window.bin_correlation:
        return generator.gamma(shape=shape, scale=mean / shape)
    number = np.arange(mean.shape[-1]) if index is None else np.asarray(index)
    reach = len(window.bin_correlation)
    bands = np.zeros((reach + 1, number.size))
    bands[0] = 1.0
    for row in range(1, min(reach, number.size - 1) + 1):
        distance = number[row:] - number[:-row]
        table = np.array([1.0, *window.bin_correlation, 0.0])
        bands[row, :-row] = table[np.minimum(distance, reach + 1)]
    factor = linalg.cholesky_banded(bands, lower=True)
    independent = generator.standard_normal(mean.shape)
    normal = factor[0] * independent
    for row in range(1, reach + 1):
        normal[..., row:] += factor[row, :-row] * independent[..., :-row]
    # Both tails through their own inverse: 1 - p loses the digits of a small p.
    lower = special.gammaincinv(shape, special.ndtr(np.minimum(normal, 0.0)))
    upper = special.gammainccinv(shape, special.ndtr(-np.maximum(normal, 0.0)))
    return mean / shape * np.where(normal < 0, lower, upper)
