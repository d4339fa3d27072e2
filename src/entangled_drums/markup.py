"""Text made safe to stand in HTML."""

from html import escape


def text(value: object) -> str:
    """Return a value as text that HTML shows and never interprets.

    Parameters
    ----------
    value : object
        Anything with a `str` form; it may come from a stranger.

    Returns
    -------
    str
        Markup characters and quotes escaped; characters that HTML forbids are replaced.
    """
    shown = "".join(
        character if character.isprintable() or character in "\n\t" else "\ufffd"
        for character in str(value)
    )
    return escape(shown, quote=True)


def ascii_page(lines: list[str]) -> str:
    """Return lines of HTML as one text of ASCII characters only, whatever encoding is guessed.

    Parameters
    ----------
    lines : list of str

    Returns
    -------
    str
        Ended by a newline; other characters stand as numeric references.
    """
    return "\n".join(lines).encode("ascii", "xmlcharrefreplace").decode("ascii") + "\n"
