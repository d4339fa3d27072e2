"""Put together what was found for each imperfection, as JSON and CSV."""

import pandas

from entangled_drums.provenance.job import Job, execute
from entangled_drums import jsonfile
from entangled_drums.coverage.misfit import table


def main(job: Job) -> None:
    found = [jsonfile.read(path) for path in job.inputs["parts"]]
    for one in found:
        one.pop("record_id")
    jsonfile.write(job.outputs["summary"], {"record_id": job.record_id, "found": found})
    pandas.DataFrame(table(found)).to_csv(job.outputs["csv"], index=False, lineterminator="\n")


execute(main, snakemake)
