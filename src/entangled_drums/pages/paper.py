"""All figures and tables of an experiment as one page, to be read or printed on A4.

The verdict comes first, then one page with every assumption, then figures and tables in the
paper's order, each with the rule that made it. The page loads nothing and runs nothing; links lead
to the files that stand beside it in the results folder.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from entangled_drums.exhibits import title
from entangled_drums.inference.route_result import RouteResult
from entangled_drums.inference.verdict import Verdict
from entangled_drums.markup import ascii_page, text
from entangled_drums.pages.assumptions import Assumption, assumption_table
from entangled_drums.pages.verdict import verdict_section
from entangled_drums.provenance.record import record_path

LABELS = {
    "pdf": "PDF",
    "png": "PNG",
    "csv": "numbers (CSV)",
    "md": "Markdown",
    "tex": "LaTeX",
    "html": "HTML",
}
"""Files of a figure or table that the page links to, by the ending of their names."""

TRUST = ("figs10", "table_s3")
"""Figure and table that tell how often verdicts are right, and what the error is made of."""

STYLE = """
@page { size: A4; margin: 14mm 13.5mm 16mm;
  @bottom-center { content: counter(page); font: 8pt sans-serif; } }
body { font: 10pt/1.4 Arial, "Liberation Sans", "DejaVu Sans Condensed", sans-serif;
  color: #1a1a1a; width: 183mm; margin: 10mm auto; }
h1 { font-size: 17pt; line-height: 1.2; margin: 0 0 2mm; }
h2 { font-size: 13pt; margin: 6mm 0 2mm; break-after: avoid; }
p { margin: 0 0 2mm; }
a { color: #1a4f8b; text-decoration: none; }
code { font-family: "DejaVu Sans Mono", monospace; font-size: 88%; overflow-wrap: anywhere; }
img { display: block; height: auto; margin: 0 auto; }
table { border-collapse: collapse; width: 100%; font-size: 7.5pt; line-height: 1.3;
  border-top: .4mm solid; border-bottom: .4mm solid; margin: 1mm 0 2mm; }
th { border-bottom: .2mm solid; text-align: left; vertical-align: bottom; }
th, td { padding: .35mm 1mm; }
td { vertical-align: top; }
tr { break-inside: avoid; }
.number { text-align: right; font-variant-numeric: tabular-nums; }
.summary { border: .4mm solid; padding: 3mm 4mm; font-size: 12pt; font-weight: bold; }
.entangled { color: #14532d; font-weight: bold; }
.not-shown { color: #444; }
.contradiction { color: #8a1c1c; }
.contradiction { font-weight: bold; }
.assumptions { font-size: 7pt; }
.assumptions td:not(:last-child) { white-space: nowrap; }
.sourced { font-weight: bold; }
td.number, td.short { white-space: nowrap; }
.table table { font-size: 6.5pt; }
.table th, .table td { padding: .35mm .6mm; }
.contents { padding: 0; list-style: none; columns: 2; column-gap: 8mm; font-size: 9pt; }
.page { break-before: page; break-after: page; }
.exhibit { margin: 0 0 8mm; }
figure { margin: 0; break-inside: avoid; }
#colophon { break-inside: avoid; }
figcaption { font-size: 9pt; margin: 2mm 0 0; }
.table figcaption { break-inside: avoid; break-after: avoid; }
.table figure { break-inside: auto; }
.notes p { font-size: 7.5pt; color: #333; margin: 0; }
.made { font-size: 7.5pt; color: #555; }
ol, ul { margin: 0 0 2mm; padding-left: 5mm; }
"""


@dataclass(frozen=True)
class Exhibit:
    """A figure or a table.

    Attributes
    ----------
    name : str
        Such as ``figs6``.
    headline : str
        What it shows, in a few words.
    body : str
        The picture, or the table with its notes, as HTML.
    caption : str
        Paragraphs of HTML.
    record : mapping
        Record of the job that made it.
    """

    name: str
    headline: str
    body: str
    caption: str
    record: Mapping[str, Any]


@dataclass(frozen=True)
class Conclusion:
    """What the experiment says.

    Attributes
    ----------
    summary : str
        The verdict in one line.
    verdicts : sequence of Verdict
    results : sequence of RouteResult
    """

    summary: str
    verdicts: Sequence[Verdict]
    results: Sequence[RouteResult]


def page(
    experiment: Mapping[str, str],
    conclusion: Conclusion,
    assumptions: list[Assumption],
    model: str,
    exhibits: Sequence[Exhibit],
    record_id: str,
) -> str:
    """Return the page.

    Parameters
    ----------
    experiment : mapping
        ``name``, ``title``, ``device`` (title of the device file) and ``origin`` (one sentence on
        where device and recordings come from).
    conclusion : Conclusion
    assumptions : list of Assumption
    model : str
        What is assumed besides, as HTML.
    exhibits : sequence of Exhibit
        In the order to be shown.
    record_id : str
        Id of the record of the job that makes the page.

    Returns
    -------
    str
        HTML in ASCII.
    """
    return ascii_page(
        [
            f"<!-- record: {text(record_id)} -->",
            "<!DOCTYPE html>",
            '<html lang="en"><head><meta charset="utf-8">',
            # Nothing is loaded and nothing runs, even if the escaping should ever fail.
            '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
            "img-src data:; style-src 'unsafe-inline'\">",
            f"<title>{text(experiment['title'])}</title><style>{STYLE}</style></head><body>",
            f"<h1>{text(experiment['title'])}</h1>",
            f"<p>Experiment <code>{text(experiment['name'])}</code>. {text(experiment['device'])}. "
            f"{text(experiment['origin'])}</p>",
            '<section id="verdict"><h2>Verdict</h2>',
            *verdict_section(conclusion.summary, conclusion.verdicts, conclusion.results),
            *_trust(exhibits),
            "</section>",
            *_contents(exhibits),
            '<section id="assumptions" class="page"><h2>Assumptions</h2>',
            model,
            assumption_table(assumptions),
            "</section>",
            *(line for one in exhibits for line in _exhibit(one)),
            *_colophon(record_id),
            "</body></html>",
        ]
    )


def _trust(exhibits: Sequence[Exhibit]) -> Iterator[str]:
    """Where it stands how often such a verdict is right, or that nothing says so."""
    shown = [one for one in exhibits if one.name in TRUST]
    links = " and ".join(
        f'<a href="#{text(one.name)}">{text(title(one.name))}</a>' for one in shown
    )
    if links:
        yield f"<p>How far this is to be trusted: {links}.</p>"
    else:
        yield "<p>How often such a verdict is right was not studied in this experiment.</p>"


def _contents(exhibits: Sequence[Exhibit]) -> Iterator[str]:
    yield '<nav><h2>Contents</h2><ul class="contents">'
    yield '<li><a href="#assumptions">Assumptions</a></li>'
    for one in exhibits:
        yield (
            f'<li><a href="#{text(one.name)}">{text(title(one.name))}</a>: '
            f"{text(one.headline)}</li>"
        )
    yield '<li><a href="#colophon">How this page was made</a></li></ul></nav>'


def _exhibit(one: Exhibit) -> Iterator[str]:
    kind = "table" if one.name.startswith("table") else "figure"
    label = f"<strong>{text(title(one.name))}.</strong> "
    caption = one.caption.replace("<p>", f"<p>{label}", 1)
    if caption == one.caption:
        caption = f"<p>{label}</p>{caption}"
    caption = f"<figcaption>{caption}{_made(one)}</figcaption>"
    yield f'<section class="exhibit {kind}" id="{text(one.name)}"><figure>'
    yield from (caption, one.body) if kind == "table" else (one.body, caption)
    yield "</figure></section>"


def _made(one: Exhibit) -> str:
    """The rule, script and record behind a figure, and links to its files."""
    record, outputs = one.record, sorted(one.record["outputs"])
    script = next((name for name in record["code"] if name.startswith("scripts/")), "")
    links = [
        f'<a href="{text(name)}">{text(LABELS[ending])}</a>'
        for name in outputs
        if (ending := name.rsplit(".", 1)[-1]) in LABELS
    ]
    links.append(f'<a href="{text(record_path(outputs[0]).as_posix())}">record</a>')
    return (
        f'<p class="made">Made by rule <code>{text(record["rule"])}</code> '
        f"(<code>{text(script)}</code>), record <code>{text(record['id'][:16])}</code>: "
        f"{' · '.join(links)}</p>"
    )


def _colophon(record_id: str) -> Iterator[str]:
    yield '<section id="colophon"><h2>How this page was made</h2>'
    yield (
        "<p>By the workflow, from the files that it links to; they stand beside it in the results "
        f"folder. Its own record has the id <code>{text(record_id)}</code>. "
        '<a href="audit/manifest.json">audit/manifest.json</a> lists every result with its digest, '
        "and their root digest; <code>entangled-drums verify</code> recomputes them, "
        "<code>entangled-drums trace</code> follows any picture back to the lines of the config."
        "</p></section>"
    )
