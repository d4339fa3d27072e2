"""What the fast spectra of the model-based route leave out, tabulated from the exact ones.

Counter-rotating terms, higher orders of the probe and the kernel of the window change the spectra
by parts of the statistical error up to several times it. They are computed exactly at one set of
parameters and to first order around it; what this leaves is second order in a small correction, and
is measured on the posterior (`entangled_drums.inference.model_based`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from entangled_drums import parameters, spectra, tones, windows
from entangled_drums.inference.observation import Observation, Spectra
from entangled_drums.inference.probe_lines import leading_harmonics
from entangled_drums.nodes import Nodes
from entangled_drums.parameters import DriveSettings, ProbeSettings
from entangled_drums.phase_series import PHASES, harmonics
from entangled_drums.system import Probe, System
from entangled_drums.units import angular, cyclic

Array = NDArray[np.float64]

_REACH = (3, 1)
"""Harmonics of the probe offset and of twice the frame frequency; exact to 1e-6 of a line."""
_POINTS_AT_ONCE = 4
_RECEIVER = "receiver."


@dataclass(frozen=True)
class Fidelity:
    """What the analysis model contains beside the rotating-wave pumps and the probes.

    Parameters
    ----------
    counter_rotating : bool
        Terms beyond the rotating-wave approximation, in spectra and state.
    finite_record : bool
        Smoothing of the spectra by the window of the periodogram.
    """

    counter_rotating: bool = False
    finite_record: bool = False


@dataclass(frozen=True)
class FineEffects:
    """Correction at the nodes, linear in the standardised parameters ``u`` around ``reference``.

    Parameters
    ----------
    names : tuple of str
        Parameters.
    centre, scale : ndarray, (P,)
        Calibrated values and uncertainties: ``u = (theta - centre)/scale``.
    reference : ndarray, (P,)
    emission : ndarray, (1 + P, K)
        Correction at the reference, then its derivatives.
    phase_scan : ndarray, (1 + P, 5, K') or None
        The same for the harmonics of the phase.
    """

    names: tuple[str, ...]
    centre: Array
    scale: Array
    reference: Array
    emission: Array
    phase_scan: Array | None

    def standardised(self, names: tuple[str, ...], centre: Array, scale: Array) -> "FineEffects":
        """Return the same correction for other centres and units, and some of the parameters.

        Those of the receiver may be others than before: they have no effect on what leaves the
        cavity.
        """
        to = np.flatnonzero([not name.startswith(_RECEIVER) for name in names])
        at = np.array([self.names.index(names[one]) for one in to], dtype=int)
        reference = np.zeros(len(names))
        reference[to] = ((self.centre + self.scale * self.reference)[at] - centre[to]) / scale[to]
        rows, taken = (np.concatenate([[0], 1 + one]) for one in (to, at))
        factor = np.concatenate([[1.0], scale[to] / self.scale[at]])

        def carried(table: Array) -> Array:
            found = np.zeros((1 + len(names), *table.shape[1:]))
            found[rows] = table[taken] * factor.reshape(-1, *[1] * (table.ndim - 1))
            return found

        scan = self.phase_scan
        return FineEffects(
            names,
            centre,
            scale,
            reference,
            carried(self.emission),
            None if scan is None else carried(scan),
        )

    def moved(self, reference: Array, emission: Array, scan: Array | None) -> "FineEffects":
        """Return the same slopes around another reference, with the corrections (K,) there."""
        table = self.phase_scan
        return replace(
            self,
            reference=reference,
            emission=np.concatenate([emission[None], self.emission[1:]]),
            phase_scan=(
                None if table is None or scan is None else np.concatenate([scan[None], table[1:]])
            ),
        )

    def at(self, u: Array) -> tuple[Array, Array | None]:
        """Return the corrections (B, K) and (B, 5, K') for parameters (B, P)."""
        factors = np.concatenate([np.ones((u.shape[0], 1)), u - self.reference], axis=1)
        scan = self.phase_scan
        return (
            factors @ self.emission,
            None if scan is None else np.tensordot(factors, scan, axes=1),
        )


def probe_at(values: Mapping[str, Any], settings: ProbeSettings, phase: ArrayLike = 0.0) -> Probe:
    """Return the probe that devices feel, at a phase of choice."""
    return parameters.probe(
        values,
        ProbeSettings(settings.offset_hz, settings.red_photons, settings.blue_photons, phase),
    )


def fast_system(values: dict, drive: DriveSettings, fidelity: Fidelity) -> System:
    """Return the system whose spectra in the rotating-wave approximation come nearest to the true.

    The leading effect of the counter-rotating terms is a shift of each drum by
    ``-(G^-^2 - G^+^2)/(2 omega_m)``, as of an atom's transition by a field off resonance (Bloch and
    Siegert, Phys. Rev. 57, 522 (1940)). What is left to tabulate is small, and smooth.
    """
    system = parameters.system(values, drive)
    if not fidelity.counter_rotating:
        return system
    red, blue = (
        np.abs(one) ** 2 for one in (system.drive.red_coupling, system.drive.blue_coupling)
    )
    shift = (blue - red) / (2.0 * np.asarray(system.drive.frame_frequency)[..., None])
    device = replace(system.device, mechanical_frequency=system.device.mechanical_frequency + shift)
    return replace(system, device=device)


def exact_emission(system: System, frequency: Array, fidelity: Fidelity) -> Array:
    """Return the emission (B, K) without approximation."""
    if fidelity.counter_rotating:
        return spectra.beyond_rwa_output_psd(system, frequency, 2, require_stable=False)
    return spectra.output_psd(system, frequency, require_stable=False)


def exact_phase_scan(
    values: Mapping[str, Any],
    drive: DriveSettings,
    settings: ProbeSettings,
    frequency: Array,
    fidelity: Fidelity,
) -> Array:
    """Return the harmonics (B, 5, K) over the probe phase without approximation."""
    wide = {name: np.asarray(value)[..., None] for name, value in values.items()}
    system = parameters.system(wide, drive)
    probe = probe_at(wide, settings, PHASES)
    if fidelity.counter_rotating:
        modulation = tones.drive_modulation(system.drive, probe, counter_rotating=True)
        found = spectra.modulated_output_psd(
            system, modulation, frequency, _REACH, require_stable=False
        )
    else:
        found = spectra.probe_output_psd(system, probe, frequency, _REACH[0], require_stable=False)
    return harmonics(found)


def _smoothing(spectrum: Callable[[Array], Array], of: Spectra, at: Nodes) -> Array:
    """What the window's kernel adds to a spectrum, at the nodes."""

    def cyclic_spectrum(frequency_hz: Array) -> Array:
        return spectrum(np.asarray(angular(frequency_hz)))

    frequency_hz = np.asarray(cyclic(of.frequency))
    smoothed = windows.expected_periodogram(
        cyclic_spectrum, frequency_hz, float(cyclic(of.bin_width)), of.window
    )
    added = smoothed - spectrum(of.frequency)
    flat = added.reshape(-1, added.shape[-1])
    return np.stack([np.interp(at.at, of.frequency, row) for row in flat]).reshape(
        *added.shape[:-1], at.at.size
    )


def beyond_fast(
    values: dict,
    observation: Observation,
    emission_nodes: Nodes,
    scan_nodes: Nodes | None,
    fidelity: Fidelity,
) -> tuple[Array, Array | None]:
    """Return what exact spectra have beyond the fast ones at the nodes, (B, K) and (B, 5, K').

    Parameters
    ----------
    values : dict
        Flat parameter values, each (B,).
    observation : Observation
    emission_nodes, scan_nodes : Nodes
        ``scan_nodes`` is None without a phase scan.
    fidelity : Fidelity
    """
    system = fast_system(values, observation.drive, fidelity)

    def fast(frequency: Array) -> Array:
        return spectra.output_psd(system, frequency, require_stable=False)

    exact = parameters.system(values, observation.drive)
    emission = exact_emission(exact, emission_nodes.at, fidelity) - fast(emission_nodes.at)
    if fidelity.finite_record:
        emission = emission + _smoothing(fast, observation.emission, emission_nodes)
    if scan_nodes is None or observation.probe is None or observation.phase_scan is None:
        return emission, None
    probe = probe_at(values, observation.probe)

    def leading(frequency: Array) -> Array:
        return leading_harmonics(system, probe, frequency)

    scan = exact_phase_scan(values, observation.drive, observation.probe, scan_nodes.at, fidelity)
    scan[:, :3] -= leading(scan_nodes.at)
    if fidelity.finite_record:
        scan[:, :3] += _smoothing(leading, observation.phase_scan, scan_nodes)
    return emission, scan


def tabulate(
    values_of: Callable[[Array], dict],
    names: tuple[str, ...],
    centre: Array,
    scale: Array,
    reference: Array,
    observation: Observation,
    emission_nodes: Nodes,
    scan_nodes: Nodes | None,
    fidelity: Fidelity,
    step: float = 0.3,
) -> FineEffects:
    """Tabulate what exact spectra have beyond the fast ones.

    Parameters
    ----------
    values_of : callable
        Flat parameter values, each (B,), of standardised parameters (B, P).
    names : tuple of str
        Parameters.
    centre, scale : ndarray, (P,)
        Their calibrated values and uncertainties.
    reference : ndarray, (P,)
        Where the correction is exact.
    observation : Observation
    emission_nodes, scan_nodes : Nodes
        ``scan_nodes`` is None without a phase scan.
    fidelity : Fidelity
    step : float, optional
        Displacement for the derivatives, in units of each parameter's uncertainty. Steps go
        upwards, where no parameter meets a bound.

    Returns
    -------
    FineEffects
    """
    # The receiver has no effect on what leaves the cavity.
    felt = np.flatnonzero([not name.startswith(_RECEIVER) for name in names])
    displaced = np.concatenate([reference[None], reference + step * np.eye(reference.size)[felt]])
    parts = [
        beyond_fast(
            values_of(displaced[start : start + _POINTS_AT_ONCE]),
            observation,
            emission_nodes,
            scan_nodes,
            fidelity,
        )
        for start in range(0, len(displaced), _POINTS_AT_ONCE)
    ]

    def linear(found: list[Array]) -> Array:
        exact = np.concatenate(found)
        table = np.zeros((1 + len(names), *exact.shape[1:]))
        table[0] = exact[0]
        table[1 + felt] = (exact[1:] - exact[0]) / step
        return table

    scan = [part for _, part in parts if part is not None]
    return FineEffects(
        names,
        centre,
        scale,
        reference,
        linear([part for part, _ in parts]),
        linear(scan) if scan else None,
    )
