"""Entanglement measures against thewalrus, whose vacuum variance is hbar/2 and order is x x p p."""

import numpy as np
import pytest
from tests.physics.samples import CASES, random_system, reference_system
from thewalrus import decompositions, quantum, symplectic
from thewalrus.quantum import entanglement as thewalrus_entanglement

from entangled_drums import covariance, entanglement

XXPP = np.ix_([0, 2, 1, 3], [0, 2, 1, 3])


def states():
    cases = [covariance.steady_state(reference_system(case)).covariance for case in CASES]
    batch = covariance.steady_state(random_system(51, (200,)))
    return [*cases, *batch.covariance[batch.stable]]


def test_logarithmic_negativity_and_nu():
    entangled = 0
    for state in states():
        found = entanglement.measures(state)
        theirs = thewalrus_entanglement.log_negativity(
            2.0 * state[2:, 2:][XXPP], modes_A=[0], hbar=2
        )
        # Theirs is a natural logarithm.
        assert found.logarithmic_negativity == pytest.approx(theirs / np.log(2), abs=1e-8)
        entangled += theirs > 0
        flipped = np.diag([1.0, 1.0, 1.0, -1.0])
        values = symplectic.sympmat(2) @ flipped @ state[2:, 2:][XXPP] @ flipped
        nu = np.abs(np.linalg.eigvals(values)).min()
        assert found.ppt_symplectic_eigenvalue == pytest.approx(nu, rel=1e-7)
    assert 10 < entangled < len(states()) - 10


def test_physicality_and_purity():
    for state in states():
        block = 2.0 * state[2:, 2:][XXPP]
        assert quantum.is_valid_cov(block, hbar=2, rtol=1e-5, atol=1e-8)
        diagonal, _ = decompositions.williamson(block)
        purity = 1.0 / np.sqrt(np.prod(np.diag(diagonal)))
        assert entanglement.measures(state).purity == pytest.approx(purity, rel=1e-7)
