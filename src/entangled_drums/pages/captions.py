"""Captions: a template in reStructuredText, the numbers of its figure, and HTML out.

The workflow's report renders the same templates with the same words, so a caption uses of the job
only what its record also holds: ``snakemake.output.rst``, the file with the numbers quoted, and
``snakemake.params.settings``.
"""

from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from docutils.core import publish_parts
from docutils.utils import SystemMessage
from jinja2 import Environment, StrictUndefined, TemplateError

from entangled_drums.errors import FileFormatError

# Nothing is taken from the user's own docutils settings, and nothing is let through unescaped.
_SETTINGS = {
    "_disable_config": True,
    "embed_stylesheet": False,
    "halt_level": 2,
    "initial_header_level": 4,
    "math_output": "MathML",
    "raw_enabled": False,
    "report_level": 5,
    "syntax_highlight": "none",
    "warning_stream": False,
}


def caption(name: str, template: str, record: Mapping[str, Any], numbers: Path | None) -> str:
    """Return a caption as HTML.

    Parameters
    ----------
    name : str
        Name of the figure or table, for messages.
    template : str
        Content of ``workflow/report/<name>.rst``.
    record : mapping
        Record of the job that made the figure; its settings are used.
    numbers : Path or None
        File with the numbers that the caption quotes, if there is one; it is read here.

    Returns
    -------
    str
        Paragraphs.

    Raises
    ------
    FileFormatError
        If the template asks for something that is not there, or is not valid.
    """
    job = SimpleNamespace(
        output=SimpleNamespace(rst=numbers),
        params=SimpleNamespace(settings=record["settings"]),
    )
    try:
        source = Environment(undefined=StrictUndefined).from_string(template).render(snakemake=job)
    except TemplateError as error:
        raise FileFormatError(
            f"caption of {name}: {error.message}; it may use snakemake.output.rst and "
            "snakemake.params.settings"
        ) from None
    return paragraphs(f"caption of {name}", source)


def paragraphs(name: str, source: str) -> str:
    """Return reStructuredText as HTML.

    Parameters
    ----------
    name : str
        What it is, for messages.
    source : str
        Paragraphs and lists; no raw HTML.

    Returns
    -------
    str

    Raises
    ------
    FileFormatError
        If it is not valid.
    """
    try:
        return publish_parts(source, writer="html5", settings_overrides=_SETTINGS)["body"].strip()
    except SystemMessage as error:
        message = " ".join(str(error).split())
        raise FileFormatError(f"{name}: {message}; mend it in workflow/report/") from None
