"""A calibrated device: the recordings of toy's calibration, and what each step found."""

from functools import cache

import numpy as np
from tests.unit.figure_samples import ROOT
from tests.unit.inference_samples import CALIBRATION, UNCERTAINTIES, VALUES

from entangled_drums import prior
from entangled_drums.calibration import chain, report
from entangled_drums.calibration.tone_spectra import Fidelity
from entangled_drums.configuration.experiment import load_experiment
from entangled_drums.figures.calibration_steps import StepContent
from entangled_drums.laboratory import calibration_runs
from entangled_drums.laboratory.imperfections import NONE


@cache
def calibrated(seed=11):
    """Truth, recordings by kind, result of the chain, and its steps by name."""
    experiment = load_experiment(
        ROOT / "config/experiments/toy.yaml",
        schema_directory=ROOT / "workflow/schemas",
        device_directory=ROOT / "config/devices",
    )
    measurement = {
        **experiment["calibration"],
        "emission": experiment["recordings"]["emission"],
        "probe_offset_hz": experiment["recordings"]["phase_scan"]["probe_offset_hz"],
    }
    generator = np.random.default_rng(seed)
    true = prior.draw(VALUES, UNCERTAINTIES, generator)
    recordings = {
        kind: calibration_runs.record(kind, true, VALUES, measurement, generator, NONE)
        for kind in calibration_runs.KINDS
    }
    result = chain.calibrate(recordings, CALIBRATION, Fidelity(False, False))
    steps = {
        name: StepContent.of(content)
        for name, content in report.contents(result, recordings).items()
    }
    return true, recordings, result, steps
