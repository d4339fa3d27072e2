"""The coverage study: its truths, its bookkeeping, and a replica of each kind."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from scipy.stats import binom, norm
from tests.unit.figure_samples import ROOT
from tests.unit.inference_samples import CALIBRATION, UNCERTAINTIES, VALUES

from entangled_drums import jsonfile
from entangled_drums.configuration.experiment import load_experiment
from entangled_drums.coverage.agreement import compare, homogeneity, require
from entangled_drums.coverage.experiment import HEATED, Experiment, scenario_of
from entangled_drums.coverage.replica import repetitions
from entangled_drums.coverage.scenarios import (
    BORDER,
    COVERAGE,
    FAR,
    IN_TIME,
    POWER,
    RANKED,
    SCENARIOS,
)
from entangled_drums.coverage.summary import binomial_interval, coverage, holm, ranks, summarise
from entangled_drums.errors import InferenceError
from entangled_drums.inference.fine_effects import Fidelity
from entangled_drums.inference.model_based import correction_error, posterior
from entangled_drums.inference.model_based import summarise as summarise_posterior
from entangled_drums.inference.observation import observation
from entangled_drums.inference.verdict import misfits
from entangled_drums.laboratory.imperfections import Imperfections

EXPERIMENT = Experiment(
    values=VALUES,
    uncertainties=UNCERTAINTIES,
    drive={
        "red_coupling_hz": 1.4e5,
        "ratio": 0.62,
        "cavity_detuning_hz": 0.0,
        "frame_offset_hz": 0.0,
    },
    emission={
        "duration_s": 1800.0,
        "half_span_hz": 1.0e6,
        "bin_width_hz": 2.5e3,
        "window": "boxcar",
    },
    phase_scan={
        "duration_s": 1800.0,
        "phases": 6,
        "probe_offset_hz": 1.5e5,
        "probe_coupling_hz": 1.0e4,
        "half_span_hz": 1.0e5,
        "bin_width_hz": 2.5e3,
        "window": "boxcar",
    },
    imperfections=Imperfections(counter_rotating=True),
    fidelity=Fidelity(counter_rotating=True),
)
PLAIN = replace(EXPERIMENT, imperfections=Imperfections(), fidelity=Fidelity())
DRAWS = 300


def generator(seed=0):
    return np.random.default_rng(seed)


@cache
def ready(*kinds):
    return repetitions(kinds, EXPERIMENT, DRAWS)


@pytest.mark.parametrize("kind", [BORDER, POWER])
def test_truths_are_where_they_should_be(kind):
    scenario = scenario_of(kind)
    nominal = EXPERIMENT.nominal(scenario)
    assert nominal.state(nominal.values)[scenario.quantity] == pytest.approx(
        scenario.value, abs=1e-7
    )
    for seed in range(3):
        truth = nominal.draw_truth(scenario, generator(seed))
        assert nominal.state(truth)[scenario.quantity] == pytest.approx(scenario.value, abs=1e-7)
        # Everything but the heated bath varies as in the prior.
        assert truth["drum_1.thermal_occupation"] != VALUES["drum_1.thermal_occupation"]


def test_a_state_out_of_reach_is_named():
    weak = replace(PLAIN, drive={**PLAIN.drive, "red_coupling_hz": 2.0e4})
    with pytest.raises(InferenceError, match=r"duan = 0\.83 with no internal bath"):
        weak.nominal(scenario_of(POWER))
    with pytest.raises(InferenceError, match="'nothing' is no scenario; write one of coverage"):
        scenario_of("nothing")


def test_far_scenarios_are_separable():
    for kind in FAR:
        scenario = scenario_of(kind)
        nominal = PLAIN.nominal(scenario)
        if not scenario.blue_on:
            nominal = replace(nominal, drive={**nominal.drive, "ratio": 1e-9})
        device = dict(nominal.values)
        if scenario.pumped_internal_occupation:
            device["bath.internal_occupation"] = scenario.pumped_internal_occupation
        assert nominal.state(device)["two_nu"] > 1.05


def test_replicas_repeat_themselves_and_know_the_truth():
    repetition = ready(COVERAGE, BORDER)[COVERAGE]
    one, other = (repetition.replica(generator(3)) for _ in range(2))
    assert jsonfile.dumps(one) == jsonfile.dumps(other)
    assert one["result"] == "posterior"
    assert set(one["numbers"]) == set(RANKED)
    assert 0.0 <= one["numbers"]["duan"]["rank"] <= 1.0
    assert one["numbers"]["duan"]["uncertainty"] < 0.04
    # A rank turned round would show where the truth lies off the middle.
    pulls = {
        name: (number["truth"] - number["mean"]) / number["uncertainty"]
        for name, number in one["numbers"].items()
        if name != "bath.external_occupation"  # cut off at zero: not normal
    }
    farthest = max(pulls, key=lambda name: abs(pulls[name]))
    assert abs(pulls[farthest]) > 0.5
    assert one["numbers"][farthest]["rank"] == pytest.approx(norm.cdf(pulls[farthest]), abs=0.1)


def test_shared_slopes_of_the_fine_effects_cost_no_accuracy():
    """What the replicas share shifts D by less than a twentieth of its error."""
    for kind, one in ready(COVERAGE, BORDER).items():
        of = generator(1)
        truth = one.experiment.draw_truth(one.scenario, of)
        recorded = one.experiment.record(truth, of, one.scenario)
        found = posterior(
            observation(*recorded), one.experiment.prior, of, one.settings, one.prepared
        )
        quantities, drawn, _ = summarise_posterior(found, of, 20)
        shift = correction_error(found, drawn, 3)["largest_duan_shift"]
        assert shift < 0.05 * quantities["duan"]["uncertainty"], kind


def test_far_look_alikes_are_not_claimed():
    kinds = ["pumps-off", "correlated-drums", "hot-cavity"]
    for kind, one in repetitions(kinds, PLAIN, DRAWS).items():
        assert one.replica(generator(1))["claim"] is False, kind


def test_routes_that_read_lines_are_asked_at_the_power_truth():
    outcome = repetitions([POWER], PLAIN, DRAWS)[POWER].replica(generator(2))
    assert set(outcome["routes"]) == {"direct", "quadrature", "emission_bound"}
    bound = outcome["routes"]["emission_bound"]
    assert bound["value"] > bound["truth"]


SHORT = replace(PLAIN, in_time={"duration_s": 0.1, "sample_rate_hz": 7.5e6})


def test_records_in_time_are_made_in_time():
    """Same device, settings and seed: only the flag tells the two roads apart."""
    scenario = scenario_of(IN_TIME)
    short = SHORT.nominal(scenario)
    assert short.imperfections == Imperfections(finite_record=True)
    assert short.fidelity == Fidelity(finite_record=True)
    in_time = short.record(VALUES, generator(4), scenario)
    of_spectra = short.record(VALUES, generator(4), replace(scenario, in_time=False))
    for one, other in zip(in_time, of_spectra, strict=True):
        assert one.attrs == other.attrs
        assert one.attrs["duration_s"] == 0.1
        assert not np.array_equal(one["power_spectral_density"], other["power_spectral_density"])
        # The ratio scatters as that of two independent records of one spectrum: beyond 6 standard
        # deviations once in 5e8 seeds.
        product = np.log(one["power_spectral_density"] / other["power_spectral_density"])
        spread = 2.0 / one.attrs["effective_averages"]
        assert abs(float((product**2).mean()) / spread - 1.0) < 6.0 * (2.0 / product.size) ** 0.5
    with pytest.raises(InferenceError, match=r"coverage\.in_time: missing"):
        PLAIN.nominal(scenario)


def test_what_the_pumps_make_of_the_cavity_is_kept_from_the_calibration():
    experiment = load_experiment(
        ROOT / "config/experiments/toy.yaml",
        schema_directory=ROOT / "workflow/schemas",
        device_directory=ROOT / "config/devices",
    )
    scenario = scenario_of(IN_TIME)
    short = replace(SHORT, calibration=experiment["calibration"]).nominal(scenario)
    cold, hot = (
        short.calibrate({**VALUES, HEATED: occupation}, scenario, generator(3))
        for occupation in (0.5, 2.5)
    )
    assert np.array_equal(cold.values, hot.values)
    assert np.array_equal(cold.covariance, hot.covariance)
    at = cold.index(HEATED)
    assert cold.values[at] == VALUES[HEATED]
    assert cold.uncertainty(HEATED) == pytest.approx(3.0 * UNCERTAINTIES[HEATED])
    assert np.count_nonzero(cold.covariance[at]) == 1
    # Of the rest it says what a calibration says.
    known = cold.uncertainty("drum_1.thermal_occupation")
    assert known < 0.5 * UNCERTAINTIES["drum_1.thermal_occupation"]


def test_a_replica_in_time_finds_the_state_in_its_record():
    """Fixed seeds; each of three pulls is beyond 4 by chance once in 16000 seeds."""
    repetition = repetitions([IN_TIME], SHORT, DRAWS)[IN_TIME]
    of_truth = [
        repetition.experiment.state(
            repetition.experiment.draw_truth(repetition.scenario, generator(seed))
        )["duan"]
        for seed in range(20)
    ]
    for seed in (6, 7, 8):
        one = repetition.replica(generator(seed))
        duan = one["numbers"]["duan"]
        assert one["result"] == "posterior"
        assert duan["uncertainty"] < 0.7 * np.std(of_truth)
        assert abs(duan["mean"] - duan["truth"]) < 4.0 * duan["uncertainty"]


def made_up(kind, rank=0.5, claim=False, misfit=(), result="posterior"):
    number = {"truth": 1.0, "mean": 1.0, "uncertainty": 0.02, "rank": rank}
    return {
        "kind": kind,
        "result": result,
        "numbers": dict.fromkeys(RANKED, number),
        "probability_entangled": 0.5,
        "smallest_p_value": 0.5,
        "misfits": list(misfit),
        "claim": claim,
    }


def test_uniform_ranks_cover_and_narrow_intervals_do_not():
    uniform = (np.arange(400) + 0.5) / 400
    found = summarise([made_up(COVERAGE, rank) for rank in uniform])
    for level in ("50", "68", "90", "95"):
        assert abs(found["coverage"]["duan"]["levels"][level]["off_by"]) < 0.2
    assert found["coverage"]["duan"]["rank_p_value"] > 0.99
    assert found["targets"]["coverage of D off by, binomial standard deviations"]["met"] is True
    # Errors too small by a third: ranks pile up at the ends.
    narrow = np.where(uniform < 0.5, uniform**1.5, 1 - (1 - uniform) ** 1.5)
    found = summarise([made_up(COVERAGE, rank) for rank in narrow])
    assert found["coverage"]["duan"]["levels"]["68"]["off_by"] < -3
    assert found["coverage"]["duan"]["rank_p_value"] < 1e-3
    assert found["coverage"]["receiver.gain"]["rank_p_value_holm"] < 3e-3
    assert found["targets"]["coverage of D off by, binomial standard deviations"]["met"] is False
    assert found["targets"]["smallest p of secondary ranks (Holm)"]["met"] is False


def test_a_rank_of_one_and_a_rounding_error_is_a_rank():
    replicas = [{"numbers": {"duan": {"rank": rank}}} for rank in (0.0, 0.5, 1.0 + 2.3e-16)]
    found = coverage(ranks(replicas, "duan"))
    assert sum(found["rank_histogram"]) == found["replicas"] == 3
    assert found["rank_histogram"][-1] == 1


def test_holm_corrects_the_smallest_most_and_keeps_the_order():
    tests = [{"rank_p_value": one} for one in (0.04, 0.01, None, 0.03)]
    holm(tests)
    assert [one.get("rank_p_value_holm") for one in tests] == pytest.approx(
        [0.06, 0.03, None, 0.06]
    )


def test_claims_are_counted_by_scenario():
    replicas = [made_up(BORDER, claim=number == 0) for number in range(20)]
    replicas += [{"kind": "pumps-off", "result": "no posterior", "claim": False}]
    replicas += [made_up(COVERAGE, misfit=["emission"])]
    found = summarise(replicas)
    assert found["claims"][BORDER]["number"] == 1
    assert found["claims"][BORDER]["rate"] == pytest.approx(0.05)
    assert found["claims"]["pumps-off"]["number"] == 0
    assert found["claims"][POWER]["rate"] is None
    assert found["without_posterior"]["pumps-off"] == 1
    assert found["fits"][COVERAGE]["number"] == 1
    assert set(found["claims"]) == set(SCENARIOS)
    assert found["targets"]["claims far from entanglement"]["value"] == 0.0
    assert found["targets"]["claims at D = 0.83"]["met"] is None
    assert jsonfile.dumps(found)


def test_studies_with_equal_rates_agree_and_others_do_not():
    even = summarise([made_up(COVERAGE, rank) for rank in (np.arange(300) + 0.5) / 300])
    again = summarise([made_up(COVERAGE, rank) for rank in generator().random(300)])
    require(compare({"one": even, "other": again}))
    narrow = summarise([made_up(COVERAGE, rank) for rank in (np.arange(300) + 0.5) / 300 * 0.3])
    with pytest.raises(InferenceError, match="the studies one, other disagree in"):
        require(compare({"one": even, "other": narrow}))


def test_studies_that_cover_differently_at_the_border_alone_disagree():
    uniform = (np.arange(300) + 0.5) / 300
    one, other = (
        summarise(
            [made_up(COVERAGE, rank) for rank in uniform] + [made_up(BORDER, at) for at in of]
        )
        for of in (uniform, uniform * 0.3)
    )
    assert compare({"one": one, "again": one})["smallest_p_value"] == 1.0
    with pytest.raises(InferenceError, match=r"disagree in coverage of D at 50 %: border"):
        require(compare({"one": one, "other": other}))


def test_homogeneity_is_that_of_a_two_by_two_table():
    # 10 of 100 against 20 of 100: chi-square 3.9216, p = 0.0477.
    assert homogeneity([[10, 90], [20, 80]]) == pytest.approx(0.04767, abs=1e-5)
    assert homogeneity([[0, 90], [0, 80]]) is None


def test_all_spectra_together_raise_one_percent_of_false_alarms():
    uniform = generator(5).random((20000, 18))
    alarms = np.mean(
        [bool(misfits({str(at): float(p) for at, p in enumerate(row)})) for row in uniform]
    )
    assert abs(alarms - 0.01) < 4.0 * np.sqrt(0.01 / 20000)
    # Few spectra keep the level of one.
    assert misfits({"emission": 9e-4, "all": 1e-9}) == {"emission": 9e-4}
    assert misfits({"emission": 1.1e-3}) == {}


def test_interval_of_a_rate_is_exact():
    for hits, count in ((0, 20), (3, 20), (20, 20)):
        low, high = binomial_interval(hits, count)
        if hits:
            assert binom.sf(hits - 1, count, low) == pytest.approx(0.025, rel=1e-6)
        if hits < count:
            assert binom.cdf(hits, count, high) == pytest.approx(0.025, rel=1e-6)
    assert binomial_interval(0, 0) == (0.0, 1.0)


def test_the_prior_of_the_replicas_is_the_device_file():
    assert EXPERIMENT.prior.names == CALIBRATION.names
    assert np.array_equal(EXPERIMENT.prior.covariance, CALIBRATION.covariance)
