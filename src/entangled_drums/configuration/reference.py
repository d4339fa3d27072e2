"""The page docs/configuration.md, generated from the schemas.

``python -m entangled_drums.configuration.reference`` writes it; a test keeps it in step.
"""

import argparse
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from entangled_drums.configuration.experiment import load_schema
from entangled_drums.configuration.problems import plain_number
from entangled_drums.configuration.schema import NAME_PATTERN, PARAMETER_PATTERN, dereferenced

_Row = tuple[str, dict[str, Any], bool]

_PREAMBLE = """\
<!-- Generated from workflow/schemas by `python -m entangled_drums.configuration.reference`.
     Edit the schemas, not this page. -->

# Configuration

An experiment is one file in `config/experiments/`, and it names one device file in
`config/devices/`. Both are YAML. They are checked in full before anything runs; what is wrong is
told in one line with the file, its line, the key, and what to write instead.

## How numbers are written

- Frequencies and rates are cyclic (rate / 2 pi), in Hz. The end of a name is the unit: `_hz`,
  `_s` (seconds), `_k` (kelvin), `_m` (metres). Names without one are dimensionless or counts.
- YAML reads `1e6` as text. Write `1.0e+6`: with a decimal point and with the sign of the exponent.
- Anchors, aliases, merges, tags, duplicate keys and numbers such as `010` or `1_000` are refused.
- There are no hidden defaults: every key is required unless it is said to be optional.
"""

_CHECKS = """\
## Checks that look at several keys

On the nominal device, at every operating point, in the rotating-wave approximation:

- every drive has a steady state, under what `laboratory` adds to it too; so has, where recordings
  are simulated, every tone of the calibration;
- noise is not correlated more than there is of it (`pump_noise_correlation`, `bath_correlation`);
- `half_span_hz` reaches one full linewidth (full width at half maximum) beyond each line;
- `bin_width_hz` is at most a fifth of the narrowest line, and `duration_s` gives at least 100
  averages of each spectrum;
- the lines of the probe are at least two full linewidths away from the lines of the pumps.

And besides: the name of a file is its `name`; operating points have different names, which keep
three decimals of the ratio; powers that are referred to are in `drive.powers`; the axes of a sweep
are parameters and stay in their ranges; every power with operating points has its sweep, named
`ratio-` and the power, over `drive.ratio` alone, which figures draw through the points; folders and
files that are given exist; the uncertainty of what must be positive is less than its value.
"""

_PLACEHOLDERS = {NAME_PATTERN: "<name>", PARAMETER_PATTERN: "<parameter>"}
_TYPES = {
    "object": "mapping",
    "array": "list",
    "number": "number",
    "integer": "whole number",
    "string": "text",
    "boolean": "true or false",
}


def reference(schema_directory: str | Path) -> str:
    """Return the configuration page.

    Parameters
    ----------
    schema_directory : str or Path
        Folder of ``experiment.yaml`` and ``device.yaml``.

    Returns
    -------
    str
        Markdown, with a final newline.

    Raises
    ------
    ConfigurationError
        If a schema is missing or is not YAML.
    """
    parts = [_PREAMBLE]
    for name, place in (("experiment", "config/experiments"), ("device", "config/devices")):
        schema = load_schema(name, schema_directory)
        parts.append(f"## {schema['title']}: `{place}/<name>.yaml`\n\n{schema['description']}\n")
        parts.extend(_sections(schema))
    parts.append(_CHECKS)
    return "\n".join(parts)


def keys(schema: Mapping[str, Any]) -> Iterator[_Row]:
    """Walk over every key that a schema allows.

    Parameters
    ----------
    schema : mapping
        Whole schema of a file.

    Yields
    ------
    key : str
        Dotted key; a name of the user's choice is ``<name>``, a list item ends in ``[]``.
    part : dict
        Dereferenced schema of the key.
    required : bool
        Whether the key must be there.
    """
    yield from _walk(dereferenced(schema, schema), schema, "")


def _walk(schema: Mapping[str, Any], root: Mapping[str, Any], prefix: str) -> Iterator[_Row]:
    children = [
        (f"{prefix}.{key}" if prefix else key, part, key in schema.get("required", ()))
        for key, part in schema.get("properties", {}).items()
    ]
    children += [
        (f"{prefix}.{_PLACEHOLDERS[pattern]}", part, False)
        for pattern, part in schema.get("patternProperties", {}).items()
    ]
    if "items" in schema:
        children.append((f"{prefix}[]", schema["items"], False))
    for key, part, required in children:
        resolved = dereferenced(part, root)
        yield key, resolved, required
        yield from _walk(resolved, root, key)


def _sections(schema: Mapping[str, Any]) -> Iterator[str]:
    plain: list[_Row] = []
    for key in schema["properties"]:
        part = dereferenced(schema["properties"][key], schema)
        if part["type"] == "object":
            if plain:
                yield _table(plain)
                plain = []
            yield f"### `{key}`\n\n{part['description']}\n"
            rows = list(_walk(part, schema, key))
            # The four entries of a quantity are explained once, not for each of twenty.
            yield _table(_without_quantity_entries(rows))
        else:
            plain.append((key, part, key in schema["required"]))
    if plain:
        yield _table(plain)
    quantity = schema["$defs"].get("quantity")
    if quantity:
        yield f"### The entries of a quantity\n\n{quantity['description']}\n"
        yield _table(list(_walk(quantity, schema, "")))


def _without_quantity_entries(rows: list[_Row]) -> list[_Row]:
    quantities = {key for key, part, _ in rows if _is_quantity(part)}
    return [row for row in rows if row[0].rpartition(".")[0] not in quantities]


def _is_quantity(part: Mapping[str, Any]) -> bool:
    return {"value", "uncertainty", "status", "source"} == set(part.get("properties", {})) and part[
        "properties"
    ]["status"].get("enum") == ["sourced", "assumed"]


def _table(rows: list[_Row]) -> str:
    lines = ["| key | type and range | meaning | example |", "|---|---|---|---|"]
    for key, part, _ in rows:
        example = _flow(part["examples"][0]) if "examples" in part else ""
        cells = (f"`{key}`", _kind(part), part["description"], f"`{example}`" if example else "")
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def _kind(part: Mapping[str, Any]) -> str:
    if _is_quantity(part):
        return f"quantity, value: {_range(part['properties']['value'])}"
    if "enum" in part:
        return "one of: " + ", ".join(f"`{choice}`" for choice in part["enum"])
    limits = _range(part)
    kind = _TYPES[part["type"]]
    return f"{kind}, {limits}" if limits else kind


def _range(part: Mapping[str, Any]) -> str:
    words = {
        "minimum": "at least {}",
        "exclusiveMinimum": "more than {}",
        "maximum": "at most {}",
        "exclusiveMaximum": "less than {}",
        "minItems": "at least {} long",
        "maxItems": "at most {} long",
        "minProperties": "at least {} in it",
        "maxProperties": "at most {} in it",
        "maxLength": "at most {} characters",
    }
    limits = [words[rule].format(plain_number(part[rule])) for rule in words if rule in part]
    return ", ".join(limits)


def _flow(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_flow(part)}" for key, part in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_flow(part) for part in value) + "]"
    if isinstance(value, str):
        return json.dumps(value) if any(c in value for c in ",:#{}[]") else value
    if isinstance(value, float):
        return plain_number(value)
    return str(value)


def main(arguments: list[str] | None = None) -> None:
    """Write the page.

    Parameters
    ----------
    arguments : list of str, optional
        Command line without the program; that of the process if left out.
    """
    parser = argparse.ArgumentParser(description="Write docs/configuration.md from the schemas.")
    parser.add_argument("--schemas", default="workflow/schemas", help="folder of the schemas")
    parser.add_argument("--output", default="docs/configuration.md", help="page to write")
    options = parser.parse_args(arguments)
    Path(options.output).write_text(reference(options.schemas), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
