"""Devices drawn from values and uncertainties: normal, and always physical."""

import numpy as np
import pytest
from tests.unit import inference_samples

from entangled_drums import prior, ranges
from entangled_drums.errors import ParameterError

VALUES = {**inference_samples.VALUES, "receiver.gain": 1.1}


def test_a_drawn_device_is_normal_around_the_device_values():
    """Fixed seed; mean and spread of 4000 draws within 4.9 standard errors (p = 1e-6 each)."""
    uncertainties = {name: 0.01 * abs(value) for name, value in VALUES.items()}
    generator = np.random.default_rng(11)
    name, size = "cavity.kappa_internal_hz", 4000
    drawn = np.array([prior.draw(VALUES, uncertainties, generator)[name] for _ in range(size)])
    pulls = (drawn - VALUES[name]) / uncertainties[name]
    assert abs(pulls.mean()) < 4.9 / np.sqrt(size)
    assert abs(pulls.std() - 1.0) < 4.9 / np.sqrt(2.0 * size)


def test_a_drawn_device_stays_physical_where_uncertainties_are_large():
    uncertainties = {name: 2.0 * abs(value) for name, value in VALUES.items()}
    generator = np.random.default_rng(5)
    slopes = set()
    for _ in range(50):
        device = prior.draw(VALUES, uncertainties, generator)
        assert all(ranges.is_allowed(name, value) for name, value in device.items())
        slopes.add(device["heating.drum_slope"] < 0)
    assert slopes == {True, False}


def test_exact_parameters_are_not_changed():
    assert prior.draw(VALUES, dict.fromkeys(VALUES, 0.0), np.random.default_rng(1)) == (VALUES)


@pytest.mark.parametrize(
    ("uncertainties", "message"),
    [
        ({}, "bath.external_occupation: no uncertainty given; write one (0.0 if it is exact)"),
        (dict.fromkeys(VALUES, -1.0), "bath.external_occupation: value 0.02 +- -1.0 cannot be"),
    ],
)
def test_what_cannot_be_drawn_is_named(uncertainties, message):
    with pytest.raises(ParameterError) as error:
        prior.draw(VALUES, uncertainties, np.random.default_rng(1))
    assert str(error.value).startswith(message)


def test_a_value_that_cannot_become_positive_is_named():
    with pytest.raises(ParameterError, match="gain: -1 \\+- 0 gives no positive value; write a"):
        prior.draw({"receiver.gain": -1.0}, {"receiver.gain": 0.0}, np.random.default_rng(1))
