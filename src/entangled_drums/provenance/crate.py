"""A run as a Workflow Run RO-Crate: one zip that other tools and archives understand.

The crate holds the workflow, its scripts and library, the config, every result and every record,
and their description (`crate_description`).
"""

import zipfile
from pathlib import Path

from entangled_drums import jsonfile
from entangled_drums.errors import ProvenanceError
from entangled_drums.provenance.chain import audited_root, is_inside
from entangled_drums.provenance.crate_description import METADATA, WORKFLOW, Contents, metadata
from entangled_drums.provenance.digest import file_digest
from entangled_drums.provenance.manifest import MANIFEST, read_manifest
from entangled_drums.provenance.verify import verify
from entangled_drums.wording import counted

CODE = ("Snakefile", "LICENSE", "CITATION.cff", "README.md", "environment.yml")
CODE_FOLDERS = ("workflow", "scripts", "src")
CODE_SUFFIXES = (".py", ".smk", ".yaml", ".rst")
OLDEST = (1980, 1, 1, 0, 0, 0)
"""Date of every entry of the zip, so that equal crates are equal bytes."""


def write_crate(results: str | Path, checkout: str | Path, target: str | Path) -> int:
    """Write the crate of a run.

    Parameters
    ----------
    results : str or Path
        ``results/<experiment>`` of an audited run.
    checkout : str or Path
        The checkout it was made in.
    target : str or Path
        Zip file to write.

    Returns
    -------
    int
        Number of files in it.

    Raises
    ------
    ProvenanceError
        If the run was not audited, something does not fit, or the checkout holds other code.
    """
    contents = gather(Path(results), Path(checkout))
    description = jsonfile.dumps(metadata(contents))
    temporary = Path(f"{target}.partial")
    try:
        with zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as archive:
            _add(archive, METADATA, description.encode("ascii"))
            for name, path in sorted(contents.files.items()):
                _add(archive, name, path.read_bytes())
        temporary.replace(target)
    except OSError as error:
        raise ProvenanceError(f"{target}: cannot be written ({error.strerror})") from None
    finally:
        temporary.unlink(missing_ok=True)
    return len(contents.files) + 1


def gather(results: Path, checkout: Path) -> Contents:
    """Collect what goes into a crate, and verify all of it.

    Parameters
    ----------
    results, checkout : Path

    Returns
    -------
    Contents

    Raises
    ------
    ProvenanceError
        As for `write_crate`.
    """
    if not (checkout / WORKFLOW).is_file():
        raise ProvenanceError(f"{checkout}: holds no {WORKFLOW}; give the checkout of the run")
    if audited_root(results) is None:
        raise ProvenanceError(f"{results}: was not audited as it is now; run it all, then again")
    report = verify(results, checkout=checkout)
    wrong = [item for item in report.findings if not item.name.startswith("audit/")]
    if wrong:
        raise ProvenanceError(f"{results}: {counted(len(wrong), 'finding')}, first: {wrong[0]}")
    manifest = read_manifest(results / MANIFEST)
    inside = f"results/{manifest['experiment']}"
    files = {
        f"{inside}/{name}": results / name
        for name in (*manifest["artefacts"], *manifest["records"], MANIFEST)
    }
    names = {name for name in CODE if (checkout / name).is_file()}
    names |= {*manifest["config_files"], *manifest["locks"]}
    names |= {
        path.relative_to(checkout).as_posix()
        for folder in CODE_FOLDERS
        for path in (checkout / folder).rglob("*")
        if path.is_file() and path.suffix in CODE_SUFFIXES
    }
    given = {name: entry["digest"] for name, entry in manifest["config_files"].items()}
    for name, digest in {**given, **manifest["locks"]}.items():
        if _digest(checkout / name) != digest:
            raise ProvenanceError(f"{name}: was edited since the audit; run again")
    names |= {
        name
        for record in report.chain.records.values()
        for name, entry in record["inputs"].items()
        if entry["record"] is None and is_inside(name)
    }
    files |= {name: checkout / name for name in names}
    return Contents(report.chain, manifest, checkout, files)


def _digest(path: Path) -> str | None:
    try:
        return file_digest(path)
    except OSError:
        return None


def _add(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    entry = zipfile.ZipInfo(name, date_time=OLDEST)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    archive.writestr(entry, content)
