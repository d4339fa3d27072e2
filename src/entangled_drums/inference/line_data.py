"""Areas of all lines of one operating point, measured once for the routes that read them.

Lines in the emission are fitted with free centre and width; the probe lines of the phase scan with
those of the emission, at every phase, less what the same fit finds there without probes.
"""

from dataclasses import dataclass, replace

import numpy as np
import xarray
from numpy.typing import NDArray

from entangled_drums import recording, recording_checks
from entangled_drums.calibration import Calibration
from entangled_drums.errors import InferenceError, NoFitError
from entangled_drums.inference.fine_effects import Fidelity
from entangled_drums.inference.line_maps import (
    MODEL_PARAMETERS,
    ExactLines,
    Grids,
    Setup,
    closed_forms,
    exact_lines,
    offsets,
)
from entangled_drums.inference.line_windows import (
    Bins,
    LineSettings,
    emission_lines,
    select_bins,
    too_close,
)
from entangled_drums.inference.observation import same_drive
from entangled_drums.inference.spectral_lines import Goodness, fit_areas, fit_line
from entangled_drums.ranges import is_allowed
from entangled_drums.units import angular

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Measured:
    """Areas of all lines and their noise.

    Parameters
    ----------
    areas : ndarray, (M,)
        Two emission lines, then the first probe line at every phase, then the second.
    emission_covariance : ndarray, (M, M)
        What the noise of the emission spectrum brings: to its own lines, and to the probe lines
        through the shape they share and through what stands there without probes.
    scan_variance : ndarray, (M,)
        What the noise of the phase scan brings, independent at every phase; zero for emission.
    fits : dict of str to Goodness
    """

    areas: Array
    emission_covariance: Array
    scan_variance: Array
    fits: dict[str, Goodness]

    @property
    def covariance(self) -> Array:
        """Covariance (M, M) of the areas."""
        return self.emission_covariance + np.diag(self.scan_variance)


def _measure(
    emission: xarray.Dataset, scan: xarray.Dataset, setup: Setup, bins: Bins, model: ExactLines
) -> Measured:
    """Fit all recorded lines."""
    emission_frequency = angular(emission["frequency_hz"].values)
    emission_power = emission["power_spectral_density"].values
    scan_frequency = angular(scan["frequency_hz"].values)
    scan_power = scan["power_spectral_density"].values
    offset = float(angular(setup.probe.offset_hz))
    count = setup.phases.size
    size = 2 + 2 * count
    areas, scan_variance, noise = np.zeros(size), np.zeros(size), np.zeros((size, size))
    fits: dict[str, Goodness] = {}
    for line in (0, 1):
        index = bins.emission[line]
        start = model.lines[line][0]
        # What no line shape fits in the exact spectrum (curved pedestal, tails of other lines) is
        # taken off; it is orthogonal to the fit, so areas stay and only chi-square improves.
        fit = fit_line(
            emission_frequency[index],
            emission_power[index] - model.emission_unfitted[line][0],
            setup.emission_averages,
            start.centre,
            start.width,
            f"emission, line {line + 1}",
        )
        fits[f"emission_line_{line + 1}"] = fit.goodness
        areas[line] = fit.area
        noise[line, line] = fit.covariance[0, 0]

        index = bins.scan[line]
        frequency = scan_frequency[index]
        power = scan_power[:, index] - model.scan_unfitted[line][0]
        index = bins.reference[line]
        reference_frequency, reference_power = emission_frequency[index], emission_power[index]

        def difference(
            centre: float,
            width: float,
            at: tuple[Array, Array] = (frequency, reference_frequency),
            of: tuple[Array, Array] = (power, reference_power),
        ) -> tuple[Array, Array, Array, Goodness]:
            with_probe = fit_areas(at[0], of[0], setup.scan_averages, centre + offset, width)
            without = fit_areas(at[1], of[1], setup.emission_averages, centre + offset, width)
            return (
                with_probe.area - without.area,
                with_probe.covariance[:, 0, 0],
                without.covariance[0, 0],
                with_probe.goodness,
            )

        rows = slice(2 + line * count, 2 + (line + 1) * count)
        areas[rows], scan_variance[rows], without_probe, fits[f"scan_line_{line + 1}"] = difference(
            fit.centre, fit.width
        )
        # Centre and width come from the emission fit: their errors move all phases together.
        d_centre, d_width = np.sqrt(np.diag(fit.covariance)[4:])
        by_shape = np.stack(
            [
                (difference(fit.centre + d_centre, fit.width)[0] - areas[rows]) / d_centre,
                (difference(fit.centre, fit.width + d_width)[0] - areas[rows]) / d_width,
            ],
            axis=-1,
        )
        noise[rows, rows] = without_probe + by_shape @ fit.covariance[4:, 4:] @ by_shape.T
        noise[line, rows] = fit.covariance[0, 4:] @ by_shape.T
        noise[rows, line] = noise[line, rows]
    return Measured(areas, noise, scan_variance, fits)


def _check_inputs(
    emission: xarray.Dataset,
    scan: xarray.Dataset,
    calibration: Calibration,
    fidelity: Fidelity,
) -> Setup:
    recording_checks.check(emission, recording.EMISSION, "emission")
    recording_checks.check(scan, recording.PHASE_SCAN, "phase scan")
    drive = recording.drive_settings(emission)
    same_drive(drive, recording.drive_settings(scan))
    calibration.require(MODEL_PARAMETERS)
    probe = recording.probe_settings(scan)
    phases = np.asarray(probe.phase_rad)
    directions = np.stack([np.ones_like(phases), np.cos(phases), np.sin(phases)])
    if np.linalg.matrix_rank(directions, tol=1e-3) < 3:
        raise InferenceError(
            f"phase scan: {phases.size} phases do not determine mean, cosine and sine; "
            "record at least 3 different phases, better 8 equally spaced"
        )
    return Setup(
        drive,
        probe,
        float(recording.likelihood_shape(emission)),
        float(recording.likelihood_shape(scan)),
        float(angular(emission.attrs["bin_width_hz"])),
        float(angular(scan.attrs["bin_width_hz"])),
        str(emission.attrs["window"]),
        str(scan.attrs["window"]),
        fidelity,
    )


@dataclass(frozen=True)
class LineData:
    """Everything about the lines of one operating point.

    Parameters
    ----------
    setup : Setup
    central, one : dict
        Calibrated values, plain and as arrays (1,).
    bins : Bins
    grids : Grids
    model : ExactLines
        The same fits in the exact spectra of the calibrated device.
    offsets : ndarray, (M,)
        What the closed forms of the areas lack, see `line_maps`.
    measured : Measured
    uncertain : tuple of str
        Calibrated parameters with an uncertainty.
    offset_slopes : ndarray, (M, U)
        Derivatives of the offsets by those.
    settings : dict
        Drive settings the data were taken at (``red_coupling_hz``, ``ratio``).
    """

    setup: Setup
    central: dict[str, float]
    one: dict[str, Array]
    bins: Bins
    grids: Grids
    model: ExactLines
    offsets: Array
    measured: Measured
    uncertain: tuple[str, ...]
    offset_slopes: Array
    settings: dict[str, float]

    def maps_of_draws(
        self, calibration: Calibration, generator: np.random.Generator, count: int
    ) -> tuple[Array, Array, Array]:
        """Return maps (S, M, 4), constants and offsets (S, M) for drawn calibrations.

        See `line_maps.closed_forms`; a calibration without uncertainty gives one draw.
        """
        if not self.uncertain:
            maps, constants = closed_forms(self.one, self.setup)
            return maps, constants, self.offsets[None]
        drawn = calibration.sample(generator, count)
        shift = np.stack([drawn[name] - self.central[name] for name in self.uncertain], axis=-1)
        maps, constants = closed_forms(drawn, self.setup)
        return maps, constants, self.offsets + shift @ self.offset_slopes.T

    def noise_draws(self, generator: np.random.Generator, count: int, rows: slice) -> Array:
        """Return draws (S, R) of the noise of some areas."""
        covariance = self.measured.covariance[rows, rows]
        # Drawn in units of the errors, where rounding cannot make the covariance indefinite.
        scale = np.sqrt(np.diag(covariance))
        root = np.linalg.cholesky(covariance / np.outer(scale, scale))
        return np.asarray((generator.standard_normal((count, scale.size)) @ root.T) * scale)

    def fit_problem(self, names: tuple[str, ...], smallest_p_value: float) -> str:
        """Return the validity statement for the first fit that is too bad; empty if none is."""
        for name in names:
            p_value = self.measured.fits[name].p_value
            if not p_value >= smallest_p_value:
                return f"not valid here: fit of {name.replace('_', ' ')} has p = {p_value:.1e}"
        return ""


def usable(calibration: Calibration) -> Calibration:
    """Return a calibration with impossible values moved to zero.

    A calibration may estimate an occupation below zero; spectra of such a device do not exist.
    """
    values = [
        value if is_allowed(name, value) or not is_allowed(name, 0.0) else 0.0
        for name, value in zip(calibration.names, calibration.values.tolist(), strict=True)
    ]
    return replace(calibration, values=np.array(values))


def line_data(
    emission: xarray.Dataset | None,
    phase_scan: xarray.Dataset | None,
    calibration: Calibration,
    settings: LineSettings,
) -> LineData | str:
    """Measure all lines of one operating point.

    Parameters
    ----------
    emission, phase_scan : xarray.Dataset or None
        Recordings of those kinds at the same drive.
    calibration : Calibration
        Values and covariance of `MODEL_PARAMETERS`.
    settings : LineSettings

    Returns
    -------
    LineData or str
        The reason, if lines cannot be measured here: ``"not available: ..."`` or ``"not valid
        here: ..."``.

    Raises
    ------
    RecordingError
        If a recording is malformed or of the wrong kind.
    CalibrationError
        If the calibration lacks a parameter.
    InferenceError
        If a spectrum does not cover its lines, or the recordings do not belong together.
    """
    if emission is None or phase_scan is None:
        missing = "emission" if emission is None else "phase scan"
        return f"not available: no {missing} recording"
    setup = _check_inputs(emission, phase_scan, calibration, settings.fidelity)
    central = calibration.mapping()
    lines = emission_lines(central, setup.drive, settings)
    if isinstance(lines, str):
        return lines
    offset = abs(float(angular(setup.probe.offset_hz)))
    if reason := too_close(offset, lines[1], "probe and emission lines", settings):
        return reason

    bins = select_bins(emission, phase_scan, setup, lines, settings)
    emission_frequency = angular(emission["frequency_hz"].values)
    scan_frequency = angular(phase_scan["frequency_hz"].values)
    grids = Grids(
        (emission_frequency[bins.emission[0]], emission_frequency[bins.emission[1]]),
        (scan_frequency[bins.scan[0]], scan_frequency[bins.scan[1]]),
        (emission_frequency[bins.reference[0]], emission_frequency[bins.reference[1]]),
    )
    one = {name: np.array([value]) for name, value in central.items()}
    try:
        model = exact_lines(one, setup, grids)
        measured = _measure(emission, phase_scan, setup, bins, model)
    except NoFitError as error:
        return f"not valid here: {error}"
    central_offsets = offsets(one, setup, model.areas)[0]
    uncertain = calibration.uncertain_names(MODEL_PARAMETERS)
    thin = grids.thinned()
    # How the offsets change with the calibration needs no terms beyond the approximation.
    plain = replace(setup, fidelity=Fidelity())

    def offsets_of(values: dict[str, Array]) -> Array:
        return offsets(values, plain, exact_lines(values, plain, thin).areas)

    slopes = (
        calibration.jacobian(offsets_of, uncertain)
        if uncertain
        else np.zeros((measured.areas.size, 0))
    )
    return LineData(
        setup=setup,
        central=central,
        one=one,
        bins=bins,
        grids=grids,
        model=model,
        offsets=central_offsets,
        measured=measured,
        uncertain=uncertain,
        offset_slopes=slopes,
        settings={name: float(emission.attrs[name]) for name in ("red_coupling_hz", "ratio")},
    )
