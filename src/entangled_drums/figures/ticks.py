"""Where the ticks of an axis stand, and how they are written."""

from matplotlib.axis import Axis
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator, ScalarFormatter

PLAIN_TICKS = tuple(digit * 10.0**power for power in range(-3, 6) for digit in (1.0, 2.0, 5.0))
"""Ticks of logarithmic axes that span few decades, written as plain numbers."""


def plain(axis: Axis) -> None:
    """Write the ticks of a logarithmic axis as plain numbers."""
    axis.set_major_locator(FixedLocator(PLAIN_TICKS))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))


def inner(axis: Axis, count: int, room: float = 0.12) -> None:
    """Place about so many ticks away from the ends, where labels of neighbours would meet.

    Parameters
    ----------
    axis : matplotlib.axis.Axis
        Linear, and its limits set.
    count : int
        Ticks wanted, if they were spread over the whole axis; two are found in any case.
    room : float, optional
        Part of the axis that stays free at each end.
    """
    low, high = sorted(axis.get_view_interval())
    free = room * (high - low)
    places: list[float] = []
    while len(places) < 2:
        found = MaxNLocator(count, steps=[1, 2, 2.5, 4, 5, 10]).tick_values(low, high)
        places = [float(one) for one in found if low + free <= one <= high - free]
        count += 1
    axis.set_major_locator(FixedLocator(places))
    # Numbers in full: an offset would have no place of its own.
    axis.set_major_formatter(ScalarFormatter(useOffset=False))
