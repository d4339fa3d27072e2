"""Check the recordings of a calibration that were given as files, and convert them."""

from entangled_drums.provenance.job import Job, execute
from entangled_drums import recording, recording_import, recording_quality


def main(job: Job) -> None:
    for kind in job.settings["kinds"]:
        dataset = recording_import.read_given(job.inputs[kind], kind)
        for doubt in recording_quality.findings(dataset):
            print(f"doubtful: {kind}: {doubt}")
        recording.write(job.outputs[kind], dataset, job.record_id)


execute(main, snakemake)
