"""Ensemble sampling of the posterior with emcee: slow, but right where the weights fail.

The fall-back where importance sampling fails, and an independent check of it. Goodman & Weare,
Comm. App. Math. Comp. Sci. 5, 65 (2010); Foreman-Mackey et al., PASP 125, 306 (2013).
"""

import numpy as np
from numpy.typing import NDArray

from entangled_drums.inference.importance import Sample
from entangled_drums.inference.mode_search import Mode
from entangled_drums.inference.proposal import CurvedProposal
from entangled_drums.inference.target import Target

Array = NDArray[np.float64]

_WALKERS_PER_PARAMETER = 4
_LENGTHS_OF_BURN_IN = 10.0
_SHORTEST_RUN = 50.0
"""A run must be this many autocorrelation times long for their estimate to be trusted."""
LARGEST_SPLIT_R = 1.02


def run(
    target: Target,
    mode: Mode,
    generator: np.random.Generator,
    *,
    wanted: float,
    most_steps: int,
    check_every: int = 250,
) -> tuple[Sample, bool]:
    """Sample the posterior.

    The walkers move in the coordinates of `proposal.CurvedProposal`, in which the posterior is
    nearly a unit normal distribution; the density is the exact one.

    Parameters
    ----------
    target : Target
    mode : Mode
        Where the walkers start.
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
    import emcee  # takes a second to load, which the jobs that do without it save

    proposal = CurvedProposal.around(target, mode)

    def log_density(normal: Array) -> Array:
        u, exists = proposal.draw(normal)
        exists &= target.allowed(u)
        found = np.full(len(u), -np.inf)
        if exists.any():
            u = u[exists]
            # Volume of the change of coordinates: what the proposal's own density leaves of it.
            volume = -0.5 * np.sum(normal[exists] ** 2, axis=-1) - proposal.log_density(u, 1.0)
            found[exists] = target.log_posterior(u) + volume
        return found

    walkers = _WALKERS_PER_PARAMETER * target.size
    trials = proposal.normal(np.ones(40 * walkers), generator)
    start = trials[np.isfinite(log_density(trials))][:walkers]
    if len(start) < walkers:
        nothing = np.empty((0, target.size))
        return Sample(nothing, np.empty(0), 0.0, float("nan"), len(trials)), False
    sampler = emcee.EnsembleSampler(walkers, target.size, log_density, vectorize=True)
    random_state = np.random.RandomState(
        generator.integers(2**32, size=8, dtype=np.uint32)
    ).get_state()
    state = emcee.State(start, random_state=random_state)
    converged, effective, burn = False, 0.0, 0
    while sampler.iteration < most_steps and not converged:
        steps = min(check_every, most_steps - sampler.iteration)
        state = sampler.run_mcmc(state, steps, skip_initial_state_check=True)
        with np.errstate(invalid="ignore"):
            time = float(np.max(sampler.get_autocorr_time(tol=0)))
        # A walker that has not moved yet has no autocorrelation.
        time = time if np.isfinite(time) else float(sampler.iteration)
        burn = min(int(_LENGTHS_OF_BURN_IN * time), sampler.iteration // 2)
        kept = sampler.iteration - burn
        effective = kept * walkers / time
        converged = (
            effective >= wanted
            and kept >= _SHORTEST_RUN * time
            and split_r(sampler.get_chain(discard=burn)) < LARGEST_SPLIT_R
        )
    # Neighbouring steps repeat each other, and every draw kept takes kilobytes later on.
    thin = max(1, int(0.5 * time))
    u, _ = proposal.draw(sampler.get_chain(discard=burn, thin=thin, flat=True))
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
