"""Infer the drums' state at one operating point by the routes that read line weights."""

from entangled_drums.provenance.job import Job, execute
from entangled_drums import calibration, jsonfile, recording
from entangled_drums.inference import direct, emission_bound, quadrature
from entangled_drums.inference.fine_effects import Fidelity
from entangled_drums.inference.line_data import line_data, usable
from entangled_drums.inference.line_windows import LineSettings
from entangled_drums.randomness import job_stream


def main(job: Job) -> None:
    emission = recording.read_optional(job.inputs["emission"], recording.EMISSION)
    scan = recording.read_optional(job.inputs["phase_scan"], recording.PHASE_SCAN)
    prior = usable(calibration.read(job.inputs["calibration"]))
    settings = LineSettings(fidelity=Fidelity(**job.settings["model"]))
    lines = line_data(emission, scan, prior, settings)
    for output, route in (
        ("result", direct),
        ("quadrature", quadrature),
        ("emission_bound", emission_bound),
    ):
        result = route.infer_from(
            lines, emission, prior, job_stream(job.settings["seeds"][output]), settings
        )
        jsonfile.write(
            job.outputs[output],
            {
                "record_id": job.record_id,
                "operating_point": job.settings["point"],
                "power": job.settings["power"],
                **job.settings["nominal"],
                **result.content(),
            },
        )


execute(main, snakemake)
