"""The quadrature route: the noise that back-action-evading probes read is taken as <X_+^2>.

At the phase of least noise the areas of the probe lines, in units of ``kappa_e |chi_c|^2 P^2``, are
read as 2 <X_+^2>, and the Duan sum as twice the quadrature's variance, as if <P_-^2> were the same.
The argument is short, and wrong in two ways that are shown, not mended: the closed form of the
areas leaves out interference with cavity noise and the back-action of the probes (percents, of
opposite sign on the two lines), and where the lines are not resolved the probes read X_+ alone,
whose squeezing says nothing about P_-. How wrong it is here, the calibrated device tells: what the
same reading makes of its exact spectra, against its Duan sum. Where that error is not small against
the error of the measurement, the route is not valid.
"""

import numpy as np
import xarray
from numpy.typing import NDArray

from entangled_drums.calibration import Calibration
from entangled_drums.inference import direct
from entangled_drums.inference.line_data import LineData
from entangled_drums.inference.line_maps import closed_forms, model_state
from entangled_drums.inference.line_windows import LineSettings
from entangled_drums.inference.single_number import SingleNumberResult, number

Array = NDArray[np.float64]

ROUTE = "quadrature"
LARGEST_APPROXIMATION = 0.5
"""Error of the approximation, in standard deviations of the measurement, that is let pass."""
MEANING = "twice the variance of the quietest collective quadrature, closed form of the areas"


def infer_from(
    found: LineData | str,
    emission: xarray.Dataset | None,
    calibration: Calibration,
    generator: np.random.Generator,
    settings: LineSettings,
) -> SingleNumberResult:
    """Infer the Duan sum from the probe lines at their quietest phase.

    Parameters
    ----------
    found : LineData or str
        Lines of the operating point, or why there are none.
    emission : xarray.Dataset or None
        Recording whose drive settings are noted where there are no lines.
    calibration : Calibration
    generator : numpy.random.Generator
        Draws calibrations and noise.
    settings : LineSettings
    """
    if isinstance(found, str):
        return SingleNumberResult(ROUTE, found, MEANING, noted_settings(emission))
    phases = found.setup.phases
    count = phases.size
    rows = slice(2, 2 + 2 * count)
    noise = found.noise_draws(generator, settings.samples, rows)
    maps, _, _ = found.maps_of_draws(calibration, generator, settings.samples)
    design = np.stack([np.ones(count), np.cos(phases), np.sin(phases)], axis=-1)
    weight = _unit(maps, rows).mean(axis=0) ** 2 / np.diag(found.measured.covariance)[rows]

    def quietest(variances: Array, lines: tuple[int, ...]) -> Array:
        chosen = np.concatenate([np.arange(count) + line * count for line in lines])
        stacked = np.tile(design, (len(lines), 1))
        weighted = stacked * weight[chosen][:, None]
        coefficients = variances[:, chosen] @ weighted @ np.linalg.inv(stacked.T @ weighted)
        return np.asarray(coefficients[:, 0] - np.hypot(coefficients[:, 1], coefficients[:, 2]))

    variances = (found.measured.areas[rows] + noise) / _unit(maps, rows)
    draws = quietest(variances, (0, 1))
    exact = found.model.areas[:, rows] / _unit(closed_forms(found.one, found.setup)[0], rows)
    state = model_state(
        found.one, found.setup.drive, counter_rotating=found.setup.fidelity.counter_rotating
    )
    approximation = float((quietest(exact, (0, 1)) - direct.duan(state))[0])
    names = ("scan_line_1", "scan_line_2")
    return SingleNumberResult(
        ROUTE,
        found.fit_problem(names, settings.smallest_p_value)
        or _too_rough(approximation, float(draws.std()))
        or "valid",
        MEANING,
        found.settings,
        draws,
        {
            "duan_of_line_1": number(quietest(variances, (0,))),
            "duan_of_line_2": number(quietest(variances, (1,))),
            "error_of_approximation": {"value": approximation, "uncertainty": 0.0},
        },
        {name: found.measured.fits[name] for name in names},
    )


def _unit(maps: Array, rows: slice) -> Array:
    """Return the area of one quantum of the Duan sum: half the coefficient of c."""
    return np.asarray(0.5 * np.hypot(maps[:, rows, 2], maps[:, rows, 3]))


def _too_rough(approximation: float, deviation: float) -> str:
    """Return the validity statement where the approximation is too rough; empty where it is not."""
    if abs(approximation) <= LARGEST_APPROXIMATION * deviation:
        return ""
    return (
        f"not valid here: the approximation is off by {approximation:+.3f} for the calibrated "
        f"device, the measurement by {deviation:.3f}"
    )


def noted_settings(emission: xarray.Dataset | None) -> dict[str, float]:
    """Return the drive settings of a recording that go into every result."""
    if emission is None:
        return {}
    return {name: float(emission.attrs[name]) for name in ("red_coupling_hz", "ratio")}
