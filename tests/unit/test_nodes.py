"""Spectra from few nodes: against every bin solved, and against another interpolation."""

import numpy as np
import pytest
from numpy.polynomial import Polynomial
from scipy.interpolate import BarycentricInterpolator
from tests.unit.inference_samples import VALUES

from entangled_drums import model, parameters, spectra, tones
from entangled_drums.inference import target
from entangled_drums.laboratory import pumped, receiver
from entangled_drums.nodes import Lines, interpolated, lines_of, nodes, stretches
from entangled_drums.parameters import drive_settings, probe_settings
from entangled_drums.units import angular

BINS = np.linspace(-100.0, 100.0, 401)
LINES = Lines(np.array([-20.0, 30.0]), np.array([4.0, 8.0]))
DRIVES = [(0.62, 1.4e5), (0.05, 1.4e5), (0.95, 1.4e5), (0.62, 5e4), (0.62, 2.5e5)]


def test_a_bin_is_on_the_polynomial_through_the_eight_nearest_nodes():
    (only,) = stretches(BINS, 0.5, LINES, 0.4)
    assert 20 < only.at.size < 60
    values = np.random.default_rng(1).standard_normal(only.at.size)
    found = only.to_bins(values)
    at, position = LINES.coordinate(only.at), LINES.coordinate(BINS)
    for bin_at, value in zip(position, found, strict=True):
        below = np.flatnonzero(at <= bin_at)[-1]
        first = min(max(below - 3, 0), at.size - 8)
        near = slice(first, first + 8)
        through = BarycentricInterpolator(at[near], values[near], random_state=0)
        assert value == pytest.approx(through(bin_at), rel=1e-9, abs=1e-9)


def test_polynomials_of_the_seventh_degree_are_kept_and_the_matrix_says_the_same():
    found = stretches(BINS, 0.5, LINES, 0.4)
    curve = Polynomial([0.3, -1.0, 0.5, 0.2, -0.1, 0.03, 0.02, -0.01])
    scaled = LINES.coordinate(BINS) / 8.0
    values = np.stack([curve(LINES.coordinate(found[0].at) / 8.0), found[0].at])
    np.testing.assert_allclose(interpolated(found, values)[0], curve(scaled), atol=1e-11)
    matrix = nodes(BINS, 0.5, LINES, 0.4)
    np.testing.assert_array_equal(matrix.at, found[0].at)
    np.testing.assert_allclose(matrix.to_bins(values), interpolated(found, values), atol=1e-10)


def test_where_bins_are_few_every_one_is_a_node():
    bins = np.concatenate([np.arange(7.0), 50.0 + np.arange(300.0)])
    few, many = stretches(bins, 1.0, LINES, 0.4)
    np.testing.assert_array_equal(few.at, bins[:7])
    assert many.at.size < 50
    values = np.concatenate([np.arange(7.0) ** 3, np.ones(many.at.size)])
    found = interpolated([few, many], values)
    np.testing.assert_array_equal(found[:7], values[:7])
    np.testing.assert_allclose(found[7:], 1.0, rtol=1e-12)
    np.testing.assert_allclose(nodes(bins, 1.0, LINES, 0.4).to_bins(values), found, rtol=1e-12)


@pytest.mark.parametrize(("ratio", "coupling_hz"), DRIVES)
def test_emission_from_nodes_is_the_one_solved_at_every_bin(ratio, coupling_hz):
    system = driven(ratio, coupling_hz)
    omega = np.asarray(angular(np.arange(-1.5e6, 1.5e6, 1e3)))

    def solved(at):
        return spectra.beyond_rwa_output_psd(system, at, harmonics=2)

    lines = lines_of(model.operator_drift(system.device, system.drive))
    assert worst(solved, omega, lines, target.EMISSION_RESOLUTION) < 8e-6
    assert worst(solved, omega, lines, pumped._RESOLUTION) < 5e-5


@pytest.mark.parametrize(("ratio", "coupling_hz"), DRIVES)
def test_probe_lines_from_nodes_are_those_solved_at_every_bin(ratio, coupling_hz):
    system = driven(ratio, coupling_hz)
    settings = probe_settings(VALUES, 1.5e5, 1e4, 0.7)
    probe = parameters.probe(VALUES, settings)
    modulation = tones.drive_modulation(system.drive, probe, counter_rotating=True)
    drive = drive_settings(VALUES, red_coupling_hz=coupling_hz, ratio=ratio)
    centres = pumped.line_centres_hz(VALUES, drive, 1.5e5)
    omega = np.asarray(angular(receiver.bins_hz(centres, 1.3e5, 1e3)))

    def solved(at):
        return spectra.modulated_output_psd(system, modulation, at, pumped._REACH)

    drift = model.operator_drift(system.device, system.drive)
    with_probe = lines_of(drift).with_probe(settings)
    assert worst(solved, omega, with_probe, target.SCAN_RESOLUTION) < 2e-4
    both_sides = lines_of(drift, float(np.ravel(probe.offset)[0]))
    assert worst(solved, omega, both_sides, pumped._SCAN_RESOLUTION) < 2e-4


def driven(ratio, coupling_hz):
    return parameters.system(
        VALUES, drive_settings(VALUES, red_coupling_hz=coupling_hz, ratio=ratio)
    )


def worst(solved, omega, lines, resolution):
    """Largest relative error of a spectrum interpolated between nodes."""
    each = stretches(omega, omega[1] - omega[0], lines, resolution)
    assert sum(one.at.size for one in each) < 0.6 * omega.size
    exact = solved(omega)
    found = interpolated(each, solved(np.concatenate([one.at for one in each])))
    return np.max(np.abs(found / exact - 1.0))
