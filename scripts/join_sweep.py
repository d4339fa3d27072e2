"""Put the parts of a sweep together."""

from entangled_drums.provenance.job import Job, execute
from entangled_drums import arrayfile
from entangled_drums.sweeps.solving import join


def main(job: Job) -> None:
    parts = [arrayfile.read(path) for path in job.inputs["parts"]]
    arrayfile.write(job.outputs["sweep"], join(parts), job.record_id)


execute(main, snakemake)
