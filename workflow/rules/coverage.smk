# Replicas of the whole experiment, simulated anew with other devices: do the intervals cover, and
# how often is a claim false? An experiment without the section `coverage` has none. The study
# `main` belongs to the results; the others, larger and with other random numbers, do so in `make
# validate`, which asks for `validation=true`.

COVERAGE = EXPERIMENT.get("coverage", {})


rule run_replicas:
    input:
        script="scripts/run_replicas.py",
    output:
        replicas=result("coverage/{study}/parts/{part}.json"),
        record=result("coverage/{study}/parts/{part}.record.json"),
    log:
        log_file("run_replicas", "{study}-{part}"),
    benchmark:
        benchmark_file("run_replicas", "{study}-{part}")
    priority: -1  # figures that do not need them come first
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        **cost("run_replicas"),
    params:
        settings=lambda wildcards: settings(
            device=device(),
            uncertainties=device(what=device_uncertainties),
            drive=drive_at(COVERAGE["operating_point"]),
            emission=configured("recordings.emission"),
            phase_scan=configured("recordings.phase_scan"),
            laboratory=configured("laboratory"),
            model=configured("inference.model"),
            calibration=configured("calibration"),
            draws=configured("coverage.draws"),
            **in_time(wildcards.study, int(wildcards.part)),
            replicas=replicas_in(wildcards.study, int(wildcards.part)),
            seed=seed_of_study(wildcards.study),
        ),
        code=code_digest("run_replicas"),
    script:
        "../../scripts/run_replicas.py"


rule summarise_coverage:
    input:
        script="scripts/summarise_coverage.py",
        records=lambda wildcards: records(*parts_of_study(wildcards.study)),
        parts=lambda wildcards: parts_of_study(wildcards.study),
    output:
        summary=result("coverage/{study}/summary.json"),
        record=result("coverage/{study}/summary.record.json"),
    log:
        log_file("summarise_coverage", "{study}"),
    benchmark:
        benchmark_file("summarise_coverage", "{study}")
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        **cost("summarise_coverage"),
    params:
        settings=lambda wildcards: settings(point=configured("coverage.operating_point")),
        code=code_digest("summarise_coverage"),
    script:
        "../../scripts/summarise_coverage.py"


VALIDATED = expand(rules.summarise_coverage.output.summary, study=validation_studies())


rule validate_coverage:
    input:
        script="scripts/validate_coverage.py",
        records=records(*VALIDATED),
        summaries=VALIDATED,
    output:
        validation=result("coverage/validation.json"),
        record=result("coverage/validation.record.json"),
    log:
        log_file("validate_coverage"),
    benchmark:
        benchmark_file("validate_coverage")
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        **cost("validate_coverage"),
    params:
        settings=settings(studies=validation_studies()),
        code=code_digest("validate_coverage"),
    script:
        "../../scripts/validate_coverage.py"


if VALIDATION and "validation" not in COVERAGE:
    refuse(
        f"config/experiments/{EXPERIMENT['name']}.yaml: coverage.validation: missing key, there is "
        "nothing to validate; write for example {factor: 10, roots: [second, third]}"
    )
for study in studies():
    PRODUCTS += parts_of_study(study) + records(*parts_of_study(study))
    PRODUCTS += expand(rules.summarise_coverage.output, study=study)
if VALIDATION:
    PRODUCTS += rules.validate_coverage.output


rule inject_misfit:
    input:
        script="scripts/inject_misfit.py",
        records=records(rules.calibrate_device.output.calibration),
        calibration=rules.calibrate_device.output.calibration,
    output:
        found=result("coverage/misfit/{imperfection}.json"),
        record=result("coverage/misfit/{imperfection}.record.json"),
    log:
        log_file("inject_misfit", "{imperfection}"),
    benchmark:
        benchmark_file("inject_misfit", "{imperfection}")
    priority: -1
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        **cost("inject_misfit"),
    params:
        settings=lambda wildcards: settings(
            imperfection=wildcards.imperfection,
            device=device(),
            uncertainties=device(what=device_uncertainties),
            drive=drive_at(COVERAGE["operating_point"]),
            emission=configured("recordings.emission"),
            phase_scan=configured("recordings.phase_scan"),
            laboratory=configured("laboratory"),
            model=configured("inference.model"),
            calibration=configured("calibration"),
            replicas=configured("coverage.misfit.replicas"),
            seed=seed("misfit"),
        ),
        code=code_digest("inject_misfit"),
    script:
        "../../scripts/inject_misfit.py"


MISFITS = COVERAGE.get("misfit", {}).get("imperfections", [])
MISFIT_PARTS = expand(rules.inject_misfit.output.found, imperfection=MISFITS)


rule summarise_misfit:
    input:
        script="scripts/summarise_misfit.py",
        records=records(*MISFIT_PARTS),
        parts=MISFIT_PARTS,
    output:
        summary=result("coverage/misfit.json"),
        csv=result("coverage/misfit.csv"),
        record=result("coverage/misfit.record.json"),
    log:
        log_file("summarise_misfit"),
    benchmark:
        benchmark_file("summarise_misfit")
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        **cost("summarise_misfit"),
    params:
        settings=settings(),
        code=code_digest("summarise_misfit"),
    script:
        "../../scripts/summarise_misfit.py"


MISFIT_SUMMARY = [rules.summarise_misfit.output.summary] if MISFITS else []
if MISFITS:
    PRODUCTS += MISFIT_PARTS + records(*MISFIT_PARTS) + rules.summarise_misfit.output
