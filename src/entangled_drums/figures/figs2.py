r"""Figure S2: thermal sweep of each drum, read with a weak red tone.

The occupation of the drum's bath against the temperature of the cryostat: where the drum follows,
it is the Bose-Einstein occupation at that temperature, a straight line but for the last quanta;
at the cold end a constant heat load holds the drum warmer.
"""

import numpy as np
import pandas
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from entangled_drums.figures import marks, style, ticks
from entangled_drums.figures.calibration_steps import (
    DRUMS,
    StepContent,
    against,
    pulls,
)
from entangled_drums.figures.style import LOOKS

_HEIGHT_MM = 46.0
_STRIP_MM = 11.0
_STRIP_GAP_MM = 2.0
_TOP_MM = 10.0
_BOTTOM_MM = 14.0
_LEFT_MM = 13.0
_RIGHT_MM = 3.0
_GAP_MM = 15.0


def quoted(step: StepContent) -> dict[str, str]:
    """Return the numbers that the caption quotes, as text by their names."""
    temperatures_k = step.column("temperature_k", 1)
    found = {
        "coldest": f"{1e3 * temperatures_k.min():g} mK",
        "warmest": f"{1e3 * temperatures_k.max():g} mK",
        "p_value": f"{step.p_value:.2f}",
    }
    for drum, name in zip(DRUMS, ("first", "second"), strict=True):
        found[f"{name}_occupation"] = step.text(f"drum_{drum}.thermal_occupation")
        at = int(np.argmin(step.column("temperature_k", drum)))
        found[f"{name}_cryostat"] = f"{step.column('cryostat_occupation', drum)[at]:.1f}"
    return found


def plotted(step: StepContent) -> pandas.DataFrame:
    """Return every number that the figure shows.

    Parameters
    ----------
    step : StepContent
        The step ``thermal_sweep``.

    Returns
    -------
    pandas.DataFrame
        Columns `output.COLUMNS`; x is the temperature of the cryostat in mK. Panels a and b, drum 1
        and 2: occupation, series "points drum_1" (bars: one standard deviation), "fit drum_1" and
        "cryostat", the occupation of a drum that follows. "a below" and "b below": what the points
        miss the fit by, in standard deviations.
    """
    parts = []
    missed = pulls(step, "", "temperature_k", "bath_occupation", scale=1e-3)
    for drum, panel in zip(DRUMS, "ab", strict=True):
        parts += against(
            step, panel, "temperature_k", "bath_occupation", "quanta", scale=1e-3, drums=(drum,)
        )
        x = step.curve("temperature_k", drum) / 1e-3
        parts.append(
            marks.rows(panel, "cryostat", x, step.curve("cryostat_occupation", drum), unit="quanta")
        )
        parts.append(missed[drum - 1].assign(panel=f"{panel} below"))
    return marks.joined(parts)


def draw(step: StepContent, origin: str) -> Figure:
    """Draw the figure from exactly the numbers that `plotted` returns.

    Parameters
    ----------
    step : StepContent
        The step ``thermal_sweep``.
    origin : str
        One sentence on where the recordings come from; stands below the panels.

    Returns
    -------
    matplotlib.figure.Figure
        183 mm wide.
    """
    frame = plotted(step)
    with style.context():
        width = style.DOUBLE_COLUMN_MM
        height = _BOTTOM_MM + _STRIP_MM + _STRIP_GAP_MM + _HEIGHT_MM + _TOP_MM
        figure = style.new_figure(width, height)
        breadth = (width - _LEFT_MM - _RIGHT_MM - _GAP_MM) / 2.0
        for drum, panel in zip(DRUMS, "ab", strict=True):
            left = _LEFT_MM + (drum - 1) * (breadth + _GAP_MM)
            upper = style.panel(
                figure, left, _BOTTOM_MM + _STRIP_MM + _STRIP_GAP_MM, breadth, _HEIGHT_MM
            )
            lower = style.panel(figure, left, _BOTTOM_MM, breadth, _STRIP_MM)
            _draw_drum(upper, lower, frame, panel, drum)
        _draw_legend(figure)
        style.origin(figure, origin)
        return figure


def _draw_drum(upper: Axes, lower: Axes, frame: pandas.DataFrame, panel: str, drum: int) -> None:
    look = LOOKS[f"drum_{drum}"]
    cryostat = marks.of(frame, panel, "cryostat")
    theory = LOOKS["theory"]
    upper.plot(cryostat["x"], cryostat["y"], color=theory.colour, linestyle="--", zorder=1.5)
    fit = marks.of(frame, panel, f"fit drum_{drum}")
    upper.plot(fit["x"], fit["y"], color=look.colour, linewidth=0.8, zorder=2.0)
    marks.points(upper, marks.of(frame, panel, f"points drum_{drum}"), look)
    upper.set_yscale("log")
    ticks.plain(upper.yaxis)
    upper.tick_params(labelbottom=False)
    upper.set_ylabel(f"Occupation of the bath, $n_{drum}$ (quanta)", labelpad=1.0)
    upper.set_title(look.label, loc="right", pad=3.0)
    style.letter(upper, panel)
    rows = marks.of(frame, f"{panel} below", f"points drum_{drum}")
    marks.points(lower, rows, look)
    lower.axhline(0.0, color=look.colour, linewidth=0.8)
    reach = max(3.5, 1.1 * float(np.abs(rows[["lower", "upper"]]).to_numpy().max()))
    lower.set_ylim(-reach, reach)
    lower.set_ylabel(r"$\Delta/\sigma$", labelpad=1.0)
    lower.set_xlabel("Temperature of the cryostat (mK)")
    for axes in (upper, lower):
        axes.set_xscale("log")
        axes.set_xlim(0.85 * rows["x"].min(), rows["x"].max() / 0.85)
        ticks.plain(axes.xaxis)


def _draw_legend(figure: Figure) -> None:
    handles = [
        *(
            Line2D(
                [],
                [],
                color=LOOKS[f"drum_{drum}"].colour,
                marker=LOOKS[f"drum_{drum}"].marker,
                linewidth=0.8,
            )
            for drum in DRUMS
        ),
        Line2D([], [], color=LOOKS["theory"].colour, linestyle="--"),
    ]
    labels = [
        *(f"{LOOKS[f'drum_{drum}'].label}: each spectrum, and fit" for drum in DRUMS),
        "Bose–Einstein law at the cryostat's temperature",
    ]
    figure.legend(handles, labels, loc="upper center", ncols=3, borderaxespad=0.3)
