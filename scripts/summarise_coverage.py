"""Summarise the coverage study: coverage, ranks, false claims, power."""

from entangled_drums.provenance.job import Job, execute
from entangled_drums import jsonfile
from entangled_drums.coverage.summary import summarise


def main(job: Job) -> None:
    replicas = [one for path in job.inputs["parts"] for one in jsonfile.read(path)["replicas"]]
    jsonfile.write(
        job.outputs["summary"],
        {
            "record_id": job.record_id,
            "operating_point": job.settings["point"],
            **summarise(replicas),
        },
    )


execute(main, snakemake)
