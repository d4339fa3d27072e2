"""Draw figure 2: the microwaves emitted under the entangling drive."""

from entangled_drums.provenance.job import Job, execute
from entangled_drums import calibration, recording
from entangled_drums.figures import fig2
from entangled_drums.figures.output import write_figure
from entangled_drums.inference import posterior_file
from entangled_drums.inference.fine_effects import Fidelity
from entangled_drums.inference.predictive import predict


def main(job: Job) -> None:
    settings = job.settings
    known = calibration.read(job.inputs["calibration"])
    points = []
    for point, emission, posterior in zip(
        settings["points"], job.inputs["emissions"], job.inputs["posteriors"], strict=True
    ):
        draws = posterior_file.read(posterior)
        if draws:
            seen = recording.read(emission, recording.EMISSION)
            predicted = predict(seen, None, known, draws, Fidelity(**settings["model"]))
            points.append(fig2.PointEmission(**point, predictive=predicted))
    data = fig2.EmissionData(tuple(points), settings["shown"])
    write_figure(
        fig2.draw(data, settings["origin"]),
        job.outputs,
        fig2.plotted(data),
        job.record_id,
        fig2.quoted(data),
    )


execute(main, snakemake)
