"""What jobs, and the workflow itself, load before they begin: it is a good part of their cost."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SLOW = ("scipy.stats", "emcee", "matplotlib", "IPython", "arviz")

LOAD = """
import ast, sys
from pathlib import Path
for path in map(Path, sys.argv[1:]):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    tree.body = [line for line in tree.body if isinstance(line, ast.Import | ast.ImportFrom)]
    exec(compile(tree, str(path), "exec"), {})
print(*sys.modules)
"""


LOAD_CONFIGS = """
import sys
from entangled_drums.configuration.experiment import load_experiment
for path in sys.argv[1:]:
    load_experiment(path, schema_directory="workflow/schemas", device_directory="config/devices")
print(*sys.modules)
"""


def test_scripts_that_draw_nothing_load_nothing_slow() -> None:
    scripts = [
        path
        for path in sorted((ROOT / "scripts").glob("*.py"))
        if not path.stem.startswith("draw_f")
    ]
    assert len(scripts) > 15
    loaded = modules(LOAD, scripts)
    assert "numpy" in loaded
    assert [name for name in SLOW if name in loaded] == []


def test_config_is_checked_without_loading_a_simulation() -> None:
    experiments = sorted((ROOT / "config" / "experiments").glob("*.yaml"))
    assert any("in_time:" in path.read_text(encoding="utf-8") for path in experiments)
    loaded = modules(LOAD_CONFIGS, experiments)
    assert "jsonschema" in loaded
    assert [name for name in ("scipy", "xarray", "pandas") if name in loaded] == []


def modules(program: str, paths: list[Path]) -> list[str]:
    """Names of all modules that a program has loaded when it has dealt with these files."""
    return subprocess.run(
        [sys.executable, "-c", program, *map(str, paths)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
