"""Counter-rotating terms, general tone lists, two base frequencies at once."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from tests.physics.samples import CASES, largest_error, reference_system, worked_example

from entangled_drums import covariance, entanglement, floquet, model, periodic, spectra, tones
from entangled_drums.conventions import operators_from_quadratures
from entangled_drums.errors import ParameterError
from entangled_drums.system import Bath, Device, Drive, Probe, System
from entangled_drums.tones import Tone, ToneSettings, drive_modulation, tone_modulation
from entangled_drums.units import angular

HOT = worked_example(internal_occupation=1.656)
PROBE = Probe(angular(150e3), angular([1e4, 1e4]), angular([1e4, 1e4]), 0.8)


def mean_measures(system, modulation):
    state = periodic.require(periodic.periodic_state(system, modulation))
    return entanglement.measures(state.mean_covariance)


@pytest.mark.parametrize("case", CASES)
def test_reference_counter_rotating_covariance(case):
    system = reference_system(case)
    state = periodic.periodic_state(system, drive_modulation(system.drive, counter_rotating=True))
    expected = case["counter_rotating_mean_covariance"]
    assert largest_error(state.mean_covariance, expected) < 1e-8


def test_worked_point_beyond_the_rwa():
    found = mean_measures(HOT, drive_modulation(HOT.drive, counter_rotating=True))
    assert found.duan == pytest.approx(0.8592231, abs=5e-8)
    assert found.ppt_symplectic_eigenvalue == pytest.approx(0.4295846, abs=1e-7)


def test_retuning_the_pumps_recovers_the_shift_of_the_drums():
    plain = entanglement.measures(covariance.steady_state(HOT).covariance).duan
    offsets = np.linspace(-1000.0, -200.0, 9)
    retuned = worked_example(internal_occupation=1.656, frame_offset_hz=offsets)
    # A grid of frames is a grid of base frequencies: batched like any other parameter.
    duan = mean_measures(retuned, drive_modulation(retuned.drive, counter_rotating=True)).duan
    fit = np.polyfit(offsets, duan, 2)
    best = -fit[1] / (2 * fit[0])
    fixed = mean_measures(HOT, drive_modulation(HOT.drive, counter_rotating=True)).duan
    assert best == pytest.approx(-573, abs=15)
    assert fixed - plain == pytest.approx(0.015, abs=5e-4)
    assert fixed - np.polyval(fit, best) == pytest.approx(0.006, abs=5e-4)


def test_fast_drums_restore_the_rwa():
    shifted = []
    for factor in (1, 4, 16):
        centre = factor * 10.65e6
        system = worked_example(frequencies=(centre - 0.65e6, centre + 0.65e6))
        exact = mean_measures(system, drive_modulation(system.drive, counter_rotating=True)).duan
        shifted.append(
            exact - entanglement.measures(covariance.steady_state(system).covariance).duan
        )
    assert abs(shifted[2]) < 0.25 * abs(shifted[1]) < 0.1 * abs(shifted[0])


def test_two_harmonics_suffice_for_the_covariance():
    modulation = drive_modulation(HOT.drive, counter_rotating=True)
    two = periodic.periodic_state(HOT, modulation, reach=(2,))
    five = periodic.periodic_state(HOT, modulation, reach=(5,))
    assert largest_error(two.mean_covariance, five.mean_covariance) < 1e-11


def slow_toy():
    """A drive so strong and slow that every harmonic matters, in units of kappa = 1."""
    device = Device(100.0, 0.7, 0.3, [3.0, 3.8], [0.05, 0.08], [1.0, 1.0])
    bath = Bath(0.05, 0.4, [3.0, 2.0])
    drive = Drive(0.1, 3.4, [0.25 + 0.05j, 0.2], [0.1, 0.12j])
    probe = Probe(0.23, [0.05, 0.04], [0.03, 0.05j], 0.6)
    return System(device, bath, drive), probe


@pytest.mark.parametrize(("probed", "counter"), [(True, False), (False, True), (True, True)])
def test_periodic_state_agrees_with_integration_in_time(probed, counter):
    system, probe = slow_toy()
    drive = system.drive
    modulation = drive_modulation(drive, probe if probed else None, counter_rotating=counter)
    state = periodic.require(periodic.periodic_state(system, modulation))
    noise = model.diffusion(system.device, system.bath)
    basis = operators_from_quadratures()
    blue = probe.blue_coupling * np.exp(1j * probe.phase)
    fast = 2 * drive.frame_frequency

    def quadrature_drift(lower, upper):
        instant = Drive(drive.cavity_detuning, drive.frame_frequency, lower, upper)
        return (basis.conj().T @ model.operator_drift(system.device, instant) @ basis).real

    # The drift is linear in the real and imaginary parts of the four instantaneous couplings.
    still = quadrature_drift([0.0, 0.0], [0.0, 0.0])
    units = np.array(
        [
            quadrature_drift(*np.split(factor * np.eye(4)[k], 2)) - still
            for k in range(4)
            for factor in (1.0, 1.0j)
        ]
    )

    def drift_at(time):
        # Straight from the Hamiltonian: every tone's coefficient of a^dag b_j and a^dag b_j^dag.
        shift = np.exp(-1j * probe.offset * time) if probed else 0.0
        turn = np.exp(-1j * fast * time) if counter else 0.0
        red_total = drive.red_coupling + shift * probe.red_coupling
        blue_total = drive.blue_coupling + shift * blue
        lower = red_total + turn * blue_total
        upper = blue_total + np.conj(turn) * red_total
        parts = np.concatenate([lower, upper]).view(float)
        return still + np.tensordot(parts, units, axes=1)

    def rate(time, flat):
        v = flat.reshape(6, 6)
        a = drift_at(time)
        return (a @ v + v @ a.T + noise).ravel()

    start = np.diag(np.repeat([0.7, 3.5, 2.5], 2)).ravel()
    times = np.array([250.0, 250.7, 253.1])
    run = solve_ivp(
        rate, (0, times[-1]), start, method="DOP853", t_eval=times, rtol=1e-9, atol=1e-10
    )
    found = state.covariance_at(times)
    np.testing.assert_allclose(found.reshape(3, 36).T, run.y, atol=2e-6)


def test_two_frequency_expansion_reduces_to_each_alone():
    silent = replace(PROBE, red_coupling=[0.0, 0.0], blue_coupling=[0.0, 0.0])
    both = periodic.periodic_state(HOT, drive_modulation(HOT.drive, silent, counter_rotating=True))
    alone = periodic.periodic_state(HOT, drive_modulation(HOT.drive, counter_rotating=True))
    assert largest_error(both.mean_covariance, alone.mean_covariance) < 1e-11
    axis = angular(np.linspace(-1e6, 1e6, 31))
    found = spectra.probe_output_psd(HOT, silent, axis, counter_rotating=True)
    assert largest_error(found, spectra.beyond_rwa_output_psd(HOT, axis)) < 1e-11


@pytest.mark.parametrize("probe", [None, PROBE])
def test_commutator_is_one_beyond_the_rwa(probe):
    modulation = drive_modulation(HOT.drive, probe, counter_rotating=True)
    axis = angular(np.linspace(-1e6, 1e6, 7))
    transfer = floquet.output_transfer(HOT, modulation, axis, (5, 3) if probe else (4,))
    np.testing.assert_allclose(transfer.commutator(), 1.0, atol=1e-9)


def test_emission_beyond_the_rwa_differs_by_little():
    axis = angular(np.linspace(-1e6, 1e6, 201))
    exact, rwa = spectra.beyond_rwa_output_psd(HOT, axis), spectra.output_psd(HOT, axis)
    assert 1e-3 < largest_error(exact, rwa) < 0.2


def pump_tones(system):
    drive = system.drive
    return [
        Tone(-drive.frame_frequency, drive.red_coupling),
        Tone(drive.frame_frequency, drive.blue_coupling),
    ]


def probe_tones(system, probe):
    frame = system.drive.frame_frequency
    return [
        Tone(-frame + probe.offset, probe.red_coupling),
        Tone(frame + probe.offset, probe.blue_coupling * np.exp(1j * probe.phase)),
    ]


@pytest.mark.parametrize("counter", [False, True])
@pytest.mark.parametrize("probe", [None, PROBE])
def test_tone_lists_reproduce_pumps_and_probes(counter, probe):
    listed = pump_tones(HOT) + (probe_tones(HOT, probe) if probe else [])
    frame = HOT.drive.frame_frequency
    from_tones = tone_modulation(listed, frame, counter_rotating=counter)
    direct = drive_modulation(HOT.drive, probe, counter_rotating=counter)
    assert from_tones.lowering.keys() == direct.lowering.keys()
    assert from_tones.raising.keys() == direct.raising.keys()
    reach = (3,) * len(direct.bases)
    found = periodic.periodic_state(HOT, from_tones, reach).mean_covariance
    expected = periodic.periodic_state(HOT, direct, reach).mean_covariance
    assert largest_error(found, expected) < 1e-10


def test_one_red_and_one_blue_tone_on_different_drums():
    # Red on drum 1, blue on drum 2, as in pulsed schemes: each tone sits on its own drum.
    frame = HOT.drive.frame_frequency
    splitting = angular(0.65e6)
    listed = [
        Tone(-frame + splitting, angular([100e3, 100e3])),
        Tone(frame + splitting, angular([40e3, 40e3])),
    ]
    modulation = tone_modulation(listed, frame)
    assert len(modulation.bases) == 1
    np.testing.assert_allclose(modulation.bases[0], splitting, rtol=1e-9)
    # Centred on the pair of tones instead, the same drive is static.
    moved = replace(HOT, drive=replace(HOT.drive, cavity_detuning=splitting))
    static = tone_modulation(
        [Tone(-frame, angular([100e3, 100e3])), Tone(frame, angular([40e3, 40e3]))], frame
    )
    found = periodic.require(periodic.periodic_state(HOT, modulation))
    expected = periodic.require(periodic.periodic_state(moved, static))
    # The frame of the cavity differs between the two, that of the drums does not.
    assert largest_error(found.mean_covariance[2:, 2:], expected.mean_covariance[2:, 2:]) < 1e-9


def test_generator_settings_become_tones():
    couplings = {f"drum_{j}.single_photon_coupling_hz": 130.0 for j in (1, 2)}
    photons = (140e3 / 130.0) ** 2
    found = tones.tones(
        couplings,
        [
            ToneSettings(-10.65e6, photons),
            ToneSettings(10.65e6, 0.62**2 * photons, phase_rad=np.pi / 2),
        ],
    )
    red, blue = HOT.drive.red_coupling, HOT.drive.blue_coupling
    np.testing.assert_allclose(found[0].coupling, red, rtol=1e-12)
    np.testing.assert_allclose(found[1].coupling, 1j * blue, rtol=1e-12, atol=1e-6)
    # A phase of the blue tone turns c, not the entanglement.
    turned = mean_measures(HOT, tone_modulation(found, HOT.drive.frame_frequency))
    plain = entanglement.measures(covariance.steady_state(HOT).covariance)
    assert turned.duan == pytest.approx(plain.duan, rel=1e-10)
    turn = np.angle(turned.anomalous_correlator / plain.anomalous_correlator)
    assert turn == pytest.approx(np.pi / 2, rel=1e-9)
    with pytest.raises(ParameterError, match=r"tones\[0\]\.photons is negative"):
        tones.tones(couplings, [ToneSettings(1.0, -1.0)])


def test_four_probe_tones_make_two_bases():
    frame, splitting, epsilon = HOT.drive.frame_frequency, angular(0.65e6), angular(150e3)
    weak = angular([5e3, 5e3])
    probes = [
        Tone(side * frame + epsilon + shift, weak)
        for side in (-1, 1)
        for shift in (-splitting, splitting)
    ]
    modulation = tone_modulation(pump_tones(HOT) + probes, frame)
    assert len(modulation.bases) == 2
    state = periodic.require(periodic.periodic_state(HOT, modulation, reach=(2, 2)))
    base = entanglement.measures(covariance.steady_state(HOT).covariance)
    assert entanglement.measures(state.mean_covariance).duan == pytest.approx(base.duan, abs=0.1)


def test_overtones_of_one_base_are_solved_too():
    frame, epsilon = HOT.drive.frame_frequency, angular(150e3)
    weak = angular([4e3, 4e3])
    listed = [*pump_tones(HOT), Tone(-frame + epsilon, weak), Tone(frame + 2 * epsilon, weak)]
    modulation = tone_modulation(listed, frame)
    assert len(modulation.bases) == 1 and (2,) in modulation.raising
    state = periodic.require(periodic.periodic_state(HOT, modulation, reach=(5,)))
    axis = angular(np.linspace(-1e6, 1e6, 21))
    assert np.all(spectra.modulated_output_psd(HOT, modulation, axis) > 0)
    assert state.mean_covariance.shape == (6, 6)


def test_a_drive_without_modulation_is_the_plain_steady_state():
    state = periodic.periodic_state(
        HOT, tone_modulation(pump_tones(HOT), HOT.drive.frame_frequency)
    )
    assert state.reach == ()
    assert largest_error(state.mean_covariance, covariance.steady_state(HOT).covariance) < 1e-11


def test_bad_tones_are_named():
    frame = HOT.drive.frame_frequency
    with pytest.raises(ParameterError, match="tones is empty"):
        tone_modulation([], frame)
    with pytest.raises(ParameterError, match="frame_frequency is not positive"):
        tone_modulation(pump_tones(HOT), -1.0)
    with pytest.raises(ParameterError, match=r"tone\.coupling has shape \(3,\)"):
        Tone(0.0, [1.0, 2.0, 3.0])
    with pytest.raises(ParameterError, match="holds NaN"):
        Tone(np.nan, [1.0, 2.0])
    with pytest.raises(ParameterError, match=r"tones\[0\]\.frequency changes side"):
        tone_modulation([Tone(np.array([-1e7, 1e7]), [1.0, 1.0])], frame)
    with pytest.raises(ParameterError, match="zero in part of the batch"):
        tone_modulation([Tone(-frame + np.array([0.0, 1e5]), [1.0, 1.0])], frame)


def test_lattice_is_complete_and_ordered():
    assert tones.lattice(()) == [()]
    assert tones.lattice((1,)) == [(-1,), (0,), (1,)]
    assert len(tones.lattice((2, 1))) == 15
