"""The verdict of an experiment, for the top of a page."""

import math
from collections.abc import Iterator, Mapping, Sequence

from entangled_drums.inference.route_result import Estimate, RouteResult
from entangled_drums.inference.verdict import (
    CONTRADICTION,
    ENTANGLED,
    LARGEST_DISAGREEMENT,
    NOT_SHOWN,
    PROBABILITY_NEEDED,
    SMALLEST_P_VALUE,
    Verdict,
)
from entangled_drums.markup import text
from entangled_drums.tables.rounding import UNKNOWN, probability_text, round_by_uncertainty

OWN_ROUTE = "model_based"
CLASSES = {ENTANGLED: "entangled", NOT_SHOWN: "not-shown", CONTRADICTION: "contradiction"}
"""Style of each verdict; the word itself always stands beside the colour."""


def verdict_section(
    summary: str, verdicts: Sequence[Verdict], results: Sequence[RouteResult]
) -> Iterator[str]:
    """Return what is claimed, at which operating points, and why not at others.

    Parameters
    ----------
    summary : str
        The one line that a run prints.
    verdicts : sequence of Verdict
    results : sequence of RouteResult
        Of any routes; those of the model-based one are quoted.

    Yields
    ------
    str
        Lines of HTML.
    """
    own = {one.operating_point: one for one in results if one.route == OWN_ROUTE}
    yield f'<p class="summary">{text(summary.removeprefix("verdict: "))}</p>'
    yield (
        f"<p><em>{text(ENTANGLED)}</em>: the model-based route gives "
        f"P(ν &lt; ½) of at least {PROBABILITY_NEEDED:g}, every spectrum fits "
        f"(p of at least {SMALLEST_P_VALUE:g}), and the other routes that are valid there agree "
        f"within {LARGEST_DISAGREEMENT:g}σ. <em>{text(NOT_SHOWN)}</em>: the probability is lower; "
        f"that is no proof of separability. <em>{text(CONTRADICTION)}</em>: a fit or an agreement "
        "fails, so nothing is claimed. D: Duan sum, below 1 only for entangled states. 2ν: below 1 "
        "exactly for entangled Gaussian states. Remarks do not change a verdict.</p>"
    )
    yield '<table class="verdicts">'
    yield (
        '<thead><tr><th>Operating point</th><th class="number">G<sup>−</sup>/2π (kHz)</th>'
        '<th class="number">x</th><th>Verdict</th><th class="number">P(ν &lt; ½)</th>'
        '<th class="number">D</th><th class="number">2ν</th>'
        '<th class="number">(1 − 2ν)/σ</th><th>Why not, remarks</th></tr></thead><tbody>'
    )
    for one in verdicts:
        yield _row(one, own.get(one.operating_point))
    yield "</tbody></table>"
    yield from _doubled(verdicts, own)


def _row(verdict: Verdict, own: RouteResult | None) -> str:
    quantities = own.quantities if own else {}
    cells = [
        f"<td>{text(verdict.operating_point)}</td>",
        f'<td class="number">{f"{own.red_coupling_hz / 1e3:g}" if own else UNKNOWN}</td>',
        f'<td class="number">{f"{own.ratio:g}" if own else UNKNOWN}</td>',
        f'<td class="{CLASSES.get(verdict.verdict, "")}">{text(verdict.verdict)}</td>',
        f'<td class="number">{text(probability_text(verdict.probability_entangled))}</td>',
        f'<td class="number">{_estimate(quantities.get("duan"))}</td>',
        f'<td class="number">{_estimate(quantities.get("two_nu"))}</td>',
        f'<td class="number">{_signed(verdict.distance_in_sigma)}</td>',
        f"<td>{text('; '.join((*verdict.reasons, *verdict.remarks)))}</td>",
    ]
    return f"<tr>{''.join(cells)}</tr>"


def _doubled(verdicts: Sequence[Verdict], own: Mapping[str, RouteResult]) -> Iterator[str]:
    """What a doubled uncertainty of one calibrated parameter would change."""
    tried = [one for one in verdicts if one.doubled_priors and one.operating_point in own]
    if not tried:
        return
    yield (
        "<p>The noise of the measured line, n<sub>e</sub>, is known from its calibration alone: "
        "the emission shows only n<sub>i</sub> − n<sub>e</sub>. What the verdict owes to the "
        "calibration shows when the uncertainty of one parameter is doubled. "
    )
    surest = max(tried, key=lambda one: one.distance_in_sigma)
    # Where no draw was possible with a doubled uncertainty, nothing is known of it.
    known = {
        name: entry
        for name, entry in surest.doubled_priors.items()
        if entry["duan_uncertainty"] is not None
    }
    if known:
        name, entry = max(known.items(), key=lambda item: item[1]["duan_uncertainty"])
        yield (
            f"At {text(surest.operating_point)} this matters most for <code>{text(name)}</code>: D "
            f"goes from {_estimate(own[surest.operating_point].quantities['duan'])} to "
            f"{_rounded(entry['duan'], entry['duan_uncertainty'])}. "
        )
    changed: dict[str, list[str]] = {}
    for one in tried:
        for name, entry in one.doubled_priors.items():
            if entry["verdict"] != one.verdict:
                changed.setdefault(name, []).append(f"{one.operating_point}: {entry['verdict']}")
    listed = "; ".join(
        f"<code>{text(name)}</code> ({text(', '.join(points))})"
        for name, points in sorted(changed.items())
    )
    yield f"It would change a verdict for {listed}.</p>" if listed else "No verdict changes.</p>"


def _estimate(number: Estimate | None) -> str:
    return UNKNOWN if number is None else _rounded(number.value, number.uncertainty)


def _rounded(value: float, uncertainty: float) -> str:
    return text(round_by_uncertainty(value, uncertainty).plain())


def _signed(number: float) -> str:
    return UNKNOWN if math.isnan(number) else f"{number:+.1f}".replace("-", "−")
