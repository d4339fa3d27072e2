"""The drums' state for many parameter sets, in the quantities that every route reports."""

import numpy as np
from numpy.typing import NDArray

from entangled_drums import covariance, entanglement, parameters, periodic, tones
from entangled_drums.parameters import DriveSettings

Array = NDArray[np.float64]

UNITS = {
    "occupation_1": "quanta",
    "occupation_2": "quanta",
    "correlator_magnitude": "quanta",
    "correlator_phase_rad": "rad",
    "duan": "1",
    "duan_weighted": "1",
    "two_nu": "1",
    "logarithmic_negativity": "ebit",
    "squeezing_db": "dB",
}
DESCRIPTIONS = {
    "occupation_1": "mean occupation of drum 1",
    "occupation_2": "mean occupation of drum 2",
    "correlator_magnitude": "modulus of c = <b_1 b_2>",
    "correlator_phase_rad": "argument of c",
    "duan": "Duan sum minimised over local phases; separable states have 1 or more",
    "duan_weighted": "Duan sum minimised over phases and weights; separable: 1 or more",
    "two_nu": "twice the smallest symplectic eigenvalue of the partial transpose; entangled: < 1",
    "logarithmic_negativity": "max(0, -log2(2 nu))",
    "squeezing_db": "-10 log10 of the Duan sum",
}


def mean_covariance(
    values: dict[str, Array], drive: DriveSettings, *, counter_rotating: bool
) -> Array:
    """Return the steady-state covariance (B, 6, 6), time-averaged; NaN where there is none.

    Parameters
    ----------
    values : dict
        Flat parameter values, each (B,).
    drive : DriveSettings
        Settings of the pump generators.
    counter_rotating : bool
        Whether to keep the terms beyond the rotating-wave approximation.
    """
    system = parameters.system(values, drive)
    if not counter_rotating:
        return covariance.steady_state(system).covariance
    modulation = tones.drive_modulation(system.drive, counter_rotating=True)
    # Two harmonics of twice the frame frequency give the mean to 1e-12.
    return periodic.periodic_state(system, modulation, (2,)).mean_covariance


def state_quantities(
    values: dict[str, Array], drive: DriveSettings, *, counter_rotating: bool
) -> dict[str, Array]:
    """Return the quantities of `UNITS`, each (B,); arguments as in `mean_covariance`."""
    found = entanglement.measures(mean_covariance(values, drive, counter_rotating=counter_rotating))
    correlator = found.anomalous_correlator
    return {
        "occupation_1": found.occupation[..., 0],
        "occupation_2": found.occupation[..., 1],
        "correlator_magnitude": np.abs(correlator),
        "correlator_phase_rad": np.angle(correlator),
        "duan": found.duan,
        "duan_weighted": found.duan_weighted,
        "two_nu": 2.0 * found.ppt_symplectic_eigenvalue,
        "logarithmic_negativity": found.logarithmic_negativity,
        "squeezing_db": found.squeezing_db,
    }
