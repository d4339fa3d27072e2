"""Solve a sweep for many devices drawn from the device file's uncertainties."""

from entangled_drums.provenance.job import Job, execute
from entangled_drums import arrayfile
from entangled_drums.randomness import job_stream
from entangled_drums.sweeps.band import solve_band


def main(job: Job) -> None:
    settings = job.settings
    dataset = solve_band(
        settings["device"],
        settings["uncertainties"],
        settings["drive"],
        settings["axes"],
        samples=settings["samples"],
        generator=job_stream(settings["seed"]),
        model=settings["model"],
    )
    arrayfile.write(job.outputs["band"], dataset, job.record_id)


execute(main, snakemake)
