# The resolved config, for the reader: a product that no rule reads.


rule write_parameters:
    input:
        script="scripts/write_parameters.py",
    output:
        parameters=report(
            result("parameters/resolved.json"),
            caption="../report/resolved.rst",
            category="Configuration",
            labels={"name": "resolved.json: every setting of this experiment"},
        ),
        record=result("parameters/resolved.record.json"),
    log:
        log_file("write_parameters"),
    benchmark:
        benchmark_file("write_parameters")
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        **cost("write_parameters"),
    params:
        settings=settings(experiment=Configured(EXPERIMENT, tuple(EXPERIMENT))),
        code=code_digest("write_parameters"),
    script:
        "../../scripts/write_parameters.py"


PRODUCTS += rules.write_parameters.output
