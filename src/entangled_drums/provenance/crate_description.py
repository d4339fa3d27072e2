"""The description inside a crate: each job as an action, with its instrument, inputs and outputs.

Profile: Provenance Run Crate 0.5, which includes Workflow Run, Process Run and Workflow RO-Crate.
What is not known (who started the run, when each job began) is left out. The one date that the
format requires is that of the audit.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from entangled_drums import __version__
from entangled_drums.provenance.chain import Chain
from entangled_drums.provenance.digest import file_digest

METADATA = "ro-crate-metadata.json"
CONTEXT = [
    "https://w3id.org/ro/crate/1.1/context",
    "https://w3id.org/ro/terms/workflow-run/context",
]
PROFILES = (
    ("https://w3id.org/ro/wfrun/process/0.5", "Process Run Crate", "0.5"),
    ("https://w3id.org/ro/wfrun/workflow/0.5", "Workflow Run Crate", "0.5"),
    ("https://w3id.org/ro/wfrun/provenance/0.5", "Provenance Run Crate", "0.5"),
    ("https://w3id.org/workflowhub/workflow-ro-crate/1.0", "Workflow RO-Crate", "1.0"),
)
FORMAT = "https://bioschemas.org/profiles/FormalParameter/1.0-RELEASE"
LANGUAGE = "https://w3id.org/workflowhub/workflow-ro-crate#snakemake"
LICENCE = "https://spdx.org/licenses/MIT"
WORKFLOW = "Snakefile"
MEDIA_TYPES = {
    ".csv": "text/csv",
    ".html": "text/html",
    ".json": "application/json",
    ".md": "text/markdown",
    ".nc": "application/x-netcdf",
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".py": "text/x-python",
    ".rst": "text/x-rst",
    ".tex": "application/x-tex",
    ".yaml": "application/yaml",
    ".yml": "application/yaml",
}


@dataclass(frozen=True)
class Contents:
    """What goes into a crate.

    Attributes
    ----------
    chain : Chain
    manifest : mapping
    checkout : Path
    files : mapping
        Path on disk by path in the crate.
    """

    chain: Chain
    manifest: Mapping[str, Any]
    checkout: Path
    files: Mapping[str, Path]

    @property
    def results(self) -> str:
        """Folder of the results inside the crate."""
        return f"results/{self.manifest['experiment']}"


def metadata(contents: Contents) -> dict[str, Any]:
    """Return the description of a crate.

    Parameters
    ----------
    contents : Contents

    Returns
    -------
    dict
        JSON-LD, flattened, entities sorted by id.
    """
    entities: dict[str, dict[str, Any]] = {}
    for entity in (
        *_root(contents),
        *_files(contents),
        *_parameters(contents),
        *_workflow(contents),
        *_jobs(contents),
    ):
        known = entities.setdefault(entity["@id"], {})
        known.update(entity)
    return {"@context": CONTEXT, "@graph": [entities[key] for key in sorted(entities)]}


def _root(contents: Contents) -> Iterator[dict[str, Any]]:
    experiment = contents.manifest["experiment"]
    authors = _authors(contents.checkout)
    yield {
        "@id": METADATA,
        "@type": "CreativeWork",
        "about": {"@id": "./"},
        "conformsTo": [{"@id": "https://w3id.org/ro/crate/1.1"}, {"@id": PROFILES[3][0]}],
    }
    yield {
        "@id": "./",
        "@type": "Dataset",
        "name": f"entangled-drums: {experiment}",
        "description": (
            f"Every result of the experiment {experiment!r} of entangled-drums, a reproduction of "
            "stabilized entanglement of two mechanical oscillators on a simulated laboratory, with "
            f"workflow, config and records. Root digest {contents.manifest['root_digest']}."
        ),
        "datePublished": contents.manifest["made"]["utc"],
        "license": {"@id": LICENCE},
        "conformsTo": [{"@id": identity} for identity, _, _ in PROFILES],
        "hasPart": [{"@id": name} for name in sorted(contents.files)],
        "mainEntity": {"@id": WORKFLOW},
        "mentions": [{"@id": "#run"}],
        **({"author": [{"@id": author["@id"]} for author in authors]} if authors else {}),
    }
    yield from authors
    yield {
        "@id": LICENCE,
        "@type": "CreativeWork",
        "name": "MIT License",
        "description": "Permissive licence of software and results.",
        "url": LICENCE,
    }
    for identity, name, version in PROFILES:
        yield {"@id": identity, "@type": "CreativeWork", "name": name, "version": version}


def _authors(checkout: Path) -> list[dict[str, Any]]:
    """Authors as CITATION.cff names them."""
    try:
        text = (checkout / "CITATION.cff").read_text(encoding="utf-8")
        named = yaml.safe_load(text)["authors"]
    except (OSError, yaml.YAMLError, KeyError, TypeError):
        return []
    authors = []
    for position, entry in enumerate(named, start=1):
        if "name" in entry:
            kind, name = "Organization", entry["name"]
        else:
            kind = "Person"
            name = " ".join(str(entry.get(key, "")) for key in ("given-names", "family-names"))
        identity = str(entry.get("orcid") or f"#author-{position}")
        authors.append({"@id": identity, "@type": kind, "name": name.strip()})
    return authors


def _files(contents: Contents) -> Iterator[dict[str, Any]]:
    for name, path in sorted(contents.files.items()):
        suffix = Path(name).suffix
        yield {
            "@id": name,
            "@type": "File",
            "name": Path(name).name,
            "contentSize": str(path.stat().st_size),
            "sha256": file_digest(path),
            **({"encodingFormat": MEDIA_TYPES[suffix]} if suffix in MEDIA_TYPES else {}),
        }


def _parameters(contents: Contents) -> Iterator[dict[str, Any]]:
    """Each number and word of the resolved config: a formal parameter, and the value it had."""
    for key, value in _leaves(contents.manifest["config"]):
        yield {
            "@id": f"#parameter/{_fragment(key)}",
            "@type": "FormalParameter",
            "additionalType": _kind(value),
            "name": key,
            "conformsTo": {"@id": FORMAT},
        }
        yield {
            "@id": f"#value/{_fragment(key)}",
            "@type": "PropertyValue",
            "name": key,
            "value": value if isinstance(value, str | bool) else repr(value),
            "exampleOfWork": {"@id": f"#parameter/{_fragment(key)}"},
        }


def _workflow(contents: Contents) -> Iterator[dict[str, Any]]:
    scripts = _scripts(contents.chain)
    parameters = [f"#parameter/{_fragment(key)}" for key, _ in _leaves(contents.manifest["config"])]
    yield {
        "@id": WORKFLOW,
        "@type": ["File", "SoftwareSourceCode", "ComputationalWorkflow", "HowTo"],
        "name": "entangled-drums",
        "version": __version__,
        "license": {"@id": LICENCE},
        "programmingLanguage": {"@id": LANGUAGE},
        "input": [{"@id": identity} for identity in parameters],
        "output": [{"@id": f"#output/{rule}"} for rule in sorted(scripts)],
        "hasPart": [{"@id": script} for script in sorted(set(scripts.values()))],
        "step": [{"@id": f"#step/{rule}"} for rule in sorted(scripts)],
    }
    yield {
        "@id": LANGUAGE,
        "@type": "ComputerLanguage",
        "name": "Snakemake",
        "identifier": {"@id": "https://snakemake.github.io"},
        "url": {"@id": "https://snakemake.github.io"},
    }
    yield {
        "@id": "#snakemake",
        "@type": "SoftwareApplication",
        "name": "Snakemake",
        "url": "https://snakemake.github.io",
        **_engine_version(contents),
    }
    for position, (rule, script) in enumerate(sorted(scripts.items())):
        yield {
            "@id": f"#step/{rule}",
            "@type": "HowToStep",
            "name": rule,
            "position": str(position),
            "workExample": {"@id": script},
        }
        yield {
            "@id": script,
            "@type": ["File", "SoftwareSourceCode"],
            "name": Path(script).name,
            "programmingLanguage": {"@id": "#python"},
            "output": [{"@id": f"#output/{rule}"}],
        }
        yield {
            "@id": f"#output/{rule}",
            "@type": "FormalParameter",
            "additionalType": "File",
            "name": f"results of {rule}",
            "conformsTo": {"@id": FORMAT},
        }
    yield {
        "@id": "#python",
        "@type": "ComputerLanguage",
        "name": "Python",
        "version": contents.manifest["made"]["python"],
        "url": {"@id": "https://www.python.org"},
    }


def _jobs(contents: Contents) -> Iterator[dict[str, Any]]:
    ended = contents.manifest["made"]["utc"]
    results = contents.results
    records = {
        name: record
        for name, record in contents.chain.records.items()
        if name in contents.manifest["records"]
    }
    products = [f"{results}/{name}" for name in sorted(contents.manifest["artefacts"])]
    yield {
        "@id": "#engine-run",
        "@type": "OrganizeAction",
        "name": "Run of the workflow manager",
        "instrument": {"@id": "#snakemake"},
        "object": [{"@id": f"#control/{name}"} for name in sorted(records)],
        "result": {"@id": "#run"},
        "endTime": ended,
    }
    yield {
        "@id": "#run",
        "@type": "CreateAction",
        "name": f"Run of the experiment {contents.manifest['experiment']}",
        "instrument": {"@id": WORKFLOW},
        "object": [
            *({"@id": name} for name in sorted(contents.manifest["config_files"])),
            *(
                {"@id": f"#value/{_fragment(key)}"}
                for key, _ in _leaves(contents.manifest["config"])
            ),
        ],
        "result": [{"@id": name} for name in products],
        "endTime": ended,
    }
    for name, record in sorted(records.items()):
        rule = record["rule"]
        outputs = [f"{results}/{output}" for output in sorted(record["outputs"])]
        yield {
            "@id": f"#control/{name}",
            "@type": "ControlAction",
            "name": f"Orchestrate {rule}",
            "instrument": {"@id": f"#step/{rule}"},
            "object": {"@id": f"#job/{name}"},
        }
        yield {
            "@id": f"#job/{name}",
            "@type": "CreateAction",
            "name": f"{rule}: {name.removesuffix('.record.json')}",
            "identifier": record["id"],
            "instrument": {"@id": _scripts(contents.chain)[rule]},
            "object": [
                *({"@id": _input(contents, entry)} for entry in sorted(record["inputs"])),
                *(
                    {"@id": f"#value/{_fragment(key)}"}
                    for key, _ in _leaves(contents.manifest["config"])
                    if _used(key, record["settings"].get("config_keys"))
                ),
            ],
            "result": [{"@id": output} for output in outputs],
            "subjectOf": {"@id": f"{results}/{name}"},
        }
        for entry, source in sorted(record["inputs"].items()):
            identity = _input(contents, entry)
            if identity.startswith("#"):
                yield {
                    "@id": identity,
                    "@type": "CreativeWork",
                    "name": Path(entry).name,
                    "description": "A file from outside the project, not packed.",
                    "sha256": source["digest"],
                }
        for output in outputs:
            yield {"@id": output, "exampleOfWork": {"@id": f"#output/{rule}"}}


def _input(contents: Contents, name: str) -> str:
    """Identity of an input: a result, a file of the checkout, or one that lies elsewhere."""
    if name in contents.chain.producers:
        return f"{contents.results}/{name}"
    return name if name in contents.files else f"#outside/{_fragment(name)}"


def _scripts(chain: Chain) -> dict[str, str]:
    """Script of each rule of the run, the audit's aside: it made no result."""
    return {
        record["rule"]: next(name for name in sorted(record["code"]) if name.startswith("scripts/"))
        for name, record in chain.records.items()
        if not name.startswith("audit/")
    }


def _engine_version(contents: Contents) -> dict[str, str]:
    """Version of the workflow manager, by the lock of the run."""
    for name in contents.manifest["locks"]:
        text = (contents.checkout / name).read_text(encoding="utf-8")
        found = re.search(r"^snakemake==([^\s;\\]+)", text, flags=re.MULTILINE)
        if found:
            return {"softwareVersion": found[1]}
    return {}


def _leaves(config: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(config, Mapping):
        for name in sorted(config):
            yield from _leaves(config[name], f"{key}.{name}" if key else name)
    elif isinstance(config, list):
        for index, item in enumerate(config):
            yield from _leaves(item, f"{key}[{index}]")
    elif config is not None:
        yield key, config


def _used(key: str, used: Any) -> bool:
    return any(
        key == entry or key.startswith((f"{entry}.", f"{entry}["))
        for entry in (used if isinstance(used, list) else ())
        if isinstance(entry, str)
    )


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "Boolean"
    if isinstance(value, int):
        return "Integer"
    return "Float" if isinstance(value, float) else "Text"


def _fragment(key: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]", "-", key).rstrip("-")
