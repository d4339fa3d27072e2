"""What is shipped loads, what is resolved is plain data, schemas and their page are in step."""

import copy
import functools
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from entangled_drums.configuration import experiment as configuration
from entangled_drums.configuration import reference
from entangled_drums.configuration.experiment import load_device, load_experiment, load_schema
from entangled_drums.configuration.problems import plain_number
from entangled_drums.configuration.values import (
    DEVICE_PARAMETERS,
    device_uncertainties,
    device_values,
    operating_point_ids,
)
from entangled_drums.errors import ConfigurationError

ROOT = Path(__file__).parents[2]
SCHEMAS = ROOT / "workflow/schemas"
DEVICES = ROOT / "config/devices"
EXPERIMENTS = sorted((ROOT / "config/experiments").glob("*.yaml"))
KINDS = ("experiment", "device")


def load(path: Path, devices: Path = DEVICES) -> dict[str, Any]:
    return load_experiment(path, schema_directory=SCHEMAS, device_directory=devices)


def toy() -> dict[str, Any]:
    return load(ROOT / "config/experiments/toy.yaml")


def is_resolved(value: object) -> bool:
    if type(value) is dict:
        return list(value) == sorted(value) and all(map(is_resolved, value.values()))
    if type(value) is list:
        return all(map(is_resolved, value))
    return type(value) in (str, int, float, bool)


@pytest.mark.parametrize("path", EXPERIMENTS, ids=lambda path: path.stem)
def test_shipped_experiment_loads_as_plain_sorted_data(path: Path) -> None:
    config = load(path)
    assert config["name"] == path.stem
    assert is_resolved(config)
    assert json.loads(json.dumps(config, allow_nan=False)) == config


@pytest.mark.parametrize("path", sorted(DEVICES.glob("*.yaml")), ids=lambda path: path.stem)
def test_shipped_device_loads_on_its_own(path: Path) -> None:
    assert load_device(path, schema_directory=SCHEMAS)["name"] == path.stem


def test_device_file_stands_in_the_experiment() -> None:
    device = DEVICES / "drums-2018-assumed.yaml"
    assert toy()["device"] == load_device(device, schema_directory=SCHEMAS)


def test_equal_settings_are_equal_data_however_numbers_are_written(tmp_path: Path) -> None:
    text = (ROOT / "config/experiments/toy.yaml").read_text(encoding="utf-8")
    (tmp_path / "toy.yaml").write_text(
        text.replace("1800.0", "1800").replace("phases: 8", "phases: 8.0"), encoding="utf-8"
    )
    assert json.dumps(load(tmp_path / "toy.yaml")) == json.dumps(toy())


def test_byte_order_mark_and_windows_line_ends_are_accepted(tmp_path: Path) -> None:
    text = (ROOT / "config/experiments/toy.yaml").read_bytes()
    (tmp_path / "toy.yaml").write_bytes(b"\xef\xbb\xbf" + text.replace(b"\n", b"\r\n"))
    assert load(tmp_path / "toy.yaml") == toy()


def test_flat_values_and_uncertainties_of_the_assumed_device() -> None:
    device = toy()["device"]
    values, uncertainties = device_values(device), device_uncertainties(device)
    assert list(values) == list(uncertainties) == list(DEVICE_PARAMETERS)
    assert values["cavity.kappa_external_hz"] == 1.13e6
    assert uncertainties["cavity.kappa_external_hz"] == 2.26e4
    assert values["drum_2.frequency_hz"] - values["drum_1.frequency_hz"] == 1.3e6
    assert uncertainties["heating.reference_coupling_hz"] == 0.0


def test_operating_points_are_named_after_power_and_ratio() -> None:
    config = {
        "drive": {"powers": {"b": {"red_coupling_hz": 2.0e5}, "a": {"red_coupling_hz": 1.0e5}}},
        "operating_points": {"b": [0.85], "a": [0.62, 0.05, 1.25]},
    }
    points = operating_point_ids(config)
    assert list(points) == ["a-x050", "a-x620", "a-x1250", "b-x850"]
    assert points["b-x850"] == {"power": "b", "red_coupling_hz": 2.0e5, "ratio": 0.85}


def test_reading_config_needs_no_numerical_library_until_a_file_is_loaded() -> None:
    command = (
        "import sys; import entangled_drums.configuration.experiment; "
        "print([name for name in ('numpy', 'scipy', 'jsonschema') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", command],
        env={"PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("kind", KINDS)
def test_schema_is_valid_and_strict(kind: str) -> None:
    schema = load_schema(kind, SCHEMAS)
    Draft202012Validator.check_schema(schema)
    objects = [part for part in parts_of(schema) if part.get("type") == "object"]
    assert len(objects) > 3
    assert all(part["additionalProperties"] is False for part in objects)


def parts_of(schema: object) -> Iterator[dict[str, Any]]:
    if isinstance(schema, dict):
        yield schema
        for part in schema.values():
            yield from parts_of(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from parts_of(part)


def keys_of(kind: str) -> list[Any]:
    return [
        pytest.param(key, part, id=f"{kind}-{key}")
        for key, part, _ in reference.keys(load_schema(kind, SCHEMAS))
    ]


@pytest.mark.parametrize(("key", "part"), [*keys_of("experiment"), *keys_of("device")])
def test_every_key_is_described_with_unit_range_and_example(key: str, part: dict[str, Any]) -> None:
    assert len(part["description"].split()) >= 2
    units = {"hz": "Hz", "s": "seconds", "k": "kelvin", "m": "metres", "rad": "rad"}
    unit = units.get(key.removesuffix("[]").rpartition("_")[2])
    if unit and "_" in key.rpartition(".")[2]:
        assert unit in part["description"]
    if part["type"] in ("number", "integer"):
        assert {"minimum", "exclusiveMinimum"} & set(part)
        assert {"maximum", "exclusiveMaximum"} & set(part)
        assert unit or any(
            word in part["description"]
            for word in (
                "dimensionless",
                "a count",
                "in quanta",
                "in the unit of",
                "in the unit that",
            )
        )
    # A quantity has an example as a whole, with its value in it.
    if part["type"] != "object" and not key.endswith(".value"):
        assert part["examples"]
    if "source" in part.get("required", ()) and "status" in part["required"]:
        assert key == "comparison.recalled_duan" or part["examples"]


@pytest.mark.parametrize("kind", KINDS)
def test_every_example_is_valid(kind: str) -> None:
    schema = load_schema(kind, SCHEMAS)
    for key, part, _ in reference.keys(schema):
        validator = Draft202012Validator({**part, "$defs": schema["$defs"]})
        for example in part.get("examples", ()):
            assert validator.is_valid(example), key


def test_schema_holds_every_parameter_that_the_library_knows() -> None:
    required = {
        key for key, part, needed in reference.keys(load_schema("device", SCHEMAS)) if needed
    }
    quantities = {key.removesuffix(".value") for key in required if key.endswith(".value")}
    assert set(DEVICE_PARAMETERS) == {key for key in quantities if key in required}


def test_page_is_in_step_with_the_schemas() -> None:
    page = (ROOT / "docs/configuration.md").read_text(encoding="utf-8")
    assert page == reference.reference(SCHEMAS), (
        "write the page anew: python -m entangled_drums.configuration.reference"
    )


def test_page_is_written_by_its_command(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    reference.main(["--schemas", str(SCHEMAS), "--output", str(page)])
    assert page.read_text(encoding="utf-8") == reference.reference(SCHEMAS)


@given(st.floats(allow_nan=False, allow_infinity=False, allow_subnormal=False))
def test_numbers_are_suggested_in_a_form_that_yaml_reads_as_a_number(value: float) -> None:
    read = yaml.safe_load(plain_number(value))
    assert isinstance(read, float)
    assert read == pytest.approx(value, rel=1e-12)


JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([0, -1, 1, 10**30, 0.0, -0.0, 1e-300, 1e300, 0.5, 1e6, float("inf")]),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(
        ["1e6", "1.0e+6", "5 kHz", "sourced", "reference", "toy", "../toy", "\n", "\0"]
    ),
    st.lists(st.integers() | st.floats() | st.text(max_size=3), max_size=3),
    st.dictionaries(st.text(max_size=4), st.integers() | st.none(), max_size=3),
)


def places_of(tree: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    entries = tree.items() if isinstance(tree, dict) else enumerate(tree)
    for key, value in entries:
        yield (*path, key)
        if isinstance(value, dict | list):
            yield from places_of(value, (*path, key))


def mutated(draw: Any, tree: Any) -> None:
    path = draw(st.sampled_from(list(places_of(tree))))
    parent = tree
    for key in path[:-1]:
        parent = parent[key]
    action = draw(st.sampled_from(["delete", "rename", "replace", "scale"]))
    key = path[-1]
    if action == "delete":
        del parent[key]
    elif action == "rename" and isinstance(parent, dict):
        parent[draw(st.text(max_size=4) | st.just(f"{key}s") | st.integers())] = parent.pop(key)
    elif action == "scale" and isinstance(parent[key], int | float):
        parent[key] *= draw(st.sampled_from([-1.0, 0.0, 1e-12, 1e-3, 0.1, 2.0, 1e3, 1e12]))
    else:
        parent[key] = draw(JUNK)


@functools.cache
def schema_once(kind: str, directory: Path) -> dict[str, Any]:
    return load_schema(kind, directory)


def assert_told_in_one_line_or_valid(experiment: bytes, device: bytes) -> None:
    # The schemas do not change between examples, and reading them is half of the work.
    reading = patch.object(configuration, "load_schema", schema_once)
    with tempfile.TemporaryDirectory() as folder, reading:
        path = Path(folder) / "toy.yaml"
        path.write_bytes(experiment)
        devices = Path(folder) / "devices"
        devices.mkdir()
        (devices / "drums-2018-assumed.yaml").write_bytes(device)
        try:
            config = load(path, devices)
        except ConfigurationError as error:
            assert str(error).startswith(folder)
            assert str(error).isprintable()
            assert "; " in str(error)
        else:
            assert is_resolved(config)
            json.dumps(config, allow_nan=False)


EXPERIMENT_TEXT = (ROOT / "config/experiments/toy.yaml").read_text(encoding="utf-8")
DEVICE_TEXT = (DEVICES / "drums-2018-assumed.yaml").read_text(encoding="utf-8")
TREES = [yaml.safe_load(EXPERIMENT_TEXT), yaml.safe_load(DEVICE_TEXT)]
DUMPER: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


def changed_files(data: Any, most_changes: int) -> Iterator[bytes]:
    """Yield the experiment and the device file after some changes of their trees."""
    trees = copy.deepcopy(TREES)
    for _ in range(data.draw(st.integers(1, most_changes))):
        mutated(data.draw, trees[data.draw(st.integers(0, 1))])
    for tree in trees:
        text = yaml.dump(tree, Dumper=DUMPER, sort_keys=False, allow_unicode=True)
        yield text.encode("utf-8", "replace")


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.data())
def test_a_changed_config_is_valid_or_told_in_one_line(data: Any) -> None:
    assert_told_in_one_line_or_valid(*changed_files(data, most_changes=3))


@settings(max_examples=100, deadline=None, derandomize=True)
@given(
    start=st.integers(0, len(EXPERIMENT_TEXT)),
    length=st.integers(0, 40),
    junk=st.binary(max_size=6)
    | st.sampled_from(
        [b"&a ", b"*a", b"<<: ", b"? ", b"- ", b"|\n", b"!!binary ", b"%", b"{", b"'"]
    ),
)
def test_a_damaged_file_is_valid_or_told_in_one_line(start: int, length: int, junk: bytes) -> None:
    text = EXPERIMENT_TEXT.encode()
    damaged = text[:start] + junk + text[start + length :]
    assert_told_in_one_line_or_valid(damaged, DEVICE_TEXT.encode())
