# Values and covariance that the inference starts from: fitted to the recordings of the calibration
# one step after the other, or taken from the device file or from a file of numbers.

CALIBRATION_FILE = (
    {"given": EXPERIMENT["calibration"]["path"]}
    if EXPERIMENT["calibration"]["source"] == "file"
    else {}
)
STEP_NAMES = (
    "cavity_response",
    "receiver",
    "port_occupation",
    "thermal_sweep",
    "sideband_cooling",
    "sideband_narrowing",
    "probe",
)
CALIBRATION_STEPS = (
    {step: result(f"calibration/device.{step}.json") for step in STEP_NAMES}
    if EXPERIMENT["calibration"]["source"] == "recordings"
    else {}
)


rule calibrate_device:
    input:
        **calibration_recordings(),
        **CALIBRATION_FILE,
        script="scripts/calibrate_device.py",
        records=records(*calibration_recordings().values()),
    output:
        **CALIBRATION_STEPS,
        calibration=result("calibration/device.json"),
        record=result("calibration/device.record.json"),
    log:
        log_file("calibrate_device"),
    benchmark:
        benchmark_file("calibrate_device")
    priority: 2  # all inference waits for it
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        **cost("calibrate_device"),
    params:
        settings=settings(
            device=device(),
            uncertainties=device(what=device_uncertainties),
            source=configured("calibration.source"),
            model=configured("inference.model"),
        ),
        code=code_digest("calibrate_device"),
    script:
        "../../scripts/calibrate_device.py"


PRODUCTS += rules.calibrate_device.output
