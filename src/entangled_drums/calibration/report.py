"""What each step found, as plain built-ins: for its JSON file, for figures and tables.

Beside parameters, covariance, nuisances and goodness of fit there are *points*: what every single
spectrum says by itself about width, centre and occupations of its line, with statistical errors,
given the calibration of all other quantities. No law of heating or decoupling is used for them, so
that figures can show the laws against them. They come from one linear step away from the fit, with
the exact derivatives of the model. The laws stand there as *curves*.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray
from numpy.typing import NDArray

from entangled_drums import jsonfile
from entangled_drums.calibration import line_state
from entangled_drums.calibration.background import BACKGROUND, GAIN, PORT
from entangled_drums.calibration.chain import SMALLEST_P_VALUE, STEPS, ChainResult, Step
from entangled_drums.calibration.curves import curves
from entangled_drums.calibration.gaussian import unit_of
from entangled_drums.calibration.power_sweeps import probe_drive
from entangled_drums.calibration.scoring import Fit
from entangled_drums.calibration.tone_spectra import (
    DRUMS,
    Fidelity,
    ToneSpectra,
    Values,
    heated,
    shaped,
)
from entangled_drums.recording_format import POWER
from entangled_drums.system import System
from entangled_drums.units import angular, thermal_occupation

Array = NDArray[np.float64]

FORMAT = "entangled-drums-calibration-step"
FORMAT_VERSION = 1
_SWEEPS = ("thermal_sweep", "sideband_cooling", "sideband_narrowing")
_LINES = (*_SWEEPS, "probe")


def contents(
    result: ChainResult, recordings: Mapping[str, xarray.Dataset]
) -> dict[str, dict[str, Any]]:
    """Return the JSON content of every step by its name; skipped steps say so.

    Parameters
    ----------
    result : ChainResult
    recordings : mapping
        The recordings that the chain was given, by their kind.
    """
    return {
        step.name: (
            content(step, result.fits[step.name], recordings[step.kind], result.fidelity)
            if step.name in result.fits
            else {**_head(step), "skipped": f"no recording of kind {step.kind}"}
        )
        for step in STEPS
    }


def content(step: Step, fit: Fit, dataset: xarray.Dataset, fidelity: Fidelity) -> dict[str, Any]:
    """Return the JSON content of one step."""
    return {
        **_head(step),
        "skipped": None,
        "parameters": [
            {
                "name": name,
                "unit": unit_of(name),
                "before": {"value": float(old), "uncertainty": float(old_error)},
                "after": {"value": float(new), "uncertainty": float(new_error)},
            }
            for name, old, old_error, new, new_error in zip(
                fit.after.names,
                fit.before.mean,
                fit.before.uncertainty,
                fit.after.mean,
                fit.after.uncertainty,
                strict=True,
            )
        ],
        "covariance": fit.after.covariance.tolist(),
        "nuisances": [
            {
                "name": one.name,
                "unit": one.unit,
                "prior": (
                    {"value": one.start, "uncertainty": one.uncertainty}
                    if np.isfinite(one.uncertainty)
                    else None
                ),
                "value": float(value),
                "uncertainty": float(error),
            }
            for one, value, error in zip(
                fit.nuisances, fit.nuisance_values, fit.nuisance_uncertainties, strict=True
            )
        ],
        "goodness_of_fit": {
            "data": fit.goodness.content(),
            "agreement_with_prior": fit.agreement.content(),
            "smallest_p_value_accepted": SMALLEST_P_VALUE,
        },
        "points": points(step, fit, dataset, fidelity),
        "curves": curves(step.kind, fit, dataset) if step.name in _SWEEPS else [],
    }


def _head(step: Step) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "step": step.name,
        "recording": step.kind,
    }


def points(
    step: Step, fit: Fit, dataset: xarray.Dataset, fidelity: Fidelity
) -> list[dict[str, Any]]:
    """Return what each spectrum of a step says by itself.

    Every point has ``label`` and ``p_value``. Levels of the receiver add ``level`` and
    ``level_uncertainty`` (recorded quanta), ``level_fitted`` and, for loads, ``temperature_k``.
    Lines add their coordinates as in the recording and, each with ``_uncertainty`` and
    ``_fitted``: ``width_hz``, ``centre_hz`` (from the drive centre), ``bath_occupation`` of the
    drum, ``internal_occupation`` of the cavity, and ``occupation`` of the drum's motion. In the
    thermal sweep the port warms as the internal loss does, and ``cryostat_occupation`` is that of a
    drum that follows.
    """
    quality = [
        {"label": label, "p_value": one.p_value}
        for label, one in zip(fit.data.labels, fit.spectra, strict=True)
    ]
    if step.name in _LINES:
        own = _line_points(step, fit, dataset, fidelity)
    elif step.name == "cavity_response":
        own = [{} for _ in quality]
    else:
        own = _level_points(fit, dataset)
    return [{**one, **other} for one, other in zip(quality, own, strict=True)]


def _level_points(fit: Fit, dataset: xarray.Dataset) -> list[dict[str, Any]]:
    power = np.atleast_2d(dataset[POWER].values)
    fitted = fit.mean.reshape(power.shape)[:, 0]
    shape = np.asarray(fit.data.shape).reshape(power.shape).sum(axis=1)
    found = [
        {
            "level": float(level),
            "level_uncertainty": float(level / np.sqrt(number)),
            "level_fitted": float(mean),
        }
        for level, number, mean in zip(power.mean(axis=1), shape, fitted, strict=True)
    ]
    if "load_temperature_k" in dataset.coords:
        for one, temperature_k in zip(found, dataset["load_temperature_k"].values, strict=True):
            one["temperature_k"] = float(temperature_k)
    return found


def _line_points(
    step: Step, fit: Fit, dataset: xarray.Dataset, fidelity: Fidelity
) -> list[dict[str, Any]]:
    table = ToneSpectra.of(dataset, fidelity)
    values = shaped(fit.after.values(fit.after.mean[None]))
    if step.name == "probe":
        table = ToneSpectra(
            **{
                **vars(table),
                "drive": probe_drive(table.drive, {n: v[0] for n, v in values.items()}),
            }
        )
    row, column = (str(name) for name in dataset[POWER].dims[:2])
    drums = dataset["drum"].values
    own = np.broadcast_to(
        drums[:, None] if row == "drum" else drums[None, :], table.shape.shape
    ).astype(int)
    transfer = table.recorded_transfer(values)
    gain, port, background = (float(values[n].ravel()[0]) for n in (GAIN, PORT, BACKGROUND))
    system = table.unit_system(values)
    levels = np.broadcast_to(heated(system, values, np.zeros((1, 0))), (1, *own.shape, 4))[0]
    levels = levels.copy()
    warming = step.name == "thermal_sweep"
    if warming:
        # Occupations that the law of the step gave: read off the fitted means again below.
        added = fit.nuisance_values[3:]
        levels[..., :2] += added[None, :, None]
    unknown = np.stack(
        [
            np.take_along_axis(transfer, (own + 1)[..., None, None], axis=-2)[..., 0, :],
            transfer[..., 1, :] + (transfer[..., 0, :] if warming else 0.0),
        ],
        axis=-2,
    )
    known = levels.copy()
    np.put_along_axis(known, (own + 1)[..., None], 0.0, axis=-1)
    known[..., 1] = 0.0
    if warming:
        # Both warm alike: what the port has more than the internal loss stays.
        known[..., 0] = levels[..., 0] - levels[..., 1]
    rest = (known[..., None, :] @ transfer[..., :4, :])[..., 0, :] + transfer[..., 4, :]
    floor = gain * (rest - port) + background
    mean = fit.mean.reshape(table.power.shape)
    weight = fit.data.weight(fit.mean).reshape(table.power.shape)
    occupations, errors = _least_squares(gain * unknown, table.power - floor, weight)
    fitted, _ = _least_squares(gain * unknown, mean - floor, weight)

    shifts, shift_errors = _least_squares(
        np.concatenate([_by_line(table, values, own, fitted, levels, warming, gain),
                        gain * unknown], axis=-2),
        table.power - mean,
        weight,
    )  # fmt: skip
    width, centre = line_state.pole(system, own)
    quanta = _motion(system, own, levels, occupations, errors)
    quanta_fitted, _ = _motion(system, own, levels, fitted, errors)
    found = []
    for r in range(own.shape[0]):
        for c in range(own.shape[1]):
            at = r, c
            point: dict[str, Any] = {
                row: float(dataset[row].values[r]),
                column: float(dataset[column].values[c]),
                "drum": int(own[at]),
            }
            if "red_coupling_hz" in dataset.variables:
                label = dataset["red_coupling_hz"]
                point["red_coupling_hz"] = float(label.values[c if label.dims == (column,) else r])
            point |= _entry("width_hz", width[at] + shifts[at][0], shift_errors[at][0], width[at])
            point |= _entry(
                "centre_hz", centre[at] + shifts[at][1], shift_errors[at][1], centre[at]
            )
            point |= _entry("bath_occupation", occupations[at][0], errors[at][0], fitted[at][0])
            point |= _entry("internal_occupation", occupations[at][1], errors[at][1], fitted[at][1])
            point |= _entry("occupation", quanta[0][at], quanta[1][at], quanta_fitted[at])
            if warming:
                frequency = angular(float(values[f"drum_{own[at]}.frequency_hz"].ravel()[0]))
                point["cryostat_occupation"] = float(
                    thermal_occupation(frequency, point["temperature_k"])
                )
            found.append(point)
    return found


def _entry(name: str, value: float, error: float, fitted: float) -> dict[str, float]:
    return {
        name: float(value),
        f"{name}_uncertainty": float(error),
        f"{name}_fitted": float(fitted),
    }


def _least_squares(columns: Array, residual: Array, weight: Array) -> tuple[Array, Array]:
    """Solve for coefficients (R, C, K) of columns (R, C, K, F), with their standard errors."""
    norm = np.sqrt(np.sum(columns**2 * weight[..., None, :], axis=-1))
    scaled = columns / norm[..., None]
    weighted = scaled * weight[..., None, :]
    information = weighted @ np.swapaxes(scaled, -1, -2)
    inverse = np.linalg.inv(information)
    right = (weighted @ residual[..., None])[..., 0]
    solution = (inverse @ right[..., None])[..., 0]
    errors = np.sqrt(np.diagonal(inverse, axis1=-2, axis2=-1))
    return solution / norm, errors / norm


def _by_line(
    table: ToneSpectra,
    values: Values,
    own: NDArray[np.int_],
    fitted: Array,
    levels: Array,
    warming: bool,
    gain: float,
) -> Array:
    """Derivatives (R, C, 2, F) of the means by width and centre of each spectrum's own line, Hz."""
    filled = levels.copy()
    np.put_along_axis(filled, (own + 1)[..., None], fitted[..., :1], axis=-1)
    filled[..., 1] = fitted[..., 1]
    if warming:
        filled[..., 0] += fitted[..., 1] - levels[..., 1]
    found = []
    for quantity, step in (("linewidth_hz", 1e-3), ("frequency_hz", 1e-3)):
        by_drum = []
        for drum in DRUMS:
            name = f"drum_{drum}.{quantity}"
            sets = {n: np.concatenate([v, v]) for n, v in values.items()}
            sets[name] = sets[name] + np.array([0.0, step])[:, None, None]
            transfer = table.transfer(sets)
            # The force on the drum stays: wider lines must not be hotter ones.
            level = np.broadcast_to(filled, (2, *filled.shape)).copy()
            if quantity == "linewidth_hz":
                level[1, ..., 1 + drum] *= (values[name] / (values[name] + step))[0]
            output = (level[..., None, :] @ transfer[..., :4, :])[..., 0, :] + transfer[..., 4, :]
            by_drum.append(gain * (output[1] - output[0]) / step)
        found.append(np.where((own == 1)[..., None], by_drum[0], by_drum[1]))
    return np.stack(found, axis=-2)


def _motion(
    system: System,
    own: NDArray[np.int_],
    levels: Array,
    baths: Array,
    errors: Array,
) -> tuple[Array, Array]:
    """Occupation of each spectrum's own drum, and its error, of bath and internal occupation.

    Linear in the baths, so two displaced solutions give the derivatives.
    """

    def solved(drum_bath: Array, internal: Array) -> Array:
        changed = levels.copy()
        np.put_along_axis(changed, (own + 1)[..., None], drum_bath[..., None], -1)
        changed[..., 1] = internal
        return line_state.occupation(system, own, changed)

    drum, internal = np.maximum(baths[..., 0], 0.0), np.maximum(baths[..., 1], 0.0)
    central = solved(drum, internal)
    by_drum = solved(drum + 1.0, internal) - central
    by_internal = solved(drum, internal + 1.0) - central
    return central, np.hypot(by_drum * errors[..., 0], by_internal * errors[..., 1])


def write(path: Any, step_content: Mapping[str, Any], record_id: str) -> None:
    """Write the content of a step as JSON to exactly the path given."""
    jsonfile.write(path, {"record_id": record_id, **step_content})
