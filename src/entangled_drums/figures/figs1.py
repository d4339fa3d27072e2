r"""Figure S1: response of the cavity and its fit.

The reflection S11 with cable and amplifier taken off, S11 = kappa_e/(kappa/2 - i omega) - 1 with a
small mismatch: magnitude, phase and the circle in the complex plane; below the first two what the
fit leaves of real and imaginary part, in standard deviations.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas
import xarray
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from entangled_drums.calibration.cavity_response import PARAMETERS, cable, reflection
from entangled_drums.figures import marks, style
from entangled_drums.figures.calibration_steps import StepContent
from entangled_drums.figures.style import LOOKS

NUISANCES = ("cable_amplitude", "cable_phase_rad", "cable_delay_s", "tilt", "mismatch_rad")

_BETWEEN = 4
_HEIGHT_MM = 40.0
_STRIP_MM = 11.0
_STRIP_GAP_MM = 2.0
_TOP_MM = 10.0
_BOTTOM_MM = 14.0
_LEFT_MM = 13.0
_RIGHT_MM = 3.0
_GAP_MM = 13.0


@dataclass(frozen=True)
class ResponseData:
    """What is shown.

    Attributes
    ----------
    dataset : xarray.Dataset
        Recording of kind ``cavity_response``.
    step : StepContent
        Fit of the step of the same name.
    """

    dataset: xarray.Dataset
    step: StepContent

    @property
    def frequency_hz(self) -> NDArray[np.float64]:
        """Distance of each point from the fitted cavity frequency, Hz, (F,)."""
        offset = self.dataset.attrs["centre_frequency_hz"] - self.step.parameter(PARAMETERS[0])[0]
        return np.asarray(self.dataset["frequency_hz"].values + offset)

    @property
    def spectra(self) -> tuple[NDArray[np.complex128], NDArray[np.complex128], float]:
        """Measured and fitted S11 (F,) without cable, and the error of either part."""
        seen = self.dataset
        frequency_hz = np.asarray(seen["frequency_hz"].values, dtype=np.float64)
        nuisances = np.array([[self.step.nuisance(name)[0] for name in NUISANCES]])
        values = {name: np.array([self.step.parameter(name)[0]]) for name in PARAMETERS}
        path = cable(frequency_hz, nuisances)[0]
        shown = seen["reflection_real"].values + 1j * seen["reflection_imaginary"].values
        fitted = reflection(
            frequency_hz, values, float(seen.attrs["centre_frequency_hz"]), nuisances[:, -1]
        )[0]
        # The analyser's phasors run the other way.
        error = float(seen.attrs["standard_deviation"] / nuisances[0, 0])
        return np.conj(shown) / path, fitted, error

    @property
    def curve(self) -> tuple[NDArray[np.float64], NDArray[np.complex128]]:
        """Distances from the cavity, Hz, and fitted S11 there, dense enough to look smooth."""
        seen = self.dataset["frequency_hz"].values
        fine = np.interp(
            np.linspace(0.0, seen.size - 1.0, _BETWEEN * (seen.size - 1) + 1),
            np.arange(seen.size),
            seen,
        )
        values = {name: np.array([self.step.parameter(name)[0]]) for name in PARAMETERS}
        centre_hz = float(self.dataset.attrs["centre_frequency_hz"])
        mismatch = np.array([self.step.nuisance(NUISANCES[-1])[0]])
        fitted = reflection(fine, values, centre_hz, mismatch)[0]
        return fine + centre_hz - self.step.parameter(PARAMETERS[0])[0], fitted


def quoted(data: ResponseData) -> dict[str, str]:
    """Return the numbers that the caption quotes, as text by their names."""
    return {
        "points": str(data.frequency_hz.size),
        "frequency": data.step.text("cavity.frequency_hz", 1e9, "GHz"),
        "external": data.step.text("cavity.kappa_external_hz", 1e3, "kHz"),
        "internal": data.step.text("cavity.kappa_internal_hz", 1e3, "kHz"),
        "delay": f"{data.step.nuisance('cable_delay_s')[0] * 1e9:.2f} ns",
        "p_value": f"{data.step.p_value:.2f}",
    }


def plotted(data: ResponseData) -> pandas.DataFrame:
    """Return every number that the figure shows.

    Parameters
    ----------
    data : ResponseData

    Returns
    -------
    pandas.DataFrame
        Columns `output.COLUMNS`. Panels a (magnitude) and b (phase in units of pi) against the
        distance from the cavity in MHz, c (imaginary against real part), each with series "points"
        (bars: one standard deviation) and "fit"; "a below" and "b below": residuals of real and
        imaginary part in standard deviations.
    """
    x = data.frequency_hz / 1e6
    seen, fitted, error = data.spectra
    at, curve = data.curve
    at = at / 1e6
    size, turn = np.abs(seen), _phase(seen)
    by_phase = error / size / np.pi
    left = (seen - fitted) / error
    return marks.joined(
        [
            marks.rows("a", "points", x, size, size - error, size + error),
            marks.rows("a", "fit", at, np.abs(curve)),
            marks.rows("b", "points", x, turn, turn - by_phase, turn + by_phase, "pi rad"),
            marks.rows("b", "fit", at, _phase(curve), unit="pi rad"),
            marks.rows("c", "points", seen.real, seen.imag, seen.imag - error, seen.imag + error),
            marks.rows("c", "fit", curve.real, curve.imag),
            marks.rows("a below", "points", x, left.real, unit="sigma"),
            marks.rows("b below", "points", x, left.imag, unit="sigma"),
        ]
    )


def draw(data: ResponseData, origin: str) -> Figure:
    """Draw the figure from exactly the numbers that `plotted` returns.

    Parameters
    ----------
    data : ResponseData
    origin : str
        One sentence on where the recordings come from; stands below the panels.

    Returns
    -------
    matplotlib.figure.Figure
        183 mm wide.
    """
    frame = plotted(data)
    with style.context():
        width = style.DOUBLE_COLUMN_MM
        whole = _HEIGHT_MM + _STRIP_GAP_MM + _STRIP_MM
        height = _BOTTOM_MM + whole + _TOP_MM
        figure = style.new_figure(width, height)
        breadth = (width - _LEFT_MM - _RIGHT_MM - 2 * _GAP_MM - whole) / 2.0
        labels = (r"Magnitude, $|S_{11}|$", r"Phase of $S_{11}$ ($\pi$ rad)")
        strips = ("real part", "imaginary part")
        for place, panel in enumerate("ab"):
            left = _LEFT_MM + place * (breadth + _GAP_MM)
            upper = style.panel(
                figure, left, _BOTTOM_MM + _STRIP_MM + _STRIP_GAP_MM, breadth, _HEIGHT_MM
            )
            _draw_pair(upper, frame, panel)
            upper.tick_params(labelbottom=False)
            upper.set_ylabel(labels[place], labelpad=2.5)
            style.letter(upper, panel)
            lower = style.panel(figure, left, _BOTTOM_MM, breadth, _STRIP_MM)
            rows = marks.of(frame, f"{panel} below", "points")
            lower.plot(rows["x"], rows["y"], **_POINT)
            lower.axhline(0.0, color=LOOKS["model_based"].colour, linewidth=0.8)
            lower.set_ylim(-5.0, 8.0)
            lower.set_ylabel(r"$\Delta/\sigma$", labelpad=1.0)
            lower.set_yticks([-3.0, 0.0, 3.0])
            lower.annotate(
                strips[place],
                (1.0, 1.0),
                xycoords="axes fraction",
                xytext=(-3.0, -3.0),
                textcoords="offset points",
                ha="right",
                va="top",
            )
            lower.set_xlabel(r"$(\omega - \omega_\mathrm{c})/2\pi$ (MHz)")
            for axes in (upper, lower):
                axes.set_xlim(rows["x"].iloc[0], rows["x"].iloc[-1])
        left = _LEFT_MM + 2 * (breadth + _GAP_MM)
        circle = style.panel(figure, left, _BOTTOM_MM, whole, whole)
        _draw_pair(circle, frame, "c")
        circle.set_aspect("equal", adjustable="datalim")
        circle.set_xlabel(r"Real part of $S_{11}$")
        circle.set_ylabel(r"Imaginary part of $S_{11}$", labelpad=1.0)
        style.letter(circle, "c")
        figure.legend(
            [
                Line2D([], [], **{**_POINT, "markersize": 2.6}),
                Line2D([], [], color=LOOKS["model_based"].colour, linewidth=0.8),
            ],
            ["recorded, cable taken off", "fit"],
            loc="upper center",
            ncols=2,
            borderaxespad=0.3,
        )
        style.origin(figure, origin)
        return figure


def _phase(values: NDArray[np.complex128]) -> NDArray[np.float64]:
    """Phase in units of pi, without jumps, zero in the middle of the cavity line."""
    turn = np.unwrap(np.angle(values))
    return np.asarray((turn - turn[turn.size // 2]) / np.pi)


def _draw_pair(axes: Axes, frame: pandas.DataFrame, panel: str) -> None:
    points, fit = (marks.of(frame, panel, series) for series in ("points", "fit"))
    axes.plot(points["x"], points["y"], **_POINT)
    axes.plot(fit["x"], fit["y"], color=LOOKS["model_based"].colour, linewidth=0.8)


_POINT: dict[str, Any] = {
    "color": "#8C8C8C",
    "marker": "o",
    "markersize": 1.6,
    "markeredgewidth": 0.0,
    "linestyle": "none",
}
