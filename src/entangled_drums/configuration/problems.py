"""What is wrong with a config file, told in one line.

Every message reads ``file:line: key: what is wrong; what to write instead``. If more is wrong, the
first problem in the order of the file is told, and the number of the others.
"""

import difflib
import json
import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from entangled_drums.errors import ConfigurationError

KeyPath = tuple[str | int, ...]

_PLAIN_KEY = re.compile(r"[A-Za-z0-9_-]{1,63}")
_LONGEST = 60


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong.

    Attributes
    ----------
    path : tuple of str and int
        Keys and list indices that lead to the place; empty for the file as a whole.
    text : str
        What is wrong and what to write instead, without the place.
    line : int or None
        Line of the file, from 1, where it is known better than from `path`.
    """

    path: KeyPath
    text: str
    line: int | None = None


def fail(file: str | Path, problems: Iterable[Problem], lines: Mapping[KeyPath, int]) -> NoReturn:
    """Raise the first problem of a file, with the number of the others.

    Parameters
    ----------
    file : str or Path
        File that the problems are in.
    problems : iterable of Problem
        At least one.
    lines : mapping
        Key path to line of the file, from 1.

    Raises
    ------
    ConfigurationError
        Always.
    """

    def line_of(problem: Problem) -> int:
        path = problem.path
        while path and path not in lines:
            path = path[:-1]
        return problem.line if problem.line is not None else lines.get(path, 0)

    ordered = sorted(problems, key=line_of)
    first, line = ordered[0], line_of(ordered[0])
    place = f"{file}:{line}" if line else f"{file}"
    key = f"{dotted(first.path)}: " if first.path else ""
    more = f" (and {len(ordered) - 1} more)" if len(ordered) > 1 else ""
    raise ConfigurationError(one_line(f"{place}: {key}{first.text}{more}"))


def dotted(path: KeyPath) -> str:
    """Return a key path as users write it, ``drive.powers.strong`` or ``routes[0]``.

    Parameters
    ----------
    path : tuple of str and int
        Keys and list indices.

    Returns
    -------
    str
        Keys that hold a dot or another special character stand in square brackets.
    """
    text = ""
    for part in path:
        if isinstance(part, str) and _PLAIN_KEY.fullmatch(part):
            text += f".{part}" if text else part
        else:
            text += f"[{part if isinstance(part, int) else shown_key(part)}]"
    return text


def shown(value: object) -> str:
    """Return a value as a message shows it: in JSON, cut to a readable length.

    Parameters
    ----------
    value : object
        Plain built-in.

    Returns
    -------
    str
    """
    if value is None:
        return "empty"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, float):
        return plain_number(value)
    if isinstance(value, str):
        return json.dumps(_cut(value), ensure_ascii=False)
    return _cut(json.dumps(value))


def plain_number(value: float) -> str:
    """Return a number in a form that YAML 1.1 reads back as a number, ``1.4e+5`` for example.

    Parameters
    ----------
    value : float or int
        Finite number.

    Returns
    -------
    str
    """
    if isinstance(value, int) or value == 0 or 1e-3 <= abs(value) < 1e4:
        return _cut(repr(value))
    mantissa, exponent = f"{value:.12e}".split("e")
    whole, _, fraction = mantissa.rstrip("0").partition(".")
    return f"{whole}.{fraction or '0'}e{int(exponent):+d}"


def shown_key(key: str) -> str:
    """Return a key as a message shows it, cut to a readable length.

    Parameters
    ----------
    key : str

    Returns
    -------
    str
    """
    return _cut(key)


def did_you_mean(word: str, choices: Iterable[str]) -> str:
    """Return the remedy for a misspelt word.

    Parameters
    ----------
    word : str
        What was written.
    choices : iterable of str
        What may stand there.

    Returns
    -------
    str
        ``did you mean ...?`` if a choice is close, the list of all choices otherwise.
    """
    choices = sorted(choices)
    close = closest(word, choices)
    if close is not None:
        return f"did you mean {close}?"
    return f"write one of: {', '.join(choices)}" if choices else "there is none yet, add it"


def closest(word: str, choices: Iterable[str]) -> str | None:
    """Return the choice that a misspelt word most likely stands for.

    Parameters
    ----------
    word : str
        What was written.
    choices : iterable of str
        What may stand there.

    Returns
    -------
    str or None
        None if nothing is close.
    """
    found = difflib.get_close_matches(word[:200].lower(), sorted(choices), n=1, cutoff=0.6)
    return found[0] if found else None


def one_line(text: str) -> str:
    """Return text without line breaks and control characters.

    Parameters
    ----------
    text : str

    Returns
    -------
    str
    """
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."


def rounded_up(value: float) -> float:
    """Return two digits that a user may be told to write, not less than a value."""
    return _rounded(value, math.ceil)


def rounded_down(value: float) -> float:
    """Return two digits that a user may be told to write, not more than a value."""
    return _rounded(value, math.floor)


def _rounded(value: float, direction: Callable[[float], int]) -> float:
    # Two digits are what a user wants to write; rounding keeps the suggestion on the right side.
    if value <= 0:
        return 0.0
    step = 10.0 ** (math.floor(math.log10(value)) - 1)
    return float(direction(value / step) * step)
