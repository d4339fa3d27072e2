"""Decide at every operating point whether entanglement was shown."""

from entangled_drums.provenance.job import Job, execute
from entangled_drums import jsonfile
from entangled_drums.inference.route_result import route_result
from entangled_drums.inference.verdict import decide, summary


def main(job: Job) -> None:
    contents = [jsonfile.read(path) for path in job.inputs["results"]]
    runs = [jsonfile.read(path) for path in job.inputs["stationarity"]]
    remarks = {one["operating_point"]: (one["remark"],) for one in runs if one["remark"]}
    verdicts = []
    for point in job.settings["points"]:
        here = {one["route"]: one for one in contents if one["operating_point"] == point}
        own = here.get("model_based", {})
        verdicts.append(
            decide(
                {route: route_result(content) for route, content in here.items()},
                own.get("fits", {}),
                own.get("priors", {}),
                point,
                remarks.get(point, ()),
            )
        )
    jsonfile.write(
        job.outputs["verdict"],
        {
            "record_id": job.record_id,
            "summary": summary(verdicts, job.settings["shown"]),
            "points": [verdict.content() for verdict in verdicts],
        },
    )


execute(main, snakemake)
