r"""Figure S5: how the pumps heat the cavity and the baths of the drums.

Occupation of the cavity's internal bath and of the drums' baths against the coupling of the red
tone, whose square is its power: what each spectrum of the sideband cooling says by itself, the law
of heating that the calibration starts from and ends with, and what the recordings at the operating
points add to it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from numpy.typing import NDArray

from entangled_drums import parameters
from entangled_drums.calibration import Calibration
from entangled_drums.figures import marks, style, ticks
from entangled_drums.figures.calibration_steps import DRUMS, StepContent, points
from entangled_drums.figures.style import LOOKS
from entangled_drums.inference.predictive import Band, exact_parameters
from entangled_drums.parameters import DriveSettings

Array = NDArray[np.float64]

_SIDES = ("before", "after")
_QUANTITIES = ("cavity", "drum_1", "drum_2")
DRAWS = 1000
"""Draws of a calibration behind the band of its law."""

_CURVE_POINTS = 81
_HEIGHT_MM = 48.0
_TOP_MM = 15.0
_BOTTOM_MM = 14.0
_LEFT_MM = 12.0
_RIGHT_MM = 3.0
_GAP_MM = 13.0


@dataclass(frozen=True)
class HeatingData:
    """What is shown.

    Attributes
    ----------
    cooling : StepContent
        The step ``sideband_cooling``.
    laws : mapping
        Bands of the three occupations over `coupling_hz`, "before" and "after" the calibration.
    coupling_hz : ndarray, (C,)
    posteriors : sequence of (float, mapping)
        At each operating point the coupling in Hz, and the three occupations as a `Band` of ().
    """

    cooling: StepContent
    laws: Mapping[str, Mapping[str, Band]]
    coupling_hz: Array
    posteriors: Sequence[tuple[float, Mapping[str, Band]]]


def coupling_grid(cooling: StepContent, points_hz: Sequence[float]) -> Array:
    """Return couplings (C,) that span the points of the step and those given, Hz."""
    every = np.concatenate([cooling.column("red_coupling_hz"), np.asarray(points_hz)])
    return np.geomspace(every.min(), every.max(), _CURVE_POINTS)


def heated(values: Mapping[str, Array], coupling_hz: Array) -> dict[str, Band]:
    """Return the three occupations over couplings (C,) as bands of draws (S,).

    Parameters
    ----------
    values : mapping
        Flat parameter values, each (S,).
    coupling_hz : ndarray, (C,)
        Of the red tone.
    """
    wide = {name: np.asarray(value)[:, None] for name, value in values.items()}
    drive = DriveSettings(
        red_coupling_hz=coupling_hz,
        ratio=0.0,
        centre_frequency_hz=wide["cavity.frequency_hz"],
        frame_frequency_hz=wide["drum_1.frequency_hz"],
        red_photons=np.ones_like(coupling_hz),
        blue_photons=0.0,
    )
    bath = parameters.system(wide, drive).bath
    return {
        "cavity": Band.of(bath.internal_occupation),
        "drum_1": Band.of(bath.thermal_occupation[..., 0]),
        "drum_2": Band.of(bath.thermal_occupation[..., 1]),
    }


def heated_at(
    draws: Mapping[str, Array], calibration: Calibration, coupling_hz: float
) -> dict[str, Band]:
    """Return the three occupations at one coupling as bands of posterior draws, each of ()."""
    count = next(iter(draws.values())).size
    exact = exact_parameters(calibration, tuple(draws))
    values = {**draws, **{name: np.full(count, value) for name, value in exact.items()}}
    return {name: band[0] for name, band in heated(values, np.array([coupling_hz])).items()}


def quoted(data: HeatingData) -> dict[str, str]:
    """Return the numbers that the caption quotes, as text by their names."""
    strongest = float(data.cooling.column("red_coupling_hz").max())
    law = data.laws["after"]

    def text(band: Band) -> str:
        value = float(np.interp(strongest, data.coupling_hz, band.value))
        ends = [np.interp(strongest, data.coupling_hz, end) for end in (band.lower, band.upper)]
        return f"{value:.2f} ± {0.5 * (ends[1] - ends[0]):.2f}"

    return {
        "strongest": f"{strongest / 1e3:g} kHz",
        "cavity": text(law["cavity"]),
        "first": text(law["drum_1"]),
        "second": text(law["drum_2"]),
        "exponent": data.cooling.text("heating.cavity_exponent"),
        "slope": data.cooling.text("heating.drum_slope"),
        "points": str(len(data.posteriors)),
    }


def plotted(data: HeatingData) -> pandas.DataFrame:
    """Return every number that the figure shows.

    Parameters
    ----------
    data : HeatingData

    Returns
    -------
    pandas.DataFrame
        Columns `output.COLUMNS`; x is the coupling of the red tone in kHz, y quanta. Panels a
        (internal bath of the cavity), b and c (baths of drum 1 and 2): series "points drum_1"
        (bars: one standard deviation), the laws "before" and "after" the calibration (68 %) and
        "posterior" at the operating points (68 %).
    """
    parts = []
    for panel, name in zip("abc", _QUANTITIES, strict=True):
        drums = DRUMS if name == "cavity" else (int(name[-1]),)
        quantity = "internal_occupation" if name == "cavity" else "bath_occupation"
        parts += points(
            data.cooling, panel, "red_coupling_hz", quantity, "quanta", scale=1e3, drums=drums
        )
        for side in _SIDES:
            band = data.laws[side][name]
            parts.append(
                marks.rows(
                    panel,
                    side,
                    data.coupling_hz / 1e3,
                    band.value,
                    band.lower,
                    band.upper,
                    "quanta",
                )
            )
        bands = [one[name] for _, one in data.posteriors]
        if bands:
            parts.append(
                marks.rows(
                    panel,
                    "posterior",
                    _apart([coupling for coupling, _ in data.posteriors]) / 1e3,
                    [float(one.value) for one in bands],
                    [float(one.lower) for one in bands],
                    [float(one.upper) for one in bands],
                    "quanta",
                )
            )
    return marks.joined(parts)


def draw(data: HeatingData, origin: str) -> Figure:
    """Draw the figure from exactly the numbers that `plotted` returns.

    Parameters
    ----------
    data : HeatingData
    origin : str
        One sentence on where the recordings come from; stands below the panels.

    Returns
    -------
    matplotlib.figure.Figure
        183 mm wide.
    """
    frame = plotted(data)
    with style.context():
        width, height = style.DOUBLE_COLUMN_MM, _BOTTOM_MM + _HEIGHT_MM + _TOP_MM
        figure = style.new_figure(width, height)
        breadth = (width - _LEFT_MM - _RIGHT_MM - 2 * _GAP_MM) / 3.0
        labels = (
            r"Internal bath of the cavity, $n_i$ (quanta)",
            "Bath of drum 1, $n_1$ (quanta)",
            "Bath of drum 2, $n_2$ (quanta)",
        )
        for place, panel in enumerate("abc"):
            left = _LEFT_MM + place * (breadth + _GAP_MM)
            axes = style.panel(figure, left, _BOTTOM_MM, breadth, _HEIGHT_MM)
            _draw_panel(axes, frame, panel)
            axes.set_ylabel(labels[place], labelpad=1.0)
            style.letter(axes, panel)
        _draw_legend(figure, bool(data.posteriors))
        style.origin(figure, origin)
        return figure


def _apart(couplings: Sequence[float]) -> Array:
    """Move points of one coupling a little apart, so that no bar hides another."""
    found = np.asarray(couplings, dtype=np.float64)
    for one in np.unique(found):
        same = np.flatnonzero(found == one)
        found[same] *= 1.0 + 0.012 * (np.arange(same.size) - 0.5 * (same.size - 1))
    return found


def _draw_panel(axes: Axes, frame: pandas.DataFrame, panel: str) -> None:
    marks.curve(
        axes,
        marks.of(frame, panel, "before"),
        color=LOOKS["prior"].colour,
        linestyle=LOOKS["prior"].line,
        linewidth=0.8,
        zorder=1.0,
    )
    marks.curve(
        axes,
        marks.of(frame, panel, "after"),
        color=LOOKS["theory"].colour,
        linewidth=0.9,
        zorder=2.0,
    )
    for drum in DRUMS:
        rows = marks.of(frame, panel, f"points drum_{drum}")
        if rows.size:
            marks.points(axes, rows, LOOKS[f"drum_{drum}"], markersize=3.2)
    rows = marks.of(frame, panel, "posterior")
    if rows.size:
        marks.points(axes, rows, LOOKS["model_based"], markersize=2.2, zorder=3.5)
    axes.set_xscale("log")
    ticks.plain(axes.xaxis)
    x = frame[frame["panel"] == panel]["x"]
    axes.set_xlim(x.min() / 1.2, x.max() * 1.2)
    axes.set_xlabel(r"Coupling of the red tone, $G^{-}/2\pi$ (kHz)")


def _draw_legend(figure: Figure, with_posterior: bool) -> None:
    prior, after = LOOKS["prior"], LOOKS["theory"]
    handles: list[Line2D | tuple[Patch, Line2D]] = [
        *(
            Line2D(
                [],
                [],
                color=LOOKS[f"drum_{drum}"].colour,
                marker=LOOKS[f"drum_{drum}"].marker,
                linestyle="none",
            )
            for drum in DRUMS
        ),
        (
            Patch(color=prior.colour, alpha=0.28, linewidth=0.0),
            Line2D([], [], color=prior.colour, linestyle=prior.line, linewidth=0.8),
        ),
        (
            Patch(color=after.colour, alpha=0.28, linewidth=0.0),
            Line2D([], [], color=after.colour, linewidth=0.9),
        ),
    ]
    labels = [
        *(f"red tone at {LOOKS[f'drum_{drum}'].label}" for drum in DRUMS),
        "law of heating, device file, 68 %",
        "the same, calibrated, 68 %",
    ]
    if with_posterior:
        look = LOOKS["model_based"]
        handles.append(
            Line2D([], [], color=look.colour, marker=look.marker, markersize=2.2, linestyle="none")
        )
        labels.append("posterior at the operating points")
    figure.legend(  # type: ignore[call-overload]  # a tuple draws one handle over the other
        handles,
        labels,
        loc="upper center",
        ncols=3,
        borderaxespad=0.3,
        handlelength=1.8,
        columnspacing=1.6,
    )
