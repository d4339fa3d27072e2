# Figures S1 to S5: the steps of the calibration.

STEP_FILES = {step: result(f"calibration/device.{step}.json") for step in STEP_NAMES}
RESPONSE = result("recordings/calibration.cavity_response.nc")


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


show("figs1", rules.draw_figs1.output, lacking=not_calibrated("cavity_response"))
show("figs2", rules.draw_figs2.output, lacking=not_calibrated("thermal_sweep"))
show("figs3", rules.draw_figs3.output, lacking=not_calibrated("sideband_cooling"))
show("figs4", rules.draw_figs4.output, lacking=not_calibrated("load_noise"))
show("figs5", rules.draw_figs5.output, lacking=not_calibrated("sideband_cooling"))
