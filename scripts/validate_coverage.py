"""Compare enlarged coverage studies with other random numbers; fail if they disagree."""

from entangled_drums.provenance.job import Job, execute
from entangled_drums import jsonfile
from entangled_drums.coverage.agreement import compare, require


def main(job: Job) -> None:
    summaries = {
        study: jsonfile.read(path)
        for study, path in zip(job.settings["studies"], job.inputs["summaries"], strict=True)
    }
    found = compare(summaries)
    require(found)
    jsonfile.write(job.outputs["validation"], {"record_id": job.record_id, **found})


execute(main, snakemake)
