"""Draw figure S7: maps of the Duan sum."""

from entangled_drums.provenance.job import Job, execute
from entangled_drums import arrayfile
from entangled_drums.figures import figs7
from entangled_drums.figures.figs7_numbers import maps_of, plotted, quoted
from entangled_drums.figures.output import write_figure


def main(job: Job) -> None:
    settings = job.settings
    sweeps = {path.stem: arrayfile.read(path) for path in job.inputs["sweeps"]}
    maps = maps_of(
        sweeps,
        settings["drives"],
        settings["device"],
        settings["powers"],
        settings["operating_points"],
    )
    write_figure(
        figs7.draw(list(maps.values()), settings["origin"]),
        job.outputs,
        plotted(list(maps.values())),
        job.record_id,
        quoted(maps),
    )


execute(main, snakemake)
