"""Write table S3: the error budget of the Duan sum."""

from entangled_drums import jsonfile
from entangled_drums.provenance.job import Job, execute
from entangled_drums.tables import table_s3
from entangled_drums.tables.output import write_table


def main(job: Job) -> None:
    found = [route for path in job.inputs["budget"] for route in jsonfile.read(path)["routes"]]
    misfits = [one for path in job.inputs["misfits"] for one in jsonfile.read(path)["found"]]
    table = table_s3.table(found, misfits, job.settings["origin"])
    write_table(table, job.outputs, job.record_id)


execute(main, snakemake)
