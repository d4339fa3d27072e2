"""How a large grid is cut into jobs."""

import math
from collections.abc import Mapping
from typing import Any


def chunks(axes: Mapping[str, Mapping[str, Any]], chunk_points: int) -> list[tuple[int, int]]:
    """Return how a grid is cut along its first axis into parts of about `chunk_points` points.

    Parameters
    ----------
    axes : mapping
        By parameter name, with the number of values ``count``.
    chunk_points : int
        Points that one part may have; at least one row is taken.

    Returns
    -------
    list of tuple of int
        First row and the row after the last, in order, covering every row once.
    """
    counts = [int(axis["count"]) for axis in axes.values()]
    rows = max(1, chunk_points // math.prod(counts[1:]))
    return [(first, min(first + rows, counts[0])) for first in range(0, counts[0], rows)]
