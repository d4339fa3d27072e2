"""The audit that ends every run: without it, a result is not called reproduced."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator

from entangled_drums import jsonfile
from entangled_drums.errors import ProvenanceError
from entangled_drums.provenance import blindness
from entangled_drums.provenance.chain import files
from entangled_drums.provenance.checkout import config_lines
from entangled_drums.provenance.digest import file_digest
from entangled_drums.provenance.manifest import RESOLVED, compose, machine
from entangled_drums.provenance.record import record_path
from entangled_drums.provenance.verify import ORPHANED, verify
from entangled_drums.wording import counted

LOGGER = logging.getLogger(__name__)


def manifest(
    artefacts: Sequence[Path],
    *,
    config_files: Sequence[Path],
    locks: Sequence[Path],
    schema: Path,
    commit: Mapping[str, Any],
) -> dict[str, Any]:
    """Verify the results of a run, and compose its manifest.

    Parameters
    ----------
    artefacts : sequence of Path
        All results of the run; the resolved config must be among them.
    config_files, locks : sequence of Path
        Config files and lock files of the checkout.
    schema : Path
        Schema of the manifest.
    commit : mapping
        From :func:`entangled_drums.provenance.checkout.commit`.

    Returns
    -------
    dict

    Raises
    ------
    ProvenanceError
        If a result does not fit its record, or a protected result could have seen the truth.
    """
    resolved = next(path for path in artefacts if path.as_posix().endswith(f"/{RESOLVED}"))
    folder = resolved.parents[1]
    products = {path.relative_to(folder).as_posix() for path in artefacts}
    products |= {record_path(name).as_posix() for name in products}
    report = verify(folder, names=products)
    wrong = [finding for finding in report.findings if finding.kind != ORPHANED]
    for finding in report.findings:
        LOGGER.error("%s", finding)
    if wrong:
        raise ProvenanceError(
            f"{counted(len(wrong), 'finding')}, so these results are not called reproduced; "
            f"first: {wrong[0]}"
        )
    content = compose(
        report.chain,
        config=jsonfile.read(resolved)["experiment"],
        config_files=config_lines(config_files),
        locks={path.as_posix(): file_digest(path) for path in locks},
        made={**machine(), **commit},
        orphaned=sorted(set(files(folder)) - products - {"audit/manifest.record.json"}),
        protected=blindness.protected(report.chain),
    )
    validate(content, schema)
    LOGGER.info("root digest %s", content["root_digest"])
    return content


def validate(content: Mapping[str, Any], schema: Path) -> None:
    """Check a manifest against its schema.

    Parameters
    ----------
    content : mapping
    schema : Path
        workflow/schemas/manifest.yaml.

    Raises
    ------
    ProvenanceError
        Naming the first key that does not fit.
    """
    with open(schema, "rb") as stream:
        rules = yaml.safe_load(stream)
    error = min(
        Draft202012Validator(rules).iter_errors(content),
        key=lambda error: error.json_path,
        default=None,
    )
    if error is not None:
        raise ProvenanceError(f"manifest: {error.json_path}: {error.message[:200]}")
