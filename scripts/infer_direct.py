"""Infer the drums' state at one operating point by the direct route."""

from entangled_drums import calibration, jsonfile, recording
from entangled_drums.inference.direct import infer
from entangled_drums.provenance.job import Job, execute
from entangled_drums.randomness import job_stream


def main(job: Job) -> None:
    result = infer(
        recording.read(job.inputs["emission"], recording.EMISSION),
        recording.read(job.inputs["phase_scan"], recording.PHASE_SCAN),
        calibration.read(job.inputs["calibration"]),
        job_stream(job.settings["seed"]),
    )
    jsonfile.write(
        job.outputs["result"],
        {
            "record_id": job.record_id,
            "operating_point": job.settings["point"],
            "power": job.settings["power"],
            **result.content(),
        },
    )


execute(main, snakemake)
