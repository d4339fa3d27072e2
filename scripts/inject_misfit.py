"""Find out how small an imperfection the analysis notices, and how far off it then is."""

from entangled_drums.provenance.job import Job, execute
from entangled_drums import calibration, jsonfile
from entangled_drums.coverage.experiment import Experiment
from entangled_drums.coverage.misfit import search
from entangled_drums.randomness import job_stream


def main(job: Job) -> None:
    name = job.settings["imperfection"]
    streams = [
        job_stream({**job.settings["seed"], "index": [name, str(number)]})
        for number in range(job.settings["replicas"])
    ]
    found = search(
        name, Experiment.of(job.settings), calibration.read(job.inputs["calibration"]), streams
    )
    jsonfile.write(job.outputs["found"], {"record_id": job.record_id, **found})


execute(main, snakemake)
