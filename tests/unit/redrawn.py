"""A check that a figure's table of plotted numbers, as its CSV holds them, redraws its curves."""

import io
from collections.abc import Iterable

import numpy as np
import pandas
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.patches import Polygon, StepPatch

from entangled_drums.figures.output import FLOAT_FORMAT


def not_in_table(panels: Iterable[Axes], frame: pandas.DataFrame) -> list[str]:
    """Return whatever is drawn in data coordinates, but for maps, and stands in no series.

    Lines, points, bars, bands, steps and filled contours are looked at; straight lines across a
    whole panel that mark a border are not.
    """
    text = frame.to_csv(index=False, float_format=FLOAT_FORMAT)
    table = pandas.read_csv(io.StringIO(text))
    series = [rows for _, rows in table.groupby(["panel", "series"], sort=False)]
    missing = []
    for number, axes in enumerate(panels):
        for artist in axes.get_children():
            for drawn, columns in _numbers(artist, axes):
                wanted = drawn[~np.isnan(drawn).any(axis=1)]
                if wanted.size and not any(_holds(rows, wanted, columns) for rows in series):
                    missing.append(f"axes {number}: {artist}: {wanted[0]} ...")
    return missing


def _numbers(artist, axes):
    """Yield arrays (N, K) of what an artist shows, each with the columns it may stand in."""
    if artist.get_transform() != axes.transData and not isinstance(
        artist, LineCollection | PolyCollection
    ):
        return
    if artist in axes.lines:
        yield artist.get_xydata(), [("x", "y")]
    elif isinstance(artist, LineCollection):
        ends = np.array([part for part in artist.get_segments() if len(part) == 2])
        if len(ends):
            yield ends.reshape(len(ends), 4)[:, [0, 1, 3]], [("x", "lower", "upper")]
    elif isinstance(artist, PolyCollection):
        if artist.get_paths():
            # From the lower to the upper end of a band, or from zero to a curve.
            corners = np.concatenate([path.vertices for path in artist.get_paths()])
            yield corners[corners[:, 1] != 0.0], [("x", "lower"), ("x", "upper"), ("x", "y")]
    elif isinstance(artist, StepPatch):
        data = artist.get_data()
        middle = (data.edges[1:] + data.edges[:-1]) / 2.0
        yield np.column_stack([middle, data.values]), [("x", "y")]
    elif isinstance(artist, Polygon):
        yield artist.get_xy(), [("x", "y")]


def _holds(rows: pandas.DataFrame, wanted, columns) -> bool:
    """Tell whether every point is one of a series, whichever of the columns hold it."""
    known = np.concatenate([rows[list(names)].to_numpy(dtype=float) for names in columns])
    known = known[~np.isnan(known).any(axis=1)]
    if not known.size:
        return False
    scale = np.abs(known).max(axis=0) + np.abs(wanted).max(axis=0)
    apart = np.abs(wanted[:, None] - known[None]) / np.where(scale > 0.0, scale, 1.0)
    return bool(np.all(apart.max(axis=-1).min(axis=-1) < 1e-8))
