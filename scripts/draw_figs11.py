"""Draw figure S11: the emission lines over a run."""

from entangled_drums.provenance.job import Job, execute
from entangled_drums import jsonfile
from entangled_drums.figures import figs11
from entangled_drums.figures.output import write_figure


def main(job: Job) -> None:
    found, *others = (jsonfile.read(path) for path in job.inputs["stationarity"])
    write_figure(
        figs11.draw(found, job.settings["origin"]),
        job.outputs,
        figs11.plotted(found),
        job.record_id,
        figs11.quoted(found, others),
    )


execute(main, snakemake)
