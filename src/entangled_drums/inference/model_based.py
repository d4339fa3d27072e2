"""The model-based route: one likelihood over all spectra of an operating point.

The spectra of the exact model, with all harmonics of the probes, are compared with every recorded
bin; the uncertain parameters of device, baths and receiver have the calibration as their prior.
Their posterior is that of the drums' covariance, and so of every measure of entanglement. The route
is driven by the model: the prior-predictive error stands beside every result, and a state outside
the model shows only in the goodness of fit.

What limits it: emission spectra measure ``n_i - n_e``. The same quanta added to both occupations
look like noise of the receiver but raise the Duan sum, so that the prior on n_e dominates the
error; the entry ``priors`` of the result says by how much.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import xarray
from numpy.typing import NDArray

from entangled_drums import covariance, parameters
from entangled_drums.calibration import Calibration
from entangled_drums.errors import NoFitError
from entangled_drums.inference.fine_effects import Fidelity, FineEffects, beyond_fast
from entangled_drums.inference.groups import dimensionless_groups
from entangled_drums.inference.line_maps import expected_lines
from entangled_drums.inference.observation import Observation, covers, observation
from entangled_drums.inference.posterior import Posterior, SamplerSettings, explore, search
from entangled_drums.inference.prior_weight import gradients, weights_of_priors
from entangled_drums.inference.spectral_lines import Goodness
from entangled_drums.inference.states import state_quantities
from entangled_drums.inference.target import Target, line_shapes, target, usable_values
from entangled_drums.nodes import Lines
from entangled_drums.units import angular

Array = NDArray[np.float64]

_COVERED_WIDTHS = 1.5
_QUANTILES = {"interval_68": (0.16, 0.84), "interval_95": (0.025, 0.975)}


@dataclass(frozen=True)
class ModelBasedSettings:
    """Choices of the model-based route.

    Parameters
    ----------
    fidelity : Fidelity
        What the model contains beside pumps and probes in the rotating-wave approximation.
    sampler : SamplerSettings
        How the posterior is explored.
    merged_resolution : float or None
        Merge bins to this width, in units of the distance from a line's pole; None uses all bins.
    stored_draws : int
        Equally weighted draws kept.
    prior_draws : int
        Draws of the calibration behind the prior-predictive error.
    checked_draws : int
        Posterior draws at which the tabulated fine effects are compared with the exact spectra.
    """

    fidelity: Fidelity = field(default_factory=Fidelity)
    sampler: SamplerSettings = field(default_factory=SamplerSettings)
    merged_resolution: float | None = None
    stored_draws: int = 1000
    prior_draws: int = 1000
    checked_draws: int = 6


@dataclass(frozen=True)
class ModelBasedResult:
    """State at one operating point by the model-based route, or the reason why there is none.

    Parameters
    ----------
    validity : str
        ``"valid"``, ``"not valid here: reason"`` or ``"not available: reason"``.
    settings : dict
        Drive settings the data were taken at (``red_coupling_hz``, ``ratio``).
    quantities : dict
        Value (posterior mean), uncertainty and intervals of every quantity of `states.UNITS`.
    probability_entangled : float
        P(nu < 1/2).
    fits : dict
        Goodness of every spectrum, of the calibration (its pulls) and of all together.
    prior_predictive : dict
        ``duan``: mean and standard deviation under the calibration alone.
    priors : dict
        What each prior carries, see `prior_weight`.
    correction : dict
        Error of the tabulated fine effects.
    sampling : dict
        Sampler, effective sample size, Pareto k, modes.
    groups : dict
        Dimensionless groups of the calibrated device at this drive.
    draws : dict
        Equally weighted draws (S,) of parameters and quantities; empty without a result.
    """

    validity: str
    settings: dict[str, float]
    quantities: dict[str, Any] = field(default_factory=dict)
    probability_entangled: float = float("nan")
    fits: dict[str, Goodness] = field(default_factory=dict)
    prior_predictive: dict[str, Any] = field(default_factory=dict)
    priors: dict[str, Any] = field(default_factory=dict)
    correction: dict[str, Any] = field(default_factory=dict)
    sampling: dict[str, Any] = field(default_factory=dict)
    groups: dict[str, float] = field(default_factory=dict)
    draws: dict[str, Array] = field(default_factory=dict)

    def content(self) -> dict[str, Any]:
        """Return the result for JSON, without the draws."""
        total = self.fits.get("all")
        return {
            "route": "model_based",
            "validity": self.validity,
            **self.settings,
            "quantities": self.quantities,
            "probability_entangled": self.probability_entangled,
            "fits": {name: fit.content() for name, fit in self.fits.items()},
            "goodness_of_fit": total.content() if total else None,
            "prior_predictive": self.prior_predictive,
            "priors": self.priors,
            "correction": self.correction,
            "sampling": self.sampling,
            "dimensionless_groups": self.groups,
        }


def infer(
    emission: xarray.Dataset | None,
    phase_scan: xarray.Dataset | None,
    calibration: Calibration,
    generator: np.random.Generator,
    settings: ModelBasedSettings | None = None,
) -> ModelBasedResult:
    """Infer the drums' state at one operating point by the model-based route.

    Parameters
    ----------
    emission : xarray.Dataset or None
        Recording of kind ``emission``.
    phase_scan : xarray.Dataset or None
        Recording of kind ``phase_scan`` at the same drive; the route works without it.
    calibration : Calibration
        Prior: values and covariance of `line_maps.MODEL_PARAMETERS`.
    generator : numpy.random.Generator
        Draws starts and posterior.
    settings : ModelBasedSettings, optional
        Choices of the route.

    Returns
    -------
    ModelBasedResult

    Raises
    ------
    RecordingError
        If a recording is malformed or of the wrong kind.
    CalibrationError
        If the calibration lacks a parameter.
    InferenceError
        If a spectrum does not cover its lines, or the recordings do not belong together.
    """
    settings = settings or ModelBasedSettings()
    if emission is None:
        return ModelBasedResult("not available: no emission recording", {})
    seen = observation(emission, phase_scan)
    noted = {name: float(emission.attrs[name]) for name in ("red_coupling_hz", "ratio")}
    found = posterior(seen, calibration, generator, settings)
    if isinstance(found, str):
        return ModelBasedResult(f"not valid here: {found}", noted)
    central = usable_values(calibration)
    predicted = prior_predictive(found.target, generator.spawn(1)[0], settings.prior_draws)
    best = found.modes[0].u
    quantities, drawn, probability = summarise(found, generator, settings.stored_draws)
    return ModelBasedResult(
        validity="valid",
        settings=noted,
        quantities=quantities,
        probability_entangled=probability,
        fits=found.target.goodness(best),
        prior_predictive=predicted,
        priors=weights_of_priors(found.target, best, generator.spawn(1)[0]),
        correction=correction_error(found, drawn, settings.checked_draws),
        sampling={
            "sampler": found.sampler,
            "effective_draws": found.sample.effective_size,
            "pareto_k": None if found.sampler == "ensemble" else found.sample.pareto_k,
            "evaluations": found.sample.evaluations,
            "modes": [
                {"log_posterior": mode.log_posterior, "starts": mode.starts} for mode in found.modes
            ],
            "bins": int(sum(one.power.size for one in found.target.observation.spectra)),
        },
        groups=dimensionless_groups(central, seen.drive),
        draws=drawn,
    )


@dataclass(frozen=True)
class Prepared:
    """What repetitions of an experiment share: lines to be resolved, slopes of fine effects."""

    lines: Lines
    effects: FineEffects | None


def posterior(
    seen: Observation,
    calibration: Calibration,
    generator: np.random.Generator,
    settings: ModelBasedSettings,
    prepared: Prepared | None = None,
) -> Posterior | str:
    """Return the posterior of an operating point, or why there is none.

    Parameters
    ----------
    seen : Observation
        All recorded bins.
    calibration, generator, settings
        As for `infer`.
    prepared : Prepared, optional
        From `prepare`, to save time where the experiment is repeated.

    Raises
    ------
    CalibrationError, InferenceError
        As `infer`.
    """
    reason = unusable(usable_values(calibration), seen)
    if reason:
        return reason
    density = _density(seen, calibration, settings, None if prepared is None else prepared.lines)
    effects = None if prepared is None else prepared.effects
    try:
        return explore(density, generator, settings.sampler, effects)
    except NoFitError as error:
        return str(error)


def best_fit(
    seen: Observation,
    calibration: Calibration,
    generator: np.random.Generator,
    settings: ModelBasedSettings,
) -> tuple[Target, Array] | str:
    """Return the posterior density and its best parameters (P,), without draws, or why not.

    Arguments and errors as for `posterior`.
    """
    reason = unusable(usable_values(calibration), seen)
    if reason:
        return reason
    try:
        density, modes = search(_density(seen, calibration, settings), generator, settings.sampler)
    except NoFitError as error:
        return str(error)
    return density, modes[0].u


def _density(
    seen: Observation,
    calibration: Calibration,
    settings: ModelBasedSettings,
    lines: Lines | None = None,
) -> Target:
    lines = lines or line_shapes(usable_values(calibration), seen)
    if settings.merged_resolution is not None:
        seen = seen.merged(lines, settings.merged_resolution)
    return target(seen, calibration, settings.fidelity, lines)


def prepare(seen: Observation, calibration: Calibration, settings: ModelBasedSettings) -> Prepared:
    """Prepare repetitions of an experiment: tabulate its fine effects around the calibration.

    Parameters
    ----------
    seen : Observation
        One repetition; of its data only the bins are used.
    calibration : Calibration
        The prior from which the repetitions are drawn.
    settings : ModelBasedSettings
    """
    lines = line_shapes(usable_values(calibration), seen)
    density = _density(seen, calibration, settings, lines)
    return Prepared(lines, density.with_effects_at(np.zeros(density.size)).effects)


def unusable(values: Mapping[str, float], seen: Observation) -> str:
    """Return why the route cannot be used on the calibrated device; empty if it can.

    Raises
    ------
    InferenceError
        If a spectrum does not cover its lines.
    """
    steady = covariance.steady_state(parameters.system(values, seen.drive))
    if not np.all(steady.stable):
        return f"the calibrated device has no steady state under this drive ({steady.reason})"
    centres, widths = expected_lines(values, seen.drive)
    if np.any(widths <= 0):
        return f"the drive does not damp line {int(np.argmin(widths)) + 1} of the calibrated device"
    covers(seen.emission, list(centres), list(_COVERED_WIDTHS * widths))
    if seen.phase_scan is not None and seen.probe is not None:
        offset = float(angular(seen.probe.offset_hz))
        covers(seen.phase_scan, list(centres + offset), list(_COVERED_WIDTHS * widths))
    return ""


def summarise(
    found: Posterior, generator: np.random.Generator, stored: int
) -> tuple[dict[str, Any], dict[str, Array], float]:
    """Return quantities with intervals, equally weighted draws, and P(nu < 1/2)."""
    values = found.target.values(found.sample.u)
    states = state_quantities(
        values,
        found.target.observation.drive,
        counter_rotating=found.target.fidelity.counter_rotating,
    )
    weights = found.sample.weights
    # A drive that a draw makes unstable has no state; the data exclude it, its weight is tiny.
    stable = np.isfinite(states["duan"])
    weights = np.where(stable, weights, 0.0)
    weights = weights / weights.sum()
    mean_phase = np.angle(weights[stable] @ np.exp(1j * states["correlator_phase_rad"][stable]))
    states["correlator_phase_rad"] = mean_phase + np.angle(
        np.exp(1j * (states["correlator_phase_rad"] - mean_phase))
    )
    quantities: dict[str, Any] = {}
    for name, one in states.items():
        of_stable = one[stable]
        mean = float(weights[stable] @ of_stable)
        quantities[name] = {
            "value": mean,
            "uncertainty": float(np.sqrt(weights[stable] @ (of_stable - mean) ** 2)),
            **{
                key: weighted_quantiles(of_stable, weights[stable], levels)
                for key, levels in _QUANTILES.items()
            },
        }
    probability = float(weights[stable] @ (states["two_nu"][stable] < 1.0))
    kept = found.sample.resampled(stored, generator)
    kept = kept[stable[kept]]
    drawn = {name: values[name][kept] for name in found.target.names}
    drawn.update({name: one[kept] for name, one in states.items()})
    return quantities, drawn, min(probability, 1.0)


def weighted_quantiles(values: Array, weights: Array, levels: tuple[float, ...]) -> list[float]:
    """Return quantiles of weighted draws (S,), interpolated between them."""
    order = np.argsort(values, kind="stable")
    cumulative = np.cumsum(weights[order]) - 0.5 * weights[order]
    return [float(q) for q in np.interp(levels, cumulative / weights.sum(), values[order])]


def prior_predictive(density: Target, generator: np.random.Generator, count: int) -> dict[str, Any]:
    """Return what the calibration alone says about the state.

    Devices that it allows but that have no steady state under the drive are counted, not used.
    """
    states = state_quantities(
        density.values(density.prior_draws(count, generator)),
        density.observation.drive,
        counter_rotating=density.fidelity.counter_rotating,
    )
    stable = np.isfinite(states["duan"])
    found: dict[str, Any] = {
        name: {
            "value": float(np.mean(states[name][stable])),
            "uncertainty": float(np.std(states[name][stable])),
        }
        for name in ("duan", "two_nu")
    }
    found["probability_entangled"] = float(np.mean(states["two_nu"][stable] < 1.0))
    found["stable_fraction"] = float(np.mean(stable))
    return found


def correction_error(found: Posterior, drawn: dict[str, Array], count: int) -> dict[str, Any]:
    """Compare the tabulated fine effects with exact spectra on the posterior.

    What differs is propagated to the Duan sum as if it were data.

    Returns
    -------
    dict
        ``duan_shift_at_mode``, ``largest_duan_shift`` over the checked draws, and their number.
    """
    density, best = found.target, found.modes[0].u
    if density.effects is None:
        return {}
    columns = np.stack([drawn[name][:count] for name in density.names], axis=-1)
    points = np.concatenate([best[None], (columns - density.centre) / density.scale])
    values = density.values(points)
    exact_emission, exact_scan = beyond_fast(
        values,
        density.observation,
        density.emission_nodes,
        density.scan_nodes,
        density.fidelity,
    )
    emission, scan = density.effects.at(points)
    missing = density.to_bins(
        (
            exact_emission - emission,
            None if exact_scan is None or scan is None else exact_scan - scan,
        ),
        points,
        background=False,
    )
    jacobians, weights, information = density.sensitivity(best)
    _, slopes = gradients(density, best, ("duan",))
    shift = np.zeros(len(points))
    for jacobian, weight, difference in zip(jacobians, weights, missing, strict=True):
        flat = difference.reshape(len(points), -1)
        # Data that lack what is missing would be fitted by parameters moved the other way.
        shift -= flat @ (jacobian * weight).T @ np.linalg.solve(information, slopes[0])
    return {
        "method": "fine effects tabulated at the best parameters, with first derivatives at those "
        "that were calibrated",
        "duan_shift_at_mode": float(shift[0]),
        "largest_duan_shift": float(np.max(np.abs(shift))),
        "checked_draws": len(points) - 1,
    }
