"""The rooms of the library: a module imports only from rooms above it."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "entangled_drums"

# From the top of the house down: one line per floor, rooms of a floor may import each other.
FLOORS = (
    ("errors", "wording"),
    ("markup", "exhibits"),
    (
        *("validation", "units", "conventions", "ranges", "chunking", "jsonfile", "randomness"),
        "symmetric_root",
        "foreign",
    ),
    ("arrayfile", "prior", "system", "phase_series", "windows"),
    ("parameters",),
    ("model", "nodes"),
    ("tones", "lyapunov", "moments"),
    ("covariance", "elimination"),
    ("entanglement", "floquet"),
    ("spectra", "periodic"),
    ("transient", "probe_disturbance", "sweeps"),
    ("recording", "recording_checks", "recording_format", "recording_quality"),
    ("laboratory", "calibration"),
    ("inference",),
    ("coverage",),
    ("tables", "figures"),
    ("configuration",),
    ("recording_import",),
    ("provenance",),
    ("pages",),
    ("commands",),
    ("cli",),
)
FLOOR = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}
MODULES = sorted(PACKAGE.rglob("*.py"))


def room_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE).parts
    return parts[0].removesuffix(".py")


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names.add(node.module or "")
            if node.module == "entangled_drums":
                names.update(f"entangled_drums.{alias.name}" for alias in node.names)
    return names


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_imports_come_from_above(path: Path) -> None:
    if path == PACKAGE / "__init__.py":
        assert imported(path) == set()
        return
    room = room_of(path)
    assert room in FLOOR, f"{room}: say in FLOORS where this room stands"
    for name in imported(path):
        parts = name.split(".")
        assert parts[0] != "snakemake", f"{path.name} imports Snakemake"
        if parts[0] == "entangled_drums" and len(parts) > 1 and parts[1] != "__version__":
            assert FLOOR[parts[1]] <= FLOOR[room], f"{room} imports {parts[1]}, which is below it"


def test_every_rule_has_its_script_and_every_script_its_rule() -> None:
    rules: dict[str, str] = {}
    for path in (ROOT / "workflow" / "rules").glob("*.smk"):
        for name, body in re.findall(r"(?ms)^rule (\w+):$(.*?)(?=^\S|\Z)", path.read_text("utf-8")):
            (rules[name],) = re.findall(r'script="scripts/(\w+)\.py"', body)
    assert set(rules.values()) == {path.stem for path in (ROOT / "scripts").glob("*.py")}
    assert len(rules) > 5
    assert {name for name, script in rules.items() if name != script} == {"solve_part"}


@pytest.mark.parametrize("path", sorted((ROOT / "scripts").glob("*.py")), ids=lambda p: p.stem)
def test_scripts_are_thin(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree)
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 80
    loops = [node for node in ast.walk(tree) if isinstance(node, ast.While | ast.Try)]
    assert not loops, "logic belongs into the library"
