"""Does the state hold? The emission lines of one run, segment by segment.

Both lines are fitted in every segment. If nothing changes, area, centre and width of each scatter
about their mean as much as the noise of the segments says: chi-square with one degree of freedom
less than there are segments. A steady change shows sooner in the slope of a straight line, which is
the change over the run that is reported. The shape that is fitted is the same in all segments, so
what it misses of the line, such as what coarse bins blunt, moves the mean and not the changes; a
segment must fit as well as the mean of all does. The noise of a segment is taken from
the fit to the mean of all, for errors that follow the scatter of the values would bend the
statistics. Lines that stand too little out of the noise for that are not followed; nor is the
background beside the lines, which would show changes of the gain too small to matter.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray
from numpy.typing import NDArray
from scipy.special import chdtrc, chndtr, erfc

from entangled_drums import recording, recording_checks, recording_format
from entangled_drums.calibration import Calibration
from entangled_drums.errors import InferenceError, NoFitError
from entangled_drums.inference.line_maps import MODEL_PARAMETERS
from entangled_drums.inference.line_windows import LineSettings, emission_bins, emission_lines
from entangled_drums.inference.spectral_lines import Goodness, fit_line
from entangled_drums.inference.verdict import FALSE_ALARMS
from entangled_drums.units import angular, cyclic

Array = NDArray[np.float64]

STEADY, CHANGES = "no change seen", "changes"
QUANTITIES = {"flux_per_s": "1/s", "centre_hz": "Hz", "width_hz": "Hz"}
"""What is followed of each line, and its unit; the flux is that of photons at the analyser, times
the gain."""

# Of the six coefficients of a line's fit: area, centre, width.
_FOLLOWED = [0, 4, 5]

LARGEST_FLUX_ERROR = 0.1
"""Relative error of a line's flux in one segment up to which its fit is as good as linear, and the
false alarms are as few as they should be (tests/unit/test_stationarity.py)."""


LARGEST_MISFIT = 0.01
"""Share of what a line adds to chi-square that its fit may miss, in every segment alike. Coarse
bins blunt a line by a tenth of that; a spurious line that is seen makes several times as much."""


@dataclass(frozen=True)
class Course:
    """One quantity of one line over a run.

    Parameters
    ----------
    values : ndarray, (S,)
        In each segment.
    uncertainty : float
        Of each of them.
    mean : float
    change : float
        Of the straight line through them, over the whole run.
    change_uncertainty : float
    p_value : float
        Chance that what does not change scatters at least as much.
    p_value_of_change : float
        Chance that what does not change has at least as steep a line, up or down.
    """

    values: Array
    uncertainty: float
    mean: float
    change: float
    change_uncertainty: float
    p_value: float
    p_value_of_change: float

    @classmethod
    def of(cls, values: Array, uncertainty: float, middle: Array) -> "Course":
        """Follow a quantity.

        Parameters
        ----------
        values : ndarray, (S,)
            At least two segments.
        uncertainty : float
            Of each of them.
        middle : ndarray, (S,)
            Middle of each segment, as a share of the run.
        """
        mean = float(np.mean(values))
        off = middle - np.mean(middle)
        change = float(off @ values / (off @ off))
        change_uncertainty = uncertainty * float(off @ off) ** -0.5
        return cls(
            values,
            uncertainty,
            mean,
            change,
            change_uncertainty,
            float(chdtrc(values.size - 1, np.sum(((values - mean) / uncertainty) ** 2))),
            float(erfc(abs(change) / change_uncertainty / np.sqrt(2.0))),
        )

    def content(self) -> dict[str, Any]:
        """Return plain built-ins for JSON."""
        return {
            "values": self.values.tolist(),
            "uncertainty": self.uncertainty,
            "mean": self.mean,
            "change": self.change,
            "change_uncertainty": self.change_uncertainty,
            "p_value": self.p_value,
            "p_value_of_change": self.p_value_of_change,
        }


@dataclass(frozen=True)
class Stationarity:
    """Whether the state holds over a run.

    Parameters
    ----------
    settings : mapping
        Drive the run was taken at (``red_coupling_hz``, ``ratio``), and ``span_s`` from the
        beginning of its first segment to the end of its last.
    segment_start_s : ndarray, (S,)
    validity : str
        ``valid``, or why nothing can be said.
    lines : tuple of mapping
        `Course` of each of `QUANTITIES`, for both lines; empty if not valid.
    """

    settings: Mapping[str, float]
    segment_start_s: Array
    validity: str
    lines: tuple[Mapping[str, Course], ...] = ()

    @property
    def smallest_p_value(self) -> float:
        """Smallest p-value times their number; at most 1 % of steady runs have it below 0.01."""
        found = [
            p_value
            for line in self.lines
            for one in line.values()
            for p_value in (one.p_value, one.p_value_of_change)
        ]
        return min(1.0, len(found) * min(found)) if found else float("nan")

    @property
    def outcome(self) -> str:
        """`STEADY`, `CHANGES`, or empty if not valid."""
        if not self.lines:
            return ""
        return STEADY if self.smallest_p_value >= FALSE_ALARMS else CHANGES

    @property
    def remark(self) -> str:
        """What a verdict at this operating point must mention; empty if nothing."""
        if not self.lines:
            return f"stationarity: {self.validity}"
        if self.outcome == STEADY:
            return ""
        seen = f"p = {self.smallest_p_value:.1e}"
        return f"the lines of the stationarity run change, {seen}: the state, or the receiver"

    def content(self) -> dict[str, Any]:
        """Return plain built-ins for JSON."""
        return {
            **self.settings,
            "segment_start_s": self.segment_start_s.tolist(),
            "validity": self.validity,
            "outcome": self.outcome,
            "remark": self.remark,
            "smallest_p_value": self.smallest_p_value,
            "lines": [{name: one.content() for name, one in line.items()} for line in self.lines],
        }


def _fits(goodness: Goodness, missed: float) -> float:
    """p-value of a fit that is known to miss some of chi-square."""
    return 1.0 - float(chndtr(goodness.chi_square, goodness.degrees_of_freedom, missed))


def infer(
    run: xarray.Dataset, calibration: Calibration, settings: LineSettings | None = None
) -> Stationarity:
    """Follow the emission lines through a run.

    Parameters
    ----------
    run : xarray.Dataset
        Recording of kind ``stationarity``.
    calibration : Calibration
        Says where the lines are expected.
    settings : LineSettings, optional

    Returns
    -------
    Stationarity

    Raises
    ------
    RecordingError
        If the recording is malformed or of another kind.
    CalibrationError
        If the calibration lacks a parameter.
    """
    settings = settings or LineSettings()
    recording_checks.check(run, recording_format.STATIONARITY, "stationarity run")
    calibration.require(MODEL_PARAMETERS)
    start = run["segment_start_s"].values.astype(np.float64)
    length = float(run.attrs["duration_s"]) / start.size
    span = float(np.ptp(start)) + length
    taken_at = {name: float(run.attrs[name]) for name in ("red_coupling_hz", "ratio")}
    taken_at["span_s"] = span

    def not_valid(reason: str) -> Stationarity:
        return Stationarity(taken_at, start, f"not valid here: {reason}")

    if start.size < 2:
        return not_valid("one segment cannot show a change; record several")
    lines = emission_lines(calibration.mapping(), recording.drive_settings(run), settings)
    if isinstance(lines, str):
        return Stationarity(taken_at, start, lines)
    frequency = angular(run["frequency_hz"].values)
    power = run["power_spectral_density"].values
    averages = float(recording.likelihood_shape(run))
    middle = (start - start.min() + 0.5 * length) / span
    followed = []
    try:
        bins = emission_bins(run, lines, settings, "stationarity run")
    except InferenceError as failure:
        return not_valid(str(failure))
    for line, index in enumerate(bins):
        expected = (float(lines[0][line]), float(lines[1][line]))
        name = f"line {line + 1}"
        try:
            mean = fit_line(
                frequency[index],
                power[:, index].mean(axis=0),
                averages * start.size,
                *expected,
                name,
            )
            error = np.sqrt(start.size * np.diag(mean.covariance))[_FOLLOWED]
            relative = error[0] / abs(mean.area)
            if not relative <= LARGEST_FLUX_ERROR:
                return not_valid(
                    f"a segment gives the flux of {name} to {100 * relative:.0f} %, more than "
                    f"{100 * LARGEST_FLUX_ERROR:g} %; record longer, or fewer segments"
                )
        except NoFitError as failure:
            return not_valid(str(failure))
        missed = 0.0
        if mean.goodness.p_value < settings.smallest_p_value:
            excess = mean.goodness.chi_square - mean.goodness.degrees_of_freedom
            missed = max(excess, 0.0) / start.size
        if missed > LARGEST_MISFIT / relative**2:
            return not_valid(
                f"{name} has not the shape that is fitted, p = {mean.goodness.p_value:.1e}: "
                "something stands beside it, or bins are too coarse; record finer ones"
            )
        fits = []
        for number, one in enumerate(power[:, index], start=1):
            try:
                fits.append(
                    fit_line(frequency[index], one, averages, mean.centre, mean.width, name)
                )
            except NoFitError:
                return not_valid(
                    f"{name} is not found in segment {number}, though it is in the mean of all: "
                    "look at that segment, or leave it out"
                )
        p_values = [_fits(one.goodness, missed) for one in fits]
        worst = int(np.argmin(p_values))
        if not start.size * p_values[worst] >= settings.smallest_p_value:
            return not_valid(
                f"fit of {name} in segment {worst + 1} has p = {p_values[worst]:.1e}, unlike the "
                "mean of all; look at that segment, or leave it out"
            )
        values = np.array([one.parameters[_FOLLOWED] for one in fits])
        values[:, 1:], error[1:] = cyclic(values[:, 1:]), cyclic(error[1:])
        followed.append(
            {
                quantity: Course.of(values[:, at], float(error[at]), middle)
                for at, quantity in enumerate(QUANTITIES)
            }
        )
    return Stationarity(taken_at, start, "valid", tuple(followed))
