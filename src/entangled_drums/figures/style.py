"""The one style of all figures: sizes, type, and the colour and marker of every thing shown.

Everything starts from matplotlib's own defaults, so a matplotlibrc file of the user changes
nothing. The hues are P. Tol's "muted" scheme (SRON/EPS/TN/09-002, 2021), made for readers with
any of the colour-vision deficiencies; each thing that is drawn as points has its own marker too,
so that a grey print can be read.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from entangled_drums.inference.route_result import ROUTE_LABELS

SINGLE_COLUMN_MM = 89.0
DOUBLE_COLUMN_MM = 183.0
MILLIMETRES_PER_INCH = 25.4
PNG_DOTS_PER_INCH = 300

POINTS_PER_INCH = 72.0
TEXT_POINTS = 7.0
LETTER_POINTS = 8.0
ERROR_BAR_POINTS = 0.8

_SETTINGS: dict[Any, Any] = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "mathtext.fontset": "dejavusans",
    "font.size": TEXT_POINTS,
    "axes.labelsize": TEXT_POINTS,
    "axes.titlesize": TEXT_POINTS,
    "xtick.labelsize": TEXT_POINTS,
    "ytick.labelsize": TEXT_POINTS,
    "legend.fontsize": TEXT_POINTS,
    "legend.frameon": False,
    "axes.linewidth": 0.6,
    "xtick.direction": "in",
    "ytick.direction": "in",
    "xtick.top": True,
    "ytick.right": True,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "lines.linewidth": 1.0,
    "lines.markersize": 3.6,
    "lines.markeredgewidth": 0.7,
    "savefig.dpi": PNG_DOTS_PER_INCH,
    # TrueType fonts stay whole text in the PDF: searchable, and accepted by journals.
    "pdf.fonttype": 42,
}


@dataclass(frozen=True)
class Look:
    """How one thing is drawn, in every figure.

    Attributes
    ----------
    label : str
        Name in legends.
    colour : str
        Hexadecimal RGB.
    marker : str
        Matplotlib marker; "" for things that are never points.
    line : str
        Matplotlib line style where it is drawn as a curve.
    """

    label: str
    colour: str
    marker: str = ""
    line: Literal["-", "--"] = "-"


LOOKS = MappingProxyType(
    {
        "drum_1": Look("drum 1", "#332288", "<"),
        "drum_2": Look("drum 2", "#CC6677", ">"),
        "squeezed": Look("squeezed quadrature", "#117733", "P"),
        "intermediate": Look("halfway between", "#777777", line="-"),
        "antisqueezed": Look("antisqueezed quadrature", "#AA4499", "X"),
        "quadrature": Look(ROUTE_LABELS["quadrature"], "#44AA99", "s"),
        "emission_bound": Look(f"{ROUTE_LABELS['emission_bound']} (upper limit)", "#999933", "v"),
        "direct": Look(ROUTE_LABELS["direct"], "#882255", "o"),
        "model_based": Look(ROUTE_LABELS["model_based"], "#1A1A1A", "D"),
        "cavity_occupation": Look("occupation of the cavity", "#6699CC", "1"),
        "receiver.gain": Look("gain", "#DDAA33", "x"),
        "bath.external_occupation": Look("occupation of the port", "#EE99AA", "+"),
        "in_time": Look("recordings simulated in time", "#228833", "2"),
        "line_1": Look(r"line near $-\Omega$", "#0077BB", "^"),
        "line_2": Look(r"line near $+\Omega$", "#EE7733", "p"),
        "receiver": Look("loads", "#117755", "H"),
        "prior": Look("calibration alone", "#999999", line="--"),
        "truth": Look("true value of the simulated laboratory", "#D92120", line="-"),
        "entangled": Look("entangled", "#000000", "h"),
        "not_shown": Look("not shown", "#4D4D4D", "8"),
        "contradiction": Look("contradiction", "#EE3377", "d"),
        "theory": Look("theory", "#4477AA", line="-"),
        "all_terms": Look("theory with all counter-rotating terms", "#BB5566", line="-"),
        "vacuum": Look("vacuum level", "#555555", line="--"),
        "separability": Look("separability bound", "#555555", line="--"),
        "recalled": Look("published value, recalled, unverified", "#666666", "*"),
    }
)
THEORY_BAND_COLOUR = "#C5DBEC"
ENTANGLED_COLOUR = "#F4F4F4"
MODEL_BAND_COLOUR = "#BFBFBF"
CAVITY_COLOUR = "#999999"
CAVITY_BAND_COLOUR = "#EEEEEE"
UNSTABLE_COLOUR = "#BBBBBB"
UNSTABLE_HATCH = "////"

DIVERGING = "PuOr_r"
"""Colour map of quantities with a border value: purple below, orange above, white at the border."""

OPERATING_POINT: dict[str, Any] = {
    "marker": "o",
    "markersize": 3.4,
    "markerfacecolor": "white",
    "markeredgecolor": "black",
    "linestyle": "none",
}
"""How the place of an operating point is marked on a map."""

STEPS = "viridis"
"""Colour map that a few curves of rising parameter take their colours from, see `steps`."""

SEQUENTIAL = "Greys"
"""Colour map of quantities without a border value, light for little."""


@contextmanager
def context() -> Iterator[None]:
    """Apply the style, on top of matplotlib's own defaults, and undo it at the end.

    Drawing and saving must both happen inside: fonts are chosen at either.
    """
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_SETTINGS)
        yield


def steps(count: int) -> list[str]:
    """Return colours for curves of a rising parameter, dark first; all stand out from white."""
    places = np.linspace(0.0, 0.85, count) if count > 1 else np.array([0.3])
    return [to_hex(matplotlib.colormaps[STEPS](place)) for place in places]


def new_figure(width_mm: float, height_mm: float) -> Figure:
    """Return an empty figure of the given size on paper.

    Parameters
    ----------
    width_mm, height_mm : float
        Size in mm; the width is `SINGLE_COLUMN_MM` or `DOUBLE_COLUMN_MM` in the paper.

    Returns
    -------
    matplotlib.figure.Figure
        Not registered with pyplot: it holds no global state and needs no closing.
    """
    return Figure(figsize=(width_mm / MILLIMETRES_PER_INCH, height_mm / MILLIMETRES_PER_INCH))


def panel(figure: Figure, left: float, bottom: float, width: float, height: float) -> Axes:
    """Return new axes at a place in mm from the lower left corner of the paper.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    left, bottom, width, height : float
        Place and size of the plotted area, mm.
    """
    across, up = figure.get_size_inches() * MILLIMETRES_PER_INCH
    return figure.add_axes((left / across, bottom / up, width / across, height / up))


def origin(figure: Figure, text: str) -> None:
    """Write below the panels where device and recordings come from."""
    across, up = figure.get_size_inches() * MILLIMETRES_PER_INCH
    figure.text(2.0 / across, 1.5 / up, text, ha="left", va="bottom", style="italic")


def letter(axes: Axes, name: str) -> None:
    """Write a panel's bold letter at the left end of the line above it.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        The panel.
    name : str
        Its letter, "a" for the first.
    """
    axes.annotate(
        name,
        xy=(0.0, 1.0),
        xycoords="axes fraction",
        xytext=(0.0, 3.0),
        textcoords="offset points",
        fontsize=LETTER_POINTS,
        fontweight="bold",
        ha="left",
        va="baseline",
    )
