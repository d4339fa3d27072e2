"""Record every data set of the calibration in the simulated laboratory."""

from entangled_drums.provenance.job import Job, execute
from entangled_drums import jsonfile, recording
from entangled_drums.laboratory import calibration_runs
from entangled_drums.laboratory.imperfections import Imperfections
from entangled_drums.randomness import job_stream


def main(job: Job) -> None:
    settings = job.settings
    truth = jsonfile.read(job.inputs["truth"])["values"]
    measurement = {
        **settings["measurement"],
        "emission": settings["emission"],
        "probe_offset_hz": settings["probe_offset_hz"],
    }
    for kind in calibration_runs.KINDS:
        seed = {**settings["seed"], "index": [*settings["seed"]["index"], kind]}
        dataset = calibration_runs.record(
            kind,
            truth,
            settings["device"],
            measurement,
            job_stream(seed),
            Imperfections.of(settings["laboratory"]),
        )
        recording.write(job.outputs[kind], dataset, job.record_id)


execute(main, snakemake)
