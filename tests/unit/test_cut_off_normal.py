"""Draws from a cut-off normal distribution, against rejection sampling."""

import numpy as np
import pytest
from scipy.stats import ks_2samp, norm

from entangled_drums.inference import cut_off_normal

CORRELATION = np.array(
    [
        [1.0, 0.6, -0.3, 0.0],
        [0.6, 1.0, 0.2, 0.4],
        [-0.3, 0.2, 1.0, 0.1],
        [0.0, 0.4, 0.1, 1.0],
    ]
)
COUNT = 6000


@pytest.mark.parametrize(
    "lowest",
    [
        pytest.param([-0.5, -1.5, -np.inf, -9.0], id="two near, one far, one none"),
        pytest.param([0.3, -np.inf, -np.inf, -np.inf], id="one, beyond its middle"),
        pytest.param([-1.0, -0.2, 0.1, -0.6], id="all"),
        pytest.param([-np.inf, -np.inf, -9.0, -np.inf], id="none near"),
    ],
)
def test_draws_are_those_of_rejection(lowest):
    """Margins and the sum of two, each at 1e-3 divided among the five."""
    lowest = np.array(lowest)
    found = cut_off_normal.draws(
        np.linalg.inv(CORRELATION), lowest, COUNT, np.random.default_rng(1), 30
    )
    assert np.all(found >= lowest)
    free = np.random.default_rng(2).multivariate_normal(np.zeros(4), CORRELATION, 40 * COUNT)
    expected = free[np.all(free >= lowest, axis=1)][:COUNT]
    assert len(expected) == COUNT
    for of in (*np.eye(4), np.array([1.0, 1.0, 0.0, 0.0])):
        assert ks_2samp(found @ of, expected @ of).pvalue > 1e-3 / 5


def test_far_beyond_the_middle_draws_are_those_of_the_exponential_tail():
    """Eight standard deviations out, where rejection would wait for ever."""
    found = cut_off_normal.draws(np.eye(1), np.array([8.0]), COUNT, np.random.default_rng(3), 30)
    excess = found[:, 0] - 8.0
    assert excess.min() >= 0.0
    # Above b the mean of a normal distribution is phi(b)/Q(b) =: l, its variance 1 + b l - l^2.
    mills = float(np.exp(norm.logpdf(8.0) - norm.logsf(8.0)))
    error = np.sqrt((1.0 + 8.0 * mills - mills**2) / COUNT)
    assert np.mean(excess) == pytest.approx(mills - 8.0, abs=5.0 * error)
