# Figures S6 to S11.

from entangled_drums.figures.names import FRAME_SWEEPS, FREQUENCY_SWEEPS, MAP_SWEEPS

DRAWN_MAPS = [name for name in MAP_SWEEPS if name in SWEEPS]
DRAWN_FRAMES = FRAME_SWEEPS if all(name in SWEEPS for name in FRAME_SWEEPS) else ()
# Of several runs the first is drawn: the one at the point that the other figures show.
RUNS_FOLLOWED = expand(
    rules.infer_stationarity.output.result,
    point=sorted(points_with_run(), key=lambda name: name != POINT_SHOWN),
)


rule draw_figs6:
    input:
        script="scripts/draw_figs6.py",
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
        script="scripts/draw_figs7.py",
        records=records(*expand(result(SWEEP), sweep=DRAWN_MAPS)),
        sweeps=expand(result(SWEEP), sweep=DRAWN_MAPS),
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
        script="scripts/draw_figs8.py",
        records=records(*expand(result(SWEEP), sweep=[*FREQUENCY_SWEEPS, *DRAWN_FRAMES])),
        sweeps=expand(result(SWEEP), sweep=FREQUENCY_SWEEPS),
        frames=expand(result(SWEEP), sweep=DRAWN_FRAMES),
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


rule draw_figs9:
    input:
        script="scripts/draw_figs9.py",
        records=records(EMISSION_SHOWN, POSTERIOR_SHOWN, CALIBRATION, *TRUTH),
        emission=EMISSION_SHOWN,
        posterior=POSTERIOR_SHOWN,
        calibration=CALIBRATION,
        truth=TRUTH,
    output:
        pdf=result("figures/figs9.pdf"),
        png=pictured("figs9"),
        csv=result("figures/figs9.csv"),
        rst=result("figures/figs9.rst"),
        record=result("figures/figs9.record.json"),
    log:
        log_file("draw_figs9"),
    benchmark:
        benchmark_file("draw_figs9")
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        **cost("draw_figs9"),
    params:
        settings=lambda wildcards: settings(
            point=configured("figures.operating_point"),
            model=configured("inference.model"),
            counter_rotating=configured("laboratory.counter_rotating"),
            seed=seed("figs9"),
            simulated=SIMULATED,
            origin=DRAWN_ORIGIN,
        ),
        code=code_digest("draw_figs9"),
    script:
        "../../scripts/draw_figs9.py"


rule draw_figs10:
    input:
        script="scripts/draw_figs10.py",
        records=records(*expand(rules.summarise_coverage.output.summary, study="main")),
        summary=expand(rules.summarise_coverage.output.summary, study="main"),
    output:
        pdf=result("figures/figs10.pdf"),
        png=pictured("figs10"),
        csv=result("figures/figs10.csv"),
        rst=result("figures/figs10.rst"),
        record=result("figures/figs10.record.json"),
    log:
        log_file("draw_figs10"),
    benchmark:
        benchmark_file("draw_figs10")
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        **cost("draw_figs10"),
    params:
        settings=settings(origin="Assumed device; simulated laboratory."),
        code=code_digest("draw_figs10"),
    script:
        "../../scripts/draw_figs10.py"


rule draw_figs11:
    input:
        script="scripts/draw_figs11.py",
        records=records(*RUNS_FOLLOWED),
        stationarity=RUNS_FOLLOWED,
    output:
        pdf=result("figures/figs11.pdf"),
        png=pictured("figs11"),
        csv=result("figures/figs11.csv"),
        rst=result("figures/figs11.rst"),
        record=result("figures/figs11.record.json"),
    log:
        log_file("draw_figs11"),
    benchmark:
        benchmark_file("draw_figs11")
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        **cost("draw_figs11"),
    params:
        settings=settings(simulated=SIMULATED, origin=DRAWN_ORIGIN),
        code=code_digest("draw_figs11"),
    script:
        "../../scripts/draw_figs11.py"


show(
    "figs6",
    rules.draw_figs6.output + rules.solve_probe_disturbance.output,
    lacking="" if POINT_SHOWN else "figures.operating_point is not given",
)
show("figs7", rules.draw_figs7.output, lacking="" if DRAWN_MAPS else f"no sweep of {MAP_SWEEPS}")
show(
    "figs8",
    rules.draw_figs8.output,
    lacking=(
        "" if set(FREQUENCY_SWEEPS) <= set(SWEEPS) else f"not all sweeps of {FREQUENCY_SWEEPS}"
    ),
)
show("figs9", rules.draw_figs9.output, lacking=NO_POINT)
show("figs10", rules.draw_figs10.output, lacking="" if COVERAGE else "coverage is not given")
show(
    "figs11",
    rules.draw_figs11.output,
    lacking="" if RUNS_FOLLOWED else "there is no stationarity run",
)
