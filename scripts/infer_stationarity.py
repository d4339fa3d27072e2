"""Find out whether the state holds over a run at one operating point."""

from entangled_drums.provenance.job import Job, execute
from entangled_drums import calibration, jsonfile, recording, recording_format
from entangled_drums.inference import stationarity
from entangled_drums.inference.line_data import usable


def main(job: Job) -> None:
    found = stationarity.infer(
        recording.read(job.inputs["run"], recording_format.STATIONARITY),
        usable(calibration.read(job.inputs["calibration"])),
    )
    jsonfile.write(
        job.outputs["result"],
        {
            "record_id": job.record_id,
            "operating_point": job.settings["point"],
            "power": job.settings["power"],
            **found.content(),
        },
    )


execute(main, snakemake)
