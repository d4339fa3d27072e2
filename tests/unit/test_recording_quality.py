"""Doubts about valid recordings: each mistake is told, a correct recording passes."""

import numpy as np
import pytest
from tests.unit.test_laboratory import DRIVE, VALUES

from entangled_drums import parameters, recording_quality
from entangled_drums.laboratory import pumped

CENTRES = pumped.line_centres_hz(VALUES, DRIVE, 1.5e5)
PHASES = 2.0 * np.pi * np.arange(8) / 8
PROBE = parameters.probe_settings(VALUES, 1.5e5, 1.0e4, PHASES)


def emission(bin_width_hz=1.0e3, duration_s=60.0, half_span_hz=1.0e6, seed=3):
    settings = pumped.EmissionSettings(duration_s, half_span_hz, bin_width_hz)
    return pumped.record_emission(VALUES, DRIVE, settings, np.random.default_rng(seed))


def scan(half_span_hz=1.0e5, bin_width_hz=1.0e3, centres=CENTRES, seed=3):
    settings = pumped.PhaseScanSettings(1800.0, half_span_hz, bin_width_hz, centres)
    return pumped.record_phase_scan(VALUES, DRIVE, PROBE, settings, np.random.default_rng(seed))


def rescaled(dataset, change):
    made = dataset.copy(deep=True)
    made["power_spectral_density"].values[...] = change(made["power_spectral_density"].values)
    return made


@pytest.mark.parametrize("window", ["boxcar", "hann"])
@pytest.mark.parametrize("duration_s", [60.0, 1800.0, 18000.0])
def test_good_recordings_raise_no_doubt_however_long(duration_s, window):
    """Up to 4.5e7 averages, and a quiet receiver: lines stand high above the scatter."""
    quiet = {**VALUES, "receiver.added_noise": 0.7}
    settings = pumped.EmissionSettings(duration_s, 1.0e6, 2.5e3, window)
    recorded = pumped.record_emission(quiet, DRIVE, settings, np.random.default_rng(4))
    assert recording_quality.findings(recorded) == []
    assert recording_quality.findings(rescaled(recorded, lambda p: 10.0 * np.log10(p)))


@pytest.mark.parametrize("window", ["boxcar", "hann"])
def test_decibels_are_told_by_their_scatter_under_any_window(window):
    settings = pumped.EmissionSettings(60.0, 1.0e6, 1.0e3, window)
    recorded = pumped.record_emission(VALUES, DRIVE, settings, np.random.default_rng(4))
    told = recording_quality.findings(rescaled(recorded, lambda p: 10.0 * np.log10(p)))
    assert any("as decibels do; write power in linear" in one for one in told), told


@pytest.mark.parametrize("seed", range(5))
def test_correct_recordings_raise_no_doubt(seed):
    """Each test is at five standard deviations or more: less than one in 1e5 recordings."""
    assert recording_quality.findings(emission(seed=seed)) == []
    assert recording_quality.findings(scan(seed=seed)) == []


WATT = 6.6e-34 * 5.5e9
DOUBTS = [
    (rescaled(emission(), lambda p: p * WATT), "the spectrum lies at 5e-23 quanta, a receiver"),
    (rescaled(emission(), lambda p: 10.0 * np.log10(p)), "as decibels do; write power in linear"),
    (emission(half_span_hz=4.0e5), "no line stands out below the drive centre between -400000 and"),
    (
        emission().sel(frequency_hz=slice(None, 4.0e5)),
        "no line stands out above the drive centre between -1e+06 and 400000 Hz",
    ),
    (
        emission().sel(frequency_hz=slice(-6.55e5, None)),
        "no line stands out below the drive centre between -655000 and",
    ),
    (emission(bin_width_hz=2.0e4), "is only 1 bins wide; resolve it with 5 bins or more"),
    (scan(bin_width_hz=2.0e4), "Hz is only 2 bins wide; resolve it with 5 bins or more"),
    (scan(half_span_hz=1.0e4), "a line of the probes is cut off at -510000 Hz: record a wider"),
    (scan(centres=(-3.5e5, 9.5e5)), "nothing between -450000 and -250000 Hz answers to the phase"),
    (
        scan().assign_attrs(probe_offset_hz=1.5e6),
        "the axis from -600000 to 900000 Hz lies on one side of probe_offset_hz, 1.5e+06",
    ),
    (
        emission().assign_attrs(red_photons=1.0e6, ratio=0.5, blue_photons=5.0e5),
        "blue_photons is 5e+05, ratio 0.5 and red_photons 1e+06 make it 2.5e+05: write ratio^2",
    ),
    (scan().assign_attrs(blue_photons=0.0), "blue_photons is 0, ratio "),
]


@pytest.mark.parametrize(("dataset", "message"), DOUBTS)
def test_each_mistake_is_told(dataset, message):
    found = recording_quality.findings(dataset)
    assert any(message in one for one in found), found
    assert not any("\n" in one for one in found)


def test_the_line_of_the_other_drum_may_stand_at_the_end_of_a_wide_axis():
    """Narrow, far from the middle: not the line that the recording is about."""
    frequency = np.linspace(-1.5e6, 1.5e6, 301)
    power = 12.0 + 1.0 / (1.0 + (frequency / 6.0e4) ** 2)
    power[283] += 5.0
    arguments = (power[None], frequency[None], np.array([1.0e4]), np.array([1.0e6]))
    assert recording_quality._lines(*arguments, single=True) == []
    assert "is only 1 bins wide" in recording_quality._lines(*arguments, single=False)[0]
