"""Draw figure S4: gain and added noise of the receiver."""

from entangled_drums.provenance.job import Job, execute
from entangled_drums import calibration, jsonfile
from entangled_drums.figures import figs4
from entangled_drums.figures.calibration_steps import StepContent
from entangled_drums.figures.output import write_figure
from entangled_drums.randomness import job_stream


def main(job: Job) -> None:
    settings = job.settings
    port = jsonfile.read(job.inputs["port"])
    after = calibration.read(job.inputs["calibration"])
    data = figs4.ReceiverData(
        StepContent.of(jsonfile.read(job.inputs["loads"])),
        None if port["skipped"] else StepContent.of(port),
        settings["device"]["cavity.frequency_hz"],
        calibration.from_device(settings["device"], settings["uncertainties"]),
        after,
        after.sample(job_stream(settings["seed"]), figs4.DRAWS),
    )
    write_figure(
        figs4.draw(data, job.settings["origin"]),
        job.outputs,
        figs4.plotted(data),
        job.record_id,
        figs4.quoted(data),
    )


execute(main, snakemake)
