"""The root of a covariance: closed form, defining property, and that rounding leaves it alone."""

import numpy as np
import pytest

from entangled_drums.symmetric_root import symmetric_root


def test_two_variables_in_closed_form():
    """C^(1/2) of correlation c: mean and half the difference of sqrt(1 + c) and sqrt(1 - c)."""
    high, low = np.sqrt(1.6), np.sqrt(0.4)
    same, cross = (high + low) / 2.0, (high - low) / 2.0
    found = symmetric_root([[4.0, 0.6 * 2.0 * 5e9], [0.6 * 2.0 * 5e9, 2.5e19]])
    expected = np.array([[2.0, 0.0], [0.0, 5e9]]) @ [[same, cross], [cross, same]]
    np.testing.assert_allclose(found, expected, rtol=1e-14)


@pytest.mark.parametrize("seed", range(5))
def test_its_square_is_the_covariance(seed):
    generator = np.random.default_rng(seed)
    scale = 10.0 ** generator.uniform(-9, 9, 6)
    factor = generator.standard_normal((6, 6)) * scale[:, None]
    covariance = factor @ factor.T
    root = symmetric_root(covariance)
    np.testing.assert_allclose(
        root @ root.T / np.outer(scale, scale), covariance / np.outer(scale, scale), atol=1e-12
    )


def test_what_does_not_vary_and_what_is_one_variable_twice():
    root = symmetric_root([[0.0, 0.0, 0.0], [0.0, 9.0, 9.0], [0.0, 9.0, 9.0]])
    np.testing.assert_array_equal(root[0], 0.0)
    np.testing.assert_allclose(root @ root.T, [[0, 0, 0], [0, 9, 9], [0, 9, 9]], atol=1e-12)


def test_variances_below_zero_by_rounding_are_none():
    root = symmetric_root([[-1e-20, 0.0], [0.0, 4.0]])
    np.testing.assert_array_equal(root, [[0.0, 0.0], [0.0, 2.0]])


def test_rounding_moves_the_root_of_a_singular_covariance_by_little():
    exact = symmetric_root([[1.0, 1.0], [1.0, 1.0]])
    rounded = symmetric_root([[1.0, 1.0 - 1e-16], [1.0 - 1e-16, 1.0]])
    np.testing.assert_allclose(rounded, exact, atol=2e-8)


def test_rounding_does_not_turn_it_where_eigenvalues_coincide():
    rounding = np.array([[0.0, 1e-15, -1e-15], [1e-15, 0.0, 2e-15], [-1e-15, 2e-15, 1e-15]])
    turned = [np.linalg.eigh(matrix)[1] for matrix in (np.eye(3), np.eye(3) + rounding)]
    assert np.max(np.abs(turned[1] - turned[0])) > 0.1  # what the root must not inherit
    np.testing.assert_allclose(symmetric_root(np.eye(3) + rounding), np.eye(3), atol=1e-14)
