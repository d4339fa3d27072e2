"""Where a result comes from: every job between it and the lines of the config files.

A results folder is enough: records name rule, script, modules, settings and inputs; the resolved
config holds the parameters with their sources; the manifest knows the lines of the config files.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from entangled_drums import jsonfile
from entangled_drums.errors import EntangledDrumsError, ProvenanceError
from entangled_drums.provenance.carried import carried_record
from entangled_drums.provenance.cells import Cell, find_cell
from entangled_drums.provenance.chain import Chain, read_chain, root_digest
from entangled_drums.provenance.digest import file_digest
from entangled_drums.provenance.manifest import MANIFEST, RESOLVED, read_manifest
from entangled_drums.provenance.record import SUFFIX, record_path

SCHEMA = 1
FOLDERS = ("tables", "figures")
"""Where a result given by its bare name, such as ``fig4``, is looked for."""

_PREFERRED = (".csv", ".pdf", ".json", ".nc")


@dataclass(frozen=True)
class Target:
    """A result to be traced.

    Attributes
    ----------
    folder : Path
        ``results/<experiment>``.
    name : str
        Path of the result, relative to `folder`.
    note : str
        How the file that was given relates to it; empty if it is that very file.
    """

    folder: Path
    name: str
    note: str = ""


def find_target(given: str, folders: Iterable[str | Path]) -> Target:
    """Find the result that a user means.

    Parameters
    ----------
    given : str
        Path of a result, or of a copy of one that carries its record's id, or a bare name such as
        ``fig4`` or ``table_s2``.
    folders : iterable of str or Path
        Results folders to look in for copies and bare names.

    Returns
    -------
    Target

    Raises
    ------
    ProvenanceError
        If nothing is found; the message says what was looked for and where.
    """
    path, places = Path(given), [Path(folder) for folder in folders]
    if path.is_file():
        inside = _inside(path)
        return inside or _copy(path, places)
    if path.exists():
        raise ProvenanceError(f"{given}: is a folder; give a file of it")
    if not re.fullmatch(r"[\w-]+", given):
        raise ProvenanceError(f"{given}: does not exist; give a result, or a name such as fig4")
    for folder in places:
        for kind in FOLDERS:
            for suffix in _PREFERRED:
                if (folder / kind / f"{given}{suffix}").is_file():
                    return Target(folder, f"{kind}/{given}{suffix}")
    raise ProvenanceError(
        f"{given}: no figure or table of that name in {_shown(places)}; give its path"
    )


def trace(target: Target, cell: str | None = None) -> dict[str, Any]:
    """Return the chain of a result back to the config files.

    Parameters
    ----------
    target : Target
    cell : str, optional
        What tells one number of a table, such as ``"duan, 140 kHz, x=0.62, direct"``.

    Returns
    -------
    dict
        Plain built-ins: ``target``, ``jobs`` (the job that made it first, and every job before
        those that used it), ``parameters``, ``made``, ``problems``.

    Raises
    ------
    ProvenanceError
        If the result has no record that can be believed, or the cell is not found.
    """
    chain = read_chain(target.folder)
    first = record_path(target.name).as_posix()
    if first in chain.broken:
        raise ProvenanceError(f"{target.folder / first}: {chain.broken[first]}")
    if target.name == first or target.name not in chain.producers:
        raise ProvenanceError(f"{target.folder / target.name}: no record lists it as a result")
    chosen = find_cell(target.folder / target.name, cell) if cell is not None else None
    step = _source_of(chain, first, chosen) if chosen else None
    manifest = _manifest(target.folder)
    logs = _logs(target.folder)
    jobs, problems = [], []
    order = _order(chain, first, step.name if step else None)
    for depth, record in order:
        job = _job(chain, record, depth, logs)
        jobs.append(job)
        problems += [
            f"{item['name']}: does not fit its record"
            for item in job["outputs"]
            if item["fits"] is False
        ]
        problems += [
            f"{job['outputs'][0]['name']}: {item['name']} is not what it was made from"
            for item in job["inputs"]
            if item["fits"] is False
        ]
    return {
        "schema": SCHEMA,
        "target": {
            "name": target.name,
            "folder": target.folder.name,
            "note": target.note,
            "digest": chain.records[first]["outputs"][target.name],
            "record": chain.records[first]["id"],
            "cell": _shown_cell(chosen, step),
        },
        "jobs": jobs,
        "parameters": _parameters(
            target.folder, {key for job in jobs for key in job["config_keys"]}, manifest
        ),
        "made": {
            **(manifest["made"] if manifest else {}),
            "root_digest": root_digest(chain.digests),
        },
        "problems": sorted(set(problems)),
    }


def one_step(lineage: Mapping[str, Any]) -> dict[str, Any]:
    """Return only the job that made a result: what a reader asks who wants the script of a figure.

    Parameters
    ----------
    lineage : mapping
        From `trace`.
    """
    job = lineage["jobs"][0]
    return {
        **lineage,
        "jobs": [job],
        "parameters": [
            item
            for item in lineage["parameters"]
            if any(
                key == item["key"] or key.startswith(item["key"] + ".")
                for key in job["config_keys"]
            )
        ],
    }


@dataclass(frozen=True)
class _Step:
    """The input that a cell was taken from, and where in it the number stands."""

    name: str
    key: str
    value: Any


def _inside(path: Path) -> Target | None:
    record = record_path(path)
    if path.name.endswith(SUFFIX):
        raise ProvenanceError(f"{path}: is a record; give one of the results beside it")
    if not record.is_file():
        return None
    try:
        outputs = jsonfile.read(record).get("outputs")
    except (OSError, EntangledDrumsError):
        outputs = None
    absolute = path.absolute()
    for name in outputs if isinstance(outputs, dict) else ():
        parts = Path(name).parts
        if absolute.parts[-len(parts) :] == parts:
            return Target(_shortest(path, len(parts)), name)
    raise ProvenanceError(f"{path}: its record {record.name} does not list it, or is damaged")


def _shortest(path: Path, depth: int) -> Path:
    """The folder that many levels up, relative as the path was given if that is possible."""
    return (
        path.parents[depth - 1] if len(path.parts) > depth else path.absolute().parents[depth - 1]
    )


def _copy(path: Path, folders: list[Path]) -> Target:
    identity = carried_record(path)
    digest = file_digest(path)
    for folder in folders:
        try:
            chain = read_chain(folder)
        except ProvenanceError:
            continue
        for content in chain.records.values():
            outputs = content["outputs"]
            same = [name for name, output in outputs.items() if output == digest]
            if same:
                return Target(folder, same[0], f"{path.name} is this file, to the byte")
            if identity is not None and content["id"] == identity:
                alike = [name for name in outputs if Path(name).suffix == path.suffix]
                note = f"{path.name} carries this record, but its bytes are others"
                return Target(folder, (alike or sorted(outputs))[0], note)
    what = f"carries record {identity[:12]}" if identity else "carries no record"
    raise ProvenanceError(
        f"{path}: {what}, and nothing in {_shown(folders)} fits it; say where with --results FOLDER"
    )


def _shown(folders: list[Path]) -> str:
    return ", ".join(str(folder) for folder in folders) or "results/"


def _order(chain: Chain, first: str, only: str | None) -> list[tuple[int, str]]:
    """Records on the chain with their longest distance from the target, by distance."""
    sources = {first: _chosen(chain, first, only)}
    pending = list(sources[first])
    while pending:
        record = pending.pop()
        if record not in sources:
            sources[record] = chain.sources(record)
            pending.extend(sources[record])
    depth = dict.fromkeys(sources, 0)
    for _ in sources:  # as many rounds as jobs, so that even a forged loop ends
        moved = False
        for record, parents in sources.items():
            for parent in parents:
                if depth[parent] < depth[record] + 1 <= len(sources):
                    depth[parent], moved = depth[record] + 1, True
        if not moved:
            break
    return sorted((depth[record], record) for record in sources)


def _chosen(chain: Chain, first: str, only: str | None) -> list[str]:
    return chain.sources(first) if only is None else [chain.producers[only]]


def _job(chain: Chain, record: str, depth: int, logs: Mapping[str, str]) -> dict[str, Any]:
    content = chain.records[record]
    settings = content["settings"]
    code = sorted(content["code"])
    keys = settings.get("config_keys")
    return {
        "record": record,
        "id": content["id"],
        "depth": depth,
        "rule": content["rule"],
        "script": next((name for name in code if name.startswith("scripts/")), None),
        "modules": [name for name in code if not name.startswith("scripts/")],
        "code": dict(content["code"]),
        "config_keys": sorted(map(str, keys)) if isinstance(keys, list) else [],
        "seed": settings.get("seed"),
        "versions": content["versions"],
        "log": logs.get(content["id"]),
        "inputs": [
            {
                "name": name,
                "digest": entry["digest"],
                "record": chain.producers.get(name),
                "opened": name in content["opened"],
                "fits": _fits_producer(chain, name, entry),
            }
            for name, entry in sorted(content["inputs"].items())
        ],
        "outputs": [
            {"name": name, "digest": digest, "fits": _fits(chain.folder / name, digest)}
            for name, digest in sorted(content["outputs"].items())
        ],
    }


def _fits(path: Path, digest: str) -> bool:
    try:
        return file_digest(path) == digest
    except OSError:
        return False


def _fits_producer(chain: Chain, name: str, entry: Mapping[str, Any]) -> bool | None:
    """Whether an input is what its producer made; None for a file from outside the results."""
    if entry["record"] is None:
        return None
    producer = chain.records.get(chain.producers.get(name, ""))
    return (
        producer is not None
        and producer["outputs"][name] == entry["digest"]
        and producer["id"] == entry["record"]
    )


def _logs(folder: Path) -> dict[str, str]:
    """Log of each job by the job's record id, which stands in its first line."""
    found = {}
    for path in sorted(folder.glob("logs/*/*.log")):
        try:
            with open(path, encoding="utf-8", errors="replace") as stream:
                line = stream.readline(1000)
        except OSError:
            continue
        identity = re.search(r": record ([0-9a-f]{64})$", line.strip())
        if identity:
            found[identity[1]] = path.relative_to(folder).as_posix()
    return found


def _manifest(folder: Path) -> dict[str, Any] | None:
    try:
        return read_manifest(folder / MANIFEST)
    except (OSError, EntangledDrumsError):
        return None


def _parameters(
    folder: Path, keys: Collection[str], manifest: Mapping[str, Any] | None
) -> list[dict[str, Any]]:
    """What the config says under each key that was used, with status, source, file and line."""
    config = _resolved(folder)
    plain = {re.sub(r"^(device\..*)\.(value|uncertainty)$", r"\1", key) for key in keys}
    rows = []
    for key in sorted(plain):
        entry = _look_up(config, key)
        quantity = entry if isinstance(entry, dict) and "value" in entry else {"value": entry}
        file, line = _place(key, config, manifest)
        rows.append(
            {
                "key": key,
                "value": quantity["value"],
                "uncertainty": quantity.get("uncertainty"),
                "status": quantity.get("status"),
                "source": quantity.get("source"),
                "file": file,
                "line": line,
            }
        )
    return rows


def _resolved(folder: Path) -> dict[str, Any]:
    try:
        experiment = jsonfile.read(folder / RESOLVED).get("experiment")
    except (OSError, EntangledDrumsError):
        return {}
    return experiment if isinstance(experiment, dict) else {}


def _look_up(config: Mapping[str, Any], key: str) -> Any:
    value: Any = config
    for part in key.split("."):
        if not isinstance(value, dict) or part not in value:
            return None
        value = value[part]
    return value


def _place(
    key: str, config: Mapping[str, Any], manifest: Mapping[str, Any] | None
) -> tuple[str | None, int | None]:
    inside_device = key.startswith("device.")
    device = config.get("device")
    name = device.get("name") if inside_device and isinstance(device, dict) else config.get("name")
    file = f"config/{'devices' if inside_device else 'experiments'}/{name}.yaml"
    key = key.removeprefix("device.") if inside_device else key
    entry = manifest["config_files"].get(file) if manifest else None
    while entry and key not in entry["lines"] and "." in key:
        key = key.rpartition(".")[0]
    return (file if name else None), (entry["lines"].get(key) if entry else None)


def _source_of(chain: Chain, first: str, cell: Cell) -> _Step | None:
    """The one input that holds a cell's number, told by the words of the cell's row."""
    found = []
    for name in chain.records[first]["inputs"]:
        if not name.endswith(".json") or name not in chain.producers:
            continue
        try:
            content = jsonfile.read(chain.folder / name)
        except (OSError, EntangledDrumsError):
            continue
        shared = [key for key in cell.row if isinstance(content.get(key), str)]
        if shared and all(content[key] == cell.row[key] for key in shared):
            found += [
                _Step(name, key, value)
                for key, value in _entries(content)
                if _names_column(key, cell.column) and _same(value, cell.text)
            ]
    return found[0] if len(found) == 1 else None


def _entries(content: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(content, dict):
        for name, item in content.items():
            yield from _entries(item, f"{key}.{name}" if key else name)
    else:
        yield key, content


def _names_column(key: str, column: str) -> bool:
    quantity = column.removesuffix("_uncertainty")
    entry = "uncertainty" if column != quantity else "value"
    return key.endswith((f".{quantity}.{entry}", f".{column}")) or key == column


def _same(value: Any, text: str) -> bool:
    if isinstance(value, str):
        return value == text
    try:
        return value is not None and float(value) == float(text)
    except (TypeError, ValueError):
        return value is None and text == ""


def _shown_cell(cell: Cell | None, step: _Step | None) -> dict[str, Any] | None:
    if cell is None:
        return None
    return {
        "column": cell.column,
        "text": cell.text,
        "uncertainty": cell.row.get(f"{cell.column}_uncertainty"),
        "row": dict(cell.row),
        "from": {"name": step.name, "key": step.key} if step else None,
    }
