"""A check of a finished figure: text that covers other text, or leaves the paper."""

from itertools import combinations

import numpy as np
from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg
from matplotlib.figure import Figure
from matplotlib.path import Path
from matplotlib.text import Text
from matplotlib.transforms import Affine2D

from entangled_drums.figures import style

OUTSIDE = "edge of the figure"


def overlapping_text(figure: Figure) -> list[tuple[str, str]]:
    """Return every pair of drawn texts whose boxes, turned with the text, overlap.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        Drawn once by this function, at its own size.

    Returns
    -------
    list of (str, str)
        The two texts; the second is `OUTSIDE` for a text that does not lie fully on the paper.
        Empty for a sound figure.
    """
    with style.context():
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
        renderer = canvas.get_renderer()
        boxes = [
            (text.get_text(), text.get_window_extent(renderer), _outline(text, renderer))
            for text in _drawn_texts(figure)
        ]
    pairs = []
    paper = figure.bbox
    for content, box, _ in boxes:
        if box.x0 < paper.x0 or box.x1 > paper.x1 or box.y0 < paper.y0 or box.y1 > paper.y1:
            pairs.append((content, OUTSIDE))
    for (first, box, outline), (second, other, outline_of_other) in combinations(boxes, 2):
        if box.overlaps(other) and outline.intersects_path(outline_of_other, filled=True):
            pairs.append((first, second))
    return pairs


def _outline(text: Text, renderer: RendererAgg) -> Path:
    """The box of a text as it lies on the paper, turned with it: the extent is upright always."""
    around = text.get_window_extent(renderer)
    angle = text.get_rotation()
    text.set_rotation(0.0)
    flat = text.get_window_extent(renderer)
    text.set_rotation(angle)
    half_width, half_height = flat.width / 2.0, flat.height / 2.0
    corners = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1)]) * (half_width, half_height)
    centre = (around.x0 + around.x1) / 2.0, (around.y0 + around.y1) / 2.0
    return Path(Affine2D().rotate_deg(angle).translate(*centre).transform(corners), closed=True)


def _drawn_texts(figure: Figure) -> list[Text]:
    # An axis keeps tick labels that lie outside its range; they exist but are never drawn.
    hidden: set[Text] = set()
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            hidden |= _undrawn_labels(axis, axes.get_visible() and axes.axison)
    return [
        text
        for text in figure.findobj(Text)
        if text.get_visible() and text.get_text().strip() and text not in hidden
    ]


def _undrawn_labels(axis: Axis, shown: bool) -> set[Text]:
    lower, upper = sorted(axis.get_view_interval())
    margin = 1e-9 * (upper - lower)
    ticks = [*axis.get_major_ticks(), *axis.get_minor_ticks()]
    undrawn: set[Text] = set()
    for tick in ticks:
        inside = lower - margin <= tick.get_loc() <= upper + margin
        if not (shown and axis.get_visible() and tick.get_visible() and inside):
            undrawn |= {tick.label1, tick.label2}
    if not (shown and axis.get_visible()):
        undrawn |= {axis.label, axis.offsetText}
    return undrawn
