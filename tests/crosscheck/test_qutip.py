"""The Gaussian covariance against a master equation in a truncated Fock space (QuTiP).

An independent check of signs, phases and factors of 2: nothing here uses quadratures or moments
until the density matrix is known. Rates are in units of kappa; occupations are low, so that a few
Fock states suffice for 1e-4.
"""

import numpy as np
import pytest
import qutip

from entangled_drums import covariance, entanglement
from entangled_drums.system import Bath, Device, Drive, System


def system_of(red, blue, cold=1.0):
    return System(
        Device(100.0, 0.7, 0.3, [3.0, 3.9], [0.05, 0.08], [1.0, 1.0]),
        Bath(0.02 * cold, 0.05 * cold, [0.06 * cold, 0.04 * cold]),
        Drive(0.2, 3.4, red, blue),
    )


def master_equation_covariance(system, levels):
    """Covariance in the order (X_a, P_a, X_1, P_1, ...) of the modes with more than one level."""
    identities = [qutip.qeye(n) for n in levels]

    def lower(mode):
        parts = list(identities)
        parts[mode] = qutip.destroy(levels[mode])
        return qutip.tensor(parts)

    a, *drums = [lower(mode) for mode in range(len(levels))]
    device, drive = system.device, system.drive
    hamiltonian = -float(drive.cavity_detuning) * a.dag() * a
    for j, b in enumerate(drums):
        coupled = a.dag() * (
            complex(drive.red_coupling[j]) * b + complex(drive.blue_coupling[j]) * b.dag()
        )
        hamiltonian += float(system.detuning[j]) * b.dag() * b + coupled + coupled.dag()
    losses = [(a, float(device.kappa), float(system.cavity_occupation))]
    for j, b in enumerate(drums):
        rate = float(device.mechanical_linewidth[j])
        losses.append((b, rate, float(system.bath.thermal_occupation[j])))
    collapse = []
    for mode, rate, occupation in losses:
        collapse.append(np.sqrt(rate * (occupation + 1)) * mode)
        collapse.append(np.sqrt(rate * occupation) * mode.dag())
    state = qutip.steadystate(hamiltonian, collapse)
    quadratures = []
    for mode in (a, *drums):
        quadratures.append((mode + mode.dag()) / np.sqrt(2))
        quadratures.append((mode - mode.dag()) / (1j * np.sqrt(2)))
    symmetric = [
        [qutip.expect(0.5 * (left * right + right * left), state) for right in quadratures]
        for left in quadratures
    ]
    return np.real(np.array(symmetric))


def test_one_drum_with_both_tones():
    system = system_of([0.20 * np.exp(0.7j), 0.0], [0.06 * np.exp(-1.1j), 0.0])
    expected = master_equation_covariance(system, (6, 12))
    found = covariance.require(covariance.steady_state(system))[:4, :4]
    np.testing.assert_allclose(found, expected, atol=1e-4)
    assert np.abs(expected[0, 3]) > 1e-3  # correlations are there to be compared


def test_two_drums_with_both_tones():
    red = [0.20 * np.exp(0.7j), 0.22 * np.exp(0.2j)]
    blue = [0.020 * np.exp(-1.1j), 0.025 * np.exp(0.5j)]
    system = system_of(red, blue, cold=0.2)
    expected = master_equation_covariance(system, (4, 5, 5))
    found = covariance.require(covariance.steady_state(system))
    np.testing.assert_allclose(found, expected, atol=1e-4)
    correlator = entanglement.measures(expected).anomalous_correlator
    assert np.abs(correlator) > 1e-2
    assert np.angle(entanglement.measures(found).anomalous_correlator) == pytest.approx(
        np.angle(correlator), abs=0.01
    )
