"""One replica of the experiment, from the draw of its device to the claim.

A claim is the verdict of the model-based route with the fits of all spectra; its agreement with the
other routes, which could only take claims away, is left out for their cost.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from entangled_drums import parameters
from entangled_drums.calibration import Calibration
from entangled_drums.coverage.experiment import Experiment, scenario_of
from entangled_drums.coverage.scenarios import LINE_ROUTES, POWER, RANKED, Scenario
from entangled_drums.errors import EntangledDrumsError
from entangled_drums.inference import direct, emission_bound, quadrature
from entangled_drums.inference.line_data import line_data, usable
from entangled_drums.inference.line_windows import LineSettings
from entangled_drums.inference.model_based import ModelBasedSettings, Prepared, posterior, prepare
from entangled_drums.inference.observation import observation
from entangled_drums.inference.posterior import Posterior, SamplerSettings
from entangled_drums.inference.states import state_quantities
from entangled_drums.inference.verdict import PROBABILITY_NEEDED, misfits

Array = NDArray[np.float64]

_ROUTES = dict(zip(LINE_ROUTES, (direct, quadrature, emission_bound), strict=True))
MERGED_RESOLUTION = 0.15
_STARTS = 4
_LINE_SAMPLES = 2000


def repetitions(
    kinds: Iterable[str], experiment: Experiment, draws: int
) -> dict[str, "Repetition"]:
    """Prepare several kinds of replicas.

    Parameters
    ----------
    kinds : iterable of str
    experiment : Experiment
    draws : int
        Importance draws of each posterior.

    Returns
    -------
    dict
        By kind. Those whose expected spectra are those of the device file share what is tabulated.
    """
    settings = ModelBasedSettings(
        fidelity=experiment.fidelity,
        sampler=SamplerSettings(
            starts=_STARTS,
            draws=draws,
            effective_draws=draws / 2,
            most_draws=20 * draws,
            most_steps=0,
        ),
        merged_resolution=MERGED_RESOLUTION,
    )
    shared: dict[tuple[float, bool], Prepared] = {}
    found = {}
    for kind in sorted(kinds):
        scenario = scenario_of(kind)
        nominal = experiment.nominal(scenario)
        own = (scenario.half_splitting_hz, scenario.in_time)
        chosen = replace(settings, fidelity=nominal.fidelity)
        if own not in shared:
            of = nominal if any(own) else experiment
            recorded = of.record(of.values, None)
            shared[own] = prepare(observation(*recorded), of.prior, chosen)
        found[kind] = Repetition(kind, nominal, chosen, shared[own])
    return found


@dataclass(frozen=True)
class Repetition:
    """A scenario, ready to be repeated.

    Parameters
    ----------
    kind : str
    experiment : Experiment
        On the nominal device of the scenario.
    settings : ModelBasedSettings
    prepared : Prepared
        What all replicas share; it depends on no data.
    """

    kind: str
    experiment: Experiment
    settings: ModelBasedSettings
    prepared: Prepared

    @property
    def scenario(self) -> Scenario:
        """What is repeated."""
        return scenario_of(self.kind)

    def replica(self, generator: np.random.Generator) -> dict[str, Any]:
        """Carry out one replica.

        Parameters
        ----------
        generator : numpy.random.Generator

        Returns
        -------
        dict
            ``kind``; ``result`` ("posterior", or why there is none); ``claim``; with a posterior
            ``probability_entangled``, ``p_values`` of the fits that fail, ``smallest_p_value`` and,
            in ``numbers``, ``truth``, ``mean``, ``uncertainty`` and ``rank`` (posterior probability
            below the truth) of each of `RANKED`; of the kind ``power`` also ``routes``.
        """
        of_device, of_calibration, of_records, of_analysis = generator.spawn(4)
        truth = self.experiment.draw_truth(self.scenario, of_device)
        nothing = {"kind": self.kind, "claim": False}
        try:
            calibration = self.experiment.calibrate(truth, self.scenario, of_calibration)
            recorded = self.experiment.record(truth, of_records, self.scenario)
            found = posterior(
                observation(*recorded), calibration, of_analysis, self.settings, self.prepared
            )
        except EntangledDrumsError as error:
            return {**nothing, "result": str(error)}
        if isinstance(found, str):
            return {**nothing, "result": found}
        known = not self.scenario.separable or bool(self.scenario.quantity)
        true = {**truth, **self.experiment.state(truth)}
        outcome = self._outcome(found, true if known else {})
        if self.kind == POWER:
            outcome["routes"] = self._routes(recorded, calibration, true["duan"], of_analysis)
        return outcome

    def _outcome(self, found: Posterior, true: dict[str, float]) -> dict[str, Any]:
        density = found.target
        values = density.values(found.sample.u)
        drive = density.observation.drive
        states = state_quantities(values, drive, counter_rotating=density.fidelity.counter_rotating)
        states["cavity_occupation"] = parameters.system(values, drive).cavity_occupation
        stable = np.isfinite(states["duan"])
        weights = np.where(stable, found.sample.weights, 0.0)
        weights = weights / weights.sum()
        numbers: dict[str, dict[str, float]] = {}
        for name in RANKED if true else ():
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
        fits = {name: fit.p_value for name, fit in density.goodness(found.modes[0].u).items()}
        failed = misfits(fits)
        return {
            "kind": self.kind,
            "result": "posterior",
            "numbers": numbers,
            "probability_entangled": min(probability, 1.0),
            "smallest_p_value": min(value for name, value in fits.items() if name != "all"),
            "misfits": sorted(failed),
            "claim": bool(probability >= PROBABILITY_NEEDED and not failed),
        }

    def _routes(
        self,
        recorded: tuple[Any, Any],
        calibration: Calibration,
        duan: float,
        generator: np.random.Generator,
    ) -> dict[str, Any]:
        """Duan sum by each route that reads lines, with the true one beside it."""
        settings = LineSettings(samples=_LINE_SAMPLES, fidelity=self.experiment.fidelity)
        calibration = usable(calibration)
        lines = line_data(*recorded, calibration, settings)
        found = {}
        for name, route in _ROUTES.items():
            result = route.infer_from(lines, recorded[0], calibration, generator, settings)
            number = result.content()["quantities"].get("duan")
            if not result.validity.startswith("valid") or number is None:
                found[name] = {"validity": result.validity}
                continue
            found[name] = {
                "validity": "valid",
                "truth": duan,
                "value": number["value"],
                "uncertainty": number["uncertainty"],
                "interval_95": number["interval_95"],
            }
        return found
