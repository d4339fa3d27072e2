"""A small results folder as a run leaves it, made without the workflow in milliseconds."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas
import xarray
from matplotlib.figure import Figure

from entangled_drums import arrayfile, jsonfile
from entangled_drums.figures.output import COLUMNS, write_figure
from entangled_drums.provenance import audit
from entangled_drums.provenance.chain import AUDIT_RECORD, read_chain
from entangled_drums.provenance.digest import file_digest
from entangled_drums.provenance.record import check_artefact, compose, record_path, seal

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = ROOT / "workflow" / "schemas" / "manifest.yaml"
CONFIG = {
    "name": "small",
    "device": {
        "name": "assumed",
        "drum_1": {
            "thermal_occupation": {
                "value": 40.0,
                "uncertainty": 2.0,
                "status": "assumed",
                "source": "assumption of a <test> & nothing else",
            }
        },
    },
    "recordings": {"duration_s": 10.0},
}
EXPERIMENT_FILE = "name: small\ndevice: assumed\nrecordings:\n  duration_s: 10.0\n"
DEVICE_FILE = """name: assumed
drum_1:
  thermal_occupation:
    value: 40.0
    uncertainty: 2.0
    status: assumed
    source: assumption of a <test> & nothing else
"""
RULES = (
    *("write_parameters", "draw_truth", "record_emission", "calibrate_device"),
    *("infer_direct", "write_table_s2", "draw_fig4", "audit"),
)
DEVICE_KEYS = [f"device.drum_1.thermal_occupation.{part}" for part in ("value", "uncertainty")]
TRUE_OCCUPATION = 41.234567890123
COMMIT = {"commit": "0" * 40, "uncommitted_changes": False, "utc": "2026-01-02T03:04:05Z"}


def add(
    folder: Path,
    rule: str,
    outputs: Mapping[str, Any],
    inputs: tuple[str, ...] = (),
    **settings: Any,
) -> str:
    """Add one job's outputs and its record, as the job wrapper would; return the record's id."""
    for name in outputs:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
    record = compose(
        rule=rule,
        code={name: hashlib.sha256(text.encode()).hexdigest() for name, text in code(rule).items()},
        inputs={name: check_artefact(folder / name, folder) for name in inputs},
        settings=settings,
    )
    for name, content in outputs.items():
        _write(folder / name, content, record["id"])
    digests = {name: file_digest(folder / name) for name in outputs}
    path = record_path(folder / next(iter(outputs)))
    jsonfile.write(path, seal(record, digests, inputs))
    return record["id"]


def code(rule: str) -> dict[str, str]:
    """What stands in the code files of a rule."""
    return {f"scripts/{rule}.py": f"# {rule}\n", "src/entangled_drums/units.py": "# units\n"}


def make(folder: Path) -> Path:
    """Make ``<folder>/results/small`` with its config files beside it, and audit it."""
    results = folder / "results" / "small"
    results.mkdir(parents=True)
    for name, text in (
        ("config/experiments/small.yaml", EXPERIMENT_FILE),
        ("config/devices/assumed.yaml", DEVICE_FILE),
        ("requirements/run.lock", "numpy==2.4.6\nsnakemake==9.27.1\n"),
        ("Snakefile", "rule all:\n"),
        ("CITATION.cff", "authors:\n  - name: The authors\n"),
        *(item for rule in RULES for item in code(rule).items()),
    ):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    device = {"drum_1.thermal_occupation": 40.0}
    uncertainties = {"drum_1.thermal_occupation": 2.0}
    add(
        results,
        "write_parameters",
        {"parameters/resolved.json": {"experiment": CONFIG}},
        config_keys=["device", "name", "recordings"],
    )
    add(
        results,
        "draw_truth",
        {"truth/truth.json": {"values": {"drum_1.thermal_occupation": TRUE_OCCUPATION}}},
        device=device,
        uncertainties=uncertainties,
        config_keys=DEVICE_KEYS,
        seed={"root": "small", "dataset": "truth", "index": []},
    )
    for point in ("near", "far"):
        add(
            results,
            "record_emission",
            {f"recordings/{point}/emission.nc": dataset(len(point))},
            ("truth/truth.json",),
            config_keys=["recordings.duration_s"],
            seed={"root": "small", "dataset": "emission", "index": [point]},
        )
    add(
        results,
        "calibrate_device",
        {"calibration/device.json": {"values": device}},
        device=device,
        uncertainties=uncertainties,
        config_keys=DEVICE_KEYS,
    )
    for point, duan in (("near", 0.8), ("far", 1.2)):
        add(
            results,
            "infer_direct",
            {f"inference/{point}/direct.json": route(point, duan)},
            ("calibration/device.json", f"recordings/{point}/emission.nc"),
            config_keys=["name"],
        )
    inferred = ("inference/far/direct.json", "inference/near/direct.json")
    add(
        results,
        "write_table_s2",
        {"tables/table_s2.csv": TABLE, "tables/table_s2.md": "| D |\n"},
        inferred,
        config_keys=[],
    )
    add(
        results,
        "draw_fig4",
        {f"figures/fig4.{form}": Figure(figsize=(1, 1)) for form in ("pdf", "png", "csv")},
        inferred,
        config_keys=[],
    )
    log = results / "logs" / "infer_direct" / "near.log"
    log.parent.mkdir(parents=True)
    identity = read_chain(results).records["inference/near/direct.record.json"]["id"]
    log.write_text(f"2026-01-02 INFO infer_direct: record {identity}\n")
    audited(results)
    return results


TABLE = """operating_point,red_coupling_hz,ratio,route,duan,duan_uncertainty
near,140000.0,0.62,direct,0.8,0.02
far,140000.0,0.3,direct,1.2,0.03
"""


def route(point: str, duan: float) -> dict[str, Any]:
    return {
        "operating_point": point,
        "route": "direct",
        "quantities": {"duan": {"value": duan, "uncertainty": duan / 40}},
    }


def dataset(size: int) -> xarray.Dataset:
    about = {"units": "1", "description": "test"}
    return xarray.Dataset(
        {"power": ("frequency_hz", [1.0] * size, about)},
        {"frequency_hz": ("frequency_hz", list(range(size)), about)},
    )


def audited(results: Path) -> None:
    """Write the manifest as the audit job does."""
    folder = results.parents[1]
    chain = read_chain(results)
    artefacts = sorted(results / name for name in chain.producers if not name.startswith("audit/"))
    content = audit.manifest(
        artefacts,
        config_files=[
            folder / "config" / "experiments" / "small.yaml",
            folder / "config" / "devices" / "assumed.yaml",
        ],
        locks=[folder / "requirements" / "run.lock"],
        schema=SCHEMA,
        commit=COMMIT,
    )
    content["config_files"] = {
        str(Path(name).relative_to(folder)): entry
        for name, entry in content["config_files"].items()
    }
    names = tuple(sorted(path.relative_to(results).as_posix() for path in artefacts))
    add(results, "audit", {"audit/manifest.json": content}, names)
    assert (results / AUDIT_RECORD).is_file()


def forge(results: Path, name: str, old: str, new: str) -> None:
    """Change a result and make every record that depends on it fit again, and the manifest."""
    path = results / name
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    for _ in range(len(list(results.rglob("*.record.json")))):
        for record_file in sorted(results.rglob("*.record.json")):
            record = jsonfile.read(record_file)
            renewed = compose(
                rule=record["rule"],
                code=record["code"],
                inputs={
                    key: entry
                    if entry["record"] is None
                    else {
                        "digest": file_digest(results / key),
                        "record": jsonfile.read(record_path(results / key))["id"],
                    }
                    for key, entry in record["inputs"].items()
                },
                settings=record["settings"],
            )
            digests = {key: file_digest(results / key) for key in record["outputs"]}
            jsonfile.write(record_file, seal(renewed, digests, record["opened"]))
    audited(results)


def _write(path: Path, content: Any, identity: str) -> None:
    if isinstance(content, Figure):
        scratch = {form: path.with_suffix(f".{form}-new") for form in ("pdf", "png", "csv")}
        write_figure(content, scratch, pandas.DataFrame(columns=COLUMNS), identity)
        for form, made in scratch.items():
            if path.suffix == f".{form}":
                made.replace(path)
            else:
                made.unlink()
    elif isinstance(content, xarray.Dataset):
        arrayfile.write(path, content, identity)
    elif isinstance(content, str):
        mark = f"<!-- record: {identity} -->\n" if path.suffix == ".md" else ""
        path.write_text(mark + content)
    else:
        mark = {} if path.name == "manifest.json" else {"record_id": identity}
        jsonfile.write(path, {**content, **mark})
