"""The coverage study: its truths, its bookkeeping, and a few replicas of each kind."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import binom, kstest, truncnorm
from tests.unit.inference_samples import PHASES, UNCERTAINTIES, VALUES, drive

from entangled_drums import jsonfile, parameters
from entangled_drums.inference import coverage
from entangled_drums.inference.coverage import (
    BORDER,
    FAR,
    KINDS,
    POWER,
    PRIOR,
    REPEATED,
    Experiment,
    binomial_interval,
    draw_calibration,
    draw_pair,
    draw_truth,
    quantities_of,
    replica,
    summarise,
)
from entangled_drums.inference.fine_effects import Fidelity
from entangled_drums.inference.posterior import SamplerSettings
from entangled_drums.laboratory import pumped
from entangled_drums.laboratory.imperfections import NONE

SETTINGS = drive()
EXPERIMENT = Experiment(
    values=VALUES,
    uncertainties=UNCERTAINTIES,
    drive=SETTINGS,
    probe=parameters.probe_settings(VALUES, 1.5e5, 1.0e4, PHASES),
    emission=pumped.EmissionSettings(1800.0, 1.0e6, 2.5e3),
    phase_scan=pumped.PhaseScanSettings(
        1800.0, 1.0e5, 2.5e3, pumped.line_centres_hz(VALUES, SETTINGS, 1.5e5)
    ),
    imperfections=NONE,
    fidelity=Fidelity(),
    sampler=SamplerSettings(draws=300, effective_draws=150, most_draws=3000, most_steps=0),
)


def generator(seed=0):
    return np.random.default_rng(seed)


@pytest.mark.parametrize(
    ("kind", "name", "value"), [(BORDER, "two_nu", 1.0), (POWER, "duan", 0.83)]
)
def test_truths_are_where_they_should_be(kind, name, value):
    for seed in range(5):
        truth = draw_truth(EXPERIMENT, kind, generator(seed))
        assert quantities_of(EXPERIMENT, truth)[name] == pytest.approx(value, abs=1e-8)
        # Everything but the heated bath varies as in the prior.
        assert truth["drum_1.thermal_occupation"] != VALUES["drum_1.thermal_occupation"]


def test_calibrations_scatter_around_the_truth():
    truth = draw_truth(EXPERIMENT, REPEATED, generator())
    drawn = [draw_calibration(EXPERIMENT, truth, generator(seed)) for seed in range(400)]
    pulls = np.array([one.values for one in drawn])
    expected = np.array([truth[name] for name in drawn[0].names])
    spread = np.array([UNCERTAINTIES[name] for name in drawn[0].names])
    uncertain = spread > 0
    scaled = ((pulls - expected) / np.where(uncertain, spread, 1.0))[:, uncertain]
    assert np.abs(scaled.mean(axis=0)).max() < 4.5 / np.sqrt(400)
    assert scaled.std(axis=0) == pytest.approx(1.0, abs=4.5 / np.sqrt(800))


def test_truth_is_a_draw_of_the_prior_that_the_calibration_makes():
    """Rank of the true n_e under its cut-off prior: uniform, whatever the calibration says."""
    name = "bath.external_occupation"
    ranks = []
    for seed in range(400):
        truth, calibrated = draw_pair(EXPERIMENT, PRIOR, generator(seed))
        centre, spread = calibrated.values[calibrated.index(name)], UNCERTAINTIES[name]
        prior = truncnorm(-centre / spread, np.inf, centre, spread)
        ranks.append(prior.cdf(truth[name]))
    assert kstest(ranks, "uniform").pvalue > 1e-3


def test_a_replica_repeats_itself():
    one, other = (replica(EXPERIMENT, PRIOR, generator(3)) for _ in range(2))
    assert jsonfile.dumps(one) == jsonfile.dumps(other)
    assert 0.0 <= one["numbers"]["duan"]["rank"] <= 1.0
    assert one["numbers"]["duan"]["uncertainty"] < 0.04
    assert set(one["numbers"]) == set(coverage.RANKED)


def test_far_look_alikes_are_not_claimed():
    for kind in FAR:
        assert replica(EXPERIMENT, kind, generator(1))["claim"] is False


def test_a_hot_cavity_analysed_as_cold_is_not_claimed():
    """n_i = 3.5 (D = 1.0) under a calibration that says 0.5 +- 0.1: the spectra know better."""
    values = {**VALUES, "bath.internal_occupation": 3.501}
    hot = replace(EXPERIMENT, values=values, uncertainties={**UNCERTAINTIES})
    truth = draw_truth(hot, REPEATED, generator(2))
    truth["bath.internal_occupation"] = 3.501
    wrong = draw_calibration(hot, {**truth, "bath.internal_occupation": 0.5}, generator(2))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(coverage, "draw_pair", lambda *_: (truth, wrong))
        found = replica(hot, PRIOR, generator(2))
    assert found["claim"] is False


def made_up(kind, rank=0.5, claim=False, p_value=0.5):
    number = {"truth": 1.0, "mean": 1.0, "uncertainty": 0.02, "rank": rank}
    return {
        "kind": kind,
        "result": "posterior",
        "numbers": dict.fromkeys(coverage.RANKED, number),
        "probability_entangled": 0.5,
        "smallest_p_value": p_value,
        "claim": claim,
    }


def test_uniform_ranks_cover_and_narrow_intervals_do_not():
    uniform = (np.arange(400) + 0.5) / 400
    found = summarise([made_up(PRIOR, rank) for rank in uniform])["coverage"]["duan"]
    for level in ("50", "68", "90", "95"):
        assert abs(found["levels"][level]["off_by"]) < 0.2
    assert found["rank_p_value"] > 0.99
    # Errors too small by a third: ranks pile up at the ends.
    narrow = np.where(uniform < 0.5, uniform**1.5, 1 - (1 - uniform) ** 1.5)
    found = summarise([made_up(PRIOR, rank) for rank in narrow])["coverage"]["duan"]
    assert found["levels"]["68"]["off_by"] < -3
    assert found["rank_p_value"] < 1e-3


def test_claims_are_counted_by_kind():
    replicas = [made_up(BORDER, claim=number == 0) for number in range(20)]
    replicas += [{"kind": "pumps-off", "result": "no posterior", "claim": False}]
    replicas += [made_up(PRIOR, p_value=1e-4)]
    found = summarise(replicas)
    assert found["claims"][BORDER]["number"] == 1
    assert found["claims"][BORDER]["rate"] == pytest.approx(0.05)
    assert found["claims"]["pumps-off"]["number"] == 0
    assert found["claims"][POWER]["rate"] is None
    assert found["without_posterior"] == 1
    assert found["false_alarms"]["number"] == 1
    assert set(found["claims"]) == set(KINDS)
    assert jsonfile.dumps(found)


def test_interval_of_a_rate_is_exact():
    for hits, count in ((0, 20), (3, 20), (20, 20)):
        low, high = binomial_interval(hits, count)
        if hits:
            assert binom.sf(hits - 1, count, low) == pytest.approx(0.025, rel=1e-6)
        if hits < count:
            assert binom.cdf(hits, count, high) == pytest.approx(0.025, rel=1e-6)
    assert binomial_interval(0, 0) == (0.0, 1.0)
