"""Strict reading of YAML: one mapping of plain values, each with the line it stands on.

What YAML 1.1 reads differently from what the eye reads is refused: duplicate keys, numbers such
as 010 (octal) and 1_000, unquoted dates, tags, anchors and merges. A configuration that says
one thing and means another would give a wrong result without a word.
"""

import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from entangled_drums.configuration.problems import KeyPath, Problem, fail, shown_key

LARGEST_FILE = 1_000_000
"""Bytes; no config file written by hand comes near it."""

DEEPEST_NESTING = 50
"""Levels; the parser of libyaml recurses and would exhaust the stack of the process."""

# libyaml reads ten times faster; both are safe loaders, which construct nothing but plain values.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_TAG = "tag:yaml.org,2002:"
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]{0,39})")
_FLOAT = re.compile(r"[-+]?([0-9]{1,40}\.[0-9]{0,40}|\.[0-9]{1,40})([eE][-+][0-9]{1,5})?")
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_CONTROL_CHARACTER = re.compile(r"[^\t\n\r\x20-\x7e\x85\xa0-\ufffd\U00010000-\U0010ffff]")
_OPENED = {
    "while parsing a flow sequence": "a list [",
    "while parsing a flow mapping": "a mapping {",
    "while scanning a quoted scalar": "a quoted text",
}
"""What the parser was in, where it has a beginning that the user sees."""
_Place = tuple[int, int]
_INDENTING_TAB = re.compile(r"^ *\t", re.MULTILINE)


@dataclass(frozen=True)
class Document:
    """A YAML file that was read.

    Attributes
    ----------
    file : Path
        Where it was read from.
    tree : dict
        Its content, of dict, list, str, int, float, bool and None; all keys are str.
    lines : dict
        Key path (tuple of keys and list indices) to line of the file, from 1.
    """

    file: Path
    tree: dict[str, Any]
    lines: dict[KeyPath, int]


def read(file: str | Path) -> Document:
    """Read a YAML file whose top level is a mapping.

    Parameters
    ----------
    file : str or Path
        File to read.

    Returns
    -------
    Document

    Raises
    ------
    ConfigurationError
        If the file cannot be read, is not UTF-8, is not YAML, or holds what is refused here.
    """
    file = Path(file)
    text = _text(file)
    for refused, what in (
        (_CONTROL_CHARACTER, "control character; remove it"),
        (_INDENTING_TAB, "tab in the indentation; write spaces"),
    ):
        match = refused.search(text)
        if match:
            line = text.count("\n", 0, match.start()) + 1
            fail(file, [Problem((), what, line)], {})
    marked = _marked(file, text)
    try:
        node = yaml.compose(text, Loader=_LOADER)
    except yaml.YAMLError as error:
        fail(file, [_syntax_problem(error)], {})
    if node is None:
        fail(file, [Problem((), "the file is empty; see docs/configuration.md for its keys")], {})
    if not isinstance(node, yaml.MappingNode):
        what = "the top level is not a mapping; write lines of the form key: value"
        fail(file, [Problem((), what, _line(node))], {})
    construction = _Construction(marked)
    tree = construction.value(node, ())
    if construction.problems:
        fail(file, construction.problems, construction.lines)
    return Document(file, tree, construction.lines)


def _text(file: Path) -> str:
    try:
        with open(file, "rb") as stream:
            content = stream.read(LARGEST_FILE + 1)
    except OSError as error:
        reason = (error.strerror or "cannot be read").lower()
        fail(file, [Problem((), f"{reason}; give the path of a config file that can be read")], {})
    if len(content) > LARGEST_FILE:
        fail(file, [Problem((), "larger than 1 MB; give a config file, not a data file")], {})
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        what = f"byte {error.start} is not UTF-8 text; save the file in the encoding UTF-8"
        fail(file, [Problem((), what, line)], {})


def _marked(file: Path, text: str) -> dict[_Place, str]:
    """Return what is wrong with places that bear a tag or an anchor; refuse deep nesting.

    Composed nodes no longer show either.
    """
    depth = 0
    found = {}
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
                if depth > DEEPEST_NESTING:
                    what = f"nested deeper than {DEEPEST_NESTING} levels; see docs/configuration.md"
                    fail(file, [Problem((), what, _line(event))], {})
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
            if not isinstance(event, yaml.CollectionStartEvent | yaml.ScalarEvent):
                continue
            if event.tag is not None:
                what = f"YAML tag {_shown_tag(event.tag)} is not allowed; remove it"
                found[_place(event)] = what
            elif event.anchor is not None:
                name = shown_key(event.anchor)
                remedy = f"remove it, and write the value out where *{name} stands"
                found[_place(event)] = f"YAML anchor (&{name}); {remedy}"
    except yaml.YAMLError as error:
        fail(file, [_syntax_problem(error)], {})
    return found


def _syntax_problem(error: yaml.YAMLError) -> Problem:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error)
    opened = _OPENED.get(getattr(error, "context", None) or "")
    if opened and mark:
        begins: Any = getattr(error, "context_mark", mark)
        what = f"not valid YAML, {opened} begins here: {problem}, line {mark.line + 1}"
        remedy = "close it, and check commas and quotes up to there"
        return Problem((), f"{what}; {remedy}", begins.line + 1)
    remedy = "check indentation, colons and quotes on this line and the one before"
    return Problem((), f"not valid YAML, {problem}; {remedy}", mark.line + 1 if mark else None)


class _Construction:
    """Plain values from YAML nodes, gathering problems and lines on the way."""

    def __init__(self, marked: dict[_Place, str]) -> None:
        self._marked = marked
        self.problems: list[Problem] = []
        self.lines: dict[KeyPath, int] = {}

    def value(self, node: yaml.Node, path: KeyPath) -> Any:
        self.lines.setdefault(path, _line(node))
        # An alias is the very node of its anchor, and what bears one is not looked into: that
        # refuses cycles and exponentially growing documents too.
        what = self._marked.get(_place(node))
        if what is not None:
            self._add(path, what, _line(node))
            return None
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, (*path, index)) for index, item in enumerate(node.value)]
        return self._scalar(node, path)

    def _mapping(self, node: yaml.MappingNode, path: KeyPath) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            line = _line(key_node)
            what = self._marked.get(_place(key_node))
            if what is not None:
                self._add(path, what, line)
                continue
            if key_node.tag == _TAG + "merge":
                self._add(path, "YAML merge (<<); write the keys out here", line)
                continue
            if not isinstance(key_node, yaml.ScalarNode) or key_node.tag != _TAG + "str":
                read_as = _shown_tag(key_node.tag)
                shown = f'"{shown_key(str(key_node.value))}"'
                if not isinstance(key_node, yaml.ScalarNode):
                    shown = "a key"
                self._add(path, f"{shown} is read as {read_as}, not as a name; quote it", line)
                continue
            key = key_node.value
            if not key or not key.isprintable():
                what = "a key is empty or holds a line break or control character; write a name"
                self._add(path, what, line)
                continue
            if key in result:
                first = self.lines[(*path, key)]
                what = f"duplicate key, first written on line {first}; keep one of the two"
                self._add((*path, key), what, line)
                continue
            self.lines[(*path, key)] = line
            result[key] = self.value(value_node, (*path, key))
        return result

    def _scalar(self, node: yaml.Node, path: KeyPath) -> Any:
        text, kind = node.value, node.tag.removeprefix(_TAG)
        if kind == "str":
            return text
        if kind == "null":
            return None
        if kind == "bool":
            return text.lower() in ("yes", "true", "on")
        if kind == "int":
            if _INTEGER.fullmatch(text):
                return int(text)
        elif kind == "float":
            if _NOT_FINITE.fullmatch(text) or (_FLOAT.fullmatch(text) and _overflows(text)):
                self._add(path, f"{shown_key(text)} is not a finite number; write a finite one")
                return None
            if _FLOAT.fullmatch(text):
                return float(text)
        elif kind == "timestamp":
            self._add(path, f"{shown_key(text)} is read as a date; write it in quotes")
            return None
        else:
            self._add(path, f"YAML tag {_shown_tag(node.tag)} is not allowed; remove it")
            return None
        what = f"{shown_key(text)} is not plainly a decimal number"
        self._add(path, f"{what}; write digits such as 1000, 0.5 or 1.0e+3")
        return None

    def _add(self, path: KeyPath, text: str, line: int | None = None) -> None:
        self.problems.append(Problem(path, text, line))


def _line(place: yaml.Node | yaml.Event) -> int:
    return place.start_mark.line + 1 if place.start_mark else 1


def _place(node: yaml.Node | yaml.Event) -> _Place:
    mark: Any = node.start_mark
    return mark.line, mark.column


def _overflows(text: str) -> bool:
    return math.isinf(float(text))


def _shown_tag(tag: str) -> str:
    return shown_key("!!" + tag.removeprefix(_TAG) if tag.startswith(_TAG) else tag)
