"""Units, checks of every argument, and the way from generator settings to a drive."""

from dataclasses import replace

import numpy as np
import pytest
from tests.physics.samples import random_system, worked_example

from entangled_drums import parameters, units
from entangled_drums.errors import EntangledDrumsError, ParameterError
from entangled_drums.system import Bath, Device, Drive, Perturbation, Probe, Receiver, System

VALUES = {
    "cavity.frequency_hz": 5.5e9,
    "cavity.kappa_external_hz": 1.13e6,
    "cavity.kappa_internal_hz": 0.25e6,
    "drum_1.frequency_hz": 10.0e6,
    "drum_2.frequency_hz": 11.3e6,
    "drum_1.linewidth_hz": 106.0,
    "drum_2.linewidth_hz": 144.0,
    "drum_1.single_photon_coupling_hz": 130.0,
    "drum_2.single_photon_coupling_hz": 120.0,
    "drum_1.thermal_occupation": 41.0,
    "drum_2.thermal_occupation": 30.0,
    "bath.external_occupation": 0.02,
    "bath.internal_occupation": 1.5,
    "heating.reference_coupling_hz": 1.4e5,
    "heating.cavity_exponent": 0.5,
    "heating.drum_slope": 0.03,
    "lines.blue_transmission": 1.0,
    "lines.probe_balance": 1.0,
    "receiver.gain": 1.0,
    "receiver.added_noise": 12.0,
}


def test_thermal_occupation_of_the_drums_at_base_temperature():
    found = units.thermal_occupation(units.angular([10.0e6, 11.3e6]), 0.014)
    np.testing.assert_allclose(found, [28.7, 25.3], atol=0.06)
    assert units.thermal_occupation(1.0, 0.0) == 0.0
    back = units.temperature(units.angular([10.0e6, 11.3e6]), found)
    np.testing.assert_allclose(back, 0.014, rtol=1e-12)
    assert units.decibel(0.1) == pytest.approx(-10.0)


@pytest.mark.parametrize(
    ("function", "arguments", "name"),
    [
        (units.thermal_occupation, (0.0, 1.0), "angular_frequency"),
        (units.thermal_occupation, (1.0, -1.0), "temperature_k"),
        (units.thermal_occupation, (1.0, np.nan), "temperature_k"),
        (units.temperature, (-1.0, 1.0), "angular_frequency"),
        (units.temperature, (1.0, -1.0), "occupation"),
    ],
)
def test_units_name_a_bad_argument(function, arguments, name):
    with pytest.raises(ParameterError, match=name):
        function(*arguments)


RATES = [
    "cavity_frequency",
    "kappa_external",
    "kappa_internal",
    "mechanical_frequency",
    "mechanical_linewidth",
    "single_photon_coupling",
]


@pytest.mark.parametrize("name", RATES)
@pytest.mark.parametrize("value", [0.0, -1.0, np.nan, np.inf])
def test_device_refuses_bad_rates(name, value):
    device = worked_example().device
    bad = np.array([1.0, value]) if getattr(device, name).shape == (2,) else value
    with pytest.raises(ParameterError, match=rf"^device\.{name} .*: give "):
        replace(device, **{name: bad})


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Bath(-0.1, 0.0, [1.0, 1.0]), "bath.external_occupation is negative"),
        (lambda: Bath(0.1, 0.0, [1.0, -1.0]), "bath.thermal_occupation is negative"),
        (lambda: Bath(0.1, 0.0, 3.0), r"bath.thermal_occupation has shape \(\)"),
        (lambda: Bath(0.1, 0.0, [1.0, 2.0, 3.0]), r"bath.thermal_occupation has shape \(3,\)"),
        (lambda: Bath("0.1", 0.0, [1.0, 1.0]), "bath.external_occupation has type <U3"),
        (lambda: Bath([[1.0], [1.0, 2.0]], 0.0, [1.0, 1.0]), "external_occupation is a ragged"),
        (lambda: Drive(0.0, 0.0, [1.0, 1.0], [0.0, 0.0]), "drive.frame_frequency is zero"),
        (lambda: Drive(np.nan, 1.0, [1.0, 1.0], [0.0, 0.0]), "drive.cavity_detuning holds NaN"),
        (lambda: Drive(0.0, 1.0, [1.0, np.nan], [0.0, 0.0]), "drive.red_coupling holds NaN"),
        (lambda: Drive(1j, 1.0, [1.0, 1.0], [0.0, 0.0]), "drive.cavity_detuning has type complex"),
        (
            lambda: Drive(0.0, 1.0, np.ones((3, 2)), np.ones((4, 2))),
            r"drive.blue_coupling has leading shape \(4,\), which does not broadcast with \(3,\)",
        ),
        (lambda: Probe(0.0, [1.0, 1.0], [1.0, 1.0], 0.0), "probe.offset is zero"),
        (lambda: Receiver(0.0, 1.0), "receiver.gain is zero"),
        (lambda: Receiver(1.0, -1.0), "receiver.added_noise is negative"),
    ],
)
def test_bad_fields_are_named(make, message):
    with pytest.raises(ParameterError, match=message):
        make()


def test_errors_are_one_line_and_of_one_family():
    with pytest.raises(EntangledDrumsError) as caught:
        Receiver(-1.0, 0.0)
    assert "\n" not in str(caught.value)


def test_system_names_what_does_not_broadcast():
    system = random_system(0, (3,))
    with pytest.raises(ParameterError, match=r"bath\.external_occupation has leading shape \(4,\)"):
        System(system.device, random_system(0, (4,)).bath, system.drive)


def test_correlations_larger_than_their_noise_are_refused():
    plain = worked_example()
    for extra, name in (
        (Perturbation(bath_correlation=36.0), "bath_correlation"),
        (Perturbation(pump_noise_correlation=0.1), "pump_noise_correlation"),
    ):
        with pytest.raises(ParameterError, match=name):
            System(plain.device, plain.bath, plain.drive, extra)


def test_points_are_those_of_the_flattened_batch():
    system = worked_example(
        internal_occupation=np.arange(12.0).reshape(3, 4),
        ratio=np.linspace(0.1, 0.4, 4),
        thermal=np.arange(6.0).reshape(3, 1, 2),
    )
    part = system.points(5, 9)
    assert part.shape == (4,)
    np.testing.assert_array_equal(part.bath.internal_occupation, [5, 6, 7, 8])
    np.testing.assert_array_equal(part.bath.thermal_occupation[:, 0], [2, 2, 2, 4])
    ratio = part.drive.blue_coupling[:, 0] / part.drive.red_coupling[..., 0]
    np.testing.assert_allclose(ratio, [0.2, 0.3, 0.4, 0.1])


def test_settings_reach_the_wanted_point_on_the_nominal_device():
    settings = parameters.drive_settings(VALUES, 140e3, 0.62, 1e4, -500.0)
    system = parameters.system(VALUES, settings)
    red = units.cyclic(system.drive.red_coupling)
    assert np.sqrt(red.prod()) == pytest.approx(140e3)
    assert red[0] / red[1] == pytest.approx(130 / 120)
    np.testing.assert_allclose(system.drive.blue_coupling / system.drive.red_coupling, 0.62)
    assert units.cyclic(system.drive.cavity_detuning) == pytest.approx(1e4, rel=1e-6)
    assert units.cyclic(system.drive.frame_frequency) == pytest.approx(10.65e6 - 500.0)
    np.testing.assert_allclose(system.bath.thermal_occupation, [41.0, 30.0])
    assert system.bath.internal_occupation == pytest.approx(1.5)


def test_settings_do_not_know_the_true_device():
    settings = parameters.drive_settings(VALUES, 140e3, 0.62)
    truth = VALUES | {
        "cavity.frequency_hz": 5.5e9 + 3e3,
        "drum_1.frequency_hz": 10.0e6 + 200.0,
        "drum_1.single_photon_coupling_hz": 143.0,
    }
    system = parameters.system(truth, settings)
    assert units.cyclic(system.drive.cavity_detuning) == pytest.approx(-3e3, rel=1e-6)
    assert units.cyclic(system.detuning[0]) == pytest.approx(-650e3 + 200.0)
    nominal = parameters.system(VALUES, settings)
    ratio = system.drive.red_coupling / nominal.drive.red_coupling
    np.testing.assert_allclose(ratio, [1.1, 1.0])


def test_heating_law():
    strong = parameters.system(VALUES, parameters.drive_settings(VALUES, 280e3, 0.5))
    assert strong.bath.internal_occupation == pytest.approx(1.5 * 2)
    np.testing.assert_allclose(strong.bath.thermal_occupation, np.array([41, 30]) * 1.09)


def test_probe_and_receiver_of_values():
    settings = parameters.probe_settings(VALUES, 150e3, 1e4, np.array([0.0, 1.0]))
    probe = parameters.probe(VALUES, settings)
    couplings = units.cyclic(probe.red_coupling)
    assert np.sqrt(couplings.prod()) == pytest.approx(1e4)
    np.testing.assert_array_equal(probe.red_coupling, probe.blue_coupling)
    assert probe.phase.shape == (2,)
    receiver = parameters.receiver(VALUES)
    assert (receiver.gain, receiver.added_noise) == (1.0, 12.0)


def test_sweeps_broadcast_through_the_settings():
    settings = parameters.drive_settings(VALUES, np.array([[1e5], [2e5]]), np.linspace(0, 0.9, 5))
    assert parameters.system(VALUES, settings).shape == (2, 5)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: parameters.drive_settings(VALUES, -1.0, 0.5), "drive.red_coupling_hz is negative"),
        (lambda: parameters.drive_settings(VALUES, 1e5, np.nan), "drive.ratio holds NaN"),
        (
            lambda: parameters.probe_settings(VALUES, 1e5, -1.0, 0.0),
            "probe.coupling_hz is negative",
        ),
        (
            lambda: parameters.receiver({"receiver.gain": 1.0}),
            "receiver.added_noise is missing from the parameter values",
        ),
        (
            lambda: parameters.receiver({"receiver.gain": "a lot", "receiver.added_noise": 1}),
            "receiver.gain is not a number",
        ),
    ],
)
def test_bad_values_are_named(call, message):
    with pytest.raises(ParameterError, match=message):
        call()


def test_device_reports_its_total_loss():
    device = worked_example().device
    assert isinstance(device, Device)
    assert units.cyclic(device.kappa) == pytest.approx(1.38e6)
