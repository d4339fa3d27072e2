"""Entanglement measures: closed forms, invariants of separable and entangled states, identities."""

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.physics.samples import CASES, random_system, reference_system, worked_example

from entangled_drums import covariance, entanglement
from entangled_drums.errors import ParameterError

FORM = np.kron(np.eye(2), np.array([[0.0, 1.0], [-1.0, 0.0]]))


def squeezed_thermal(r, n_1=0.0, n_2=0.0):
    """Two-mode squeezed thermal state with <b_1 b_2> negative, as the pumps make it."""
    a = (n_1 + 0.5) * np.cosh(r) ** 2 + (n_2 + 0.5) * np.sinh(r) ** 2
    b = (n_2 + 0.5) * np.cosh(r) ** 2 + (n_1 + 0.5) * np.sinh(r) ** 2
    c = -(n_1 + n_2 + 1.0) * np.sinh(r) * np.cosh(r)
    matrix = np.diag([a, a, b, b])
    matrix[0, 2] = matrix[2, 0] = c
    matrix[1, 3] = matrix[3, 1] = -c
    return matrix


def rotation(angle):
    return np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])


def random_passive(rng):
    """Phase shifts and a beam splitter: a random unitary as a rotation of the quadratures."""
    unitary, _ = np.linalg.qr(rng.normal(size=(2, 2)) + 1j * rng.normal(size=(2, 2)))
    matrix = np.block([[unitary.real, -unitary.imag], [unitary.imag, unitary.real]])
    order = [0, 2, 1, 3]
    return matrix[np.ix_(order, order)]


def random_symplectic(rng, strongest=1.2):
    """Any linear optics between bounded squeezers (Bloch and Messiah's form)."""
    r = rng.uniform(-strongest, strongest, 2)
    squeeze = np.diag([np.exp(r[0]), np.exp(-r[0]), np.exp(r[1]), np.exp(-r[1])])
    return random_passive(rng) @ squeeze @ random_passive(rng)


def random_state(rng):
    s = random_symplectic(rng)
    return s @ np.diag(np.repeat(0.5 + rng.exponential(0.5, 2), 2)) @ s.T


def transposed_eigenvalue(matrix):
    flip = np.diag([1.0, 1.0, 1.0, -1.0])
    return np.abs(np.linalg.eigvals(FORM @ flip @ matrix @ flip)).min()


@pytest.mark.parametrize("case", CASES)
def test_reference_measures(case):
    found = entanglement.measures(covariance.steady_state(reference_system(case)).covariance)
    assert found.duan == pytest.approx(case["duan_minimum"], rel=1e-11)
    assert found.ppt_symplectic_eigenvalue == pytest.approx(
        case["ppt_symplectic_eigenvalue"], rel=1e-11
    )
    np.testing.assert_allclose(found.occupation, case["occupation"], rtol=1e-11)
    assert found.anomalous_correlator == pytest.approx(
        complex(*case["anomalous_correlator"]), rel=1e-11
    )


@pytest.mark.parametrize("r", [0.05, 0.5, 2.0])
def test_two_mode_squeezed_vacuum(r):
    found = entanglement.measures(squeezed_thermal(r))
    assert found.duan == pytest.approx(np.exp(-2 * r))
    assert found.duan_fixed_phase == pytest.approx(np.exp(-2 * r))
    assert found.duan_weighted == pytest.approx(np.exp(-2 * r))
    assert 2 * found.ppt_symplectic_eigenvalue == pytest.approx(np.exp(-2 * r))
    assert found.logarithmic_negativity == pytest.approx(2 * r / np.log(2))
    assert found.purity == pytest.approx(1.0)
    assert found.steering_1_to_2 == pytest.approx(np.log(np.cosh(2 * r)))
    assert found.steering_2_to_1 == pytest.approx(np.log(np.cosh(2 * r)))
    assert found.squeezing_db == pytest.approx(20 * r / np.log(10))


def test_vacuum_sits_on_every_bound():
    found = entanglement.measures(0.5 * np.eye(6))
    assert found.duan == found.duan_fixed_phase == found.duan_weighted == 1.0
    assert found.ppt_symplectic_eigenvalue == 0.5
    assert found.logarithmic_negativity == 0.0
    assert found.steering_1_to_2 == found.steering_2_to_1 == 0.0
    assert found.squeezing_db == 0.0


def test_unequal_thermal_noise_steers_one_way():
    found = entanglement.measures(squeezed_thermal(0.4, 0.0, 0.3))
    assert (found.steering_1_to_2 > 0) != (found.steering_2_to_1 > 0)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(seed=st.integers(0, 2**32 - 1))
def test_invariants_of_any_gaussian_state(seed):
    rng = np.random.default_rng(seed)
    matrix = random_state(rng)
    found = entanglement.measures(matrix)
    nu = found.ppt_symplectic_eigenvalue
    assert nu == pytest.approx(transposed_eigenvalue(matrix), rel=1e-6)
    if found.duan_weighted < 1:
        assert nu < 0.5
    assert found.duan_weighted <= found.duan * (1 + 1e-12)
    assert 2 * nu <= found.duan_weighted * (1 + 1e-9)
    assert found.duan <= found.duan_fixed_phase + 1e-12 * found.duan_fixed_phase
    assert 0 < found.purity <= 1 + 1e-6
    if found.steering_1_to_2 > 1e-9 or found.steering_2_to_1 > 1e-9:
        assert nu < 0.5


@settings(max_examples=60, deadline=None, derandomize=True)
@given(seed=st.integers(0, 2**32 - 1), first=st.floats(0, 6.3), second=st.floats(0, 6.3))
def test_local_phases_change_only_the_fixed_phase_sum(seed, first, second):
    matrix = random_state(np.random.default_rng(seed))
    local = np.zeros((4, 4))
    local[:2, :2], local[2:, 2:] = rotation(first), rotation(second)
    before, after = entanglement.measures(matrix), entanglement.measures(local @ matrix @ local.T)
    for name in ("duan", "duan_weighted", "ppt_symplectic_eigenvalue", "purity"):
        assert getattr(after, name) == pytest.approx(getattr(before, name), rel=1e-9)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(seed=st.integers(0, 2**32 - 1))
def test_separable_states_pass_no_criterion(seed):
    rng = np.random.default_rng(seed)
    pure = np.zeros((4, 4))
    for at in (0, 2):
        turn = rotation(rng.uniform(0, 6.3))
        squeeze = np.exp(rng.normal(scale=0.6))
        pure[at : at + 2, at : at + 2] = turn @ np.diag([squeeze, 1 / squeeze]) @ turn.T / 2
    classical = rng.normal(size=(4, 4))
    found = entanglement.measures(pure + classical @ classical.T)  # Werner and Wolf's form
    assert found.duan >= 1 - 1e-9
    assert found.duan_weighted >= 1 - 1e-9
    assert found.ppt_symplectic_eigenvalue >= 0.5 - 1e-9
    assert found.logarithmic_negativity == pytest.approx(0.0, abs=1e-8)


def test_minimised_sums_are_the_minima_of_their_definitions():
    matrix = random_state(np.random.default_rng(5))
    angles, weights = np.linspace(0, 2 * np.pi, 721), np.exp(np.linspace(-2, 2, 801))
    plain, weighted = [], []
    for angle in angles:
        local = np.eye(4)
        local[2:, 2:] = rotation(angle)
        v = local @ matrix @ local.T
        plain.append(entanglement.measures(v).duan_fixed_phase)
        u = weights**2 * v[0, 0] + v[2, 2] / weights**2 + 2 * v[0, 2]
        w = weights**2 * v[1, 1] + v[3, 3] / weights**2 - 2 * v[1, 3]
        weighted.append(((u + w) / (weights**2 + weights**-2)).min())
    found = entanglement.measures(matrix)
    assert found.duan == pytest.approx(min(plain), rel=1e-4)
    assert found.duan_weighted == pytest.approx(min(weighted), rel=1e-4)


def test_nu_keeps_its_digits_where_the_textbook_difference_cancels():
    # The state is strongly mixed: seralian^2 is 1e16 times the determinant.
    matrix = squeezed_thermal(0.3, 1e4, 1e-3)
    v = mpmath.matrix(matrix.tolist())
    with mpmath.workdps(50):
        det = mpmath.det(v)
        seralian = mpmath.det(v[:2, :2]) + mpmath.det(v[2:, 2:]) - 2 * mpmath.det(v[:2, 2:])
        exact = float(mpmath.sqrt((seralian - mpmath.sqrt(seralian**2 - 4 * det)) / 2))
    nu = entanglement.measures(matrix).ppt_symplectic_eigenvalue
    assert nu == pytest.approx(exact, rel=1e-11)


def test_no_state_gives_no_measure():
    found = entanglement.measures(np.full((2, 6, 6), np.nan))
    for name in ("duan", "ppt_symplectic_eigenvalue", "logarithmic_negativity", "steering_1_to_2"):
        assert np.isnan(getattr(found, name)).all()


def test_wrong_shape_is_named():
    with pytest.raises(ParameterError, match=r"covariance has shape \(5, 5\)"):
        entanglement.measures(np.eye(5))


def test_every_field_has_unit_and_description():
    unit, text = entanglement.describe("duan")
    assert unit == "1" and "minimised" in text
    with pytest.raises(ParameterError, match="no measure 'dun'"):
        entanglement.describe("dun")


def test_map_equals_measures_of_the_covariances():
    system = random_system(21, (40, 30), largest_ratio=1.2)
    duan, nu, code = entanglement.duan_and_nu_map(system, chunk_points=77)
    state = covariance.steady_state(system)
    found = entanglement.measures(state.covariance)
    np.testing.assert_array_equal(code, state.reason_code)
    np.testing.assert_allclose(duan, found.duan, rtol=1e-10)
    np.testing.assert_allclose(nu, found.ppt_symplectic_eigenvalue, rtol=1e-10)
    with pytest.raises(ParameterError, match="chunk_points"):
        entanglement.duan_and_nu_map(system, chunk_points=0)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(seed=st.integers(0, 2**32 - 1), r=st.floats(0.01, 1.5))
def test_bogoliubov_identities(seed, r):
    matrix = random_state(np.random.default_rng(seed))
    found = entanglement.measures(matrix)
    m, q = entanglement.bogoliubov_occupations(found.occupation, found.anomalous_correlator, r)
    transformed = entanglement.measures(entanglement.bogoliubov_covariance(matrix, r))
    np.testing.assert_allclose(m, transformed.occupation, atol=1e-9 * np.abs(m).max() + 1e-12)
    assert q == pytest.approx(transformed.anomalous_correlator, rel=1e-9, abs=1e-9)
    assert entanglement.duan_from_bogoliubov(m, q, r) == pytest.approx(
        found.duan_fixed_phase, rel=1e-9
    )
    x_plus = 0.5 * (matrix[0, 0] + matrix[2, 2]) + matrix[0, 2]
    p_minus = 0.5 * (matrix[1, 1] + matrix[3, 3]) - matrix[1, 3]
    assert entanglement.quadrature_imbalance(matrix, r) == pytest.approx(
        x_plus - p_minus, rel=1e-8, abs=1e-8 * np.abs(matrix).max()
    )
    assert found.duan_fixed_phase <= entanglement.emission_bound(m, r) * (1 + 1e-9)


def test_emission_bound_refuses_negative_occupations():
    with pytest.raises(ParameterError, match="bogoliubov_occupation is negative"):
        entanglement.emission_bound([-0.1, 1.0], 0.5)


def emission_bound_of(system):
    found = entanglement.measures(covariance.require(covariance.steady_state(system)))
    r = np.arctanh(system.drive.blue_coupling[0] / system.drive.red_coupling[0])
    m, _ = entanglement.bogoliubov_occupations(found.occupation, found.anomalous_correlator, r)
    return found.duan, entanglement.emission_bound(m, r)


@pytest.mark.parametrize(
    ("system", "duan", "bound"),
    [
        (worked_example(), 0.831, 1.17),
        (worked_example(internal_occupation=0.0), None, 0.90),
        (worked_example(red=(2e5, 2e5), ratio=0.80), None, 0.72),
        (worked_example(internal_occupation=3.501), 1.000, 1.518),
        (worked_example(internal_occupation=6.0), 1.211, None),
    ],
)
def test_emission_bound_at_the_published_points(system, duan, bound):
    found_duan, found_bound = emission_bound_of(system)
    if duan is not None:
        assert found_duan == pytest.approx(duan, abs=6e-4)
    if bound is not None:
        assert found_bound == pytest.approx(bound, abs=6e-3)
