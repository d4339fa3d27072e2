# What the model predicts: sweeps declared in the experiment file, and how sure the device file
# lets us be of them.

RATIO_SWEEPS, RATIO_DRIVES = ratio_sweeps()
SWEEP = "theory/sweeps/{sweep}.nc"
WHOLE_SWEEPS = [sweep for sweep in SWEEPS if len(rows_of(sweep)) == 1]
DIVIDED_SWEEPS = [sweep for sweep in SWEEPS if sweep not in WHOLE_SWEEPS]
POINT_SHOWN = EXPERIMENT.get("figures", {}).get("operating_point")


# A sweep small enough for one job is solved by it; a larger one in parts, then joined.


rule solve_sweep:
    input:
        script="scripts/solve_sweep.py",
    output:
        solved=result(SWEEP),
        record=result("theory/sweeps/{sweep}.record.json"),
    log:
        log_file("solve_sweep", "{sweep}"),
    benchmark:
        benchmark_file("solve_sweep", "{sweep}")
    wildcard_constraints:
        sweep=any_of(WHOLE_SWEEPS),
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        **cost("solve_sweep"),
    params:
        settings=lambda wildcards: sweep_settings(wildcards.sweep, 0),
        code=code_digest("solve_sweep"),
    script:
        "../../scripts/solve_sweep.py"


rule solve_part:
    input:
        script="scripts/solve_sweep.py",
    output:
        solved=result("theory/parts/{sweep}/{part}.nc"),
        record=result("theory/parts/{sweep}/{part}.record.json"),
    log:
        log_file("solve_part", "{sweep}-{part}"),
    benchmark:
        benchmark_file("solve_part", "{sweep}-{part}")
    wildcard_constraints:
        sweep=any_of(DIVIDED_SWEEPS),
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        **cost("solve_part"),
    params:
        settings=lambda wildcards: sweep_settings(wildcards.sweep, int(wildcards.part)),
        code=code_digest("solve_sweep"),
    script:
        "../../scripts/solve_sweep.py"


rule join_sweep:
    input:
        script="scripts/join_sweep.py",
        records=lambda wildcards: records(*parts_of(wildcards.sweep)),
        parts=lambda wildcards: parts_of(wildcards.sweep),
    output:
        sweep=result(SWEEP),
        record=result("theory/sweeps/{sweep}.record.json"),
    log:
        log_file("join_sweep", "{sweep}"),
    benchmark:
        benchmark_file("join_sweep", "{sweep}")
    wildcard_constraints:
        sweep=any_of(DIVIDED_SWEEPS),
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        **cost("join_sweep"),
    params:
        settings=settings(),
        code=code_digest("join_sweep"),
    script:
        "../../scripts/join_sweep.py"


rule solve_band:
    input:
        script="scripts/solve_band.py",
    output:
        band=result("theory/bands/{sweep}.nc"),
        record=result("theory/bands/{sweep}.record.json"),
    log:
        log_file("solve_band", "{sweep}"),
    benchmark:
        benchmark_file("solve_band", "{sweep}")
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        **cost("solve_band"),
    params:
        settings=lambda wildcards: settings(
            device=device("cavity", "drum_1", "drum_2", "bath", "heating", "lines"),
            uncertainties=device(
                "cavity", "drum_1", "drum_2", "bath", "heating", "lines", what=device_uncertainties
            ),
            drive=drive_in(wildcards.sweep),
            axes=configured(f"theory.sweeps.{wildcards.sweep}.axes"),
            model=configured(f"theory.sweeps.{wildcards.sweep}.model"),
            samples=configured("theory.band_samples"),
            seed=seed("band", wildcards.sweep),
        ),
        code=code_digest("solve_band"),
    script:
        "../../scripts/solve_band.py"


rule solve_probe_disturbance:
    input:
        script="scripts/solve_probe_disturbance.py",
    output:
        disturbance=result("theory/probe/disturbance.nc"),
        record=result("theory/probe/disturbance.record.json"),
    log:
        log_file("solve_probe_disturbance"),
    benchmark:
        benchmark_file("solve_probe_disturbance")
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        **cost("solve_probe_disturbance"),
    params:
        settings=lambda wildcards: settings(
            device=device("cavity", "drum_1", "drum_2", "bath", "heating", "lines"),
            point=configured("figures.operating_point"),
            drive=drive_at(POINT_SHOWN),
            probe_offset_hz=configured("recordings.phase_scan.probe_offset_hz"),
            probe_coupling_hz=configured("recordings.phase_scan.probe_coupling_hz"),
        ),
        code=code_digest("solve_probe_disturbance"),
    script:
        "../../scripts/solve_probe_disturbance.py"


for _sweep in DIVIDED_SWEEPS:
    PRODUCTS += parts_of(_sweep) + records(*parts_of(_sweep))
PRODUCTS += expand(rules.join_sweep.output, sweep=SWEEPS)
PRODUCTS += expand(rules.solve_band.output, sweep=RATIO_SWEEPS)
