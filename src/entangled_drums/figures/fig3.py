r"""Figure 3: correlated fluctuations of the two drums, read by the probe pair.

The two lines that the probes add, at the phases that read the squeezed and the antisqueezed
collective quadrature; and the variance that their areas give, in units of the vacuum, at every
phase. The reading is only approximately the Duan sum at that phase: the probes disturb the state
and the lines interfere with the cavity's noise. So the points are to be compared with the exact
reading of the posterior, drawn beside the variance of the state without probes.
"""

from dataclasses import dataclass

import numpy as np
import pandas
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator, MultipleLocator
from numpy.typing import NDArray

from entangled_drums.errors import FileFormatError
from entangled_drums.figures import marks, style
from entangled_drums.figures.style import LOOKS
from entangled_drums.inference.predictive import PredictedSpectra, Predictive
from entangled_drums.inference.probe_readings import ProbeReadings
from entangled_drums.units import cyclic

VACUUM = 1.0
QUADRATURES = ("squeezed", "antisqueezed")
LINES = ("line_1", "line_2")

_HEIGHT_MM = 50.0
_TOP_MM = 15.0
_BOTTOM_MM = 14.0
_LEFT_MM = 12.0
_RIGHT_MM = 3.0
_SPECTRUM_MM = 40.0
_SPECTRUM_GAP_MM = 4.0
_GAP_MM = 14.0
_WINDOW_WIDTHS = 2.5
_TITLES = (r"line near $\epsilon - \Omega$", r"line near $\epsilon + \Omega$")


@dataclass(frozen=True)
class FluctuationData:
    """What is shown.

    Attributes
    ----------
    predictive : Predictive
        Recorded spectra and what the posterior predicts; with a phase scan.
    readings : ProbeReadings or str
        Readings of the probe lines, or the reason why there are none.
    red_coupling_hz, ratio, probe_coupling_hz : float
        The operating point and the nominal coupling of each probe tone.
    phase_rad : ndarray, (K,)
        Phases of the scan.
    """

    predictive: Predictive
    readings: ProbeReadings | str
    red_coupling_hz: float
    ratio: float
    probe_coupling_hz: float
    phase_rad: NDArray[np.float64]

    @property
    def levels(self) -> dict[str, tuple[float, float, float]]:
        """Least and largest variance of the inferred state, value and ends of 68 %."""
        found = {}
        if not isinstance(self.readings, str):
            band = self.readings.undisturbed
            for quadrature, pick in zip(QUADRATURES, (np.argmin, np.argmax), strict=True):
                at = int(pick(band.value))
                found[quadrature] = (band.value[at], band.lower[at], band.upper[at])
        return found

    @property
    def scan(self) -> PredictedSpectra:
        """The phase scan.

        Raises
        ------
        FileFormatError
            If there is none.
        """
        if self.predictive.phase_scan is None:
            raise FileFormatError("figure 3: no phase scan; record one at the point shown")
        return self.predictive.phase_scan

    @property
    def quadrature_rad(self) -> dict[str, float]:
        """Phases that read the squeezed and the antisqueezed quadrature of the inferred state."""
        correlator = self.predictive.draws["correlator_phase_rad"]
        squeezed = float(np.angle(np.mean(np.exp(1j * correlator)))) + np.pi
        return {"squeezed": squeezed, "antisqueezed": squeezed + np.pi}

    def recorded_at(self, quadrature: str) -> int:
        """Index of the recorded phase nearest to a quadrature."""
        distance = np.angle(np.exp(1j * (self.phase_rad - self.quadrature_rad[quadrature])))
        return int(np.argmin(np.abs(distance)))


def quoted(data: FluctuationData) -> dict[str, str]:
    """Return the numbers that the caption quotes, as text by their names."""
    found = {
        "red_coupling": f"{data.red_coupling_hz / 1e3:g} kHz",
        "ratio": f"{data.ratio:g}",
        "probe_coupling": f"{data.probe_coupling_hz / 1e3:g} kHz",
        "phases": str(data.phase_rad.size),
    }
    for quadrature in QUADRATURES:
        phase = data.phase_rad[data.recorded_at(quadrature)]
        found[f"{quadrature}_phase"] = f"φ = {phase / np.pi:.3g}π"
    if isinstance(data.readings, str):
        missing = "not read"
        for quadrature in QUADRATURES:
            found |= {quadrature: missing, f"{quadrature}_exact": missing}
        return found
    for quadrature, (value, lower, upper) in data.levels.items():
        at = int(np.argmin(np.abs(data.readings.undisturbed.value - value)))
        found[quadrature] = f"{value:.3f} ± {0.5 * (upper - lower):.3f}"
        found[f"{quadrature}_exact"] = " and ".join(
            f"{data.readings.model.value[line, at]:.3f}" for line in (0, 1)
        )
    return found


def plotted(data: FluctuationData) -> pandas.DataFrame:
    """Return every number that the figure shows.

    Parameters
    ----------
    data : FluctuationData

    Returns
    -------
    pandas.DataFrame
        Columns `output.COLUMNS`. Panels a and b, the two probe lines: x the frequency from the
        drive centre in kHz, y quanta, series "points ..." (bars: one standard deviation) and
        "model ..." (68 % band) of each quadrature. Panel c: x the phase in units of pi, y the
        variance over that of the vacuum, series "points line_1", "model line_1" (and 2),
        "undisturbed", and the levels "vacuum", "squeezed" and "antisqueezed" by their two ends.
    """
    parts = []
    for line, panel in enumerate("ab"):
        for quadrature in QUADRATURES:
            parts += _spectrum(data, panel, line, quadrature)
    if not isinstance(data.readings, str):
        parts += _variances(data.readings)
    for quadrature, (value, lower, upper) in data.levels.items():
        parts.append(marks.rows("c", quadrature, [0.0, 2.0], value, lower, upper))
    return marks.joined(parts)


def draw(data: FluctuationData, origin: str) -> Figure:
    """Draw the figure from exactly the numbers that `plotted` returns.

    Parameters
    ----------
    data : FluctuationData
    origin : str
        One sentence on where device and recordings come from; stands below the panels.

    Returns
    -------
    matplotlib.figure.Figure
        183 mm wide.
    """
    frame = plotted(data)
    with style.context():
        width, height = style.DOUBLE_COLUMN_MM, _BOTTOM_MM + _HEIGHT_MM + _TOP_MM
        figure = style.new_figure(width, height)
        last = width - _LEFT_MM - _RIGHT_MM - 2 * _SPECTRUM_MM - _SPECTRUM_GAP_MM - _GAP_MM
        panels = []
        left = _LEFT_MM
        for breadth, gap in (
            (_SPECTRUM_MM, _SPECTRUM_GAP_MM),
            (_SPECTRUM_MM, _GAP_MM),
            (last, 0.0),
        ):
            panels.append(style.panel(figure, left, _BOTTOM_MM, breadth, _HEIGHT_MM))
            left += breadth + gap
        spectra = frame[frame["panel"].isin(["a", "b"])]
        low, high = spectra["lower"].min(), spectra["upper"].max()
        margin = 0.05 * (high - low)
        for line in (0, 1):
            _draw_spectrum(panels[line], frame, "ab"[line], _TITLES[line])
            panels[line].set_ylim(low - margin, high + margin)
        panels[0].set_ylabel(r"Output, $S_\mathrm{out}$ (quanta)", labelpad=2.0)
        panels[1].tick_params(labelleft=False)
        _draw_variances(panels[2], frame, data)
        for axes, letter in zip(panels, "abc", strict=True):
            style.letter(axes, letter)
        _draw_legend(figure)
        note = (
            f"{origin} $G^{{-}}/2\\pi$ = {data.red_coupling_hz / 1e3:g} kHz, "
            f"$x$ = {data.ratio:g}, $P/2\\pi$ = {data.probe_coupling_hz / 1e3:g} kHz."
        )
        style.origin(figure, note)
        return figure


def _spectrum(
    data: FluctuationData, panel: str, line: int, quadrature: str
) -> list[pandas.DataFrame]:
    lines, scan = data.predictive.lines, data.scan
    # The lines of the pumps come first, then those that the probes add.
    offset = 0.5 * (scan.curve_hz[0] + scan.curve_hz[-1]) - 0.5 * float(cyclic(lines.centres.sum()))
    centre = float(cyclic(lines.centres[line])) + offset
    half = _WINDOW_WIDTHS * float(cyclic(lines.widths.max()))
    row = data.recorded_at(quadrature)

    def inside(frequency_hz: NDArray[np.float64]) -> NDArray[np.bool_]:
        return np.asarray(np.abs(frequency_hz - centre) <= half)

    at = inside(scan.frequency_hz)
    y, error = scan.measured[row, at], scan.uncertainty[row, at]
    curve, band = inside(scan.curve_hz), scan.model[row]
    return [
        marks.rows(
            panel,
            f"points {quadrature}",
            scan.frequency_hz[at] / 1e3,
            y,
            y - error,
            y + error,
            "quanta",
        ),
        marks.rows(
            panel,
            f"model {quadrature}",
            scan.curve_hz[curve] / 1e3,
            band.value[curve],
            band.lower[curve],
            band.upper[curve],
            "quanta",
        ),
    ]


def _variances(readings: ProbeReadings) -> list[pandas.DataFrame]:
    parts = []
    for at, line in enumerate(LINES):
        y, error = readings.measured[at], readings.uncertainty[at]
        parts.append(
            marks.rows("c", f"points {line}", readings.phase_rad / np.pi, y, y - error, y + error)
        )
        band = readings.model[at]
        parts.append(
            marks.rows(
                "c",
                f"model {line}",
                readings.curve_rad / np.pi,
                band.value,
                band.lower,
                band.upper,
            )
        )
    band = readings.undisturbed
    parts.append(
        marks.rows(
            "c", "undisturbed", readings.curve_rad / np.pi, band.value, band.lower, band.upper
        )
    )
    parts.append(marks.rows("c", "vacuum", [0.0, 2.0], VACUUM))
    return parts


def _draw_spectrum(axes: Axes, frame: pandas.DataFrame, panel: str, title: str) -> None:
    for quadrature in QUADRATURES:
        look = LOOKS[quadrature]
        marks.points(axes, marks.of(frame, panel, f"points {quadrature}"), look, markersize=2.4)
        marks.curve(axes, marks.of(frame, panel, f"model {quadrature}"), color=look.colour)
    x = frame[frame["panel"] == panel]["x"]
    axes.set_xlim(x.min(), x.max())
    axes.xaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10]))
    axes.set_xlabel("Frequency from drive centre (kHz)")
    axes.set_title(title, pad=3.0)


def _draw_variances(axes: Axes, frame: pandas.DataFrame, data: FluctuationData) -> None:
    axes.set_xlabel(r"Probe phase, $\phi$ ($\pi$ rad)")
    axes.set_ylabel("Variance read (vacuum = 1)", labelpad=2.0)
    axes.set_xlim(-0.05, 2.05)
    axes.xaxis.set_major_locator(MultipleLocator(0.5))
    if isinstance(data.readings, str):
        axes.text(
            0.5,
            0.5,
            f"no reading of the lines:\n{data.readings}",
            transform=axes.transAxes,
            ha="center",
            va="center",
            wrap=True,
        )
        return
    for line in LINES:
        look = LOOKS[line]
        marks.curve(axes, marks.of(frame, "c", f"model {line}"), color=look.colour, linewidth=0.8)
        marks.points(axes, marks.of(frame, "c", f"points {line}"), look, markersize=3.0)
    marks.curve(
        axes,
        marks.of(frame, "c", "undisturbed"),
        color=LOOKS["model_based"].colour,
        linestyle=":",
        zorder=2.2,
    )
    vacuum = marks.of(frame, "c", "vacuum")
    look = LOOKS["vacuum"]
    axes.plot(
        vacuum["x"], vacuum["y"], color=look.colour, linestyle=look.line, linewidth=0.8, zorder=1.0
    )
    for quadrature in data.levels:
        level = marks.of(frame, "c", quadrature)
        marks.curve(axes, level, color=LOOKS[quadrature].colour, linewidth=0.6, zorder=1.0)
    axes.set_ylim(bottom=min(0.0, frame[frame["panel"] == "c"]["lower"].min() - 0.1))


def _draw_legend(figure: Figure) -> None:
    handles = [
        Line2D([], [], color=LOOKS[name].colour, marker=LOOKS[name].marker, linestyle="-")
        for name in (*QUADRATURES, *LINES)
    ]
    handles.append(Line2D([], [], color=LOOKS["model_based"].colour, linestyle=":"))
    vacuum = LOOKS["vacuum"]
    handles.append(Line2D([], [], color=vacuum.colour, linestyle=vacuum.line, linewidth=0.8))
    labels = [
        *(LOOKS[name].label for name in QUADRATURES),
        *(f"reading of the {title}" for title in _TITLES),
        "inferred state without probes",
        vacuum.label,
    ]
    figure.legend(
        handles,
        labels,
        loc="upper center",
        ncols=3,
        borderaxespad=0.3,
        handlelength=1.8,
        columnspacing=1.6,
    )
