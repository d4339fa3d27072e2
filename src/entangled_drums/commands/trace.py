"""Show where a result, or one number of a table, comes from."""

from pathlib import Path

from entangled_drums import jsonfile
from entangled_drums.errors import EntangledDrumsError
from entangled_drums.provenance import lineage
from entangled_drums.provenance.lineage_html import page
from entangled_drums.provenance.lineage_text import tree


def trace(
    given: str,
    cell: str | None,
    results: str | None,
    *,
    step: bool,
    as_json: bool,
    html: str | None,
) -> int:
    """Print the chain of a result back to the lines of the config.

    Parameters
    ----------
    given : str
        Path of a result or of a copy of one, or a bare name such as ``fig4``.
    cell : str or None
        What tells one number of a table.
    results : str or None
        Results folder to look in; by default every one below ``results/``.
    step : bool
        Only the job that made it.
    as_json : bool
        Print JSON instead of a tree.
    html : str or None
        Write a page to this file instead of printing.

    Returns
    -------
    int
        0, or 3 if something along the chain does not fit its record.

    Raises
    ------
    EntangledDrumsError
        If there is no such result, or the page cannot be written.
    """
    target = lineage.find_target(given, _folders(results))
    found = lineage.trace(target, cell)
    shown = lineage.one_step(found) if step else found
    if html is not None:
        try:
            Path(html).write_text(page(shown), encoding="ascii")
        except OSError as error:
            raise EntangledDrumsError(
                f"{html}: cannot be written ({error.strerror}); give another file"
            ) from None
        print(f"{html}: written")
    elif as_json:
        print(jsonfile.dumps(shown), end="")
    else:
        print(tree(shown), end="")
    return 3 if found["problems"] else 0


def _folders(results: str | None) -> list[Path]:
    """Results folders to look in: the default experiment first."""
    if results is not None:
        return [Path(results)]
    found = sorted(path for path in Path("results").glob("*") if path.is_dir())
    return sorted(found, key=lambda path: path.name != "aalto-2018")
