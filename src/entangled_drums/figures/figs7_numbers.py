r"""The numbers of figure S7: where the steady state is entangled, as maps of the Duan sum.

Three cuts through the space of parameters: pump ratio and cooperativity; two-mode detuning and
asymmetry of the couplings; occupation of the cavity and of the drums' baths. D is minimised over
local phases; every separable state has D >= 1 (Duan et al., PRL 84, 2722 (2000)), so the contour
D = 1 bounds the region where the sum shows entanglement. The cooperativity over the occupation is
that of `entangled_drums.sweeps`, C = 4 G^2 kappa/[gamma (kappa^2 + 4 Omega^2)] over n, geometric
means over the drums.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from string import ascii_lowercase
from typing import Any

import numpy as np
import pandas
import xarray
from contourpy import contour_generator
from numpy.typing import NDArray

from entangled_drums.errors import FileFormatError
from entangled_drums.figures.names import MAP_SWEEPS
from entangled_drums.figures.output import MAP_COLUMNS

BOUND = 1.0
MOST_MAP_ROWS = 12_000
"""Rows that one map has at most in the table of plotted numbers; a finer grid is thinned."""


@dataclass(frozen=True)
class Axis:
    """One axis of a map: values ascending, in the unit of the label."""

    label: str
    unit: str
    values: NDArray[np.float64]
    logarithmic: bool = False


@dataclass(frozen=True)
class Point:
    """An operating point: its place, and the range of y it stands for (both drums)."""

    x: float
    y: float
    y_lower: float
    y_upper: float


@dataclass(frozen=True)
class Map:
    """One map of the Duan sum.

    Attributes
    ----------
    title : str
        What is held fixed, where that is not in the axes.
    x, y : Axis
    duan : array, shape (x, y)
        NaN where the drive has no steady state.
    has_optimum : bool
        Whether the smallest D along x, for each y, is drawn.
    points : tuple of Point
        Operating points, or the device, in this plane.
    right_ticks : tuple of (float, str)
        Places on the right side of the map and their labels; none by default.
    right_label : str
        Label of the right side.
    """

    title: str
    x: Axis
    y: Axis
    duan: NDArray[np.float64]
    has_optimum: bool
    points: tuple[Point, ...]
    right_ticks: tuple[tuple[float, str], ...] = ()
    right_label: str = ""


def cooperativity_map(
    sweep: xarray.Dataset,
    powers: Mapping[str, Mapping[str, float]],
    operating_points: Mapping[str, Sequence[float]],
) -> Map:
    """Map against pump ratio and cooperativity over occupation.

    Parameters
    ----------
    sweep : xarray.Dataset
        Over ``drive.ratio`` and ``drive.red_coupling_hz``.
    powers : mapping
        ``red_coupling_hz`` of each power.
    operating_points : mapping
        Ratios at each power.

    Raises
    ------
    FileFormatError
        If the sweep has other axes.
    """
    ratio, coupling = _axes(sweep, "drive.ratio", "drive.red_coupling_hz")
    group = sweep["cooperativity_over_occupation"].transpose("drive.ratio", "drive.red_coupling_hz")
    strength = group.values[0]

    def place(power: str) -> float:
        return float(
            np.exp(
                np.interp(
                    np.log(powers[power]["red_coupling_hz"]), np.log(coupling), np.log(strength)
                )
            )
        )

    inside = {
        power: place(power)
        for power in operating_points
        if coupling[0] <= powers[power]["red_coupling_hz"] <= coupling[-1]
    }
    return Map(
        title="",
        x=Axis("Pump ratio, $x = G^{+}/G^{-}$ (dimensionless)", "1", ratio),
        y=Axis("Cooperativity, $C/n$ (dimensionless)", "1", strength, logarithmic=True),
        duan=_duan(sweep, "drive.ratio", "drive.red_coupling_hz"),
        has_optimum=True,
        points=tuple(
            Point(x, y, y, y) for power, y in inside.items() for x in operating_points[power]
        ),
        right_ticks=tuple(
            (y, f"{powers[power]['red_coupling_hz'] / 1e3:g}") for power, y in inside.items()
        ),
        right_label=r"$G^{-}/2\pi$ (kHz)",
    )


def asymmetry_map(
    sweep: xarray.Dataset, device: Mapping[str, float], drive: Mapping[str, float]
) -> Map:
    """Map against two-mode detuning and coupling asymmetry.

    Parameters
    ----------
    sweep : xarray.Dataset
        Over ``drive.frame_offset_hz`` and ``drums.coupling_ratio``.
    device : mapping
        Flat nominal values.
    drive : mapping
        ``red_coupling_hz``, ``ratio`` and ``frame_offset_hz`` at which the sweep was made.

    Raises
    ------
    FileFormatError
        If the sweep has other axes.
    """
    offset, asymmetry = _axes(sweep, "drive.frame_offset_hz", "drums.coupling_ratio")
    first, second = (device[f"drum_{drum}.single_photon_coupling_hz"] for drum in (1, 2))
    ratio = first / second
    return Map(
        title=_held(drive),
        x=Axis(
            r"Detuning, $[\omega_\mathrm{m}-\overline{\omega}_j]/2\pi$ (kHz)", "kHz", offset / 1e3
        ),
        y=Axis("Coupling ratio, $g_1/g_2$ (dimensionless)", "1", asymmetry, logarithmic=True),
        duan=_duan(sweep, "drive.frame_offset_hz", "drums.coupling_ratio"),
        has_optimum=True,
        points=(Point(drive["frame_offset_hz"] / 1e3, ratio, ratio, ratio),),
    )


def occupations_map(
    sweep: xarray.Dataset, device: Mapping[str, float], drive: Mapping[str, float]
) -> Map:
    """Map against the occupation of the cavity and of both drums' baths.

    Parameters
    ----------
    sweep : xarray.Dataset
        Over ``bath.internal_occupation`` and ``drums.thermal_occupation``.
    device : mapping
        Flat nominal values.
    drive : mapping
        ``red_coupling_hz``, ``ratio`` and ``frame_offset_hz`` at which the sweep was made.

    Raises
    ------
    FileFormatError
        If the sweep has other axes.
    """
    names = ("bath.internal_occupation", "drums.thermal_occupation")
    internal, thermal = _axes(sweep, *names)
    cavity = sweep["cavity_occupation"].transpose(*names).values[:, 0]
    place = float(np.interp(device[names[0]], internal, cavity))
    both = [device[f"drum_{drum}.thermal_occupation"] for drum in (1, 2)]
    return Map(
        title=_held(drive),
        x=Axis(r"Cavity occupation, $n_\mathrm{c}$ (quanta)", "quanta", cavity),
        y=Axis("Bath occupation of both drums, $n$ (quanta)", "quanta", thermal, logarithmic=True),
        duan=_duan(sweep, *names),
        has_optimum=False,
        points=(Point(place, float(np.sqrt(both[0] * both[1])), min(both), max(both)),),
    )


def maps_of(
    sweeps: Mapping[str, xarray.Dataset],
    drives: Mapping[str, Mapping[str, Any]],
    device: Mapping[str, float],
    powers: Mapping[str, Mapping[str, float]],
    operating_points: Mapping[str, Sequence[float]],
) -> dict[str, Map]:
    """Return the maps of the sweeps at hand by their names, in the order of `MAP_SWEEPS`.

    Parameters
    ----------
    sweeps, drives : mapping
        Sweep, and the drive it was made at, by its name.
    device, powers, operating_points : mapping
        See `cooperativity_map` and `asymmetry_map`.
    """
    makers: dict[str, Callable[[str], Map]] = {
        "map-cooperativity": lambda name: cooperativity_map(sweeps[name], powers, operating_points),
        "map-detuning-asymmetry": lambda name: asymmetry_map(sweeps[name], device, drives[name]),
        "map-occupations": lambda name: occupations_map(sweeps[name], device, drives[name]),
    }
    return {name: makers[name](name) for name in MAP_SWEEPS if name in sweeps}


def quoted(maps: Mapping[str, Map]) -> dict[str, str]:
    """Return the numbers that the caption quotes, as text by their names.

    Parameters
    ----------
    maps : mapping
        Map by the name of its sweep.
    """
    numbers = {}
    for name, one in maps.items():
        finite = one.duan[np.isfinite(one.duan)]
        numbers[f"{name}-grid"] = " × ".join(str(size) for size in one.duan.shape)
        numbers[f"{name}-least"] = f"{finite.min():.2f}"
        numbers[f"{name}-most"] = f"{finite.max():.2f}"
    return numbers


def plotted(maps: Sequence[Map]) -> pandas.DataFrame:
    """Return the numbers that the figure shows.

    Parameters
    ----------
    maps : sequence of Map
        One per panel.

    Returns
    -------
    pandas.DataFrame
        Columns `MAP_COLUMNS`. Series "map" (D in z; of a grid of more than `MOST_MAP_ROWS` points
        every second, third ... in both directions, the ends not always among them), "contour k"
        (the k-th piece of D = 1, in order along it, from the full grid), "optimum" (the x of
        least D for each y, D in z, where it is not at an end of the grid) and "operating_point"
        (D interpolated, NaN outside the grid; both ends of its range of y where it has one).

    Raises
    ------
    FileFormatError
        If there is no map.
    """
    if not maps:
        raise FileFormatError("figure S7: no map to draw; declare one of " + ", ".join(MAP_SWEEPS))
    parts = []
    for panel, one in zip(ascii_lowercase, maps, strict=False):
        step = int(np.ceil(np.sqrt(one.duan.size / MOST_MAP_ROWS)))
        x, y = np.meshgrid(one.x.values[::step], one.y.values[::step], indexing="ij")
        curves = {"map": np.array([x.ravel(), y.ravel(), one.duan[::step, ::step].ravel()])}
        for number, line in enumerate(_contour(one), start=1):
            curves[f"contour {number}"] = np.array([*line.T, np.full(len(line), BOUND)])
        if one.has_optimum:
            curves["optimum"] = _optimum(one)
        places = [
            (point.x, y)
            for point in one.points
            for y in dict.fromkeys((point.y_lower, point.y, point.y_upper))
        ]
        curves["operating_point"] = np.array([(*place, duan_at(one, *place)) for place in places]).T
        parts += [
            pandas.DataFrame(
                {
                    "panel": panel,
                    "series": series,
                    **dict(zip("xyz", values, strict=True)),
                    "x_unit": one.x.unit,
                    "y_unit": one.y.unit,
                    "unit": "1",
                }
            )
            for series, values in curves.items()
            if values.size
        ]
    return pandas.concat(parts, ignore_index=True)[list(MAP_COLUMNS)]


def _contour(one: Map) -> list[NDArray[np.float64]]:
    y = np.log(one.y.values) if one.y.logarithmic else one.y.values
    lines = contour_generator(
        one.x.values, y, np.ma.masked_invalid(one.duan).T, name="serial"
    ).lines(BOUND)
    pieces = [np.array(line) for line in lines]
    for piece in pieces:
        if one.y.logarithmic:
            piece[:, 1] = np.exp(piece[:, 1])
    return pieces


def _optimum(one: Map) -> NDArray[np.float64]:
    """Place along x, y, and value (3, n) of the least D for each y, by a parabola through the
    three lowest points; without those y where it lies at an end of the grid."""
    filled = np.where(np.isfinite(one.duan), one.duan, np.inf)
    lowest = filled.argmin(axis=0)
    inside = (lowest > 0) & (lowest < len(filled) - 1)
    rows = np.flatnonzero(inside)
    i = lowest[rows]
    before, at, after = filled[i - 1, rows], filled[i, rows], filled[i + 1, rows]
    known = np.isfinite(before) & np.isfinite(after)
    rows, i, before, at, after = (values[known] for values in (rows, i, before, at, after))
    x, here = one.x.values, one.x.values[i]
    left, right = (before - at) / (x[i - 1] - here), (after - at) / (x[i + 1] - here)
    curvature = (right - left) / (x[i + 1] - x[i - 1])
    slope = left - curvature * (x[i - 1] - here)
    shift = -slope / (2.0 * curvature)
    return np.array([here + shift, one.y.values[rows], at + slope * shift / 2.0])


def duan_at(one: Map, x: float, y: float) -> float:
    """D between the points of a map, by interpolation along x, then y; NaN outside of it."""
    inside = all(
        axis.values[0] <= place <= axis.values[-1] for axis, place in ((one.x, x), (one.y, y))
    )
    if not inside:
        return float("nan")
    along_y = np.array([np.interp(x, one.x.values, column) for column in one.duan.T])
    if one.y.logarithmic:
        return float(np.interp(np.log(y), np.log(one.y.values), along_y))
    return float(np.interp(y, one.y.values, along_y))


def _axes(sweep: xarray.Dataset, *names: str) -> list[NDArray[np.float64]]:
    if set(sweep["duan"].dims) != set(names):
        raise FileFormatError(
            f"figure S7: a sweep is over {', '.join(map(str, sweep['duan'].dims))}; "
            f"its axes must be {' and '.join(names)}"
        )
    return [sweep[name].values for name in names]


def _duan(sweep: xarray.Dataset, *names: str) -> NDArray[np.float64]:
    return np.asarray(sweep["duan"].transpose(*names).values)


def _held(drive: Mapping[str, Any]) -> str:
    coupling = drive["red_coupling_hz"] / 1e3
    return rf"$G^{{-}}/2\pi$ = {coupling:g} kHz, $x$ = {drive['ratio']:g}"
