"""Record the emission spectrum at one operating point of the simulated laboratory."""

from entangled_drums.provenance.job import Job, execute
from entangled_drums import jsonfile, recording
from entangled_drums.laboratory.imperfections import Imperfections
from entangled_drums.laboratory.pumped import EmissionSettings, record_emission
from entangled_drums.parameters import drive_settings
from entangled_drums.randomness import job_stream


def main(job: Job) -> None:
    dataset = record_emission(
        jsonfile.read(job.inputs["truth"])["values"],
        drive_settings(job.settings["device"], **job.settings["drive"]),
        EmissionSettings(**job.settings["measurement"]),
        job_stream(job.settings["seed"]),
        Imperfections.of(job.settings["laboratory"]),
    )
    recording.write(job.outputs["recording"], dataset, job.record_id)


execute(main, snakemake)
