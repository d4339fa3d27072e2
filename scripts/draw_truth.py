"""Draw the true device of the simulated laboratory, once."""

from entangled_drums.provenance.job import Job, execute
from entangled_drums import jsonfile, prior
from entangled_drums.randomness import job_stream


def main(job: Job) -> None:
    truth = prior.draw(
        job.settings["device"], job.settings["uncertainties"], job_stream(job.settings["seed"])
    )
    jsonfile.write(job.outputs["truth"], {"record_id": job.record_id, "values": truth})


execute(main, snakemake)
