# Values and covariance that the inference starts from.


rule calibrate_device:
    input:
        code=code("calibrate_device"),
    output:
        calibration=result("calibration/device.json"),
        record=result("calibration/device.record.json"),
    log:
        log_file("calibrate_device"),
    benchmark:
        benchmark_file("calibrate_device")
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        **cost("calibrate_device"),
    params:
        settings=settings(device=device(), uncertainties=device(what=device_uncertainties)),
        code=code_digest("calibrate_device"),
    script:
        "../../scripts/calibrate_device.py"


PRODUCTS += rules.calibrate_device.output
