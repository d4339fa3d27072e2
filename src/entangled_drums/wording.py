"""Words that many messages need."""


def counted(number: int, noun: str) -> str:
    """Return a number with its noun, ``1 job`` or ``2 jobs``.

    Parameters
    ----------
    number : int
    noun : str
        Singular; the plural takes an s.

    Returns
    -------
    str
    """
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def escaped(text: str) -> str:
    """Return text that a terminal shows as it is, on one line.

    Parameters
    ----------
    text : str
        May hold the name of a file, and that any character.

    Returns
    -------
    str
        Control characters, line breaks, marks that turn the direction of writing, and bytes of a
        file name that are no UTF-8 stand there as Python writes them in a string.
    """
    return "".join(
        one if one.isprintable() else one.encode("unicode_escape").decode("ascii") for one in text
    )
