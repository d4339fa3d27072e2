"""Arrays as netCDF-4: named dimensions, a unit and a description on every variable, no clock.

Equal data give equal bytes: attributes are stored in sorted order, HDF5 time stamps are off, and
the file is composed in memory and written in one piece, to exactly the path given.
"""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import h5py
import numpy as np
import xarray
from numpy.typing import NDArray

from entangled_drums.errors import FileFormatError

_NUMBER_KINDS = "iuf"
_TEXT_KINDS = "UOT"


def _checked_attributes(attributes: dict, owner: str) -> dict:
    checked = {}
    for name in sorted(attributes, key=str):
        value = attributes[name]
        if isinstance(value, np.generic):
            value = value.item()
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise FileFormatError(
                f"{owner}: attribute {name!r} is a {type(value).__name__}; "
                "write a number or a string"
            )
        checked[str(name)] = value
    return checked


def _canonical(dataset: xarray.Dataset) -> xarray.Dataset:
    canonical = dataset.copy(deep=False)
    canonical.attrs = _checked_attributes(dict(dataset.attrs), "dataset")
    for dimension in dataset.dims:
        if dimension not in dataset.coords:
            raise FileFormatError(
                f"dimension {dimension!r} has no coordinate; add one with units and a description"
            )
    for name in dataset.variables:
        variable = canonical[name]
        kind = variable.dtype.kind
        if kind not in _NUMBER_KINDS + _TEXT_KINDS:
            advice = {"c": "store two real variables", "b": "store an integer flag"}
            raise FileFormatError(
                f"variable {name!r} has type {variable.dtype}; "
                f"{advice.get(kind, 'store numbers or strings')}"
            )
        if kind == "O" and not all(isinstance(item, str) for item in variable.values.flat):
            raise FileFormatError(f"variable {name!r} holds objects; store numbers or strings")
        for required in ("units", "description"):
            if not str(variable.attrs.get(required, "")).strip():
                raise FileFormatError(
                    f"variable {name!r} has no {required}; set its attribute {required!r} "
                    '("1" is the unit of pure numbers)'
                )
        variable.attrs = _checked_attributes(dict(variable.attrs), f"variable {name!r}")
        variable.encoding = {} if kind in _TEXT_KINDS else {"_FillValue": None}
    return canonical


def write(
    path: str | Path,
    dataset: xarray.Dataset,
    record_id: str | None = None,
    group: str | None = None,
) -> None:
    """Write a dataset as netCDF-4 to exactly the path given.

    Parameters
    ----------
    path : str or Path
        File to create or replace.
    dataset : xarray.Dataset
        Every variable (coordinates too) must carry the attributes ``units`` and ``description``,
        and every dimension a coordinate. Real numbers and strings only.
    record_id : str, optional
        Identity of the job that made the file, stored as the attribute ``record_id``.
    group : str, optional
        Group of the file to put the dataset in; attributes go there and the identity to the root.

    Raises
    ------
    FileFormatError
        If a variable lacks units, description or a storable type; nothing is written then.
    """
    canonical = _canonical(dataset)
    identity = {} if record_id is None else {"record_id": record_id}
    buffer = io.BytesIO()
    if group is None:
        canonical.attrs = _checked_attributes({**canonical.attrs, **identity}, "dataset")
        canonical.to_netcdf(buffer, engine="h5netcdf")
    else:
        root = xarray.Dataset(attrs=identity)
        tree = xarray.DataTree.from_dict({"/": root, f"/{group}": canonical})
        tree.to_netcdf(buffer, engine="h5netcdf")
    with open(path, "wb") as stream:
        stream.write(buffer.getbuffer())


def read(path: str | Path, group: str | None = None) -> xarray.Dataset:
    """Read a netCDF-4 file completely into memory.

    The file is opened by Python, not by the HDF5 library, so that a job's record of opened files
    sees it.

    Parameters
    ----------
    path : str or Path
        File to read.
    group : str, optional
        Group of the file to read; its root if None.

    Returns
    -------
    xarray.Dataset

    Raises
    ------
    FileFormatError
        If the file is empty, truncated or not netCDF-4.
    OSError
        If the file cannot be opened.
    """
    with _readable(path) as stream:
        # Units such as "days" would otherwise turn numbers into time differences.
        return xarray.load_dataset(stream, engine="h5netcdf", group=group, decode_times=False)


def read_values(path: str | Path, group: str) -> dict[str, NDArray[Any]]:
    """Read the numbers of a group alone, without coordinates and attributes.

    Of a file with many variables this takes a small part of the time that `read` does.

    Parameters
    ----------
    path : str or Path
        File to read.
    group : str
        Group of the file.

    Returns
    -------
    dict
        Array by the name of its variable.

    Raises
    ------
    FileFormatError, OSError
        As `read` does.
    """
    with _readable(path) as stream, h5py.File(stream) as content:
        return {
            str(name): variable[()]
            for name, variable in content[group].items()
            if not variable.is_scale
        }


@contextmanager
def _readable(path: str | Path) -> Iterator[IO[bytes]]:
    with open(path, "rb") as stream:
        if not stream.read(1):
            raise FileFormatError(f"{path}: file is empty; run the job that makes it again")
        stream.seek(0)
        try:
            yield stream
        except MemoryError:
            raise
        except Exception as error:  # the libraries have none of their own for a damaged file
            reason = " ".join(str(error).split())[:120]
            raise FileFormatError(
                f"{path}: not a readable netCDF-4 file ({reason}); run the job that makes it again"
            ) from None
