"""The verdict: each of its clauses, and the correlation of the routes' errors."""

import dataclasses
import math

import numpy as np
import pytest

from entangled_drums import jsonfile
from entangled_drums.inference.route_result import route_result
from entangled_drums.inference.verdict import (
    CONTRADICTION,
    ENTANGLED,
    NOT_SHOWN,
    decide,
    disagreements,
    read_verdicts,
    summary,
)


def result(route, duan, uncertainty, probability=None, validity="valid"):
    quantity = {"value": duan, "uncertainty": uncertainty}
    return route_result(
        {
            "route": route,
            "operating_point": "reference-x620",
            "power": "reference",
            "red_coupling_hz": 1.4e5,
            "ratio": 0.62,
            "validity": validity,
            "quantities": {"duan": quantity, "two_nu": quantity},
            "probability_entangled": probability,
        }
    )


GOOD_FITS = {"emission": {"p_value": 0.3}, "phase_scan_1": {"p_value": 0.02}}
PRIORS = {
    "as_calibrated": {"duan": 0.84},
    "receiver.gain": {
        "doubled": {"duan": 0.85, "duan_uncertainty": 0.1, "probability_entangled": 0.93}
    },
}


def verdict(*others, probability=0.99, fits=GOOD_FITS, duan=0.84):
    own = result("model_based", duan, 0.02, probability)
    return decide({one.route: one for one in (own, *others)}, fits, PRIORS, "reference-x620")


def test_entangled_needs_all_three():
    found = verdict(result("direct", 0.90, 0.05))
    assert found.verdict == ENTANGLED
    assert found.reasons == ()
    assert found.distance_in_sigma == pytest.approx(8.0)
    assert found.doubled_priors["receiver.gain"]["verdict"] == NOT_SHOWN


def test_a_doubled_prior_without_a_possible_draw_shows_nothing():
    nothing = {"duan": None, "duan_uncertainty": None, "probability_entangled": None}
    own = result("model_based", 0.84, 0.02, 0.99)
    priors = {"receiver.gain": {"doubled": nothing}}
    found = decide({"model_based": own}, GOOD_FITS, priors, "reference-x620")
    assert found.verdict == ENTANGLED
    assert found.doubled_priors["receiver.gain"]["verdict"] == NOT_SHOWN


def test_low_probability_is_not_shown():
    found = verdict(probability=0.949)
    assert found.verdict == NOT_SHOWN
    assert found.reasons == ("P(nu < 1/2) = 0.949 is below 0.95",)


@pytest.mark.parametrize("p_value", [9e-4, math.nan])
def test_a_bad_fit_contradicts_whatever_the_probability(p_value):
    for probability in (0.99, 0.1):
        found = verdict(
            probability=probability, fits={**GOOD_FITS, "phase_scan_2": {"p_value": p_value}}
        )
        assert found.verdict == CONTRADICTION
        assert found.reasons[0].startswith("phase scan 2 does not fit")


def test_disagreement_is_counted_with_the_difference_of_variances():
    own = result("model_based", 0.84, 0.03)
    found = disagreements({"model_based": own, "direct": result("direct", 0.96, 0.05)})
    assert found["direct"] == pytest.approx(0.12 / 0.04)
    near = disagreements({"model_based": own, "direct": result("direct", 0.96, 0.031)})
    assert near["direct"] == pytest.approx(0.12 / (0.5 * 0.031))
    assert verdict(result("direct", 1.2, 0.05)).verdict == CONTRADICTION


def test_difference_of_an_efficient_estimate_has_the_difference_of_variances():
    """The rule behind the agreement, on a made-up measurement of one number."""
    generator = np.random.default_rng(0)
    data = generator.standard_normal((20000, 2)) * [1.0, 2.0]
    efficient = data @ [0.8, 0.2]
    other = data @ [0.3, 0.7]
    expected = other.var() - efficient.var()
    assert (other - efficient).var() == pytest.approx(expected, rel=0.03)


def test_a_bound_contradicts_only_from_below():
    assert verdict(result("emission_bound", 1.3, 0.05)).verdict == ENTANGLED
    assert verdict(result("emission_bound", 0.6, 0.05)).verdict == CONTRADICTION


def test_routes_that_are_not_valid_do_not_count():
    bad = result("quadrature", 0.2, 0.01, validity="not valid here: reason")
    assert verdict(bad).verdict == ENTANGLED


def test_without_the_model_based_route_nothing_is_shown():
    assert decide({}, {}, {}, "p").verdict == NOT_SHOWN
    own = result("model_based", 0.8, 0.02, 1.0, validity="not valid here: unstable")
    found = decide({"model_based": own}, {}, {}, "p")
    assert found.verdict == NOT_SHOWN
    assert found.reasons == ("model-based: not valid here: unstable",)
    assert jsonfile.dumps(found.content())


def test_remarks_are_kept_and_change_nothing():
    own = {"model_based": result("model_based", 0.84, 0.005, 0.99)}
    plain = decide(own, GOOD_FITS, PRIORS, "p")
    found = decide(own, GOOD_FITS, PRIORS, "p", ("the run changes",))
    assert found.remarks == ("the run changes",)
    assert dataclasses.replace(found, remarks=()) == plain
    assert read_verdicts({"points": [found.content()]}) == [found]
    assert decide({}, {}, {}, "p", ("the run changes",)).remarks == ("the run changes",)


def test_summary_is_one_line():
    line = summary([verdict(), verdict(probability=0.5)], "reference-x620")
    assert line == (
        "verdict: entangled at 1, not shown at 1 of 2 operating points; "
        "reference-x620: entangled, 8.0 sigma below nu = 1/2"
    )
    assert "sigma above" in summary([verdict(probability=0.0, duan=1.2)])
    assert summary([decide({}, {}, {}, "p")]) == "verdict: not shown at 1 of 1 operating points"
