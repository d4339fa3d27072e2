"""Replicas of the whole experiment: do the intervals cover, and how often is a claim false?

A replica draws a true device, a calibration and recordings of one operating point, and gives them
to the model-based route with merged bins. Kinds:

``prior``
    The calibration scatters around the device file, and the truth is drawn from the prior that the
    calibration makes. Bayes' theorem then demands that intervals cover at their level, exactly.
``repeated``
    The other order, as when one laboratory repeats its calibration: the truth is drawn from the
    device file, and the calibration scatters around it. Coverage is not expected to be exact: near
    n_e = 0 the flat, cut-off prior on n_e is wider than what truths are drawn from.
``border``
    As before, with the internal bath heated (or cooled) until nu = 1/2 exactly: the least
    favourable truth for a false claim.
``power``
    As before, until D = 0.83: how often entanglement that is there is shown.
``blue-off``, ``pumps-off``, ``hot-drums``, ``correlated-drums``
    Look-alikes far from entanglement: the generators' settings say that the pumps are on, but one
    or both are not; drums four times as hot; drums so hot whose baths fluctuate together.

A claim is the verdict of the model-based route with the fits of all spectra; its agreement with the
other routes, which could only take claims away, is left out for their cost.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import xarray
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import bdtr, chdtrc

from entangled_drums import parameters, prior
from entangled_drums.calibration import Calibration
from entangled_drums.errors import InferenceError
from entangled_drums.inference.fine_effects import Fidelity
from entangled_drums.inference.observation import observation
from entangled_drums.inference.posterior import SamplerSettings, explore
from entangled_drums.inference.states import state_quantities
from entangled_drums.inference.target import line_shapes, target, usable_values
from entangled_drums.inference.verdict import PROBABILITY_NEEDED, SMALLEST_P_VALUE
from entangled_drums.laboratory import pumped
from entangled_drums.laboratory.imperfections import Imperfections
from entangled_drums.parameters import DriveSettings, ProbeSettings

Array = NDArray[np.float64]

PRIOR, REPEATED, BORDER, POWER = "prior", "repeated", "border", "power"
FAR = ("blue-off", "pumps-off", "hot-drums", "correlated-drums")
KINDS = (PRIOR, REPEATED, BORDER, POWER, *FAR)
LEVELS = (0.5, 0.68, 0.9, 0.95)
RANKED = ("duan", "cavity_occupation", "receiver.gain", "bath.external_occupation")
POWER_AT = 0.83

_HEATED = "bath.internal_occupation"
_HOT = 4.0
_CORRELATION = 0.5
_BINS = 10


@dataclass(frozen=True)
class Experiment:
    """What the replicas repeat.

    Parameters
    ----------
    values, uncertainties : mapping
        Flat values of the device file and their uncertainties.
    drive : DriveSettings
        Settings of the pump generators at the operating point.
    probe : ProbeSettings
        Settings of the probe generators.
    emission : pumped.EmissionSettings
    phase_scan : pumped.PhaseScanSettings
    imperfections : Imperfections
        Of the laboratory.
    fidelity : Fidelity
        Of the analysis.
    sampler : SamplerSettings
    merged_resolution : float
        See `model_based.ModelBasedSettings`.
    """

    values: Mapping[str, float]
    uncertainties: Mapping[str, float]
    drive: DriveSettings
    probe: ProbeSettings
    emission: pumped.EmissionSettings
    phase_scan: pumped.PhaseScanSettings
    imperfections: Imperfections
    fidelity: Fidelity
    sampler: SamplerSettings
    merged_resolution: float = 0.15


def quantities_of(experiment: Experiment, device: Mapping[str, float]) -> dict[str, float]:
    """Return the state of a device and its cavity's occupation."""
    values = {name: np.array([value]) for name, value in device.items()}
    found = state_quantities(
        values, experiment.drive, counter_rotating=experiment.imperfections.counter_rotating
    )
    occupation = parameters.system(values, experiment.drive).cavity_occupation
    return {
        "cavity_occupation": float(occupation[0]),
        **{name: float(value[0]) for name, value in found.items()},
    }


def draw_truth(
    experiment: Experiment, kind: str, generator: np.random.Generator
) -> dict[str, float]:
    """Return the true device of a replica.

    Raises
    ------
    InferenceError
        If no device of that kind can be drawn.
    """
    for _ in range(200):
        device = prior.draw(experiment.values, experiment.uncertainties, generator)
        if kind in ("hot-drums", "correlated-drums"):
            for drum in (1, 2):
                device[f"drum_{drum}.thermal_occupation"] *= _HOT
        if kind not in (BORDER, POWER):
            return device
        name, wanted = ("two_nu", 1.0) if kind == BORDER else ("duan", POWER_AT)

        def excess(
            occupation: float,
            device: dict[str, float] = device,
            name: str = name,
            wanted: float = wanted,
        ) -> float:
            return quantities_of(experiment, {**device, _HEATED: occupation})[name] - wanted

        # Some devices are beyond (or short of) the wanted state with any bath.
        if excess(0.0) < 0.0 < excess(20.0):
            device[_HEATED] = float(brentq(excess, 0.0, 20.0, xtol=1e-10))
            return device
    raise InferenceError(
        f"coverage: no device of the prior has the state wanted for {kind!r}; "
        "choose another operating point"
    )


def draw_calibration(
    experiment: Experiment, device: Mapping[str, float], generator: np.random.Generator
) -> Calibration:
    """Return what a calibration of a device would say: its values and normal errors.

    An estimate may be impossible (an occupation below zero); the prior made of it is cut off.
    """
    names = tuple(sorted(experiment.values))
    spread = np.array([experiment.uncertainties[name] for name in names])
    errors = generator.standard_normal(len(names)) * spread
    return Calibration(
        names, np.array([device[name] for name in names]) + errors, np.diag(spread**2)
    )


def draw_pair(
    experiment: Experiment, kind: str, generator: np.random.Generator
) -> tuple[dict[str, float], Calibration]:
    """Return true device and calibration of a replica."""
    if kind != PRIOR:
        truth = draw_truth(experiment, kind, generator)
        return truth, draw_calibration(experiment, truth, generator)
    calibration = draw_calibration(experiment, experiment.values, generator)
    means = dict(zip(calibration.names, calibration.values.tolist(), strict=True))
    return prior.draw(means, experiment.uncertainties, generator), calibration


def record(
    experiment: Experiment,
    kind: str,
    truth: Mapping[str, float],
    generator: np.random.Generator,
) -> tuple[xarray.Dataset, xarray.Dataset]:
    """Return emission and phase scan of a replica, labelled with the settings of the generators."""
    drive, imperfections = experiment.drive, experiment.imperfections
    if kind in ("blue-off", "pumps-off"):
        drive = replace(drive, blue_photons=0.0)
    if kind == "pumps-off":
        drive = replace(drive, red_photons=1e-6 * np.asarray(drive.red_photons))
    if kind == "correlated-drums":
        occupations = parameters.system(truth, drive).bath.thermal_occupation
        imperfections = replace(
            imperfections, bath_correlation=_CORRELATION * float(np.sqrt(np.prod(occupations)))
        )
    emission = pumped.record_emission(truth, drive, experiment.emission, generator, imperfections)
    scan = pumped.record_phase_scan(
        truth, drive, experiment.probe, experiment.phase_scan, generator, imperfections
    )
    told = {
        name: float(np.asarray(getattr(experiment.drive, name)))
        for name in ("red_photons", "blue_photons")
    }
    return emission.assign_attrs(told), scan.assign_attrs(told)


def replica(experiment: Experiment, kind: str, generator: np.random.Generator) -> dict[str, Any]:
    """Carry out one replica.

    Parameters
    ----------
    experiment : Experiment
    kind : str
        One of `KINDS`.
    generator : numpy.random.Generator

    Returns
    -------
    dict
        ``kind``; ``result`` ("posterior", or why there is none); ``claim``; with a posterior
        ``probability_entangled``, ``smallest_p_value`` and, in ``numbers``, ``truth``, ``mean``,
        ``uncertainty`` and ``rank`` (posterior probability below the truth) of each of `RANKED`
        (not for look-alikes, whose truth may lie outside the model).
    """
    truth, calibration = draw_pair(experiment, kind, generator)
    seen = observation(*record(experiment, kind, truth, generator))
    seen = seen.merged(line_shapes(usable_values(calibration), seen), experiment.merged_resolution)
    density = target(seen, calibration, experiment.fidelity)
    try:
        found = explore(density, generator, experiment.sampler)
    except InferenceError as error:
        return {"kind": kind, "result": str(error), "claim": False}
    values = density.values(found.sample.u)
    states = state_quantities(
        values, seen.drive, counter_rotating=experiment.fidelity.counter_rotating
    )
    states["cavity_occupation"] = parameters.system(values, seen.drive).cavity_occupation
    stable = np.isfinite(states["duan"])
    weights = np.where(stable, found.sample.weights, 0.0)
    weights = weights / weights.sum()
    true = {**truth, **quantities_of(experiment, truth)}
    numbers: dict[str, dict[str, float]] = {}
    for name in RANKED if kind not in FAR else ():
        if name not in states and name not in density.names:
            continue
        draws = np.where(stable, states[name] if name in states else values[name], 0.0)
        mean = float(weights @ draws)
        numbers[name] = {
            "truth": true[name],
            "mean": mean,
            "uncertainty": float(np.sqrt(weights @ (draws - mean) ** 2)),
            "rank": float(weights @ (draws < true[name])),
        }
    probability = float(weights @ (np.where(stable, states["two_nu"], 2.0) < 1.0))
    fits = found.target.goodness(found.modes[0].u)
    smallest = min(fit.p_value for name, fit in fits.items() if name != "all")
    return {
        "kind": kind,
        "result": "posterior",
        "numbers": numbers,
        "probability_entangled": min(probability, 1.0),
        "smallest_p_value": smallest,
        "claim": bool(probability >= PROBABILITY_NEEDED and smallest >= SMALLEST_P_VALUE),
    }


def summarise(replicas: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return coverage, ranks and rates of claims.

    Parameters
    ----------
    replicas : sequence of mapping
        From `replica`, of any kinds.

    Returns
    -------
    dict
        ``coverage`` of each of `RANKED` for the kind ``prior`` (the Duan sum is the primary
        endpoint, the others are corrected by Holm's method), ``coverage_when_repeated`` for the
        kind ``repeated``, ``claims`` by kind, ``false_alarms`` of the fits.
    """
    done = [one for one in replicas if one["result"] == "posterior"]
    covered = [one for one in done if one["kind"] == PRIOR]
    found: dict[str, Any] = {
        "replicas": len(replicas),
        "without_posterior": len(replicas) - len(done),
    }
    found["coverage"] = {
        name: coverage([one["numbers"][name]["rank"] for one in covered if name in one["numbers"]])
        for name in RANKED
    }
    again = [one for one in done if one["kind"] == REPEATED]
    found["coverage_when_repeated"] = {
        name: coverage([one["numbers"][name]["rank"] for one in again if name in one["numbers"]])
        for name in RANKED
    }
    secondary = [name for name in RANKED[1:] if found["coverage"][name]["replicas"]]
    ordered = sorted(secondary, key=lambda name: found["coverage"][name]["rank_p_value"])
    running = 0.0
    for at, name in enumerate(ordered):
        p_value = found["coverage"][name]["rank_p_value"] * (len(ordered) - at)
        running = max(running, min(p_value, 1.0))
        found["coverage"][name]["rank_p_value_holm"] = running
    found["claims"] = {
        kind: rate([one["claim"] for one in replicas if one["kind"] == kind]) for kind in KINDS
    }
    found["false_alarms"] = rate([one["smallest_p_value"] < SMALLEST_P_VALUE for one in covered])
    found["mean_uncertainty_of_duan"] = (
        float(np.mean([one["numbers"]["duan"]["uncertainty"] for one in covered]))
        if covered
        else None
    )
    return found


def coverage(ranks: Sequence[float]) -> dict[str, Any]:
    """Return how often central intervals hold the truth, and a test of uniform ranks.

    Parameters
    ----------
    ranks : sequence of float
        Posterior probability below the truth, one for each replica.
    """
    rank = np.asarray(ranks, dtype=np.float64)
    count = rank.size
    levels = {}
    for level in LEVELS:
        inside = float(np.mean(np.abs(rank - 0.5) <= level / 2)) if count else float("nan")
        sigma = float(np.sqrt(level * (1 - level) / count)) if count else float("nan")
        levels[f"{round(100 * level)}"] = {
            "covered": inside,
            "standard_deviation": sigma,
            "off_by": (inside - level) / sigma if count else float("nan"),
        }
    histogram = np.histogram(rank, bins=_BINS, range=(0.0, 1.0))[0]
    expected = count / _BINS
    statistic = float(np.sum((histogram - expected) ** 2) / expected) if count else float("nan")
    return {
        "replicas": count,
        "levels": levels,
        "rank_histogram": histogram.tolist(),
        "rank_p_value": float(chdtrc(_BINS - 1, statistic)) if count else float("nan"),
    }


def rate(outcomes: Sequence[bool]) -> dict[str, Any]:
    """Return a rate with its exact (Clopper-Pearson) 95 % interval."""
    count, hits = len(outcomes), int(np.sum(outcomes))
    low, high = binomial_interval(hits, count)
    return {
        "replicas": count,
        "number": hits,
        "rate": hits / count if count else None,
        "interval_95": [low, high],
    }


def binomial_interval(hits: int, count: int, level: float = 0.95) -> tuple[float, float]:
    """Return the Clopper-Pearson interval of a rate."""
    tail = (1.0 - level) / 2.0
    if count == 0:
        return 0.0, 1.0
    low = 0.0 if hits == 0 else float(brentq(lambda p: 1.0 - bdtr(hits - 1, count, p) - tail, 0, 1))
    high = 1.0 if hits == count else float(brentq(lambda p: bdtr(hits, count, p) - tail, 0, 1))
    return low, high
