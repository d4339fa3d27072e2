# What the model predicts: sweeps declared in the experiment file, and how sure the device file
# lets us be of them.


rule solve_sweep:
    input:
        code=code("solve_sweep"),
    output:
        sweep=result("theory/sweeps/{sweep}.nc"),
        record=result("theory/sweeps/{sweep}.record.json"),
    params:
        settings=lambda wildcards: settings(
            device=device("cavity", "drum_1", "drum_2", "bath", "heating"),
            drive=drive_of(SWEEPS[wildcards.sweep]["power"]),
            axes=configured(f"theory.sweeps.{wildcards.sweep}.axes"),
        ),
        code=code_digest("solve_sweep"),
    log:
        log_file("solve_sweep", "{sweep}"),
    benchmark:
        benchmark_file("solve_sweep", "{sweep}")
    resources:
        **cost("solve_sweep"),
    threads: 1
    conda:
        "../../environment.yml"
    script:
        "../../scripts/solve_sweep.py"


rule solve_band:
    input:
        code=code("solve_band"),
    output:
        band=result("theory/bands/{sweep}.nc"),
        record=result("theory/bands/{sweep}.record.json"),
    params:
        settings=lambda wildcards: settings(
            device=device("cavity", "drum_1", "drum_2", "bath", "heating"),
            uncertainties=device(
                "cavity", "drum_1", "drum_2", "bath", "heating", what=device_uncertainties
            ),
            drive=drive_of(SWEEPS[wildcards.sweep]["power"]),
            axes=configured(f"theory.sweeps.{wildcards.sweep}.axes"),
            samples=configured("theory.band_samples"),
            seed=seed("band", wildcards.sweep),
        ),
        code=code_digest("solve_band"),
    log:
        log_file("solve_band", "{sweep}"),
    benchmark:
        benchmark_file("solve_band", "{sweep}")
    resources:
        **cost("solve_band"),
    threads: 1
    conda:
        "../../environment.yml"
    script:
        "../../scripts/solve_band.py"
