# One rule per figure; each writes PDF, PNG, the plotted numbers, and those its caption quotes. A
# figure whose sweeps or data the experiment does not declare is no target. Here what they share, and
# Figures 1 to 4.

THEORY_ORIGIN = "Assumed device; theory."
# A path may be longer than a figure is wide: tables and pages name it.
DRAWN_ORIGIN = ORIGIN if SIMULATED else "Assumed device; recordings from files."
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
CALIBRATION = rules.calibrate_device.output.calibration
TRUTH = [rules.draw_truth.output.truth] if SIMULATED else []
WITH_EMISSION = [name for name in POINTS if SIMULATED or given_files(name, "emission")]
EMISSIONS = [result(f"recordings/{name}/emission.nc") for name in WITH_EMISSION]
POSTERIORS = expand(rules.infer_model_based.output.posterior, point=WITH_EMISSION)
POINTS_WITH_EMISSION = Configured(
    [{"name": name, **POINTS[name]} for name in WITH_EMISSION],
    ("operating_points", "drive.powers"),
)
EMISSION_SHOWN, SCAN_SHOWN = (
    result(f"recordings/{POINT_SHOWN}/{kind}.nc") for kind in ("emission", "phase_scan")
)
POSTERIOR_SHOWN = result(f"inference/{POINT_SHOWN}/model_based.posterior.nc")


rule draw_fig1:
    input:
        script="scripts/draw_fig1.py",
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


rule draw_fig2:
    input:
        script="scripts/draw_fig2.py",
        records=records(*EMISSIONS, *POSTERIORS, CALIBRATION),
        emissions=EMISSIONS,
        posteriors=POSTERIORS,
        calibration=CALIBRATION,
    output:
        pdf=result("figures/fig2.pdf"),
        png=pictured("fig2"),
        csv=result("figures/fig2.csv"),
        rst=result("figures/fig2.rst"),
        record=result("figures/fig2.record.json"),
    log:
        log_file("draw_fig2"),
    benchmark:
        benchmark_file("draw_fig2")
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        **cost("draw_fig2"),
    params:
        settings=settings(
            points=POINTS_WITH_EMISSION,
            shown=POINT_SHOWN,
            simulated=SIMULATED,
            model=configured("inference.model"),
            origin=DRAWN_ORIGIN,
        ),
        code=code_digest("draw_fig2"),
    script:
        "../../scripts/draw_fig2.py"


rule draw_fig3:
    input:
        script="scripts/draw_fig3.py",
        records=records(EMISSION_SHOWN, SCAN_SHOWN, POSTERIOR_SHOWN, CALIBRATION),
        emission=EMISSION_SHOWN,
        phase_scan=SCAN_SHOWN,
        posterior=POSTERIOR_SHOWN,
        calibration=CALIBRATION,
    output:
        pdf=result("figures/fig3.pdf"),
        png=pictured("fig3"),
        csv=result("figures/fig3.csv"),
        rst=result("figures/fig3.rst"),
        record=result("figures/fig3.record.json"),
    log:
        log_file("draw_fig3"),
    benchmark:
        benchmark_file("draw_fig3")
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        **cost("draw_fig3"),
    params:
        settings=lambda wildcards: settings(
            point=configured("figures.operating_point"),
            drive=drive_at(POINT_SHOWN),
            probe_coupling_hz=configured("recordings.phase_scan.probe_coupling_hz"),
            model=configured("inference.model"),
            simulated=SIMULATED,
            origin=DRAWN_ORIGIN,
        ),
        code=code_digest("draw_fig3"),
    script:
        "../../scripts/draw_fig3.py"


rule draw_fig4:
    input:
        script="scripts/draw_fig4.py",
        records=records(
            *expand(result(SWEEP), sweep=RATIO_SWEEPS),
            *expand(rules.solve_band.output.band, sweep=RATIO_SWEEPS),
            *ROUTE_RESULTS,
            rules.decide_verdict.output.verdict,
        ),
        sweeps=expand(result(SWEEP), sweep=RATIO_SWEEPS),
        bands=expand(rules.solve_band.output.band, sweep=RATIO_SWEEPS),
        results=ROUTE_RESULTS,
        verdict=rules.decide_verdict.output.verdict,
    output:
        pdf=result("figures/fig4.pdf"),
        png=pictured("fig4"),
        csv=result("figures/fig4.csv"),
        rst=result("figures/fig4.rst"),
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
            origin=DRAWN_ORIGIN,
            simulated=SIMULATED,
        ),
        code=code_digest("draw_fig4"),
    script:
        "../../scripts/draw_fig4.py"


NO_POSTERIOR = "inference.routes lacks model_based"
if "model_based" in ROUTES:
    NO_POSTERIOR = "" if EMISSIONS else "there is no emission recording"
NO_POINT = "figures.operating_point is not given"
if POINT_SHOWN:
    NO_POINT = NO_POSTERIOR or (
        "" if EMISSION_SHOWN in EMISSIONS else f"there is no emission recording at {POINT_SHOWN}"
    )
NO_SCAN = NO_POINT
if POINT_SHOWN and not SIMULATED and not given_files(POINT_SHOWN, "phase_scan"):
    NO_SCAN = f"there is no phase scan at {POINT_SHOWN}"
show("fig1", rules.draw_fig1.output)
show("fig2", rules.draw_fig2.output, lacking=NO_POSTERIOR)
show("fig3", rules.draw_fig3.output, lacking=NO_SCAN)
show("fig4", rules.draw_fig4.output)
