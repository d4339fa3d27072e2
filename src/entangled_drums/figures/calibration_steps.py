"""What figures take from the JSON files of the calibration's steps.

This is the only place among the figures that knows their layout.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas
from numpy.typing import NDArray

from entangled_drums.errors import FileFormatError
from entangled_drums.figures import marks
from entangled_drums.tables.rounding import round_by_uncertainty

Array = NDArray[np.float64]

DRUMS = (1, 2)


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
        for key in ("parameters", "nuisances", "points", "curves", "goodness_of_fit"):
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

    def curve(self, name: str, drum: int) -> Array:
        """A quantity along the curve of one drum, by the laws of the step."""
        for one in self.content["curves"]:
            if one["drum"] == drum and name in one:
                return np.array(one[name], dtype=np.float64)
        raise FileFormatError(
            f"calibration step {self.name}: no curve of {name} of drum {drum}; calibrate the "
            "device anew"
        )

    def _named(self, group: str, name: str) -> Mapping[str, Any]:
        for one in self.content[group]:
            if one["name"] == name:
                return dict(one)
        raise FileFormatError(
            f"calibration step {self.name}: no {name} in its {group}; calibrate the device anew"
        )


def points(
    step: StepContent,
    panel: str,
    abscissa: str,
    quantity: str,
    unit: str,
    *,
    scale: float = 1.0,
    drums: Sequence[int] = DRUMS,
) -> list[pandas.DataFrame]:
    """Return points of a quantity, by drum, as rows of plotted numbers.

    Series are "points drum_1" (bars: one standard deviation) and so on.

    Parameters
    ----------
    step : StepContent
    panel : str
    abscissa, quantity : str
        Names in the points of the step.
    unit : str
    scale : float, optional
        The abscissa is divided by it.
    drums : sequence of int, optional
    """
    parts = []
    for drum in drums:
        x, y, error = (
            step.column(name, drum) for name in (abscissa, quantity, f"{quantity}_uncertainty")
        )
        parts.append(
            marks.rows(panel, f"points drum_{drum}", x / scale, y, y - error, y + error, unit)
        )
    return parts


def against(
    step: StepContent,
    panel: str,
    abscissa: str,
    quantity: str,
    unit: str,
    *,
    scale: float = 1.0,
    drums: Sequence[int] = DRUMS,
) -> list[pandas.DataFrame]:
    """Return points as `points` does and, as "fit drum_1" and so on, the law that was fitted."""
    parts = points(step, panel, abscissa, quantity, unit, scale=scale, drums=drums)
    for drum in drums:
        x, y = step.curve(abscissa, drum) / scale, step.curve(quantity, drum)
        parts.append(marks.rows(panel, f"fit drum_{drum}", x, y, unit=unit))
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
