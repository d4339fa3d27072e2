"""Write table S1: the parameters of the device, as assumed and as calibrated."""

from entangled_drums.provenance.job import Job, execute
from entangled_drums import calibration, jsonfile
from entangled_drums.tables import table_s1
from entangled_drums.tables.output import write_table


def main(job: Job) -> None:
    settings = job.settings
    weighed = job.inputs.get("weighed")
    table = table_s1.table(
        settings["device"],
        calibration.read(job.inputs["calibration"]),
        settings["origin"],
        jsonfile.read(weighed).get("priors") if weighed else None,
        settings["point"],
    )
    write_table(table, job.outputs, job.record_id)


execute(main, snakemake)
