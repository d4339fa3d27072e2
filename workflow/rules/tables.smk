# One rule per table; each writes CSV (all digits), Markdown and LaTeX.

TABLES = expand(result("tables/{table}.{form}"), table=["table_s2"], form=["csv", "md", "tex"])


rule write_table_s2:
    input:
        code=code("write_table_s2"),
        records=records(*ROUTE_RESULTS),
        results=ROUTE_RESULTS,
    output:
        csv=result("tables/table_s2.csv"),
        md=result("tables/table_s2.md"),
        tex=result("tables/table_s2.tex"),
        record=result("tables/table_s2.record.json"),
    params:
        settings=settings(origin=ORIGIN),
        code=code_digest("write_table_s2"),
    log:
        log_file("write_table_s2"),
    benchmark:
        benchmark_file("write_table_s2")
    resources:
        **cost("write_table_s2"),
    threads: 1
    conda:
        "../../environment.yml"
    script:
        "../../scripts/write_table_s2.py"
