"""What figures take from the JSON files of the calibration's steps.

This is the only place among the figures that knows their layout.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas
from matplotlib.axis import Axis
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from entangled_drums.errors import FileFormatError
from entangled_drums.figures import marks
from entangled_drums.tables.rounding import round_by_uncertainty

Array = NDArray[np.float64]

DRUMS = (1, 2)
_BETWEEN = 12
PLAIN_TICKS = tuple(digit * 10.0**power for power in range(-3, 6) for digit in (1.0, 2.0, 5.0))
"""Ticks of logarithmic axes that span few decades, written as plain numbers."""


@dataclass(frozen=True)
class StepContent:
    """A fitted step.

    Attributes
    ----------
    name : str
        Name of the step.
    content : mapping
        Plain built-ins, as `entangled_drums.calibration.report` composes them.
    """

    name: str
    content: Mapping[str, Any]

    @classmethod
    def of(cls, content: Mapping[str, Any]) -> "StepContent":
        """Return a step from the content of its file.

        Raises
        ------
        FileFormatError
            If the step was skipped, or the file is another one.
        """
        name = str(content.get("step", "?"))
        if content.get("skipped"):
            raise FileFormatError(f"calibration step {name}: {content['skipped']}; nothing to draw")
        for key in ("parameters", "nuisances", "points", "goodness_of_fit"):
            if key not in content:
                raise FileFormatError(
                    f"calibration step {name}: no {key}; calibrate the device anew"
                )
        return cls(name, content)

    @property
    def p_value(self) -> float:
        """Goodness of fit of all data of the step."""
        return float(self.content["goodness_of_fit"]["data"]["p_value"])

    def parameter(self, name: str, when: str = "after") -> tuple[float, float]:
        """Value and uncertainty of a parameter, after or before the step."""
        found = self._named("parameters", name)[when]
        return float(found["value"]), float(found["uncertainty"])

    def nuisance(self, name: str) -> tuple[float, float]:
        """Value and uncertainty of a nuisance of the step."""
        found = self._named("nuisances", name)
        return float(found["value"]), float(found["uncertainty"])

    def text(self, name: str, scale: float = 1.0, unit: str = "") -> str:
        """A parameter after the step, rounded by its uncertainty, with its unit."""
        value, uncertainty = self.parameter(name)
        rounded = round_by_uncertainty(value / scale, uncertainty / scale).plain()
        return f"({rounded}) {unit}" if unit else rounded

    def column(self, name: str, drum: int | None = None) -> Array:
        """A quantity of all points, or of those of one drum, by rising abscissa."""
        points = [one for one in self.content["points"] if drum in (None, one.get("drum"))]
        if not points:
            raise FileFormatError(
                f"calibration step {self.name}: no points of drum {drum}; calibrate the device anew"
            )
        try:
            return np.array([float(one[name]) for one in points])
        except KeyError:
            raise FileFormatError(
                f"calibration step {self.name}: its points lack {name}; calibrate the device anew"
            ) from None

    def _named(self, group: str, name: str) -> Mapping[str, Any]:
        for one in self.content[group]:
            if one["name"] == name:
                return dict(one)
        raise FileFormatError(
            f"calibration step {self.name}: no {name} in its {group}; calibrate the device anew"
        )


def against(
    step: StepContent,
    panel: str,
    abscissa: str,
    quantity: str,
    unit: str,
    *,
    scale: float = 1.0,
    smooth: bool = True,
    drums: Sequence[int] = DRUMS,
) -> list[pandas.DataFrame]:
    """Return points and fit of a quantity, by drum, as rows of plotted numbers.

    Series are "points drum_1" (bars: one standard deviation), "fit drum_1", and so on. The fit is
    known at the points; straight lines join them, or a monotone curve on logarithmic axes.

    Parameters
    ----------
    step : StepContent
    panel : str
    abscissa, quantity : str
        Names in the points of the step.
    unit : str
    scale : float, optional
        The abscissa is divided by it.
    smooth : bool, optional
        Whether a curve joins the points of the fit.
    drums : sequence of int, optional
    """
    parts = []
    for drum in drums:
        x = step.column(abscissa, drum) / scale
        order = np.argsort(x)
        y, error, fitted = (
            step.column(name, drum)[order]
            for name in (quantity, f"{quantity}_uncertainty", f"{quantity}_fitted")
        )
        x = x[order]
        name = f"drum_{drum}"
        parts.append(marks.rows(panel, f"points {name}", x, y, y - error, y + error, unit))
        across, up = _smooth(x, fitted) if smooth else (x, fitted)
        parts.append(marks.rows(panel, f"fit {name}", across, up, unit=unit))
    return parts


def pulls(
    step: StepContent, panel: str, abscissa: str, quantity: str, *, scale: float = 1.0
) -> list[pandas.DataFrame]:
    """Return what the points of a quantity miss the fit by, in standard deviations, by drum."""
    parts = []
    for drum in DRUMS:
        x = step.column(abscissa, drum) / scale
        missed = step.column(quantity, drum) - step.column(f"{quantity}_fitted", drum)
        z = missed / step.column(f"{quantity}_uncertainty", drum)
        parts.append(marks.rows(panel, f"points drum_{drum}", x, z, z - 1.0, z + 1.0, "sigma"))
    return parts


def plain_ticks(axis: Axis) -> None:
    """Write the ticks of a logarithmic axis as plain numbers."""
    axis.set_major_locator(FixedLocator(PLAIN_TICKS))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))


def _smooth(x: Array, y: Array) -> tuple[Array, Array]:
    if x.size < 2 or np.any(x <= 0.0) or np.any(y <= 0.0):
        return x, y
    fine = np.interp(
        np.linspace(0.0, x.size - 1.0, _BETWEEN * (x.size - 1) + 1), np.arange(x.size), np.log(x)
    )
    return np.exp(fine), np.exp(PchipInterpolator(np.log(x), np.log(y))(fine))
