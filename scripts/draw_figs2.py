"""Draw figure S2: thermal sweep of each drum."""

from entangled_drums.provenance.job import Job, execute
from entangled_drums import jsonfile
from entangled_drums.figures import figs2
from entangled_drums.figures.calibration_steps import StepContent
from entangled_drums.figures.output import write_figure


def main(job: Job) -> None:
    data = StepContent.of(jsonfile.read(job.inputs["step"]))
    write_figure(
        figs2.draw(data, job.settings["origin"]),
        job.outputs,
        figs2.plotted(data),
        job.record_id,
        figs2.quoted(data),
    )


execute(main, snakemake)
