"""Draw figure S9: the posterior of one operating point."""

from entangled_drums.provenance.job import Job, execute
from entangled_drums import calibration, jsonfile, recording
from entangled_drums.figures import figs9
from entangled_drums.figures.output import write_figure
from entangled_drums.inference import posterior_file
from entangled_drums.inference.fine_effects import Fidelity
from entangled_drums.inference.predictive import prior_state, with_state
from entangled_drums.randomness import job_stream


def main(job: Job) -> None:
    settings = job.settings
    emission = recording.read(job.inputs["emission"], recording.EMISSION)
    truth = None
    if job.inputs["truth"]:
        truth = with_state(
            jsonfile.read(job.inputs["truth"][0])["values"],
            recording.drive_settings(emission),
            counter_rotating=settings["counter_rotating"],
        )
    data = figs9.CornerData(
        posterior_file.read(job.inputs["posterior"]),
        prior_state(
            emission,
            calibration.read(job.inputs["calibration"]),
            job_stream(settings["seed"]),
            figs9.PRIOR_DRAWS,
            Fidelity(**settings["model"]),
        ),
        truth,
        settings["point"],
    )
    write_figure(
        figs9.draw(data, settings["origin"]),
        job.outputs,
        figs9.plotted(data),
        job.record_id,
        figs9.quoted(data),
    )


execute(main, snakemake)
