# The simulated laboratory: the truth is drawn once, and every recording is made from it. Nothing
# after the recordings reads the truth, except figures and the coverage study.


rule draw_truth:
    input:
        code=code("draw_truth"),
    output:
        truth=result("truth/truth.json"),
        record=result("truth/truth.record.json"),
    log:
        log_file("draw_truth"),
    benchmark:
        benchmark_file("draw_truth")
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        **cost("draw_truth"),
    params:
        settings=settings(
            device=device(),
            uncertainties=device(what=device_uncertainties),
            seed=seed("truth"),
        ),
        code=code_digest("draw_truth"),
    script:
        "../../scripts/draw_truth.py"


rule record_emission:
    input:
        code=code("record_emission"),
        records=records(rules.draw_truth.output.truth),
        truth=rules.draw_truth.output.truth,
    output:
        recording=result("recordings/{point}/emission.nc"),
        record=result("recordings/{point}/emission.record.json"),
    log:
        log_file("record_emission", "{point}"),
    benchmark:
        benchmark_file("record_emission", "{point}")
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        **cost("record_emission"),
    params:
        settings=lambda wildcards: settings(
            device=device("cavity", "drum_1", "drum_2"),
            drive=drive_at(wildcards.point),
            measurement=configured("recordings.emission"),
            seed=seed("emission", wildcards.point),
        ),
        code=code_digest("record_emission"),
    script:
        "../../scripts/record_emission.py"


rule record_phase_scan:
    input:
        code=code("record_phase_scan"),
        records=records(rules.draw_truth.output.truth),
        truth=rules.draw_truth.output.truth,
    output:
        recording=result("recordings/{point}/phase_scan.nc"),
        record=result("recordings/{point}/phase_scan.record.json"),
    log:
        log_file("record_phase_scan", "{point}"),
    benchmark:
        benchmark_file("record_phase_scan", "{point}")
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        **cost("record_phase_scan"),
    params:
        settings=lambda wildcards: settings(
            device=device("cavity", "drum_1", "drum_2"),
            drive=drive_at(wildcards.point),
            measurement=configured("recordings.phase_scan"),
            seed=seed("phase_scan", wildcards.point),
        ),
        code=code_digest("record_phase_scan"),
    script:
        "../../scripts/record_phase_scan.py"


PRODUCTS += rules.draw_truth.output
PRODUCTS += expand(rules.record_emission.output, point=POINTS)
PRODUCTS += expand(rules.record_phase_scan.output, point=POINTS)
