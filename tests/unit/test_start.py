"""What jobs load before they begin: they are short, so it is a good part of their cost."""

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


def test_scripts_that_draw_nothing_load_nothing_slow() -> None:
    scripts = [
        path
        for path in sorted((ROOT / "scripts").glob("*.py"))
        if not path.stem.startswith("draw_f")
    ]
    assert len(scripts) > 15
    loaded = subprocess.run(
        [sys.executable, "-c", LOAD, *map(str, scripts)],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert "numpy" in loaded
    assert [name for name in SLOW if name in loaded] == []
