"""What docs/files.md says of the files of an experiment."""

import csv
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import xarray

UNCERTAINTY = "_uncertainty"


@dataclass(frozen=True)
class Section:
    """One heading: the files it is about, and the keys it describes."""

    patterns: tuple[str, ...]
    keys: frozenset[str]

    def is_about(self, name: str) -> bool:
        return any(re.fullmatch(_expression(pattern), name) for pattern in self.patterns)


def sections(page: str) -> list[Section]:
    """Every section of the page that is about files."""
    return [
        Section(
            tuple(re.findall("`([^`]+)`", head)),
            frozenset(
                key
                for row in re.findall(r"^\| (`.*?) \|", body, flags=re.M)
                for key in re.findall("`([^`]+)`", row)
            ),
        )
        for head, body in re.findall(r"^### (`.*)\n((?:(?!##).*\n?)*)", page, flags=re.M)
    ]


def is_described(name: str, page: str) -> bool:
    """Tell whether a file has a section on the page."""
    return any(section.is_about(name) for section in sections(page))


def undescribed(results: Path, page: str) -> Iterator[str]:
    """What stands in a results folder and not on the page."""
    described = sections(page)
    for path in sorted(path for path in results.rglob("*") if path.is_file()):
        name = path.relative_to(results).as_posix()
        # The most particular heading counts: table_s2.csv before <id>.csv.
        found = sorted(
            (section for section in described if section.is_about(name)),
            key=lambda section: min(pattern.count("<") for pattern in section.patterns),
        )
        if not found:
            yield f"{name}: no section"
            continue
        for key in sorted(_keys(path) - found[0].keys):
            yield f"{name}: {key} is not described under {found[0].patterns[0]}"


def _keys(path: Path) -> set[str]:
    """Keys of a JSON file, columns of a table, variables of a netCDF file without description."""
    if "logs" in path.parts or "benchmarks" in path.parts:
        return set()
    if path.suffix == ".json":
        return set(json.loads(path.read_text(encoding="utf-8"))) - {"record_id"}
    if path.suffix == ".csv":
        with open(path, encoding="utf-8", newline="") as stream:
            header = next(csv.reader(stream))
        return {name.removesuffix(UNCERTAINTY) for name in header}
    if path.suffix == ".nc":
        with xarray.open_datatree(path, engine="h5netcdf") as tree:
            return {
                str(name)
                for node in tree.subtree
                for name, variable in node.variables.items()
                if not {"units", "description"} <= set(variable.attrs)
            }
    return set()


def _expression(pattern: str) -> str:
    parts = re.split(r"(\*\*/?|<\w+>)", pattern)
    known = {"**/": "(?:.*/)?", "**": ".*"}
    return "".join(
        known.get(part, "[^/.]+" if part.startswith("<") else re.escape(part)) for part in parts
    )
