"""Step 4: a weak red tone against temperature gives gain times coupling, occupation and linewidth.

Where a drum follows the cryostat, its line grows as the Bose-Einstein occupation, which needs no
calibration; at the cold end a constant heat load holds it warmer. The heat that a thermal link
carries is proportional to the difference of a power p of the temperatures of its ends, so

    T_drum^p = T^p - T_base^p + T_cold^p,

with T_cold the temperature that belongs to the drum's occupation at base temperature. The power
depends on what the link is made of (2 for electrons, 4 for phonons at an interface, 5 for phonons
to electrons): its logarithm is free for each drum, with a wide prior. The cavity's baths warm with
the cryostat by an unknown amount at each temperature, the same for port and internal loss.
"""

import numpy as np
import xarray
from numpy.typing import NDArray

from entangled_drums.calibration.knowledge import Knowledge
from entangled_drums.calibration.scoring import Fit, Nuisance, fit
from entangled_drums.calibration.tone_spectra import (
    DRUMS,
    Fidelity,
    ToneSpectra,
    Values,
    heated,
    means_model,
    possible,
)
from entangled_drums.system import System
from entangled_drums.units import BOLTZMANN, HBAR

Array = NDArray[np.float64]

LINK_POWER, LINK_POWER_FACTOR = 4.0, 1.6
"""Prior of p, log-normal around the first, one standard deviation from it over to it times the
second; an assumption wide enough for every link that is known."""
_CAVITY_WARMING = 3.0
_POWERS = np.log([0.05, 50.0])
"""Where the search is stopped from leaving what can be computed: nine standard deviations off."""
_COLDEST = 1e-3


def calibrate(dataset: xarray.Dataset, knowledge: Knowledge, fidelity: Fidelity) -> Fit:
    """Fit a recording of kind ``thermal_sweep``.

    Parameters
    ----------
    dataset : xarray.Dataset
    knowledge : Knowledge
        What is known beforehand.
    fidelity : Fidelity
        What the model contains.

    Raises
    ------
    CalibrationError
        If the search does not settle.
    """
    table = ToneSpectra.of(dataset, fidelity)
    shown_k = np.asarray(dataset["temperature_k"].values, dtype=np.float64)
    thermometer = max(float(dataset.attrs["temperature_uncertainty"]), 1e-9)
    nuisances = (
        Nuisance("thermometer_error", "1", 0.0, thermometer, thermometer),
        *(
            Nuisance(
                f"drum_{drum}.logarithm_of_link_power", "1", np.log(LINK_POWER),
                np.log(LINK_POWER_FACTOR), np.log(LINK_POWER_FACTOR),
            )
            for drum in DRUMS
        ),
        *(
            Nuisance(f"cavity_warming_{one:g}_k", "quanta", 0.0, _CAVITY_WARMING)
            for one in shown_k
        ),
    )  # fmt: skip

    def occupations(system: System, values: Values, own: Array) -> Array:
        found = heated(system, values, own)
        error, power = own[:, 0, None, None], link_power(own[:, 1:3])
        found = found + np.zeros((len(own), *table.shape.shape, 1))
        found[..., :2] += own[:, None, 3:, None]
        for at, drum in enumerate(DRUMS):
            found[..., 2 + at] = drum_occupation(
                found[..., 2 + at],
                2.0 * np.pi * values[f"drum_{drum}.frequency_hz"],
                shown_k * (1.0 + error),
                values["cryostat.base_temperature_k"],
                power[:, at, None, None],
            )
        return found

    def allowed(x: Array) -> bool:
        return bool(x[len(knowledge.names)] > -0.5) and in_range(x)

    in_range = possible(table, knowledge)
    means = means_model(table, knowledge, occupations)
    return fit(knowledge, nuisances, table.data(), means, allowed)


def link_power(logarithm: Array) -> Array:
    """Return the power p of the thermal link that belongs to its logarithm."""
    return np.exp(np.clip(logarithm, *_POWERS))


def drum_occupation(
    cold: Array, frequency: Array, temperature_k: Array, base_k: Array, power: Array
) -> Array:
    """Return the occupation of a drum on a warming cryostat.

    Parameters
    ----------
    cold : array_like
        Occupation at base temperature.
    frequency : array_like
        Of the drum, rad/s.
    temperature_k, base_k : array_like
        Of the cryostat, now and at base.
    power : array_like
        Power p of the law in the head of this module.
    """
    quantum_k = HBAR * frequency / BOLTZMANN
    cold_k = quantum_k / np.log1p(1.0 / np.maximum(cold, _COLDEST))
    # In units of the drum's cold temperature no power overflows.
    raised = (temperature_k / cold_k) ** power - (base_k / cold_k) ** power + 1.0
    drum_k = cold_k * np.maximum(raised, _COLDEST) ** (1.0 / power)
    return np.asarray(1.0 / np.expm1(quantum_k / drum_k))
