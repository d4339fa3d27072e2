"""Find what the error of the Duan sum is made of at one operating point, for two routes."""

from entangled_drums.provenance.job import Job, execute
from entangled_drums import calibration, jsonfile, recording
from entangled_drums.inference import error_budget
from entangled_drums.inference.fine_effects import Fidelity
from entangled_drums.inference.line_data import line_data, usable
from entangled_drums.inference.line_windows import LineSettings
from entangled_drums.inference.model_based import ModelBasedSettings, best_fit
from entangled_drums.inference.observation import observation
from entangled_drums.randomness import job_stream


def main(job: Job) -> None:
    emission = recording.read(job.inputs["emission"], recording.EMISSION)
    scan = recording.read(job.inputs["phase_scan"], recording.PHASE_SCAN)
    prior = calibration.read(job.inputs["calibration"])
    fidelity = Fidelity(**job.settings["model"])
    stream = job_stream(job.settings["seed"])
    best = best_fit(
        observation(emission, scan), prior, stream, ModelBasedSettings(fidelity=fidelity)
    )
    usable_prior = usable(prior)
    lines = line_data(emission, scan, usable_prior, LineSettings(fidelity=fidelity))
    budgets, without = [], {}
    if isinstance(best, str):
        without["model_based"] = f"not valid here: {best}"
    else:
        budgets.append(error_budget.of_model_based(*best))
    if isinstance(lines, str):
        without["direct"] = lines
    else:
        budgets.append(error_budget.of_direct(lines, usable_prior, stream))
    jsonfile.write(
        job.outputs["budget"],
        {
            "record_id": job.record_id,
            "operating_point": job.settings["point"],
            "routes": [budget.content() for budget in budgets],
            "without": without,
        },
    )


execute(main, snakemake)
