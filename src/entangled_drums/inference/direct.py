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

from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray
from numpy.typing import NDArray

from entangled_drums.calibration import Calibration
from entangled_drums.inference.groups import dimensionless_groups
from entangled_drums.inference.line_data import LineData, line_data
from entangled_drums.inference.line_maps import (
    Setup,
    closed_forms,
    model_state,
)
from entangled_drums.inference.line_windows import LineSettings
from entangled_drums.inference.spectral_lines import Goodness

Array = NDArray[np.float64]

UNKNOWNS = ("occupation_1", "occupation_2", "correlator_real", "correlator_imaginary")
DATA = ("bogoliubov_1", "bogoliubov_2", "scan_mean", "scan_cosine", "scan_sine")

_GLS_ITERATIONS = 4


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
            # Weighted, the Duan criterion is as sharp as 2 nu for these states.
            "duan_weighted": two_nu,
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


def infer(
    emission: xarray.Dataset | None,
    phase_scan: xarray.Dataset | None,
    calibration: Calibration,
    generator: np.random.Generator,
    settings: LineSettings | None = None,
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
    settings : LineSettings, optional
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
    settings = settings or LineSettings()
    return infer_from(
        line_data(emission, phase_scan, calibration, settings),
        emission,
        calibration,
        generator,
        settings,
    )


def infer_from(
    found: LineData | str,
    emission: xarray.Dataset | None,
    calibration: Calibration,
    generator: np.random.Generator,
    settings: LineSettings,
) -> DirectResult:
    """Infer the drums' state from lines measured before, see `infer`.

    Parameters
    ----------
    found : LineData or str
        From `line_data.line_data`.
    emission : xarray.Dataset or None
        Recording whose drive settings are noted where there are no line data.
    calibration, generator, settings
        As for `infer`.
    """
    if isinstance(found, str):
        return without_result(found, emission)
    setup, measured = found.setup, found.measured
    central, exact = found.central, found.model.areas[0]
    central_offsets, uncertain = found.offsets, found.uncertain
    solved = solve(found, calibration)
    state = solved.state
    by_calibration = np.tile(state, (settings.samples, 1))
    if uncertain:
        maps, constants, shifted = found.maps_of_draws(calibration, generator, settings.samples)
        by_calibration = solved.solve(measured.areas - constants - shifted, maps)
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
        settings=found.settings,
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
        groups=dimensionless_groups(central, setup.drive),
        quantities=quantities,
        probability_entangled=entangled,
        physical_fraction=physical,
    )


def solve(found: LineData, calibration: Calibration) -> "Solved":
    """Solve the weighted least squares at the central calibration."""
    setup, measured, uncertain = found.setup, found.measured, found.uncertain
    calibration_covariance = calibration.covariance_of(uncertain)
    matrix, constant = (part[0] for part in closed_forms(found.one, setup))
    constant = constant + found.offsets

    def solved_around(expected: Array) -> Solved:
        def closed_of(values: dict[str, Array]) -> Array:
            maps, constants = closed_forms(values, setup)
            return maps @ expected + constants

        by_parameter = found.offset_slopes
        if uncertain:
            by_parameter = by_parameter + calibration.jacobian(closed_of, uncertain)
        systematic = by_parameter @ calibration_covariance @ by_parameter.T
        return _solve(measured.areas - constant, matrix, measured.covariance, systematic, setup)

    solved = solved_around(model_state(found.one, setup.drive)[0])
    for _ in range(_GLS_ITERATIONS - 1):
        solved = solved_around(solved.state)
    return solved


def duan(state: Array) -> Array:
    """Return the Duan sum of states (..., 4)."""
    return _derived(state)["duan"]


@dataclass(frozen=True)
class Solved:
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
        return np.asarray(np.linalg.solve(weighted @ maps, weighted @ data[..., None])[..., 0])


def _spread(states: Array) -> Array:
    """Covariance (4, 4) of sampled states; exactly zero if they are all the same."""
    centred = states - states[0]
    centred = centred - centred.mean(axis=0)
    return np.asarray(centred.T @ centred / len(states), dtype=np.float64)


def _inverse(matrix: Array) -> Array:
    scale = np.sqrt(np.diag(matrix))
    return np.asarray(np.linalg.inv(matrix / np.outer(scale, scale)) / np.outer(scale, scale))


def _solve(areas: Array, matrix: Array, noise: Array, systematic: Array, setup: Setup) -> Solved:
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
    return Solved(
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
