r"""Figure S11: does the state hold?

Photon flux, centre and width of both emission lines in every segment of one run, from their means,
and the straight line through them, whose rise is the change over the run.
"""

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from entangled_drums.figures import marks, style
from entangled_drums.figures.output import COLUMNS
from entangled_drums.figures.style import LOOKS
from entangled_drums.inference.stationarity import CHANGES, QUANTITIES, STEADY
from entangled_drums.inference.verdict import FALSE_ALARMS

Array = NDArray[np.float64]

SECONDS_PER_MINUTE = 60.0
_LINES = ("line_1", "line_2")
_LABELS = {
    "flux_per_s": "Photon flux less its mean (%)",
    "centre_hz": "Centre less its mean (Hz)",
    "width_hz": "Width less its mean (Hz)",
}
_HEIGHT_MM = 42.0
_TOP_MM = 11.0
_BOTTOM_MM = 14.0
_LEFT_MM = 13.0
_RIGHT_MM = 3.0
_GAP_MM = 15.0
_REASON_CHARACTERS = 34


def plotted(found: Mapping[str, Any]) -> pandas.DataFrame:
    """Return every number that the figure shows.

    Parameters
    ----------
    found : mapping
        Content of ``inference/<point>/stationarity.json``.

    Returns
    -------
    pandas.DataFrame
        Columns `output.COLUMNS`; x is the middle of each segment in minutes, y what a line is off
        its mean over the run. Panels a (flux, percent of the mean), b (centre, Hz) and c (width,
        Hz): series "points line_1" (bars: one standard deviation) and "change line_1", the straight
        line with its 68 % band; the same for line 2. No rows where nothing could be followed.
    """
    parts = []
    start = np.asarray(found["segment_start_s"], dtype=np.float64)
    # The run begins at zero and ends with its last segment.
    middle = start - start.min() + 0.5 * (found["span_s"] - np.ptp(start))
    for panel, (name, unit) in zip("abc", QUANTITIES.items(), strict=True):
        for line, course in zip(_LINES, found["lines"], strict=False):
            one = course[name]
            relative = name == "flux_per_s"
            scale = 0.01 * one["mean"] if relative else 1.0
            shown_unit = "%" if relative else unit
            values = (np.asarray(one["values"]) - one["mean"]) / scale
            error = one["uncertainty"] / abs(scale)
            apart = _LINES.index(line) - 0.5
            x = (middle + 0.2 * apart * (found["span_s"] / start.size)) / SECONDS_PER_MINUTE
            parts.append(
                marks.rows(
                    panel, f"points {line}", x, values, values - error, values + error, shown_unit
                )
            )
            off = (middle - middle.mean()) / found["span_s"]
            risen = off * one["change"] / scale
            band = np.hypot(error / start.size**0.5, off * one["change_uncertainty"] / scale)
            parts.append(
                marks.rows(
                    panel,
                    f"change {line}",
                    middle / SECONDS_PER_MINUTE,
                    risen,
                    risen - band,
                    risen + band,
                    shown_unit,
                )
            )
    return marks.joined(parts) if parts else pandas.DataFrame(columns=list(COLUMNS))


def quoted(found: Mapping[str, Any], others: Sequence[Mapping[str, Any]] = ()) -> dict[str, str]:
    """Return what the caption quotes, as text by name; `others` are runs that are not shown."""
    lines = found["lines"]

    def changes(name: str, digits: int, *, relative: bool = False, unit: str) -> str:
        texts = []
        for line in lines:
            one = line[name]
            scale = 0.01 * one["mean"] if relative else 1.0
            change, error = one["change"] / scale, one["change_uncertainty"] / abs(scale)
            texts.append(f"{change:.{digits}f} ± {error:.{digits}f}".replace("-", "−"))
        return " and ".join(texts) + f" {unit}" if texts else "unknown"

    return {
        "point": found["operating_point"],
        "minutes": f"{found['span_s'] / SECONDS_PER_MINUTE:.3g}",
        "segments": str(len(found["segment_start_s"])),
        "flux": changes("flux_per_s", 1, relative=True, unit="%"),
        "centre": changes("centre_hz", 0, unit="Hz"),
        "width": changes("width_hz", 0, unit="Hz"),
        "outcome": _outcome(found),
        "others": "; ".join(f"{one['operating_point']}: {_outcome(one)}" for one in others)
        or "there is none",
        "limit": f"{FALSE_ALARMS:g}",
    }


def _outcome(found: Mapping[str, Any]) -> str:
    if found["outcome"] == STEADY:
        return f"no change is seen (p = {found['smallest_p_value']:.2g})"
    if found["outcome"] == CHANGES:
        return f"state or receiver change (p = {found['smallest_p_value']:.2g})"
    return str(found["validity"])


def draw(found: Mapping[str, Any], origin: str) -> Figure:
    """Draw the figure from exactly the numbers that `plotted` returns.

    Parameters
    ----------
    found : mapping
        Content of ``inference/<point>/stationarity.json``.
    origin : str
        One sentence on where the recordings come from; stands below the panels.

    Returns
    -------
    matplotlib.figure.Figure
        183 mm wide. Where nothing could be followed, the first panel says why.
    """
    frame = plotted(found)
    with style.context():
        width, height = style.DOUBLE_COLUMN_MM, _BOTTOM_MM + _HEIGHT_MM + _TOP_MM
        figure = style.new_figure(width, height)
        breadth = (width - _LEFT_MM - _RIGHT_MM - 2 * _GAP_MM) / 3.0
        for place, (panel, name) in enumerate(zip("abc", QUANTITIES, strict=True)):
            left = _LEFT_MM + place * (breadth + _GAP_MM)
            axes = style.panel(figure, left, _BOTTOM_MM, breadth, _HEIGHT_MM)
            _draw_panel(axes, frame, panel)
            axes.set_xlim(0.0, found["span_s"] / SECONDS_PER_MINUTE)
            axes.set_ylabel(_LABELS[name], labelpad=1.0)
            style.letter(axes, panel)
        first = figure.axes[0]
        if found["lines"]:
            figure.legend(*first.get_legend_handles_labels(), loc="upper center", ncols=2)
        else:
            reason = textwrap.fill(found["validity"], _REASON_CHARACTERS)
            first.text(0.5, 0.5, reason, transform=first.transAxes, ha="center", va="center")
        style.origin(figure, origin)
        return figure


def _draw_panel(axes: Axes, frame: pandas.DataFrame, panel: str) -> None:
    axes.axhline(0.0, color="black", linewidth=0.6, zorder=0)
    for line in _LINES:
        look = LOOKS[line]
        change = marks.of(frame, panel, f"change {line}")
        if not change.size:
            continue
        marks.curve(axes, change, color=look.colour, linewidth=0.9, zorder=2.0)
        marks.points(
            axes, marks.of(frame, panel, f"points {line}"), look, markersize=2.6, label=look.label
        )
    axes.set_xlabel("Time (min)")
