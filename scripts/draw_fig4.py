"""Draw figure 4: Duan sum and 2 nu against the pump ratio."""

from entangled_drums.provenance.job import Job, execute
from entangled_drums import arrayfile, jsonfile
from entangled_drums.figures import fig4
from entangled_drums.figures.fig4_numbers import RecalledValue, plotted, power_data, quoted
from entangled_drums.figures.output import write_figure
from entangled_drums.inference.route_result import route_result
from entangled_drums.inference.verdict import read_verdicts


def main(job: Job) -> None:
    results = [route_result(jsonfile.read(path)) for path in job.inputs["results"]]
    verdicts = read_verdicts(jsonfile.read(job.inputs["verdict"]))
    powers = [
        power_data(drive, arrayfile.read(sweep), arrayfile.read(band), results, verdicts)
        for drive, sweep, band in zip(
            job.settings["drives"], job.inputs["sweeps"], job.inputs["bands"], strict=True
        )
    ]
    published = job.settings["comparison"].get("recalled_duan")
    recalled = published and RecalledValue(
        published["value"], published["uncertainty"], published["status"]
    )
    write_figure(
        fig4.draw(powers, recalled, job.settings["origin"]),
        job.outputs,
        plotted(powers, recalled),
        job.record_id,
        quoted(powers),
    )


execute(main, snakemake)
