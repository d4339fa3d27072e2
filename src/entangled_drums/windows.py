"""Windows of averaged periodograms: what they do to a spectrum and to the statistics of its bins.

A record is cut into segments of length T = 1/(bin width), each multiplied by a window w(t) and
Fourier transformed; the squared moduli are averaged. Three consequences, all exact for Gaussian
noise:

* the expected periodogram is the spectrum convolved with |W|^2; in time, the autocorrelation is
  multiplied by the window's own, 1 - |tau|/T for the boxcar;
* a single bin is Gamma distributed, with a shape below the number of segments if they overlap;
* neighbouring bins are correlated unless the window is a boxcar, so that sums over bins scatter
  more than independent bins would.

Source: P. D. Welch, IEEE Trans. Audio Electroacoust. 15, 70 (1967); F. J. Harris, Proc. IEEE 66,
51 (1978).
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import fft

from entangled_drums.errors import ParameterError

BOXCAR = "boxcar"
HANN = "hann"
_MOST_IN_MATRIX = 256
"""Points of a spectrum up to which a product with a matrix is faster than Fourier transforms."""


@dataclass(frozen=True)
class Window:
    """A window function and what follows from it.

    Attributes
    ----------
    name : str
        As `scipy.signal.get_window` knows it.
    equivalent_noise_bandwidth : float
        In bins.
    bin_correlation : tuple of float
        Correlation of the powers of bins 1, 2, ... apart; zero beyond.
    """

    name: str
    equivalent_noise_bandwidth: float
    bin_correlation: tuple[float, ...]

    def autocorrelation(self, lag: ArrayLike) -> NDArray[np.float64]:
        """Autocorrelation of the window, 1 at zero; ``lag`` in segments, zero from 1 on."""
        tau = np.minimum(np.abs(np.asarray(lag, dtype=np.float64)), 1.0)
        if self.name == BOXCAR:
            return 1.0 - tau
        turn = 2.0 * np.pi * tau
        return (1.0 - tau) * (2.0 + np.cos(turn)) / 3.0 + np.sin(turn) / (2.0 * np.pi)


_WINDOWS = {
    BOXCAR: Window(BOXCAR, 1.0, ()),
    HANN: Window(HANN, 1.5, (4.0 / 9.0, 1.0 / 36.0)),
}
NAMES = tuple(_WINDOWS)


def window(name: str) -> Window:
    """Return a window by its name.

    Raises
    ------
    ParameterError
        If there is none of that name.
    """
    if name not in _WINDOWS:
        raise ParameterError(f"window: {name!r} is unknown; write {' or '.join(_WINDOWS)}")
    return _WINDOWS[name]


def segments(duration_s: float, bin_width_hz: float, overlap: float = 0.0) -> int:
    """Return how many segments fit into a measurement.

    Parameters
    ----------
    duration_s : float
        Length of the record.
    bin_width_hz : float
        Width of a bin; a segment lasts its inverse.
    overlap : float, optional
        Fraction of a segment that it shares with the next one, 0 or more and below 1.

    Returns
    -------
    int
        Zero if not even one segment fits.

    Raises
    ------
    ParameterError
        If the overlap is out of range.
    """
    if not 0.0 <= overlap < 1.0:
        raise ParameterError(f"overlap: {overlap:g} is not in 0 .. 1; write for example 0.5")
    # The tiny excess keeps a product that is an integer up to rounding from losing one segment.
    lengths = duration_s * bin_width_hz * (1.0 + 1e-12)
    if lengths < 1.0:
        return 0
    return int((lengths - 1.0) / (1.0 - overlap) * (1.0 + 1e-12)) + 1


def effective_averages(name: str, averages: int, overlap: float) -> float:
    """Return the shape of the Gamma distribution of one bin.

    Parameters
    ----------
    name : str
        Window.
    averages : int
        Number of segments averaged.
    overlap : float
        Fraction shared by consecutive segments.

    Returns
    -------
    float
        Mean squared over variance of a bin: `averages` without overlap, less with it.
    """
    chosen = window(name)
    reach = int(np.ceil(1.0 / (1.0 - overlap)))
    lag = np.arange(1, min(averages, reach))
    correlation = chosen.autocorrelation(lag * (1.0 - overlap)) ** 2
    return float(averages / (1.0 + 2.0 * np.sum((1.0 - lag / averages) * correlation)))


def shape_for_sums(name: str, effective: float) -> float:
    """Return the Gamma shape that gives sums over bins their true error.

    A likelihood that takes all bins as independent is right in its errors (not in the goodness of
    fit) with this shape: for the Hann window half of `effective`, errors larger by 1.39.
    """
    return effective / (1.0 + 2.0 * sum(window(name).bin_correlation))


def expected_periodogram(
    spectrum: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    frequency_hz: NDArray[np.float64],
    bin_width_hz: ArrayLike,
    name: str,
    *,
    oversampling: int = 4,
    margin_bins: int = 128,
) -> NDArray[np.float64]:
    """Convolve a spectrum with the window's kernel: what the bins show on average.

    Parameters
    ----------
    spectrum : callable
        Takes frequencies (K,) in Hz and returns the spectrum (..., K).
    frequency_hz : ndarray, (F,) or (..., F)
        Bin centres, multiples of the bin width apart; gaps are allowed. Spectra with bins of their
        own have them at the same multiples, and `spectrum` takes and returns (..., K).
    bin_width_hz : float or ndarray, (..., 1)
        Inverse length of a segment.
    name : str
        Window.
    oversampling : int, optional
        Steps of the spectrum's grid in a bin; at least 2 keep the product of autocorrelations
        free of aliasing, more resolve lines narrower than a bin.
    margin_bins : int, optional
        Bins beyond each end whose power leaks in; farther ones are taken as mirrored at the end.

    Returns
    -------
    ndarray, (..., F)

    Raises
    ------
    ParameterError
        If spectra with bins of their own have them at different multiples of the bin width.
    """
    start_hz, bin_width_hz = frequency_hz[..., :1], np.asarray(bin_width_hz)
    every = np.round((frequency_hz - start_hz) / bin_width_hz).astype(np.int64)
    index = every.reshape(-1, every.shape[-1])[0]
    if np.any(every != index):
        raise ParameterError(
            "frequency_hz: bins of the spectra differ in units of their widths; "
            "give each spectrum the same multiples of its bin width"
        )
    parts = np.split(np.arange(index.size), np.flatnonzero(np.diff(index) > 2 * margin_bins) + 1)
    smoothed = []
    for part in parts:
        first = index[part[0]] - margin_bins
        count = (index[part[-1]] + margin_bins - first + 1) * oversampling
        grid = start_hz + bin_width_hz * (first + np.arange(count) / oversampling)
        values = spectrum(grid)
        mixed = smooth(values, oversampling, name)
        smoothed.append(mixed[..., (index[part] - first) * oversampling])
    return np.concatenate(smoothed, axis=-1)


def smooth(values: NDArray[np.float64], oversampling: int, name: str) -> NDArray[np.float64]:
    """Convolve spectra on an even grid with the kernel of a window.

    Parameters
    ----------
    values : ndarray, (..., K)
        Spectra at steps of a bin over `oversampling`.
    oversampling : int
        Steps in a bin.
    name : str
        Window.

    Returns
    -------
    ndarray, (..., K)
    """
    count = values.shape[-1]
    if count > _MOST_IN_MATRIX:
        return _transformed(values, oversampling, name)
    return np.asarray(values @ _smoothing_matrix(count, oversampling, name))


@cache
def _smoothing_matrix(count: int, oversampling: int, name: str) -> NDArray[np.float64]:
    return _transformed(np.eye(count), oversampling, name)


def _transformed(values: NDArray[np.float64], oversampling: int, name: str) -> NDArray[np.float64]:
    # Mirrored at its ends a spectrum has no step there, where a periodic one would ring: this
    # makes its Fourier series one of cosines.
    lag = np.arange(values.shape[-1]) * (oversampling / (2.0 * values.shape[-1]))
    return np.asarray(fft.idct(fft.dct(values) * window(name).autocorrelation(lag)))
