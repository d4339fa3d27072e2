"""Windows: correlation of bins, effective averages and leakage, against direct computation."""

import numpy as np
import pytest
from scipy.signal import get_window

from entangled_drums import windows
from entangled_drums.errors import ParameterError

LENGTH = 4096


@pytest.mark.parametrize("name", windows.NAMES)
def test_window_properties_follow_from_its_samples(name):
    samples = get_window(name, LENGTH)
    chosen = windows.window(name)
    bandwidth = LENGTH * np.sum(samples**2) / np.sum(samples) ** 2
    assert chosen.equivalent_noise_bandwidth == pytest.approx(bandwidth, rel=1e-12)
    turn = np.exp(2j * np.pi * np.arange(LENGTH) / LENGTH)
    power = samples**2 / np.sum(samples**2)
    for distance in range(1, 5):
        expected = abs(np.sum(power * turn**distance)) ** 2
        known = (*chosen.bin_correlation, 0.0, 0.0, 0.0, 0.0)[distance - 1]
        assert known == pytest.approx(expected, abs=1e-12)
    for lag in (0, 512, 2048, 3000, LENGTH - 1):
        expected = np.sum(samples[lag:] * samples[: LENGTH - lag]) / np.sum(samples**2)
        assert float(chosen.autocorrelation(lag / LENGTH)) == pytest.approx(expected, abs=1e-12)


def test_segments_are_whole_and_overlap():
    assert windows.segments(1.0, 10.0) == 10
    assert windows.segments(1.0, 10.0, 0.5) == 19
    assert windows.segments(0.05, 10.0) == 0
    with pytest.raises(ParameterError, match=r"overlap: 1 is not in 0 .. 1"):
        windows.segments(1.0, 10.0, 1.0)


def test_overlap_brings_fewer_independent_averages_than_segments():
    assert windows.effective_averages("boxcar", 100, 0.0) == 100
    # Hann, half overlap: 100/(1 + 2 (1 - 1/100)/36).
    assert windows.effective_averages("hann", 100, 0.5) == pytest.approx(
        100 / (1 + 2 * 0.99 / 36), rel=1e-12
    )
    # 0.44 and 0.03 to both sides: errors of sums 1.39 times larger.
    assert np.sqrt(1.0 / windows.shape_for_sums("hann", 1.0)) == pytest.approx(1.3944, abs=1e-4)


@pytest.mark.parametrize("name", windows.NAMES)
def test_leakage_of_a_lorentzian_line(name):
    """Against the integral of autocorrelation times the window's own, written out for one line."""
    width, bin_width = 18.0e3, 1.0e3

    def line(frequency_hz):
        return (width / 2) ** 2 / ((width / 2) ** 2 + frequency_hz**2)

    frequency = np.arange(-100, 101) * bin_width
    found = windows.expected_periodogram(line, frequency, bin_width, name)
    time = (np.arange(50_000) + 0.5) / 50_000 / bin_width
    decay = 0.5 * np.pi * width * np.exp(-np.pi * width * time)
    kept = decay * windows.window(name).autocorrelation(time * bin_width)
    expected = 2.0 * np.cos(2 * np.pi * frequency[:, None] * time) @ kept * (time[1] - time[0])
    np.testing.assert_allclose(found, expected, atol=5e-5)
    assert abs(found[100] - 1.0) > 0.003


def test_leakage_keeps_power_and_leaves_white_noise_alone():
    frequency = np.concatenate([np.arange(0, 50), np.arange(1000, 1050)]) * 10.0
    flat = windows.expected_periodogram(lambda f: np.full(f.shape, 3.0), frequency, 10.0, "boxcar")
    np.testing.assert_allclose(flat, 3.0, rtol=1e-12)


def test_an_unknown_window_is_named():
    with pytest.raises(ParameterError, match="window: 'kaiser' is unknown; write boxcar or hann"):
        windows.window("kaiser")


def test_spectra_with_bins_of_their_own_are_each_as_if_alone():
    width = np.array([[10.0], [25.0]])
    frequency = width * (np.array([[3.0], [-2.0]]) + np.arange(40))

    def line(at):
        return 1.0 / (1.0 + (at / 60.0) ** 2)

    together = windows.expected_periodogram(line, frequency, width, "hann")
    for one, own, found in zip(frequency, width[:, 0], together, strict=True):
        alone = windows.expected_periodogram(line, one, float(own), "hann")
        np.testing.assert_allclose(found, alone, rtol=1e-12)
    with pytest.raises(ParameterError, match="same multiples"):
        windows.expected_periodogram(line, frequency, width[::-1], "hann")
