"""Draw figure S6: how much the probe disturbs the Duan sum."""

from entangled_drums.provenance.job import Job, execute
from entangled_drums import arrayfile
from entangled_drums.figures import figs6
from entangled_drums.figures.output import write_figure


def main(job: Job) -> None:
    settings = job.settings
    found = figs6.Disturbance(
        arrayfile.read(job.inputs["disturbance"]),
        settings["probe_coupling_hz"],
        settings["drive"]["red_coupling_hz"],
        settings["drive"]["ratio"],
    )
    write_figure(
        figs6.draw(found, settings["origin"]),
        job.outputs,
        figs6.plotted(found),
        job.record_id,
        figs6.quoted(found),
    )


execute(main, snakemake)
