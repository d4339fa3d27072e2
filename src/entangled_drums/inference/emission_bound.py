"""The emission bound: the largest Duan sum that the emission under the pumps alone allows.

The weights of the two emission lines are the occupations m_1, m_2 of the modes that the lines read.
They leave one number of ``(n_1, n_2, Re c)`` open; along it the Duan sum is largest where the
state stops being physical, ``(Re c)^2 <= n_1 (n_2 + 1)`` and ``n_2 (n_1 + 1)``. For equal drums
that is ``exp(-2r) [m_1 + m_2 + 1 + 2 min(sqrt(m_1 (m_2 + 1)), sqrt(m_2 (m_1 + 1)))]``. A bound
below 1 shows entanglement with no phase scan; one above 1 shows nothing, which is an outcome and
no failure.
"""

import numpy as np
import xarray
from numpy.typing import NDArray

from entangled_drums.calibration import Calibration
from entangled_drums.inference.line_data import LineData
from entangled_drums.inference.line_windows import LineSettings
from entangled_drums.inference.quadrature import noted_settings
from entangled_drums.inference.single_number import SingleNumberResult, number

Array = NDArray[np.float64]

ROUTE = "emission_bound"
MEANING = "largest Duan sum that the emission lines allow"


def infer_from(
    found: LineData | str,
    emission: xarray.Dataset | None,
    calibration: Calibration,
    generator: np.random.Generator,
    settings: LineSettings,
) -> SingleNumberResult:
    """Bound the Duan sum by the emission lines; arguments as in `quadrature.infer_from`."""
    if isinstance(found, str):
        return SingleNumberResult(ROUTE, found, MEANING, noted_settings(emission))
    rows = slice(0, 2)
    noise = found.noise_draws(generator, settings.samples, rows)
    maps, constants, offsets = found.maps_of_draws(calibration, generator, settings.samples)
    maps = maps[:, rows, :3]
    weights = found.measured.areas[rows] + noise - (constants + offsets)[:, rows]
    norms = np.stack([maps[:, 0, 0] - maps[:, 0, 1], maps[:, 1, 1] - maps[:, 1, 0]], axis=-1)
    vacuum = np.stack([maps[:, 0, 1], maps[:, 1, 0]], axis=-1)
    occupations = (weights + vacuum) / norms
    names = ("emission_line_1", "emission_line_2")
    return SingleNumberResult(
        ROUTE,
        found.fit_problem(names, settings.smallest_p_value) or "valid",
        MEANING,
        found.settings,
        largest_duan(maps, weights),
        {
            "bogoliubov_1": number(occupations[:, 0]),
            "bogoliubov_2": number(occupations[:, 1]),
        },
        {name: found.measured.fits[name] for name in names},
    )


def largest_duan(maps: Array, weights: Array) -> Array:
    """Return the largest ``n_1 + n_2 + 1 + 2 Re c`` of a physical state with given line weights.

    Parameters
    ----------
    maps : ndarray, (S, 2, 3)
        Line weights as a linear map of (n_1, n_2, Re c).
    weights : ndarray, (S, 2)
        Line weights.

    Returns
    -------
    ndarray, (S,)
        NaN where no physical state has these weights.
    """
    start = (np.linalg.pinv(maps) @ weights[..., None])[..., 0]
    along = np.cross(maps[:, 0], maps[:, 1])
    along /= np.linalg.norm(along, axis=-1, keepdims=True)
    lowest, highest = np.full(len(weights), -np.inf), np.full(len(weights), np.inf)
    for one, other in ((0, 1), (1, 0)):
        # n_one (n_other + 1) - (Re c)^2 >= 0 is a quadratic condition on the position t.
        a = along[:, one] * along[:, other] - along[:, 2] ** 2
        b = (
            start[:, one] * along[:, other]
            + along[:, one] * (start[:, other] + 1.0)
            - 2.0 * start[:, 2] * along[:, 2]
        )
        c = start[:, one] * (start[:, other] + 1.0) - start[:, 2] ** 2
        with np.errstate(invalid="ignore"):
            root = np.sqrt(b**2 - 4.0 * a * c)
        # The state stops being physical on both sides: a is negative for every stable drive.
        first, second = (-b + root) / (2.0 * a), (-b - root) / (2.0 * a)
        lowest = np.maximum(lowest, np.where(a < 0, first, np.nan))
        highest = np.minimum(highest, np.where(a < 0, second, np.nan))
    ends = np.stack([lowest, highest])[..., None] * along + start
    # Between its roots each product is positive; negative occupations would make it so too.
    physical = (ends[..., :2] >= -1e-9).all(axis=-1) & (lowest <= highest)
    duan = ends[..., 0] + ends[..., 1] + 1.0 + 2.0 * ends[..., 2]
    duan = np.where(physical, duan, -np.inf).max(axis=0)
    return np.where(np.isfinite(duan), duan, np.nan)
