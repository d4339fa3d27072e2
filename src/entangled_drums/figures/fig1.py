r"""Figure 1: the device and the drive, drawn from the config alone.

Left, the circuit: one cavity (an inductor with two mechanically compliant capacitors, the drums)
behind a coupling capacitor. Right, every tone with the two sidebands that each drum gives it, at
tone -+ omega_j, on a frequency axis to scale; below, the part of the axis around the cavity line,
where the upper sidebands of the red tones meet the lower sidebands of the blue ones.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from string import ascii_lowercase

import numpy as np
import pandas
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Circle, Rectangle

from entangled_drums.figures import style
from entangled_drums.figures.output import COLUMNS
from entangled_drums.figures.style import LOOKS

CAVITY = "cavity"
DRUMS = ("drum_1", "drum_2")
ROW_LABELS = {
    "cavity": "cavity line",
    "red pump": "red pump, $G^{-}$",
    "blue pump": "blue pump, $G^{+}$",
    "red probe": "red probe, $P^{-}$",
    "blue probe": "blue probe, $P^{+}$",
}
TONE_HEIGHT = 0.8
SIDEBAND_HEIGHT = 0.5
LINE_POINTS = 401
"""Points of the cavity line in each panel."""

_WIDTH_MM = style.DOUBLE_COLUMN_MM
_CIRCUIT_MM = 58.0
_HEIGHT_MM = 92.0
_LEFT_MM = 83.0
_RIGHT_MM = 3.0
_TOP_MM = 10.0
_AXIS_MM = 8.5
_FOOT_MM = 5.0


@dataclass(frozen=True)
class Line:
    """One spectral line.

    Attributes
    ----------
    tone : str
        The tone it is or belongs to, a key of `ROW_LABELS`.
    drum : str
        "drum_1" or "drum_2" for a sideband; "" for the tone itself.
    offset_hz : float
        Its frequency minus that of the cavity.
    """

    tone: str
    drum: str
    offset_hz: float


@dataclass(frozen=True)
class Scheme:
    """Everything that the figure shows, cyclic and in Hz.

    Attributes
    ----------
    values : mapping
        Flat nominal values of cavity and drums.
    diameters_m : mapping
        Diameter of each drum in m; empty if the device file gives none.
    lines : tuple of Line
        Tones and sidebands.
    """

    values: Mapping[str, float]
    diameters_m: Mapping[str, float]
    lines: tuple[Line, ...]

    @property
    def kappa_hz(self) -> float:
        """Total linewidth of the cavity."""
        return self.values["cavity.kappa_external_hz"] + self.values["cavity.kappa_internal_hz"]

    @property
    def rows(self) -> list[str]:
        """Names of the rows, from the top."""
        return [CAVITY, *dict.fromkeys(line.tone for line in self.lines)]

    def within(self, reach_hz: float) -> list[Line]:
        """Lines at most so far from the cavity."""
        return [line for line in self.lines if abs(line.offset_hz) <= reach_hz]

    @property
    def far_hz(self) -> float:
        """Half the range of the upper axis: a little more than the outermost line."""
        return 1.06 * max(abs(line.offset_hz) for line in self.lines)

    @property
    def near_hz(self) -> float:
        """Half the range of the lower axis: the cavity line and the innermost lines of each row."""
        innermost = [
            min(
                abs(line.offset_hz) for line in self.lines if line.tone == row and line.drum == drum
            )
            for row in self.rows[1:]
            for drum in DRUMS
        ]
        return 1.2 * max(self.kappa_hz, *innermost)


def scheme(
    device: Mapping[str, float],
    diameters_m: Mapping[str, float],
    *,
    cavity_detuning_hz: float,
    frame_offset_hz: float,
    probe_offset_hz: float | None,
) -> Scheme:
    """Place every tone and its sidebands.

    Parameters
    ----------
    device : mapping
        Flat nominal values of cavity and drums.
    diameters_m : mapping
        See `Scheme`.
    cavity_detuning_hz, frame_offset_hz : float
        Drive centre minus cavity; half the pumps' separation minus the mean drum frequency.
    probe_offset_hz : float or None
        Probe pair minus pump pair; None if there are no probes.
    """
    drums = {drum: device[f"{drum}.frequency_hz"] for drum in DRUMS}
    frame = sum(drums.values()) / 2.0 + frame_offset_hz
    tones = {"red pump": cavity_detuning_hz - frame, "blue pump": cavity_detuning_hz + frame}
    if probe_offset_hz is not None:
        tones["red probe"] = tones["red pump"] + probe_offset_hz
        tones["blue probe"] = tones["blue pump"] + probe_offset_hz
    lines = []
    for tone, offset in tones.items():
        lines.append(Line(tone, "", offset))
        lines += [
            Line(tone, drum, offset + sign * frequency)
            for drum, frequency in drums.items()
            for sign in (-1.0, 1.0)
        ]
    return Scheme(device, diameters_m, tuple(lines))


def plotted(shown: Scheme) -> pandas.DataFrame:
    """Return the place of everything on the two frequency axes.

    Parameters
    ----------
    shown : Scheme

    Returns
    -------
    pandas.DataFrame
        Columns `COLUMNS`; x in MHz from the cavity. Panel b (all) and c (near the cavity). Series
        "cavity" is |chi(x)|^2 of the cavity over its maximum (y); others are a tone, "red pump",
        or a sideband, "red pump drum_1", with y the row it stands in.
    """
    rows: list[tuple[str, str, float, float, float, float, str]] = []
    for panel, reach in (("b", shown.far_hz), ("c", shown.near_hz)):
        offsets = np.linspace(-reach, reach, LINE_POINTS)
        response = 1.0 / (1.0 + (2.0 * offsets / shown.kappa_hz) ** 2)
        rows += [
            (panel, CAVITY, x / 1e6, y, np.nan, np.nan, "1")
            for x, y in zip(offsets, response, strict=True)
        ]
        rows += [
            (
                panel,
                f"{line.tone} {line.drum}".strip(),
                line.offset_hz / 1e6,
                float(shown.rows.index(line.tone)),
                np.nan,
                np.nan,
                "row",
            )
            for line in shown.within(reach)
        ]
    return pandas.DataFrame(rows, columns=list(COLUMNS))


def quoted(shown: Scheme) -> dict[str, str]:
    """Return the numbers that the caption quotes, as text by their names."""
    values = shown.values
    first, second = (values[f"{drum}.frequency_hz"] for drum in DRUMS)
    tones = {line.tone: line.offset_hz for line in shown.lines if not line.drum}
    numbers = {
        "cavity": with_unit(values["cavity.frequency_hz"]),
        "kappa": with_unit(shown.kappa_hz),
        "half_splitting": with_unit(abs(second - first) / 2.0),
        "half_separation": with_unit((tones["blue pump"] - tones["red pump"]) / 2.0),
    }
    if "red probe" in tones:
        numbers["probe_offset"] = with_unit(tones["red probe"] - tones["red pump"])
    return numbers


def with_unit(frequency_hz: float) -> str:
    """Write a frequency with four digits and the fitting unit."""
    for factor, unit in ((1e9, "GHz"), (1e6, "MHz"), (1e3, "kHz")):
        if abs(frequency_hz) >= factor:
            return f"{frequency_hz / factor:.4g} {unit}"
    return f"{frequency_hz:.4g} Hz"


def draw(shown: Scheme, origin: str) -> Figure:
    """Draw circuit and frequency axes.

    Parameters
    ----------
    shown : Scheme
    origin : str
        One sentence on where the parameters come from; stands at the foot.

    Returns
    -------
    matplotlib.figure.Figure
        183 mm wide.
    """
    frame = plotted(shown)
    with style.context():
        figure = style.new_figure(_WIDTH_MM, _HEIGHT_MM)
        circuit = style.panel(figure, 0.0, _FOOT_MM, _CIRCUIT_MM, _HEIGHT_MM - _FOOT_MM)
        _draw_circuit(circuit, shown)
        breadth = _WIDTH_MM - _LEFT_MM - _RIGHT_MM
        tall = (_HEIGHT_MM - _TOP_MM - _FOOT_MM - 2 * _AXIS_MM - 5.0) / 2.0
        bottom = _FOOT_MM + _AXIS_MM
        for panel, height, reach in (
            ("c", bottom, shown.near_hz),
            ("b", bottom + tall + _AXIS_MM + 5.0, shown.far_hz),
        ):
            axes = style.panel(figure, _LEFT_MM, height, breadth, tall)
            _draw_axis(axes, shown, frame[frame["panel"] == panel], reach)
            style.letter(axes, panel)
        _draw_legend(figure)
        style.origin(figure, origin)
        return figure


def _draw_axis(axes: Axes, shown: Scheme, frame: pandas.DataFrame, reach_hz: float) -> None:
    rows = shown.rows
    axes.axvspan(
        -shown.kappa_hz / 2e6, shown.kappa_hz / 2e6, color=style.CAVITY_BAND_COLOUR, linewidth=0.0
    )
    line = frame[frame["series"] == CAVITY]
    base = len(rows) - 1.0
    axes.fill_between(
        line["x"], base, base + TONE_HEIGHT * line["y"], color=style.CAVITY_COLOUR, linewidth=0.0
    )
    for row, name in enumerate(rows):
        base = len(rows) - 1.0 - row
        axes.axhline(base, color="#AAAAAA", linewidth=0.5, zorder=1)
        for drum in ("", *DRUMS):
            places = frame[frame["series"] == f"{name} {drum}".strip()]["x"]
            if name == CAVITY or places.empty:
                continue
            height = SIDEBAND_HEIGHT if drum else TONE_HEIGHT
            colour = LOOKS[drum].colour if drum else "black"
            axes.vlines(places, base, base + height, color=colour, linewidth=1.6, zorder=2)
            if drum:
                axes.plot(
                    places,
                    np.full(len(places), base + height),
                    color=colour,
                    marker=LOOKS[drum].marker,
                    linestyle="none",
                    zorder=3,
                )
    axes.set_yticks([len(rows) - 0.7 - row for row in range(len(rows))])
    axes.set_yticklabels([ROW_LABELS[name] for name in rows])
    axes.tick_params(axis="y", length=0.0)
    axes.set_ylim(-0.15, len(rows))
    axes.set_xlim(-reach_hz / 1e6, reach_hz / 1e6)
    axes.set_xlabel(
        r"Frequency from the cavity, $(\omega-\omega_\mathrm{c})/2\pi$ (MHz)", labelpad=1.0
    )


def _draw_legend(figure: Figure) -> None:
    handles: list[Line2D | Rectangle] = [Line2D([], [], color="black", linewidth=1.6)]
    labels = ["tone"]
    for drum in DRUMS:
        look = LOOKS[drum]
        handles.append(
            Line2D([], [], color=look.colour, marker=look.marker, linewidth=1.6, markersize=3.6)
        )
        labels.append(f"sidebands of {look.label}")
    handles.append(Rectangle((0.0, 0.0), 1.0, 1.0, color=style.CAVITY_COLOUR, linewidth=0.0))
    labels.append(r"cavity, band: full width $\kappa$")
    figure.legend(
        handles,
        labels,
        loc="upper right",
        ncols=4,
        borderaxespad=0.3,
        handlelength=1.4,
        columnspacing=1.2,
    )


def _draw_circuit(axes: Axes, shown: Scheme) -> None:
    """Circuit above, drums from above below; the axes count millimetres on paper."""
    height = _HEIGHT_MM - _FOOT_MM
    axes.set_xlim(0.0, _CIRCUIT_MM)
    axes.set_ylim(0.0, height)
    axes.set_axis_off()
    axes.text(2.0, height - 6.5, ascii_lowercase[0], fontsize=style.LETTER_POINTS, weight="bold")
    values = shown.values
    top, bottom = height - 14.0, height - 37.0

    def wire(*points: tuple[float, float], colour: str = "black", width: float = 1.0) -> None:
        axes.plot(*zip(*points, strict=True), color=colour, linewidth=width)

    # Port and coupling capacitor.
    wire((4.0, top), (14.0, top))
    axes.plot([4.0], [top], marker="o", markerfacecolor="white", markeredgecolor="black")
    wire((14.0, top - 2.5), (14.0, top + 2.5), width=1.6)
    wire((15.4, top - 2.5), (15.4, top + 2.5), width=1.6)
    for start, end in (
        ((5.5, top - 3.4), (11.5, top - 3.4)),
        ((11.5, top - 6.2), (5.5, top - 6.2)),
    ):
        axes.annotate(
            "",
            xy=end,
            xytext=start,
            arrowprops={"arrowstyle": "-|>", "linewidth": 0.8, "color": "black", "shrinkA": 0},
        )
    axes.text(2.0, top - 10.5, "tones in,\nnoise out", va="center", ha="left")
    external = with_unit(values["cavity.kappa_external_hz"])
    axes.text(14.7, top + 3.6, rf"$\kappa_\mathrm{{e}}/2\pi$ = {external}", ha="center")

    # Rails, inductor, loss, and the two drums as capacitors with one compliant plate.
    wire((15.4, top), (54.0, top))
    wire((22.0, bottom), (54.0, bottom))
    axes.text(
        38.0,
        top + 3.6,
        rf"$\omega_\mathrm{{c}}/2\pi$ = {with_unit(values['cavity.frequency_hz'])}",
        ha="left",
    )
    _draw_inductor(axes, 22.0, top, bottom)
    _draw_resistor(axes, 31.0, top, bottom)
    internal = with_unit(values["cavity.kappa_internal_hz"])
    axes.text(
        26.5, bottom - 4.2, rf"$\kappa_\mathrm{{i}}/2\pi$ = {internal}", ha="center", va="center"
    )
    for x, drum in zip((43.0, 54.0), DRUMS, strict=True):
        _draw_drum_capacitor(axes, x, top, bottom, LOOKS[drum].colour)
        axes.text(
            x - 3.6,
            (top + bottom) / 2.0,
            drum[-1],
            ha="right",
            va="center",
            weight="bold",
            color=LOOKS[drum].colour,
        )
    _draw_drums(axes, shown, bottom - 9.0)


def _draw_inductor(axes: Axes, x: float, top: float, bottom: float) -> None:
    middle, loops, radius = (top + bottom) / 2.0, 4, 1.5
    angle = np.linspace(np.pi / 2.0, -np.pi / 2.0, 25)
    start = middle + loops * radius
    xs, ys = [np.array([x, x])], [np.array([top, start])]
    for loop in range(loops):
        xs.append(x + radius * np.cos(angle))
        ys.append(start - radius * (2 * loop + 1) + radius * np.sin(angle))
    xs.append(np.array([x, x]))
    ys.append(np.array([middle - loops * radius, bottom]))
    axes.plot(np.concatenate(xs), np.concatenate(ys), color="black", linewidth=1.0)


def _draw_resistor(axes: Axes, x: float, top: float, bottom: float) -> None:
    middle = (top + bottom) / 2.0
    axes.plot([x, x], [top, middle + 4.0], color="black", linewidth=1.0)
    axes.plot([x, x], [middle - 4.0, bottom], color="black", linewidth=1.0)
    axes.add_patch(
        Rectangle((x - 1.4, middle - 4.0), 2.8, 8.0, facecolor="white", edgecolor="black")
    )


def _draw_drum_capacitor(axes: Axes, x: float, top: float, bottom: float, colour: str) -> None:
    middle = (top + bottom) / 2.0
    axes.plot([x, x], [top, middle + 1.8], color="black", linewidth=1.0)
    axes.plot([x, x], [middle - 0.8, bottom], color="black", linewidth=1.0)
    across = np.linspace(-3.0, 3.0, 41)
    axes.plot(x + across, np.full(41, middle - 0.8), color="black", linewidth=1.6)
    bow = 1.2 * (1.0 - (across / 3.0) ** 2) ** 2
    axes.plot(x + across, middle + 0.6 + bow, color=colour, linewidth=1.8)
    axes.plot(x + across, middle + 0.6 - 0.5 * bow, color=colour, linewidth=0.6, linestyle=":")


def _draw_drums(axes: Axes, shown: Scheme, top: float) -> None:
    known = all(drum in shown.diameters_m for drum in DRUMS)
    widest = max(shown.diameters_m[drum] for drum in DRUMS) if known else 1.0
    largest = 17.0
    for x, drum in zip((15.0, 43.0), DRUMS, strict=True):
        look = LOOKS[drum]
        size = largest * (shown.diameters_m[drum] / widest if known else 1.0)
        centre = top - largest / 2.0
        axes.add_patch(
            Circle((x, centre), size / 2.0, facecolor="white", edgecolor=look.colour, linewidth=1.6)
        )
        axes.text(x, centre, look.label, ha="center", va="center", color=look.colour)
        number = drum[-1]
        for line, (symbol, key) in enumerate(
            (
                (rf"\omega_{number}", "frequency_hz"),
                (rf"\gamma_{number}", "linewidth_hz"),
                (rf"g_{{0,{number}}}", "single_photon_coupling_hz"),
            )
        ):
            axes.text(
                x,
                top - largest - 3.2 - 3.9 * line,
                rf"${symbol}/2\pi$ = {with_unit(shown.values[f'{drum}.{key}'])}",
                ha="center",
                va="center",
            )
    if known:
        foot = top - largest - 3.2 - 3.9 * 3.0
        bar = largest * 10.0 ** np.floor(np.log10(widest)) / widest
        axes.plot([29.0 - bar / 2.0, 29.0 + bar / 2.0], [foot, foot], color="black", linewidth=1.6)
        label = f"{10.0 ** np.floor(np.log10(widest)) * 1e6:g} µm"
        axes.text(29.0, foot - 2.0, label, ha="center", va="center")
