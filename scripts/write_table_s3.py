"""Write table S3: the error budget of the Duan sum."""

from entangled_drums.provenance.job import Job, execute
from entangled_drums import jsonfile
from entangled_drums.tables import table_s3
from entangled_drums.tables.output import write_table


def main(job: Job) -> None:
    budgets = [jsonfile.read(path) for path in job.inputs["budget"]]
    found = [route for budget in budgets for route in budget["routes"]]
    without = {route: why for budget in budgets for route, why in budget["without"].items()}
    misfits = [one for path in job.inputs["misfits"] for one in jsonfile.read(path)["found"]]
    table = table_s3.table(found, misfits, job.settings["origin"], without)
    write_table(table, job.outputs, job.record_id)


execute(main, snakemake)
