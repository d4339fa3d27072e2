# One rule per table; each writes CSV (all digits), Markdown and LaTeX.

ERROR_BUDGET = (
    []
    if POINT_SHOWN is None
    else expand(rules.compute_error_budget.output.budget, point=POINT_SHOWN)
)
WEIGHED = (
    expand(rules.infer_model_based.output.result, point=POINT_SHOWN)
    if POINT_SHOWN is not None and "model_based" in ROUTES
    else []
)


rule write_table_s1:
    input:
        **({"weighed": WEIGHED[0]} if WEIGHED else {}),
        script="scripts/write_table_s1.py",
        records=records(rules.calibrate_device.output.calibration, *WEIGHED),
        calibration=rules.calibrate_device.output.calibration,
    output:
        csv=result("tables/table_s1.csv"),
        md=result("tables/table_s1.md"),
        tex=result("tables/table_s1.tex"),
        html=tabled("table_s1"),
        record=result("tables/table_s1.record.json"),
    log:
        log_file("write_table_s1"),
    benchmark:
        benchmark_file("write_table_s1")
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        **cost("write_table_s1"),
    params:
        settings=settings(
            device=Configured(
                {
                    section: EXPERIMENT["device"][section]
                    for section in sorted({key.split(".")[0] for key in device().value})
                },
                ("device",),
            ),
            origin=ORIGIN,
            point=configured("figures.operating_point") if WEIGHED else "",
        ),
        code=code_digest("write_table_s1"),
    script:
        "../../scripts/write_table_s1.py"


show("table_s1", rules.write_table_s1.output)


rule write_table_s2:
    input:
        script="scripts/write_table_s2.py",
        records=records(*ROUTE_RESULTS, rules.decide_verdict.output.verdict),
        results=ROUTE_RESULTS,
        verdict=rules.decide_verdict.output.verdict,
    output:
        csv=result("tables/table_s2.csv"),
        md=result("tables/table_s2.md"),
        tex=result("tables/table_s2.tex"),
        html=tabled("table_s2"),
        record=result("tables/table_s2.record.json"),
    log:
        log_file("write_table_s2"),
    benchmark:
        benchmark_file("write_table_s2")
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        **cost("write_table_s2"),
    params:
        settings=settings(origin=ORIGIN),
        code=code_digest("write_table_s2"),
    script:
        "../../scripts/write_table_s2.py"


rule write_table_s3:
    input:
        script="scripts/write_table_s3.py",
        records=records(*ERROR_BUDGET, *MISFIT_SUMMARY),
        budget=ERROR_BUDGET,
        misfits=MISFIT_SUMMARY,
    output:
        csv=result("tables/table_s3.csv"),
        md=result("tables/table_s3.md"),
        tex=result("tables/table_s3.tex"),
        html=tabled("table_s3"),
        record=result("tables/table_s3.record.json"),
    log:
        log_file("write_table_s3"),
    benchmark:
        benchmark_file("write_table_s3")
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        **cost("write_table_s3"),
    params:
        settings=settings(origin=ORIGIN),
        code=code_digest("write_table_s3"),
    script:
        "../../scripts/write_table_s3.py"


show("table_s2", rules.write_table_s2.output)
show(
    "table_s3",
    rules.write_table_s3.output + ERROR_BUDGET + records(*ERROR_BUDGET),
    lacking=NO_SCAN,
)
