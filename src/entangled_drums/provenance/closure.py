"""The code a script depends on: itself and every module of this package it can reach by import.

The closure is read off the source text, so it costs no import and cannot forget a module that is
imported inside a function. An import quoted in a docstring, on a line of its own, may be counted
too, which is harmless. What static reading cannot see (an import by computed name) is caught
when the job runs: :mod:`entangled_drums.provenance.job` compares the modules really loaded.
"""

import ast
import os
import re
from collections.abc import Iterator
from pathlib import Path

PACKAGE = "entangled_drums"

_STATEMENT = re.compile(
    rb"(?<!\\\n)(?<!\\\r\n)^[ \t]*(?:import\b|from\b[^\n(]*?\bimport\b)[^\n(]*(?:\([^)]*\)[^\n]*)?",
    re.MULTILINE,
)
_KEYWORD = re.compile(rb"\bimport\b")


class Library:
    """The modules of this package in some folder, each read once, when it is first needed.

    Parameters
    ----------
    source_directory : str or Path
        Folder that holds the package ``entangled_drums``.
    """

    def __init__(self, source_directory: str | Path) -> None:
        self._folder = Path(source_directory)
        self._modules = _modules(self._folder)
        self._imported: dict[str, set[str]] = {}

    def closure(self, script: str | Path) -> list[str]:
        """Return the files a script's result depends on.

        Parameters
        ----------
        script : str or Path
            Python file to start from.

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
        if not Path(script).is_file():
            raise FileNotFoundError(f"script {script} does not exist")
        found: set[str] = set()
        pending = {str(script)}
        while pending:
            new = self._imports(pending.pop()) - found
            found |= new
            pending |= new
        return [str(script), *sorted(found)]

    def _imports(self, path: str) -> set[str]:
        """Return the files of the modules that a file imports, and of the packages they are in."""
        if path not in self._imported:
            names: set[str] = set()
            for node in _import_statements(_parsed(path)):
                if isinstance(node, ast.Import):
                    names.update(alias.name for alias in node.names)
                else:
                    base = self._absolute(node, path)
                    names.update(f"{base}.{alias.name}" for alias in node.names)
            self._imported[path] = {
                self._modules[prefix]
                for name in names
                for prefix in _prefixes(name)
                if prefix in self._modules
            }
        return self._imported[path]

    def _absolute(self, node: ast.ImportFrom, path: str) -> str:
        """Return the full name of what a ``from`` statement imports from."""
        base = node.module or ""
        if not node.level:
            return base
        package = Path(path).relative_to(self._folder).parts[: -node.level]
        return ".".join([*package, *([base] if base else [])])


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


def _parsed(path: str) -> ast.Module:
    """Return a syntax tree that holds all import statements of a file."""
    source = Path(path).read_bytes()
    # Parsing the whole file takes ten times longer. It is needed where the keyword stands anywhere
    # else than in what was found: in prose, or in a statement that does not begin its line or is
    # continued on it.
    statements = b"\n".join(found.lstrip() for found in _STATEMENT.findall(source))
    if len(_KEYWORD.findall(statements)) == len(_KEYWORD.findall(source)):
        try:
            return ast.parse(statements, filename=path)
        except SyntaxError:  # for instance one that a backslash continues on the next line
            pass
    return ast.parse(source, filename=path)


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
