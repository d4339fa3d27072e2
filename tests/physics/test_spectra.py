"""Emission spectra: reference vectors, unitarity, sum rule, vacuum, line positions, S11."""

from dataclasses import fields, replace
from itertools import pairwise

import numpy as np
import pytest
from scipy.integrate import quad
from tests.physics.exact import threshold_ratio
from tests.physics.samples import (
    CASES,
    largest_error,
    random_system,
    reference_system,
    with_cold_baths,
    with_drive,
    worked_example,
)

from entangled_drums import covariance, model, spectra
from entangled_drums.errors import ParameterError, UnstableDriveError
from entangled_drums.system import Perturbation, System
from entangled_drums.units import angular, cyclic

AXIS = angular(np.linspace(-1.5e6, 1.5e6, 601))


def inverse_per_frequency(system, omega):
    """The obvious way: invert the 6x6 matrix at each frequency."""
    drift = model.operator_drift(system.device, system.drive, system.perturbation)
    mixing = model.input_matrix(system.device)
    normal = model.normal_correlations(system)
    spectrum = []
    for one in omega:
        inverse = np.linalg.inv(-1j * one * np.eye(6) - drift)
        row = np.sqrt(system.device.kappa_external) * (inverse @ mixing)[0]
        row[0] -= 1.0
        spectrum.append((row.conj() @ normal @ row).real)
    return np.array(spectrum)


@pytest.mark.parametrize("case", CASES)
def test_reference_psd(case):
    found = spectra.output_psd(reference_system(case), angular(case["output_psd"]["frequency_hz"]))
    assert largest_error(found, case["output_psd"]["quanta"]) < 1e-10


@pytest.mark.parametrize("seed", range(4))
def test_equals_the_inverse_per_frequency(seed):
    system = random_system(seed, complex_couplings=True, largest_ratio=0.6)
    found = spectra.output_psd(system, AXIS)
    assert largest_error(found, inverse_per_frequency(system, AXIS)) < 1e-11


@pytest.mark.parametrize(
    "perturbation",
    [
        Perturbation(),
        Perturbation(mechanical_parametric=[300.0 + 100.0j, -200.0]),
        Perturbation(bath_correlation=12.0 - 5.0j),
        Perturbation(pump_noise_occupation=0.2, pump_noise_correlation=0.1 + 0.2j),
    ],
)
def test_perturbed_spectra_equal_the_inverse_per_frequency(perturbation):
    plain = worked_example(external_occupation=0.1)
    system = System(plain.device, plain.bath, plain.drive, perturbation)
    found = spectra.output_psd(system, AXIS)
    assert largest_error(found, inverse_per_frequency(system, AXIS)) < 1e-11


def test_commutator_is_one_at_random_parameters():
    for couplings in (False, True):
        system = random_system(31, (50,), couplings)
        np.testing.assert_allclose(spectra.output_commutator(system, AXIS), 1.0, atol=1e-9)


def test_vacuum_in_vacuum_out_without_blue_tone():
    system = with_cold_baths(random_system(32, (50,), complex_couplings=True))
    system = with_drive(system, blue_coupling=[0.0, 0.0])
    np.testing.assert_allclose(spectra.output_psd(system, AXIS), 0.0, atol=1e-12)


def test_cold_blue_tone_emits_pairs():
    system = with_cold_baths(worked_example())
    assert spectra.output_psd(system, AXIS).max() > 0.01


def test_equal_baths_without_pumps_give_a_flat_spectrum():
    system = worked_example(red=(0.0, 0.0), internal_occupation=0.7, external_occupation=0.7)
    np.testing.assert_allclose(spectra.output_psd(system, AXIS), 0.7, rtol=1e-13)


def test_cavity_pedestal():
    system = worked_example(red=(0.0, 0.0))
    device = system.device
    expected = (
        4 * device.kappa_external * device.kappa_internal * 1.5 / (device.kappa**2 + 4 * AXIS**2)
    )
    np.testing.assert_allclose(spectra.output_psd(system, AXIS), expected, rtol=1e-12)


@pytest.mark.parametrize("seed", [41, 42, 43])
def test_sum_rule(seed):
    system = random_system(seed, largest_ratio=0.6)
    state = covariance.require(covariance.steady_state(system))

    def density(f):
        psd = spectra.output_psd(system, [angular(f)])[0]
        return psd - system.bath.external_occupation

    eigenvalues = np.linalg.eigvals(model.drift(system.device, system.drive))
    corners = np.unique(cyclic(eigenvalues.imag))
    widths = cyclic(-eigenvalues.real)
    edges = np.unique(
        np.concatenate([corners + s * k * w for w in widths for k in (0, 1, 10) for s in (-1, 1)]
                       + [[-3e7, 3e7]])
    )  # fmt: skip
    total = sum(quad(density, a, b, epsrel=1e-9, limit=200)[0]
                for a, b in pairwise(edges))  # fmt: skip
    tails = [quad(lambda u, s=s: density(s / u) / u**2, 1e-14, 1 / 3e7, epsrel=1e-9)[0]
             for s in (-1, 1)]  # fmt: skip
    expected = spectra.output_flux(system, state)
    scale = max(abs(expected), cyclic(system.device.kappa))
    assert total + sum(tails) == pytest.approx(expected, abs=1e-5 * scale)


def test_lines_are_pushed_outward():
    system = worked_example()
    eigenvalues = np.linalg.eigvals(model.drift(system.device, system.drive))
    line = np.sort(cyclic(eigenvalues.imag[np.abs(eigenvalues.imag) > angular(1e5)]))
    assert line[-1] == pytest.approx(658.85e3, abs=150)
    assert line[0] == pytest.approx(-658.85e3, abs=150)
    # Omega + Gamma Omega/kappa: half a linewidth.
    red, blue = system.drive.red_coupling[0], system.drive.blue_coupling[0]
    kappa, omega = system.device.kappa, angular(0.65e6)
    gamma_opt = 4 / kappa * (red**2 - blue**2) / (1 + (2 * omega / kappa) ** 2)
    assert cyclic(omega + gamma_opt * omega / kappa) == pytest.approx(658.73e3, abs=200)


@pytest.mark.parametrize("external_occupation", [0.0, 0.4])
def test_weak_red_tone_reads_the_drum(external_occupation):
    coupling = 50.0
    system = worked_example(red=(coupling, 0.0), ratio=0.0, external_occupation=external_occupation)
    pedestal_system = with_drive(system, red_coupling=[0.0, 0.0])
    gamma = system.device.mechanical_linewidth[0]
    centre = system.detuning[0]
    assert 4 * angular(coupling) ** 2 / system.device.kappa < 0.01 * gamma
    reach = 30
    offsets = np.linspace(-reach, reach, 60001) * gamma
    line = spectra.output_psd(system, centre + offsets)
    pedestal = spectra.output_psd(pedestal_system, centre + offsets)
    area = np.trapezoid(line - pedestal, offsets) / (2 * np.pi)
    area /= 2 / np.pi * np.arctan(2 * reach)  # Lorentzian tails beyond 30 gamma
    state = covariance.require(covariance.steady_state(system))
    n = state[2, 2] - 0.5
    kappa = system.device.kappa
    share = kappa**2 / (kappa**2 + 4 * centre**2)
    nc, ne = system.cavity_occupation, external_occupation
    expected = (
        system.device.kappa_external
        / (kappa**2 / 4 + centre**2)
        * angular(coupling) ** 2
        * (n - 2 * share * nc + (2 * share - 1) * ne)
    )
    assert area == pytest.approx(expected, rel=2e-3)


def test_cavity_reflection():
    device = worked_example().device
    found = spectra.cavity_reflection(device, [0.0, angular(5e10), angular(3e5)])
    ratio = device.kappa_external / device.kappa
    assert found[0] == pytest.approx(2 * ratio - 1)
    assert found[1] == pytest.approx(-1.0, abs=1e-4)
    assert found[2].imag > 0  # exp(-i omega t): the response lags above the cavity
    absorbed = 1 - np.abs(found) ** 2
    omega = np.array([0.0, angular(5e10), angular(3e5)])
    expected = 4 * device.kappa_external * device.kappa_internal / (device.kappa**2 + 4 * omega**2)
    np.testing.assert_allclose(absorbed, expected, atol=1e-12)


def test_batches_and_grids_broadcast():
    system = random_system(5, (4, 3))
    grid = np.broadcast_to(AXIS[::50], (4, 3, 13))
    found = spectra.output_psd(system, AXIS[::50])
    assert found.shape == (4, 3, 13)
    np.testing.assert_array_equal(found, spectra.output_psd(system, grid))


@pytest.mark.parametrize("complex_couplings", [False, True])
def test_any_single_field_may_carry_the_batch(complex_couplings):
    single = random_system(5, (), complex_couplings)
    for part in ("device", "bath", "drive"):
        record = getattr(single, part)
        for one in fields(record):
            value = getattr(record, one.name)
            batch = np.stack([value, 1.01 * value, 1.02 * value])
            system = replace(single, **{part: replace(record, **{one.name: batch})})
            found = spectra.output_psd(system, AXIS[::100])
            alone = replace(single, **{part: replace(record, **{one.name: batch[2]})})
            np.testing.assert_allclose(
                np.broadcast_to(found, (3, 7))[2], spectra.output_psd(alone, AXIS[::100]), rtol=1e-9
            )


@pytest.mark.parametrize(
    ("frequency", "message"),
    [(0.0, "single number"), ([np.nan], "NaN or infinity"), ([1.0, np.inf], "NaN or infinity")],
)
def test_bad_frequencies_are_named(frequency, message):
    with pytest.raises(ParameterError, match=f"frequency.*{message}"):
        spectra.output_psd(worked_example(), frequency)


def test_unstable_drives_have_no_spectrum():
    system = worked_example(ratio=np.array([0.6, 1.2]))
    with pytest.raises(UnstableDriveError, match=r"system\.drive at point \(1,\) has no steady"):
        spectra.output_psd(system, AXIS)
    with pytest.raises(UnstableDriveError, match="no steady state"):
        spectra.output_psd(worked_example(ratio=threshold_ratio()), AXIS)
    with pytest.raises(UnstableDriveError, match="no periodic steady state"):
        spectra.beyond_rwa_output_psd(system, AXIS)
    unchecked = spectra.output_psd(system, AXIS, require_stable=False)
    np.testing.assert_array_equal(unchecked[0], spectra.output_psd(worked_example(ratio=0.6), AXIS))


def test_transfer_refuses_a_perturbation():
    plain = worked_example()
    system = System(plain.device, plain.bath, plain.drive, Perturbation())
    with pytest.raises(ParameterError, match="perturbation"):
        spectra.output_transfer(system, AXIS)


@pytest.mark.parametrize("seed", range(4))
def test_port_reflection_has_the_modulus_of_the_transfer_and_the_phase_of_s11(seed):
    system = random_system(seed)
    omega = angular(np.linspace(-1.5e6, 1.5e6, 41))
    found = spectra.port_reflection(system, omega)
    square = spectra.output_transfer(system, omega).annihilation_external
    np.testing.assert_allclose(np.abs(found) ** 2, square, rtol=1e-10)
    dark = with_drive(system, red_coupling=np.zeros(2), blue_coupling=np.zeros(2))
    bare = spectra.cavity_reflection(system.device, omega + system.drive.cavity_detuning)
    np.testing.assert_allclose(spectra.port_reflection(dark, omega), bare, rtol=1e-12)
