"""What the rules share: the experiment's config, and helpers that name files and cut work into jobs.

No rules here.
"""

import math
import re
import sys
from functools import cache
from pathlib import Path

import yaml

from entangled_drums.chunking import chunks
from entangled_drums.configuration.experiment import load_experiment
from entangled_drums.configuration.results_folder import results_folder
from entangled_drums.configuration.values import operating_point_ids
from entangled_drums.errors import EntangledDrumsError
from entangled_drums.provenance.closure import Library
from entangled_drums.provenance.digest import data_digest, file_digest
from entangled_drums.provenance.record import record_path


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
    point=any_of(POINTS),
    sweep=any_of(SWEEPS),
    part="[0-9]+",
    imperfection="[a-z-]+",
    study=any_of(["main", *validation_studies()]),


def result(path):
    """Path of a result of this experiment."""
    return f"{RESULTS}/{path}"


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


def log_file(rule_name, job="job"):
    return result(f"logs/{rule_name}/{job}.log")


def benchmark_file(rule_name, job="job"):
    return result(f"benchmarks/{rule_name}/{job}.jsonl")


def cost(rule_name):
    """Limits of one job on a cluster: what was measured, with headroom; more at every retry."""
    headroom, manager = COSTS["headroom"], COSTS["cluster"]

    def memory(wildcards):
        measured = of_job(rule_name, wildcards, "memory_mb")
        return int(measured * headroom["memory"] + manager["memory_mb"])

    def minutes(wildcards):
        work = of_job(rule_name, wildcards, "seconds") / 60
        return int(work * headroom["runtime"] + manager["minutes"])

    return {
        "mem_mb": lambda wildcards, attempt: memory(wildcards) * attempt,
        "runtime": lambda wildcards, attempt: minutes(wildcards) * attempt,
    }


def of_job(rule_name, wildcards, what):
    """Seconds or memory of one job, as measured; more for one with more points or replicas."""
    measured = COSTS["rules"][rule_name]
    each = measured.get(f"{what}_each", 0.0)
    if not each:
        return measured[what]
    if rule_name in SOLVING and modulated(wildcards.sweep):
        each *= COSTS["modulated_point"][what]
    return measured[what] + each * pieces_of_job(rule_name, wildcards)


def modulated(sweep):
    """Whether a sweep is beyond the rotating wave, or of tones that beat."""
    return SWEEPS[sweep]["model"] != "rwa" or "tones" in SWEEPS[sweep]


SOLVING = ("solve_sweep", "solve_part")


def pieces_of_job(rule_name, wildcards):
    """Points of a sweep, drawn devices or replicas in one job: what a number in the config decides."""
    if rule_name == "solve_band":
        return EXPERIMENT["theory"]["band_samples"]
    if rule_name in SOLVING:
        first, end = rows_of(wildcards.sweep)[int(getattr(wildcards, "part", 0))]
        counts = [axis["count"] for axis in SWEEPS[wildcards.sweep]["axes"].values()]
        return (end - first) * math.prod(counts[1:])
    if rule_name == "run_replicas":
        return len(chunks_of_study(wildcards.study)[int(wildcards.part)])
    return EXPERIMENT["coverage"]["misfit"]["replicas"]


GIVEN_SUFFIXES = (".nc", ".yaml", ".yml", ".csv")
POINT_KINDS = ("emission", "phase_scan", "stationarity")


def given_files(point, kind):
    """Files of a recording that the experiment was given: netCDF, or settings and their table."""
    folder = Path(EXPERIMENT["recordings"]["path"], point)
    return sorted(
        path.as_posix() for path in folder.glob(f"{kind}.*") if path.suffix in GIVEN_SUFFIXES
    )


def unused_files():
    """Files of the given folder that look like recordings, and that no rule reads."""
    if SIMULATED:
        return []
    used = {path for point in POINTS for kind in POINT_KINDS for path in given_files(point, kind)}
    for kind in calibration_recordings():
        used.update(given_files("calibration", kind))
    return sorted(
        path.as_posix()
        for path in Path(EXPERIMENT["recordings"]["path"]).rglob("*")
        if path.suffix in GIVEN_SUFFIXES and path.as_posix() not in used
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


def points_with_run():
    """Operating points at which a stationarity run is recorded."""
    if not SIMULATED:
        return [name for name in POINTS if given_files(name, "stationarity")]
    run = EXPERIMENT["calibration"].get("stationarity")
    return [run["point"]] if run else []


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
