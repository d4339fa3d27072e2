"""The manifest of a run: every result with digest and record, and where it was all made.

It is the one product that says when, from which commit and on which machine, so it differs from
run to run; the root digest in it does not.
"""

import platform
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from entangled_drums import jsonfile
from entangled_drums.errors import EntangledDrumsError, ProvenanceError
from entangled_drums.provenance.chain import Chain, is_inside, root_digest
from entangled_drums.provenance.record import SUFFIX

MANIFEST = "audit/manifest.json"
RESOLVED = "parameters/resolved.json"
"""The resolved config of the experiment."""
SCHEMA = 1

_DIGEST = re.compile("[0-9a-f]{64}")


def compose(
    chain: Chain,
    *,
    config: Mapping[str, Any],
    config_files: Mapping[str, Mapping[str, Any]],
    locks: Mapping[str, str],
    made: Mapping[str, Any],
    orphaned: Sequence[str],
    protected: Sequence[str],
) -> dict[str, Any]:
    """Compose the manifest of results that were verified.

    Parameters
    ----------
    chain : Chain
        Records of all results.
    config : mapping
        The resolved config of the experiment.
    config_files : mapping
        By path in the checkout: ``{"digest": ..., "lines": {dotted key: line}}``.
    locks : mapping
        SHA-256 of each lock file by its path in the checkout.
    made : mapping
        See `machine` and :func:`entangled_drums.provenance.checkout.commit`.
    orphaned : sequence of str
        Files in the results folder that no rule of this run makes.
    protected : sequence of str
        Records that were proved not to depend on the truth.

    Returns
    -------
    dict
        Plain built-ins, as workflow/schemas/manifest.yaml describes them.
    """
    records = {
        name: {"digest": chain.digests[name], "id": record["id"], "rule": record["rule"]}
        for name, record in chain.records.items()
    }
    artefacts = {
        name: {
            "digest": digest,
            "size": (chain.folder / name).stat().st_size,
            "record": record,
        }
        for record, content in chain.records.items()
        for name, digest in content["outputs"].items()
    }
    return {
        "schema": SCHEMA,
        "experiment": config["name"],
        "root_digest": root_digest(chain.digests),
        "records": records,
        "artefacts": artefacts,
        "config": dict(config),
        "config_files": {name: dict(entry) for name, entry in config_files.items()},
        "locks": dict(locks),
        "made": dict(made),
        "blind": sorted(protected),
        "orphaned": sorted(orphaned),
    }


def read_manifest(path: str | Path) -> dict[str, Any]:
    """Read a manifest, which may come from a stranger.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    dict
        As `compose` returns it.

    Raises
    ------
    ProvenanceError
        If it is not a manifest, is of another version, or is not in the form that a run writes.
    OSError
        If the file cannot be opened.
    """
    try:
        manifest = jsonfile.read(path)
        text = jsonfile.dumps(manifest)
    except EntangledDrumsError as error:
        raise ProvenanceError(str(error)) from None
    except (RecursionError, ValueError):
        raise ProvenanceError(f"{path}: cannot be read as a manifest") from None
    if manifest.get("schema") != SCHEMA:
        raise ProvenanceError(
            f"{path}: has schema {manifest.get('schema')!r}, this version reads {SCHEMA}"
        )
    if not _well_formed(manifest):
        raise ProvenanceError(f"{path}: was altered, it is not in the form of a manifest")
    if Path(path).read_bytes() != text.encode("ascii"):
        raise ProvenanceError(f"{path}: was altered, it is not in the form that a run writes")
    return manifest


def machine() -> dict[str, Any]:
    """Return the processor, the system, and the linear algebra library.

    Returns
    -------
    dict
        ``processor``, ``machine``, ``system``, ``python`` and ``blas`` (a list, one entry for
        each library that is loaded).
    """
    import numpy  # noqa: F401  (its linear algebra library must be loaded to be seen)
    from threadpoolctl import threadpool_info

    return {
        "processor": _processor(),
        "machine": platform.machine(),
        "system": platform.system(),
        "python": platform.python_version(),
        "blas": sorted(
            {
                f"{info['internal_api']} {info['version']} {info.get('architecture', '')}".strip()
                for info in threadpool_info()
                if info["user_api"] == "blas"
            }
        ),
    }


def _processor() -> str | None:
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as stream:
            for line in stream:
                if line.startswith("model name"):
                    return line.split(":", 1)[1].strip()
    except OSError:
        pass  # not Linux
    return platform.processor() or None


def _well_formed(manifest: Mapping[str, Any]) -> bool:
    records, artefacts = manifest.get("records"), manifest.get("artefacts")
    if not isinstance(records, dict) or not isinstance(artefacts, dict):
        return False
    mappings = ("config", "config_files", "locks", "made")
    return (
        _is_digest(manifest.get("root_digest"))
        and isinstance(manifest.get("experiment"), str)
        and all(isinstance(manifest.get(key), dict) for key in mappings)
        and all(
            is_inside(name)
            and name.endswith(SUFFIX)
            and isinstance(entry, dict)
            and _is_digest(entry.get("digest"))
            for name, entry in records.items()
        )
        and all(
            is_inside(name)
            and isinstance(entry, dict)
            and _is_digest(entry.get("digest"))
            and isinstance(entry.get("size"), int)
            and entry.get("record") in records
            for name, entry in artefacts.items()
        )
        and all(
            isinstance(entry, dict)
            and _is_digest(entry.get("digest"))
            and isinstance(entry.get("lines"), dict)
            and all(isinstance(line, int) for line in entry["lines"].values())
            for entry in manifest["config_files"].values()
        )
    )


def _is_digest(value: object) -> bool:
    return isinstance(value, str) and _DIGEST.fullmatch(value) is not None
