"""Check the recordings of a calibration that were given as files, and convert them."""

from entangled_drums.provenance.job import Job, execute
from entangled_drums import recording, recording_import


def main(job: Job) -> None:
    for kind in job.settings["kinds"]:
        dataset = recording_import.read_given(job.inputs[kind], kind)
        recording.write(job.outputs[kind], dataset, job.record_id)


execute(main, snakemake)
