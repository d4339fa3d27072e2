"""The code a script depends on: itself and every module of this package it can reach by import.

The closure is read off the source text, so it costs no import and cannot forget a module that is
imported inside a function. An import quoted in a docstring, on a line of its own, may be counted
too, which is harmless. What static reading cannot see (an import by computed name) is caught
when the job runs: :mod:`entangled_drums.provenance.job` compares the modules really loaded.
"""

import ast
import os
import re
from functools import cache
from pathlib import Path

PACKAGE = "entangled_drums"

_STATEMENT = re.compile(
    rb"^[ \t]*(?:import\b|from\b[^\n(]*?\bimport\b)[^\n(]*(?:\([^)]*\)[^\n]*)?", re.MULTILINE
)
_KEYWORD = re.compile(rb"\bimport\b")


def import_closure(script: str | Path, source_directory: str | Path) -> list[str]:
    """Return the files a script's result depends on.

    Parameters
    ----------
    script : str or Path
        Python file to start from.
    source_directory : str or Path
        Folder that holds the package ``entangled_drums``.

    Returns
    -------
    list of str
        The script first, then the package's modules sorted by path, as given (relative paths
        stay relative).

    Raises
    ------
    FileNotFoundError
        If the script does not exist.
    SyntaxError
        If the imports of a file on the way are not valid Python.
    """
    script, source_directory = Path(script), Path(source_directory)
    if not script.is_file():
        raise FileNotFoundError(f"script {script} does not exist")
    modules = _modules(source_directory)
    found: set[str] = set()
    pending = [str(script)]
    while pending:
        for name in _imported_names(pending.pop(), str(source_directory)):
            file = modules.get(name)
            if file is not None and file not in found:
                found.add(file)
                pending.append(file)
    return [str(script), *sorted(found)]


def _modules(source_directory: Path) -> dict[str, str]:
    """Return the file of every module of the package, by its dotted name."""
    files: dict[str, str] = {}
    for folder, _, names in os.walk(source_directory / PACKAGE):
        package = ".".join(Path(folder).relative_to(source_directory).parts)
        for name in names:
            if name == "__init__.py":
                files[package] = os.path.join(folder, name)
            elif name.endswith(".py"):  # a package goes before a module of the same name
                files.setdefault(f"{package}.{name[:-3]}", os.path.join(folder, name))
    return files


def _imported_names(path: str, source_directory: str) -> set[str]:
    """Return the names that a file imports from the package, and the packages they are in."""
    stat = os.stat(path)
    return _parsed_names(path, source_directory, stat.st_mtime_ns, stat.st_size)


@cache
def _parsed_names(path: str, source_directory: str, mtime_ns: int, size: int) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(_import_statements(path)):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                package = Path(path).relative_to(source_directory).parts[: -node.level]
                base = ".".join([*package, *([base] if base else [])])
            names.add(base)
            names.update(f"{base}.{alias.name}" for alias in node.names)
    return {
        ".".join(parts[: depth + 1])
        for parts in (name.split(".") for name in names)
        if parts[0] == PACKAGE
        for depth in range(len(parts))
    }


def _import_statements(path: str) -> ast.Module:
    """Return a syntax tree that holds all import statements of a file."""
    source = Path(path).read_bytes()
    # Parsing the whole file takes ten times longer. It is needed where the keyword stands anywhere
    # else than in what was found: in prose, or in a statement that does not begin its line.
    statements = b"\n".join(found.lstrip() for found in _STATEMENT.findall(source))
    if len(_KEYWORD.findall(statements)) == len(_KEYWORD.findall(source)):
        try:
            return ast.parse(statements, filename=path)
        except SyntaxError:  # for instance continued on the next line by a backslash
            pass
    return ast.parse(source, filename=path)
