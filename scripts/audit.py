"""Verify every result along every chain, prove the analysis blind, and write the manifest."""

from functools import partial

from entangled_drums.provenance.job import Job, execute
from entangled_drums import jsonfile
from entangled_drums.provenance import audit, checkout


def main(commit: dict, job: Job) -> None:
    jsonfile.write(
        job.outputs["manifest"],
        audit.manifest(
            job.inputs["artefacts"],
            config_files=job.inputs["config_files"],
            locks=job.inputs["locks"],
            schema=job.inputs["schema"],
            commit=commit,
        ),
    )


# git is another program, whose reading the job's watch cannot see: it is asked before.
execute(partial(main, checkout.commit(".")), snakemake)
