"""From a target density to draws that may be trusted, or an error."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from entangled_drums.errors import NoFitError
from entangled_drums.inference import ensemble, importance
from entangled_drums.inference.fine_effects import FineEffects
from entangled_drums.inference.importance import RELIABLE_PARETO_SHAPE, Sample
from entangled_drums.inference.mode_search import Mode, climb, find_modes
from entangled_drums.inference.target import Target

Array = NDArray[np.float64]

_ADAPTED_ROUNDS = 2
"""Times as many draws where proposals must find the posterior first: still far cheaper than the
ensemble."""


@dataclass(frozen=True)
class SamplerSettings:
    """How the posterior is explored.

    Parameters
    ----------
    starts : int
        Searches for a mode: one from the calibrated values, the others from draws of the prior.
    draws : int
        Importance draws of the first round.
    effective_draws : float
        Effective sample size that must be reached.
    most_draws : int
        Importance draws after which proposals are adapted, and after twice as many of those the
        ensemble sampler takes over.
    most_steps : int
        Steps of the ensemble sampler after which there is no result; 0 forbids it.
    """

    starts: int = 7
    draws: int = 1500
    effective_draws: float = 1000.0
    most_draws: int = 12000
    most_steps: int = 20000


@dataclass(frozen=True)
class Posterior:
    """Draws from the posterior of one operating point.

    Parameters
    ----------
    target : Target
        The density, its fine effects tabulated at the best mode.
    modes : list of Mode
        Distinct modes, best first.
    sample : Sample
        Weighted draws.
    sampler : str
        ``"importance"``, ``"adaptive importance"`` or ``"ensemble"``.
    """

    target: Target
    modes: list[Mode]
    sample: Sample
    sampler: str


def explore(
    target: Target,
    generator: np.random.Generator,
    settings: SamplerSettings,
    effects: FineEffects | None = None,
) -> Posterior:
    """Find the modes of a target and draw from it.

    Parameters
    ----------
    target : Target
    generator : numpy.random.Generator
    settings : SamplerSettings
    effects : FineEffects, optional
        Fine effects tabulated before for the same bins: the search starts with them. Otherwise
        they are tabulated at the calibrated values. Their slopes are kept at the mode.

    Raises
    ------
    NoFitError
        If no sampler converges: an unconverged posterior is no result.
    """
    target, modes = search(target, generator, settings, effects)
    for draw, name, rounds in (
        (importance.draw, "importance", 1),
        (importance.draw_adapted, "adaptive importance", _ADAPTED_ROUNDS),
    ):
        sample = draw(
            target,
            modes,
            generator,
            count=rounds * settings.draws,
            wanted=settings.effective_draws,
            most=rounds * settings.most_draws,
        )
        if trusted(sample, settings.effective_draws):
            return Posterior(target, modes, sample, name)
    reached = (
        f"{sample.effective_size:.0f} effective importance draws (Pareto k {sample.pareto_k:.2f})"
    )
    if settings.most_steps > 0:
        walked, converged = ensemble.run(
            target,
            modes[0],
            generator,
            wanted=settings.effective_draws,
            most_steps=settings.most_steps,
        )
        if converged:
            return Posterior(target, modes, walked, "ensemble")
        reached += f", {walked.effective_size:.0f} of the ensemble"
    raise NoFitError(
        f"the posterior was not sampled: {reached}; check the recordings against the calibration"
    )


def search(
    target: Target,
    generator: np.random.Generator,
    settings: SamplerSettings,
    effects: FineEffects | None = None,
) -> tuple[Target, list[Mode]]:
    """Find the modes of a target; arguments as for `explore`.

    Returns
    -------
    target : Target
        With its fine effects tabulated at the best mode.
    modes : list of Mode
        Best first.
    """
    starts = target.prior_draws(settings.starts, generator)
    starts[0] = 0.0
    if effects is None:
        target = target.with_effects_at(np.zeros(target.size))
    else:
        target = target.with_effects(effects)
    modes = climb(target, starts)
    target = target.with_effects_at(modes[0].u, slopes=False)
    refined = find_modes(target, np.stack([mode.u for mode in modes]))
    modes = [
        replace(new, starts=min(modes, key=lambda old: _distance(old, new)).starts)
        for new in refined
    ]
    return target, modes


def trusted(sample: Sample, wanted: float) -> bool:
    """Tell whether importance draws are enough and their weights have a tame tail."""
    return sample.effective_size >= wanted and sample.pareto_k < RELIABLE_PARETO_SHAPE


def _distance(one: Mode, other: Mode) -> float:
    return float(np.sum((one.u - other.u) ** 2))
