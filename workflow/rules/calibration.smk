# Values and covariance that the inference starts from.


rule calibrate_device:
    input:
        code=code("calibrate_device"),
    output:
        calibration=result("calibration/device.json"),
        record=result("calibration/device.record.json"),
    params:
        settings=settings(device=device(), uncertainties=device(what=device_uncertainties)),
        code=code_digest("calibrate_device"),
    log:
        log_file("calibrate_device"),
    benchmark:
        benchmark_file("calibrate_device")
    resources:
        **cost("calibrate_device"),
    threads: 1
    conda:
        "../../environment.yml"
    script:
        "../../scripts/calibrate_device.py"
