"""A lineage as one page: a picture of all jobs, and a table of what each of them was.

The page needs nothing but itself: no script, no style sheet, no font from elsewhere. Every text
in it may come from a stranger's records, and is escaped.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from entangled_drums.markup import ascii_page
from entangled_drums.markup import text as _text
from entangled_drums.provenance.lineage_text import cell_name

_COLUMN, _ROW, _BOX, _HEIGHT, _MARGIN = 360, 34, 300, 24, 12
_LETTERS = 42
_COLOURS = {
    "truth": "#f6d5d5",
    "recordings": "#fdebc8",
    "calibration": "#d9ead3",
    "inference": "#d0e2f5",
    "theory": "#e4dcf1",
}
_STYLE = """
body { font: 15px/1.45 sans-serif; margin: 2em auto; max-width: 76em; color: #222; }
code, td.code { font-family: monospace; font-size: 13px; overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; }
td, th { border-bottom: 1px solid #ccc; padding: .3em .6em; text-align: left;
  vertical-align: top; }
.picture { overflow-x: auto; border: 1px solid #ccc; }
.problem { color: #a00; font-weight: bold; }
section { margin: 1.2em 0; border-top: 2px solid #888; }
"""


def page(lineage: Mapping[str, Any]) -> str:
    """Return a lineage as an HTML page.

    Parameters
    ----------
    lineage : mapping
        From :func:`entangled_drums.provenance.lineage.trace`.

    Returns
    -------
    str
        ASCII-safe HTML with an SVG picture inside.
    """
    target = lineage["target"]
    title = f"{target['folder']}/{target['name']}"
    parts = [
        "<!DOCTYPE html>",
        '<html lang="en"><head><meta charset="utf-8">',
        # Nothing is loaded and nothing runs, even if the escaping should ever fail.
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; style-src 'unsafe-inline'\">",
        f"<title>Lineage of {_text(title)}</title><style>{_STYLE}</style></head><body>",
        f"<h1>Where {_text(title)} comes from</h1>",
        *_head(lineage),
        "<h2>Jobs, from the result (left) back to the config (right)</h2>",
        f'<div class="picture">{picture(lineage)}</div>',
        "<h2>Config used along this chain</h2>",
        *_parameters(lineage["parameters"]),
        "<h2>Each job</h2>",
        *(_job(job) for job in lineage["jobs"]),
        "</body></html>",
    ]
    return ascii_page(parts)


def picture(lineage: Mapping[str, Any]) -> str:
    """Return the jobs of a lineage as an SVG element, one column per step.

    Parameters
    ----------
    lineage : mapping
        From :func:`entangled_drums.provenance.lineage.trace`.
    """
    columns: dict[int, list[Mapping[str, Any]]] = {}
    for job in lineage["jobs"]:
        columns.setdefault(job["depth"], []).append(job)
    tallest = max(len(column) for column in columns.values())
    places = {}
    for depth, column in columns.items():
        top = _MARGIN + (tallest - len(column)) * _ROW / 2
        for row, job in enumerate(column):
            places[job["record"]] = (_MARGIN + depth * _COLUMN, top + row * _ROW)
    width = 2 * _MARGIN + max(columns) * _COLUMN + _BOX
    height = 2 * _MARGIN + tallest * _ROW
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height:g}" '
        f'viewBox="0 0 {width} {height:g}" role="img" font-family="monospace" font-size="11">'
    ]
    for job in lineage["jobs"]:
        x, y = places[job["record"]]
        for record in sorted({item["record"] for item in job["inputs"]} & set(places)):
            far_x, far_y = places[record]
            start, middle = x + _BOX, (x + _BOX + far_x) / 2
            near, far = y + _HEIGHT / 2, far_y + _HEIGHT / 2
            lines.append(
                f'<path d="M{start:g} {near:g}C{middle:g} {near:g} {middle:g} {far:g} '
                f'{far_x:g} {far:g}" fill="none" stroke="#999"/>'
            )
    for job in lineage["jobs"]:
        x, y = places[job["record"]]
        name = job["outputs"][0]["name"]
        colour = _COLOURS.get(name.split("/")[0], "#eeeeee")
        lines.append(
            f'<a href="#{_anchor(job)}"><title>{_text(name)}: rule {_text(job["rule"])}</title>'
            f'<rect x="{x:g}" y="{y:g}" width="{_BOX}" height="{_HEIGHT}" rx="4" '
            f'fill="{colour}" stroke="{"#444" if _fits(job) else "#d00"}"/>'
            f'<text x="{x + 6:g}" y="{y + 16:g}">{_text(_shortened(name))}</text></a>'
        )
    return "\n".join([*lines, "</svg>"])


def _head(lineage: Mapping[str, Any]) -> Iterator[str]:
    target, made = lineage["target"], lineage["made"]
    for problem in lineage["problems"]:
        yield f'<p class="problem">{_text(problem)}</p>'
    if target["note"]:
        yield f"<p>{_text(target['note'])}</p>"
    if target["cell"]:
        yield f"<p><strong>{_text(cell_name(target))}</strong></p>"
        if target["cell"]["from"]:
            origin = target["cell"]["from"]
            yield f"<p>Taken from <code>{_text(origin['name'])}: {_text(origin['key'])}</code></p>"
    yield "<table>"
    yield _row("SHA-256 (recorded)", target["digest"])
    yield _row("Record", target["record"])
    for key, label in (
        ("commit", "Commit"),
        ("uncommitted_changes", "Uncommitted changes"),
        ("utc", "Audited"),
        ("processor", "Processor"),
        ("root_digest", "Root digest of all results"),
    ):
        if key in made:
            yield _row(label, "not known" if made[key] is None else made[key])
    yield "</table>"


def _parameters(parameters: list[dict[str, Any]]) -> Iterator[str]:
    yield "<table><tr><th>Key<th>Value<th>Status<th>Source<th>Where</tr>"
    for item in parameters:
        value = _text(item["value"])
        if item["uncertainty"] is not None:
            value += f" ± {_text(item['uncertainty'])}"
        place = f"{item['file'] or ''}{':' + str(item['line']) if item['line'] else ''}"
        yield (
            f'<tr><td class="code">{_text(item["key"])}<td class="code">{value}'
            f"<td>{_text(item['status'] or '')}<td>{_text(item['source'] or '')}"
            f'<td class="code">{_text(place)}</tr>'
        )
    yield "</table>"


def _job(job: Mapping[str, Any]) -> str:
    rows = [
        _row("Rule", job["rule"]),
        _row("Script", f"{job['script']}"),
        _row("Record", f"{job['record']}: {job['id']}"),
        _row("Library", ", ".join(job["modules"])),
        _row("Config keys", ", ".join(job["config_keys"]) or "none"),
        _row("Random numbers", job["seed"] or "none"),
        _row("Versions", ", ".join(f"{name} {item}" for name, item in job["versions"].items())),
        _row("Log", job["log"] or "not here"),
    ]
    for item in job["outputs"]:
        fits = "" if item["fits"] else " DOES NOT FIT ITS RECORD"
        rows.append(_row("Made", f"{item['name']} {item['digest']}{fits}"))
    for item in job["inputs"]:
        opened = "" if item["opened"] else " (not opened)"
        rows.append(_row("From", f"{item['name']} {item['digest']}{opened}"))
    name = _text(job["outputs"][0]["name"])
    return f'<section id="{_anchor(job)}"><h3>{name}</h3><table>{"".join(rows)}</table></section>'


def _row(label: str, value: Any) -> str:
    return f'<tr><th>{_text(label)}<td class="code">{_text(value)}</tr>'


def _anchor(job: Mapping[str, Any]) -> str:
    return f"job-{_text(job['id'])}"


def _fits(job: Mapping[str, Any]) -> bool:
    return all(item["fits"] is not False for item in (*job["outputs"], *job["inputs"]))


def _shortened(name: str) -> str:
    return name if len(name) <= _LETTERS else "…" + name[1 - _LETTERS :]
