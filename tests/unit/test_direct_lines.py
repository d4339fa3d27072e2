"""Line fits: unbiased, honest errors, and refusal where there is nothing to fit."""

import numpy as np
import pytest
from scipy.stats import chi2, kstest

from entangled_drums.errors import InferenceError
from entangled_drums.inference.spectral_lines import Goodness, fit_areas, fit_line, window

TWO_PI = 2.0 * np.pi
FREQUENCY = TWO_PI * 1.0e3 * np.arange(-90, 91)
CENTRE, WIDTH = TWO_PI * 1.3e3, TWO_PI * 18.5e3
COEFFICIENTS = np.array([2.2e4 * TWO_PI, -2.0e3 * TWO_PI, 12.5, 0.1])
AVERAGES = 180_000


def mean_power() -> np.ndarray:
    offset = FREQUENCY - CENTRE
    denominator = (WIDTH / 2.0) ** 2 + offset**2
    basis = [WIDTH / denominator, offset / denominator, np.ones_like(offset)]
    return COEFFICIENTS @ np.stack([*basis, offset / FREQUENCY[-1]])


def test_noiseless_lines_are_recovered_from_a_poor_start():
    fit = fit_line(FREQUENCY, mean_power(), AVERAGES, -2.0e4, 1.5 * WIDTH, "test")
    np.testing.assert_allclose(fit.parameters, [*COEFFICIENTS, CENTRE, WIDTH], rtol=1e-6)
    areas = fit_areas(FREQUENCY, mean_power()[None], AVERAGES, CENTRE, WIDTH)
    np.testing.assert_allclose(areas.coefficients[0], COEFFICIENTS, rtol=1e-9)
    np.testing.assert_allclose(areas.mean(FREQUENCY, CENTRE, WIDTH)[0], mean_power(), rtol=1e-12)


def test_the_area_is_the_flux_of_a_lorentzian():
    """Over +-1000 widths the integral of the line over dw/2pi misses 2/(pi 2000) of its area."""
    wide = WIDTH * np.linspace(-1000.0, 1000.0, 400_001)
    line = WIDTH / ((WIDTH / 2.0) ** 2 + wide**2)
    flux = np.trapezoid(line, wide) / TWO_PI
    assert flux == pytest.approx(1.0 - 1.0 / (np.pi * 1000.0), rel=1e-6)


def test_pulls_and_deviance_of_free_fits():
    """300 fits, fixed seed: chi-square of pulls and KS test of p-values, 1e-4 false alarms each."""
    generator = np.random.default_rng(20180)
    truth = np.array([*COEFFICIENTS, CENTRE, WIDTH])
    statistic, p_values = [], []
    for _ in range(300):
        power = generator.gamma(AVERAGES, mean_power() / AVERAGES)
        fit = fit_line(FREQUENCY, power, AVERAGES, 0.0, 1.1 * WIDTH, "test")
        error = fit.parameters - truth
        scale = np.sqrt(np.diag(fit.covariance))
        correlation = fit.covariance / np.outer(scale, scale)
        statistic.append((error / scale) @ np.linalg.solve(correlation, error / scale))
        p_values.append(fit.goodness.p_value)
    assert kstest(statistic, chi2(6).cdf).pvalue > 1e-4
    assert kstest(p_values, "uniform").pvalue > 1e-4


def test_pulls_of_areas_of_known_lines():
    """2000 spectra at once, fixed seed: mean and spread within 4 errors (p = 6e-5 each)."""
    generator = np.random.default_rng(7)
    power = generator.gamma(AVERAGES, mean_power() / AVERAGES, size=(2000, FREQUENCY.size))
    fit = fit_areas(FREQUENCY, power, AVERAGES, CENTRE, WIDTH)
    pulls = (fit.area - COEFFICIENTS[0]) / np.sqrt(fit.covariance[:, 0, 0])
    assert abs(pulls.mean()) < 4.0 / np.sqrt(2000)
    assert abs(pulls.std() - 1.0) < 4.0 / np.sqrt(4000)
    expected = 2000 * fit.degrees_of_freedom
    assert abs(fit.goodness.chi_square - expected) < 4.0 * np.sqrt(2.0 * expected)


def test_a_second_line_in_the_window_spoils_the_fit():
    offset = FREQUENCY - TWO_PI * 4.0e4
    extra = 0.2 / (1.0 + (offset / (TWO_PI * 2.0e3)) ** 2)
    generator = np.random.default_rng(3)
    power = generator.gamma(AVERAGES, (mean_power() + extra) / AVERAGES)
    fit = fit_line(FREQUENCY, power, AVERAGES, 0.0, WIDTH, "test")
    assert fit.goodness.p_value < 1e-3


def test_goodness_is_the_chi_square_tail():
    assert Goodness.of(3.841458820694124, 1).p_value == pytest.approx(0.05, rel=1e-9)


def test_windows_that_are_not_covered_are_named():
    with pytest.raises(InferenceError, match=r"test: does not cover 0 .. 160000 Hz, where a line"):
        window(FREQUENCY, TWO_PI * 8.0e4, TWO_PI * 8.0e4, "test")
    with pytest.raises(InferenceError, match=r"test: only 0 bins between 450000 .. 550000 Hz"):
        window(FREQUENCY, TWO_PI * 5.0e5, TWO_PI * 5.0e4, "test")
    with pytest.raises(InferenceError, match="4 bins cannot determine 4 coefficients"):
        fit_areas(FREQUENCY[:4], mean_power()[:4], AVERAGES, CENTRE, WIDTH)
