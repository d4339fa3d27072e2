"""From the drums' state to the areas of lines: closed forms, and what exact spectra add to them.

Line 1 lies near ``-Omega`` (drum a=1, partner b=2), line 2 near ``+Omega`` (a=2, b=1). With the red
coupling of drum a and the blue one of drum b,

    emission area_a = kappa_e |chi|^2 [G_a^2 n_a + G_b^2 (n_b + 1) + 2 G_a G_b Re c
                                       + (G_a^2 - G_b^2) ((2L - 1) n_e - 2 L n_c)]
    probe area_a(phi) = kappa_e |chi|^2 [P_a^2 n_a + P_b^2 (n_b + 1)
                                         + 2 P_a P_b Re(exp(-i phi) c)]

with ``|chi|^2 = 1/((kappa/2)^2 + w^2)`` and ``L = (kappa/2)^2 |chi|^2`` at the line's distance w
from the cavity: linear in ``u = (n_1, n_2, Re c, Im c)``. They are off by percent (finite width,
interference with cavity noise, back-action of the probes), so each area gets an *offset*: what the
same fit finds in the exact spectrum of a device, minus the closed form for that device's state.

The area of a probe line is the area fitted in the phase scan minus the one that the same fit
finds, in the same window, in the emission without probes: the tails of the emission lines, which
are a hundred times stronger, then cancel in data and model alike.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from entangled_drums import covariance, entanglement, parameters, windows
from entangled_drums.errors import UnstableDriveError
from entangled_drums.inference.fine_effects import (
    Fidelity,
    exact_emission,
    exact_phase_scan,
)
from entangled_drums.inference.spectral_lines import LineFit, fit_areas, fit_line
from entangled_drums.inference.states import mean_covariance
from entangled_drums.parameters import DriveSettings, ProbeSettings
from entangled_drums.phase_series import phase_harmonics
from entangled_drums.units import angular, cyclic

Array = NDArray[np.float64]

MODEL_PARAMETERS = (
    "cavity.frequency_hz",
    "cavity.kappa_external_hz",
    "cavity.kappa_internal_hz",
    *(
        f"drum_{drum}.{name}"
        for drum in (1, 2)
        for name in (
            "frequency_hz",
            "linewidth_hz",
            "single_photon_coupling_hz",
            "thermal_occupation",
        )
    ),
    "bath.external_occupation",
    "bath.internal_occupation",
    "heating.reference_coupling_hz",
    "heating.cavity_exponent",
    "heating.drum_slope",
    "lines.blue_transmission",
    "lines.probe_balance",
    "receiver.gain",
    "receiver.added_noise",
)
"""Calibrated parameters that the maps depend on."""

_PARTNER = (1, 0)
_BINS_PER_WINDOW_WHEN_THINNED = 20


@dataclass(frozen=True)
class Grids:
    """Bins (rad/s from the drive centre) that the fits use, one window for each line.

    ``emission`` around the emission lines; ``scan`` and ``reference`` around the probe lines, in
    the phase scan and in the emission recording.
    """

    emission: tuple[Array, Array]
    scan: tuple[Array, Array]
    reference: tuple[Array, Array]

    def thinned(self) -> "Grids":
        """Return the same windows with about twenty bins each.

        Offsets vary so slowly with the calibration that their derivatives need no more.
        """

        def thin(pair: tuple[Array, Array]) -> tuple[Array, Array]:
            first, second = (
                bins[:: max(1, bins.size // _BINS_PER_WINDOW_WHEN_THINNED)] for bins in pair
            )
            return first, second

        return Grids(thin(self.emission), thin(self.scan), thin(self.reference))


@dataclass(frozen=True)
class Setup:
    """Settings of the generators, bins of emission and phase scan, and what the model contains.

    ``emission_averages`` and ``scan_averages`` are the Gamma shapes of the bins; their widths are
    in rad/s.
    """

    drive: DriveSettings
    probe: ProbeSettings
    emission_averages: float
    scan_averages: float
    emission_bin_width: float
    scan_bin_width: float
    emission_window: str
    scan_window: str
    fidelity: Fidelity

    @property
    def phases(self) -> Array:
        """Phases of the blue probe, (K,), rad."""
        return np.asarray(self.probe.phase_rad, dtype=np.float64)


@dataclass(frozen=True)
class ExactLines:
    """What the fits find in the exact noiseless spectra of B devices.

    Parameters
    ----------
    areas : ndarray, (B, M)
        Areas in the order of `closed_forms`.
    lines : list of list of LineFit
        Emission lines, [line][device].
    emission_unfitted, scan_unfitted : list of ndarray
        For each line, the part of the spectra that no line shape fits, (B, F) and (B, K, F).
    """

    areas: Array
    lines: list[list[LineFit]]
    emission_unfitted: list[Array]
    scan_unfitted: list[Array]


def _without_phases(probe: ProbeSettings) -> ProbeSettings:
    return ProbeSettings(probe.offset_hz, probe.red_photons, probe.blue_photons, phase_rad=0.0)


def closed_forms(values: Mapping[str, Any], setup: Setup) -> tuple[Array, Array]:
    """Return the closed forms of all M = 2 + 2 K areas as a linear map of the unknowns.

    Parameters
    ----------
    values : mapping
        Flat parameter values, each of shape (B,).
    setup : Setup
        Settings of the generators.

    Returns
    -------
    matrix : ndarray, (B, M, 4)
        Coefficients of n_1, n_2, Re c, Im c, in recorded units (times the gain), quanta rad/s.
    constant : ndarray, (B, M)
        Rest of each area. Order: emission of lines 1 and 2, then line 1 of the scan at all phases,
        then line 2.
    """
    system = parameters.system(values, setup.drive)
    probe = parameters.probe(values, _without_phases(setup.probe))
    gain = parameters.receiver(values).gain
    device, bath = system.device, system.bath
    kappa = device.kappa
    phases = setup.phases
    count = phases.size
    matrix = np.zeros((*gain.shape, 2 + 2 * count, 4))
    constant = np.zeros((*gain.shape, 2 + 2 * count))

    def response(frequency: Array) -> Array:
        from_cavity = frequency + system.drive.cavity_detuning
        return 1.0 / ((kappa / 2.0) ** 2 + from_cavity**2)

    for own in (0, 1):
        other = _PARTNER[own]
        line = system.detuning[..., own]
        weight = gain * device.kappa_external * response(line)
        red, blue = system.drive.red_coupling[..., own], system.drive.blue_coupling[..., other]
        lorentz = (kappa / 2.0) ** 2 * response(line)
        cavity = (2.0 * lorentz - 1.0) * bath.external_occupation - (
            2.0 * lorentz * system.cavity_occupation
        )
        matrix[..., own, own] = weight * red**2
        matrix[..., own, other] = weight * blue**2
        matrix[..., own, 2] = 2.0 * weight * red * blue
        constant[..., own] = weight * (blue**2 + (red**2 - blue**2) * cavity)

        rows = slice(2 + own * count, 2 + (own + 1) * count)
        weight = (gain * device.kappa_external * response(line + probe.offset))[..., None]
        red = probe.red_coupling[..., own, None]
        blue = probe.blue_coupling[..., other, None]
        matrix[..., rows, own] = weight * red**2
        matrix[..., rows, other] = weight * blue**2
        matrix[..., rows, 2] = 2.0 * weight * red * blue * np.cos(phases)
        matrix[..., rows, 3] = 2.0 * weight * red * blue * np.sin(phases)
        constant[..., rows] = weight * blue**2
    return matrix, constant


def model_state(
    values: Mapping[str, Any], drive: DriveSettings, *, counter_rotating: bool = False
) -> Array:
    """Return the unknowns (B, 4) of the exact steady state of B devices, time-averaged.

    Raises
    ------
    UnstableDriveError
        If one of them has no steady state.
    """
    covariance.require(covariance.steady_state(parameters.system(values, drive)))
    mean = mean_covariance(dict(values), drive, counter_rotating=counter_rotating)
    if not np.isfinite(mean).all():
        raise UnstableDriveError("no steady state with counter-rotating terms; lower the power")
    found = entanglement.measures(mean)
    correlator = found.anomalous_correlator
    return np.stack(
        [found.occupation[..., 0], found.occupation[..., 1], correlator.real, correlator.imag],
        axis=-1,
    )


def expected_lines(values: Mapping[str, Any], drive: DriveSettings) -> tuple[Array, Array]:
    """Return approximate centres and full widths (..., 2) of the emission lines, rad/s.

    The optical spring pushes each line outward by the fraction Gamma/kappa of its detuning.
    """
    system = parameters.system(values, drive)
    kappa = system.device.kappa[..., None]
    red, blue = system.drive.red_coupling, system.drive.blue_coupling[..., ::-1]
    detuning = system.detuning
    damping = 4.0 / kappa * (red**2 - blue**2) / (1.0 + (2.0 * detuning / kappa) ** 2)
    return detuning * (1.0 + damping / kappa), damping + system.device.mechanical_linewidth


def _split(power: Array, windows: tuple[Array, ...]) -> list[Array]:
    stops = np.cumsum([bins.size for bins in windows])
    return np.split(power, stops[:-1], axis=-1)


def _emission(values: Mapping[str, Any], setup: Setup, grids: Grids) -> list[Array]:
    """Emission (B, F) in the windows of lines and references."""
    system = parameters.system(values, setup.drive)
    at = grids.emission + grids.reference
    found = _split(exact_emission(system, np.concatenate(at), setup.fidelity), at)
    if not setup.fidelity.finite_record:
        return found

    def plain(frequency_hz: Array) -> Array:
        return exact_emission(system, np.asarray(angular(frequency_hz)), Fidelity())

    return [
        one + _smoothing(plain, bins, setup.emission_bin_width, setup.emission_window)
        for one, bins in zip(found, at, strict=True)
    ]


def _phase_scan(values: Mapping[str, Any], setup: Setup, grids: Grids) -> list[Array]:
    """Output (B, K, F) at all phases in the windows of the probe lines."""

    def series(frequency: Array, fidelity: Fidelity) -> Array:
        return exact_phase_scan(values, setup.drive, setup.probe, frequency, fidelity)

    found = _split(series(np.concatenate(grids.scan), setup.fidelity), grids.scan)
    if setup.fidelity.finite_record:

        def plain(frequency_hz: Array) -> Array:
            return series(np.asarray(angular(frequency_hz)), Fidelity())

        found = [
            one + _smoothing(plain, bins, setup.scan_bin_width, setup.scan_window)
            for one, bins in zip(found, grids.scan, strict=True)
        ]
    to_phases = phase_harmonics(setup.phases)
    return [to_phases @ one for one in found]


def _smoothing(
    spectrum: Callable[[Array], Array], bins: Array, bin_width: float, window: str
) -> Array:
    """What the window's kernel adds: the counter-rotating terms matter little for that."""
    frequency_hz = np.asarray(cyclic(bins))
    width_hz = float(cyclic(bin_width))
    smoothed = windows.expected_periodogram(
        spectrum, frequency_hz, width_hz, window, oversampling=2
    )
    return np.asarray(smoothed - spectrum(frequency_hz))


def exact_lines(values: Mapping[str, Any], setup: Setup, grids: Grids) -> ExactLines:
    """Fit the lines in the exact noiseless spectra of B devices, as the data are fitted.

    Parameters
    ----------
    values : mapping
        Flat parameter values, each of shape (B,).
    setup : Setup
        Settings of the generators.
    grids : Grids
        Bins of the fits.

    Returns
    -------
    ExactLines
    """
    receiver = parameters.receiver(values)
    gain, added = receiver.gain[:, None], receiver.added_noise[:, None]
    emission_parts = [gain * (one + added) for one in _emission(values, setup, grids)]
    gain, added = gain[..., None], added[..., None]
    scan_parts = [gain * (one + added) for one in _phase_scan(values, setup, grids)]
    # A second axis of length one broadcasts against the phases of the probe.
    wide = {name: np.asarray(value, dtype=np.float64)[:, None] for name, value in values.items()}
    probe = parameters.probe(wide, setup.probe)
    centres, widths = expected_lines(values, setup.drive)

    areas: list[Array] = []
    scan_areas: list[Array] = []
    lines: list[list[LineFit]] = []
    emission_unfitted: list[Array] = []
    scan_unfitted: list[Array] = []
    for line in (0, 1):
        bins, power = grids.emission[line], emission_parts[line]
        fits = [
            fit_line(
                bins,
                power[index],
                setup.emission_averages,
                float(centres[index, line]),
                float(widths[index, line]),
                "calibrated model",
            )
            for index in range(power.shape[0])
        ]
        lines.append(fits)
        areas.append(np.array([fit.area for fit in fits]))
        centre = np.array([fit.centre for fit in fits])
        width = np.array([fit.width for fit in fits])
        fitted = fit_areas(bins, power, setup.emission_averages, centre, width)
        emission_unfitted.append(power - fitted.mean(bins, centre, width))

        centre, width = centre[:, None] + probe.offset, width[:, None]
        bins, power = grids.scan[line], scan_parts[line]
        fitted = fit_areas(bins, power, setup.scan_averages, centre, width)
        scan_unfitted.append(power - fitted.mean(bins, centre, width))
        reference = fit_areas(
            grids.reference[line],
            emission_parts[2 + line][:, None],
            setup.emission_averages,
            centre,
            width,
        )
        scan_areas.append(fitted.area - reference.area)
    return ExactLines(
        np.concatenate([np.stack(areas, axis=-1), *scan_areas], axis=-1),
        lines,
        emission_unfitted,
        scan_unfitted,
    )


def offsets(values: Mapping[str, Any], setup: Setup, areas: Array) -> Array:
    """Return the offsets (B, M) that make the closed forms exact for the devices' own states.

    Parameters
    ----------
    values : mapping
        Flat parameter values, each of shape (B,).
    setup : Setup
        Settings of the generators.
    areas : ndarray, (B, M)
        Exact areas of these devices, from `exact_lines`.
    """
    matrix, constant = closed_forms(values, setup)
    state = model_state(values, setup.drive, counter_rotating=setup.fidelity.counter_rotating)
    return areas - np.einsum("bmk,bk->bm", matrix, state) - constant
