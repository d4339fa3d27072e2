"""Calibration: what is known of device and receiver, and the chain of fits that it comes from.

`gaussian` holds the result that inference starts from, with its file; its names are at hand here.
`chain` fits the recordings of a calibration, one step (and one module) after the other.
"""

from entangled_drums.calibration.gaussian import (
    FORMAT,
    FORMAT_VERSION,
    Calibration,
    content,
    from_content,
    from_device,
    read,
    unit_of,
    write,
)

__all__ = [
    "FORMAT",
    "FORMAT_VERSION",
    "Calibration",
    "content",
    "from_content",
    "from_device",
    "read",
    "unit_of",
    "write",
]
