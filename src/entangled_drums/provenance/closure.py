"""The code a script depends on: itself and every module of this package it can reach by import.

The closure is read off the source text, so it costs no import and cannot forget a module that is
imported inside a function. What static reading cannot see (an import by computed name) is caught
when the job runs: :mod:`entangled_drums.provenance.job` compares the modules really loaded.
"""

import ast
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path

PACKAGE = "entangled_drums"


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
        If a file on the way is not valid Python.
    """
    script, source_directory = Path(script), Path(source_directory)
    if not script.is_file():
        raise FileNotFoundError(f"script {script} does not exist")
    modules = _modules(source_directory)
    found: set[str] = set()
    pending = [str(script)]
    while pending:
        for name in _imported_names(pending.pop(), str(source_directory)):
            for module in _prefixes(name):
                file = modules.get(module)
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


def _prefixes(name: str) -> list[str]:
    parts = name.split(".")
    return [".".join(parts[:depth]) for depth in range(1, len(parts) + 1)]


def _imported_names(path: str, source_directory: str) -> set[str]:
    stat = os.stat(path)
    return _parsed_names(path, source_directory, stat.st_mtime_ns, stat.st_size)


@cache
def _parsed_names(path: str, source_directory: str, mtime_ns: int, size: int) -> set[str]:
    names: set[str] = set()
    for node in _import_statements(ast.parse(Path(path).read_bytes(), filename=path)):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        else:
            base = node.module or ""
            if node.level:
                package = Path(path).relative_to(source_directory).parts[: -node.level]
                base = ".".join([*package, *([base] if base else [])])
            names.add(base)
            names.update(f"{base}.{alias.name}" for alias in node.names)
    return {name for name in names if name == PACKAGE or name.startswith(PACKAGE + ".")}


def _import_statements(tree: ast.Module) -> Iterator[ast.Import | ast.ImportFrom]:
    # Statements only: an import cannot stand in an expression, and most of a tree is expressions.
    pending: list[ast.AST] = [tree]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node
        else:
            for block in ("body", "orelse", "finalbody", "handlers", "cases"):
                pending.extend(getattr(node, block, ()))
