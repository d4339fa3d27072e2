# Recordings that the experiment was given as files, checked and converted. There is no truth here.


rule import_recording:
    input:
        script="scripts/import_recording.py",
        given=lambda wildcards: given_files(wildcards.point, wildcards.kind),
    output:
        recording=result("recordings/{point}/{kind}.nc"),
        record=result("recordings/{point}/{kind}.record.json"),
    log:
        log_file("import_recording", "{point}.{kind}"),
    benchmark:
        benchmark_file("import_recording", "{point}.{kind}")
    wildcard_constraints:
        kind="emission|phase_scan|stationarity",
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        **cost("import_recording"),
    params:
        settings=lambda wildcards: settings(
            kind=wildcards.kind,
            point=wildcards.point,
            power=POINTS[wildcards.point]["power"],
            nominal=nominal_at(wildcards.point),
            device=device("cavity", "drum_1", "drum_2"),
            uncertainties=device("drum_1", "drum_2", what=device_uncertainties),
            source=configured("recordings.source"),
            path=configured("recordings.path"),
        ),
        code=code_digest("import_recording"),
    script:
        "../../scripts/import_recording.py"


rule import_calibration:
    input:
        **{kind: given_files("calibration", kind) for kind in calibration_recordings()},
        script="scripts/import_calibration.py",
    output:
        **calibration_recordings(),
        record=result("recordings/calibration.record.json"),
    log:
        log_file("import_calibration"),
    benchmark:
        benchmark_file("import_calibration")
    priority: 2  # the longest chain of jobs begins here
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        **cost("import_calibration"),
    params:
        settings=settings(
            kinds=list(calibration_recordings()),
            source=configured("recordings.source"),
            path=configured("recordings.path"),
        ),
        code=code_digest("import_calibration"),
    script:
        "../../scripts/import_calibration.py"


if calibration_recordings():
    PRODUCTS += rules.import_calibration.output

for _point in POINTS:
    for _kind in POINT_KINDS:
        if given_files(_point, _kind):
            PRODUCTS += expand(rules.import_recording.output, point=_point, kind=_kind)
