# One rule per figure; each writes PDF, PNG, the plotted numbers, and those its caption quotes. A
# figure whose sweeps or data the experiment does not declare is no target.

from entangled_drums.figures.names import FRAME_SWEEPS, FREQUENCY_SWEEPS, MAP_SWEEPS

THEORY_ORIGIN = "Assumed device; theory."
# A path may be longer than a figure is wide: tables and pages name it.
DRAWN_ORIGIN = ORIGIN if SIMULATED else "Assumed device; recordings from files."
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
CALIBRATION = rules.calibrate_device.output.calibration
TRUTH = [rules.draw_truth.output.truth] if SIMULATED else []
WITH_EMISSION = [name for name in POINTS if SIMULATED or given_files(name, "emission")]
EMISSIONS = [result(f"recordings/{name}/emission.nc") for name in WITH_EMISSION]
POSTERIORS = expand(rules.infer_model_based.output.posterior, point=WITH_EMISSION)
POINTS_WITH_EMISSION = Configured(
    [{"name": name, **POINTS[name]} for name in WITH_EMISSION],
    ("operating_points", "drive.powers"),
)
STEP_FILES = {step: result(f"calibration/device.{step}.json") for step in STEP_NAMES}
RESPONSE = result("recordings/calibration.cavity_response.nc")
EMISSION_SHOWN, SCAN_SHOWN = (
    result(f"recordings/{POINT_SHOWN}/{kind}.nc") for kind in ("emission", "phase_scan")
)
POSTERIOR_SHOWN = result(f"inference/{POINT_SHOWN}/model_based.posterior.nc")

# Of several runs the one at the point that the other figures show.
POINT_OF_RUN = next(iter(sorted(points_with_run(), key=lambda name: name != POINT_SHOWN)), None)
RUNS_FOLLOWED = (
    expand(rules.infer_stationarity.output.result, point=POINT_OF_RUN) if POINT_OF_RUN else []
)


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


rule draw_figs1:
    input:
        script="scripts/draw_figs1.py",
        records=records(CALIBRATION, RESPONSE),
        response=RESPONSE,
        step=STEP_FILES["cavity_response"],
    output:
        pdf=result("figures/figs1.pdf"),
        png=pictured("figs1"),
        csv=result("figures/figs1.csv"),
        rst=result("figures/figs1.rst"),
        record=result("figures/figs1.record.json"),
    log:
        log_file("draw_figs1"),
    benchmark:
        benchmark_file("draw_figs1")
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        **cost("draw_figs1"),
    params:
        settings=settings(
            origin=DRAWN_ORIGIN,
            simulated=SIMULATED,
        ),
        code=code_digest("draw_figs1"),
    script:
        "../../scripts/draw_figs1.py"


rule draw_figs2:
    input:
        script="scripts/draw_figs2.py",
        records=records(CALIBRATION),
        step=STEP_FILES["thermal_sweep"],
    output:
        pdf=result("figures/figs2.pdf"),
        png=pictured("figs2"),
        csv=result("figures/figs2.csv"),
        rst=result("figures/figs2.rst"),
        record=result("figures/figs2.record.json"),
    log:
        log_file("draw_figs2"),
    benchmark:
        benchmark_file("draw_figs2")
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        **cost("draw_figs2"),
    params:
        settings=settings(
            origin=DRAWN_ORIGIN,
            simulated=SIMULATED,
        ),
        code=code_digest("draw_figs2"),
    script:
        "../../scripts/draw_figs2.py"


rule draw_figs3:
    input:
        script="scripts/draw_figs3.py",
        records=records(CALIBRATION),
        cooling=STEP_FILES["sideband_cooling"],
        narrowing=STEP_FILES["sideband_narrowing"],
    output:
        pdf=result("figures/figs3.pdf"),
        png=pictured("figs3"),
        csv=result("figures/figs3.csv"),
        rst=result("figures/figs3.rst"),
        record=result("figures/figs3.record.json"),
    log:
        log_file("draw_figs3"),
    benchmark:
        benchmark_file("draw_figs3")
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        **cost("draw_figs3"),
    params:
        settings=settings(
            origin=DRAWN_ORIGIN,
            simulated=SIMULATED,
        ),
        code=code_digest("draw_figs3"),
    script:
        "../../scripts/draw_figs3.py"


rule draw_figs4:
    input:
        script="scripts/draw_figs4.py",
        records=records(CALIBRATION),
        loads=STEP_FILES["receiver"],
        port=STEP_FILES["port_occupation"],
        calibration=CALIBRATION,
    output:
        pdf=result("figures/figs4.pdf"),
        png=pictured("figs4"),
        csv=result("figures/figs4.csv"),
        rst=result("figures/figs4.rst"),
        record=result("figures/figs4.record.json"),
    log:
        log_file("draw_figs4"),
    benchmark:
        benchmark_file("draw_figs4")
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        **cost("draw_figs4"),
    params:
        settings=settings(
            device=device(),
            uncertainties=device(what=device_uncertainties),
            seed=seed("figs4"),
            origin=DRAWN_ORIGIN,
            simulated=SIMULATED,
        ),
        code=code_digest("draw_figs4"),
    script:
        "../../scripts/draw_figs4.py"


rule draw_figs5:
    input:
        script="scripts/draw_figs5.py",
        records=records(CALIBRATION, *POSTERIORS),
        cooling=STEP_FILES["sideband_cooling"],
        calibration=CALIBRATION,
        posteriors=POSTERIORS,
    output:
        pdf=result("figures/figs5.pdf"),
        png=pictured("figs5"),
        csv=result("figures/figs5.csv"),
        rst=result("figures/figs5.rst"),
        record=result("figures/figs5.record.json"),
    log:
        log_file("draw_figs5"),
    benchmark:
        benchmark_file("draw_figs5")
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        **cost("draw_figs5"),
    params:
        settings=settings(
            device=device(),
            uncertainties=device(what=device_uncertainties),
            points=POINTS_WITH_EMISSION,
            seed=seed("figs5"),
            origin=DRAWN_ORIGIN,
            simulated=SIMULATED,
        ),
        code=code_digest("draw_figs5"),
    script:
        "../../scripts/draw_figs5.py"


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
show("figs1", rules.draw_figs1.output, lacking=not_calibrated("cavity_response"))
show("figs2", rules.draw_figs2.output, lacking=not_calibrated("thermal_sweep"))
show("figs3", rules.draw_figs3.output, lacking=not_calibrated("sideband_cooling"))
show("figs4", rules.draw_figs4.output, lacking=not_calibrated("load_noise"))
show("figs5", rules.draw_figs5.output, lacking=not_calibrated("sideband_cooling"))
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
    lacking="" if POINT_OF_RUN else "there is no stationarity run",
)
