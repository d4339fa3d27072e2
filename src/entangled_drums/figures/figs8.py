"""Figure S8: what the rotating-wave approximation (RWA) leaves out."""

from collections.abc import Sequence

import numpy as np
import pandas
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke
from matplotlib.ticker import FixedLocator, FuncFormatter, NullFormatter

from entangled_drums.errors import FileFormatError
from entangled_drums.figures import style
from entangled_drums.figures.figs8_numbers import Correction, Retuning, cuts, plotted
from entangled_drums.figures.style import LOOKS

_CUT_LINES = ("-", "--", ":")
_MODELS = ("theory", "all_terms")
_PANEL_MM = (46.0, 36.0, 40.0)
_GAPS_MM = (29.0, 15.0)
_LEFT_MM = 12.0
_HEIGHT_MM = 50.0
_BOTTOM_MM = 14.0
_TOP_MM = 11.0
_BAR_MM = 2.5


def draw(found: Correction, tuned: Retuning | None, origin: str) -> Figure:
    """Draw the figure from exactly the numbers that `plotted` returns.

    Parameters
    ----------
    found : Correction
        Panels a and b.
    tuned : Retuning or None
        Panel c; left out if None.
    origin : str
        One sentence on where the parameters come from; stands below the panels.

    Returns
    -------
    matplotlib.figure.Figure
        183 mm wide.
    """
    frame = plotted(found, tuned)
    with style.context():
        width, height = style.DOUBLE_COLUMN_MM, _BOTTOM_MM + _HEIGHT_MM + _TOP_MM
        figure = style.new_figure(width, height)

        def add(left: float, breadth: float) -> Axes:
            return style.panel(figure, left, _BOTTOM_MM, breadth, _HEIGHT_MM)

        left = _LEFT_MM
        _draw_map(add(left, _PANEL_MM[0]), found, frame, add(left + _PANEL_MM[0] + 2.0, _BAR_MM))
        left += _PANEL_MM[0] + _GAPS_MM[0]
        _draw_cuts(add(left, _PANEL_MM[1]), found, cuts(found, tuned), frame)
        if tuned is not None:
            left += _PANEL_MM[1] + _GAPS_MM[1]
            _draw_retuning(add(left, _PANEL_MM[2]), tuned, frame)
        _draw_legend(figure)
        style.origin(figure, origin)
        return figure


def _draw_map(axes: Axes, found: Correction, frame: pandas.DataFrame, bar: Axes) -> None:
    shape = found.difference.shape
    rows = frame[(frame["panel"] == "a") & (frame["series"] == "map")]
    size = np.abs(rows["z"].to_numpy().reshape(shape))
    positive = size[np.isfinite(size) & (size > 0.0)]
    if not positive.size:
        raise FileFormatError("figure S8: both models give the same D everywhere; solve again")
    scale = LogNorm(
        10.0 ** np.floor(np.log10(positive.min())), 10.0 ** np.ceil(np.log10(positive.max()))
    )
    axes.set_facecolor(style.UNSTABLE_COLOUR)
    axes.pcolormesh(
        found.group,
        found.ratio,
        np.ma.masked_invalid(size),
        shading="gouraud",
        norm=scale,
        cmap=style.SEQUENTIAL,
        rasterized=True,
        zorder=1,
    )
    for name in _MODELS:
        look = LOOKS[name]
        pieces = frame[frame["series"].str.startswith(f"contour D {name} ")]
        for _, line in pieces.groupby("series", sort=False):
            axes.plot(
                line["x"],
                line["y"],
                color=look.colour,
                linewidth=1.2,
                zorder=2,
                path_effects=[withStroke(linewidth=2.4, foreground="white")],
            )
    points = frame[frame["series"] == "operating_point"]
    axes.plot(points["x"], points["y"], zorder=3, **style.OPERATING_POINT)
    axes.set_xscale("log")
    axes.set_xlim(found.group[0], found.group[-1])
    axes.set_ylim(found.ratio[0], found.ratio[-1])
    _plain_ticks(axes)
    axes.set_ylabel("Pump ratio, $x = G^{+}/G^{-}$ (dimensionless)")
    axes.set_title(rf"$G^{{-}}/2\pi$ = {found.red_coupling_hz / 1e3:g} kHz", loc="right", pad=3.0)
    style.letter(axes, "a")
    shown = axes.figure.colorbar(ScalarMappable(norm=scale, cmap=style.SEQUENTIAL), cax=bar)
    shown.ax.minorticks_off()
    shown.set_label(r"$|D_\mathrm{all} - D_\mathrm{RWA}|$ (vacuum = 1)", labelpad=1.0)


def _draw_cuts(
    axes: Axes, found: Correction, ratios: Sequence[float], frame: pandas.DataFrame
) -> None:
    look = LOOKS["all_terms"]
    for ratio, line in zip(ratios, _CUT_LINES, strict=False):
        rows = frame[frame["series"] == f"cut x={ratio:g}"]
        axes.plot(rows["x"], rows["y"], color=look.colour, linestyle=line, label=f"$x$ = {ratio:g}")
    axes.axvline(
        found.device_group,
        ymin=0.28,
        color="black",
        linewidth=0.6,
        linestyle=(0, (4, 2)),
        zorder=0,
    )
    axes.annotate(
        "device",
        (found.device_group, 0.98),
        xycoords=axes.get_xaxis_transform(),
        xytext=(2.0, 0.0),
        textcoords="offset points",
        va="top",
    )
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlim(found.group[0], found.group[-1])
    _plain_ticks(axes)
    axes.set_ylabel(r"$|D_\mathrm{all} - D_\mathrm{RWA}|$ (vacuum = 1)", labelpad=1.0)
    axes.legend(loc="lower right", handlelength=1.8, borderaxespad=0.3)
    style.letter(axes, "b")


def _draw_retuning(axes: Axes, tuned: Retuning, frame: pandas.DataFrame) -> None:
    for name in _MODELS:
        look = LOOKS[name]
        rows = frame[(frame["panel"] == "c") & (frame["series"] == name)]
        axes.plot(rows["x"], rows["y"], color=look.colour, linestyle=look.line)
    axes.axvline(
        tuned.set_offset_hz / 1e3,
        ymax=0.78,
        color="black",
        linewidth=0.6,
        linestyle=(0, (4, 2)),
        zorder=0,
    )
    low, high = axes.get_ylim()
    axes.set_ylim(low, high + 0.28 * (high - low))
    axes.text(
        0.5,
        0.97,
        rf"as set: $\Delta D = {tuned.correction:+.4f}$"
        "\n"
        rf"retuned ${tuned.best_offset_hz:+.0f}$ Hz: ${tuned.retuned_correction:+.4f}$",
        transform=axes.transAxes,
        ha="center",
        va="top",
    )
    axes.set_xlim(tuned.offset_hz[0] / 1e3, tuned.offset_hz[-1] / 1e3)
    axes.set_xlabel(r"$[\omega_\mathrm{m}-\overline{\omega}_j]/2\pi$ (kHz)")
    axes.set_ylabel("Duan sum, $D$ (vacuum = 1)", labelpad=1.0)
    axes.set_title(
        rf"{tuned.red_coupling_hz / 1e3:g} kHz, $x$ = {tuned.ratio:g}", loc="right", pad=3.0
    )
    style.letter(axes, "c")


def _draw_legend(figure: Figure) -> None:
    handles = [
        Line2D([], [], color=LOOKS[name].colour, linestyle=LOOKS[name].line) for name in _MODELS
    ]
    handles.append(Line2D([], [], **style.OPERATING_POINT))
    figure.legend(
        handles,
        ["theory, RWA (a: $D = 1$)", "all counter-rotating terms (a: $D = 1$)", "operating points"],
        loc="upper center",
        ncols=3,
        borderaxespad=0.3,
        handlelength=1.8,
        columnspacing=1.6,
    )


def _plain_ticks(axes: Axes) -> None:
    axes.xaxis.set_major_locator(FixedLocator([0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_xlabel(r"$\kappa/\omega_\mathrm{m}$ (dimensionless)")
