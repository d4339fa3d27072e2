"""Take the device file, with its uncertainties, as the calibration."""

from entangled_drums import calibration
from entangled_drums.provenance.job import Job, execute


def main(job: Job) -> None:
    calibration.write(
        job.outputs["calibration"],
        calibration.from_device(job.settings["device"], job.settings["uncertainties"]),
        job.record_id,
    )


execute(main, snakemake)
