# The simulated laboratory: the truth is drawn once, and every recording is made from it. Nothing
# after the recordings reads the truth, except figures and the coverage study.


rule draw_truth:
    input:
        script="scripts/draw_truth.py",
    output:
        truth=result("truth/truth.json"),
        record=result("truth/truth.record.json"),
    log:
        log_file("draw_truth"),
    benchmark:
        benchmark_file("draw_truth")
    priority: 2  # the longest chain of jobs begins here
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
        script="scripts/record_emission.py",
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
            laboratory=configured("laboratory"),
            seed=seed("emission", wildcards.point),
        ),
        code=code_digest("record_emission"),
    script:
        "../../scripts/record_emission.py"


rule record_phase_scan:
    input:
        script="scripts/record_phase_scan.py",
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
            laboratory=configured("laboratory"),
            seed=seed("phase_scan", wildcards.point),
        ),
        code=code_digest("record_phase_scan"),
    script:
        "../../scripts/record_phase_scan.py"


rule record_stationarity:
    input:
        script="scripts/record_stationarity.py",
        records=records(rules.draw_truth.output.truth),
        truth=rules.draw_truth.output.truth,
    output:
        recording=result("recordings/{point}/stationarity.nc"),
        record=result("recordings/{point}/stationarity.record.json"),
    log:
        log_file("record_stationarity", "{point}"),
    benchmark:
        benchmark_file("record_stationarity", "{point}")
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        **cost("record_stationarity"),
    params:
        settings=lambda wildcards: settings(
            device=device("cavity", "drum_1", "drum_2"),
            drive=drive_at(wildcards.point),
            measurement=configured("recordings.emission"),
            segments=configured("calibration.stationarity.segments"),
            laboratory=configured("laboratory"),
            seed=seed("stationarity", wildcards.point),
        ),
        code=code_digest("record_stationarity"),
    script:
        "../../scripts/record_stationarity.py"


rule record_calibration:
    input:
        script="scripts/record_calibration.py",
        records=records(rules.draw_truth.output.truth),
        truth=rules.draw_truth.output.truth,
    output:
        cavity_response=result("recordings/calibration.cavity_response.nc"),
        background=result("recordings/calibration.background.nc"),
        load_noise=result("recordings/calibration.load_noise.nc"),
        thermal_sweep=result("recordings/calibration.thermal_sweep.nc"),
        sideband_cooling=result("recordings/calibration.sideband_cooling.nc"),
        sideband_narrowing=result("recordings/calibration.sideband_narrowing.nc"),
        probe_calibration=result("recordings/calibration.probe_calibration.nc"),
        record=result("recordings/calibration.record.json"),
    log:
        log_file("record_calibration"),
    benchmark:
        benchmark_file("record_calibration")
    priority: 2
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        **cost("record_calibration"),
    params:
        settings=settings(
            device=device("cavity", "drum_1", "drum_2"),
            measurement=together(
                {kind: configured(f"calibration.{kind}") for kind in CALIBRATION_KINDS}
            ),
            emission=configured("recordings.emission"),
            probe_offset_hz=configured("recordings.phase_scan.probe_offset_hz"),
            laboratory=configured("laboratory"),
            seed=seed("calibration"),
        ),
        code=code_digest("record_calibration"),
    script:
        "../../scripts/record_calibration.py"


PRODUCTS += rules.draw_truth.output
PRODUCTS += rules.record_calibration.output
PRODUCTS += expand(rules.record_stationarity.output, point=points_with_run())
PRODUCTS += expand(rules.record_emission.output, point=POINTS)
PRODUCTS += expand(rules.record_phase_scan.output, point=POINTS)
