"""Draw figure S1: response of the cavity and its fit."""

from entangled_drums.provenance.job import Job, execute
from entangled_drums import jsonfile, recording
from entangled_drums.figures import figs1
from entangled_drums.figures.calibration_steps import StepContent
from entangled_drums.figures.output import write_figure
from entangled_drums.recording_format import CAVITY_RESPONSE


def main(job: Job) -> None:
    data = figs1.ResponseData(
        recording.read(job.inputs["response"], CAVITY_RESPONSE),
        StepContent.of(jsonfile.read(job.inputs["step"])),
    )
    write_figure(
        figs1.draw(data, job.settings["origin"]),
        job.outputs,
        figs1.plotted(data),
        job.record_id,
        figs1.quoted(data),
    )


execute(main, snakemake)
