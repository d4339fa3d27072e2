"""The time road: agrees with the spectral one, and refuses what it cannot do."""

import numpy as np
import pytest
from benchmarks import two_roads
from scipy.stats import chi2

from entangled_drums import parameters, spectra, tones
from entangled_drums.errors import ParameterError, UnstableDriveError
from entangled_drums.laboratory import time_record
from entangled_drums.units import angular

SYSTEM = parameters.system(
    two_roads.VALUES, parameters.drive_settings(two_roads.VALUES, 1.4e5, 0.62)
)
PUMPS = tones.drive_modulation(SYSTEM.drive)


@pytest.mark.parametrize("case", two_roads.CASES)
def test_both_roads_lead_to_the_same_spectrum_and_power(case):
    """Fixed seed; each of three p-values fails by chance once in 1e4 seeds."""
    found = two_roads.one(case, 2018, 0.1)
    assert min(found.bins, found.total, found.sum_rule) > 1e-4


def test_frequencies_above_the_drive_centre_are_positive():
    """One red tone on drum 1: the line of drum 2, of higher frequency, stands 1.3 MHz above."""
    tone = parameters.drive_settings(two_roads.VALUES, 1.0e5, 0.0)
    tone = parameters.DriveSettings(**{**vars(tone), "frame_frequency_hz": 1.0e7})
    system = parameters.system(two_roads.VALUES, tone)
    frequency, power, averages = time_record.periodogram(
        system,
        tones.drive_modulation(system.drive),
        digitiser=time_record.Digitiser(9.6e6),
        duration_s=0.1,
        bin_width_hz=5.0e3,
        gain=1.0,
        added_noise=1.0,
        generator=np.random.default_rng(1),
    )
    assert averages == 500
    # The line is a dip of 3 % between its shoulders or a peak; its mirror image is flat.
    expected = spectra.output_psd(system, angular(frequency)) + 1.0
    for sign, smallest, largest in ((1, 0.0, 1e-4), (-1, 1e-4, 1.0)):
        near = np.abs(sign * frequency - 1.3e6) < 1.0e5
        found = np.sum((power[near] / np.mean(power[near]) - 1.0) ** 2) * averages
        chance = float(chi2.sf(found, near.sum() - 1))
        assert smallest <= chance <= largest
        assert chi2.sf(averages * np.sum((power / expected - 1)[near] ** 2), near.sum()) > 1e-4


@pytest.mark.parametrize(
    ("coupling_hz", "probe_hz"), [(0.0, 0.0), (1.4e5, 0.0), (1.4e5, 1.0e4), (1.4e5, 1.5e4)]
)
def test_rounding_does_not_draw_another_record(coupling_hz, probe_hz):
    """Eigenvectors are free in sign, and without pumps, where quadratures are alike, altogether."""
    records = []
    for change in (0.0, 1e-13):
        noise = np.random.default_rng(8).uniform(-change, change, len(two_roads.VALUES))
        values = {
            key: value * (1.0 + one)
            for (key, value), one in zip(two_roads.VALUES.items(), noise, strict=True)
        }
        settings = parameters.drive_settings(values, coupling_hz, 0.62)
        system = parameters.system(values, settings)
        probe = parameters.probe(values, parameters.probe_settings(values, 1.5e5, probe_hz, 0.7))
        modulation = tones.drive_modulation(system.drive, probe if probe_hz else None)
        generator = np.random.default_rng(7)
        records.append(time_record.field(system, modulation, 9.6e6, 5000, generator))
    size = np.sqrt(np.mean(np.abs(records[0]) ** 2))
    assert np.max(np.abs(records[1] - records[0])) < 1e-8 * size


def test_the_wrong_noise_level_would_be_noticed(monkeypatch):
    """One per cent of a quantum too much in the spectrum."""
    right = two_roads.prepare("pumps, boxcar")
    raised = two_roads.Case(
        right.system, right.modulation, lambda f: right.output(f) + 0.02, right.flux
    )
    monkeypatch.setattr(two_roads, "prepare", lambda name: raised)
    assert two_roads.one("pumps, boxcar", 2018, 0.1).total < 1e-3


def test_few_bits_add_their_known_noise():
    real, imaginary = np.random.default_rng(1).standard_normal((2, 200_000))
    samples = real + 1j * imaginary
    digitised = time_record.digitised(samples, time_record.Digitiser(1.0, bits=6))
    scale = 8.0 * np.sqrt(np.mean(np.abs(samples) ** 2) / 2.0)
    step = scale / 2**5
    assert len(np.unique(digitised.real)) <= 2**6
    error = np.mean((digitised.real - samples.real) ** 2)
    assert error == pytest.approx(step**2 / 12.0, rel=0.02)


def test_rates_that_do_not_fit_are_named():
    def record(**changes):
        settings = {
            "digitiser": time_record.Digitiser(9.6e6),
            "duration_s": 0.01,
            "bin_width_hz": 5.0e3,
            "gain": 1.0,
            "added_noise": 1.0,
            "generator": np.random.default_rng(1),
        }
        return time_record.periodogram(SYSTEM, PUMPS, **{**settings, **changes})

    with pytest.raises(ParameterError, match="7000 Hz does not divide the sample rate"):
        record(bin_width_hz=7.0e3)
    with pytest.raises(ParameterError, match="holds no segment of 1/5000 s"):
        record(duration_s=1.0e-4)
    with pytest.raises(ParameterError, match=r"0\.3 is below the half quantum of vacuum"):
        record(added_noise=0.3)


def test_samples_that_do_not_fit_the_probe_are_refused():
    probe = parameters.probe(
        two_roads.VALUES, parameters.probe_settings(two_roads.VALUES, 1.5e5, 1.5e4, 0.0)
    )
    modulation = tones.drive_modulation(SYSTEM.drive, probe)
    with pytest.raises(ParameterError, match="write a whole multiple of 150000 Hz"):
        time_record.field(SYSTEM, modulation, 1.0e7, 100, np.random.default_rng(1))


def test_an_unstable_drive_has_no_record():
    system = parameters.system(
        two_roads.VALUES, parameters.drive_settings(two_roads.VALUES, 1.4e5, 1.05)
    )
    with pytest.raises(UnstableDriveError):
        time_record.field(
            system, tones.drive_modulation(system.drive), 9.6e6, 100, np.random.default_rng(1)
        )


def test_the_root_of_a_block_is_the_one_with_a_positive_diagonal():
    """A triangular root of a covariance is free in the signs of its columns otherwise."""
    factor = time_record._block(SYSTEM, PUMPS, 9.6e6).factor
    np.testing.assert_array_equal(factor, np.tril(factor))
    assert np.all(np.diag(factor) > 0.0)
