"""Dimensionless groups that say in which regime a device is driven; shown beside every result."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from entangled_drums import parameters
from entangled_drums.inference.line_maps import expected_lines
from entangled_drums.parameters import DriveSettings


def dimensionless_groups(values: Mapping[str, Any], drive: DriveSettings) -> dict[str, float]:
    """Return the dimensionless groups of one device at one drive.

    Parameters
    ----------
    values : mapping
        Flat parameter values, plain numbers.
    drive : DriveSettings
        Settings of the pump generators, plain numbers.

    Returns
    -------
    dict
        Means over the drums of C/n, x and Gamma/Omega; Omega/kappa, n_c, kappa_e/kappa, g_1/g_2.
    """
    system = parameters.system(values, drive)
    device = system.device
    kappa = float(device.kappa)
    half_splitting = float(device.mechanical_frequency[1] - device.mechanical_frequency[0]) / 2.0
    red, blue = system.drive.red_coupling, system.drive.blue_coupling
    widths = expected_lines(values, drive)[1]
    cooperativity = (
        4.0 * red**2 * kappa / (device.mechanical_linewidth * (kappa**2 + 4.0 * half_splitting**2))
    )
    return {
        "cooperativity_over_occupation": float(
            np.mean(cooperativity / system.bath.thermal_occupation)
        ),
        "ratio": float(np.mean(blue / red)),
        "half_splitting_over_kappa": half_splitting / kappa,
        "line_width_over_half_splitting": float(np.mean(widths)) / half_splitting,
        "cavity_occupation": float(system.cavity_occupation),
        "external_over_total_loss": float(device.kappa_external) / kappa,
        "coupling_1_over_coupling_2": float(
            device.single_photon_coupling[0] / device.single_photon_coupling[1]
        ),
    }
