"""What the error of the Duan sum is made of, item by item, for two routes.

To first order the estimate is the truth plus a linear map of the noise of each recording and of the
error of each calibrated parameter. The variance is the sum of what each of them brings. Calibrated
parameters are correlated (gain and added noise almost perfectly, since the background is known far
better than either); with correlations R and shifts b of D by one standard deviation of each alone,
each brings the square of its component of R^(1/2) b (V. Zuber and K. Strimmer, Stat. Appl. Genet.
Mol. Biol. 10, 34 (2011)): never negative, with the right sum. Beside each item stands what is left
out of the variance when it is known exactly, found in another way (by solving again), and by how
many of its own standard deviations a calibrated value would have to be wrong, the others following
as their correlations have it, to move the Duan sum to 1.
"""

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from entangled_drums.calibration import Calibration
from entangled_drums.calibration.background import flat
from entangled_drums.inference import direct
from entangled_drums.inference.line_data import LineData
from entangled_drums.inference.line_maps import closed_forms
from entangled_drums.inference.prior_weight import gradients
from entangled_drums.inference.target import Target
from entangled_drums.ranges import is_allowed
from entangled_drums.symmetric_root import symmetric_root

Array = NDArray[np.float64]

STATISTICAL, CALIBRATED, MISFIT = "statistical", "calibration", "misfit"
_DRAWS = 20000


@dataclass(frozen=True)
class Item:
    """One source of error of the Duan sum.

    Parameters
    ----------
    name : str
        Recording, calibrated parameter or imperfection.
    kind : str
        ``statistical``, ``calibration`` or ``misfit``.
    variance : float
        What it brings to the variance of D.
    shift : float
        Shift of D if the item is one standard deviation too high and correlated ones with it; NaN
        for noise.
    left_out : float
        Decrease of the variance of D if the item were known exactly; NaN where not found.
    """

    name: str
    kind: str
    variance: float
    shift: float = math.nan
    left_out: float = math.nan

    def to_one(self, duan: float) -> float:
        """Standard deviations of the item that would move D to 1; NaN if it does not move D."""
        return (1.0 - duan) / self.shift if self.shift else math.nan

    def content(self, duan: float) -> dict[str, str | float]:
        """Return plain built-ins for JSON."""
        return {
            "item": self.name,
            "kind": self.kind,
            "variance": self.variance,
            "error": math.sqrt(self.variance),
            "shift": self.shift,
            "left_out": self.left_out,
            "sigma_to_one": self.to_one(duan),
        }


@dataclass(frozen=True)
class Budget:
    """All items of one route.

    Parameters
    ----------
    route : str
    duan : float
        Its estimate.
    uncertainty : float
        Its error, which the items add up to.
    items : list of Item
        Largest first.
    """

    route: str
    duan: float
    uncertainty: float
    items: list[Item]

    def content(self) -> dict[str, object]:
        """Return plain built-ins for JSON."""
        return {
            "route": self.route,
            "duan": self.duan,
            "uncertainty": self.uncertainty,
            "items": [item.content(self.duan) for item in self.items],
        }


def of_model_based(density: Target, best: Array) -> Budget:
    """Return the error budget of the model-based route.

    Parameters
    ----------
    density : Target
    best : ndarray, (P,)
        Best parameters.

    Notes
    -----
    The cut at n_e = 0 is left out: it makes the true error smaller than the budget's.
    """
    (duan,), (slope,) = gradients(density, best, ("duan",))
    jacobians, weights, information = density.sensitivity(best)
    inverse = np.linalg.inv(information)
    reaction = inverse @ slope
    items = []
    for seen, jacobian, weight in zip(density.observation.spectra, jacobians, weights, strict=True):
        items.append(
            Item(seen.name, STATISTICAL, float(np.sum(weight * (reaction @ jacobian) ** 2)))
        )
    shared, shifts = _shared(density.correlation, density.precision @ reaction)
    total = float(slope @ reaction)
    for at, name in enumerate(density.names):
        free = np.arange(density.size) != at
        known = np.linalg.solve(information[np.ix_(free, free)], slope[free])
        items.append(
            Item(
                name,
                CALIBRATED,
                float(shared[at]),
                float(shifts[at]),
                total - float(slope[free] @ known),
            )
        )
    return Budget("model_based", float(duan), math.sqrt(total), _ordered(items))


def of_direct(found: LineData, calibration: Calibration, generator: np.random.Generator) -> Budget:
    """Return the error budget of the direct route.

    Parameters
    ----------
    found : LineData
    calibration : Calibration
    generator : numpy.random.Generator
        Draws the calibrations behind `Item.left_out`.
    """
    solved = direct.solve(found, calibration)
    matrix = closed_forms(found.one, found.setup)[0][0]
    # The solution is linear in the areas.
    gain = solved.solve(np.eye(len(found.measured.areas)), matrix).T
    state = solved.state
    step = 1e-5 * np.maximum(1.0, np.abs(state))
    around = direct.duan(state + np.diag(step)) - direct.duan(state - np.diag(step))
    weight = (around / (2.0 * step)) @ gain
    # A variance that rounding could make negative where the emission brings next to nothing.
    emission = max(float(weight @ found.measured.emission_covariance @ weight), 0.0)
    scan = float(weight**2 @ found.measured.scan_variance)
    items = [Item("emission", STATISTICAL, emission), Item("phase_scan", STATISTICAL, scan)]

    def duan_of(values: dict[str, Array]) -> Array:
        shift = np.stack([values[n] - found.central[n] for n in found.uncertain], axis=-1)
        maps, constants = closed_forms(values, found.setup)
        offsets = found.offsets + shift @ found.offset_slopes.T
        return direct.duan(solved.solve(found.measured.areas - constants - offsets, maps))

    budget = Budget(
        "direct", float(direct.duan(state)), math.sqrt(emission + scan), _ordered(items)
    )
    names = found.uncertain
    if not names:
        return budget
    covariance = calibration.covariance_of(names)
    scale = np.sqrt(np.diag(covariance))
    slopes = calibration.jacobian(lambda values: duan_of(values)[:, None], names)[0]
    shared, shifts = _shared(covariance / np.outer(scale, scale), slopes * scale)
    drawn = calibration.sample(generator, _DRAWS)
    drawn_duan = duan_of(drawn)
    for at, name in enumerate(names):
        # The same draws, given that this parameter is what it was calibrated to be.
        excess = (drawn[name] - found.central[name]) / covariance[at, at]
        known = {
            other: drawn[other] - covariance[at, to] * excess for to, other in enumerate(names)
        }
        # A neighbour moved along may become impossible (an occupation below zero): not counted.
        possible = np.all([is_allowed(one, draws) for one, draws in known.items()], axis=0)
        kept = flat({one: draws[possible] for one, draws in {**drawn, **known}.items()})
        left_out = float(np.var(drawn_duan[possible])) - float(np.var(duan_of(kept)))
        items.append(Item(name, CALIBRATED, float(shared[at]), float(shifts[at]), left_out))
    propagated = emission + scan + float(shared.sum())
    return replace(budget, uncertainty=math.sqrt(propagated), items=_ordered(items))


def _shared(correlation: Array, alone: Array) -> tuple[Array, Array]:
    """Return variances and shifts (P,) of correlated parameters from their shifts of D alone."""
    return (symmetric_root(correlation) @ alone) ** 2, correlation @ alone


def misfit_item(name: str, bias: float) -> Item:
    """Return an imperfection that the fits let pass, with the bias that it then has."""
    return Item(name, MISFIT, bias**2, bias)


def with_items(budget: Budget, items: list[Item]) -> Budget:
    """Return the budget with further items, added in squares."""
    variance = budget.uncertainty**2 + sum(item.variance for item in items)
    return replace(budget, uncertainty=math.sqrt(variance), items=_ordered([*budget.items, *items]))


def _ordered(items: list[Item]) -> list[Item]:
    return sorted(items, key=lambda item: (-item.variance, item.name))
