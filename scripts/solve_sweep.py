"""Solve a sweep declared in the experiment file, or one part of it."""

from entangled_drums.provenance.job import Job, execute
from entangled_drums import arrayfile
from entangled_drums.sweeps.solving import solve_sweep


def main(job: Job) -> None:
    settings = job.settings
    dataset = solve_sweep(
        settings["device"],
        settings["drive"],
        settings["axes"],
        model=settings["model"],
        declared_tones=settings["tones"],
        rows=settings["rows"],
    )
    arrayfile.write(job.outputs["solved"], dataset, job.record_id)


execute(main, snakemake)
