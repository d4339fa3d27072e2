"""How a run starts, what it shows, and how it ends. No rules here.

Before a run makes anything it takes the lock of its results folder, compares every result with its
record, and removes parts of work that is cut into fewer jobs now. That happens in the process the
user started, once the workflow manager has decided to run jobs: not for a dry run, a summary, or
the processes that a cluster starts for single jobs.
"""

import logging
import os
import shutil
import subprocess

from entangled_drums import jsonfile
from entangled_drums.provenance import run_lock
from entangled_drums.provenance.chain import audited_root
from entangled_drums.provenance.mend import mend, remove_superseded
from entangled_drums.provenance.record import read_record
from entangled_drums.wording import counted

SHOWN_LOG_LINES = 12
SHOWN_LINE_LENGTH = 160


class Console(logging.Handler):
    """A running total, and the end of the log of a job that failed."""

    def __init__(self, workflow):
        super().__init__()
        self.workflow = workflow
        self.names = {}
        self.finished = ""

    def emit(self, record):
        event = str(getattr(record, "event", ""))
        if event == "job_info":
            values = [str(value) for value in record.wildcards.values()]
            self.names[record.jobid] = " ".join([record.rule_name, *values])
        elif event == "job_finished":
            self.finished = self.names.get(record.job_id, "")
        elif event == "progress" and self.finished != "all":
            self.tell(
                f"{EXPERIMENT['name']}: {record.done} of {self.total()} jobs, {self.finished}"
            )
        elif event == "job_error":
            reason = f": {record.rule_msg}" if record.rule_msg else ""
            self.tell(f"{self.names.get(record.jobid, record.rule_name)} failed{reason}")
            self.show(record.log)

    def total(self):
        """Number of jobs of this run, finished ones too."""
        if not hasattr(self, "planned"):
            self.planned = len(planned_jobs(self.workflow))
        return self.planned

    def show(self, logs):
        """The last lines of the logs that a failed job left, here and with the cluster."""
        for name in logs:
            path = Path(str(name).split(" (", 1)[0])
            try:
                text = path.read_text(encoding="utf-8", errors="replace")
            except OSError:
                self.tell(f"  no log: {path}")
                continue
            self.tell(f"  the end of {path}:")
            for line in text.splitlines()[-SHOWN_LOG_LINES:]:
                self.tell(f"    {line[:SHOWN_LINE_LENGTH]}")

    def tell(self, line):
        print(line, file=sys.stderr, flush=True)


def still_shown(record):
    """Tell which of the workflow manager's own lines `Console` does not replace."""
    return str(getattr(record, "event", "")) not in ("job_finished", "progress") and not (
        re.match(r"Select jobs to execute|Execute \d+ jobs", record.getMessage())
    )


def changes_results(settings):
    """Tell whether the workflow manager is about to run jobs, in the process the user started."""
    return workflow.is_main_process and not settings["executor_plugin"].common_settings.dryrun_exec


def prepare(holder, dead, settings):
    """Put everything in order; this run holds the results folder already."""
    if dead:
        say(f"cleared the lock that {dead} left on {RESULTS}")
        cancel_cluster_jobs(dead.run)
    # It is held already. Of two runs in one checkout that end together, the workflow manager's own
    # locks let one fail: each deletes all of them.
    workflow.execution_settings.lock = False
    if not settings["executor_plugin"].common_settings.touch_exec:
        mend(RESULTS, say)
        for rule_name, folder, parts in divided_work():
            remove_superseded(folder, parts, rule_name, say)
    wake_for_ended_jobs_only(workflow.scheduling_settings)
    name_cluster_jobs(settings.get("executor_settings"), holder.run)
    show_progress(workflow)


def answering(execute):
    """Let the targets be looked at first, and at last what was left as it is, dry runs included."""

    def execute_answering(*arguments, **settings):
        check_asked(workflow.dag_settings.targets)
        done = execute(*arguments, **settings)
        if workflow.is_main_process:
            check_left(workflow)
        return done

    return execute_answering


def planned_jobs(workflow):
    """Jobs that will run, without the one that stands for all."""
    return [job for job in workflow.dag.needrun_jobs() if job.rule.name != "all"]


def announce(workflow):
    """Say what will run and, on this machine's cores, how long it will take."""
    if workflow.touch:
        check_adopted(workflow)
        return
    check_left(workflow)
    for path in unused_files():
        print(
            f"{path}: not used; folders are named by operating points ({', '.join(POINTS)}) or "
            f"'calibration', files by kinds of recordings ({', '.join(POINT_KINDS)})",
            flush=True,
        )
    planned = planned_jobs(workflow)
    jobs = f"{EXPERIMENT['name']}: {counted(len(planned), 'job')}"
    if not workflow.local_exec:
        print(f"{jobs} on a cluster", flush=True)
        return
    seconds = sum(of_job(job.rule.name, job.wildcards, "seconds") for job in planned)
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


def divided_work():
    """All that may be cut into jobs: name of the rule, folder of its parts, and those there are."""
    for sweep in SWEEPS:
        parts = parts_of(sweep) if sweep in DIVIDED_SWEEPS else []
        yield "solve_part", result(f"theory/parts/{sweep}"), parts
    if COVERAGE:
        for study in ("main", *validation_studies()):
            yield "run_replicas", result(f"coverage/{study}/parts"), parts_of_study(study)


def describe(create_report):
    """Let the report's description quote the results, which must be audited."""

    def create(*arguments, **settings):
        found = conclusion()
        if not found:
            refuse(f"{EXPERIMENT['name']}: these results were not audited; run `make reproduce`")
        config["described"] = {
            **found,
            "title": EXPERIMENT["title"],
            "device": EXPERIMENT["device"]["title"],
            "origin": ORIGIN,
            "made": jsonfile.read(result("audit/manifest.json"))["made"],
        }
        return create_report(*arguments, **settings)

    return create


def check_adopted(workflow):
    """Refuse to take results as current (--touch) that other code or config has made."""
    for record, what, _ in made_otherwise(workflow.dag.needrun_jobs()):
        refuse(
            f"{EXPERIMENT['name']}: {record}: made with other {what} than this checkout has; "
            "run without --touch, which makes again what differs"
        )


def check_left(workflow):
    """Refuse results of other code or config that only their dates make current.

    The workflow manager compares both with its own memory, which is not there if results were
    copied without it, or if it was deleted.
    """
    dag = workflow.dag
    forgotten = (job for job in dag.jobs if dag.reason(job).no_metadata and not dag.needrun(job))
    found = sorted(made_otherwise(forgotten))
    if found:
        record, what, _ = found[0]
        refuse(
            f"{EXPERIMENT['name']}: {record}: made with other {what} than this checkout has, and "
            "newer; to make it again add --forcerun "
            + " ".join(sorted({rule_name for _, _, rule_name in found}))
        )


def made_otherwise(jobs):
    """Results that other code or config has made: record, which of the two, and rule."""
    for job in jobs:
        if "record" not in job.output.keys():
            continue
        try:
            made = read_record(job.output.record)
        except EntangledDrumsError as error:
            refuse(f"{EXPERIMENT['name']}: {error}")
        for what, found, expected in (
            ("code", data_digest(made["code"]), job.params.code),
            ("config", data_digest(made["settings"]), data_digest(job.params.settings)),
        ):
            if found != expected:
                yield job.output.record, what, job.rule.name
                break


def forgo_benchmarks():
    """Let rules be cached: Snakemake does not do that for a rule that also notes its cost."""
    for cached in workflow.rules:
        if cached.name in (workflow.workflow_settings.cache or ()):
            cached._benchmark = None


def say(line):
    print(f"{EXPERIMENT['name']}: {line}", file=sys.stderr, flush=True)


def show_progress(workflow):
    """Let `Console` show the jobs' progress; results that are only adopted have none."""
    if workflow.touch:
        return
    logger = logging.getLogger("snakemake.logging")
    for handler in logger.handlers:
        if handler.name == "DefaultStreamHandler":
            handler.addFilter(still_shown)
    logger.addHandler(Console(workflow))


def wake_for_ended_jobs_only(scheduling):
    """Drop the workflow manager's default limit of a hundred new jobs a second.

    To keep it, the workflow manager looks for work once a second, and does so once more a second
    for every job that has ended: after a hundred jobs it takes a good part of a core. A limit that
    the user gives stays.
    """
    limit = scheduling.max_jobs_per_timespan
    if limit and (limit.max_jobs, limit.timespan) == (100, 1):
        scheduling.max_jobs_per_timespan = None


def name_cluster_jobs(executor_settings, run):
    """Let the cluster's queue show which run a job belongs to."""
    if getattr(executor_settings, "jobname_prefix", None) == "":
        executor_settings.jobname_prefix = run


def cancel_cluster_jobs(run):
    """Cancel the jobs that a dead run left in the cluster's queue."""
    if not shutil.which("squeue"):
        return
    queue = subprocess.run(
        ["squeue", "--me", "--noheader", "--format=%i %j"],
        capture_output=True,
        text=True,
        check=False,
    )
    jobs = [line.split()[0] for line in queue.stdout.splitlines() if f" {run}_" in line]
    if jobs:
        say(f"cancelling {counted(len(jobs), 'job')} that the dead run left in the queue")
        subprocess.run(["scancel", *jobs], check=False)


# On a cluster these run beside the workflow manager: each takes less time than to be queued.
localrules:
    write_parameters,
    draw_truth,
    calibrate_device,
    join_sweep,
    write_table_s2,
    write_table_s3,
    summarise_misfit,


forgo_benchmarks()
workflow.create_report = describe(workflow.create_report)
workflow.execute = answering(
    run_lock.alone(
        workflow.execute,
        RESULTS,
        applies=changes_results,
        prepare=prepare,
        refuse=lambda message: refuse(f"{EXPERIMENT['name']}: {message}"),
    )
)
