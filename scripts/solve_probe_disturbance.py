"""Solve the state of the drums under a probe: against its strength, phase and imbalance."""

from entangled_drums.provenance.job import Job, execute
from entangled_drums import arrayfile, probe_disturbance


def main(job: Job) -> None:
    settings = job.settings
    dataset = probe_disturbance.solve(
        settings["device"],
        settings["drive"],
        probe_offset_hz=settings["probe_offset_hz"],
        probe_coupling_hz=settings["probe_coupling_hz"],
    )
    arrayfile.write(job.outputs["disturbance"], dataset, job.record_id)


execute(main, snakemake)
