"""Draw figure S8: what the rotating-wave approximation leaves out."""

from entangled_drums.provenance.job import Job, execute
from entangled_drums import arrayfile
from entangled_drums.figures import figs8
from entangled_drums.figures.figs8_numbers import correction, plotted, quoted, retuning
from entangled_drums.figures.names import FRAME_SWEEPS, FREQUENCY_SWEEPS
from entangled_drums.figures.output import write_figure


def main(job: Job) -> None:
    settings = job.settings
    drives = settings["drives"]
    found = correction(
        *(arrayfile.read(path) for path in job.inputs["sweeps"]),
        [drives[name] for name in FREQUENCY_SWEEPS],
        settings["device"],
        settings["operating_points"].get(settings["power"], []),
    )
    tuned = None
    if job.inputs["frames"]:
        tuned = retuning(
            *(arrayfile.read(path) for path in job.inputs["frames"]),
            [drives[name] for name in FRAME_SWEEPS],
        )
    write_figure(
        figs8.draw(found, tuned, settings["origin"]),
        job.outputs,
        plotted(found, tuned),
        job.record_id,
        quoted(found, tuned),
    )


execute(main, snakemake)
