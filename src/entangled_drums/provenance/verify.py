"""Does a results folder still hold what its records say, along every chain?

Everything is judged by digest, nothing by date. A result is *altered*, *truncated*, *empty*,
*missing* or *replaced* (by another result, or by one of another run) when it does not fit its
record; *stale* when it was made from something that is different now; *orphaned* when no record
knows it; *forged* when everything fits together but not the root digest that was noted down.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from entangled_drums.errors import EntangledDrumsError
from entangled_drums.provenance.blindness import violations
from entangled_drums.provenance.carried import carried_record
from entangled_drums.provenance.chain import (
    AUDIT_RECORD,
    Chain,
    files,
    read_chain,
    root_digest,
)
from entangled_drums.provenance.digest import file_digest
from entangled_drums.provenance.manifest import MANIFEST, read_manifest
from entangled_drums.provenance.record import SUFFIX, record_path
from entangled_drums.wording import escaped

LEAST_ROOT_DIGITS = 8
"""Digits of a root digest that tell it from another one."""

DAMAGE = ("altered", "truncated", "empty", "missing", "replaced")
FORGED = "forged"
BLIND = "not blind"
STALE = "stale"
ORPHANED = "orphaned"


@dataclass(frozen=True, order=True)
class Finding:
    """Something that does not fit.

    Attributes
    ----------
    name : str
        Path of the result or record, relative to the results folder (code and config files:
        relative to the checkout).
    kind : str
        One of `DAMAGE`, `FORGED`, `BLIND`, `STALE`, `ORPHANED`.
    reason : str
        What does not fit with what.
    """

    name: str
    kind: str
    reason: str

    def __str__(self) -> str:
        return escaped(f"{self.kind}: {self.name}: {self.reason}")


@dataclass(frozen=True)
class Report:
    """What was found in a results folder.

    Attributes
    ----------
    chain : Chain
        Its records.
    root : str
        Root digest of what is there now.
    findings : tuple of Finding
        Sorted by name; empty if everything fits.
    affected : tuple of str
        Results that were made from a damaged or stale one, and can be trusted no more than it.
    checked : int
        Number of files whose digest was computed.
    """

    chain: Chain
    root: str
    findings: tuple[Finding, ...]
    affected: tuple[str, ...]
    checked: int


def verify(
    folder: str | Path,
    *,
    names: Collection[str] | None = None,
    root: str | None = None,
    checkout: str | Path | None = None,
) -> Report:
    """Recompute every digest in a results folder.

    Parameters
    ----------
    folder : str or Path
        ``results/<experiment>``; may have been moved anywhere.
    names : collection of str, optional
        Look at these files only, relative to `folder`, and expect no manifest: what the audit of
        a run does before it writes one. By default at all files, and at the manifest.
    root : str, optional
        Root digest that was noted down when the run ended, or its first digits, at least
        `LEAST_ROOT_DIGITS`.
    checkout : str or Path, optional
        Checkout whose code and config the results must have been made with.

    Returns
    -------
    Report

    Raises
    ------
    ProvenanceError
        If the folder holds no results.
    """
    folder = Path(folder)
    chain = read_chain(folder, names)
    present = files(folder) if names is None else sorted(names)
    found = [Finding(name, "altered", reason) for name, reason in chain.broken.items()]
    digests: dict[str, str] = {}
    manifest: dict[str, Any] | None = None
    if names is None:
        manifest, problem = _manifest(folder)
        if problem:
            found.append(problem)
    found += _outputs(chain, digests, manifest)
    found += _inputs(chain, digests, None if names is None else set(names))
    found += _orphans(chain, present, manifest)
    if manifest:
        found += _against_manifest(chain, digests, manifest)
    if checkout is not None:
        found += _code(chain, Path(checkout))
    found += _blindness(chain)
    current = root_digest(chain.digests)
    if root is not None and not (
        len(root) >= LEAST_ROOT_DIGITS and current.startswith(root.lower())
    ):
        reason = f"is {current}, not {root}; the files may all fit together and yet be others"
        found.append(Finding("root digest", FORGED, reason))
    wrong = {item.name for item in found if item.kind in (*DAMAGE, STALE)}
    wrong |= {
        output for name in wrong & set(chain.records) for output in chain.records[name]["outputs"]
    }
    affected = chain.descendants(wrong) - wrong - {MANIFEST}
    return Report(
        chain,
        current,
        tuple(sorted(set(found))),
        tuple(sorted(affected)),
        len(chain.digests) + len(digests),
    )


def _outputs(
    chain: Chain, digests: dict[str, str], manifest: Mapping[str, Any] | None
) -> Iterator[Finding]:
    sizes = manifest["artefacts"] if manifest else {}
    expected = {
        output: digest
        for record in chain.records.values()
        for output, digest in record["outputs"].items()
    }
    owners = {digest: output for output, digest in expected.items()}
    for name, digest in sorted(expected.items()):
        path = chain.folder / name
        try:
            digests[name] = file_digest(path)
            size = path.stat().st_size
        except FileNotFoundError:
            yield Finding(name, "missing", f"its record {chain.producers[name]} lists it")
            continue
        except OSError as error:
            yield Finding(name, "missing", f"cannot be read ({error.strerror})")
            continue
        if digests[name] == digest:
            continue
        was = f"sha256 {digests[name][:12]} instead of {digest[:12]}"
        other = owners.get(digests[name])
        carried = carried_record(path)
        if size == 0:
            yield Finding(name, "empty", "has 0 bytes")
        elif other:
            yield Finding(name, "replaced", f"is {other}, {was}")
        elif carried and carried != chain.records[chain.producers[name]]["id"]:
            yield Finding(name, "replaced", f"carries record {carried[:12]}, {was}")
        elif name in sizes and size < sizes[name]["size"]:
            yield Finding(name, "truncated", f"{size} of {sizes[name]['size']} bytes")
        else:
            yield Finding(name, "altered", was)


def _inputs(chain: Chain, digests: Mapping[str, str], names: set[str] | None) -> Iterator[Finding]:
    for record in sorted(chain.records):
        for name, entry in sorted(chain.records[record]["inputs"].items()):
            if entry["record"] is None:
                continue
            if name not in chain.producers:
                if names is not None and name not in names and (chain.folder / name).exists():
                    reason = f"{record} reads it, but it is not among the products of the workflow"
                    yield Finding(name, "missing", reason)
                elif record_path(name).as_posix() not in chain.broken:
                    kind = "orphaned" if (chain.folder / name).exists() else "missing"
                    reason = f"{record} was made from it, but it has no record"
                    yield Finding(name, kind, reason)
                continue
            producer = chain.records[chain.producers[name]]
            if producer["outputs"][name] != entry["digest"]:
                reason = f"made from another {name} (sha256 {entry['digest'][:12]})"
            elif producer["id"] != entry["record"]:
                reason = f"made from a {name} with another origin (record {entry['record'][:12]})"
            else:
                continue
            for output in sorted(chain.records[record]["outputs"]):
                yield Finding(output, STALE, reason)


def _orphans(
    chain: Chain, present: Collection[str], manifest: Mapping[str, Any] | None
) -> Iterator[Finding]:
    broken = {name.removesuffix(SUFFIX) for name in chain.broken}
    for name in sorted(present):
        if name in chain.digests:
            listed = manifest is None or name in manifest["records"] or name == AUDIT_RECORD
            if not listed and name not in chain.broken:
                reason = "the last audit does not know it: left by another run, or put there"
                yield Finding(name, ORPHANED, reason)
        elif name not in chain.producers and _job(name) not in broken:
            yield Finding(name, ORPHANED, "no record lists it")


def _job(name: str) -> str:
    return record_path(name).as_posix().removesuffix(SUFFIX)


def _manifest(folder: Path) -> tuple[dict[str, Any] | None, Finding | None]:
    if not (folder / MANIFEST).exists():
        return None, Finding(MANIFEST, "missing", "these results were never audited; run it all")
    try:
        return read_manifest(folder / MANIFEST), None
    except EntangledDrumsError as error:
        reason = str(error).removeprefix(f"{folder / MANIFEST}: ")
        return None, Finding(MANIFEST, "altered", reason)


def _against_manifest(
    chain: Chain, digests: Mapping[str, str], manifest: Mapping[str, Any]
) -> Iterator[Finding]:
    if AUDIT_RECORD not in chain.digests:
        yield Finding(AUDIT_RECORD, "missing", "it vouches for the manifest")
    for name, entry in sorted(manifest["records"].items()):
        if name not in chain.digests:
            yield Finding(name, "missing", "the manifest lists it")
        elif chain.digests[name] != entry["digest"] and name not in chain.broken:
            reason = "is not the one that was audited: made anew since, or put there"
            yield Finding(name, "replaced", reason)
    for name, entry in sorted(manifest["artefacts"].items()):
        if name not in chain.producers and entry["record"] not in chain.broken:
            yield Finding(name, "missing", "the manifest lists it, no record does")
        elif digests.get(name) == _recorded(chain, name) != entry["digest"]:
            yield Finding(name, "altered", "is not the one that was audited")
    if manifest["root_digest"] != root_digest(
        {name: entry["digest"] for name, entry in manifest["records"].items()}
    ):
        yield Finding(MANIFEST, "altered", "its root digest does not fit its records")


def _recorded(chain: Chain, name: str) -> str | None:
    record = chain.producers.get(name)
    return chain.records[record]["outputs"][name] if record else None


def _code(chain: Chain, checkout: Path) -> Iterator[Finding]:
    made_with: dict[tuple[str, str], list[str]] = {}
    for record, content in chain.records.items():
        outside = {
            name: entry["digest"]
            for name, entry in content["inputs"].items()
            if entry["record"] is None
        }
        for name, digest in {**content["code"], **outside}.items():
            made_with.setdefault((name, digest), []).append(record)
    current: dict[str, str] = {}
    for (name, digest), records in sorted(made_with.items()):
        if name not in current:
            try:
                current[name] = file_digest(checkout / name)
            except OSError:
                current[name] = ""
        if current[name] != digest:
            what = "is another here" if current[name] else "is not here"
            reason = f"{what} than the one that made {_several(sorted(records))}"
            yield Finding(name, STALE, reason if current[name] else reason.replace(" than", ":"))


def _blindness(chain: Chain) -> Iterator[Finding]:
    for line in violations(chain):
        name, _, reason = line.partition(": ")
        yield Finding(name, BLIND, reason)


def _several(names: list[str]) -> str:
    shown = ", ".join(names[:3])
    return shown if len(names) <= 3 else f"{shown} and {len(names) - 3} more"
