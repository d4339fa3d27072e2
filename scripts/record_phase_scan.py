"""Record a phase scan of the two probes at one operating point of the simulated laboratory."""

import numpy as np

from entangled_drums.provenance.job import Job, execute
from entangled_drums import jsonfile, recording
from entangled_drums.laboratory.imperfections import Imperfections
from entangled_drums.laboratory.pumped import PhaseScanSettings, line_centres_hz, record_phase_scan
from entangled_drums.parameters import drive_settings, probe_settings
from entangled_drums.randomness import job_stream


def main(job: Job) -> None:
    device, measurement = job.settings["device"], job.settings["measurement"]
    drive = drive_settings(device, **job.settings["drive"])
    phases = measurement["phases"]
    dataset = record_phase_scan(
        jsonfile.read(job.inputs["truth"])["values"],
        drive,
        probe_settings(
            device,
            measurement["probe_offset_hz"],
            measurement["probe_coupling_hz"],
            2.0 * np.pi * np.arange(phases) / phases,
        ),
        PhaseScanSettings(
            duration_s=measurement["duration_s"],
            half_span_hz=measurement["half_span_hz"],
            bin_width_hz=measurement["bin_width_hz"],
            line_centres_hz=line_centres_hz(device, drive, measurement["probe_offset_hz"]),
            window=measurement["window"],
            overlap=measurement.get("overlap", 0.0),
        ),
        job_stream(job.settings["seed"]),
        Imperfections.of(job.settings["laboratory"]),
    )
    recording.write(job.outputs["recording"], dataset, job.record_id)


execute(main, snakemake)
