"""Pictures that a page carries within itself, at the size they are printed in."""

import base64
import struct

from entangled_drums.errors import FileFormatError
from entangled_drums.markup import text

_MAGIC = b"\x89PNG\r\n\x1a\n"


def picture(content: bytes, description: str) -> str:
    """Return an ``img`` element that holds a PNG picture.

    Parameters
    ----------
    content : bytes
        The file, which must say how many dots it has per metre.
    description : str
        What it shows, for readers who do not see it.

    Returns
    -------
    str
        HTML; its width is that of the picture at its own resolution, in mm.

    Raises
    ------
    FileFormatError
        If it is no PNG, or does not tell its resolution.
    """
    width, height, dots_per_metre = _size(content)
    encoded = base64.b64encode(content).decode("ascii")
    return (
        f'<img src="data:image/png;base64,{encoded}" alt="{text(description)}" width="{width}" '
        f'height="{height}" style="width: {width / dots_per_metre * 1e3:.2f}mm">'
    )


def _size(content: bytes) -> tuple[int, int, int]:
    if content[:8] != _MAGIC or content[12:16] != b"IHDR":
        raise FileFormatError("picture: is no PNG; draw the figure again")
    width, height = struct.unpack(">II", content[16:24])
    place = content.find(b"pHYs")
    if place < 0:
        raise FileFormatError("picture: does not tell its resolution; draw the figure again")
    return width, height, struct.unpack(">I", content[place + 4 : place + 8])[0]
