"""What the rules share: the experiment's config and helpers that name files and settings.

No rules here, and no helper functions anywhere else.
"""

from pathlib import Path

import yaml
from snakemake.exceptions import WorkflowError

from entangled_drums.configuration import (
    device_uncertainties,
    device_values,
    load_experiment,
    operating_point_ids,
)
from entangled_drums.errors import EntangledDrumsError
from entangled_drums.provenance.closure import import_closure
from entangled_drums.provenance.digest import data_digest, file_digest
from entangled_drums.provenance.record import record_path

if Path.cwd().resolve() != Path(workflow.basedir).resolve():
    raise WorkflowError(
        f"run snakemake in the folder of its Snakefile: cd {workflow.basedir}; "
        "results may lie elsewhere (--config results_dir=FOLDER)"
    )

config.setdefault("experiment", "aalto-2018")
config.setdefault("results_dir", "results")
for key in config:
    if key not in ("experiment", "results_dir"):
        raise WorkflowError(
            f"--config {key}=...: unknown key; the command line takes experiment= and "
            f"results_dir=, all else stands in config/experiments/{config['experiment']}.yaml"
        )

try:
    EXPERIMENT = load_experiment(
        f"config/experiments/{config['experiment']}.yaml",
        schema_directory="workflow/schemas",
        device_directory="config/devices",
    )
except EntangledDrumsError as error:
    raise WorkflowError(str(error)) from None

RESULTS = f"{config['results_dir'].rstrip('/')}/{EXPERIMENT['name']}"
POINTS = operating_point_ids(EXPERIMENT)
SWEEPS = EXPERIMENT["theory"]["sweeps"]
COSTS = yaml.safe_load(Path("workflow/costs.yaml").read_text(encoding="utf-8"))


wildcard_constraints:
    point="[a-z0-9-]+",
    sweep="[a-z0-9-]+",


def result(path):
    """Path of a result of this experiment."""
    return f"{RESULTS}/{path}"


def records(*paths):
    """Paths of the records that belong to these results, each once."""
    return sorted({record_path(path).as_posix() for path in paths})


def code(rule_name):
    """Files that a rule's results depend on: its script and all modules it imports."""
    return import_closure(f"scripts/{rule_name}.py", "src")


def code_digest(rule_name):
    """Digest of `code`, so that an edit is noticed by content, whatever the files' dates."""
    return data_digest({path: file_digest(path) for path in code(rule_name)})


def log_file(rule_name, job="job"):
    return result(f"logs/{rule_name}/{job}.log")


def benchmark_file(rule_name, job="job"):
    return result(f"benchmarks/{rule_name}/{job}.jsonl")


def cost(rule_name):
    """Resources of one job of a rule: what was measured, with headroom."""
    measured = COSTS["rules"][rule_name]
    return {
        "mem_mb": int(measured["memory_mb"] * COSTS["headroom"]["memory"]),
        "runtime": max(1, int(measured["seconds"] * COSTS["headroom"]["runtime"] / 60) + 1),
    }


def device(*sections, what=device_values):
    """Slice of the device file: flat values (or uncertainties) of some sections, or of all."""
    flat = what(EXPERIMENT["device"])
    return {
        key: flat[key] for key in sorted(flat) if not sections or key.split(".")[0] in sections
    }


def drive_of(power):
    """Drive keys of a power, without the ratio."""
    drive = EXPERIMENT["drive"]
    return {
        "cavity_detuning_hz": drive["cavity_detuning_hz"],
        "frame_offset_hz": drive["frame_offset_hz"],
        "red_coupling_hz": drive["powers"][power]["red_coupling_hz"],
    }


def drive_at(point):
    """Drive keys of an operating point."""
    return {**drive_of(POINTS[point]["power"]), "ratio": POINTS[point]["ratio"]}


def seed(dataset, *index):
    """Names that a job's random stream is derived from."""
    return {"root": EXPERIMENT["name"], "dataset": dataset, "index": list(index)}


def settings(**entries):
    """A rule's settings: plain built-ins with sorted keys, so that a changed value is noticed."""
    return sort_keys(entries)


def sort_keys(value):
    if isinstance(value, dict):
        return {key: sort_keys(value[key]) for key in sorted(value)}
    if isinstance(value, (list, tuple)):
        return [sort_keys(item) for item in value]
    return value


def planned_jobs(workflow):
    """Number of jobs that will run, by rule."""
    counts = {}
    for job in workflow.dag.needrun_jobs():
        counts[job.rule.name] = counts.get(job.rule.name, 0) + 1
    return counts


def announce(workflow):
    """Say what will run and how long it will take on this many cores."""
    counts = planned_jobs(workflow)
    counts.pop("all", None)
    seconds = sum(COSTS["rules"][name]["seconds"] * number for name, number in counts.items())
    cores = workflow.resource_settings.cores or 1
    print(
        f"{EXPERIMENT['name']}: {sum(counts.values())} jobs, about "
        f"{max(5, round(seconds / cores + COSTS['overhead_seconds']))} s on {cores} core(s)",
        flush=True,
    )


def conclude():
    """Say where the results are."""
    print(f"results of {EXPERIMENT['name']}: {RESULTS}/", flush=True)
