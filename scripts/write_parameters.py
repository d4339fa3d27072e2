"""Write the resolved config of the experiment, as the reader of the results finds it."""

from entangled_drums.provenance.job import Job, execute
from entangled_drums import jsonfile


def main(job: Job) -> None:
    jsonfile.write(
        job.outputs["parameters"],
        {"record_id": job.record_id, "experiment": job.settings["experiment"]},
    )


execute(main, snakemake)
