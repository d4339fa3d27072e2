"""Infer the drums' state at one operating point by the model-based route."""

from entangled_drums.provenance.job import Job, execute
from entangled_drums import calibration, jsonfile, recording
from entangled_drums.inference import posterior_file
from entangled_drums.inference.fine_effects import Fidelity
from entangled_drums.inference.model_based import ModelBasedSettings, infer
from entangled_drums.randomness import job_stream


def main(job: Job) -> None:
    result = infer(
        recording.read_optional(job.inputs["emission"], recording.EMISSION),
        recording.read_optional(job.inputs["phase_scan"], recording.PHASE_SCAN),
        calibration.read(job.inputs["calibration"]),
        job_stream(job.settings["seed"]),
        ModelBasedSettings(fidelity=Fidelity(**job.settings["model"])),
    )
    jsonfile.write(
        job.outputs["result"],
        {
            "record_id": job.record_id,
            "operating_point": job.settings["point"],
            "power": job.settings["power"],
            **job.settings["nominal"],
            **result.content(),
        },
    )
    posterior_file.write(job.outputs["posterior"], result.draws, job.record_id)


execute(main, snakemake)
