"""Cubic splines: against another implementation, and exact where they must be."""

import numpy as np
import pytest
from scipy.interpolate import CubicSpline

from entangled_drums import spline


@pytest.mark.parametrize("count", [4, 5, 40])
def test_splines_are_those_of_scipy(count):
    generator = np.random.default_rng(count)
    knots = np.cumsum(0.1 + generator.random(count))
    values = generator.standard_normal((2, 3, count))
    at = np.linspace(knots[0] - 0.05, knots[-1] + 0.05, 301)
    found = spline.cubic(knots, values, at)
    np.testing.assert_allclose(found, CubicSpline(knots, values, axis=-1)(at), atol=1e-11)


def test_a_cubic_polynomial_is_kept_and_knots_are_met():
    knots = np.array([-2.0, -1.5, 0.0, 0.1, 1.0, 3.0])
    values = np.stack([knots**3 - 2.0 * knots, np.cos(7.0 * knots)])
    at = np.linspace(-2.0, 3.0, 57)
    found = spline.cubic(knots, values, np.concatenate([at, knots]))
    np.testing.assert_allclose(found[0, :57], at**3 - 2.0 * at, atol=1e-12)
    np.testing.assert_allclose(found[:, 57:], values, atol=1e-13)
