"""Check a recording that was given as a file, and convert it to the recording format."""

from entangled_drums import recording, recording_import
from entangled_drums.errors import RecordingError
from entangled_drums.provenance.job import Job, execute


def main(job: Job) -> None:
    given = [path for path in job.inputs["given"] if path.suffix != ".csv"]
    if len(given) != 1:
        names = ", ".join(path.name for path in job.inputs["given"])
        raise RecordingError(
            f"{names}: not one recording; keep one netCDF file, or one settings file and its table"
        )
    dataset = recording_import.read(given[0], job.settings["kind"])
    dataset.attrs.pop("record_id", None)
    recording.write(job.outputs["recording"], dataset, job.record_id)


execute(main, snakemake)
