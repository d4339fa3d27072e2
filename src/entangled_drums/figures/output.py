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
COLUMNS = ("panel", "series", "x", "y", "lower", "upper", "unit")
MAP_COLUMNS = ("panel", "series", "x", "y", "z", "x_unit", "y_unit", "unit")
"""Columns of a figure that shows maps: z over x and y; ``unit`` is that of z."""

# Nine digits redraw any curve exactly, and hide the last bits, where processor types differ.
FLOAT_FORMAT = "%.9g"


def write_figure(
    figure: Figure, paths: Mapping[str, str | Path], frame: pandas.DataFrame, record_id: str
) -> None:
    """Write a figure in every format, to exactly the paths given.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        The finished figure; its size is kept, nothing is cropped.
    paths : mapping of str to path
        One path for each of `FORMATS`. File name endings are not looked at.
    frame : pandas.DataFrame
        Every number plotted, with the columns `COLUMNS`. Empty cells mean "does not apply".
    record_id : str
        Id of the record of the job that drew it.

    Raises
    ------
    ValueError
        If a path or a column is missing, or there are others.
    OSError
        If a file cannot be written.
    """
    if sorted(paths) != sorted(FORMATS):
        raise ValueError(f"paths has keys {sorted(paths)}; give exactly {sorted(FORMATS)}")
    if tuple(frame.columns) != COLUMNS:
        raise ValueError(f"frame has columns {list(frame.columns)}; give exactly {list(COLUMNS)}")
    with style.context():
        with open(paths["pdf"], "wb") as stream:
            figure.savefig(
                stream,
                format="pdf",
                metadata={
                    "Keywords": f"record:{record_id}",
                    "CreationDate": None,
                    "Creator": None,
                    "Producer": None,
                },
            )
        with open(paths["png"], "wb") as stream:
            figure.savefig(stream, format="png", metadata={"Software": None, "record": record_id})
    with open(paths["csv"], "w", encoding="utf-8", newline="") as stream:
        frame.to_csv(stream, index=False, float_format=FLOAT_FORMAT, lineterminator="\n")
