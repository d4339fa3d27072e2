r"""Figure S10: do intervals hold the truth, and are claims true?

Replicas of the whole experiment, out of `entangled_drums.coverage`: coverage of central intervals
at four levels, ranks of the truth in the posterior, and how often entanglement is claimed in each
scenario.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator

from entangled_drums.coverage.scenarios import BORDER, FAR, IN_TIME, POWER, SCENARIOS
from entangled_drums.coverage.summary import BORDER_CLAIMS, POWER_CLAIMS
from entangled_drums.figures import style
from entangled_drums.figures.output import COLUMNS
from entangled_drums.figures.style import LOOKS, Look

QUANTITIES = {
    "duan": "$D$",
    "cavity_occupation": "$n_c$",
    "receiver.gain": r"$\mathcal{G}$",
    "bath.external_occupation": "$n_e$",
}
_LABELS = {
    "coverage": "prior of the analysis",
    BORDER: r"border, $2\nu = 1$",
    POWER: "$D = 0.83$",
    "blue-off": "blue pump off",
    "pumps-off": "both pumps off",
    "hot-drums": "hot drums",
    "correlated-drums": "hot, correlated baths",
    "hot-cavity": "cavity hotter than calibrated",
    "dark-mode": "dark mode",
    IN_TIME: "simulated in time",
}
_IN_TIME = "duan in time"
_LEVELS_LABELS = {**QUANTITIES, _IN_TIME: "$D$ in time"}
_TARGETS = {BORDER: BORDER_CLAIMS, POWER: POWER_CLAIMS}

_LEFT_MM, _RIGHT_MM = 13.0, 4.0
_UPPER_MM, _LOWER_MM = 46.0, 26.0
_BOTTOM_MM, _BETWEEN_MM, _TOP_MM = 15.0, 17.0, 7.0
_COVERAGE_MM, _CLAIMS_MM = 68.0, 52.0
_GAP_MM = 9.0


def plotted(summary: Mapping[str, Any]) -> pandas.DataFrame:
    """Return every number that the figure shows.

    Parameters
    ----------
    summary : mapping
        From `coverage.summary.summarise`.

    Returns
    -------
    pandas.DataFrame
        Columns `COLUMNS`. Panel a: x the level and y the coverage in percent, less the level, one
        binomial standard deviation either side, series by quantity, the last one the Duan sum where
        the recordings are simulated in time. Panel b: y the claims in
        percent with their exact 95 % interval, series by scenario. Panels c to f: x the middle of
        each bin of ranks, y the replicas in it, one standard deviation of a uniform law either side
        of its mean.
    """
    rows: list[dict[str, Any]] = []
    levels = {name: summary["coverage"][name]["levels"] for name in QUANTITIES}
    levels[_IN_TIME] = summary["coverage_of_duan"][IN_TIME]["levels"]
    for name, of_name in levels.items():
        for level, found in of_name.items():
            off = 100.0 * found["covered"] - float(level)
            sigma = 100.0 * found["standard_deviation"]
            rows.append(
                {"panel": "a", "series": name, "x": float(level), "y": off, "unit": "%"}
                | {"lower": off - sigma, "upper": off + sigma}
            )
    for kind in SCENARIOS:
        found = summary["claims"][kind]
        if found["replicas"]:
            low, high = (100.0 * end for end in found["interval_95"])
            rows.append(
                {"panel": "b", "series": kind, "x": np.nan, "y": 100.0 * found["rate"], "unit": "%"}
                | {"lower": low, "upper": high}
            )
    for panel, name in zip("cdef", QUANTITIES, strict=True):
        counts = np.asarray(summary["coverage"][name]["rank_histogram"], dtype=np.float64)
        bins = counts.size
        mean = counts.sum() / bins
        sigma = np.sqrt(mean * (1.0 - 1.0 / bins))
        for at, count in enumerate(counts):
            rows.append(
                {"panel": panel, "series": name, "x": (at + 0.5) / bins, "y": count, "unit": "1"}
                | {"lower": mean - sigma, "upper": mean + sigma}
            )
    return pandas.DataFrame(rows)[list(COLUMNS)]


def quoted(summary: Mapping[str, Any]) -> dict[str, str]:
    """Return the numbers that the caption quotes, as text by their names."""

    def percent(rate: float | None) -> str:
        return "not studied" if rate is None else f"{100.0 * rate:.1f} %"

    claims = summary["claims"]
    far = [claims[kind] for kind in FAR]
    count = sum(one["replicas"] for one in far)

    def covered(found: Mapping[str, Any]) -> str:
        return ", ".join(f"{100 * one['covered']:.1f} %" for one in found["levels"].values())

    in_time = summary["coverage_of_duan"][IN_TIME]
    fits = summary["fits"]["coverage"]
    return {
        "replicas": str(summary["coverage"]["duan"]["replicas"]),
        "levels": ", ".join(f"{level} %" for level in summary["coverage"]["duan"]["levels"]),
        "covered": covered(summary["coverage"]["duan"]),
        "in_time": covered(in_time) or "not studied",
        "in_time_replicas": str(in_time["replicas"]),
        "border": percent(claims[BORDER]["rate"]),
        "border_replicas": str(claims[BORDER]["replicas"]),
        "border_limit": f"{100.0 * BORDER_CLAIMS:g} %",
        "power": percent(claims[POWER]["rate"]),
        "power_limit": f"{100.0 * POWER_CLAIMS:g} %",
        "power_duan": f"{SCENARIOS[POWER].value:g}",
        "far": percent(sum(one["number"] for one in far) / count if count else None),
        "far_replicas": str(count),
        "alarms": percent(fits["rate"]),
    }


def draw(summary: Mapping[str, Any], origin: str) -> Figure:
    """Draw the figure from exactly the numbers that `plotted` returns.

    Parameters
    ----------
    summary : mapping
        From `coverage.summary.summarise`.
    origin : str
        One sentence on where the parameters come from; stands below the panels.

    Returns
    -------
    matplotlib.figure.Figure
        183 mm wide.
    """
    frame = plotted(summary)
    width = style.DOUBLE_COLUMN_MM
    height = _BOTTOM_MM + _LOWER_MM + _BETWEEN_MM + _UPPER_MM + _TOP_MM
    with style.context():
        figure = style.new_figure(width, height)

        def panel(name: str, left: float, bottom: float, size: tuple[float, float]) -> Axes:
            axes = style.panel(figure, left, bottom, *size)
            style.letter(axes, name)
            return axes

        upper = _BOTTOM_MM + _LOWER_MM + _BETWEEN_MM
        _draw_coverage(panel("a", _LEFT_MM, upper, (_COVERAGE_MM, _UPPER_MM)), frame)
        right = width - _RIGHT_MM - _CLAIMS_MM
        _draw_claims(panel("b", right, upper, (_CLAIMS_MM, _UPPER_MM)), frame)
        breadth = (width - _LEFT_MM - _RIGHT_MM - 3 * _GAP_MM) / 4.0
        for place, name in enumerate("cdef"):
            left = _LEFT_MM + place * (breadth + _GAP_MM)
            axes = panel(name, left, _BOTTOM_MM, (breadth, _LOWER_MM))
            _draw_ranks(axes, frame[frame["panel"] == name], first=place == 0)
        style.origin(figure, origin)
        return figure


def _look(name: str) -> Look:
    return LOOKS[{"duan": "model_based", _IN_TIME: "in_time"}.get(name, name)]


def _draw_coverage(axes: Axes, frame: pandas.DataFrame) -> None:
    rows = frame[frame["panel"] == "a"]
    levels = sorted(rows["x"].unique())
    axes.axhline(0.0, color="black", linewidth=0.6, zorder=0)
    shown = [name for name in _LEVELS_LABELS if name in set(rows["series"])]
    for place, name in enumerate(shown):
        one = rows[rows["series"] == name].sort_values("x")
        at = np.arange(len(one)) + 0.16 * (place - 0.5 * (len(shown) - 1))
        look = _look(name)
        axes.errorbar(
            at,
            one["y"],
            yerr=[one["y"] - one["lower"], one["upper"] - one["y"]],
            color=look.colour,
            marker=look.marker,
            linestyle="none",
            elinewidth=style.ERROR_BAR_POINTS,
            label=_LEVELS_LABELS[name],
        )
    largest = max(5.0, 1.15 * float(rows[["lower", "upper"]].abs().to_numpy().max(initial=0.0)))
    axes.set_ylim(-largest, 1.45 * largest)
    axes.set_xlim(-0.5, max(len(levels), 1) - 0.5)
    axes.set_xticks(range(len(levels)), [f"{level:g}" for level in levels])
    axes.tick_params(axis="x", length=0.0)
    axes.set_xlabel("Level of the central interval (%)")
    axes.set_ylabel("Coverage less level (percentage points)")
    axes.legend(loc="upper center", ncols=5, handlelength=1.0, columnspacing=1.2)


def _draw_claims(axes: Axes, frame: pandas.DataFrame) -> None:
    rows = frame[frame["panel"] == "b"].reset_index(drop=True)
    look = LOOKS["model_based"]
    places = -np.arange(len(rows))
    for kind, wanted in _TARGETS.items():
        for place in places[(rows["series"] == kind).to_numpy()]:
            axes.plot([100.0 * wanted] * 2, [place - 0.4, place + 0.4], color="#CC6677", zorder=1)
    axes.errorbar(
        rows["y"],
        places,
        xerr=[rows["y"] - rows["lower"], rows["upper"] - rows["y"]],
        color=look.colour,
        marker=look.marker,
        linestyle="none",
        elinewidth=style.ERROR_BAR_POINTS,
        clip_on=False,
        zorder=2,
    )
    axes.set_yticks(places, [_LABELS[kind] for kind in rows["series"]])
    axes.tick_params(axis="y", length=0.0)
    axes.set_ylim(-len(rows) + 0.4, 0.6)
    axes.set_xlim(-1.0, 101.0)
    axes.set_xlabel("Entanglement claimed (% of replicas)")


def _draw_ranks(axes: Axes, rows: pandas.DataFrame, *, first: bool) -> None:
    name = str(rows["series"].iloc[0])
    edges = np.linspace(0.0, 1.0, len(rows) + 1)
    lower, upper = rows["lower"].iloc[0], rows["upper"].iloc[0]
    axes.axhspan(lower, upper, color=style.THEORY_BAND_COLOUR, linewidth=0.0, zorder=0)
    axes.stairs(rows["y"], edges, color=_look(name).colour, linewidth=1.0, baseline=None, zorder=1)
    axes.set_xlim(0.0, 1.0)
    axes.set_ylim(0.0, 1.25 * max(float(rows["y"].max()), float(upper), 1.0))
    axes.yaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.xaxis.set_major_locator(FixedLocator([0.0, 0.5, 1.0]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}" if value else ""))
    axes.set_title(QUANTITIES[name], pad=3.0)
    axes.set_xlabel("Rank of the truth")
    if first:
        axes.set_ylabel("Replicas")
