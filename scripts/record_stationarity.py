"""Record the emission at one operating point in segments, to see whether the state holds."""

from entangled_drums.provenance.job import Job, execute
from entangled_drums import jsonfile, recording
from entangled_drums.laboratory.imperfections import Imperfections
from entangled_drums.laboratory.pumped import EmissionSettings, record_segments
from entangled_drums.parameters import drive_settings
from entangled_drums.randomness import job_stream


def main(job: Job) -> None:
    settings = job.settings
    dataset = record_segments(
        jsonfile.read(job.inputs["truth"])["values"],
        drive_settings(settings["device"], **settings["drive"]),
        EmissionSettings(**settings["measurement"]),
        settings["segments"],
        job_stream(settings["seed"]),
        Imperfections.of(settings["laboratory"]),
    )
    recording.write(job.outputs["recording"], dataset, job.record_id)


execute(main, snakemake)
