"""Carry out some replicas of the experiment for the coverage study."""

from entangled_drums.provenance.job import Job, execute
from entangled_drums import jsonfile
from entangled_drums.coverage.experiment import Experiment
from entangled_drums.coverage.replica import repetitions
from entangled_drums.randomness import job_stream


def main(job: Job) -> None:
    settings = job.settings
    experiment = Experiment.of(settings)
    ready = repetitions({kind for kind, _ in settings["replicas"]}, experiment, settings["draws"])
    replicas = []
    for kind, number in settings["replicas"]:
        stream = job_stream({**settings["seed"], "index": [kind, str(number)]})
        replicas.append({"number": number, **ready[kind].replica(stream)})
    jsonfile.write(job.outputs["replicas"], {"record_id": job.record_id, "replicas": replicas})


execute(main, snakemake)
