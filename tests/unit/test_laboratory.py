"""The simulated laboratory: Gamma statistics, exact means, and a truth that stays physical."""

import numpy as np
import pytest
from scipy.stats import chi2
from tests.unit import inference_samples

from entangled_drums import parameters, recording, recording_checks, spectra
from entangled_drums.errors import ParameterError, UnstableDriveError
from entangled_drums.laboratory import pumped, receiver
from entangled_drums.units import angular

VALUES = {**inference_samples.VALUES, "receiver.gain": 1.1}
DRIVE = parameters.drive_settings(VALUES, 1.4e5, 0.62)
PROBE = parameters.probe_settings(VALUES, 1.5e5, 1.0e4, 2.0 * np.pi * np.arange(4) / 4)


def scan_settings(duration_s: float) -> pumped.PhaseScanSettings:
    centres = pumped.line_centres_hz(VALUES, DRIVE, 1.5e5)
    return pumped.PhaseScanSettings(duration_s, 1.0e5, 2.0e3, centres)


def test_averaged_periodograms_have_the_gamma_mean_and_variance():
    """Fixed seed; mean and variance of 2e5 bins lie within 4.9 standard errors (p = 1e-6 each)."""
    averages, size = 7, 200_000
    drawn = receiver.averaged_periodogram(
        np.full(size, 3.0), receiver.Averaging(1.0, averages), np.random.default_rng(20180)
    )
    variance = 9.0 / averages
    assert abs(drawn.mean() - 3.0) < 4.9 * np.sqrt(variance / size)
    # Fourth central moment of a Gamma law of shape N: (3 + 6/N) variance^2.
    error = variance * np.sqrt((2.0 + 6.0 / averages) / size)
    assert abs(drawn.var() - variance) < 4.9 * error


@pytest.mark.parametrize("kind", [recording.EMISSION, recording.PHASE_SCAN])
def test_recorded_bins_scatter_around_the_exact_spectrum(kind):
    """Fixed seed; chi-square of all bins between its 1e-6 and 1 - 1e-6 quantiles."""
    system, chain = parameters.system(VALUES, DRIVE), parameters.receiver(VALUES)
    generator = np.random.default_rng(7)
    if kind == recording.EMISSION:
        settings = pumped.EmissionSettings(20.0, 1.5e6, 2.0e3)
        made = pumped.record_emission(VALUES, DRIVE, settings, generator)
        output = spectra.output_psd(system, angular(made["frequency_hz"].values))
        assert made.attrs["averages"] == 40_000
    else:
        made = pumped.record_phase_scan(VALUES, DRIVE, PROBE, scan_settings(20.0), generator)
        probe = parameters.probe(VALUES, PROBE)
        output = spectra.probe_output_psd(system, probe, angular(made["frequency_hz"].values))
        assert made.attrs["averages"] == 10_000
    recording_checks.check(made, kind)
    mean = chain.gain * (output + chain.added_noise)
    power = made["power_spectral_density"].values
    statistic = np.sum((power / mean - 1.0) ** 2) * made.attrs["averages"]
    low, high = chi2.ppf([1e-6, 1.0 - 1e-6], power.size)
    assert low < statistic < high


def test_the_scan_covers_both_lines_and_nothing_else():
    made = pumped.record_phase_scan(
        VALUES, DRIVE, PROBE, scan_settings(1.0), np.random.default_rng(1)
    )
    frequency = made["frequency_hz"].values
    assert frequency.min() == -6.0e5 and frequency.max() == 9.0e5
    assert np.count_nonzero(np.diff(frequency) > 2.0e3) == 1
    np.testing.assert_array_equal(frequency % 2.0e3, 0.0)


def test_the_same_stream_gives_the_same_recording():
    settings = pumped.EmissionSettings(1.0, 1.0e6, 1.0e4)
    first, second = (
        pumped.record_emission(VALUES, DRIVE, settings, np.random.default_rng(3)) for _ in range(2)
    )
    assert first.identical(second)


def test_a_recording_knows_the_settings_but_not_the_truth():
    truth = {**VALUES, "drum_1.single_photon_coupling_hz": 120.0, "receiver.gain": 0.9}
    settings = pumped.EmissionSettings(1.0, 1.0e6, 1.0e4)
    made = pumped.record_emission(truth, DRIVE, settings, np.random.default_rng(3))
    assert recording.drive_settings(made) == parameters.DriveSettings(
        **{name: float(value) for name, value in vars(DRIVE).items()}
    )
    assert 0.9 not in made.attrs.values() and 120.0 not in made.attrs.values()


def _normal() -> np.random.Generator:
    return np.random.default_rng(1)


def test_an_unstable_truth_is_refused():
    unstable = parameters.drive_settings(VALUES, 1.4e5, 1.05)
    with pytest.raises(UnstableDriveError):
        pumped.record_emission(VALUES, unstable, pumped.EmissionSettings(1.0, 1e6, 1e4), _normal())


def test_a_measurement_shorter_than_a_segment_is_refused():
    with pytest.raises(ParameterError, match="holds no segment of 1/2000 s; measure longer"):
        pumped.record_phase_scan(VALUES, DRIVE, PROBE, scan_settings(1e-3), _normal())
