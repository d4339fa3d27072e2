"""Write a finished figure: PDF, PNG and the plotted numbers, the same bytes on every run.

Nothing in the files depends on the time, the machine or the user; the PDF (Keywords) and the PNG
(text chunk "record") carry the id of the record of the job that drew them.
"""

from collections.abc import Mapping
from pathlib import Path

import pandas
from matplotlib.figure import Figure

from entangled_drums.figures import style

FORMATS = ("pdf", "png", "csv")
QUOTED = "rst"
"""Besides `FORMATS`: the numbers of the caption, as reStructuredText substitutions."""

COLUMNS = ("panel", "series", "x", "y", "lower", "upper", "unit")
MAP_COLUMNS = ("panel", "series", "x", "y", "z", "x_unit", "y_unit", "unit")
"""Columns of a figure that shows maps: z over x and y; ``unit`` is that of z."""

# Nine digits redraw any curve exactly, and hide the last bits, where processor types differ.
FLOAT_FORMAT = "%.9g"


def write_figure(
    figure: Figure,
    paths: Mapping[str, str | Path],
    frame: pandas.DataFrame,
    record_id: str | None,
    quoted: Mapping[str, str] | None = None,
) -> None:
    """Write a figure in every format, to exactly the paths given.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        The finished figure; its size is kept, nothing is cropped.
    paths : mapping of str to path
        One path for each of `FORMATS`, and for `QUOTED` if there is `quoted`. File name endings
        are not looked at.
    frame : pandas.DataFrame
        Every number plotted, with the columns `COLUMNS` or `MAP_COLUMNS`. Empty cells mean "does
        not apply".
    record_id : str or None
        Id of the record of the job that drew it; None if no job did.
    quoted : mapping of str to str, optional
        Text by name of each number that the caption quotes; the caption writes ``|name|``.

    Raises
    ------
    ValueError
        If a path or a column is missing, or there are others.
    OSError
        If a file cannot be written.
    """
    formats = FORMATS if quoted is None else (*FORMATS, QUOTED)
    if sorted(paths) != sorted(formats):
        raise ValueError(f"paths has keys {sorted(paths)}; give exactly {sorted(formats)}")
    if tuple(frame.columns) not in (COLUMNS, MAP_COLUMNS):
        raise ValueError(
            f"frame has columns {list(frame.columns)}; give exactly {list(COLUMNS)} "
            f"or {list(MAP_COLUMNS)}"
        )
    with style.context():
        with open(paths["pdf"], "wb") as stream:
            figure.savefig(
                stream,
                format="pdf",
                metadata={
                    "Keywords": f"record:{record_id}" if record_id else None,
                    "CreationDate": None,
                    "Creator": None,
                    "Producer": None,
                },
            )
        with open(paths["png"], "wb") as stream:
            mark = {"record": record_id} if record_id else {}
            figure.savefig(stream, format="png", metadata={"Software": None, **mark})
    with open(paths["csv"], "w", encoding="utf-8", newline="") as stream:
        frame.to_csv(stream, index=False, float_format=FLOAT_FORMAT, lineterminator="\n")
    if quoted is not None:
        with open(paths[QUOTED], "w", encoding="utf-8", newline="") as stream:
            stream.write(substitutions(quoted))


def substitutions(quoted: Mapping[str, str]) -> str:
    """Return reStructuredText that defines ``|name|`` for each number.

    Parameters
    ----------
    quoted : mapping of str to str
        Plain text by name.
    """
    escaped = str.maketrans({mark: f"\\{mark}" for mark in "\\*`|_"})
    lines = [f".. |{name}| replace:: {text.translate(escaped)}" for name, text in quoted.items()]
    return "\n".join(lines) + "\n"
