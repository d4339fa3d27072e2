# One rule per figure; each writes PDF, PNG and the plotted numbers.


rule draw_fig4:
    input:
        code=code("draw_fig4"),
        records=records(
            *expand(rules.join_sweep.output.sweep, sweep=RATIO_SWEEPS),
            *expand(rules.solve_band.output.band, sweep=RATIO_SWEEPS),
            *ROUTE_RESULTS,
        ),
        sweeps=expand(rules.join_sweep.output.sweep, sweep=RATIO_SWEEPS),
        bands=expand(rules.solve_band.output.band, sweep=RATIO_SWEEPS),
        results=ROUTE_RESULTS,
    output:
        pdf=report(result("figures/fig4.pdf"), caption="../report/fig4.rst", category="Figures"),
        png=result("figures/fig4.png"),
        csv=result("figures/fig4.csv"),
        record=result("figures/fig4.record.json"),
    log:
        log_file("draw_fig4"),
    benchmark:
        benchmark_file("draw_fig4")
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        **cost("draw_fig4"),
    params:
        settings=settings(
            drives=RATIO_DRIVES,
            comparison=configured("comparison"),
            origin=ORIGIN,
        ),
        code=code_digest("draw_fig4"),
    script:
        "../../scripts/draw_fig4.py"


PRODUCTS += rules.draw_fig4.output
