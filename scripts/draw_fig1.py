"""Draw figure 1: the device and the drive."""

from entangled_drums.provenance.job import Job, execute
from entangled_drums.figures import fig1
from entangled_drums.figures.output import write_figure


def main(job: Job) -> None:
    settings = job.settings
    shown = fig1.scheme(
        settings["device"],
        settings["diameters_m"],
        cavity_detuning_hz=settings["cavity_detuning_hz"],
        frame_offset_hz=settings["frame_offset_hz"],
        probe_offset_hz=settings["probe_offset_hz"],
    )
    write_figure(
        fig1.draw(shown, settings["origin"]),
        job.outputs,
        fig1.plotted(shown),
        job.record_id,
        fig1.quoted(shown),
    )


execute(main, snakemake)
