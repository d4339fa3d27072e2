"""Draw figure S10: coverage, ranks and claims of the replicas."""

from entangled_drums.provenance.job import Job, execute
from entangled_drums import jsonfile
from entangled_drums.figures import figs10
from entangled_drums.figures.output import write_figure


def main(job: Job) -> None:
    summary = jsonfile.read(job.inputs["summary"][0])
    write_figure(
        figs10.draw(summary, job.settings["origin"]),
        job.outputs,
        figs10.plotted(summary),
        job.record_id,
        figs10.quoted(summary),
    )


execute(main, snakemake)
