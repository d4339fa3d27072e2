"""The chain: every step fitted to its own recording, the result of one the prior of the next.

It starts from a calibration, usually the device file with its uncertainties, and ends with one. No
file is read or written here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import xarray

from entangled_drums import recording_format as kinds
from entangled_drums.calibration import cavity_response, power_sweeps, receiver, thermal_sweep
from entangled_drums.calibration.gaussian import Calibration
from entangled_drums.calibration.knowledge import Knowledge
from entangled_drums.calibration.scoring import Fit, Goodness
from entangled_drums.calibration.tone_spectra import Fidelity
from entangled_drums.errors import CalibrationError

SMALLEST_P_VALUE = 1e-4
"""A fit below it is refused; so is a step that contradicts what was known before."""
METHOD = "recordings"
_FAITHFUL = Fidelity()


@dataclass(frozen=True)
class Step:
    """One step of the chain: its name, the recording it needs, how it is fitted."""

    name: str
    kind: str
    calibrate: Callable[[xarray.Dataset, Knowledge, Fidelity], Fit]


STEPS = (
    Step("cavity_response", kinds.CAVITY_RESPONSE, cavity_response.calibrate),
    Step("receiver", kinds.LOAD_NOISE, receiver.calibrate_loads),
    Step("port_occupation", kinds.BACKGROUND, receiver.calibrate_port),
    Step("thermal_sweep", kinds.THERMAL_SWEEP, thermal_sweep.calibrate),
    Step("sideband_cooling", kinds.SIDEBAND_COOLING, power_sweeps.calibrate_sweep),
    Step("sideband_narrowing", kinds.SIDEBAND_NARROWING, power_sweeps.calibrate_sweep),
    Step("probe", kinds.PROBE_CALIBRATION, power_sweeps.calibrate_probes),
)


@dataclass(frozen=True)
class ChainResult:
    """Outcome of the chain.

    Parameters
    ----------
    prior : Calibration
        What it started from.
    fits : dict
        Fit of each step by its name, in order; steps without recording are absent.
    calibration : Calibration
        What is known at its end.
    fidelity : Fidelity
    """

    prior: Calibration
    fits: dict[str, Fit]
    calibration: Calibration
    fidelity: Fidelity = _FAITHFUL


def calibrate(
    recordings: Mapping[str, xarray.Dataset],
    prior: Calibration,
    fidelity: Fidelity = _FAITHFUL,
) -> ChainResult:
    """Carry out all steps whose recordings are given.

    Parameters
    ----------
    recordings : mapping
        Valid recordings by their kind.
    prior : Calibration
        What is known beforehand.
    fidelity : Fidelity, optional
        What the model of drums' lines contains; by default everything.

    Returns
    -------
    ChainResult

    Raises
    ------
    CalibrationError
        If a step's fit is not acceptable, contradicts what was known, or does not settle; names it.
        If there are no recordings at all.
    """
    if not any(step.kind in recordings for step in STEPS):
        raise CalibrationError(
            "calibration: no recordings of a calibration; give them, or write "
            "calibration.source: device or file"
        )
    knowledge = Knowledge.of(prior)
    fits: dict[str, Fit] = {}
    for step in STEPS:
        if step.kind not in recordings:
            continue
        try:
            found = step.calibrate(recordings[step.kind], knowledge, fidelity)
        except CalibrationError as error:
            raise CalibrationError(
                f"calibration, step {step.name}: {error}; look at the recording {step.kind}, and "
                "at values and uncertainties of the device file"
            ) from None
        accept(step, found)
        fits[step.name], knowledge = found, found.after
    method = f"{METHOD}: {', '.join(fits)}"
    goodness = goodness_of_all(fits).content()
    return ChainResult(prior, fits, knowledge.calibration(method, goodness), fidelity)


def goodness_of_all(fits: Mapping[str, Fit]) -> Goodness:
    """Return the goodness of all data of all steps together."""
    each = [one.goodness for one in fits.values()]
    return Goodness.of(
        sum(one.chi_square for one in each), sum(one.degrees_of_freedom for one in each)
    )


def accept(step: Step, fit: Fit) -> None:
    """Refuse a fit that is not acceptable.

    Raises
    ------
    CalibrationError
        If all data, or the worst spectrum of them, fit too badly, or if the parameters moved
        farther than was known beforehand.
    """
    p_values = [one.p_value for one in fit.spectra]
    worst = int(np.argmin(p_values))
    # The worst of many is tested as such.
    p_value = min(fit.goodness.p_value, len(p_values) * p_values[worst])
    if p_value < SMALLEST_P_VALUE:
        raise CalibrationError(
            f"calibration, step {step.name}: the model does not fit the recording {step.kind} "
            f"(p = {p_value:.1e}, below {SMALLEST_P_VALUE:g}; worst: {fit.data.labels[worst]}); "
            "look there for foreign lines, drift or a gain that varies, and record anew"
        )
    if fit.agreement.p_value < SMALLEST_P_VALUE:
        before, after = fit.before, fit.after
        moved = np.abs(after.mean - before.mean) / before.uncertainty
        farthest = int(np.argmax(moved))
        raise CalibrationError(
            f"calibration, step {step.name}: the recording {step.kind} contradicts what was known "
            f"before (p = {fit.agreement.p_value:.1e}, below {SMALLEST_P_VALUE:g}; "
            f"{before.names[farthest]} moved by {moved[farthest]:.1f} standard uncertainties); "
            "correct the device file, or look for a drift between the recordings"
        )
