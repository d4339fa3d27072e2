"""Ensemble sampling of the posterior with emcee: slow, but it needs no good proposal.

The fall-back where importance sampling fails, and an independent check of it. Goodman & Weare,
Comm. App. Math. Comp. Sci. 5, 65 (2010); Foreman-Mackey et al., PASP 125, 306 (2013).
"""

import emcee
import numpy as np
from numpy.typing import NDArray

from entangled_drums.inference.importance import Sample
from entangled_drums.inference.target import Target

Array = NDArray[np.float64]

_WALKERS_PER_PARAMETER = 4
_LENGTHS_OF_BURN_IN = 10.0
_SHORTEST_RUN = 50.0
"""A run must be this many autocorrelation times long for their estimate to be trusted."""
LARGEST_SPLIT_R = 1.02


def run(
    target: Target,
    start: Array,
    generator: np.random.Generator,
    *,
    wanted: float,
    most_steps: int,
    check_every: int = 500,
) -> tuple[Sample, bool]:
    """Sample the posterior.

    Parameters
    ----------
    target : Target
    start : ndarray, (K, P)
        Allowed points to start the walkers from (drawn with repetition and shaken).
    generator : numpy.random.Generator
    wanted : float
        Effective sample size at which to stop.
    most_steps : int
        Steps after which to give up.
    check_every : int, optional
        Steps between looks at the autocorrelation.

    Returns
    -------
    sample : Sample
        Equally weighted draws; its Pareto k is NaN.
    converged : bool
        Whether the effective size was reached in a long enough run, with the two halves of the run
        in agreement (split R-hat).
    """
    walkers = _WALKERS_PER_PARAMETER * target.size
    position = start[generator.integers(len(start), size=walkers)]
    shaken = position + 1e-3 * generator.standard_normal(position.shape) * start.std(axis=0)
    inside = target.allowed(shaken)
    position = np.where(inside[:, None], shaken, position)
    sampler = emcee.EnsembleSampler(
        walkers,
        target.size,
        target.log_posterior,
        vectorize=True,
        moves=[(emcee.moves.DEMove(), 0.8), (emcee.moves.DESnookerMove(), 0.2)],
    )
    random_state = np.random.RandomState(
        generator.integers(2**32, size=8, dtype=np.uint32)
    ).get_state()
    state = emcee.State(position, random_state=random_state)
    converged, effective, burn = False, 0.0, 0
    while sampler.iteration < most_steps and not converged:
        steps = min(check_every, most_steps - sampler.iteration)
        state = sampler.run_mcmc(state, steps, skip_initial_state_check=True)
        time = float(np.max(sampler.get_autocorr_time(tol=0)))
        if not np.isfinite(time):
            continue
        burn = min(int(_LENGTHS_OF_BURN_IN * time), sampler.iteration // 2)
        kept = sampler.iteration - burn
        effective = kept * walkers / time
        converged = (
            effective >= wanted
            and kept >= _SHORTEST_RUN * time
            and split_r(sampler.get_chain(discard=burn)) < LARGEST_SPLIT_R
        )
    u = sampler.get_chain(discard=burn, flat=True)
    sample = Sample(
        u, np.full(len(u), 1.0 / len(u)), effective, float("nan"), sampler.iteration * walkers
    )
    return sample, converged


def split_r(chain: Array) -> float:
    """Return the largest split R-hat over the parameters of a chain (steps, walkers, P).

    Gelman et al., Bayesian Data Analysis (2013), section 11.4: variance between half-chains
    against that within.
    """
    half = chain.shape[0] // 2
    halves = np.concatenate([chain[:half], chain[half : 2 * half]], axis=1)
    within = halves.var(axis=0, ddof=1).mean(axis=0)
    between = halves.mean(axis=0).var(axis=0, ddof=1)
    return float(np.max(np.sqrt((half - 1) / half + between / within)))
