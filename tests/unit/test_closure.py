"""The import closure finds every module a script can reach, and nothing else."""

import ast
from functools import cache
from pathlib import Path

import pytest

from entangled_drums.provenance.closure import Library

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    package = tmp_path / "src" / "entangled_drums"
    (package / "room").mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "room" / "__init__.py").write_text("")
    (package / "room" / "first.py").write_text("from entangled_drums.base import value\n")
    (package / "room" / "second.py").write_text("import entangled_drums.room.first\n")
    (package / "base.py").write_text("value = 1\n")
    (package / "late.py").write_text("def f():\n    from entangled_drums import base\n")
    (package / "cycle.py").write_text("from entangled_drums import cycle_back\n")
    (package / "cycle_back.py").write_text("from entangled_drums.cycle import x\n")
    (package / "unused.py").write_text("import numpy\n")
    (tmp_path / "scripts").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def closure_of(text: str) -> set[str]:
    Path("scripts/job.py").write_text(text)
    files = Library("src").closure("scripts/job.py")
    assert files[0] == "scripts/job.py"
    assert files[1:] == sorted(files[1:])
    return {Path(file).relative_to("src/entangled_drums").as_posix() for file in files[1:]}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("import numpy", set()),
        ("import entangled_drums.base", {"__init__.py", "base.py"}),
        ("from entangled_drums import base as b", {"__init__.py", "base.py"}),
        ("from entangled_drums.base import value", {"__init__.py", "base.py"}),
        (
            "from entangled_drums.room import second",
            {"__init__.py", "room/__init__.py", "room/second.py", "room/first.py", "base.py"},
        ),
        ("import entangled_drums.late", {"__init__.py", "late.py", "base.py"}),
        ("from entangled_drums import cycle", {"__init__.py", "cycle.py", "cycle_back.py"}),
        ("import entangled_drums_other", set()),
        ("def f():\n    import entangled_drums.base", {"__init__.py", "base.py"}),
        *(
            (text, {"__init__.py", "base.py"})
            for text in (
                "if 1:\n    pass\nelse:\n    import entangled_drums.base",
                "try:\n    pass\nexcept OSError:\n    import entangled_drums.base",
                "try:\n    pass\nfinally:\n    import entangled_drums.base",
                "with open('x'):\n    import entangled_drums.base",
                "match 1:\n    case 1:\n        import entangled_drums.base",
                "class A:\n    async def f(self):\n        import entangled_drums.base",
                "if 1: import entangled_drums.base",
                "import numpy; import entangled_drums.base",
                "x = 1; from entangled_drums import base",
                "import numpy, \\\n    entangled_drums.base",
                "from entangled_drums \\\n    import base",
                "from entangled_drums \\\r\n    import base",
                "import numpy \\\n    , entangled_drums.base",
                "from entangled_drums import (  # one (of two)\n    absent,\n    base,\n)",
                "from entangled_drums import (  # one)\n    absent,\n    base,\n)",
                "from entangled_drums import (\n    base\n); import numpy",
                "import numpy\r\nimport entangled_drums.base\r\n",
                "\ufeffimport entangled_drums.base",
                "'''\nimport numpy\n'''; import entangled_drums.base",
                "'''Words.\n\nimport of words\n'''\nimport entangled_drums.base",
            )
        ),
    ],
)
def test_closure(project: Path, text: str, expected: set[str]) -> None:
    assert closure_of(text) == expected


def test_relative_imports_are_followed(project: Path) -> None:
    (project / "src/entangled_drums/room/third.py").write_text("from ..base import value\n")
    assert "base.py" in closure_of("import entangled_drums.room.third")


def test_every_import_of_every_script_is_found() -> None:
    """Reading statements by themselves gives what parsing whole files gives."""
    library = Library(ROOT / "src")
    scripts = sorted((ROOT / "scripts").glob("*.py"))
    assert len(scripts) > 15
    for script in scripts:
        assert set(library.closure(script)) == reachable(script)


def reachable(script: Path) -> set[str]:
    """Files that a script reaches by its imports."""
    found, pending = {script}, {script}
    while pending:
        new = imported_by(pending.pop()) - found
        found |= new
        pending |= new
    return {str(path) for path in found}


@cache
def imported_by(path: Path) -> set[Path]:
    """Files that a file imports, parsed as a whole."""
    names: list[str] = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names += [f"{node.module}.{alias.name}" for alias in node.names]
    stems = [
        Path(ROOT, "src", *name.split(".")[:depth])
        for name in names
        for depth in range(1, name.count(".") + 2)
    ]
    files = [file for stem in stems for file in (stem / "__init__.py", stem.with_suffix(".py"))]
    return {file for file in files if file.is_file()}


def test_an_edited_import_is_seen_at_once(project: Path) -> None:
    assert "unused.py" not in closure_of("import entangled_drums.base")
    Path("src/entangled_drums/base.py").write_text("import entangled_drums.unused  # edited\n")
    assert "unused.py" in closure_of("import entangled_drums.base")


def test_missing_script_is_named(project: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"scripts/absent\.py"):
        Library("src").closure("scripts/absent.py")
