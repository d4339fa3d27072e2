# Replicas of the whole experiment, simulated anew with other devices: do the intervals cover, and
# how often is a claim false? An experiment without the section `coverage` has none.

COVERAGE = EXPERIMENT.get("coverage", {})


rule run_replicas:
    input:
        code=code("run_replicas"),
    output:
        replicas=result("coverage/parts/{part}.json"),
        record=result("coverage/parts/{part}.record.json"),
    log:
        log_file("run_replicas", "{part}"),
    benchmark:
        benchmark_file("run_replicas", "{part}")
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
            draws=configured("coverage.draws"),
            replicas=replicas_in(int(wildcards.part)),
            seed=seed("coverage"),
        ),
        code=code_digest("run_replicas"),
    script:
        "../../scripts/run_replicas.py"


COVERAGE_PARTS = [result(f"coverage/parts/{part}.json") for part in range(len(coverage_parts()))]


rule summarise_coverage:
    input:
        code=code("summarise_coverage"),
        records=records(*COVERAGE_PARTS),
        parts=COVERAGE_PARTS,
    output:
        summary=result("coverage/summary.json"),
        record=result("coverage/summary.record.json"),
    log:
        log_file("summarise_coverage"),
    benchmark:
        benchmark_file("summarise_coverage")
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


if COVERAGE:
    PRODUCTS += expand(rules.run_replicas.output, part=range(len(COVERAGE_PARTS)))
    PRODUCTS += rules.summarise_coverage.output
