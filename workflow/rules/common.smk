"""What the rules share: the experiment's config and helpers that name files and settings.

No rules here, and no helper functions anywhere else.
"""

import math
import re
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from entangled_drums import jsonfile
from entangled_drums.chunking import chunks
from entangled_drums.configuration import yamlfile
from entangled_drums.configuration.experiment import load_experiment
from entangled_drums.configuration.problems import Problem, did_you_mean, fail
from entangled_drums.configuration.results_folder import results_folder
from entangled_drums.configuration.values import (
    device_uncertainties,
    device_values,
    operating_point_ids,
)
from entangled_drums.errors import EntangledDrumsError
from entangled_drums.exhibits import FIGURES, TABLES, even_title, exhibits, headline
from entangled_drums.provenance.closure import Library
from entangled_drums.provenance.chain import audited_root
from entangled_drums.provenance.digest import data_digest, file_digest
from entangled_drums.provenance.record import record_path
from entangled_drums.wording import counted


def refuse(message):
    """End with one line; an exception would bury it among the workflow manager's own."""
    sys.exit(message)


config.setdefault("experiment", "aalto-2018")
config.setdefault("results_dir", "results")
config.setdefault("validation", False)
for _key in config:
    if _key not in ("experiment", "results_dir", "validation"):
        refuse(
            f"--config {_key}=...: unknown key; the command line takes experiment=, results_dir= "
            "and validation=, all else stands in config/experiments/"
        )
if str(config["validation"]).lower() not in ("true", "false"):
    refuse(f"--config validation={config['validation']}: write true or false")
if not re.fullmatch("[a-z0-9][a-z0-9-]*", str(config["experiment"])):
    refuse(
        f"experiment {str(config['experiment'])!r}: not a name in [a-z0-9][a-z0-9-]*; "
        "write one of config/experiments/, without .yaml"
    )
if Path.cwd().resolve() != Path(workflow.basedir).resolve():
    refuse(
        f"run snakemake in the folder of its Snakefile: cd {workflow.basedir}; "
        "results may lie elsewhere (--config results_dir=FOLDER)"
    )
try:
    EXPERIMENT = load_experiment(
        f"config/experiments/{config['experiment']}.yaml",
        schema_directory="workflow/schemas",
        device_directory="config/devices",
        given_from=".",
    )
    RESULTS = results_folder(config["results_dir"], EXPERIMENT["name"], workflow.basedir)
except EntangledDrumsError as error:
    refuse(str(error))

POINTS = operating_point_ids(EXPERIMENT)
PRODUCTS = []  # every rule's results; what is missing is made again, even if nothing needs it
SHOWN = {}  # by the name of each figure and table: what it lacks here, empty if nothing
DRAWN = EXPERIMENT.get("figures", {}).get("drawn")
SWEEPS = EXPERIMENT["theory"]["sweeps"]
VALIDATION = str(config["validation"]).lower() == "true"  # of the coverage study
SIMULATED = EXPERIMENT["recordings"]["source"] == "simulated"
CALIBRATION_KINDS = (
    "cavity_response",
    "background",
    "load_noise",
    "thermal_sweep",
    "sideband_cooling",
    "sideband_narrowing",
    "probe_calibration",
)
ORIGIN = (
    "Assumed device; simulated laboratory."
    if SIMULATED
    else f"Assumed device; recordings from {EXPERIMENT['recordings']['path']}."
)
COSTS = yaml.safe_load(Path("workflow/costs.yaml").read_text(encoding="utf-8"))
LIBRARY = Library("src")
digest_once = cache(file_digest)  # most modules belong to many scripts


def studies():
    """Names of the coverage studies that this run is asked for."""
    if "coverage" not in EXPERIMENT:
        return []
    return ["main", *(validation_studies() if VALIDATION else ())]


def validation_studies():
    """Names of the coverage studies of `make validate`: the experiment's own seed, then others."""
    return ["enlarged", *EXPERIMENT.get("coverage", {}).get("validation", {}).get("roots", ())]


def any_of(names):
    """Pattern that these names fit and no other; none fits the pattern of no names."""
    return "|".join(names) or "(?!)"


wildcard_constraints:
    point="|".join(POINTS),
    sweep="|".join(SWEEPS),
    part="[0-9]+",
    imperfection="[a-z-]+",
    study="|".join(["main", *validation_studies()]),


def result(path):
    """Path of a result of this experiment."""
    return f"{RESULTS}/{path}"


def pictured(name):
    """Picture of a figure; the workflow's report shows it with its caption."""
    return in_report(f"figures/{name}.png", name, "Figures", FIGURES)


def tabled(name):
    """Page of a table, likewise."""
    return in_report(f"tables/{name}.html", name, "Tables", TABLES)


def in_report(path, name, category, kind):
    captions = Path("workflow/report")
    caption = (captions / f"{name}.rst").read_text(encoding="utf-8")
    # The report sorts its items by label, as text.
    listed = even_title(name, exhibits((f"{kind}/{one.name}" for one in captions.iterdir()), kind))
    return report(
        result(path),
        caption=f"../report/{name}.rst",
        category=category,
        # One label only: of a second one the report may make a switch, and then shows nothing.
        labels={"name": f"{listed}: {headline(caption)}"},
    )


def records(*paths):
    """Paths of the records that belong to these results, each once."""
    return sorted({record_path(path).as_posix() for path in paths})


def code_digest(rule_name):
    """Digest of a rule's script and of all modules that it imports.

    Of these files only the script is among the rule's inputs: the workflow manager looks at every
    input of every job, and they are up to ninety. An edit of any is noticed by this digest.
    """
    return data_digest(
        {path: digest_once(path) for path in LIBRARY.closure(f"scripts/{rule_name}.py")}
    )


def show(name, outputs, lacking=""):
    """Make a figure or table a product, if the experiment wants it and does not lack its data."""
    SHOWN[name] = lacking
    if DRAWN is not None and name in DRAWN and lacking:
        refuse_drawn(name, f"cannot be drawn, for {lacking}; add that or leave {name} out")
    if not lacking and (DRAWN is None or name in DRAWN):
        PRODUCTS.extend(outputs)


def check_drawn():
    """Refuse names of figures and tables that no rule makes."""
    for name in DRAWN or ():
        if name not in SHOWN:
            refuse_drawn(name, f"is no figure or table; {did_you_mean(name, SHOWN)}")


def check_asked(targets):
    """Refuse a figure or table, asked for by its rule's name, that cannot be made or audited."""
    known = {rule.name for rule in workflow.rules}
    for target in sorted(targets):
        asked = re.fullmatch("(?:draw|write)_(.*)", target)
        if not asked:
            continue
        name = asked[1]
        if name not in SHOWN:
            if target not in known:
                refuse(f"{name} is no figure or table; {did_you_mean(name, SHOWN)}")
        elif SHOWN[name]:
            refuse(
                f"{EXPERIMENT['name']}: {name} cannot be made, for {SHOWN[name]}; "
                "add that, or ask for another experiment"
            )
        elif DRAWN is not None and name not in DRAWN:
            refuse(
                f"config/experiments/{EXPERIMENT['name']}.yaml: figures.drawn leaves {name} out, "
                f"so no audit would know it; add {name} there"
            )


def refuse_drawn(name, what):
    file = Path("config/experiments", f"{EXPERIMENT['name']}.yaml")
    key = ("figures", "drawn", DRAWN.index(name))
    try:
        fail(file, [Problem(key, f'"{name}" {what}')], yamlfile.read(file).lines)
    except EntangledDrumsError as error:
        refuse(str(error))


def log_file(rule_name, job="job"):
    return result(f"logs/{rule_name}/{job}.log")


def benchmark_file(rule_name, job="job"):
    return result(f"benchmarks/{rule_name}/{job}.jsonl")


def cost(rule_name):
    """Limits of one job on a cluster: what was measured, with headroom; more at every retry."""
    measured, headroom, manager = COSTS["rules"][rule_name], COSTS["headroom"], COSTS["cluster"]
    memory = int(measured["memory_mb"] * headroom["memory"] + manager["memory_mb"])

    def minutes(wildcards):
        work = seconds_of_job(rule_name, wildcards) / 60
        return int(work * headroom["runtime"] + manager["minutes"])

    return {
        "mem_mb": lambda wildcards, attempt: memory * attempt,
        "runtime": lambda wildcards, attempt: minutes(wildcards) * attempt,
    }


def seconds_of_job(rule_name, wildcards):
    """Seconds that one job takes, as measured; more for one with more points or replicas."""
    measured = COSTS["rules"][rule_name]
    each = measured.get("seconds_each", 0.0)
    return measured["seconds"] + (each * pieces_of_job(rule_name, wildcards) if each else 0.0)


def pieces_of_job(rule_name, wildcards):
    """Points of a sweep, or replicas, in one job: what a number in the config decides."""
    if rule_name in ("solve_sweep", "solve_part"):
        first, end = rows_of(wildcards.sweep)[int(getattr(wildcards, "part", 0))]
        counts = [axis["count"] for axis in SWEEPS[wildcards.sweep]["axes"].values()]
        return (end - first) * math.prod(counts[1:])
    if rule_name == "run_replicas":
        return len(chunks_of_study(wildcards.study)[int(wildcards.part)])
    return EXPERIMENT["coverage"]["misfit"]["replicas"]


@dataclass(frozen=True)
class Configured:
    """A value out of the config, and the keys it was taken from."""

    value: object
    keys: tuple


def configured(key):
    """The entry of the experiment's config with this dotted key."""
    value = EXPERIMENT
    for part in key.split("."):
        value = value[part]
    return Configured(value, (key,))


def together(entries):
    """One setting out of several, by their names."""
    return Configured(
        {name: entry.value for name, entry in entries.items()},
        tuple(key for entry in entries.values() for key in entry.keys),
    )


def device(*sections, what=device_values):
    """Flat values (or uncertainties) of some sections of the device file, or of all."""
    flat = {
        key: value
        for key, value in what(EXPERIMENT["device"]).items()
        if not sections or key.split(".")[0] in sections
    }
    entry = "value" if what is device_values else "uncertainty"
    return Configured(flat, tuple(f"device.{key}.{entry}" for key in flat))


def drive_of(power):
    """Drive keys of a power, without the ratio."""
    keys = {
        "cavity_detuning_hz": "drive.cavity_detuning_hz",
        "frame_offset_hz": "drive.frame_offset_hz",
        "red_coupling_hz": f"drive.powers.{power}.red_coupling_hz",
    }
    values = {name: configured(key).value for name, key in keys.items()}
    return Configured(values, tuple(keys.values()))


def drive_at(point):
    """Drive keys of an operating point."""
    power = POINTS[point]["power"]
    drive = drive_of(power)
    return Configured(
        {**drive.value, "ratio": POINTS[point]["ratio"]},
        (*drive.keys, f"operating_points.{power}"),
    )


def drive_in(sweep):
    """Drive keys of a sweep; the ratio is among them unless it is swept."""
    drive = drive_of(SWEEPS[sweep]["power"])
    keys = [f"theory.sweeps.{sweep}.power"]
    values = dict(drive.value)
    if "ratio" in SWEEPS[sweep]:
        values["ratio"] = SWEEPS[sweep]["ratio"]
        keys.append(f"theory.sweeps.{sweep}.ratio")
    return Configured(values, (*drive.keys, *keys))


def tones_in(sweep):
    """Tones that a sweep declares in place of the pump pair, or None."""
    if "tones" not in SWEEPS[sweep]:
        return None
    return configured(f"theory.sweeps.{sweep}.tones")


def sweep_settings(sweep, part):
    """Settings of the job that solves a part of a sweep, or all of it."""
    return settings(
        device=device("cavity", "drum_1", "drum_2", "bath", "heating", "lines"),
        drive=drive_in(sweep),
        axes=configured(f"theory.sweeps.{sweep}.axes"),
        model=configured(f"theory.sweeps.{sweep}.model"),
        tones=tones_in(sweep),
        rows=rows_of(sweep)[part],
    )


def given_files(point, kind):
    """Files of a recording that the experiment was given: netCDF, or settings and their table."""
    folder = Path(EXPERIMENT["recordings"]["path"], point)
    return sorted(
        path.as_posix()
        for path in folder.glob(f"{kind}.*")
        if path.suffix in (".nc", ".yaml", ".csv")
    )


def calibration_recordings():
    """Recordings of the calibration that there are, by kind; none if they are not asked for."""
    if EXPERIMENT["calibration"]["source"] != "recordings":
        return {}
    return {
        kind: result(f"recordings/calibration.{kind}.nc")
        for kind in CALIBRATION_KINDS
        if SIMULATED or given_files("calibration", kind)
    }


def not_calibrated(kind):
    """What is lacking for a step of the calibration: empty if its recording is there."""
    return "" if kind in calibration_recordings() else f"the calibration has no recording {kind}"


def recorded(kind):
    """Input function: the recording of a kind at an operating point, or none if there is none."""

    def paths(wildcards):
        exists = SIMULATED or given_files(wildcards.point, kind)
        return [result(f"recordings/{wildcards.point}/{kind}.nc")] if exists else []

    return paths


def recorded_all(*kinds, others=()):
    """Input function: the records of recordings at an operating point, and of other results."""

    def paths(wildcards):
        return records(*(one for kind in kinds for one in recorded(kind)(wildcards)), *others)

    return paths


def rows_of(sweep):
    """Parts that a sweep is solved in: first row and row after the last."""
    return chunks(SWEEPS[sweep]["axes"], EXPERIMENT["theory"]["chunk_points"])


def parts_of(sweep):
    """Results of the parts of a sweep, in order."""
    return [result(f"theory/parts/{sweep}/{part}.nc") for part in range(len(rows_of(sweep)))]


@cache
def chunks_of_study(study):
    """Replicas of a coverage study, cut into jobs: pairs of kind and number."""
    coverage = EXPERIMENT["coverage"]
    factor = 1 if study == "main" else coverage["validation"]["factor"]
    pairs = [
        [kind, number]
        for kind, count in coverage["replicas"].items()
        for number in range(factor * count)
    ]
    size = coverage["chunk_replicas"]
    return [pairs[start : start + size] for start in range(0, len(pairs), size)]


def parts_of_study(study):
    """Results of the jobs of a coverage study."""
    return [
        result(f"coverage/{study}/parts/{part}.json") for part in range(len(chunks_of_study(study)))
    ]


def replicas_in(study, part):
    """Replicas of one job of a coverage study."""
    keys = ["coverage.replicas"] + ([] if study == "main" else ["coverage.validation.factor"])
    return Configured(chunks_of_study(study)[part], tuple(keys))


def in_time(study, part):
    """How records in time are made, for a job that makes some."""
    makes = any(kind == "in-time" for kind, _ in chunks_of_study(study)[part])
    return {"in_time": configured("coverage.in_time")} if makes else {}


def seed_of_study(study):
    """Seed of a coverage study: enlarged, it holds the replicas of the main one and more."""
    if study in ("main", "enlarged"):
        return seed("coverage")
    return Configured(
        {"root": study, "dataset": "coverage", "index": []}, ("coverage.validation.roots",)
    )


def ratio_sweeps():
    """Names of the curves that figures draw through the operating points, and their drives."""
    powers = list(EXPERIMENT["operating_points"])
    names = [f"ratio-{power}" for power in powers]
    return names, Configured(
        [{"power": power, **drive_of(power).value} for power in powers],
        tuple(f"theory.sweeps.{name}.power" for name in names)
        + tuple(f"drive.powers.{power}.red_coupling_hz" for power in powers),
    )


def seed(dataset, *index):
    """Names that a job's random stream is derived from."""
    root = configured("name")
    return Configured({"root": root.value, "dataset": dataset, "index": list(index)}, root.keys)


def settings(**entries):
    """A rule's settings: plain built-ins with sorted keys, so that a changed value is noticed."""
    keys = {
        key for entry in entries.values() if isinstance(entry, Configured) for key in entry.keys
    }
    values = {
        name: entry.value if isinstance(entry, Configured) else entry
        for name, entry in entries.items()
    }
    return sort_keys({**values, "config_keys": sorted(keys)})


def sort_keys(value):
    if isinstance(value, dict):
        return {key: sort_keys(value[key]) for key in sorted(value)}
    if isinstance(value, (list, tuple)):
        return [sort_keys(item) for item in value]
    return value


def planned_jobs(workflow):
    """Jobs that will run, without the one that stands for all."""
    return [job for job in workflow.dag.needrun_jobs() if job.rule.name != "all"]


def announce(workflow):
    """Say what will run and, on this machine's cores, how long it will take."""
    if workflow.touch:
        check_adopted(workflow)
        return
    check_left(workflow)
    planned = planned_jobs(workflow)
    jobs = f"{EXPERIMENT['name']}: {counted(len(planned), 'job')}"
    if not workflow.local_exec:
        print(f"{jobs} on a cluster", flush=True)
        return
    seconds = sum(seconds_of_job(job.rule.name, job.wildcards) for job in planned)
    cores = workflow.resource_settings.cores or 1
    print(
        f"{jobs}, about {max(5, round(seconds / cores + COSTS['overhead_seconds']))} s "
        f"on {cores} core(s)",
        flush=True,
    )


def conclusion():
    """Root digest and verdict of the results, or None if they were not audited."""
    root = audited_root(RESULTS)
    if not root:
        return None
    return {
        "root_digest": root,
        "verdict": jsonfile.read(result("inference/verdict.json"))["summary"],
    }


def conclude():
    """Say where the results are; if they were audited, their digest and, last, the verdict."""
    print(f"results of {EXPERIMENT['name']}: {RESULTS}/", flush=True)
    found = conclusion()
    if not found:
        print("not audited: not all results were made", flush=True)
        return
    print(f"root digest {found['root_digest']}", flush=True)
    print(found["verdict"], flush=True)
