"""Check a recording that was given as a file, and convert it to the recording format."""

from entangled_drums import recording, recording_import
from entangled_drums.provenance.job import Job, execute


def main(job: Job) -> None:
    dataset = recording_import.read_given(job.inputs["given"], job.settings["kind"])
    recording.write(job.outputs["recording"], dataset, job.record_id)


execute(main, snakemake)
