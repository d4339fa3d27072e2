"""Rounding by the uncertainty: worked cases of the rule, and its invariants."""

import math
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entangled_drums.errors import FileFormatError
from entangled_drums.tables.rounding import (
    UNKNOWN,
    probability_text,
    round_by_uncertainty,
)

# The first three pairs are the examples the Review of Particle Physics gives for its rule.
WORKED = [
    (0.827, 0.119, "0.83 ± 0.12"),
    (0.827, 0.367, "0.8 ± 0.4"),
    (0.827, 0.967, "0.8 ± 1.0"),
    (0.8310609, 0.0221, "0.831 ± 0.022"),
    (0.8310609, 0.0354, "0.831 ± 0.035"),
    (0.8310609, 0.0355, "0.83 ± 0.04"),
    (0.8310609, 0.0949, "0.83 ± 0.09"),
    (0.8310609, 0.0950, "0.83 ± 0.10"),
    (0.8310609, 0.0999, "0.83 ± 0.10"),
    (0.8310609, 0.99951, "0.8 ± 1.0"),
    (-1.600634, 0.0123, "−1.601 ± 0.012"),
    (-0.0004, 0.02, "0.000 ± 0.020"),
    (0.0, 0.5, "0.0 ± 0.5"),
    (41.0, 2.05, "41.0 ± 2.0"),
    (41.0, 5.0, "41 ± 5"),
    (1380.0, 23.0, "1380 ± 23"),
    (123456.0, 2345.0, "(1.235 ± 0.023)×10^5"),
    (5.5e9, 2.0e3, "(5.5000000 ± 0.0000020)×10^9"),
    (1.2345e12, 4e9, "(1.234 ± 0.004)×10^12"),
    (-3.21e-9, 1.4e-10, "(−3.21 ± 0.14)×10^-9".replace("^-", "^−")),
    (2e-9, 3.0, "0.0 ± 3.0"),
    (1e-300, 5e-301, "(1.0 ± 0.5)×10^−300"),
    (0.83, 12.0, "1 ± 12"),
    (0.125, 0.05, "0.12 ± 0.05"),
    (0.375, 0.05, "0.38 ± 0.05"),
]


@pytest.mark.parametrize(("value", "uncertainty", "text"), WORKED)
def test_worked_cases(value, uncertainty, text):
    assert round_by_uncertainty(value, uncertainty).plain() == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.62, "0.62"),
        (140000.0, "140000"),
        (0.0, "0"),
        (-0.0, "0"),
        (1 / 3, "0.333333"),
        (-2.5, "−2.5"),
        (1.4e7, "1.4×10^7"),
        (123456789.0, "1.23457×10^8"),
        (1e-7, "1×10^−7"),
        (999999.7, "1×10^6"),
    ],
)
@pytest.mark.parametrize("uncertainty", [0.0, math.nan])
def test_numbers_without_uncertainty(value, uncertainty, text):
    assert round_by_uncertainty(value, uncertainty).plain() == text


@pytest.mark.parametrize(
    ("value", "uncertainty"),
    [(math.nan, 0.1), (math.nan, math.nan), (math.inf, 0.1), (-math.inf, 0.0), (1.0, math.inf)],
)
def test_what_is_not_known_is_not_printed_as_a_number(value, uncertainty):
    shown = round_by_uncertainty(value, uncertainty)
    assert shown.plain() == UNKNOWN
    assert shown.latex() == "--"


@pytest.mark.parametrize(
    ("value", "uncertainty", "text"),
    [
        (0.8310609, 0.0221, r"$0.831 \pm 0.022$"),
        (-1.600634, 0.0123, r"$-1.601 \pm 0.012$"),
        (-3.21e-9, 1.4e-10, r"$(-3.21 \pm 0.14) \times 10^{-9}$"),
        (0.62, 0.0, "$0.62$"),
        (1.4e7, math.nan, r"$1.4 \times 10^{7}$"),
    ],
)
def test_latex(value, uncertainty, text):
    assert round_by_uncertainty(value, uncertainty).latex() == text


def test_negative_uncertainty_is_refused():
    with pytest.raises(FileFormatError, match=r"uncertainty -0.1 of 0.83 is negative"):
        round_by_uncertainty(0.83, -0.1)


@given(
    value=st.floats(-1e12, 1e12),
    mantissa=st.floats(1.0, 9.999),
    exponent=st.integers(-15, 12),
)
def test_the_rule_holds_for_any_pair(value, mantissa, exponent):
    uncertainty = float(f"{mantissa!r}e{exponent}")
    shown = round_by_uncertainty(value, uncertainty)
    three = round(Decimal(repr(mantissa)) * 100)
    if three <= 354:
        place, fewest, most = exponent - 1, 10, 35
    elif three <= 949:
        place, fewest, most = exponent, 4, 9
    else:
        place, fewest, most = exponent, 10, 10
    last_place = Decimal(1).scaleb(place)
    for text, exact in ((shown.value, value), (shown.uncertainty, uncertainty)):
        printed = Decimal(text).scaleb(shown.exponent)
        assert printed % last_place == 0
        assert abs(printed - Decimal(repr(exact))) <= last_place / 2
    assert fewest <= Decimal(shown.uncertainty).scaleb(shown.exponent) / last_place <= most
    # Value and uncertainty share their last printed place.
    assert len(shown.value.partition(".")[2]) == len(shown.uncertainty.partition(".")[2])


@pytest.mark.parametrize(
    ("probability", "text"),
    [
        (0.9734, "0.973"),
        (0.5, "0.500"),
        (0.0, "< 0.001"),
        (0.00099, "< 0.001"),
        (0.001, "0.001"),
        (0.999, "0.999"),
        (0.9991, "> 0.999"),
        (1.0, "> 0.999"),
        (math.nan, UNKNOWN),
    ],
)
def test_probabilities(probability, text):
    assert probability_text(probability) == text


@pytest.mark.parametrize("probability", [-0.1, 1.1, math.inf])
def test_impossible_probabilities_are_refused(probability):
    with pytest.raises(FileFormatError, match="not between 0 and 1"):
        probability_text(probability)
