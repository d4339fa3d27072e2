"""A lineage as a tree for the terminal."""

import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

WIDTH = 100
_SHORT = 12


def tree(lineage: Mapping[str, Any]) -> str:
    """Return a lineage as text.

    Parameters
    ----------
    lineage : mapping
        From :func:`entangled_drums.provenance.lineage.trace`.

    Returns
    -------
    str
        Lines without control characters, whatever stands in the records.
    """
    jobs = {job["record"]: job for job in lineage["jobs"]}
    # First: what follows is what the records say, which a damaged file is not.
    lines = [f"PROBLEM: {problem}" for problem in lineage["problems"]]
    lines += [*_head(lineage), ""]
    first = lineage["jobs"][0]
    lines += _branch(lineage["target"]["name"], first["record"], jobs, set(), "", "")
    lines += ["", *_parameters(lineage["parameters"])]
    return "\n".join(_clean(line) for line in lines) + "\n"


def cell_name(target: Mapping[str, Any]) -> str:
    """Return a target's cell in one line: its column, its row and the number."""
    cell = target["cell"]
    shown = cell["text"] or "(empty)"
    if cell["uncertainty"]:
        shown += f" ± {cell['uncertainty']}"
    row = cell["row"]
    words = [row[key] for key in ("operating_point", "route") if row.get(key)]
    return f"{', '.join([cell['column'], *words])} = {shown}"


def _head(lineage: Mapping[str, Any]) -> Iterator[str]:
    target, made = lineage["target"], lineage["made"]
    if target["note"]:
        yield target["note"]
    yield f"{target['folder']}/{target['name']}  recorded sha256 {target['digest']}"
    if target["cell"]:
        yield cell_name(target)
        origin = target["cell"]["from"]
        if origin:
            yield f"  taken from {origin['name']}: {origin['key']}"
    if "commit" in made:
        changed = {True: " with uncommitted changes", False: "", None: ""}
        commit = made["commit"] or "not known (no git repository)"
        yield f"commit {commit}{changed[made['uncommitted_changes']]}, audited {made['utc']}"
        yield f"on {made['processor']}, {', '.join(made['blas'])}"
    yield f"root digest {made['root_digest']}"


def _branch(
    name: str,
    record: str | None,
    jobs: Mapping[str, Any],
    seen: set[str],
    joint: str,
    margin: str,
) -> Iterator[str]:
    job = jobs.get(record or "")
    if job is None:
        yield f"{joint}{name}" + ("" if record else "  (from outside the results)")
        return
    if job["record"] in seen:
        yield f"{joint}{name}  (see above)"
        return
    seen.add(job["record"])
    yield f"{joint}{name}"
    branches = [item for item in job["inputs"] if item["record"] is None or item["record"] in jobs]
    inner = margin + ("│  " if branches else "   ")
    details = list(_details(job))
    if len(jobs) == 1 and job["inputs"]:
        details.append(f"made from: {', '.join(item['name'] for item in job['inputs'])}")
    for line in details:
        yield from textwrap.wrap(
            line,
            WIDTH,
            initial_indent=inner,
            subsequent_indent=inner + "  ",
            break_long_words=False,
        )
    for position, item in enumerate(branches):
        last = position == len(branches) - 1
        yield from _branch(
            item["name"],
            item["record"],
            jobs,
            seen,
            margin + ("└─ " if last else "├─ "),
            margin + ("   " if last else "│  "),
        )


def _details(job: Mapping[str, Any]) -> Iterator[str]:
    yield f"rule {job['rule']}, {job['script']}, record {job['id'][:_SHORT]}"
    modules = [name.removeprefix("src/entangled_drums/") for name in job["modules"]]
    own = [name for name in modules if not name.startswith("provenance/")]
    shown = [name for name in own if not name.endswith("__init__.py")]
    yield f"library: {', '.join(shown)}, and the job wrapper"
    if job["config_keys"]:
        yield f"config: {', '.join(_folded(job['config_keys']))}"
    if job["seed"]:
        seed = job["seed"]
        yield (
            f"random numbers: {seed}"
            if not isinstance(seed, dict)
            else (f"random numbers: {'/'.join(str(part) for part in _seed_parts(seed))}")
        )
    if job["log"]:
        yield f"log: {job['log']}"


def _seed_parts(seed: Mapping[str, Any]) -> list[Any]:
    index = seed.get("index")
    return [seed.get("root"), seed.get("dataset"), *(index if isinstance(index, list) else [])]


def _folded(keys: list[str]) -> list[str]:
    """Device keys by section: they are many, and stand at the end with their values."""
    groups: dict[str, int] = {}
    for key in keys:
        parts = key.split(".")
        group = ".".join(parts[:2]) if parts[0] == "device" else key
        groups[group] = groups.get(group, 0) + 1
    return [f"{group} ({count} keys)" if count > 1 else group for group, count in groups.items()]


def _parameters(parameters: list[dict[str, Any]]) -> Iterator[str]:
    yield "Config used along this chain:" if parameters else "No config used."
    for item in parameters:
        line = f"  {item['key']} = {_value(item['value'])}"
        if item["uncertainty"] is not None:
            line += f" ± {item['uncertainty']}"
        if item["file"]:
            line += f"  [{item['file']}" + (f":{item['line']}]" if item["line"] else "]")
        yield line
        if item["status"]:
            yield from textwrap.wrap(
                f"{item['status']}: {item['source']}",
                WIDTH,
                initial_indent="      ",
                subsequent_indent="      ",
            )


def _value(value: Any) -> str:
    text = str(value)
    return text if len(text) <= WIDTH // 2 else f"{text[: WIDTH // 2]}…"


def _clean(line: str) -> str:
    return "".join(character if character.isprintable() else "\ufffd" for character in line)
