"""The direct route: the drums' state from line weights, not from a likelihood of all spectra.

At one operating point five data are measured: the weights of the two lines emitted under the
pumps, which are the Bogoliubov occupations m_1 and m_2, and of the areas of the two probe lines
against the probe phase the mean, cosine and sine. They depend linearly on the four unknowns
``u = (n_1, n_2, Re c, Im c)``; :mod:`entangled_drums.inference.line_maps` has the maps: closed
forms plus an offset tabulated with the exact spectra of the calibrated device.

Weighted least squares with the full covariance (noise of the spectra plus uncertainty of the
calibration, through derivatives by every calibrated parameter) weighs the data. The expected areas,
not the measured ones, enter the calibration's part of that covariance: otherwise a common scale
error would pull the fit low (Peelle's pertinent puzzle).

The calibration's part of the error is propagated by solving anew, with the same weights, for many
calibrations drawn from their covariance: near equal drums the first derivatives of n_1 - n_2 by the
two couplings almost cancel, so that linear propagation would be several times too small.

Assumptions: the phase origin of the probes is calibrated, ``<b_j^2> = <b_1^dag b_2> = 0`` (exact
for ideal pumps to parts in 1e4), and the offsets change little between the calibrated and the true
device.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray
from numpy.typing import NDArray

from entangled_drums import covariance, parameters, recording
from entangled_drums.calibration import Calibration
from entangled_drums.errors import InferenceError
from entangled_drums.inference.line_maps import (
    MODEL_PARAMETERS,
    ExactLines,
    Grids,
    Setup,
    closed_forms,
    exact_lines,
    expected_lines,
    model_state,
    offsets,
)
from entangled_drums.inference.spectral_lines import Goodness, fit_areas, fit_line, window
from entangled_drums.parameters import DriveSettings
from entangled_drums.units import angular, cyclic

Array = NDArray[np.float64]

UNKNOWNS = ("occupation_1", "occupation_2", "correlator_real", "correlator_imaginary")
DATA = ("bogoliubov_1", "bogoliubov_2", "scan_mean", "scan_cosine", "scan_sine")

_GLS_ITERATIONS = 4


@dataclass(frozen=True)
class DirectSettings:
    """Choices of the direct route.

    Parameters
    ----------
    emission_half_window_widths : float
        Half-width of an emission line's fit window, in calibrated line widths Gamma. Narrow: these
        lines are strong, and what limits their fit is their shape: unequal drums make each a sum
        of two poles of different width.
    scan_half_window_widths : float
        The same for the probe lines, which are weak: noise limits their fit.
    largest_share_of_gap : float
        Half-width of a window at most this share of the distance to the next line.
    smallest_half_window_widths : float
        A spectrum must cover each line by at least this many Gamma on either side.
    smallest_separation : float
        The route is not valid where lines are closer than this many Gamma.
    smallest_p_value : float
        The route is not valid where a fit is worse than this.
    samples : int
        Drawn calibrations, each with one draw of the noise, behind errors and intervals.
    """

    emission_half_window_widths: float = 2.0
    scan_half_window_widths: float = 5.0
    largest_share_of_gap: float = 0.6
    smallest_half_window_widths: float = 1.5
    smallest_separation: float = 3.0
    smallest_p_value: float = 1e-3
    samples: int = 20000


@dataclass(frozen=True)
class DirectResult:
    """State at one operating point by the direct route, or the reason why there is none.

    Parameters
    ----------
    validity : str
        ``"valid"``, ``"not valid here: reason"`` or ``"not available: reason"``.
    settings : dict
        Drive settings the data were taken at (``red_coupling_hz``, ``ratio``).
    state : ndarray, (4,)
        n_1, n_2, Re c, Im c, mean over the calibrations; NaN if there is no number.
    statistical_covariance, calibration_covariance : ndarray, (4, 4)
        The two parts of its covariance.
    data : dict
        The five data: value, statistical and calibration uncertainty of each.
    fits : dict
        Goodness of every fit and of the least squares.
    correction : dict
        The tabulated offsets relative to the largest area of their kind, in words and numbers.
    groups : dict
        Dimensionless groups of the calibrated device at this drive.
    quantities : dict
        Derived quantities with uncertainties and intervals.
    probability_entangled : float
        P(nu < 1/2) under the propagated distribution.
    physical_fraction : float
        Share of that distribution that satisfies the uncertainty relation.
    """

    validity: str
    settings: dict[str, float]
    state: Array
    statistical_covariance: Array
    calibration_covariance: Array
    data: dict[str, Any]
    fits: dict[str, Goodness]
    correction: dict[str, Any]
    groups: dict[str, float]
    quantities: dict[str, Any]
    probability_entangled: float
    physical_fraction: float

    @property
    def covariance(self) -> Array:
        """Total covariance of the state, (4, 4)."""
        return self.statistical_covariance + self.calibration_covariance

    def content(self) -> dict[str, Any]:
        """Return the result for JSON; NaN stands where there is no number."""
        total = self.fits.get("least_squares")
        return {
            "route": "direct",
            "validity": self.validity,
            **self.settings,
            "state": dict(zip(UNKNOWNS, self.state.tolist(), strict=True)),
            "state_order": list(UNKNOWNS),
            "statistical_covariance": self.statistical_covariance.tolist(),
            "calibration_covariance": self.calibration_covariance.tolist(),
            "data": self.data,
            "fits": {name: fit.content() for name, fit in self.fits.items()},
            "goodness_of_fit": total.content() if total else None,
            "correction": self.correction,
            "dimensionless_groups": self.groups,
            "quantities": self.quantities,
            "probability_entangled": self.probability_entangled,
            "physical_fraction": self.physical_fraction,
        }


def _block_around(frequency: Array, centre: float, width_of_bin: float) -> float:
    """Distance from `centre` to the nearer end of the gapless block of bins around it."""
    breaks = np.flatnonzero(np.diff(frequency) > 2.5 * width_of_bin)
    starts = np.concatenate([[0], breaks + 1])
    stops = np.concatenate([breaks, [frequency.size - 1]])
    for start, stop in zip(starts, stops, strict=True):
        if frequency[start] <= centre <= frequency[stop]:
            return float(min(centre - frequency[start], frequency[stop] - centre))
    return 0.0


def _half_windows(
    spectrum: xarray.Dataset,
    centres: Array,
    widths: Array,
    wanted: Array,
    settings: DirectSettings,
    source: str,
) -> Array:
    frequency = angular(spectrum["frequency_hz"].values)
    bin_width = float(angular(spectrum.attrs["bin_width_hz"]))
    needed = settings.smallest_half_window_widths * widths
    covered = np.array([_block_around(frequency, float(centre), bin_width) for centre in centres])
    for line in np.flatnonzero(covered < needed):
        low, high = cyclic(centres[line] - needed[line]), cyclic(centres[line] + needed[line])
        raise InferenceError(
            f"{source}: does not cover line {line + 1}, {low:.0f} .. {high:.0f} Hz from the drive "
            "centre; record that range"
        )
    return np.minimum(np.maximum(wanted, needed), covered)


@dataclass(frozen=True)
class _Bins:
    """Indices of the bins of each fit, one window for each line, named as in `Grids`."""

    emission: tuple[NDArray[np.intp], NDArray[np.intp]]
    scan: tuple[NDArray[np.intp], NDArray[np.intp]]
    reference: tuple[NDArray[np.intp], NDArray[np.intp]]


@dataclass(frozen=True)
class _Measured:
    areas: Array
    covariance: Array
    fits: dict[str, Goodness]


def _measure(
    emission: xarray.Dataset, scan: xarray.Dataset, setup: Setup, bins: _Bins, model: ExactLines
) -> _Measured:
    """Fit all recorded lines; areas (M,), their covariance (M, M) and the goodness of each fit."""
    emission_frequency = angular(emission["frequency_hz"].values)
    emission_power = emission["power_spectral_density"].values
    scan_frequency = angular(scan["frequency_hz"].values)
    scan_power = scan["power_spectral_density"].values
    offset = float(angular(setup.probe.offset_hz))
    count = setup.phases.size
    size = 2 + 2 * count
    areas, noise = np.zeros(size), np.zeros((size, size))
    fits: dict[str, Goodness] = {}
    for line in (0, 1):
        index = bins.emission[line]
        start = model.lines[line][0]
        # What no line shape fits in the exact spectrum (curved pedestal, tails of other lines) is
        # taken off; it is orthogonal to the fit, so areas stay and only chi-square improves.
        fit = fit_line(
            emission_frequency[index],
            emission_power[index] - model.emission_unfitted[line][0],
            setup.emission_averages,
            start.centre,
            start.width,
            f"emission, line {line + 1}",
        )
        fits[f"emission_line_{line + 1}"] = fit.goodness
        areas[line] = fit.area
        noise[line, line] = fit.covariance[0, 0]

        index = bins.scan[line]
        frequency = scan_frequency[index]
        power = scan_power[:, index] - model.scan_unfitted[line][0]
        index = bins.reference[line]
        reference_frequency, reference_power = emission_frequency[index], emission_power[index]

        def difference(
            centre: float,
            width: float,
            at: tuple[Array, Array] = (frequency, reference_frequency),
            of: tuple[Array, Array] = (power, reference_power),
        ) -> tuple[Array, Array, Goodness]:
            with_probe = fit_areas(at[0], of[0], setup.scan_averages, centre + offset, width)
            without = fit_areas(at[1], of[1], setup.emission_averages, centre + offset, width)
            variance = np.diag(with_probe.covariance[:, 0, 0]) + without.covariance[0, 0]
            return with_probe.area - without.area, variance, with_probe.goodness

        rows = slice(2 + line * count, 2 + (line + 1) * count)
        areas[rows], variance, fits[f"scan_line_{line + 1}"] = difference(fit.centre, fit.width)
        # Centre and width come from the emission fit: their errors move all phases together.
        d_centre, d_width = np.sqrt(np.diag(fit.covariance)[4:])
        by_shape = np.stack(
            [
                (difference(fit.centre + d_centre, fit.width)[0] - areas[rows]) / d_centre,
                (difference(fit.centre, fit.width + d_width)[0] - areas[rows]) / d_width,
            ],
            axis=-1,
        )
        noise[rows, rows] = variance + by_shape @ fit.covariance[4:, 4:] @ by_shape.T
        noise[line, rows] = fit.covariance[0, 4:] @ by_shape.T
        noise[rows, line] = noise[line, rows]
    return _Measured(areas, noise, fits)


def _derived(state: Array) -> dict[str, Array]:
    """Derived quantities of states (..., 4); NaN where a logarithm has no argument."""
    occupation_1, occupation_2, real, imaginary = np.moveaxis(state, -1, 0)
    magnitude = np.hypot(real, imaginary)
    total = occupation_1 + occupation_2 + 1.0
    duan = total - 2.0 * magnitude
    # For <b_j^2> = <b_1^dag b_2> = 0 this is 2 nu exactly, with no square root of a determinant
    # that noise can make negative.
    two_nu = total - np.hypot(occupation_1 - occupation_2, 2.0 * magnitude)
    with np.errstate(divide="ignore", invalid="ignore"):
        return {
            "occupation_1": occupation_1,
            "occupation_2": occupation_2,
            "correlator_magnitude": magnitude,
            "correlator_phase_rad": np.angle(real + 1j * imaginary),
            "duan": duan,
            "two_nu": two_nu,
            "logarithmic_negativity": np.maximum(0.0, -np.log2(two_nu)),
            "squeezing_db": -10.0 * np.log10(duan),
        }


def _physical(state: Array) -> NDArray[np.bool_]:
    occupation_1, occupation_2, real, imaginary = np.moveaxis(state, -1, 0)
    bound = np.minimum(occupation_1 * (occupation_2 + 1.0), occupation_2 * (occupation_1 + 1.0))
    return (occupation_1 >= 0) & (occupation_2 >= 0) & (real**2 + imaginary**2 <= bound)


def _gradients(state: Array) -> dict[str, Array]:
    steps = 1e-5 * np.maximum(1.0, np.abs(state))
    upper = _derived(state + np.diag(steps))
    lower = _derived(state - np.diag(steps))
    centre = _derived(state)
    gradients = {}
    for name in centre:
        difference = upper[name] - lower[name]
        if name == "correlator_phase_rad":
            difference = np.angle(np.exp(1j * difference))
        gradients[name] = difference / (2.0 * steps)
    return gradients


def _quantities(
    state: Array, statistical: Array, by_calibration: Array, generator: np.random.Generator
) -> tuple[dict[str, Any], float, float]:
    """Derived quantities; `by_calibration` (samples, 4) are states for drawn calibrations."""
    values = _derived(state)
    gradients = _gradients(state)
    calibrated = _spread(by_calibration)
    total = statistical + calibrated
    # Drawn in units of the errors, where rounding cannot make the covariance indefinite.
    scale = np.sqrt(np.diag(statistical))
    root = np.linalg.cholesky(statistical / np.outer(scale, scale))
    drawn = by_calibration + (generator.standard_normal(by_calibration.shape) @ root.T) * scale
    sampled = _derived(drawn)
    phase = values["correlator_phase_rad"]
    sampled["correlator_phase_rad"] = phase + np.angle(
        np.exp(1j * (sampled["correlator_phase_rad"] - phase))
    )
    quantities: dict[str, Any] = {}
    for name, value in values.items():
        gradient = gradients[name]
        defined = sampled[name][np.isfinite(sampled[name])]
        low_95, low_68, high_68, high_95 = (
            np.quantile(defined, [0.025, 0.16, 0.84, 0.975]) if defined.size else [np.nan] * 4
        )
        quantities[name] = {
            "value": float(value),
            "uncertainty": float(np.sqrt(gradient @ total @ gradient)),
            "statistical": float(np.sqrt(gradient @ statistical @ gradient)),
            "calibration": float(np.sqrt(gradient @ calibrated @ gradient)),
            "interval_68": [float(low_68), float(high_68)],
            "interval_95": [float(low_95), float(high_95)],
        }
    entangled = float(np.mean(sampled["two_nu"] < 1.0))
    return quantities, entangled, float(np.mean(_physical(drawn)))


def _groups(values: Mapping[str, Any], drive: DriveSettings) -> dict[str, float]:
    system = parameters.system(values, drive)
    device = system.device
    kappa = float(device.kappa)
    half_splitting = float(device.mechanical_frequency[1] - device.mechanical_frequency[0]) / 2.0
    red, blue = system.drive.red_coupling, system.drive.blue_coupling
    widths = expected_lines(values, drive)[1]
    cooperativity = (
        4.0 * red**2 * kappa / (device.mechanical_linewidth * (kappa**2 + 4.0 * half_splitting**2))
    )
    return {
        "cooperativity_over_occupation": float(
            np.mean(cooperativity / system.bath.thermal_occupation)
        ),
        "ratio": float(np.mean(blue / red)),
        "half_splitting_over_kappa": half_splitting / kappa,
        "line_width_over_half_splitting": float(np.mean(widths)) / half_splitting,
        "cavity_occupation": float(system.cavity_occupation),
        "external_over_total_loss": float(device.kappa_external) / kappa,
        "coupling_1_over_coupling_2": float(
            device.single_photon_coupling[0] / device.single_photon_coupling[1]
        ),
    }


def without_result(validity: str, emission: xarray.Dataset | None = None) -> DirectResult:
    """Return a result without numbers, with its reason.

    Parameters
    ----------
    validity : str
        ``"not valid here: reason"`` or ``"not available: reason"``.
    emission : xarray.Dataset, optional
        Recording whose drive settings are noted.

    Returns
    -------
    DirectResult
    """
    nothing = np.full((4, 4), np.nan)
    noted = ("red_coupling_hz", "ratio")
    return DirectResult(
        validity=validity,
        settings={} if emission is None else {n: float(emission.attrs[n]) for n in noted},
        state=np.full(4, np.nan),
        statistical_covariance=nothing,
        calibration_covariance=nothing,
        data={},
        fits={},
        correction={},
        groups={},
        quantities={},
        probability_entangled=float("nan"),
        physical_fraction=float("nan"),
    )


def _check_inputs(
    emission: xarray.Dataset, scan: xarray.Dataset, calibration: Calibration
) -> Setup:
    recording.check(emission, recording.EMISSION, "emission")
    recording.check(scan, recording.PHASE_SCAN, "phase scan")
    drive = recording.drive_settings(emission)
    other = recording.drive_settings(scan)
    for name in vars(drive):
        if not np.isclose(getattr(drive, name), getattr(other, name), rtol=1e-9, atol=0.0):
            raise InferenceError(
                f"phase scan: {name} is {getattr(other, name):g}, but {getattr(drive, name):g} in "
                "the emission recording; give two recordings of one operating point"
            )
    for name in MODEL_PARAMETERS:
        calibration.index(name)
    probe = recording.probe_settings(scan)
    phases = np.asarray(probe.phase_rad)
    directions = np.stack([np.ones_like(phases), np.cos(phases), np.sin(phases)])
    if np.linalg.matrix_rank(directions, tol=1e-3) < 3:
        raise InferenceError(
            f"phase scan: {phases.size} phases do not determine mean, cosine and sine; "
            "record at least 3 different phases, better 8 equally spaced"
        )
    return Setup(drive, probe, float(emission.attrs["averages"]), float(scan.attrs["averages"]))


def _select_bins(
    emission: xarray.Dataset,
    scan: xarray.Dataset,
    setup: Setup,
    lines: tuple[Array, Array],
    settings: DirectSettings,
) -> _Bins:
    """Choose the windows of all fits around the expected lines (centres, widths)."""
    centres, widths = lines
    separation = abs(float(centres[1] - centres[0]))
    offset = float(angular(setup.probe.offset_hz))
    wanted = np.minimum(
        settings.emission_half_window_widths * widths, settings.largest_share_of_gap * separation
    )
    half = _half_windows(emission, centres, widths, wanted, settings, "emission")
    gap = min(abs(offset), abs(separation - abs(offset)))
    wanted = np.minimum(
        settings.scan_half_window_widths * widths, settings.largest_share_of_gap * gap
    )
    scan_half = _half_windows(scan, centres + offset, widths, wanted, settings, "phase scan")
    emission_frequency = angular(emission["frequency_hz"].values)
    scan_frequency = angular(scan["frequency_hz"].values)

    def chosen(
        frequency: Array, at: Array, half_widths: Array, source: str
    ) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        first, second = (
            window(frequency, float(centre), float(width), source)
            for centre, width in zip(at, half_widths, strict=True)
        )
        return first, second

    return _Bins(
        chosen(emission_frequency, centres, half, "emission"),
        chosen(scan_frequency, centres + offset, scan_half, "phase scan"),
        chosen(emission_frequency, centres + offset, scan_half, "emission at the probe lines"),
    )


def infer(
    emission: xarray.Dataset | None,
    phase_scan: xarray.Dataset | None,
    calibration: Calibration,
    generator: np.random.Generator,
    settings: DirectSettings | None = None,
) -> DirectResult:
    """Infer the drums' state at one operating point by the direct route.

    Parameters
    ----------
    emission : xarray.Dataset or None
        Recording of kind ``emission``.
    phase_scan : xarray.Dataset or None
        Recording of kind ``phase_scan`` at the same drive, at least three phases.
    calibration : Calibration
        Values and covariance of `MODEL_PARAMETERS`.
    generator : numpy.random.Generator
        Draws the calibrations and the noise that errors, intervals and probabilities come from.
    settings : DirectSettings, optional
        Choices of the route.

    Returns
    -------
    DirectResult
        Its `validity` says whether the numbers may be used.

    Raises
    ------
    RecordingError
        If a recording is malformed or of the wrong kind.
    CalibrationError
        If the calibration lacks a parameter.
    InferenceError
        If a spectrum does not cover its lines, or the recordings do not belong together.
    """
    settings = settings or DirectSettings()
    if emission is None or phase_scan is None:
        missing = "emission" if emission is None else "phase scan"
        return without_result(f"not available: no {missing} recording", emission)
    setup = _check_inputs(emission, phase_scan, calibration)
    central = calibration.mapping()
    steady = covariance.steady_state(parameters.system(central, setup.drive))
    if not np.all(steady.stable):
        return without_result(
            "not valid here: the calibrated device has no steady state under this drive "
            f"({steady.reason})",
            emission,
        )
    centres, widths = expected_lines(central, setup.drive)
    if np.any(widths <= 0):
        return without_result(
            f"not valid here: the drive does not damp line {int(np.argmin(widths)) + 1} of the "
            "calibrated device",
            emission,
        )
    separation = abs(float(centres[1] - centres[0]))
    offset = abs(float(angular(setup.probe.offset_hz)))
    for distance, what in ((separation, "emission lines"), (offset, "probe and emission lines")):
        if distance < settings.smallest_separation * np.max(widths):
            return without_result(
                f"not valid here: {what} are {distance / np.max(widths):.2g} line widths apart, "
                f"less than {settings.smallest_separation:g}",
                emission,
            )

    bins = _select_bins(emission, phase_scan, setup, (centres, widths), settings)
    emission_frequency = angular(emission["frequency_hz"].values)
    scan_frequency = angular(phase_scan["frequency_hz"].values)
    grids = Grids(
        (emission_frequency[bins.emission[0]], emission_frequency[bins.emission[1]]),
        (scan_frequency[bins.scan[0]], scan_frequency[bins.scan[1]]),
        (emission_frequency[bins.reference[0]], emission_frequency[bins.reference[1]]),
    )
    one = {name: np.array([value]) for name, value in central.items()}
    model = exact_lines(one, setup, grids)
    exact = model.areas[0]
    central_offsets = offsets(one, setup, model.areas)[0]
    measured = _measure(emission, phase_scan, setup, bins, model)

    uncertain = calibration.uncertain_names(MODEL_PARAMETERS)
    calibration_covariance = calibration.covariance_of(uncertain)
    thin = grids.thinned()

    def offsets_of(values: dict[str, Array]) -> Array:
        return offsets(values, setup, exact_lines(values, setup, thin).areas)

    count = measured.areas.size
    by_parameter_offsets = (
        calibration.jacobian(offsets_of, uncertain) if uncertain else np.zeros((count, 0))
    )

    matrix, constant = (part[0] for part in closed_forms(one, setup))
    constant = constant + central_offsets

    def solved_around(expected: Array) -> _Solved:
        def closed_of(values: dict[str, Array]) -> Array:
            maps, constants = closed_forms(values, setup)
            return maps @ expected + constants

        by_parameter = by_parameter_offsets
        if uncertain:
            by_parameter = by_parameter + calibration.jacobian(closed_of, uncertain)
        systematic = by_parameter @ calibration_covariance @ by_parameter.T
        return _solve(measured.areas - constant, matrix, measured.covariance, systematic, setup)

    solved = solved_around(model_state(one, setup.drive)[0])
    for _ in range(_GLS_ITERATIONS - 1):
        solved = solved_around(solved.state)
    state = solved.state
    by_calibration = np.tile(state, (settings.samples, 1))
    if uncertain:
        drawn = calibration.sample(generator, settings.samples)
        shift = np.stack([drawn[name] - central[name] for name in uncertain], axis=-1)
        maps, constants = closed_forms(drawn, setup)
        constants = constants + central_offsets + shift @ by_parameter_offsets.T
        by_calibration = solved.solve(measured.areas - constants, maps)
        state = by_calibration.mean(axis=0)
    quantities, entangled, physical = _quantities(
        state, solved.statistical, by_calibration, generator
    )
    fits = {**measured.fits, "phase_scan": solved.scan, "least_squares": solved.least_squares}
    bad = [name for name, fit in fits.items() if not fit.p_value >= settings.smallest_p_value]
    validity = "valid"
    if bad:
        validity = (
            f"not valid here: fit of {bad[0].replace('_', ' ')} has p = {fits[bad[0]].p_value:.1e}"
        )
    return DirectResult(
        validity=validity,
        settings={name: float(emission.attrs[name]) for name in ("red_coupling_hz", "ratio")},
        state=state,
        statistical_covariance=solved.statistical,
        calibration_covariance=_spread(by_calibration),
        data=solved.data,
        fits=fits,
        correction={
            "method": "offset of each area: fit to the exact spectrum of the calibrated device "
            "minus the closed form for its state",
            "emission_offset_over_area": (central_offsets[:2] / exact[:2]).tolist(),
            "scan_offset_over_area": (central_offsets[2:] / exact[2:]).reshape(2, -1).tolist(),
            "phase_rad": setup.phases.tolist(),
        },
        groups=_groups(central, setup.drive),
        quantities=quantities,
        probability_entangled=entangled,
        physical_fraction=physical,
    )


@dataclass(frozen=True)
class _Solved:
    """Least squares at the central calibration, and its weights for use with others."""

    state: Array
    statistical: Array
    reduction: Array
    inverse: Array
    data: dict[str, Any]
    scan: Goodness
    least_squares: Goodness

    def solve(self, areas: Array, matrix: Array) -> Array:
        """States (B, 4) for areas less constants (B, M) and maps (B, M, 4)."""
        maps = self.reduction @ matrix
        weighted = np.swapaxes(maps, -1, -2) @ self.inverse
        data = areas @ self.reduction.T
        return np.linalg.solve(weighted @ maps, weighted @ data[..., None])[..., 0]


def _spread(states: Array) -> Array:
    """Covariance (4, 4) of sampled states; exactly zero if they are all the same."""
    centred = states - states[0]
    centred = centred - centred.mean(axis=0)
    return np.asarray(centred.T @ centred / len(states), dtype=np.float64)


def _inverse(matrix: Array) -> Array:
    scale = np.sqrt(np.diag(matrix))
    return np.linalg.inv(matrix / np.outer(scale, scale)) / np.outer(scale, scale)


def _solve(areas: Array, matrix: Array, noise: Array, systematic: Array, setup: Setup) -> _Solved:
    """Reduce the areas (less the constants of the map) to five data, and those to four unknowns."""
    total = noise + systematic
    phases = setup.phases
    # Re c enters every probe area as 2 P_a P_b cos(phi): half its coefficient is the scale of
    # the area in units of the Duan sum.
    scale = 0.5 * np.hypot(matrix[2:, 2], matrix[2:, 3])
    design = scale[:, None] * np.stack(
        [np.ones(scale.size), np.tile(np.cos(phases), 2), np.tile(np.sin(phases), 2)], axis=-1
    )
    weights = _inverse(total[2:, 2:])
    reduce_scan = np.linalg.solve(design.T @ weights @ design, design.T @ weights)
    residual = areas[2:] - design @ (reduce_scan @ areas[2:])
    scan = Goodness.of(float(residual @ weights @ residual), residual.size - 3)

    reduction = np.zeros((5, areas.size))
    # An emission area over this is the occupation m_a of a Bogoliubov mode.
    norms = np.array([matrix[0, 0] - matrix[0, 1], matrix[1, 1] - matrix[1, 0]])
    reduction[0, 0], reduction[1, 1] = 1.0 / norms
    reduction[2:, 2:] = reduce_scan
    data = reduction @ areas
    maps = reduction @ matrix
    noise, systematic = (reduction @ part @ reduction.T for part in (noise, systematic))
    inverse = _inverse(noise + systematic)
    gain = np.linalg.solve(maps.T @ inverse @ maps, maps.T @ inverse)
    state = gain @ data
    residual = data - maps @ state
    vacuum = np.array([matrix[0, 1] / norms[0], matrix[1, 0] / norms[1], 1.0, 0.0, 0.0])
    return _Solved(
        state=state,
        statistical=gain @ noise @ gain.T,
        reduction=reduction,
        inverse=inverse,
        data={
            name: {
                "value": float(value),
                "statistical": float(np.sqrt(noise[index, index])),
                "calibration": float(np.sqrt(systematic[index, index])),
            }
            for index, (name, value) in enumerate(zip(DATA, data + vacuum, strict=True))
        },
        scan=scan,
        least_squares=Goodness.of(float(residual @ inverse @ residual), 1),
    )
