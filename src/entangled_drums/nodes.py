"""Few frequencies at which a model spectrum is computed, and the way from them to all bins.

A spectrum made of lines is smooth on the scale of the distance from the nearest pole, so that nodes
spaced by a fixed fraction of that distance, joined by a cubic spline, give it at every recorded
bin. Both steps are linear: the values at the bins are a fixed matrix times those at the nodes.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

from entangled_drums.parameters import ProbeSettings
from entangled_drums.units import angular

Array = NDArray[np.float64]

_FEWEST = 6


@dataclass(frozen=True)
class Lines:
    """Centres and full widths (L,) of lines, rad/s from the drive centre."""

    centres: Array
    widths: Array

    def with_probe(self, probe: ProbeSettings) -> "Lines":
        """Return these lines and those that a probe pair adds."""
        offset = float(angular(probe.offset_hz))
        return Lines(np.concatenate([self.centres, self.centres + offset]), np.tile(self.widths, 2))

    def coordinate(self, frequency: Array) -> Array:
        """Return a rising function of frequency, steepest at the lines: equal steps resolve them.

        Its derivative is the sum over lines of one over the distance from the line's pole.
        """
        half = self.widths[:, None] / 2.0
        return np.sum(np.arcsinh((frequency - self.centres[:, None]) / half), axis=0)


def lines_of(drift: NDArray[np.complex128], offset: float = 0.0) -> Lines:
    """Return the narrow lines of a system: a line at every mechanical pole of its drift (6, 6).

    Parameters
    ----------
    drift : ndarray, (6, 6)
        Rates of change of the operators.
    offset : float, optional
        Offset of a probe pair, rad/s: shows every line again on both sides of itself.
    """
    poles = np.linalg.eigvals(drift)
    # The two most strongly damped poles are those of the cavity.
    narrow = poles[np.argsort(-poles.real, kind="stable")[:4]]
    offsets = np.array([0.0] if offset == 0.0 else [0.0, offset, -offset])
    centres = -narrow.imag + offsets[:, None]
    return Lines(centres.reshape(-1), np.tile(-2.0 * narrow.real, offsets.size))


def blocks_of(frequency: Array, bin_width: float) -> list[slice]:
    """Return the gapless runs of bins."""
    breaks = np.flatnonzero(np.diff(frequency) > 2.5 * bin_width) + 1
    edges = [0, *breaks.tolist(), frequency.size]
    return [slice(start, stop) for start, stop in pairwise(edges)]


@dataclass(frozen=True)
class Nodes:
    """Frequencies ``at`` (K,), rad/s, and the ``matrix`` (M, K) from there to the bins."""

    at: Array
    matrix: Array

    def to_bins(self, values: Array) -> Array:
        """Interpolate values (..., K) at the nodes to the bins, (..., M)."""
        return values @ self.matrix.T


def nodes(frequency: Array, bin_width: float, lines: Lines, resolution: float) -> Nodes:
    """Place nodes for spectra on given bins.

    Parameters
    ----------
    frequency : ndarray, (M,)
        Bins, rad/s, rising, possibly in several gapless blocks.
    bin_width : float
        Width of a bin, rad/s.
    lines : Lines
        Lines in the spectra.
    resolution : float
        Distance of nodes in units of the distance from the nearest line's pole.

    Returns
    -------
    Nodes
    """
    blocks = places(frequency, bin_width, lines, resolution)
    matrix = np.zeros((frequency.size, sum(at.size for _, at in blocks)))
    column = 0
    for block, at in blocks:
        after = column + at.size
        matrix[block, column:after] = _joined(frequency[block], at, np.eye(at.size)).T
        column = after
    return Nodes(np.concatenate([at for _, at in blocks]), matrix)


def places(
    frequency: Array, bin_width: float, lines: Lines, resolution: float
) -> list[tuple[slice, Array]]:
    """Return each gapless block of bins with its nodes; arguments as for `nodes`."""
    found = []
    for block in blocks_of(frequency, bin_width):
        bins = frequency[block]
        fine = np.linspace(bins[0], bins[-1], max(2001, bins.size))
        position = lines.coordinate(fine)
        count = max(_FEWEST, int(np.ceil((position[-1] - position[0]) / resolution)) + 1)
        if count >= bins.size:
            found.append((block, bins))
        else:
            even = np.linspace(position[0], position[-1], count)
            found.append((block, np.interp(even, position, fine)))
    return found


def interpolated(frequency: Array, blocks: list[tuple[slice, Array]], values: Array) -> Array:
    """Interpolate values (..., K) at the nodes of `places` to the bins, (..., M).

    The same as `Nodes.to_bins`; cheaper where nodes are used once.
    """
    found, column = [], 0
    for block, at in blocks:
        found.append(_joined(frequency[block], at, values[..., column : column + at.size]))
        column += at.size
    return np.concatenate(found, axis=-1)


def _joined(bins: Array, at: Array, values: Array) -> Array:
    # Where every bin is a node there is nothing between them.
    return values if at.size == bins.size else CubicSpline(at, values, axis=-1)(bins)
