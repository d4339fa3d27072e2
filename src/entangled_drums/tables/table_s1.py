"""Table S1: every parameter of device and receiver, as assumed and as calibrated.

The true values of a simulated laboratory are not in it: it says what an experimenter knows.
"""

import math
from collections.abc import Mapping
from typing import Any

from entangled_drums.calibration import Calibration, unit_of
from entangled_drums.calibration.background import ADDED, BACKGROUND, GAIN, PORT
from entangled_drums.tables.output import Column, Measured, Table

_SECTIONS = (
    *("cavity", "drum_1", "drum_2", "bath", "heating", "lines"),
    *("receiver", "cryostat"),
)

COLUMNS = (
    Column("parameter", "text", "Parameter", "Parameter"),
    Column("unit", "text", "Unit", "Unit"),
    Column("assumed", "measured", "Assumed", "Assumed"),
    Column("calibrated", "measured", "Calibrated", "Calibrated"),
    Column("narrowing", "number", "Narrower by", "Narrower by"),
    Column("variance_share", "probability", "Share of var(D)", r"Share of $\mathrm{var}(D)$"),
    Column("status", "text", "Status", "Status"),
    Column("source", "text", printed=False),
)

_ERRORS = (
    "Errors are one standard deviation. Calibrated values are correlated; "
    "calibration/device.json has their covariance."
)


def table(
    device: Mapping[str, Any],
    calibration: Calibration,
    origin: str,
    weights: Mapping[str, Any] | None = None,
    point: str = "",
) -> Table:
    """Arrange the parameters of a device.

    Parameters
    ----------
    device : mapping
        Resolved device tree of the configuration.
    calibration : Calibration
        What is known at the end of the calibration.
    origin : str
        One sentence on where device and recordings come from; the first note.
    weights : mapping, optional
        ``priors`` of the model-based result at one operating point.
    point : str, optional
        Name of that point.

    Returns
    -------
    Table
        One row for each calibrated parameter, by sections of the device file; beside a background
        also the added noise that follows from it. ``narrowing`` is the assumed uncertainty over
        the calibrated one. ``variance_share`` is the part of the
        variance of the Duan sum that would vanish if this parameter alone were known exactly; parts
        of correlated parameters do not add to one. NaN where it is not known.
    """
    every = {*calibration.names, ADDED} if BACKGROUND in calibration.names else calibration.names
    names = sorted(every, key=lambda name: (_SECTIONS.index(name.split(".")[0]), name))
    rows = tuple(
        {
            "parameter": name,
            "unit": "" if unit_of(name) == "1" else unit_of(name),
            **_values(device, calibration, name),
            "variance_share": variance_share(weights or {}, name),
        }
        for name in names
    )
    notes = [origin, f"Calibrated from: {calibration.method}.", _ERRORS]
    if weights:
        share = variance_share(weights, PORT)
        error, known = (
            float(weights["as_calibrated"]["duan_uncertainty"]),
            float(weights[PORT]["known"]["duan_uncertainty"]) if PORT in weights else math.nan,
        )
        notes.append(
            f"Share of var(D): model-based route at {point}; shares of correlated parameters "
            "(n_e and n_i above all) do not add to one. The occupation of the port, "
            f"n_e, carries {share:.0%} of it: with n_e known exactly the error of D would be "
            f"{known:.2g} instead of {error:.2g}. Emission spectra measure n_i - n_e only, so n_e "
            "rests on the loads of the receiver step."
        )
    return Table(COLUMNS, rows, tuple(notes))


def variance_share(weights: Mapping[str, Any], name: str) -> float:
    """Return the part of the variance of D that one parameter carries; NaN if not known.

    Parameters
    ----------
    weights : mapping
        ``priors`` of a model-based result.
    name : str
        Flat parameter name.
    """
    if name not in weights:
        return math.nan
    error = float(weights["as_calibrated"]["duan_uncertainty"])
    known = float(weights[name]["known"]["duan_uncertainty"])
    # Both come from the same finite draws: a parameter without weight may seem to have a little.
    return min(max(1.0 - (known / error) ** 2, 0.0), 1.0)


def _values(device: Mapping[str, Any], calibration: Calibration, name: str) -> dict[str, Any]:
    entry = _background(device) if name == BACKGROUND else _entry(device, name)
    before, after = float(entry["uncertainty"]), calibration.uncertainty(name)
    return {
        "assumed": Measured(float(entry["value"]), before or math.nan),
        "calibrated": Measured(calibration.mapping()[name], after or math.nan),
        "narrowing": float(f"{before / after:.3g}") if before and after else math.nan,
        "status": entry["status"],
        "source": entry["source"],
    }


def _entry(device: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    section, quantity = name.split(".")
    return dict(device[section][quantity])


def _background(device: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the device file says of the background, which is no entry of its own."""
    gain, added, port = (_entry(device, name) for name in (GAIN, ADDED, PORT))
    level = float(added["value"]) + float(port["value"])
    return {
        "value": float(gain["value"]) * level,
        "uncertainty": math.hypot(
            level * float(gain["uncertainty"]),
            float(gain["value"]) * float(added["uncertainty"]),
            float(gain["value"]) * float(port["uncertainty"]),
        ),
        "status": "derived",
        "source": "gain times the sum of port occupation and added noise",
    }
