"""A document against its JSON schema (draft 2020-12): problems in plain words, resolved values."""

import math
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from entangled_drums.configuration.problems import (
    KeyPath,
    Problem,
    closest,
    did_you_mean,
    plain_number,
    shown,
    shown_key,
)

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError

NAME_PATTERN = "^[a-z0-9][a-z0-9-]{0,62}$"
"""What the name of an experiment, a device, a power or a sweep looks like."""

PARAMETER_PATTERN = "^[^.]+[.][^.]+$"
"""What the full name of a parameter looks like."""

NOT_BLANK_PATTERN = r"\S"
"""What text must contain."""

_NAME_RULE = (
    "write lower-case letters, digits and hyphens only, no hyphen first, at most 63 characters"
)
_PARAMETER_RULE = "write the full name of a parameter, for example drive.ratio"
_TYPES = {
    "object": "a mapping",
    "array": "a list",
    "number": "a number",
    "integer": "a whole number",
    "string": "text",
    "boolean": "true or false",
}
_LIMITS = {
    "minimum": "at least",
    "maximum": "at most",
    "exclusiveMinimum": "more than",
    "exclusiveMaximum": "less than",
}
_NUMBER_AS_TEXT = re.compile(r"\s*([-+]?)(\d+)(?:\.(\d*))?(?:[eE]([-+]?)(\d{1,9}))?\s*", re.ASCII)
_NUMBER_WITH_UNIT = re.compile(r"\s*[-+]?\d[\d.eE+-]*\s*[a-zA-Zµ°%]+\S*\s*", re.ASCII)


def problems(tree: object, schema: Mapping[str, Any]) -> list[Problem]:
    """Return everything in which a value departs from its schema.

    Parameters
    ----------
    tree : object
        Plain built-ins.
    schema : mapping
        JSON schema, draft 2020-12; references only within it.

    Returns
    -------
    list of Problem
        Empty if the value is valid.
    """
    from jsonschema import Draft202012Validator

    found: dict[tuple[KeyPath, str], Problem] = {}
    for error in Draft202012Validator(schema).iter_errors(tree):
        for problem in _told(error):
            found.setdefault((problem.path, problem.text), problem)
    return list(found.values())


def resolved(value: Any, schema: Mapping[str, Any], root: Mapping[str, Any]) -> Any:
    """Return a valid value with sorted keys and the number types of its schema.

    Then equal settings are equal data, whether 1800 or 1800.0 was written.

    Parameters
    ----------
    value : object
        Plain built-ins, valid under the schema.
    schema : mapping
        The part of the schema for this value.
    root : mapping
        The whole schema, in which references are looked up.

    Returns
    -------
    object
        Plain built-ins; nothing is shared with `value`.
    """
    schema = dereferenced(schema, root)
    if isinstance(value, dict):
        return {
            key: resolved(value[key], subschema(schema, key, root), root) for key in sorted(value)
        }
    if isinstance(value, list):
        return [resolved(item, schema["items"], root) for item in value]
    if schema.get("type") == "number":
        return float(value)
    if schema.get("type") == "integer":
        return int(value)
    return value


def dereferenced(schema: Mapping[str, Any], root: Mapping[str, Any]) -> dict[str, Any]:
    """Return a schema with its reference, if any, merged in.

    Parameters
    ----------
    schema : mapping
        Part of a schema; its own entries stand above those of what it refers to, and
        ``properties`` are merged key by key.
    root : mapping
        The whole schema.

    Returns
    -------
    dict
    """
    merged = dict(schema)
    reference = merged.pop("$ref", None)
    if reference is None:
        return merged
    base = dereferenced(root["$defs"][reference.removeprefix("#/$defs/")], root)
    below, above = base.get("properties", {}), merged.get("properties", {})
    if below or above:
        merged["properties"] = {
            key: {**below.get(key, {}), **above.get(key, {})} for key in {**below, **above}
        }
    return {**base, **merged}


def subschema(schema: Mapping[str, Any], key: str, root: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema of one key of a mapping.

    Parameters
    ----------
    schema : mapping
        Dereferenced schema of the mapping.
    key : str
        Key that is allowed there.
    root : mapping
        The whole schema.

    Returns
    -------
    dict
        Dereferenced.

    Raises
    ------
    KeyError
        If the schema does not allow the key.
    """
    if key in schema.get("properties", {}):
        return dereferenced(schema["properties"][key], root)
    for pattern, part in schema.get("patternProperties", {}).items():
        if re.search(pattern, key):
            return dereferenced(part, root)
    raise KeyError(key)


def _told(error: "ValidationError") -> Iterator[Problem]:
    path: KeyPath = tuple(error.absolute_path)
    value, rule, limit = error.instance, error.validator, error.validator_value
    schema: Mapping[str, Any] = error.schema
    if rule == "additionalProperties":
        yield from _unknown_keys(path, value, schema)
    elif rule == "required":
        yield from _missing_keys(path, value, schema)
    elif rule == "type":
        yield Problem(path, _wrong_type(value, schema))
    elif rule in _LIMITS:
        what = f"{shown(value)} is out of range; write {_LIMITS[rule]} {shown(limit)}"
        yield Problem(path, what)
    elif rule == "enum" and isinstance(value, str) and len(limit) > 1:
        yield Problem(path, f"unknown word {shown(value)}; {did_you_mean(value, limit)}")
    elif rule == "enum":
        choices = " or ".join(shown(choice) for choice in limit)
        yield Problem(path, f"{shown(value)} is not known here; write {choices}")
    elif rule == "not":
        taken = " or ".join(shown(word) for word in limit["enum"])
        yield Problem(
            path, f"{shown(value)} has a meaning of its own; write a name other than {taken}"
        )
    elif rule == "pattern" and limit == NAME_PATTERN:
        yield Problem(path, f"{shown(value)} is not a name; {_NAME_RULE}")
    elif rule == "pattern" and limit == NOT_BLANK_PATTERN:
        yield Problem(path, "blank text; write what docs/configuration.md asks for here")
    elif rule == "maxLength":
        yield Problem(path, f"{len(value)} characters; write at most {limit}")
    elif rule in ("minItems", "minProperties"):
        yield Problem(path, f"empty; write at least {limit} {_entries(limit)}")
    elif rule in ("maxItems", "maxProperties"):
        yield Problem(path, f"{len(value)} entries; write at most {limit}")
    elif rule == "uniqueItems":
        yield Problem(path, "an entry stands twice; write each entry once")
    else:
        yield Problem(path, f"{error.message}; see docs/configuration.md")


def _has_scalar(schema: Mapping[str, Any]) -> bool:
    return "examples" in schema and not isinstance(schema["examples"][0], dict | list)


def _entries(count: int) -> str:
    return "entry" if count == 1 else "entries"


def _unknown_keys(
    path: KeyPath, value: dict[str, Any], schema: Mapping[str, Any]
) -> Iterator[Problem]:
    properties = schema.get("properties", {})
    patterns = schema.get("patternProperties", {})
    for key in value:
        if key in properties or any(re.search(pattern, key) for pattern in patterns):
            continue
        if NAME_PATTERN in patterns:
            yield Problem((*path, key), f"{shown(key)} is not a name; {_NAME_RULE}")
        elif PARAMETER_PATTERN in patterns:
            yield Problem((*path, key), f"{shown(key)} is not a parameter; {_PARAMETER_RULE}")
        else:
            close = closest(key, [name for name in properties if name not in value])
            choices = f"remove it, the keys here are: {', '.join(properties)}"
            remedy = choices if close is None else f"did you mean {close}?"
            yield Problem((*path, key), f"unknown key; {remedy}")


def _missing_keys(
    path: KeyPath, value: dict[str, Any], schema: Mapping[str, Any]
) -> Iterator[Problem]:
    # jsonschema reports one missing key at a time and names it only in its message; here all are
    # worked out each time, and equal problems are told once.
    properties = schema["properties"]
    unknown = [key for key in value if key not in properties]
    for key in schema["required"]:
        if key in value:
            continue
        # A misspelt key is told as unknown, with the right spelling; telling the right one as
        # missing too would be one problem told twice.
        if any(
            closest(word, [name for name in properties if name not in value]) == key
            for word in unknown
        ):
            continue
        if key == "source" and value.get("status") == "sourced":
            what = (
                "status is sourced but source is missing; write where the number can be looked up"
            )
        else:
            what = f"missing key{_written_as(key, properties.get(key, {}))}"
        yield Problem((*path, key), what)


def _written_as(key: str, schema: Mapping[str, Any]) -> str:
    if _has_scalar(schema):
        return f"; write for example {shown_key(key)}: {shown(schema['examples'][0])}"
    return "; add it, docs/configuration.md shows how"


def _wrong_type(value: object, schema: Mapping[str, Any]) -> str:
    expected = schema["type"]
    noun = _TYPES[expected]
    if value is None:
        what = f"empty, expected {noun}"
    elif isinstance(value, dict | list):
        what = f"{shown(value)}, expected {noun}"
    else:
        kind = "true/false" if isinstance(value, bool) else _TYPES[_json_type(value)]
        what = f"{shown(value)} is {kind}, expected {noun}"
    if isinstance(value, str) and expected in ("number", "integer"):
        plain = _number_from_text(value)
        if plain is not None:
            return f"{what}; write {plain}"
        if _NUMBER_WITH_UNIT.fullmatch(value) and not _NUMBER_AS_TEXT.fullmatch(value):
            return f"{what}; write the number alone, its unit ends the name of the key"
    if expected == "object" and schema.get("properties"):
        return f"{what}; write the keys {', '.join(schema['properties'])}"
    if expected == "string" and not isinstance(value, dict | list) and value is not None:
        return f"{what}; write it in quotes if it is meant as text"
    if "examples" in schema:
        return f"{what}; write for example {_example(schema['examples'][0])}"
    return f"{what}; see docs/configuration.md"


def _example(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_example(part)}" for key, part in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_example(part) for part in value) + "]"
    return plain_number(value) if isinstance(value, float) else str(value)


def _json_type(value: object) -> str:
    if isinstance(value, str):
        return "string"
    return "integer" if isinstance(value, int) else "number"


def _number_from_text(text: str) -> str | None:
    match = _NUMBER_AS_TEXT.fullmatch(text)
    if match is None or not math.isfinite(float(text)):
        return None
    sign, whole, fraction, exponent_sign, exponent = match.groups()
    sign = "-" if sign == "-" else ""
    whole = whole.lstrip("0") or "0"
    if exponent is None:
        return f"{sign}{whole}" + (f".{fraction or '0'}" if fraction is not None else "")
    return f"{sign}{whole}.{fraction or '0'}e{exponent_sign or '+'}{exponent}"
