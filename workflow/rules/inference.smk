# From recordings and calibration to the state of the drums, one route each.


rule infer_direct:
    input:
        code=code("infer_direct"),
        records=records(
            rules.record_emission.output.recording,
            rules.record_phase_scan.output.recording,
            rules.calibrate_device.output.calibration,
        ),
        emission=rules.record_emission.output.recording,
        phase_scan=rules.record_phase_scan.output.recording,
        calibration=rules.calibrate_device.output.calibration,
    output:
        result=result("inference/{point}/direct.json"),
        record=result("inference/{point}/direct.record.json"),
    log:
        log_file("infer_direct", "{point}"),
    benchmark:
        benchmark_file("infer_direct", "{point}")
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        **cost("infer_direct"),
    params:
        settings=lambda wildcards: settings(
            point=wildcards.point,
            power=POINTS[wildcards.point]["power"],
            seed=seed("direct", wildcards.point),
        ),
        code=code_digest("infer_direct"),
    script:
        "../../scripts/infer_direct.py"


ROUTE_RESULTS = expand(rules.infer_direct.output.result, point=POINTS)
PRODUCTS += expand(rules.infer_direct.output, point=POINTS)
