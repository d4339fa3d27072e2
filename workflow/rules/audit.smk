# The end of every run: all digests along all chains, the proof that the analysis was blind, and
# the manifest. The run fails if the audit fails.

AUDITED = [path for path in sorted(set(PRODUCTS)) if not path.endswith(".record.json")]


rule audit:
    input:
        script="scripts/audit.py",
        records=records(*AUDITED),
        artefacts=AUDITED,
        config_files=[
            f"config/experiments/{EXPERIMENT['name']}.yaml",
            f"config/devices/{EXPERIMENT['device']['name']}.yaml",
        ],
        locks=["requirements/run.lock"],
        schema="workflow/schemas/manifest.yaml",
    output:
        manifest=report(
            result("audit/manifest.json"),
            caption="../report/manifest.rst",
            category="Audit",
            labels={"name": "manifest.json: every result with its digest"},
        ),
        record=result("audit/manifest.record.json"),
    log:
        log_file("audit"),
    benchmark:
        benchmark_file("audit")
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        **cost("audit"),
    params:
        settings=settings(),
        code=code_digest("audit"),
    script:
        "../../scripts/audit.py"


check_drawn()
PRODUCTS += rules.audit.output
