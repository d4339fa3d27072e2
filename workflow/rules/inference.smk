# From recordings and calibration to the state of the drums: four routes, and a verdict.


rule infer_direct:
    input:
        script="scripts/infer_direct.py",
        records=recorded_all(
            "emission", "phase_scan", others=(rules.calibrate_device.output.calibration,)
        ),
        emission=recorded("emission"),
        phase_scan=recorded("phase_scan"),
        calibration=rules.calibrate_device.output.calibration,
    output:
        result=result("inference/{point}/direct.json"),
        quadrature=result("inference/{point}/direct.quadrature.json"),
        emission_bound=result("inference/{point}/direct.emission_bound.json"),
        record=result("inference/{point}/direct.record.json"),
    log:
        log_file("infer_direct", "{point}"),
    benchmark:
        benchmark_file("infer_direct", "{point}")
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        **cost("infer_direct"),
    params:
        settings=lambda wildcards: settings(
            point=wildcards.point,
            power=POINTS[wildcards.point]["power"],
            nominal=nominal_at(wildcards.point),
            model=configured("inference.model"),
            seeds=together(
                {
                    "result": seed("direct", wildcards.point),
                    "quadrature": seed("quadrature", wildcards.point),
                    "emission_bound": seed("emission_bound", wildcards.point),
                }
            ),
        ),
        code=code_digest("infer_direct"),
    script:
        "../../scripts/infer_direct.py"


rule infer_model_based:
    input:
        script="scripts/infer_model_based.py",
        records=recorded_all(
            "emission", "phase_scan", others=(rules.calibrate_device.output.calibration,)
        ),
        emission=recorded("emission"),
        phase_scan=recorded("phase_scan"),
        calibration=rules.calibrate_device.output.calibration,
    output:
        result=result("inference/{point}/model_based.json"),
        posterior=result("inference/{point}/model_based.posterior.nc"),
        record=result("inference/{point}/model_based.record.json"),
    log:
        log_file("infer_model_based", "{point}"),
    benchmark:
        benchmark_file("infer_model_based", "{point}")
    priority: 1  # the figures wait for it
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        **cost("infer_model_based"),
    params:
        settings=lambda wildcards: settings(
            point=wildcards.point,
            power=POINTS[wildcards.point]["power"],
            nominal=nominal_at(wildcards.point),
            model=configured("inference.model"),
            seed=seed("model_based", wildcards.point),
        ),
        code=code_digest("infer_model_based"),
    script:
        "../../scripts/infer_model_based.py"


RESULT_OF_ROUTE = {
    "quadrature": rules.infer_direct.output.quadrature,
    "emission_bound": rules.infer_direct.output.emission_bound,
    "direct": rules.infer_direct.output.result,
    "model_based": rules.infer_model_based.output.result,
}
ROUTES = EXPERIMENT["inference"]["routes"]
ROUTE_RESULTS = [path for route in ROUTES for path in expand(RESULT_OF_ROUTE[route], point=POINTS)]


rule compute_error_budget:
    input:
        script="scripts/compute_error_budget.py",
        records=recorded_all(
            "emission", "phase_scan", others=(rules.calibrate_device.output.calibration,)
        ),
        emission=lambda wildcards: recorded("emission")(wildcards)[0],
        phase_scan=lambda wildcards: recorded("phase_scan")(wildcards)[0],
        calibration=rules.calibrate_device.output.calibration,
    output:
        budget=result("inference/{point}/error_budget.json"),
        record=result("inference/{point}/error_budget.record.json"),
    log:
        log_file("compute_error_budget", "{point}"),
    benchmark:
        benchmark_file("compute_error_budget", "{point}")
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        **cost("compute_error_budget"),
    params:
        settings=lambda wildcards: settings(
            point=wildcards.point,
            model=configured("inference.model"),
            seed=seed("error_budget", wildcards.point),
        ),
        code=code_digest("compute_error_budget"),
    script:
        "../../scripts/compute_error_budget.py"


rule infer_stationarity:
    input:
        script="scripts/infer_stationarity.py",
        records=recorded_all("stationarity", others=(rules.calibrate_device.output.calibration,)),
        run=lambda wildcards: recorded("stationarity")(wildcards)[0],
        calibration=rules.calibrate_device.output.calibration,
    output:
        result=result("inference/{point}/stationarity.json"),
        record=result("inference/{point}/stationarity.record.json"),
    log:
        log_file("infer_stationarity", "{point}"),
    benchmark:
        benchmark_file("infer_stationarity", "{point}")
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        **cost("infer_stationarity"),
    params:
        settings=lambda wildcards: settings(
            point=wildcards.point, power=POINTS[wildcards.point]["power"]
        ),
        code=code_digest("infer_stationarity"),
    script:
        "../../scripts/infer_stationarity.py"


STATIONARITY = expand(rules.infer_stationarity.output.result, point=points_with_run())


rule decide_verdict:
    input:
        script="scripts/decide_verdict.py",
        records=records(*ROUTE_RESULTS, *STATIONARITY),
        results=ROUTE_RESULTS,
        stationarity=STATIONARITY,
    output:
        verdict=result("inference/verdict.json"),
        record=result("inference/verdict.record.json"),
    log:
        log_file("decide_verdict"),
    benchmark:
        benchmark_file("decide_verdict")
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        **cost("decide_verdict"),
    params:
        settings=settings(
            points=Configured(list(POINTS), ("operating_points",)),
            shown=configured("figures.operating_point") if POINT_SHOWN else None,
        ),
        code=code_digest("decide_verdict"),
    script:
        "../../scripts/decide_verdict.py"


PRODUCTS += rules.decide_verdict.output
PRODUCTS += expand(rules.infer_stationarity.output, point=points_with_run())
if {"quadrature", "emission_bound", "direct"} & set(ROUTES):
    PRODUCTS += expand(rules.infer_direct.output, point=POINTS)
if "model_based" in ROUTES:
    PRODUCTS += expand(rules.infer_model_based.output, point=POINTS)
