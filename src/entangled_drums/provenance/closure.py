"""The code a script depends on: itself and every module of this package it can reach by import.

The closure is read off the source text, so it costs no import and cannot forget a module that is
imported inside a function. What static reading cannot see (an import by computed name) is caught
when the job runs: :mod:`entangled_drums.provenance.job` compares the modules really loaded.
"""

import ast
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
    found: set[Path] = set()
    pending = list(_imported(script, source_directory))
    while pending:
        module = pending.pop()
        if module not in found:
            found.add(module)
            pending.extend(_imported(module, source_directory))
    return [str(script), *sorted(str(path) for path in found)]


def _imported(path: Path, source_directory: Path) -> set[Path]:
    files: set[Path] = set()
    for name in _imported_names(path, source_directory):
        files.update(_module_files(name, source_directory))
    return files


def _imported_names(path: Path, source_directory: Path) -> set[str]:
    stat = path.stat()
    return _parsed_names(path, source_directory, stat.st_mtime_ns, stat.st_size)


@cache
def _parsed_names(path: Path, source_directory: Path, mtime_ns: int, size: int) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_bytes(), filename=str(path))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                package = path.relative_to(source_directory).parts[: -node.level]
                base = ".".join([*package, *([base] if base else [])])
            names.add(base)
            names.update(f"{base}.{alias.name}" for alias in node.names)
    return {name for name in names if name == PACKAGE or name.startswith(PACKAGE + ".")}


def _module_files(name: str, source_directory: Path) -> list[Path]:
    parts = name.split(".")
    files = []
    for depth in range(1, len(parts) + 1):
        location = source_directory.joinpath(*parts[:depth])
        if (location / "__init__.py").is_file():
            files.append(location / "__init__.py")
        elif location.with_suffix(".py").is_file():
            files.append(location.with_suffix(".py"))
    return files
