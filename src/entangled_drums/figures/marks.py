"""Points with error bars, and curves with bands, drawn from rows of a frame of plotted numbers."""

from typing import Any

import numpy as np
import pandas
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from entangled_drums.figures import style
from entangled_drums.figures.output import COLUMNS


def rows(
    panel: str,
    series: str,
    x: ArrayLike,
    y: ArrayLike,
    lower: ArrayLike = np.nan,
    upper: ArrayLike = np.nan,
    unit: str = "1",
) -> pandas.DataFrame:
    """Return rows of the plotted numbers of one series, with the columns `output.COLUMNS`."""
    x = np.atleast_1d(np.asarray(x, dtype=np.float64))

    def column(values: ArrayLike) -> ArrayLike:
        return np.broadcast_to(np.asarray(values, dtype=np.float64), x.shape)

    frame = pandas.DataFrame(
        {"x": x, "y": column(y), "lower": column(lower), "upper": column(upper)}
    )
    return frame.assign(panel=panel, series=series, unit=unit)[list(COLUMNS)]


def joined(parts: list[pandas.DataFrame]) -> pandas.DataFrame:
    """Return the plotted numbers of several series as one frame."""
    return pandas.concat(parts, ignore_index=True)[list(COLUMNS)]


def of(frame: pandas.DataFrame, panel: str, series: str) -> pandas.DataFrame:
    """Return the rows of one series of one panel."""
    return frame[(frame["panel"] == panel) & (frame["series"] == series)]


def points(axes: Axes, data: pandas.DataFrame, look: style.Look, **changes: Any) -> None:
    """Draw points with bars from lower to upper."""
    options: dict[str, Any] = {
        "color": look.colour,
        "marker": look.marker,
        "linestyle": "none",
        "zorder": 3.1,
        **changes,
    }
    axes.vlines(
        data["x"],
        data["lower"],
        data["upper"],
        color=options["color"],
        linewidth=style.ERROR_BAR_POINTS,
        zorder=options["zorder"] - 0.1,
    )
    axes.plot(data["x"], data["y"], **options)


def curve(axes: Axes, data: pandas.DataFrame, **options: Any) -> None:
    """Draw a curve and, in its colour made light, the band from lower to upper if there is one."""
    zorder = options.setdefault("zorder", 2.0)
    (line,) = axes.plot(data["x"], data["y"], **options)
    if data["lower"].notna().any():
        axes.fill_between(
            data["x"],
            data["lower"],
            data["upper"],
            color=line.get_color(),
            alpha=0.28,
            linewidth=0.0,
            zorder=zorder - 0.5,
        )
