"""Draw figure S3: sideband cooling of each drum."""

from entangled_drums.provenance.job import Job, execute
from entangled_drums import jsonfile
from entangled_drums.figures import figs3
from entangled_drums.figures.calibration_steps import StepContent
from entangled_drums.figures.output import write_figure


def main(job: Job) -> None:
    narrowing = jsonfile.read(job.inputs["narrowing"])
    data = figs3.CoolingData(
        StepContent.of(jsonfile.read(job.inputs["cooling"])),
        None if narrowing["skipped"] else StepContent.of(narrowing),
    )
    write_figure(
        figs3.draw(data, job.settings["origin"]),
        job.outputs,
        figs3.plotted(data),
        job.record_id,
        figs3.quoted(data),
    )


execute(main, snakemake)
