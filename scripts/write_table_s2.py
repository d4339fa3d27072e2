"""Write table S2: the inferred state at each operating point by each route."""

from entangled_drums.provenance.job import Job, execute
from entangled_drums import jsonfile
from entangled_drums.inference.route_result import route_result
from entangled_drums.inference.verdict import read_verdicts
from entangled_drums.tables import table_s2
from entangled_drums.tables.output import write_table


def main(job: Job) -> None:
    results = [route_result(jsonfile.read(path)) for path in job.inputs["results"]]
    verdicts = read_verdicts(jsonfile.read(job.inputs["verdict"]))
    write_table(
        table_s2.table(results, job.settings["origin"], verdicts), job.outputs, job.record_id
    )


execute(main, snakemake)
