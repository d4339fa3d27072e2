"""Does the analysis notice what its model lacks, and how much would it be off?

The nominal device is recorded without noise, but with an imperfection; the analysis is fitted to
these expected powers, which needs no repetition (an Asimov data set: Cowan et al., Eur. Phys. J. C
71, 1554 (2011)). The deviance of each spectrum that no parameter takes away is the noncentrality of
its chi-square with noise, hence the probability that the verdict's fits fail; the shift of the Duan
sum is the bias. Sizes are scaled until the imperfection is noticed in 90 % of repetitions; a few
replicas with noise then check the probability.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtri, chndtr

from entangled_drums import entanglement, periodic, tones
from entangled_drums.calibration import Calibration
from entangled_drums.calibration.background import with_background
from entangled_drums.coverage.experiment import Experiment
from entangled_drums.coverage.summary import rate
from entangled_drums.errors import EntangledDrumsError, InferenceError
from entangled_drums.inference.fine_effects import Fidelity
from entangled_drums.inference.mode_search import climb, find_modes
from entangled_drums.inference.model_based import ModelBasedSettings, Prepared, prepare
from entangled_drums.inference.observation import observation
from entangled_drums.inference.prior_weight import gradients
from entangled_drums.inference.target import Target, target
from entangled_drums.inference.verdict import largest_failing, misfits
from entangled_drums.laboratory.imperfections import (
    Imperfections,
    SpuriousLine,
    course,
    true_system,
)

Array = NDArray[np.float64]

NOTICED = 0.9
_ROUNDS = 6
_TOO_LARGE = 3.0
_TOLERANCE = 0.01
_LARGEST_SHIFT = 1.0
"""Bias of D, in sigma, above which an imperfection belongs into the error budget."""


@dataclass(frozen=True)
class Injection:
    """An imperfection that the model lacks.

    Parameters
    ----------
    meaning, unit : str
        For tables.
    guess : float
        Size that the search starts from.
    largest : float
        Size beyond which it would be noticed in the laboratory by other means.
    inject : callable
        Takes the imperfections of the laboratory and a size; returns them with it.
    analysis : Fidelity, optional
        What the analysis then assumes, if it is the analysis that is wrong; its only size is 1.
    """

    meaning: str
    unit: str
    guess: float
    largest: float
    inject: Callable[[Imperfections, float], Imperfections]
    analysis: Fidelity | None = None


def _sized(*names: str) -> Callable[[Imperfections, float], Imperfections]:
    def sized(of: Imperfections, size: float) -> Imperfections:
        sizes: dict[str, Any] = dict.fromkeys(names, size)
        return replace(of, **sizes)

    return sized


INJECTIONS: Mapping[str, Injection] = MappingProxyType(
    {
        "spurious-line": Injection(
            "unmodelled line in the emission, 300 kHz from the drive centre",
            "quanta",
            0.1,
            10.0,
            lambda of, size: replace(of, spurious_lines=(SpuriousLine(3.0e5, size),)),
        ),
        "gain-ripple": Injection(
            "ripple of the gain along frequency", "1", 1e-3, 0.1, _sized("gain_ripple")
        ),
        "cavity-jitter": Injection(
            "slow jitter of the cavity frequency", "Hz", 5e4, 5e5, _sized("cavity_jitter_hz")
        ),
        "drum-drift": Injection(
            "drift of both drums over a recording", "Hz", 1e3, 1e4, _sized("drum_drift_hz")
        ),
        "phase-drift": Injection(
            "drift of the probe phase over a scan", "rad", 0.2, 3.0, _sized("probe_phase_drift_rad")
        ),
        "parametric": Injection(
            "mechanical parametric term of the pumps",
            "Hz",
            50.0,
            2e3,
            _sized("mechanical_parametric_hz"),
        ),
        "pump-noise": Injection(
            "pump noise correlated between the tones",
            "quanta",
            0.02,
            0.5,
            _sized("pump_noise_occupation", "pump_noise_correlation"),
        ),
        "rwa-analysis": Injection(
            "analysis in the rotating-wave approximation",
            "1",
            1.0,
            1.0,
            lambda of, size: of,
            Fidelity(counter_rotating=False, finite_record=True),
        ),
    }
)


@dataclass(frozen=True)
class Fit:
    """What the analysis makes of expected powers.

    Parameters
    ----------
    deviances, degrees : dict
        By spectrum, and of the calibration.
    bias : float
        Estimate of D less the true one.
    uncertainty : float
        Error of D that the analysis states.
    """

    deviances: dict[str, float]
    degrees: dict[str, float]
    bias: float
    uncertainty: float

    @property
    def noticed(self) -> float:
        """Probability that at least one fit fails."""
        level = largest_failing(len(self.degrees))
        passes = 1.0
        for name, degrees in self.degrees.items():
            limit = chdtri(degrees, level)
            passes *= float(chndtr(limit, degrees, max(self.deviances[name], 1e-12)))
        return 1.0 - passes


@dataclass(frozen=True)
class Laboratory:
    """The flagship experiment, to be recorded with imperfections.

    Parameters
    ----------
    experiment : Experiment
        On the nominal device.
    calibration : Calibration
        Its covariance is that of the real calibration, its values are the true ones.
    """

    experiment: Experiment
    calibration: Calibration

    @classmethod
    def of(cls, experiment: Experiment, calibrated: Calibration) -> "Laboratory":
        """Return the laboratory whose calibration is as good as the given one, and right."""
        true = with_background({**calibrated.mapping(), **experiment.values})
        values = [true[name] for name in calibrated.names]
        return cls(experiment, replace(calibrated, values=np.array(values)))

    def with_imperfections(self, imperfections: Imperfections) -> "Laboratory":
        """Return the same laboratory, worse."""
        return replace(self, experiment=replace(self.experiment, imperfections=imperfections))

    def density(
        self, generator: np.random.Generator | None, fidelity: Fidelity, prepared: Prepared
    ) -> Target:
        """Record, with noise if there is a generator, and return the posterior density."""
        seen = observation(*self.experiment.record(self.experiment.values, generator))
        density = target(seen, self.calibration, fidelity, prepared.lines)
        return density if prepared.effects is None else density.with_effects(prepared.effects)

    def true_duan(self) -> float:
        """Return D of the state as it really is, averaged over the course of a recording."""
        experiment = self.experiment
        along = course(experiment.imperfections, 1)
        system = true_system(
            experiment.values, experiment.drive_settings, experiment.imperfections, along
        )
        modulation = tones.drive_modulation(
            system.drive, counter_rotating=experiment.imperfections.counter_rotating
        )
        state = periodic.periodic_state(system, modulation)
        each = np.broadcast_to(state.mean_covariance, (1, along.weights.size, 6, 6))
        mean = np.einsum("k,skij->ij", along.weights, each)
        return float(entanglement.measures(mean).duan)


def fit(laboratory: Laboratory, fidelity: Fidelity, prepared: Prepared) -> Fit:
    """Fit the expected powers of a laboratory."""
    density = laboratory.density(None, fidelity, prepared)
    mode = climb(density, np.zeros((1, density.size)))[0]
    density = density.with_effects_at(mode.u, slopes=False)
    mode = find_modes(density, mode.u[None])[0]
    goodness = density.goodness(mode.u)
    (duan,), (slope,) = gradients(density, mode.u, ("duan",))
    inverse = np.linalg.inv(mode.information)
    single = {name: one for name, one in goodness.items() if name != "all"}
    return Fit(
        {name: one.chi_square for name, one in single.items()},
        {name: one.degrees_of_freedom for name, one in single.items()},
        float(duan) - laboratory.true_duan(),
        math.sqrt(float(slope @ inverse @ slope)),
    )


def search(
    name: str,
    experiment: Experiment,
    calibrated: Calibration,
    replicas: Sequence[np.random.Generator],
) -> dict[str, Any]:
    """Find the smallest noticed size of an imperfection, and the bias there.

    Parameters
    ----------
    name : str
        One of `INJECTIONS`.
    experiment : Experiment
    calibrated : Calibration
        Its covariance is used.
    replicas : sequence of numpy.random.Generator
        One for each replica with noise that checks the probability.

    Returns
    -------
    dict
        ``size``, ``noticed``, ``at_largest`` (not noticed at any size), ``bias`` and
        ``bias_in_sigma`` of D there, ``replicas`` that noticed, ``sizes`` tried.

    Raises
    ------
    InferenceError
        If there is no imperfection of that name.
    """
    if name not in INJECTIONS:
        raise InferenceError(f"misfit: {name!r} is unknown; write one of {', '.join(INJECTIONS)}")
    injection = INJECTIONS[name]
    fidelity = injection.analysis or experiment.fidelity
    plain = Laboratory.of(experiment, calibrated)
    prepared = prepare(
        observation(*experiment.record(experiment.values, None)),
        plain.calibration,
        ModelBasedSettings(fidelity=fidelity),
    )

    def spoilt(size: float) -> Laboratory:
        return plain.with_imperfections(injection.inject(experiment.imperfections, size))

    size = min(injection.guess, injection.largest)
    tried: dict[float, Fit] = {}
    for _ in range(_ROUNDS):
        try:
            tried[size] = fit(spoilt(size), fidelity, prepared)
        except InferenceError:
            # So large that no parameters fit: smaller.
            if injection.analysis is not None:
                raise
            size /= _TOO_LARGE
            continue
        if abs(tried[size].noticed - NOTICED) < _TOLERANCE or injection.analysis is not None:
            break
        following = min(_rescaled(size, tried), injection.largest)
        if following in tried:
            break
        size = following
    if not tried:
        raise InferenceError(f"misfit: no size of {name} that was tried can be fitted")
    best = min(tried, key=lambda one: abs(tried[one].noticed - NOTICED))
    found = tried[best]
    outcomes = [noticed(spoilt(best), fidelity, prepared, one) for one in replicas]
    return {
        "imperfection": name,
        "meaning": injection.meaning,
        "unit": injection.unit,
        "size": best,
        "noticed": found.noticed,
        "at_largest": best == injection.largest and found.noticed < NOTICED,
        "bias": found.bias,
        "uncertainty": found.uncertainty,
        "bias_in_sigma": found.bias / found.uncertainty,
        # A wrong analysis that is always noticed cannot hide at a smaller size.
        "in_error_budget": abs(found.bias) > _LARGEST_SHIFT * found.uncertainty
        and (injection.analysis is None or found.noticed < NOTICED),
        "replicas": rate(outcomes),
        "sizes": [
            {"size": one, "noticed": of.noticed, "bias_in_sigma": of.bias / of.uncertainty}
            for one, of in sorted(tried.items())
        ],
    }


def _rescaled(size: float, tried: Mapping[float, Fit]) -> float:
    """Size that would be noticed often enough, if the deviance follows a power of the size."""
    found = tried[size]
    low, high = 1e-3, 1e3
    for _ in range(60):
        factor = math.sqrt(low * high)
        scaled = {name: factor * one for name, one in found.deviances.items()}
        enough = replace(found, deviances=scaled).noticed > NOTICED
        low, high = (low, factor) if enough else (factor, high)
    power = 2.0
    if len(tried) > 1:
        other = min(
            (one for one in tried if one != size), key=lambda one: abs(math.log(one / size))
        )
        total = (sum(tried[one].deviances.values()) for one in (size, other))
        power = min(max(math.log(next(total) / next(total)) / math.log(size / other), 1.0), 8.0)
    return size * min(max(math.sqrt(low * high) ** (1.0 / power), 0.1), 10.0)


def noticed(
    laboratory: Laboratory,
    fidelity: Fidelity,
    prepared: Prepared,
    generator: np.random.Generator,
) -> bool:
    """Tell whether the fits of one recording with noise, under a calibration drawn anew, fail."""
    of_calibration, of_records = generator.spawn(2)
    drawn = laboratory.calibration.sample(of_calibration, 1)
    values = np.array([float(drawn[name][0]) for name in laboratory.calibration.names])
    other = replace(laboratory, calibration=replace(laboratory.calibration, values=values))
    density = other.density(of_records, fidelity, prepared)
    try:
        mode = climb(density, np.zeros((1, density.size)))[0]
        density = density.with_effects_at(mode.u, slopes=False)
        mode = climb(density, mode.u[None])[0]
    except EntangledDrumsError:
        return True
    p_values = {name: one.p_value for name, one in density.goodness(mode.u).items()}
    return bool(misfits(p_values))


COLUMNS = (
    "imperfection",
    "meaning",
    "unit",
    "size",
    "noticed",
    "at_largest",
    "bias",
    "uncertainty",
    "bias_in_sigma",
    "in_error_budget",
)


def table(found: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the results as rows of a table."""
    return [{name: one[name] for name in COLUMNS} for one in found]
