"""Draw figure 3: correlated fluctuations of the drums, read by the probes."""

from entangled_drums.provenance.job import Job, execute
from entangled_drums import calibration, recording
from entangled_drums.figures import fig3
from entangled_drums.figures.output import write_figure
from entangled_drums.inference import posterior_file
from entangled_drums.inference.fine_effects import Fidelity
from entangled_drums.inference.line_windows import LineSettings
from entangled_drums.inference.predictive import predict
from entangled_drums.inference.probe_readings import probe_readings


def main(job: Job) -> None:
    settings = job.settings
    known = calibration.read(job.inputs["calibration"])
    emission = recording.read(job.inputs["emission"], recording.EMISSION)
    scan = recording.read(job.inputs["phase_scan"], recording.PHASE_SCAN)
    draws = posterior_file.read(job.inputs["posterior"])
    fidelity = Fidelity(**settings["model"])
    predicted = predict(emission, scan, known, draws, fidelity)
    data = fig3.FluctuationData(
        predicted,
        probe_readings(emission, scan, known, predicted.draws, LineSettings(fidelity=fidelity)),
        settings["drive"]["red_coupling_hz"],
        settings["drive"]["ratio"],
        settings["probe_coupling_hz"],
        scan["phase_rad"].values,
    )
    write_figure(
        fig3.draw(data, settings["origin"]),
        job.outputs,
        fig3.plotted(data),
        job.record_id,
        fig3.quoted(data),
    )


execute(main, snakemake)
