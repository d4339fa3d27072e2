"""netCDF files: units and descriptions required, equal data are equal bytes, seen by Python."""

import hashlib
import os
import subprocess
import sys

import numpy as np
import pytest
import xarray

from entangled_drums import arrayfile
from entangled_drums.errors import FileFormatError

ABOUT = {"units": "Hz", "description": "for the test"}

PROGRAM = """
import sys, numpy, xarray
from entangled_drums import arrayfile
about = {"description": "for the test", "units": "1"}
dataset = xarray.Dataset(
    {"power": ("time", [1.0, numpy.nan], about), "reason": ("time", ["", "unstable"], about)},
    coords={"time": ("time", [0, 1], about)}, attrs={"z": 1.5, "a": "text"},
)
arrayfile.write(sys.argv[1], dataset, "id")
"""


def example() -> xarray.Dataset:
    return xarray.Dataset(
        {"power": ("frequency", np.array([1.0, np.nan, 3.0]), ABOUT)},
        coords={"frequency": ("frequency", np.array([0.0, 1.0, 2.0]), ABOUT)},
        attrs={"kind": "test", "count": 3},
    )


def test_data_and_record_id_come_back(tmp_path):
    arrayfile.write(tmp_path / "file", example(), "0123")
    read = arrayfile.read(tmp_path / "file")
    assert read.attrs == {"count": 3, "kind": "test", "record_id": "0123"}
    xarray.testing.assert_identical(read.drop_attrs(), example().drop_attrs())
    assert read["power"].attrs == read["frequency"].attrs == ABOUT


def test_bytes_do_not_depend_on_process_or_environment(tmp_path):
    digests = set()
    for index, zone in enumerate(("UTC", "Asia/Tokyo")):
        path = tmp_path / str(index)
        environment = {**os.environ, "TZ": zone, "PYTHONHASHSEED": str(index), "LANG": "C"}
        environment["PYTHONPATH"] = os.pathsep.join(sys.path)
        subprocess.run([sys.executable, "-c", PROGRAM, path], check=True, env=environment)
        digests.add(hashlib.sha256(path.read_bytes()).hexdigest())
    assert len(digests) == 1


def test_the_dataset_given_is_not_changed(tmp_path):
    dataset = example()
    arrayfile.write(tmp_path / "file", dataset, "0123")
    xarray.testing.assert_identical(dataset, example())


def test_python_opens_the_file_for_reading(tmp_path):
    arrayfile.write(tmp_path / "file", example())
    program = (
        "import sys; seen = []\n"
        "sys.addaudithook(lambda event, args: event == 'open' and seen.append(str(args[0])))\n"
        "from entangled_drums import arrayfile\n"
        "arrayfile.read(sys.argv[1])\n"
        "assert sys.argv[1] in seen\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    path = str(tmp_path / "file")
    subprocess.run([sys.executable, "-c", program, path], check=True, env=environment)


def _without(attribute):
    dataset = example()
    del dataset["power"].attrs[attribute]
    return dataset


def _with(values):
    return example().assign(extra=("frequency", values, ABOUT))


@pytest.mark.parametrize(
    ("dataset", "message"),
    [
        (_without("units"), "variable 'power' has no units; set its attribute 'units'"),
        (_without("description"), "variable 'power' has no description; set its attribute"),
        (_with(np.array([1j, 2, 3])), "type complex128; store two real variables"),
        (_with(np.array([True, False, True])), "type bool; store an integer flag"),
        (_with(np.array([1, "a", None], dtype=object)), "holds objects; store numbers or strings"),
        (example().drop_vars("frequency"), "dimension 'frequency' has no coordinate"),
        (example().assign_attrs(flag=True), "attribute 'flag' is a bool; write a number or a str"),
    ],
)
def test_what_cannot_be_stored_is_named(tmp_path, dataset, message):
    with pytest.raises(FileFormatError) as error:
        arrayfile.write(tmp_path / "file", dataset)
    assert message in str(error.value)
    assert "\n" not in str(error.value)
    assert not (tmp_path / "file").exists()


def test_empty_truncated_and_foreign_files_are_named(tmp_path):
    arrayfile.write(tmp_path / "whole", example())
    whole = (tmp_path / "whole").read_bytes()
    for name, content in (("empty", b""), ("cut", whole[: len(whole) // 2]), ("text", b"a,b\n1,2")):
        path = tmp_path / name
        path.write_bytes(content)
        for read in (arrayfile.read, lambda path: arrayfile.read_values(path, "group")):
            with pytest.raises(FileFormatError) as error:
                read(path)
            assert str(error.value).startswith(f"{path}: ")
            assert "run the job that makes it again" in str(error.value)
            assert "\n" not in str(error.value)


def test_values_alone_are_those_of_the_dataset(tmp_path):
    rows = {"other": ("frequency", np.array([4, 5, 6]), ABOUT), **example().data_vars}
    for dataset in (example().assign(rows), example().isel(frequency=slice(0))):
        arrayfile.write(tmp_path / "file", dataset, group="group")
        found = arrayfile.read_values(tmp_path / "file", "group")
        expected = arrayfile.read(tmp_path / "file", "group").data_vars
        assert sorted(found) == sorted(expected)
        for name, values in found.items():
            assert values.dtype == expected[name].dtype
            np.testing.assert_array_equal(values, expected[name].values)
    with pytest.raises(FileFormatError, match="not a readable netCDF-4 file"):
        arrayfile.read_values(tmp_path / "file", "other")
