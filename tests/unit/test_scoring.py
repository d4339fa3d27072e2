"""One step of the calibration chain as a search: against an independent optimiser."""

import numpy as np
import pytest
from scipy.optimize import minimize

from entangled_drums.calibration import scoring
from entangled_drums.calibration.knowledge import Knowledge

AXIS = np.linspace(-1.0, 1.0, 60)


def means(points):
    """A line over a floor: height and width by their logarithms, curved as those of drums are."""
    height, width, floor = (np.exp(points[:, at, None]) for at in range(3))
    return height * width / (width**2 + AXIS**2) + floor


def problem(seed, shape=400.0):
    generator = np.random.default_rng(seed)
    scale = np.array([0.8, 0.8, 0.3])
    knowledge = Knowledge(
        ("height", "width", "floor"), np.array([0.0, -1.5, 0.0]), np.diag(scale**2), {}
    )
    truth = knowledge.mean + scale * generator.standard_normal(3)
    observed = means(truth[None])[0] * generator.gamma(shape, 1.0 / shape, AXIS.size)
    data = scoring.Data(
        observed=observed,
        shape=np.full(AXIS.size, shape),
        standard_deviation=1.0,
        group=np.zeros(AXIS.size, dtype=int),
        labels=("line",),
        tested=np.ones(AXIS.size, dtype=bool),
        tested_shape=np.full(AXIS.size, shape),
    )
    return knowledge, data, truth


@pytest.mark.parametrize("seed", range(12))
def test_the_search_ends_at_the_minimum(seed):
    """To a hundredth of a standard deviation, by the simplex method on deviance plus penalty."""
    knowledge, data, truth = problem(seed)
    scale = np.sqrt(np.diag(knowledge.covariance))

    def objective(x):
        ratio = data.observed / means(x[None])[0]
        deviance = 2.0 * np.sum(data.shape * (ratio - 1.0 - np.log(ratio)))
        return deviance + np.sum(((x - knowledge.mean) / scale) ** 2)

    options = {"xatol": 1e-9, "fatol": 1e-9, "maxiter": 5000, "maxfev": 5000}
    expected = minimize(objective, truth, method="Nelder-Mead", options=options).x
    found = scoring.fit(knowledge, (), data, means)
    off = (found.after.mean - expected) / found.after.uncertainty
    assert np.abs(off).max() < 0.01
    np.testing.assert_allclose(found.mean, means(found.after.mean[None])[0], rtol=1e-4)


def test_a_nuisance_without_prior_is_a_parameter_of_a_wide_one():
    """To the last hundredth of a standard deviation that the search leaves open."""
    knowledge, data, _ = problem(3)
    variance = np.diag(knowledge.covariance)
    wide = Knowledge(knowledge.names, knowledge.mean, np.diag([*variance[:2], 3.0**2]), {})
    known = Knowledge(knowledge.names[:2], knowledge.mean[:2], np.diag(variance[:2]), {})
    floor = scoring.Nuisance("floor", "1", 0.0, 0.3)
    as_nuisance = scoring.fit(known, (floor,), data, means)
    as_parameter = scoring.fit(wide, (), data, means)
    values = np.array([*as_nuisance.after.mean, *as_nuisance.nuisance_values])
    errors = np.array([*as_nuisance.after.uncertainty, *as_nuisance.nuisance_uncertainties])
    assert np.abs((values - as_parameter.after.mean) / errors).max() < 0.01
    assert errors == pytest.approx(as_parameter.after.uncertainty, rel=0.01)
