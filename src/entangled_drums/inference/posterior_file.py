"""Draws from a posterior as netCDF in the layout that ArviZ reads: group ``posterior``.

``arviz.from_netcdf(path)`` opens it; dimensions are (chain, draw). Draws are equally weighted.
"""

from pathlib import Path

import numpy as np
import xarray
from numpy.typing import NDArray

from entangled_drums import arrayfile
from entangled_drums.calibration import unit_of
from entangled_drums.inference.states import DESCRIPTIONS, UNITS

GROUP = "posterior"
CHAINS = 4


def dataset(draws: dict[str, NDArray[np.float64]], chains: int = CHAINS) -> xarray.Dataset:
    """Arrange draws.

    Parameters
    ----------
    draws : dict
        Draws (S,) of parameters (by flat name) and of state quantities. What does not fill all
        chains is left out.
    chains : int, optional
        Independent draws have no chains; several let convergence diagnostics run.
    """
    length = min((len(values) for values in draws.values()), default=0) // chains
    variables = {
        name: (
            ("chain", "draw"),
            values[: chains * length].reshape(chains, length),
            {
                "units": UNITS.get(name) or unit_of(name),
                "description": DESCRIPTIONS.get(name, f"calibrated parameter {name}"),
            },
        )
        for name, values in draws.items()
    }
    coordinates = {
        "chain": ("chain", np.arange(chains), {"units": "1", "description": "part of the draws"}),
        "draw": ("draw", np.arange(length), {"units": "1", "description": "number of the draw"}),
    }
    return xarray.Dataset(variables, coords=coordinates)


def write(
    path: str | Path, draws: dict[str, NDArray[np.float64]], record_id: str | None = None
) -> None:
    """Write draws to exactly the path given."""
    arrayfile.write(path, dataset(draws), record_id, group=GROUP)


def read(path: str | Path) -> dict[str, NDArray[np.float64]]:
    """Read draws back, all chains in one.

    Returns
    -------
    dict
        Draws (S,) by name, as given to `write` but for what did not fill all chains; S is 0 where
        the route gave no result.

    Raises
    ------
    FileFormatError
        If the file is not such a file.
    """
    found = arrayfile.read_values(path, GROUP)
    return {name: values.reshape(-1) for name, values in found.items()}
