"""Write the page with verdict, assumptions, and all figures and tables of the experiment."""

from entangled_drums.provenance.job import Job, execute
from entangled_drums import jsonfile
from entangled_drums.exhibits import headline, title
from entangled_drums.inference.route_result import route_result
from entangled_drums.inference.verdict import read_verdicts
from entangled_drums.pages import paper
from entangled_drums.pages.assumptions import assumptions
from entangled_drums.pages.captions import caption, paragraphs
from entangled_drums.pages.pictures import picture
from entangled_drums.provenance.record import read_record, record_path
from entangled_drums.tables.printed import html_notes, html_table, read_markdown


def main(job: Job) -> None:
    settings = job.settings
    captions = {path.stem: path.read_text(encoding="utf-8") for path in job.inputs["captions"]}
    numbers = {path.stem: path for path in job.inputs["numbers"]}
    exhibits = []
    for path in [*job.inputs["pictures"], *job.inputs["tables"]]:
        name, record = path.stem, read_record(record_path(path))
        if path.suffix == ".png":
            body = picture(path.read_bytes(), title(name))
        else:
            table = read_markdown(path.read_text(encoding="utf-8"))
            body = html_table(table) + html_notes(table)
        text = caption(name, captions[name], record, numbers.get(name))
        exhibits.append(paper.Exhibit(name, headline(captions[name]), body, text, record))
    verdict = jsonfile.read(job.inputs["verdict"])
    results = [route_result(jsonfile.read(path)) for path in job.inputs["results"]]
    page = paper.page(
        settings["experiment"],
        paper.Conclusion(verdict["summary"], read_verdicts(verdict), results),
        assumptions(
            settings["device"],
            settings["drive"],
            settings["laboratory"],
            settings["model"],
            settings["comparison"],
        ),
        paragraphs("assumptions", job.inputs["assumptions"].read_text(encoding="utf-8")),
        exhibits,
        job.record_id,
    )
    job.outputs["page"].write_text(page, encoding="ascii", newline="\n")


execute(main, snakemake)
