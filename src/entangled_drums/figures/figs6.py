r"""Figure S6: how much the probe disturbs the state it reads.

D of the time-averaged state under a probe pair, against the strength, the phase and the balance of
the probe, from `entangled_drums.probe_disturbance`. Read at the squeezed quadrature the probe sends
its back-action where it does no harm; at the antisqueezed one it disturbs most.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas
import xarray
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, MultipleLocator, NullLocator
from numpy.typing import NDArray

from entangled_drums.figures import style
from entangled_drums.figures.output import COLUMNS
from entangled_drums.figures.style import LOOKS

BOUND = 1.0
QUADRATURES = ("squeezed", "intermediate", "antisqueezed")

_STRENGTH_LINES: tuple[Any, ...] = (":", "-", "--", "-.")
_IMBALANCES = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.2, 1.4, 1.6, 1.8, 2.0)
_HEIGHT_MM = 50.0
_BOTTOM_MM = 14.0
_TOP_MM = 11.0
_LEFT_MM = 13.0
_GAP_MM = 13.0
_RIGHT_MM = 4.0


@dataclass(frozen=True)
class Disturbance:
    """What is shown.

    Attributes
    ----------
    dataset : xarray.Dataset
        From `entangled_drums.probe_disturbance.solve`.
    used_coupling_hz : float
        Coupling of each probe tone in the recordings.
    red_coupling_hz, ratio : float
        The operating point.
    """

    dataset: xarray.Dataset
    used_coupling_hz: float
    red_coupling_hz: float
    ratio: float

    @property
    def undisturbed(self) -> float:
        """D without a probe."""
        return float(self.dataset["duan_undisturbed"])

    def at_used_strength(self, quadrature: str) -> float:
        """D under the probe of the recordings, reading one quadrature."""
        rows = self.dataset["duan_of_strength"].sel(quadrature=quadrature)
        strengths = self.dataset["probe_coupling_hz"].values
        return float(np.interp(self.used_coupling_hz, strengths, rows.values))

    def strength_at_bound_hz(self, quadrature: str) -> float | None:
        """Strength at which D reaches 1, None if it does not."""
        strengths = self.dataset["probe_coupling_hz"].values
        values = self.dataset["duan_of_strength"].sel(quadrature=quadrature).values
        above = np.flatnonzero(values >= BOUND)
        if not above.size or above[0] == 0:
            return None
        near = slice(above[0] - 1, above[0] + 1)
        return float(np.interp(BOUND, values[near], strengths[near]))


def quoted(found: Disturbance) -> dict[str, str]:
    """Return the numbers that the caption quotes, as text by their names."""
    limit = found.strength_at_bound_hz("antisqueezed")
    return {
        "red_coupling": f"{found.red_coupling_hz / 1e3:g} kHz",
        "ratio": f"{found.ratio:g}",
        "probe_coupling": f"{found.used_coupling_hz / 1e3:g} kHz",
        "undisturbed": f"{found.undisturbed:.4f}",
        "squeezed": f"{found.at_used_strength('squeezed'):.4f}",
        "antisqueezed": f"{found.at_used_strength('antisqueezed'):.4f}",
        "limit": "at no strength shown" if limit is None else f"at {limit / 1e3:.1f} kHz",
    }


def plotted(found: Disturbance) -> pandas.DataFrame:
    """Return every number that the figure shows.

    Parameters
    ----------
    found : Disturbance

    Returns
    -------
    pandas.DataFrame
        Columns `COLUMNS`; y is D. Panel a: x the coupling of each probe tone in kHz, series by
        what is read. Panel b: x the phase from the squeezed one in units of pi, series "P=... kHz".
        Panel c: x the imbalance P^+/P^-, series by what is read. Series "undisturbed" in
        every panel and "separability" in a and b by their two ends.
    """
    data = found.dataset
    strength, phase, imbalance = (
        data[name].values for name in ("probe_coupling_hz", "phase_rad", "imbalance")
    )
    curves: list[tuple[str, str, NDArray[np.float64], NDArray[np.float64]]] = []
    for quadrature in QUADRATURES:
        rows = data.sel(quadrature=quadrature)
        curves.append(("a", quadrature, strength / 1e3, rows["duan_of_strength"].values))
        curves.append(("c", quadrature, imbalance, rows["duan_of_imbalance"].values))
    for coupling in data["shown_coupling_hz"].values:
        values = data["duan_of_phase"].sel(shown_coupling_hz=coupling).values
        curves.append(("b", _strength(coupling), phase / np.pi, values))
    for panel, x in (("a", strength / 1e3), ("b", phase / np.pi), ("c", imbalance)):
        ends = x[[0, -1]]
        curves.append((panel, "undisturbed", ends, np.full(2, found.undisturbed)))
        if panel != "c":  # the effect of imbalance would vanish on a scale that reaches the bound
            curves.append((panel, "separability", ends, np.full(2, BOUND)))
    parts = [
        pandas.DataFrame({"panel": panel, "series": series, "x": x, "y": y})
        for panel, series, x, y in curves
    ]
    frame = pandas.concat(parts, ignore_index=True)
    frame[["lower", "upper"]] = np.nan
    frame["unit"] = "1"
    return frame.sort_values("panel", kind="stable", ignore_index=True)[list(COLUMNS)]


def draw(found: Disturbance, origin: str) -> Figure:
    """Draw the figure from exactly the numbers that `plotted` returns.

    Parameters
    ----------
    found : Disturbance
    origin : str
        One sentence on where the parameters come from; stands below the panels.

    Returns
    -------
    matplotlib.figure.Figure
        183 mm wide.
    """
    frame = plotted(found)
    with style.context():
        width, height = style.DOUBLE_COLUMN_MM, _BOTTOM_MM + _HEIGHT_MM + _TOP_MM
        figure = style.new_figure(width, height)
        breadth = (width - _LEFT_MM - _RIGHT_MM - 2 * _GAP_MM) / 3.0
        panels = []
        for place, panel in enumerate("abc"):
            left = _LEFT_MM + place * (breadth + _GAP_MM)
            axes = style.panel(figure, left, _BOTTOM_MM, breadth, _HEIGHT_MM)
            rows = frame[frame["panel"] == panel]
            for name in ("undisturbed", "separability"):
                ends = rows[rows["series"] == name]
                axes.plot(ends["x"], ends["y"], zorder=1, **_LEVELS[name])
            style.letter(axes, panel)
            axes.set_xlim(rows["x"].min(), rows["x"].max())
            axes.set_ylabel("Duan sum, $D$ (vacuum = 1)", labelpad=1.0)
            panels.append((axes, rows))
        _draw_strength(*panels[0], found)
        _draw_phase(*panels[1], found)
        _draw_imbalance(*panels[2], found)
        panels[1][0].set_ylim(panels[0][0].get_ylim())
        _draw_legend(figure)
        note = (
            f"{origin} $G^{{-}}/2\\pi$ = {found.red_coupling_hz / 1e3:g} kHz, "
            f"$x$ = {found.ratio:g}."
        )
        style.origin(figure, note)
        return figure


_LEVELS: dict[str, dict[str, Any]] = {
    "undisturbed": {"color": "black", "linewidth": 0.6},
    "separability": {
        "color": LOOKS["separability"].colour,
        "linestyle": LOOKS["separability"].line,
        "linewidth": 0.8,
    },
}


def _draw_curves(axes: Axes, rows: pandas.DataFrame) -> None:
    for quadrature in QUADRATURES:
        curve = rows[rows["series"] == quadrature]
        look = LOOKS[quadrature]
        axes.plot(curve["x"], curve["y"], color=look.colour, linestyle=look.line, zorder=2)


def _draw_strength(axes: Axes, rows: pandas.DataFrame, found: Disturbance) -> None:
    _draw_curves(axes, rows)
    axes.axvline(
        found.used_coupling_hz / 1e3,
        ymax=0.86,
        color="black",
        linewidth=0.6,
        linestyle=(0, (4, 2)),
        zorder=0,
    )
    axes.text(
        found.used_coupling_hz / 1e3,
        0.88,
        "as recorded",
        transform=axes.get_xaxis_transform(),
        ha="center",
        va="bottom",
    )
    axes.set_xlabel(r"Probe strength, $P/2\pi$ (kHz)")


def _draw_phase(axes: Axes, rows: pandas.DataFrame, found: Disturbance) -> None:
    couplings = found.dataset["shown_coupling_hz"].values
    for coupling, line in zip(couplings, _STRENGTH_LINES, strict=True):
        name = _strength(coupling)
        curve = rows[rows["series"] == name]
        axes.plot(
            curve["x"],
            curve["y"],
            color=LOOKS["theory"].colour,
            linestyle=line,
            label=name.replace("P=", "").replace(" kHz", ""),
            zorder=2,
        )
    axes.legend(
        title=r"$P/2\pi$ (kHz)",
        loc="upper center",
        ncols=2,
        handlelength=2.2,
        columnspacing=1.2,
        borderaxespad=0.3,
    )
    axes.xaxis.set_major_locator(MultipleLocator(0.5))
    axes.set_xlabel(r"Probe phase from the squeezed one ($\pi$ rad)")


def _draw_imbalance(axes: Axes, rows: pandas.DataFrame, found: Disturbance) -> None:
    _draw_curves(axes, rows)
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(FixedLocator(_IMBALANCES))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.set_xlabel("Probe imbalance, $P^{+}/P^{-}$ (dimensionless)")
    axes.set_title(rf"$P/2\pi$ = {found.used_coupling_hz / 1e3:g} kHz", loc="right", pad=3.0)


def _draw_legend(figure: Figure) -> None:
    handles = [
        Line2D([], [], color=LOOKS[name].colour, linestyle=LOOKS[name].line) for name in QUADRATURES
    ]
    handles += [Line2D([], [], **_LEVELS[name]) for name in ("undisturbed", "separability")]
    labels = [
        *(f"reads {LOOKS[name].label}" for name in QUADRATURES),
        "no probe",
        LOOKS["separability"].label,
    ]
    figure.legend(
        handles,
        labels,
        loc="upper center",
        ncols=5,
        borderaxespad=0.3,
        handlelength=1.8,
        columnspacing=1.2,
    )


def _strength(coupling_hz: float) -> str:
    return f"P={coupling_hz / 1e3:g} kHz"
