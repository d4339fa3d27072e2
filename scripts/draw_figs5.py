"""Draw figure S5: how the pumps heat cavity and drums."""

from entangled_drums.provenance.job import Job, execute
from entangled_drums import calibration, jsonfile
from entangled_drums.figures import figs5
from entangled_drums.figures.calibration_steps import StepContent
from entangled_drums.figures.output import write_figure
from entangled_drums.inference import posterior_file
from entangled_drums.randomness import job_stream


def main(job: Job) -> None:
    settings = job.settings
    generator = job_stream(settings["seed"])
    cooling = StepContent.of(jsonfile.read(job.inputs["cooling"]))
    before = calibration.from_device(settings["device"], settings["uncertainties"])
    after = calibration.read(job.inputs["calibration"])
    grid = figs5.coupling_grid(cooling, [one["red_coupling_hz"] for one in settings["points"]])
    posteriors = [
        (point["red_coupling_hz"], posterior_file.read(path))
        for point, path in zip(settings["points"], job.inputs["posteriors"], strict=True)
    ]
    data = figs5.HeatingData(
        cooling,
        {
            side: figs5.heated(known.sample(generator, figs5.DRAWS), grid)
            for side, known in (("before", before), ("after", after))
        },
        grid,
        [(at, figs5.heated_at(draws, after, at)) for at, draws in posteriors if draws],
    )
    write_figure(
        figs5.draw(data, job.settings["origin"]),
        job.outputs,
        figs5.plotted(data),
        job.record_id,
        figs5.quoted(data),
    )


execute(main, snakemake)
