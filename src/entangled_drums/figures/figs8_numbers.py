r"""The numbers of figure S8: what the rotating-wave approximation (RWA) leaves out.

D with every counter-rotating term of both pumps (time average over a period of twice the frame
frequency, minimised over local phases) minus D in the RWA, against kappa/omega_m and the pump
ratio; cuts through it; and, at one operating point, both against the separation of the pumps. The
terms partly shift the drums, which a retuning of the pumps takes back, and partly heat them, which
nothing takes back.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas
import xarray
from contourpy import contour_generator
from numpy.typing import NDArray

from entangled_drums.errors import FileFormatError
from entangled_drums.figures.output import MAP_COLUMNS

BOUND = 1.0
RATIO = "drive.ratio"
FREQUENCY = "drums.mean_frequency_hz"
OFFSET = "drive.frame_offset_hz"
GROUP = "kappa_over_mechanical_frequency"


@dataclass(frozen=True)
class Correction:
    """The two models on one grid.

    Attributes
    ----------
    ratio : array, shape (x,)
        Pump ratio, ascending.
    group : array, shape (k,)
        kappa/omega_m, ascending.
    rwa, all_terms : array, shape (x, k)
        D; NaN where there is no steady state.
    red_coupling_hz : float
        G^-/2pi of the sweeps.
    device_group : float
        kappa/omega_m of the device file.
    ratios : tuple of float
        Operating points at this power.
    """

    ratio: NDArray[np.float64]
    group: NDArray[np.float64]
    rwa: NDArray[np.float64]
    all_terms: NDArray[np.float64]
    red_coupling_hz: float
    device_group: float
    ratios: tuple[float, ...]

    @property
    def difference(self) -> NDArray[np.float64]:
        """D with all terms minus D in the RWA, shape (x, k)."""
        return self.all_terms - self.rwa


@dataclass(frozen=True)
class Retuning:
    """The two models against the pump separation, at one operating point.

    Attributes
    ----------
    offset_hz : array, shape (n,)
        omega_m minus the mean drum frequency, over 2 pi, ascending.
    rwa, all_terms : array, shape (n,)
        D.
    set_offset_hz : float
        Offset that the experiment file sets.
    ratio, red_coupling_hz : float
        The operating point.
    """

    offset_hz: NDArray[np.float64]
    rwa: NDArray[np.float64]
    all_terms: NDArray[np.float64]
    set_offset_hz: float
    ratio: float
    red_coupling_hz: float

    @property
    def correction(self) -> float:
        """D with all terms minus D in the RWA, both at the offset that is set."""
        first, second = (
            np.interp(self.set_offset_hz, self.offset_hz, values)
            for values in (self.all_terms, self.rwa)
        )
        return float(first - second)

    @property
    def best_offset_hz(self) -> float:
        """Offset of least D with all terms minus that in the RWA."""
        return self._lowest(self.all_terms)[0] - self._lowest(self.rwa)[0]

    @property
    def retuned_correction(self) -> float:
        """Least D with all terms minus least D in the RWA."""
        return self._lowest(self.all_terms)[1] - self._lowest(self.rwa)[1]

    def _lowest(self, values: NDArray[np.float64]) -> tuple[float, float]:
        i = int(np.nanargmin(values))
        if not 0 < i < values.size - 1:
            raise FileFormatError(
                "figure S8: the least D lies at an end of the sweeps over the frame offset; "
                "declare a wider range"
            )
        near = slice(i - 1, i + 2)
        curve = np.polynomial.Polynomial.fit(self.offset_hz[near], values[near], 2)
        place = float(curve.deriv().roots()[0].real)
        return place, float(curve(place))


def correction(
    rwa: xarray.Dataset,
    all_terms: xarray.Dataset,
    drives: Sequence[Mapping[str, Any]],
    device: Mapping[str, float],
    ratios: Sequence[float],
) -> Correction:
    """Put the two sweeps over frequency and ratio together.

    Parameters
    ----------
    rwa, all_terms : xarray.Dataset
        Over ``drums.mean_frequency_hz`` and ``drive.ratio``.
    drives : sequence of mapping
        For each of them, ``red_coupling_hz`` and ``frame_offset_hz`` at which it was made.
    device : mapping
        Flat nominal values.
    ratios : sequence of float
        Operating points at this power.

    Raises
    ------
    FileFormatError
        If the sweeps are over different points, at different drives, or of the wrong models.
    """
    drive = _check(rwa, all_terms, drives, (FREQUENCY, RATIO))
    kappa = device["cavity.kappa_external_hz"] + device["cavity.kappa_internal_hz"]
    mean = (device["drum_1.frequency_hz"] + device["drum_2.frequency_hz"]) / 2.0
    group = rwa[GROUP].transpose(RATIO, FREQUENCY).values[0]
    order = np.argsort(group)
    first, second = (
        sweep["duan"].transpose(RATIO, FREQUENCY).values[:, order] for sweep in (rwa, all_terms)
    )
    return Correction(
        ratio=rwa[RATIO].values,
        group=group[order],
        rwa=first,
        all_terms=second,
        red_coupling_hz=drive["red_coupling_hz"],
        device_group=kappa / (mean + drive["frame_offset_hz"]),
        ratios=tuple(ratios),
    )


def retuning(
    rwa: xarray.Dataset, all_terms: xarray.Dataset, drives: Sequence[Mapping[str, Any]]
) -> Retuning:
    """Put the two sweeps over the pump separation together.

    Parameters
    ----------
    rwa, all_terms : xarray.Dataset
        Over ``drive.frame_offset_hz``.
    drives : sequence of mapping
        For each of them, ``red_coupling_hz``, ``ratio`` and ``frame_offset_hz`` at which it was
        made.

    Raises
    ------
    FileFormatError
        If the sweeps are over different points, at different drives, or of the wrong models.
    """
    drive = _check(rwa, all_terms, drives, (OFFSET,))
    return Retuning(
        rwa[OFFSET].values,
        rwa["duan"].values,
        all_terms["duan"].values,
        drive["frame_offset_hz"],
        drive["ratio"],
        drive["red_coupling_hz"],
    )


def quoted(found: Correction, tuned: Retuning | None) -> dict[str, str]:
    """Return the numbers that the caption quotes, as text by their names.

    Parameters
    ----------
    found : Correction
        Panels a and b.
    tuned : Retuning or None
        Panel c.
    """
    return {
        "red_coupling": f"{found.red_coupling_hz / 1e3:g} kHz",
        "group": f"{found.device_group:.3f}",
        "smallest": f"{np.nanmin(np.abs(found.difference)):.1g}",
        "largest": f"{np.nanmax(np.abs(found.difference)):.2g}",
        **(quoted_retuning(tuned) if tuned is not None else {}),
    }


def quoted_retuning(tuned: Retuning) -> dict[str, str]:
    """Return those numbers of the caption that belong to panel c."""
    return {
        "tuned_coupling": f"{tuned.red_coupling_hz / 1e3:g} kHz",
        "ratio": f"{tuned.ratio:g}",
        "correction": f"{tuned.correction:+.4f}",
        "shift": f"{tuned.best_offset_hz:+.0f} Hz".replace("-", "−"),
        "retuned": f"{tuned.retuned_correction:+.4f}",
        "recovered": f"{tuned.correction - tuned.retuned_correction:.4f}",
    }


def plotted(found: Correction, tuned: Retuning | None) -> pandas.DataFrame:
    """Return every number that the figure shows.

    Parameters
    ----------
    found : Correction
        Panels a and b.
    tuned : Retuning or None
        Panel c; None if the experiment declares no such sweeps.

    Returns
    -------
    pandas.DataFrame
        Columns `MAP_COLUMNS`. Panel a: "map" (z: difference of D), "contour D theory k" and
        "contour D all_terms k" (pieces of D = 1), "operating_point"; panel b: "cut x=..." (y:
        absolute difference, interpolated between the ratios of the grid); panel c: "theory",
        "all_terms" (y: D).
    """
    parts = []
    curves: dict[tuple[str, str], tuple[NDArray[np.float64], ...]] = {}
    x, y = np.meshgrid(found.group, found.ratio)
    curves["a", "map"] = (x.ravel(), y.ravel(), found.difference.ravel())
    for name, values in (("theory", found.rwa), ("all_terms", found.all_terms)):
        for number, line in enumerate(_border(found, values), start=1):
            curves["a", f"contour D {name} {number}"] = (*line.T, np.full(len(line), BOUND))
    curves["a", "operating_point"] = (
        np.full(len(found.ratios), found.device_group),
        np.array(found.ratios),
        np.full(len(found.ratios), np.nan),
    )
    nothing = np.full(found.group.size, np.nan)
    for ratio in cuts(found, tuned):
        cut = np.array([np.interp(ratio, found.ratio, row) for row in found.difference.T])
        curves["b", f"cut x={ratio:g}"] = (found.group, np.abs(cut), nothing)
    if tuned is not None:
        nothing = np.full(tuned.offset_hz.size, np.nan)
        curves["c", "theory"] = (tuned.offset_hz / 1e3, tuned.rwa, nothing)
        curves["c", "all_terms"] = (tuned.offset_hz / 1e3, tuned.all_terms, nothing)
    for (panel, series), columns in curves.items():
        parts.append(
            pandas.DataFrame(
                {
                    "panel": panel,
                    "series": series,
                    **dict(zip("xyz", columns, strict=True)),
                    "x_unit": "kHz" if panel == "c" else "1",
                    "y_unit": "1",
                    "unit": "1",
                }
            )
        )
    return pandas.concat(parts, ignore_index=True)[list(MAP_COLUMNS)]


def cuts(found: Correction, tuned: Retuning | None) -> list[float]:
    """Ratios of panel b: the least and the largest operating point, and between them the one of
    panel c or else the middle one."""
    inside = sorted(x for x in found.ratios if found.ratio[0] <= x <= found.ratio[-1])
    if not inside:
        inside = [float(found.ratio[found.ratio.size // 2])]
    middle = inside[len(inside) // 2] if tuned is None else tuned.ratio
    return sorted({inside[0], middle, inside[-1]})


def _border(found: Correction, values: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    lines = contour_generator(
        np.log(found.group), found.ratio, np.ma.masked_invalid(values), name="serial"
    ).lines(BOUND)
    return [np.column_stack([np.exp(line[:, 0]), line[:, 1]]) for line in map(np.asarray, lines)]


def _check(
    rwa: xarray.Dataset,
    all_terms: xarray.Dataset,
    drives: Sequence[Mapping[str, Any]],
    axes: tuple[str, ...],
) -> Mapping[str, Any]:
    """Return the drive of two comparable sweeps."""
    if drives[0] != drives[1]:
        raise FileFormatError(
            "figure S8: the two sweeps are at different drives; declare the same power and ratio"
        )
    for sweep, model in ((rwa, "rwa"), (all_terms, "counter-rotating")):
        if sweep.attrs.get("model") != model:
            raise FileFormatError(
                f"figure S8: a sweep is of the model {sweep.attrs.get('model')!r}; "
                f"declare model: {model}"
            )
        if set(sweep["duan"].dims) != set(axes):
            raise FileFormatError(
                f"figure S8: a sweep is over {', '.join(map(str, sweep['duan'].dims))}; "
                f"its axes must be {' and '.join(axes)}"
            )
    for name in axes:
        if not np.array_equal(rwa[name].values, all_terms[name].values):
            raise FileFormatError(
                f"figure S8: the two sweeps are over different {name}; declare the same axes"
            )
    return drives[0]
