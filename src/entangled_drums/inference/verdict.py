"""The verdict at one operating point, out of the results of all routes there.

``entangled`` if the model-based route gives P(nu < 1/2) of at least 0.95, every spectrum and the
calibration fit, and the routes valid there agree with it; ``not shown`` if the probability is
lower; ``data contradict the model`` if a fit or an agreement fails, whatever the probability.

A stationarity run is another recording at the same drive. A change that it shows is remarked upon
and leaves the verdict alone: what the recordings themselves say of it is in their fits.

A fit fails below p = 1e-3, or, where many spectra are fitted, below a level that lets all of them
together raise at most 1 % of false alarms (Bonferroni): the emission, 16 phases and the calibration
at 1e-3 each would raise 1.8 %.

The routes share recordings and calibration, so their errors are correlated and must not be added.
The model-based estimate uses everything the others use, and an efficient estimate is uncorrelated
with its difference from a less efficient one; the variance of the difference is therefore the
*difference* of the two variances (J. A. Hausman, Econometrica 46, 1251 (1978)). It is taken to be
at least a quarter of the other route's variance, as guard against two nearly equal errors.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from entangled_drums.errors import FileFormatError
from entangled_drums.inference.route_result import RouteResult

ENTANGLED = "entangled"
NOT_SHOWN = "not shown"
CONTRADICTION = "data contradict the model"

PROBABILITY_NEEDED = 0.95
SMALLEST_P_VALUE = 1e-3
FALSE_ALARMS = 0.01
LARGEST_DISAGREEMENT = 3.0
SMALLEST_VARIANCE_SHARE = 0.25

_TWO_SIDED = ("direct", "quadrature")
_BOUND = "emission_bound"


@dataclass(frozen=True)
class Verdict:
    """What is said about one operating point, and why.

    Parameters
    ----------
    operating_point : str
    verdict : str
        ``"entangled"``, ``"not shown"`` or ``"data contradict the model"``.
    reasons : tuple of str
        What kept the verdict from being ``entangled``; empty if nothing did.
    remarks : tuple of str
        What a reader should know and the verdict does not heed.
    probability_entangled : float
        P(nu < 1/2) of the model-based route; NaN without it.
    distance_in_sigma : float
        ``(1 - 2 nu)`` over its uncertainty: positive on the entangled side.
    agreement : dict
        By route: difference of its Duan sum from that of the model-based route, in sigma.
    doubled_priors : dict
        By calibrated parameter: probability and verdict with its uncertainty doubled.
    """

    operating_point: str
    verdict: str
    reasons: tuple[str, ...]
    remarks: tuple[str, ...]
    probability_entangled: float
    distance_in_sigma: float
    agreement: dict[str, float]
    doubled_priors: dict[str, dict[str, Any]]

    def content(self) -> dict[str, Any]:
        """Return plain built-ins for JSON."""
        return {
            "operating_point": self.operating_point,
            "verdict": self.verdict,
            "reasons": list(self.reasons),
            "remarks": list(self.remarks),
            "probability_entangled": self.probability_entangled,
            "distance_in_sigma": self.distance_in_sigma,
            "agreement_in_sigma": self.agreement,
            "doubled_priors": self.doubled_priors,
        }


def read_verdicts(content: Mapping[str, Any]) -> list[Verdict]:
    """Read the verdicts from the content of ``inference/verdict.json``.

    Parameters
    ----------
    content : mapping
        Plain built-ins.

    Returns
    -------
    list of Verdict
        One per operating point, NaN for a missing number.

    Raises
    ------
    FileFormatError
        If it is not what a run writes.
    """
    try:
        return [
            Verdict(
                operating_point=str(point["operating_point"]),
                verdict=str(point["verdict"]),
                reasons=tuple(str(reason) for reason in point["reasons"]),
                remarks=tuple(str(remark) for remark in point["remarks"]),
                probability_entangled=_number(point["probability_entangled"]),
                distance_in_sigma=_number(point["distance_in_sigma"]),
                agreement={
                    str(route): _number(distance)
                    for route, distance in point["agreement_in_sigma"].items()
                },
                doubled_priors=dict(point["doubled_priors"]),
            )
            for point in content["points"]
        ]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise FileFormatError(
            f"verdict: is not as a run writes it ({error}); run the inference anew"
        ) from None


def _number(value: Any) -> float:
    return math.nan if value is None else float(value)


def decide(
    results: Mapping[str, RouteResult],
    fits: Mapping[str, Mapping[str, float]],
    priors: Mapping[str, Mapping[str, Any]],
    operating_point: str,
    remarks: tuple[str, ...] = (),
) -> Verdict:
    """Decide about one operating point.

    Parameters
    ----------
    results : mapping
        Results by route; routes that were not run are left out.
    fits : mapping
        Goodness of fit (``p_value``) by spectrum, and of the calibration, of the model-based route.
    priors : mapping
        Its entry ``priors``.
    operating_point : str
        Name of the point.
    remarks : tuple of str, optional
        What else was found there; taken over as it is.
    """
    own = results.get("model_based")
    if own is None or not own.valid:
        reason = "the model-based route was not run" if own is None else own.validity
        reasons = (f"model-based: {reason}",)
        return Verdict(operating_point, NOT_SHOWN, reasons, remarks, math.nan, math.nan, {}, {})
    contradictions = [
        f"{name.replace('_', ' ')} does not fit, p = {p_value:.1e}"
        for name, p_value in misfits({name: fit["p_value"] for name, fit in fits.items()}).items()
    ]
    agreement = disagreements(results)
    contradictions += [
        f"{route.replace('_', ' ')} disagrees by {distance:.1f} sigma"
        for route, distance in agreement.items()
        if not abs(distance) <= LARGEST_DISAGREEMENT and (route != _BOUND or distance < 0)
    ]

    def said(probability: float | None) -> str:
        if contradictions:
            return CONTRADICTION
        # None: a result file's NaN, where no draw was possible.
        enough = probability is not None and probability >= PROBABILITY_NEEDED
        return ENTANGLED if enough else NOT_SHOWN

    probability = own.probability_entangled
    against = list(contradictions)
    if not probability >= PROBABILITY_NEEDED:
        against.append(f"P(nu < 1/2) = {probability:.3f} is below {PROBABILITY_NEEDED:g}")
    two_nu = own.quantities["two_nu"]
    return Verdict(
        operating_point,
        said(probability),
        tuple(against),
        remarks,
        probability,
        (1.0 - two_nu.value) / two_nu.uncertainty,
        agreement,
        {
            name: {
                "duan": entry["doubled"]["duan"],
                "duan_uncertainty": entry["doubled"]["duan_uncertainty"],
                "probability_entangled": entry["doubled"]["probability_entangled"],
                "verdict": said(entry["doubled"]["probability_entangled"]),
            }
            for name, entry in sorted(priors.items())
            if "doubled" in entry
        },
    )


def misfits(p_values: Mapping[str, float]) -> dict[str, float]:
    """Return the fits that fail, by name.

    Parameters
    ----------
    p_values : mapping
        By spectrum, and of the calibration; ``all``, which repeats them, is left out.
    """
    single = {name: p_values[name] for name in sorted(p_values) if name != "all"}
    level = largest_failing(len(single))
    return {name: value for name, value in single.items() if not value >= level}


def largest_failing(fits: int) -> float:
    """Return the p-value below which one of several fits fails."""
    return min(SMALLEST_P_VALUE, FALSE_ALARMS / max(fits, 1))


def disagreements(results: Mapping[str, RouteResult]) -> dict[str, float]:
    """Return by how many sigma each valid route lies above the model-based one.

    A bound may lie above by any amount; below, it contradicts.
    """
    own = results["model_based"].quantities["duan"]
    found = {}
    for route in (*_TWO_SIDED, _BOUND):
        other = results.get(route)
        if other is None or not other.valid or "duan" not in other.quantities:
            continue
        number = other.quantities["duan"]
        variance = max(
            number.uncertainty**2 - own.uncertainty**2,
            SMALLEST_VARIANCE_SHARE * number.uncertainty**2,
        )
        found[route] = (number.value - own.value) / math.sqrt(variance)
    return found


def summary(verdicts: list[Verdict], shown: str | None = None) -> str:
    """Return one line about all operating points, with one of them in numbers.

    Parameters
    ----------
    verdicts : list of Verdict
    shown : str, optional
        Operating point to quote; otherwise the one farthest on the entangled side.
    """
    counts = [
        f"{kind} at {number}"
        for kind in (ENTANGLED, NOT_SHOWN, CONTRADICTION)
        if (number := sum(one.verdict == kind for one in verdicts))
    ]
    line = f"verdict: {', '.join(counts)} of {len(verdicts)} operating points"
    known = [one for one in verdicts if math.isfinite(one.distance_in_sigma)]
    if not known:
        return line
    quoted = next(
        (one for one in known if one.operating_point == shown),
        max(known, key=lambda one: one.distance_in_sigma),
    )
    side = "below" if quoted.distance_in_sigma >= 0 else "above"
    return (
        f"{line}; {quoted.operating_point}: {quoted.verdict}, "
        f"{abs(quoted.distance_in_sigma):.1f} sigma {side} nu = 1/2"
    )
