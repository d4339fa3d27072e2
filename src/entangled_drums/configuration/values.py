"""Flat views of a resolved configuration: parameter values, uncertainties, operating points.

Parameters are named by their place in the device file, ``cavity.kappa_external_hz`` for example.
The same names stand in the truth, in calibrations and in sweeps.
"""

from collections.abc import Mapping
from typing import Any

_DRUM_QUANTITIES = (
    "frequency_hz",
    "linewidth_hz",
    "single_photon_coupling_hz",
    "thermal_occupation",
)

DEVICE_PARAMETERS = (
    "cavity.frequency_hz",
    "cavity.kappa_external_hz",
    "cavity.kappa_internal_hz",
    *(f"drum_1.{quantity}" for quantity in _DRUM_QUANTITIES),
    *(f"drum_2.{quantity}" for quantity in _DRUM_QUANTITIES),
    "bath.external_occupation",
    "bath.internal_occupation",
    "heating.reference_coupling_hz",
    "heating.cavity_exponent",
    "heating.drum_slope",
    "lines.blue_transmission",
    "lines.probe_balance",
    "receiver.gain",
    "receiver.added_noise",
    "cryostat.base_temperature_k",
)
"""Every device parameter that enters a calculation, in the order of the device file."""

DRIVE_PARAMETERS = (
    "drive.red_coupling_hz",
    "drive.ratio",
    "drive.cavity_detuning_hz",
    "drive.frame_offset_hz",
)
"""The settings that make an operating point."""

JOINT_PARAMETERS = ("drums.coupling_ratio", "drums.mean_frequency_hz", "drums.thermal_occupation")
"""Both drums at once: ratio of the couplings at their geometric mean, mean frequency at the same
difference, one occupation for both baths."""

SWEEP_PARAMETERS = (
    *DRIVE_PARAMETERS,
    *JOINT_PARAMETERS,
    *(
        name
        for name in DEVICE_PARAMETERS
        if not name.startswith(("receiver.", "cryostat.")) and name != "lines.probe_balance"
    ),
)
"""What a theory sweep can vary: all that the steady state of the drums depends on."""


def device_values(device: Mapping[str, Any]) -> dict[str, float]:
    """Return the nominal value of every device parameter.

    Parameters
    ----------
    device : mapping
        Resolved device tree, ``config["device"]``.

    Returns
    -------
    dict
        Name to value, names as in `DEVICE_PARAMETERS`, each in the unit that ends its name
        (cyclic frequencies in Hz). Entries that only describe the device are left out.

    Raises
    ------
    KeyError
        If the tree lacks a parameter, which a loaded configuration never does.
    """
    return _leaves(device, "value")


def device_uncertainties(device: Mapping[str, Any]) -> dict[str, float]:
    """Return the standard uncertainty of every device parameter.

    Parameters
    ----------
    device : mapping
        Resolved device tree, ``config["device"]``.

    Returns
    -------
    dict
        Name to standard uncertainty (one sigma), in the unit of the value.

    Raises
    ------
    KeyError
        If the tree lacks a parameter, which a loaded configuration never does.
    """
    return _leaves(device, "uncertainty")


def operating_point_id(power: str, ratio: float) -> str:
    """Return the name of an operating point, ``reference-x620`` for example.

    Parameters
    ----------
    power : str
        Name of the power, a key of ``drive.powers``.
    ratio : float
        Ratio x of the blue to the red coupling, dimensionless; the name keeps three decimals,
        halves going to the even one.

    Returns
    -------
    str
    """
    return f"{power}-x{round(1000 * ratio):03d}"


def operating_point_ids(config: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return every operating point of an experiment.

    Parameters
    ----------
    config : mapping
        Resolved configuration.

    Returns
    -------
    dict
        Name of the point to ``{"power": str, "red_coupling_hz": float (Hz), "ratio": float}``,
        sorted by power and ratio.

    Raises
    ------
    KeyError
        If a point names a power that is not there, which a loaded configuration never does.
    """
    powers = config["drive"]["powers"]
    return {
        operating_point_id(power, ratio): {
            "power": power,
            "red_coupling_hz": powers[power]["red_coupling_hz"],
            "ratio": ratio,
        }
        for power in sorted(config["operating_points"])
        for ratio in sorted(config["operating_points"][power])
    }


def _leaves(device: Mapping[str, Any], part: str) -> dict[str, float]:
    leaves = {}
    for name in DEVICE_PARAMETERS:
        group, quantity = name.split(".")
        leaves[name] = float(device[group][quantity][part])
    return leaves
