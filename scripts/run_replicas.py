"""Carry out some replicas of the experiment for the coverage study."""

import numpy as np

from entangled_drums import jsonfile
from entangled_drums.inference.coverage import Experiment, replica
from entangled_drums.inference.fine_effects import Fidelity
from entangled_drums.inference.posterior import SamplerSettings
from entangled_drums.laboratory.imperfections import Imperfections
from entangled_drums.laboratory.pumped import EmissionSettings, PhaseScanSettings, line_centres_hz
from entangled_drums.parameters import drive_settings, probe_settings
from entangled_drums.provenance.job import Job, execute
from entangled_drums.randomness import job_stream


def main(job: Job) -> None:
    settings = job.settings
    device, scan = settings["device"], settings["phase_scan"]
    drive = drive_settings(device, **settings["drive"])
    experiment = Experiment(
        values=device,
        uncertainties=settings["uncertainties"],
        drive=drive,
        probe=probe_settings(
            device,
            scan["probe_offset_hz"],
            scan["probe_coupling_hz"],
            2.0 * np.pi * np.arange(scan["phases"]) / scan["phases"],
        ),
        emission=EmissionSettings(**settings["emission"]),
        phase_scan=PhaseScanSettings(
            duration_s=scan["duration_s"],
            half_span_hz=scan["half_span_hz"],
            bin_width_hz=scan["bin_width_hz"],
            line_centres_hz=line_centres_hz(device, drive, scan["probe_offset_hz"]),
            window=scan["window"],
            overlap=scan.get("overlap", 0.0),
        ),
        imperfections=Imperfections.of(settings["laboratory"]),
        fidelity=Fidelity(**settings["model"]),
        sampler=SamplerSettings(
            draws=settings["draws"],
            effective_draws=settings["draws"] / 2,
            most_draws=20 * settings["draws"],
            most_steps=0,
        ),
    )
    replicas = []
    for kind, number in settings["replicas"]:
        seed = {**settings["seed"], "index": [kind, str(number)]}
        found = replica(experiment, kind, job_stream(seed))
        replicas.append({"number": number, **found})
    jsonfile.write(job.outputs["replicas"], {"record_id": job.record_id, "replicas": replicas})


execute(main, snakemake)
