# One rule per figure; each writes PDF, PNG, the plotted numbers, and those its caption quotes. A
# figure whose sweeps or data the experiment does not declare is no target.

from entangled_drums.figures.names import FRAME_SWEEPS, FREQUENCY_SWEEPS, MAP_SWEEPS

THEORY_ORIGIN = "Assumed device; theory."
DRAWN_MAPS = [name for name in MAP_SWEEPS if name in SWEEPS]
DRAWN_FRAMES = FRAME_SWEEPS if all(name in SWEEPS for name in FRAME_SWEEPS) else ()
DIAMETERS = together(
    {
        drum: configured(f"device.{drum}.diameter_m.value")
        for drum in ("drum_1", "drum_2")
        if "diameter_m" in EXPERIMENT["device"][drum]
    }
)
PROBE_OFFSET = (
    configured("recordings.phase_scan.probe_offset_hz")
    if "phase_scan" in EXPERIMENT["recordings"]
    else None
)


rule draw_fig1:
    input:
        code=code("draw_fig1"),
    output:
        pdf=result("figures/fig1.pdf"),
        png=pictured("fig1"),
        csv=result("figures/fig1.csv"),
        rst=result("figures/fig1.rst"),
        record=result("figures/fig1.record.json"),
    log:
        log_file("draw_fig1"),
    benchmark:
        benchmark_file("draw_fig1")
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        **cost("draw_fig1"),
    params:
        settings=settings(
            device=device("cavity", "drum_1", "drum_2"),
            diameters_m=DIAMETERS,
            cavity_detuning_hz=configured("drive.cavity_detuning_hz"),
            frame_offset_hz=configured("drive.frame_offset_hz"),
            probe_offset_hz=PROBE_OFFSET,
            origin="Assumed device.",
        ),
        code=code_digest("draw_fig1"),
    script:
        "../../scripts/draw_fig1.py"


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
        pdf=result("figures/fig4.pdf"),
        png=pictured("fig4"),
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


rule draw_figs6:
    input:
        code=code("draw_figs6"),
        records=records(rules.solve_probe_disturbance.output.disturbance),
        disturbance=rules.solve_probe_disturbance.output.disturbance,
    output:
        pdf=result("figures/figs6.pdf"),
        png=pictured("figs6"),
        csv=result("figures/figs6.csv"),
        rst=result("figures/figs6.rst"),
        record=result("figures/figs6.record.json"),
    log:
        log_file("draw_figs6"),
    benchmark:
        benchmark_file("draw_figs6")
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        **cost("draw_figs6"),
    params:
        settings=lambda wildcards: settings(
            drive=drive_at(POINT_SHOWN),
            point=configured("figures.operating_point"),
            probe_coupling_hz=configured("recordings.phase_scan.probe_coupling_hz"),
            origin=THEORY_ORIGIN,
        ),
        code=code_digest("draw_figs6"),
    script:
        "../../scripts/draw_figs6.py"


rule draw_figs7:
    input:
        code=code("draw_figs7"),
        records=records(*expand(rules.join_sweep.output.sweep, sweep=DRAWN_MAPS)),
        sweeps=expand(rules.join_sweep.output.sweep, sweep=DRAWN_MAPS),
    output:
        pdf=result("figures/figs7.pdf"),
        png=pictured("figs7"),
        csv=result("figures/figs7.csv"),
        rst=result("figures/figs7.rst"),
        record=result("figures/figs7.record.json"),
    log:
        log_file("draw_figs7"),
    benchmark:
        benchmark_file("draw_figs7")
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        **cost("draw_figs7"),
    params:
        settings=settings(
            drives=together({name: drive_in(name) for name in DRAWN_MAPS}),
            device=device("drum_1", "drum_2", "bath"),
            powers=configured("drive.powers"),
            operating_points=configured("operating_points"),
            origin=THEORY_ORIGIN,
        ),
        code=code_digest("draw_figs7"),
    script:
        "../../scripts/draw_figs7.py"


rule draw_figs8:
    input:
        code=code("draw_figs8"),
        records=records(
            *expand(rules.join_sweep.output.sweep, sweep=[*FREQUENCY_SWEEPS, *DRAWN_FRAMES])
        ),
        sweeps=expand(rules.join_sweep.output.sweep, sweep=FREQUENCY_SWEEPS),
        frames=expand(rules.join_sweep.output.sweep, sweep=DRAWN_FRAMES),
    output:
        pdf=result("figures/figs8.pdf"),
        png=pictured("figs8"),
        csv=result("figures/figs8.csv"),
        rst=result("figures/figs8.rst"),
        record=result("figures/figs8.record.json"),
    log:
        log_file("draw_figs8"),
    benchmark:
        benchmark_file("draw_figs8")
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        **cost("draw_figs8"),
    params:
        settings=lambda wildcards: settings(
            drives=together({name: drive_in(name) for name in (*FREQUENCY_SWEEPS, *DRAWN_FRAMES)}),
            power=configured(f"theory.sweeps.{FREQUENCY_SWEEPS[0]}.power"),
            device=device("cavity", "drum_1", "drum_2"),
            operating_points=configured("operating_points"),
            origin=THEORY_ORIGIN,
        ),
        code=code_digest("draw_figs8"),
    script:
        "../../scripts/draw_figs8.py"


PRODUCTS += rules.draw_fig1.output + rules.draw_fig4.output
if PROBE_SHOWN:
    PRODUCTS += rules.draw_figs6.output
if DRAWN_MAPS:
    PRODUCTS += rules.draw_figs7.output
if all(name in SWEEPS for name in FREQUENCY_SWEEPS):
    PRODUCTS += rules.draw_figs8.output
