"""Whether the state holds: steady runs are called steady, and changes are found with their size."""

import re
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import binom, kstest
from tests.unit.inference_samples import CALIBRATION, drive, truth

from entangled_drums import jsonfile
from entangled_drums.errors import CalibrationError, RecordingError
from entangled_drums.inference.stationarity import CHANGES, QUANTITIES, STEADY, Course, infer
from entangled_drums.laboratory import pumped
from entangled_drums.laboratory.imperfections import NONE, Imperfections, SpuriousLine

SEGMENTS = 12


def run(seed, imperfections=NONE, segments=SEGMENTS, half_span_hz=1.0e6):
    return pumped.record_segments(
        truth(1),
        drive(),
        pumped.EmissionSettings(1800.0, half_span_hz, 5.0e3),
        segments,
        None if seed is None else np.random.default_rng(seed),
        imperfections,
    )


def scaled(recorded, factor):
    power = recorded["power_spectral_density"]
    return recorded.assign(power_spectral_density=(power * factor).assign_attrs(power.attrs))


def noisy(expected, generator):
    averages = float(expected.attrs["effective_averages"])
    shape = expected["power_spectral_density"].shape
    return scaled(expected, generator.gamma(averages, 1.0 / averages, shape))


def test_p_values_of_steady_runs_are_uniform():
    """100 runs; false alarms: 1 % for either kind of law, 0.5 % for the count of changes."""
    expected, generator = run(None), np.random.default_rng(7)
    runs = [infer(noisy(expected, generator), CALIBRATION) for _ in range(100)]
    for name in QUANTITIES:
        for kind in ("p_value", "p_value_of_change"):
            found = [getattr(one.lines[1][name], kind) for one in runs]
            assert kstest(found, "uniform").pvalue > 0.01 / 6
        pulls = [one.lines[0][name].change / one.lines[0][name].change_uncertainty for one in runs]
        assert kstest(pulls, "norm").pvalue > 0.01 / 3
    assert sum(one.outcome == CHANGES for one in runs) <= binom.isf(0.005, 100, 0.01)
    assert {one.validity for one in runs} == {"valid"}


def test_false_alarms_where_segments_are_as_short_as_they_may_be():
    """30 runs of 60 segments; of one in a hundred, more than 2 have a chance of 0.3 %."""
    expected = run(None, segments=300).isel(segment_start_s=slice(0, 60))
    expected = expected.assign_attrs(duration_s=360.0)
    generator = np.random.default_rng(3)
    found = [infer(noisy(expected, generator), CALIBRATION) for _ in range(30)]
    assert {one.validity for one in found} == {"valid"}
    flux = found[0].lines[0]["flux_per_s"]
    assert 0.07 < flux.uncertainty / flux.mean < 0.1
    assert sum(one.outcome == CHANGES for one in found) <= 2


def test_drums_that_drift_take_their_lines_along():
    """Not all the way: each line is also the image of the other drum, which moves oppositely."""
    drift = Imperfections(drum_drift_hz=3000.0)
    found = infer(run(3, drift), CALIBRATION)
    assert found.outcome == CHANGES
    for line, expected in zip(found.lines, infer(run(None, drift), CALIBRATION).lines, strict=True):
        centre, flux = line["centre_hz"], line["flux_per_s"]
        assert 1500.0 < expected["centre_hz"].change < 3000.0
        off = centre.change - expected["centre_hz"].change
        assert abs(off) < 3.5 * centre.change_uncertainty
        assert centre.p_value_of_change < 1e-20
        assert abs(flux.change - expected["flux_per_s"].change) < 3.5 * flux.change_uncertainty


def test_a_drift_that_hides_from_the_spectra_is_seen():
    """30 runs; at the 90 % of docs/coverage.md, fewer than 22 have a chance of 0.2 %."""
    expected = run(None, Imperfections(drum_drift_hz=600.0), segments=30)
    generator = np.random.default_rng(11)
    seen = [infer(noisy(expected, generator), CALIBRATION).outcome for _ in range(30)]
    assert seen.count(CHANGES) >= 22


def test_a_gain_that_drifts_takes_the_flux_along():
    steady = run(3)
    middle = (steady["segment_start_s"] + 75.0) / 1800.0
    found = infer(scaled(steady, 1.0 + 0.2 * (middle - 0.5)), CALIBRATION)
    assert found.outcome == CHANGES
    for line, before in zip(found.lines, infer(steady, CALIBRATION).lines, strict=True):
        flux, centre = line["flux_per_s"], line["centre_hz"]
        added = flux.change - before["flux_per_s"].change
        assert added == pytest.approx(0.2 * before["flux_per_s"].mean, rel=0.05)
        assert centre.change == pytest.approx(before["centre_hz"].change, rel=0.05, abs=30.0)


@pytest.mark.parametrize(
    ("drift", "said"),
    [(0.0, ""), (0.2, "the lines of the stationarity run change, p = ")],
)
def test_the_verdict_hears_of_a_change_only(drift, said):
    steady = run(3)
    middle = (steady["segment_start_s"] + 75.0) / 1800.0
    found = infer(scaled(steady, 1.0 + drift * (middle - 0.5)), CALIBRATION)
    assert found.remark.startswith(said) and bool(found.remark) == bool(said)


def test_the_verdict_hears_when_nothing_can_be_said():
    found = infer(run(3).isel(segment_start_s=[0]), CALIBRATION)
    assert found.remark == (
        "stationarity: not valid here: one segment cannot show a change; record several"
    )


def test_the_simulated_laboratory_holds():
    found = infer(run(3), CALIBRATION)
    assert found.outcome == STEADY
    assert found.smallest_p_value > 0.01
    assert jsonfile.dumps(found.content())


def test_one_bad_segment_is_a_change_without_a_slope():
    steady = run(3)
    power = steady["power_spectral_density"].copy()
    power[SEGMENTS // 2] *= 1.2
    found = infer(steady.assign(power_spectral_density=power), CALIBRATION)
    assert found.outcome == CHANGES
    flux = found.lines[0]["flux_per_s"]
    assert flux.p_value < 1e-6 < flux.p_value_of_change


def test_a_straight_line_by_least_squares():
    """Against the normal equations, with a gap between segments."""
    generator = np.random.default_rng(4)
    middle = np.array([0.05, 0.2, 0.3, 0.8, 0.95])
    values = 7.0 + 4.0 * middle + 0.5 * generator.standard_normal(5)
    course = Course.of(values, 0.5, middle)
    design = np.column_stack([np.ones(5), middle]) / 0.5
    inverse = np.linalg.inv(design.T @ design)
    assert course.change == pytest.approx((inverse @ design.T @ (values / 0.5))[1], rel=1e-12)
    assert course.change_uncertainty == pytest.approx(np.sqrt(inverse[1, 1]), rel=1e-12)


def test_what_cannot_be_followed_says_why():
    assert "one segment" in infer(run(3, segments=1), CALIBRATION).validity
    assert infer(run(3, segments=1), CALIBRATION).outcome == ""
    undamped = drive(1.2)
    amplified = run(3).assign_attrs(ratio=1.2, blue_photons=float(undamped.blue_photons))
    assert "not valid here" in infer(amplified, CALIBRATION).validity
    noise = run(3)
    flat = scaled(noise, 40.0 / noise["power_spectral_density"])
    without_line = infer(noisy(flat, np.random.default_rng(0)), CALIBRATION)
    assert without_line.validity.startswith("not valid here: ")
    assert "line 1" in without_line.validity
    spurious = run(3, Imperfections(spurious_lines=(SpuriousLine(6.6e5, 1000.0),)))
    assert re.match("not valid here: .*line 2", infer(spurious, CALIBRATION).validity)
    # So weak that the flux is known well, but not a line alone.
    for weak in (1.0, 0.3):
        beside = run(3, Imperfections(spurious_lines=(SpuriousLine(6.7e5, weak),)))
        assert re.match(
            "not valid here: line 2 has not the shape that is fitted, p = .* beside it",
            infer(beside, CALIBRATION).validity,
        )
    # The same in one segment only.
    power = beside["power_spectral_density"].copy()
    power[:] = run(3)["power_spectral_density"]
    power[7] = beside["power_spectral_density"][7]
    once = infer(beside.assign(power_spectral_density=power), CALIBRATION)
    assert re.match(r"not valid here: fit of line 2 in segment 8 has p = .* unlike", once.validity)
    short = infer(run(3, segments=2000), CALIBRATION)
    assert re.search(r"line 1 to \d+ %, more than 10 %; record longer", short.validity)


def test_coarse_bins_blunt_a_line_but_not_its_changes():
    """Four bins to a width, Hann: no segment has the shape that is fitted, all have the same.

    40 runs; false alarms: 0.5 % for the count of changes.
    """
    settings = pumped.EmissionSettings(1800.0, 1.0e6, 5.0e3, "hann")
    quiet = {**truth(1), "receiver.added_noise": 0.7}
    finite, generator = Imperfections(finite_record=True), np.random.default_rng(11)
    runs = [
        infer(
            pumped.record_segments(quiet, drive(), settings, SEGMENTS, generator, finite),
            CALIBRATION,
        )
        for _ in range(40)
    ]
    assert all(one.validity == "valid" for one in runs)
    assert sum(one.outcome == CHANGES for one in runs) <= binom.isf(0.005, 40, 0.01)


def test_a_run_that_misses_a_line_or_loses_one_says_where():
    narrow = infer(run(3, half_span_hz=3.0e5), CALIBRATION)
    assert re.match(
        "not valid here: stationarity run: does not cover line 1, .* record that", narrow.validity
    )
    lost = run(3)
    power = lost["power_spectral_density"].copy()
    averages = float(lost.attrs["effective_averages"])
    power[4] = 12.0 * np.random.default_rng(1).gamma(averages, 1.0 / averages, power.shape[1])
    found = infer(lost.assign(power_spectral_density=power), CALIBRATION)
    assert re.match(r"not valid here: line \d is not found in segment 5, though", found.validity)


def test_wrong_inputs_are_named():
    emission = pumped.record_emission(
        truth(1), drive(), pumped.EmissionSettings(60.0, 1.0e6, 5.0e3), None
    )
    with pytest.raises(RecordingError, match="stationarity"):
        infer(emission, CALIBRATION)
    keep = np.array([name != "cavity.frequency_hz" for name in CALIBRATION.names])
    lacking = replace(
        CALIBRATION,
        names=tuple(name for name in CALIBRATION.names if name != "cavity.frequency_hz"),
        values=CALIBRATION.values[keep],
        covariance=CALIBRATION.covariance[np.ix_(keep, keep)],
    )
    with pytest.raises(CalibrationError, match=r"cavity\.frequency_hz"):
        infer(run(3), lacking)
