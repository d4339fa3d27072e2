# Pages that people read, made of the products of all rules above.

SHOWN_FIGURES = exhibits(PRODUCTS, FIGURES)
SHOWN_TABLES = exhibits(PRODUCTS, TABLES)


rule write_paper:
    input:
        script="scripts/write_paper.py",
        records=records(
            rules.decide_verdict.output.verdict,
            *ROUTE_RESULTS,
            *expand(result("figures/{name}.png"), name=SHOWN_FIGURES),
            *expand(result("tables/{name}.md"), name=SHOWN_TABLES),
        ),
        verdict=rules.decide_verdict.output.verdict,
        results=ROUTE_RESULTS,
        pictures=expand(result("figures/{name}.png"), name=SHOWN_FIGURES),
        numbers=[path for path in sorted(PRODUCTS) if path.endswith(".rst")],
        tables=expand(result("tables/{name}.md"), name=SHOWN_TABLES),
        captions=expand("workflow/report/{name}.rst", name=SHOWN_FIGURES + SHOWN_TABLES),
        assumptions="workflow/report/assumptions.rst",
    output:
        page=result("paper.html"),
        record=result("paper.record.json"),
    log:
        log_file("write_paper"),
    benchmark:
        benchmark_file("write_paper")
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        **cost("write_paper"),
    params:
        settings=settings(
            experiment=together(
                {
                    "name": configured("name"),
                    "title": configured("title"),
                    "device": configured("device.title"),
                    "origin": Configured(ORIGIN, ()),
                }
            ),
            device=configured("device"),
            drive=configured("drive"),
            laboratory=configured("laboratory") if SIMULATED else {},
            model=configured("inference.model"),
            comparison=configured("comparison"),
        ),
        code=code_digest("write_paper"),
    script:
        "../../scripts/write_paper.py"


PRODUCTS += rules.write_paper.output
