"""Probes: exact spectra by harmonics, first order, back-action, areas, sum rules."""

import numpy as np
import pytest
from tests.physics.samples import (
    CASES,
    largest_error,
    random_system,
    reference_probe,
    reference_system,
    worked_example,
)

from entangled_drums import entanglement, floquet, periodic, spectra
from entangled_drums.errors import ParameterError, UnstableDriveError
from entangled_drums.model import normal_correlations
from entangled_drums.system import Perturbation, Probe, System
from entangled_drums.tones import drive_modulation
from entangled_drums.units import angular

HOT = worked_example(internal_occupation=1.656)


def balanced_probe(coupling_hz, phase, offset_hz=150e3):
    pair = angular([coupling_hz, coupling_hz])
    return Probe(offset=angular(offset_hz), red_coupling=pair, blue_coupling=pair, phase=phase)


@pytest.mark.parametrize("case", CASES)
def test_reference_probe_spectrum(case):
    found = spectra.probe_output_psd(
        reference_system(case),
        reference_probe(case),
        angular(case["probe_output_psd"]["frequency_hz"]),
    )
    assert largest_error(found, case["probe_output_psd"]["quanta"]) < 1e-8


@pytest.mark.parametrize("case", CASES)
def test_reference_probe_covariance(case):
    system = reference_system(case)
    state = periodic.periodic_state(system, drive_modulation(system.drive, reference_probe(case)))
    assert state.stable
    assert largest_error(state.mean_covariance, case["probe_mean_covariance"]) < 1e-8


@pytest.mark.parametrize("seed", range(4))
def test_commutator_is_one_including_sidebands(seed):
    system = random_system(seed, complex_couplings=True, largest_ratio=0.6)
    probe = Probe(
        offset=angular(1.1e5),
        red_coupling=0.2 * system.drive.red_coupling,
        blue_coupling=0.15 * system.drive.red_coupling[::-1],
        phase=0.7,
    )
    axis = angular(np.linspace(-1.2e6, 1.2e6, 101))
    modulation = drive_modulation(system.drive, probe)
    transfer = floquet.output_transfer(system, modulation, axis, (8,))
    np.testing.assert_allclose(transfer.commutator(), 1.0, atol=1e-9)
    psd = spectra.probe_output_psd(system, probe, axis)
    assert largest_error(transfer.psd(normal_correlations(system)), psd) < 1e-10


def test_one_harmonic_is_not_enough_and_five_are():
    line = angular(np.linspace(-530e3, -490e3, 41))
    probe = balanced_probe(20e3, np.pi)
    exact = spectra.probe_output_psd(HOT, probe, line, harmonics=9)
    assert largest_error(spectra.probe_output_psd(HOT, probe, line, harmonics=5), exact) < 1e-11
    assert largest_error(spectra.probe_output_psd(HOT, probe, line), exact) < 1e-12
    assert largest_error(spectra.probe_output_psd(HOT, probe, line, harmonics=1), exact) > 1e-3


def test_reduced_and_full_solves_agree():
    system = random_system(3, complex_couplings=True)
    probe = balanced_probe(1.5e4, 0.3)
    # A term far below rounding sends the same problem through the full matrix.
    marked = System(
        system.device, system.bath, system.drive, Perturbation(mechanical_two_mode=1e-30)
    )
    axis = angular(np.linspace(-1.2e6, 1.2e6, 61))
    fast = spectra.probe_output_psd(system, probe, axis, harmonics=4)
    assert largest_error(spectra.probe_output_psd(marked, probe, axis, harmonics=4), fast) < 1e-10


def test_vanishing_probe_leaves_the_emission():
    axis = angular(np.linspace(-1e6, 1e6, 101))
    found = spectra.probe_output_psd(HOT, balanced_probe(0.0, 0.0), axis)
    assert largest_error(found, spectra.output_psd(HOT, axis)) < 1e-12


def test_first_order_misses_terms_of_second_order_only():
    line = angular(np.linspace(-530e3, -490e3, 81))
    errors = []
    for coupling in (250.0, 500.0, 1000.0):
        probe = balanced_probe(coupling, np.pi / 3)
        exact = spectra.probe_output_psd(HOT, probe, line)
        errors.append(np.abs(spectra.probe_output_psd_first_order(HOT, probe, line) - exact).max())
    assert errors[0] > 0
    np.testing.assert_allclose(np.divide(errors[1:], errors[:-1]), 4.0, rtol=0.1)


def test_phases_are_batched():
    phases = np.linspace(0, 2 * np.pi, 8, endpoint=False)
    axis = angular(np.linspace(-530e3, -490e3, 11))
    batch = spectra.probe_output_psd(HOT, balanced_probe(1e4, phases), axis, harmonics=4)
    assert batch.shape == (8, 11)
    for at in (0, 3):
        alone = spectra.probe_output_psd(HOT, balanced_probe(1e4, phases[at]), axis, harmonics=4)
        np.testing.assert_allclose(batch[at], alone, rtol=1e-12)


def test_chunked_frequencies_agree(monkeypatch):
    axis = angular(np.linspace(-1e6, 1e6, 23))
    whole = spectra.probe_output_psd(HOT, balanced_probe(1e4, 0.5), axis)
    monkeypatch.setattr(floquet, "CHUNK_BYTES", 1)
    np.testing.assert_allclose(
        spectra.probe_output_psd(HOT, balanced_probe(1e4, 0.5), axis), whole, rtol=1e-12
    )


@pytest.mark.parametrize(
    ("coupling", "phase", "duan"),
    [(20e3, 0.0, 0.8444), (20e3, np.pi, 1.0633), (15e3, 0.0, 0.8443), (15e3, np.pi, 0.9666)],
)
def test_back_action(coupling, phase, duan):
    modulation = drive_modulation(HOT.drive, balanced_probe(coupling, phase))
    state = periodic.require(periodic.periodic_state(HOT, modulation))
    assert entanglement.measures(state.mean_covariance).duan == pytest.approx(duan, abs=5e-5)


def probe_area(system, centre_hz, phase, coupling_hz=1e3):
    """Lorentzian coefficient, over the closed form's prefactor, beside dispersive and smooth terms.

    The coupling is weak enough for the undisturbed state.
    """
    half_span = 60e3
    frequency = np.linspace(centre_hz - half_span, centre_hz + half_span, 1201)
    difference = spectra.probe_output_psd(
        system, balanced_probe(coupling_hz, phase), angular(frequency), harmonics=4
    ) - spectra.output_psd(system, angular(frequency))
    red, blue = system.drive.red_coupling[0], system.drive.blue_coupling[0]
    kappa = system.device.kappa
    splitting = angular(0.65e6)
    width = 4 / kappa * (red**2 - blue**2) / (1 + (2 * splitting / kappa) ** 2)
    width = (width + system.device.mechanical_linewidth.mean()) / (2 * np.pi)
    sign = np.sign(centre_hz - 150e3)
    line = 150e3 + sign * (0.65e6 + width * 0.65e6 / (kappa / 2 / np.pi))
    detuned = 2 * (frequency - line) / width
    lorentz = 1 / (1 + detuned**2)
    columns = np.stack([lorentz, detuned * lorentz, np.ones_like(detuned), detuned / 10], axis=1)
    height = np.linalg.lstsq(columns, difference, rcond=None)[0][0]
    response = system.device.kappa_external / (kappa**2 / 4 + angular(line) ** 2)
    return height * angular(width) / 4 / (response * angular(coupling_hz) ** 2)


def test_line_areas_deviate_from_the_closed_form_in_opposite_directions():
    squeezed = [probe_area(HOT, 150e3 + s * 0.65e6, 0.0) for s in (-1, 1)]
    swollen = [probe_area(HOT, 150e3 + s * 0.65e6, np.pi) for s in (-1, 1)]
    np.testing.assert_allclose(squeezed, [0.836, 0.867], atol=0.02)
    np.testing.assert_allclose(swollen, [7.45, 7.10], atol=0.1)
    assert np.mean(squeezed) == pytest.approx(0.8442, abs=0.02)
    assert np.mean(swollen) == pytest.approx(7.2468, abs=0.08)


def test_flux_of_the_probed_state():
    # The sum rule holds for the time average, whatever the probe.
    probe = balanced_probe(20e3, 2.0)
    state = periodic.periodic_state(HOT, drive_modulation(HOT.drive, probe))
    width = angular(40e6)
    fine = np.arange(-3e6, 3e6, 500.0)
    coarse = np.sinh(np.linspace(0, np.arcsinh(width / angular(3e6) * 50), 4000)) / 50 * 3e6
    coarse = coarse[coarse > 3e6]
    axis = angular(np.unique(np.concatenate([-coarse, fine, coarse])))
    total = np.trapezoid(spectra.probe_output_psd(HOT, probe, axis, harmonics=4), axis)
    expected = spectra.output_flux(HOT, state.mean_covariance)
    # Beyond the grid only the Lorentzian tail of the cavity is left.
    device = HOT.device
    tail = 2 * device.kappa_external * device.kappa_internal * 1.656 / axis[-1]
    assert (total + tail) / (2 * np.pi) == pytest.approx(expected, rel=1e-4)


def test_an_unstable_probe_is_refused():
    probe = Probe(angular(150e3), [0.0, 0.0], angular([200e3, 200e3]), 0.0)
    state = periodic.periodic_state(HOT, drive_modulation(HOT.drive, probe), reach=(6,))
    assert not state.stable
    assert np.isnan(state.mean_covariance).all()
    with pytest.raises(UnstableDriveError, match="no periodic steady state"):
        periodic.require(state)
    with pytest.raises(UnstableDriveError, match="no periodic steady state"):
        spectra.probe_output_psd(HOT, probe, [0.0])
    with pytest.raises(UnstableDriveError, match="no steady state"):
        spectra.probe_output_psd_first_order(worked_example(ratio=1.1), probe, [0.0])


def test_bad_arguments_are_named(monkeypatch):
    probe = balanced_probe(1e4, 0.0)
    with pytest.raises(ParameterError, match="harmonics is below 1"):
        spectra.probe_output_psd(HOT, probe, [0.0], harmonics=0)
    modulation = drive_modulation(HOT.drive, probe)
    with pytest.raises(ParameterError, match="reach has length 2"):
        spectra.modulated_output_psd(HOT, modulation, [0.0], (3, 3))
    with pytest.raises(ParameterError, match="reach is"):
        periodic.periodic_state(HOT, modulation, reach=(3, 3))
    monkeypatch.setattr(spectra, "MOST_HARMONICS", 3)
    with pytest.raises(ParameterError, match="more than 3 harmonics"):
        spectra.probe_output_psd(HOT, balanced_probe(3e4, 1.0), [0.0])
    with pytest.raises(ParameterError, match=r"probe\.offset is zero"):
        balanced_probe(1e4, 0.0, offset_hz=0.0)
