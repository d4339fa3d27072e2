"""Posterior density of the model-based route: all spectra at once, the calibration as prior.

A bin of Gamma shape N and mean mu contributes ``-N (S/mu - ln(S/mu) - 1)``, which is zero for a
perfect fit: the plain log-likelihood would be a sum of 1e7 whose last digits decide. Parameters
are the uncertain calibrated ones in units of their uncertainty, ``u = (theta - centre)/sigma``;
their prior is normal with the calibration's full covariance, cut off where a value is impossible.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc

from entangled_drums import parameters, spectra
from entangled_drums.calibration import Calibration
from entangled_drums.calibration.background import flat, possible
from entangled_drums.errors import InferenceError
from entangled_drums.inference import cut_off_normal
from entangled_drums.inference.fine_effects import (
    Fidelity,
    FineEffects,
    beyond_fast,
    fast_system,
    probe_at,
    tabulate,
)
from entangled_drums.inference.line_maps import MODEL_PARAMETERS, expected_lines
from entangled_drums.inference.observation import Observation, Spectra
from entangled_drums.inference.probe_lines import leading_harmonics
from entangled_drums.inference.spectral_lines import Goodness
from entangled_drums.nodes import Lines, Nodes, nodes
from entangled_drums.phase_series import phase_harmonics
from entangled_drums.ranges import is_allowed

Array = NDArray[np.float64]

EMISSION_RESOLUTION = 0.25
SCAN_RESOLUTION = 0.4
_JITTER = 1e-10
"""Added to the correlations of the prior: parameters tied exactly stay tied to a part in 1e5."""
_SMALLEST_SHARE = 1e-6
"""Lower bound of what must be positive, as a share of its calibrated value."""
_MOST_REDRAWS = 100
_CHUNK = 64
_STEP = 1e-4


@dataclass(frozen=True)
class Target:
    """The unnormalised posterior density, evaluated for many parameter sets at once.

    Made by `target`. All arguments ``u`` have shape (B, P).

    Parameters
    ----------
    names : tuple of str
        Flat names of the P parameters.
    centre, scale : ndarray, (P,)
        Calibrated values and their uncertainties.
    correlation : ndarray, (P, P)
        Correlations of the prior.
    precision : ndarray, (P, P)
        Their inverse.
    fixed : dict
        All other parameter values.
    observation : Observation
    emission_nodes, scan_nodes : Nodes
    effects : FineEffects or None
    fidelity : Fidelity
    """

    names: tuple[str, ...]
    centre: Array
    scale: Array
    correlation: Array
    precision: Array
    fixed: dict[str, float]
    observation: Observation
    emission_nodes: Nodes
    scan_nodes: Nodes | None
    effects: FineEffects | None
    fidelity: Fidelity

    @property
    def size(self) -> int:
        """Number of parameters."""
        return len(self.names)

    @property
    def _bound(self) -> Array:
        """Lowest value of each parameter, in its own unit; minus infinity where there is none."""
        bounded = np.array([not bool(is_allowed(name, -1.0)) for name in self.names])
        positive = np.array([not bool(is_allowed(name, 0.0)) for name in self.names])
        lowest = np.where(positive, _SMALLEST_SHARE * np.abs(self.centre), 0.0)
        return np.where(bounded, lowest, -np.inf)

    @property
    def lowest(self) -> Array:
        """Lowest standardised value of each parameter; minus infinity where there is no bound."""
        return (self._bound - self.centre) / self.scale

    def values(self, u: Array) -> dict[str, Array]:
        """Return flat parameter values, each (B,), of standardised parameters.

        Beside a background also the added noise that belongs to it.
        """
        # The clip only removes rounding at the bound.
        theta = np.maximum(self.centre + self.scale * u, self._bound)
        sets: dict[str, Array] = {
            name: np.full(u.shape[0], value) for name, value in self.fixed.items()
        }
        sets.update({name: theta[:, at] for at, name in enumerate(self.names)})
        return flat(sets)

    def allowed(self, u: Array) -> NDArray[np.bool_]:
        """Tell which parameter sets are physically possible."""
        # Rounding must not make a point on the bound impossible.
        allowed = np.all(u >= self.lowest - 1e-9, axis=-1)
        return np.asarray(allowed & possible(self.values(u)))

    def node_spectra(self, u: Array) -> tuple[Array, Array | None]:
        """Return emission (B, K) and harmonics of the phase scan (B, 5, K') at the nodes."""
        values = self.values(u)
        system = fast_system(values, self.observation.drive, self.fidelity)
        emission = spectra.output_psd(system, self.emission_nodes.at, require_stable=False)
        scan = None
        if self.scan_nodes is not None and self.observation.probe is not None:
            probe = probe_at(values, self.observation.probe)
            leading = leading_harmonics(system, probe, self.scan_nodes.at)
            scan = np.concatenate([leading, np.zeros_like(leading[:, :2])], axis=1)
        if self.effects is not None:
            emission_effect, scan_effect = self.effects.at(u)
            emission = emission + emission_effect
            if scan is not None and scan_effect is not None:
                scan = scan + scan_effect
        return emission, scan

    def means(self, u: Array) -> list[Array]:
        """Return the expected power (B, S, F) of all spectra, emission first."""
        return self.to_bins(self.node_spectra(u), u)

    def to_bins(
        self, at_nodes: tuple[Array, Array | None], u: Array, *, background: bool = True
    ) -> list[Array]:
        """Return the power (B, S, F) in all bins from output spectra at the nodes.

        Without the background, a difference of output spectra becomes one of expected powers.
        """
        receiver = parameters.receiver(self.values(u))
        gain = receiver.gain[:, None, None]
        added = receiver.added_noise[:, None, None] if background else 0.0
        emission, scan = at_nodes
        found = [gain * (self.emission_nodes.to_bins(emission)[:, None] + added)]
        if scan is not None and self.scan_nodes is not None and self.observation.probe is not None:
            phases = phase_harmonics(np.asarray(self.observation.probe.phase_rad))
            found.append(gain * (phases @ self.scan_nodes.to_bins(scan) + added))
        return found

    def log_likelihood(self, u: Array) -> Array:
        """Return the log-likelihood relative to a perfect fit, (B,)."""
        total = np.empty(u.shape[0])
        for start in range(0, u.shape[0], _CHUNK):
            part = slice(start, start + _CHUNK)
            total[part] = 0.0
            for seen, mean in zip(self.observation.spectra, self.means(u[part]), strict=True):
                excess = seen.power / mean - 1.0
                total[part] -= np.sum(seen.shape * (excess - np.log1p(excess)), axis=(-2, -1))
        return total

    def log_prior(self, u: Array) -> Array:
        """Return the log of the prior up to a constant, (B,); minus infinity if impossible."""
        quadratic = -0.5 * np.einsum("bi,ij,bj->b", u, self.precision, u)
        return np.where(self.allowed(u), quadratic, -np.inf)

    def prior_draws(self, count: int, generator: np.random.Generator, sweeps: int = 30) -> Array:
        """Return draws (count, P) from the prior, a normal distribution cut off at the bounds.

        See `cut_off_normal`, which takes ``sweeps``.

        Raises
        ------
        InferenceError
            If hardly any draw is physically possible.
        """
        kept = np.empty((0, self.size))
        for _ in range(_MOST_REDRAWS):
            drawn = cut_off_normal.draws(self.precision, self.lowest, count, generator, sweeps)
            # Bounds leave the added noise that belongs to a background as it comes.
            kept = np.concatenate([kept, drawn[self.allowed(drawn)]])
            if len(kept) >= count:
                return kept[:count]
        raise InferenceError(
            "calibration: hardly any background leaves room for an added noise; calibrate the "
            "receiver again"
        )

    def log_posterior(self, u: Array) -> Array:
        """Return the log of the posterior up to a constant, (B,)."""
        found = self.log_prior(u)
        finite = np.isfinite(found)
        if finite.any():
            found[finite] += self.log_likelihood(u[finite])
        return found

    def linearised(self, u: Array) -> tuple[Array, Array, Array]:
        """Return log-posterior (B,), its gradient (B, P) and the expected information (B, P, P).

        Derivatives are forward differences of the smooth, noiseless model.
        """
        count, size = u.shape
        steps = np.concatenate([np.zeros((1, size)), _STEP * np.eye(size)])
        log_posterior = self.log_prior(u)
        gradient = -u @ self.precision
        information = np.tile(self.precision, (count, 1, 1))
        at_once = max(1, 2 * _CHUNK // (size + 1))
        for start in range(0, count, at_once):
            part = slice(start, start + at_once)
            points = u[part]
            displaced = (points[:, None] + steps).reshape(-1, size)
            for seen, mean in zip(self.observation.spectra, self.means(displaced), strict=True):
                mean = mean.reshape(len(points), size + 1, -1)
                jacobian = (mean[:, 1:] - mean[:, :1]) / _STEP
                centre = mean[:, 0]
                excess = seen.power.reshape(-1) / centre - 1.0
                shape = np.tile(seen.shape, seen.power.shape[0])
                log_posterior[part] -= np.sum(shape * (excess - np.log1p(excess)), axis=-1)
                gradient[part] += np.einsum("bpf,bf->bp", jacobian, shape * excess / centre)
                scaled = jacobian * (np.sqrt(shape) / centre)[:, None]
                information[part] += scaled @ np.swapaxes(scaled, -1, -2)
        return log_posterior, gradient, information

    def observed_information(self, u: Array, step: float = 1e-2) -> Array:
        """Return minus the second derivatives of the log-posterior at one point (P,), (P, P)."""
        # Forward differences of the gradient cannot leave the allowed range.
        displaced = np.concatenate([u[None], u + step * np.eye(self.size)])
        gradient = self.linearised(displaced)[1]
        hessian = -(gradient[1:] - gradient[0]) / step
        return 0.5 * (hessian + hessian.T)

    def sensitivity(self, u: Array) -> tuple[list[Array], list[Array], Array]:
        """Return derivatives, weights and information at one point (P,).

        Returns
        -------
        jacobians : list of ndarray, (P, S F)
            Derivatives of the expected powers of each kind of spectra.
        weights : list of ndarray, (S F,)
            Inverse variances of their bins.
        information : ndarray, (P, P)
            Expected information of all data and the prior.
        """
        steps = np.concatenate([np.zeros((1, self.size)), _STEP * np.eye(self.size)])
        jacobians, weights = [], []
        information = self.precision.copy()
        for seen, mean in zip(self.observation.spectra, self.means(u + steps), strict=True):
            jacobian = ((mean[1:] - mean[:1]) / _STEP).reshape(self.size, -1)
            weight = (seen.shape / mean[0] ** 2).reshape(-1)
            information = information + (jacobian * weight) @ jacobian.T
            jacobians.append(jacobian)
            weights.append(weight)
        return jacobians, weights, information

    def with_effects_at(self, u: Array, *, slopes: bool = True) -> "Target":
        """Return the target with its fine effects tabulated anew at one point (P,).

        Without `slopes`, those of the effects it has are kept: a sixteenth of the cost.
        """
        reference = np.maximum(u, self.lowest)
        grids = (self.observation, self.emission_nodes, self.scan_nodes, self.fidelity)
        if slopes or self.effects is None:
            effects = tabulate(self.values, self.names, self.centre, self.scale, reference, *grids)
            return replace(self, effects=effects)
        emission, scan = beyond_fast(self.values(reference[None]), *grids)
        effects = self.effects.moved(reference, emission[0], None if scan is None else scan[0])
        return replace(self, effects=effects)

    def with_effects(self, effects: FineEffects) -> "Target":
        """Return the target with fine effects tabulated for the same bins elsewhere."""
        return replace(self, effects=effects.standardised(self.names, self.centre, self.scale))

    def goodness(self, u: Array) -> dict[str, Goodness]:
        """Return the goodness of fit of every spectrum and of the prior at the best point (P,).

        The degrees of freedom of a spectrum are its independent bins less the number of parameters
        that it determines by itself (the trace of its share of the information).
        """
        found: dict[str, Goodness] = {}
        jacobians, weights, information = self.sensitivity(u)
        inverse = np.linalg.inv(information)
        total, degrees = 0.0, 0.0
        for seen, mean, jacobian, weight in zip(
            self.observation.spectra, self.means(u[None]), jacobians, weights, strict=True
        ):
            chosen, shape = seen.independent
            count = seen.power.shape[0]
            # How much each bin determines of the parameters.
            leverage = weight * np.einsum("ib,ij,jb->b", jacobian, inverse, jacobian)
            for row, used in enumerate(leverage.reshape(count, -1).sum(axis=1)):
                excess = seen.power[row, chosen] / mean[0, row, chosen] - 1.0
                deviance = 2.0 * float(np.sum(shape * (excess - np.log1p(excess))))
                name = seen.name if count == 1 else f"{seen.name}_{row + 1}"
                found[name] = _goodness(deviance, shape.size - used)
                total, degrees = total + deviance, degrees + shape.size - used
        pull = float(u @ self.precision @ u)
        used = float(np.trace(self.precision @ inverse))
        found["calibration"] = _goodness(pull, self.size - used)
        found["all"] = _goodness(total + pull, degrees + self.size - used)
        return found


def _goodness(deviance: float, degrees: float) -> Goodness:
    # Not rounded to whole numbers: a spectrum determines a fraction of a parameter.
    degrees = max(degrees, 1e-3)
    return Goodness(deviance, degrees, float(chdtrc(degrees, deviance)))


def usable_values(calibration: Calibration) -> dict[str, float]:
    """Return the calibrated values of the model's parameters, impossible ones moved to zero.

    A calibration may estimate an occupation below zero; the prior made of it is cut off there.
    Beside a background also the added noise that belongs to it.

    Raises
    ------
    CalibrationError
        If a parameter is missing.
    """
    calibration.require(MODEL_PARAMETERS)
    values = calibration.mapping()
    return flat(
        {
            name: value if is_allowed(name, value) or not is_allowed(name, 0.0) else 0.0
            for name, value in (
                (name, values[name]) for name in calibration.coordinates(MODEL_PARAMETERS)
            )
        }
    )


def line_shapes(values: dict, observation: Observation) -> Lines:
    """Return where the lines of the calibrated device are expected."""
    centres, widths = expected_lines(values, observation.drive)
    return Lines(np.asarray(centres, dtype=np.float64), np.asarray(widths, dtype=np.float64))


def target(
    observation: Observation,
    calibration: Calibration,
    fidelity: Fidelity,
    lines: Lines | None = None,
) -> Target:
    """Build the posterior density of one operating point.

    Parameters
    ----------
    observation : Observation
        Recorded spectra, merged or not.
    calibration : Calibration
        Prior; parameters without uncertainty stay fixed.
    fidelity : Fidelity
        What the model contains.
    lines : Lines, optional
        Lines that the nodes must resolve; those of the calibrated device by default.

    Raises
    ------
    CalibrationError
        If the calibration lacks a parameter of the model.
    InferenceError
        If no parameter is uncertain.
    """
    central = usable_values(calibration)
    names = calibration.uncertain_names(MODEL_PARAMETERS)
    red = float(np.asarray(observation.drive.red_coupling_hz))
    if np.isclose(red, central["heating.reference_coupling_hz"], rtol=1e-12):
        # At the reference power the law of heating has no effect, whatever its exponents.
        names = tuple(
            name for name in names if name not in ("heating.cavity_exponent", "heating.drum_slope")
        )
    if not names:
        raise InferenceError(
            "calibration: no parameter is uncertain; the model-based route needs uncertainties"
        )
    for name, value in central.items():
        if not is_allowed(name, value):
            raise InferenceError(
                f"calibration: {name} is {value:g}; it must be positive, calibrate it again"
            )
    covariance = calibration.covariance_of(names)
    scale = np.sqrt(np.diag(covariance))
    correlation = covariance / np.outer(scale, scale)
    lines = lines or line_shapes(central, observation)
    emission, scan = observation.emission, observation.phase_scan

    def grid(of: Spectra, shapes: Lines, resolution: float) -> Nodes:
        fine = nodes(of.frequency, of.bin_width, shapes, resolution)
        return Nodes(fine.at, of.averaged(fine.matrix.T).T)

    return Target(
        names=names,
        centre=np.array([calibration.values[calibration.index(name)] for name in names]),
        scale=scale,
        correlation=correlation,
        precision=np.linalg.inv(correlation + _JITTER * np.eye(len(names))),
        fixed={
            name: central[name]
            for name in calibration.coordinates(MODEL_PARAMETERS)
            if name not in names
        },
        observation=observation,
        emission_nodes=grid(emission, lines, EMISSION_RESOLUTION),
        scan_nodes=(
            None
            if scan is None or observation.probe is None
            else grid(scan, lines.with_probe(observation.probe), SCAN_RESOLUTION)
        ),
        effects=None,
        fidelity=fidelity,
    )
