"""Check a recording that was given as a file, and convert it to the recording format."""

from entangled_drums.provenance.job import Job, execute
from entangled_drums import recording, recording_import, recording_quality


def main(job: Job) -> None:
    settings = job.settings
    point = {
        "name": settings["point"],
        **{key: settings[key] for key in ("power", "device", "uncertainties")},
        **settings["nominal"],
    }
    dataset = recording_import.read_given(job.inputs["given"], settings["kind"], point)
    for doubt in recording_quality.findings(dataset):
        print(f"doubtful: {doubt}")
    recording.write(job.outputs["recording"], dataset, job.record_id)


execute(main, snakemake)
