"""Calibrate the device: fit the calibration recordings, or take numbers as they are given."""

from entangled_drums.provenance.job import Job, execute
from entangled_drums import calibration, recording
from entangled_drums.calibration import chain, report
from entangled_drums.calibration.tone_spectra import Fidelity


def main(job: Job) -> None:
    settings = job.settings
    prior = calibration.from_device(settings["device"], settings["uncertainties"])
    found = prior
    if settings["source"] == "file":
        found = calibration.read(job.inputs["given"])
        found.require(prior.names)
    if settings["source"] == "recordings":
        recordings = {
            step.kind: recording.read(job.inputs[step.kind], step.kind)
            for step in chain.STEPS
            if step.kind in job.inputs
        }
        result = chain.calibrate(recordings, prior, Fidelity(**settings["model"]))
        for name, content in report.contents(result, recordings).items():
            report.write(job.outputs[name], content, job.record_id)
        found = result.calibration
    calibration.write(job.outputs["calibration"], found, job.record_id)


execute(main, snakemake)
