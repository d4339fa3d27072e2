"""Recordings made sample by sample: those of the spectral road, folded; and what is refused."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import chi2
from tests.unit.inference_samples import VALUES

from entangled_drums import parameters, recording_checks, spectra
from entangled_drums.errors import ParameterError
from entangled_drums.laboratory import pumped, pumped_in_time, receiver, time_record
from entangled_drums.laboratory.imperfections import ABSENT_IN_TIME, Imperfections, SpuriousLine
from entangled_drums.units import angular

DRIVE = parameters.drive_settings(VALUES, 1.4e5, 0.62)
PHASES = np.array([0.0, 1.0, 2.5])
FINITE = Imperfections(finite_record=True)


def probes(phases=PHASES):
    return parameters.probe_settings(VALUES, 1.5e5, 1.0e4, phases)


def settings(bin_width_hz, duration_s):
    """Of emission and phase scan, with the spans of the reference experiment."""
    return (
        pumped.EmissionSettings(duration_s, 1.4e6, bin_width_hz),
        pumped.PhaseScanSettings(
            duration_s, 1.3e5, bin_width_hz, pumped.line_centres_hz(VALUES, DRIVE, 1.5e5)
        ),
    )


def record(values, rate, bin_width_hz, duration_s, seed=2018, imperfections=FINITE):
    emission, scan = settings(bin_width_hz, duration_s)
    return (
        pumped_in_time.record_emission(
            values, DRIVE, emission, rate, np.random.default_rng(seed), imperfections
        ),
        pumped_in_time.record_phase_scan(
            values, DRIVE, probes(), scan, rate, np.random.default_rng(seed + 1), imperfections
        ),
    )


def expected(values, frequency_hz, bin_width_hz, *, rate=None, phase=None):
    """Expected power of bins, after folding at a sample rate or without."""
    system = parameters.system(values, DRIVE)
    if phase is None:

        def output(at_hz):
            return spectra.output_psd(system, angular(at_hz))

    else:
        probe = parameters.probe(values, probes(np.array(phase)))

        def output(at_hz):
            return spectra.probe_output_psd(system, probe, angular(at_hz))

    if rate is not None:
        output = time_record.folded(output, rate, values["bath.external_occupation"])
    return receiver.expected_power(
        output, frequency_hz, bin_width_hz, "boxcar", values, FINITE, values["receiver.gain"]
    )


def chances(recorded, values, **how):
    """P-values of every spectrum of a recording: chi-square of its bins, larger than found."""
    frequency_hz, width = recorded["frequency_hz"].values, recorded.attrs["bin_width_hz"]
    power = np.atleast_2d(recorded["power_spectral_density"].values)
    phases = recorded["phase_rad"].values if "phase_rad" in recorded else [None]
    shape = recorded.attrs["effective_averages"]
    # Variance of the logarithm of a Gamma number, and its mean.
    return [
        float(
            chi2.sf(
                np.sum((np.log(row / mean) + 0.5 / shape) ** 2) / (1.0 / shape + 0.5 / shape**2),
                row.size,
            )
        )
        for row, mean in (
            (row, expected(values, frequency_hz, width, phase=phase, **how))
            for row, phase in zip(power, phases, strict=True)
        )
    ]


def test_recordings_are_those_of_the_folded_spectrum_and_of_no_other():
    """Fixed seed; each of four two-sided p-values fails by chance once in 1e4 seeds.

    A quiet receiver and slow samples show the folding, which the recording must have.
    """
    quiet = {**VALUES, "receiver.added_noise": 0.5, "receiver.gain": 1.3}
    rate = 3.0e6
    for recorded in record(quiet, rate, 5.0e3, 0.6):
        for chance in chances(recorded, quiet, rate=rate):
            assert 5e-5 < chance < 1.0 - 5e-5
        assert min(chances(recorded, quiet)) < 1e-4


def test_fast_samples_show_the_spectrum_as_it_is():
    """At the rate of the experiment no bin is off by a fiftieth of its error.

    All bins together would tell the change by less than a quarter of a standard deviation if it
    were looked for alone; with samples four times slower by more than one.
    """

    def off(rate, phase, averages):
        """By how many of its errors each bin is off."""
        emission, scan = settings(1.0e3, 0.2)
        at = receiver.bins_hz((0.0,), emission.half_span_hz, 1.0e3)
        if phase is not None:
            at = receiver.bins_hz(scan.line_centres_hz, scan.half_span_hz, 1.0e3)
        folded = expected(VALUES, at, 1.0e3, rate=rate, phase=phase)
        return (folded / expected(VALUES, at, 1.0e3, phase=phase) - 1.0) * np.sqrt(averages)

    for phase, averages in ((None, 200.0), (0.0, 12.0)):
        bins = off(1.92e7, phase, averages)
        assert np.abs(bins).max() < 0.02
        assert np.sum(bins**2) < 0.05
    assert np.sum(off(4.8e6, None, 200.0) ** 2) > 1.0


def test_recordings_say_how_they_were_made():
    emission, scan = record(VALUES, 9.6e6, 5.0e3, 0.03)
    assert emission.attrs["effective_averages"] == emission.attrs["averages"] == 150
    assert scan.attrs["effective_averages"] == scan.attrs["averages"] == 50
    assert emission.attrs["duration_s"] == scan.attrs["duration_s"] == 0.03
    assert recording_checks.check(emission, "emission") is emission
    assert recording_checks.check(scan, "phase_scan") is scan
    # The very bins of the spectral road.
    for one, other in zip(
        (emission, scan),
        (
            pumped.record_emission(VALUES, DRIVE, settings(5.0e3, 0.03)[0], None, FINITE),
            pumped.record_phase_scan(
                VALUES, DRIVE, probes(), settings(5.0e3, 0.03)[1], None, FINITE
            ),
        ),
        strict=True,
    ):
        assert np.array_equal(one["frequency_hz"], other["frequency_hz"])
        assert one.attrs == other.attrs


@pytest.mark.parametrize("name", ABSENT_IN_TIME)
def test_what_a_record_in_time_cannot_have_is_refused(name):
    size = {"counter_rotating": True, "spurious_lines": (SpuriousLine(1.0e5, 1.0),)}.get(name, 0.1)
    with pytest.raises(ParameterError, match=rf"laboratory\.{name}: a record in time cannot"):
        record(VALUES, 9.6e6, 5.0e3, 0.03, imperfections=replace(FINITE, **{name: size}))


def test_samples_too_slow_for_the_bins_are_refused():
    with pytest.raises(ParameterError, match=r"1\.2e\+06 Hz does not reach the bin at 1\.4e\+06"):
        record(VALUES, 1.2e6, 5.0e3, 0.03)
