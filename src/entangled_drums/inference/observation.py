"""What was recorded at one operating point, arranged for a likelihood.

A bin averaged N times is Gamma distributed with shape N. Bins merged out of n neighbours have shape
n N, because shapes of Gamma variables of equal mean add; where the mean varies across a merged bin
the shape is a little smaller, which is negligible as long as bins stay narrower than the lines.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import xarray
from numpy.typing import NDArray

from entangled_drums import recording, recording_checks, windows
from entangled_drums.errors import InferenceError
from entangled_drums.nodes import Lines, blocks_of
from entangled_drums.parameters import DriveSettings, ProbeSettings
from entangled_drums.units import angular

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Spectra:
    """Spectra on common bins: one of emission, or one for each phase of a scan.

    Parameters
    ----------
    name : str
        ``"emission"`` or ``"phase_scan"``.
    frequency : ndarray, (M,)
        Bin centres as recorded, rad/s from the drive centre, rising.
    bin_width : float
        Width of a recorded bin, rad/s.
    power : ndarray, (S, F)
        Power of the (merged) bins, quanta.
    starts : ndarray of int, (F,)
        First recorded bin of each (merged) bin.
    window : str
        Window of the periodogram.
    effective_averages : float
        Gamma shape of one recorded bin.
    """

    name: str
    frequency: Array
    bin_width: float
    power: Array
    starts: NDArray[np.intp]
    window: str
    effective_averages: float

    @property
    def counts(self) -> Array:
        """Recorded bins in each merged bin, (F,)."""
        return np.diff(self.starts, append=self.frequency.size).astype(np.float64)

    @property
    def shape(self) -> Array:
        """Gamma shape with which each bin is weighed as if it were independent, (F,)."""
        return self.counts * windows.shape_for_sums(self.window, self.effective_averages)

    @property
    def independent(self) -> tuple[slice, Array]:
        """Bins without correlations between them, and their Gamma shape, for goodness of fit."""
        correlation = windows.window(self.window).bin_correlation
        chosen = slice(None, None, len(correlation) + 1)
        counts = self.counts[chosen]
        # Variance of a sum of correlated bins over that of one bin.
        variance = counts.copy()
        for lag, value in enumerate(correlation, start=1):
            variance = variance + 2.0 * np.maximum(counts - lag, 0.0) * value
        return chosen, self.effective_averages * counts**2 / variance

    def averaged(self, fine: Array) -> Array:
        """Average a quantity over the recorded bins of each merged bin, (..., M) to (..., F)."""
        if self.starts.size == self.frequency.size:
            return fine
        return np.asarray(np.add.reduceat(fine, self.starts, axis=-1) / self.counts)

    def merge(self, lines: Lines, resolution: float) -> "Spectra":
        """Return the same spectra with neighbouring bins merged.

        Parameters
        ----------
        lines : Lines
            Lines whose shape must stay resolved.
        resolution : float
            Width of merged bins in units of the distance from the nearest line's pole.

        Returns
        -------
        Spectra
        """
        starts: list[int] = []
        for block in blocks_of(self.frequency, self.bin_width):
            position = lines.coordinate(self.frequency[block]) / resolution
            step = np.floor(position - position[0] + 1e-9)
            starts += (block.start + np.flatnonzero(np.diff(step, prepend=-1.0) > 0)).tolist()
        merged = replace(self, starts=np.array(starts, dtype=np.intp))
        return replace(merged, power=merged.averaged(self.power))


@dataclass(frozen=True)
class Observation:
    """The recordings of one operating point.

    Parameters
    ----------
    drive : DriveSettings
        Settings of the pump generators.
    probe : ProbeSettings or None
        Settings of the probe generators, None without a phase scan.
    emission, phase_scan : Spectra
        ``phase_scan`` is None where none was recorded.
    """

    drive: DriveSettings
    probe: ProbeSettings | None
    emission: Spectra
    phase_scan: Spectra | None

    @property
    def spectra(self) -> tuple[Spectra, ...]:
        """All spectra, emission first."""
        return (self.emission,) if self.phase_scan is None else (self.emission, self.phase_scan)

    def merged(self, lines: Lines, resolution: float) -> "Observation":
        """Return the observation with merged bins, see `Spectra.merge`."""
        scan = self.phase_scan
        if scan is not None and self.probe is not None:
            # The probe lines are weak: wide bins lose nothing.
            scan = scan.merge(lines.with_probe(self.probe), 2.0 * resolution)
        return Observation(self.drive, self.probe, self.emission.merge(lines, resolution), scan)


def _spectra(dataset: xarray.Dataset, name: str) -> Spectra:
    power = np.atleast_2d(dataset["power_spectral_density"].values)
    return Spectra(
        name=name,
        frequency=np.asarray(angular(dataset["frequency_hz"].values)),
        bin_width=float(angular(dataset.attrs["bin_width_hz"])),
        power=power,
        starts=np.arange(power.shape[-1]),
        window=str(dataset.attrs["window"]),
        effective_averages=float(dataset.attrs["effective_averages"]),
    )


def observation(emission: xarray.Dataset, phase_scan: xarray.Dataset | None) -> Observation:
    """Arrange the recordings of one operating point.

    Parameters
    ----------
    emission : xarray.Dataset
        Recording of kind ``emission``.
    phase_scan : xarray.Dataset or None
        Recording of kind ``phase_scan`` at the same drive.

    Raises
    ------
    RecordingError
        If a recording is malformed or of the wrong kind.
    InferenceError
        If the two recordings were not taken at the same drive.
    """
    recording_checks.check(emission, recording.EMISSION, "emission")
    drive = recording.drive_settings(emission)
    probe = scan = None
    if phase_scan is not None:
        recording_checks.check(phase_scan, recording.PHASE_SCAN, "phase scan")
        same_drive(drive, recording.drive_settings(phase_scan))
        probe = recording.probe_settings(phase_scan)
        scan = _spectra(phase_scan, "phase_scan")
    return Observation(drive, probe, _spectra(emission, "emission"), scan)


def same_drive(drive: DriveSettings, other: DriveSettings) -> None:
    """Refuse a phase scan at another drive than the emission.

    Raises
    ------
    InferenceError
        If any setting differs.
    """
    for name in vars(drive):
        if not np.isclose(getattr(drive, name), getattr(other, name), rtol=1e-9, atol=0.0):
            raise InferenceError(
                f"phase scan: {name} is {getattr(other, name):g}, but {getattr(drive, name):g} in "
                "the emission recording; give two recordings of one operating point"
            )


def covers(spectra: Spectra, centres: Sequence[float], half_widths: Sequence[float]) -> None:
    """Refuse spectra that do not cover their lines.

    Parameters
    ----------
    spectra : Spectra
    centres, half_widths : sequence of float
        Range that must be covered around each line, rad/s.

    Raises
    ------
    InferenceError
        If a range is not covered; names it.
    """
    blocks = [spectra.frequency[block] for block in blocks_of(spectra.frequency, spectra.bin_width)]
    for number, (centre, half) in enumerate(zip(centres, half_widths, strict=True), start=1):
        low, high = centre - half, centre + half
        if not any(block[0] <= low and high <= block[-1] for block in blocks):
            raise InferenceError(
                f"{spectra.name.replace('_', ' ')}: does not cover line {number}, "
                f"{low / (2 * np.pi):.0f} .. {high / (2 * np.pi):.0f} Hz from the drive centre; "
                "record that range"
            )
