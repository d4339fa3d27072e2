"""What posterior draws say the recorded spectra should look like, in quanta at the cavity's output.

A recorded bin is ``R = gain (S_out + n_add)``. It is shown as ``R <1/gain> - <n_add>``, with means
over the posterior; and so is the ``R`` of every draw, whose band then says how well the data pin
down the curve. What gain and added noise leave open moves points and curve alike. It is not in this
band but in those of quantities, such as the pedestal, and in ``scale_uncertainty``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import xarray
from numpy.typing import ArrayLike, NDArray

from entangled_drums import parameters, spectra
from entangled_drums.calibration import Calibration
from entangled_drums.errors import InferenceError
from entangled_drums.inference.fine_effects import Fidelity
from entangled_drums.inference.line_maps import MODEL_PARAMETERS
from entangled_drums.inference.observation import Observation, Spectra, observation
from entangled_drums.inference.states import state_quantities
from entangled_drums.inference.target import Target, line_shapes, target, usable_values
from entangled_drums.nodes import Lines
from entangled_drums.parameters import DriveSettings
from entangled_drums.phase_series import phase_harmonics
from entangled_drums.units import cyclic

Array = NDArray[np.float64]

LEVELS = (0.16, 0.84)
POINTS_RESOLUTION = 0.25
"""Width of the bins of the points, in units of the distance from the nearest line's pole."""
CURVE_RESOLUTION = 0.08
_MOST_DRAWS = 400


@dataclass(frozen=True)
class Band:
    """Mean over posterior draws and ends of the central 68 % interval, each of one shape."""

    value: Array
    lower: Array
    upper: Array

    @classmethod
    def of(cls, draws: Array) -> "Band":
        """Return the band of draws (S, ...)."""
        lower, upper = np.quantile(draws, LEVELS, axis=0)
        return cls(draws.mean(axis=0), lower, upper)

    def __getitem__(self, row: int) -> "Band":
        return Band(self.value[row], self.lower[row], self.upper[row])


@dataclass(frozen=True)
class PredictedSpectra:
    """Recorded spectra on common bins beside what the posterior predicts for them.

    Parameters
    ----------
    frequency_hz : ndarray, (F,)
        Centres of the merged bins, from the drive centre.
    measured, uncertainty : ndarray, (R, F)
        Output spectra and their statistical errors, quanta.
    curve_hz : ndarray, (C,)
        Frequencies of the curves.
    model : Band, (R, C)
        Output spectra of the posterior, converted as the recorded ones, quanta.
    scale_uncertainty : float
        One standard deviation of the mean output that is common to points and curve, quanta.
    pedestal : Band, (C,)
        Output spectrum of the same cavity and baths without drums, quanta.
    """

    frequency_hz: Array
    measured: Array
    uncertainty: Array
    curve_hz: Array
    model: Band
    scale_uncertainty: float
    pedestal: Band


@dataclass(frozen=True)
class Predictive:
    """Everything predicted for one operating point.

    Parameters
    ----------
    drive : DriveSettings
    draws : dict
        The posterior draws used, with the parameters that are taken as exact; each (S,).
    lines : Lines
        Centres and widths of the emission lines at the posterior mean, rad/s.
    emission : PredictedSpectra
    phase_scan : PredictedSpectra or None
        One spectrum for each probe phase; None without a phase scan.
    occupations : Band, (2,)
        Bogoliubov occupations m_1, m_2 of the modes that the emission lines read.
    """

    drive: DriveSettings
    draws: dict[str, Array]
    lines: Lines
    emission: PredictedSpectra
    phase_scan: PredictedSpectra | None
    occupations: Band


def predict(
    emission: xarray.Dataset,
    phase_scan: xarray.Dataset | None,
    calibration: Calibration,
    draws: Mapping[str, Array],
    fidelity: Fidelity | None = None,
) -> Predictive:
    """Predict the spectra of one operating point from posterior draws.

    Parameters
    ----------
    emission : xarray.Dataset
        Recording of kind ``emission``.
    phase_scan : xarray.Dataset or None
        Recording of kind ``phase_scan`` at the same drive.
    calibration : Calibration
        Prior of the posterior; gives the parameters that it takes as exact.
    draws : mapping
        Equally weighted draws (S,) of parameters and state quantities.
    fidelity : Fidelity, optional
        What the model contains, as in the inference.

    Raises
    ------
    RecordingError
        If a recording is malformed or of the wrong kind.
    CalibrationError
        If the calibration lacks a parameter.
    InferenceError
        If there are no draws.
    """
    seen = observation(emission, phase_scan)
    density = target(seen, calibration, fidelity or Fidelity())
    used = _spread_over(draws, density.names)
    u = (np.stack([used[name] for name in density.names], axis=-1) - density.centre) / density.scale
    centre = u.mean(axis=0)
    if phase_scan is not None or fidelity not in (None, Fidelity()):
        density = density.with_effects_at(centre)
    values = density.values(u)
    central = {name: float(np.mean(value)) for name, value in values.items()}
    lines = line_shapes(central, seen)
    at_nodes = density.node_spectra(u)
    return Predictive(
        drive=seen.drive,
        draws={**used, **values},
        lines=lines,
        emission=_view(
            seen.emission,
            density.emission_nodes.to_bins(at_nodes[0])[:, None],
            lines,
            values,
            seen,
        ),
        phase_scan=_scan_view(density, at_nodes[1], lines, values),
        occupations=Band.of(bogoliubov_occupations(values, used, seen.drive)),
    )


def prior_state(
    emission: xarray.Dataset,
    calibration: Calibration,
    generator: np.random.Generator,
    count: int,
    fidelity: Fidelity | None = None,
) -> dict[str, Array]:
    """Draw from the calibration alone what the posterior has draws of.

    Parameters
    ----------
    emission : xarray.Dataset
        Recording of kind ``emission``; only its drive is used.
    calibration : Calibration
        Prior of the posterior.
    generator : numpy.random.Generator
        Source of randomness.
    count : int
        Number of draws; devices without a steady state under the drive are left out.
    fidelity : Fidelity, optional
        What the model contains, as in the inference.

    Returns
    -------
    dict
        Draws by name of parameters and state quantities.
    """
    fidelity = fidelity or Fidelity()
    density = target(observation(emission, None), calibration, fidelity)
    values = density.values(density.prior_draws(count, generator))
    states = state_quantities(
        values, density.observation.drive, counter_rotating=fidelity.counter_rotating
    )
    stable = np.isfinite(states["duan"])
    return {
        **{name: values[name][stable] for name in density.names},
        **{name: one[stable] for name, one in states.items()},
    }


def with_state(
    values: Mapping[str, float], drive: DriveSettings, *, counter_rotating: bool
) -> dict[str, float]:
    """Return the values of one device together with the state quantities it has under a drive."""
    found = state_quantities(
        {name: np.array([value]) for name, value in values.items()},
        drive,
        counter_rotating=counter_rotating,
    )
    return {**values, **{name: float(one[0]) for name, one in found.items()}}


def bogoliubov_occupations(
    values: Mapping[str, Array], state: Mapping[str, Array], drive: DriveSettings
) -> Array:
    """Return the occupations (S, 2) of the modes that the two emission lines read.

    Line 1 carries ``G_1^- b_1 + G_2^+ b_2^dag`` and line 2 the same with the drums exchanged; each
    is divided by its commutator, so that equal drums give the modes of `entanglement`.

    Parameters
    ----------
    values : mapping
        Flat parameter values, each (S,).
    state : mapping
        ``occupation_1``, ``occupation_2``, ``correlator_magnitude``, ``correlator_phase_rad``.
    drive : DriveSettings
    """
    driven = parameters.system(values, drive).drive
    real = state["correlator_magnitude"] * np.cos(state["correlator_phase_rad"])
    occupation = (state["occupation_1"], state["occupation_2"])
    found = []
    for own, other in ((0, 1), (1, 0)):
        red, blue = driven.red_coupling[..., own].real, driven.blue_coupling[..., other].real
        weight = (
            red**2 * occupation[own] + blue**2 * (occupation[other] + 1.0) + 2.0 * red * blue * real
        )
        found.append(weight / (red**2 - blue**2))
    return np.stack(found, axis=-1)


def exact_parameters(calibration: Calibration, names: tuple[str, ...]) -> dict[str, float]:
    """Return the calibrated model parameters that are not among the names of the draws."""
    central = usable_values(calibration)
    return {name: central[name] for name in MODEL_PARAMETERS if name not in names}


def _spread_over(draws: Mapping[str, Array], names: tuple[str, ...]) -> dict[str, Array]:
    """At most `_MOST_DRAWS` draws, evenly out of all."""
    for name in names:
        if name not in draws:
            raise InferenceError(f"posterior: no draws of {name}; infer the state anew")
    total = min((values.size for values in draws.values()), default=0)
    if not total:
        raise InferenceError("posterior: no draws; the model-based route gave no result here")
    chosen = np.arange(0, total, -(-total // _MOST_DRAWS))
    return {name: np.asarray(values, dtype=np.float64)[chosen] for name, values in draws.items()}


def _scan_view(
    density: Target, harmonics: Array | None, lines: Lines, values: dict[str, Array]
) -> PredictedSpectra | None:
    seen = density.observation
    if (
        harmonics is None
        or density.scan_nodes is None
        or seen.probe is None
        or seen.phase_scan is None
    ):
        return None
    phases = phase_harmonics(np.asarray(seen.probe.phase_rad))
    output = phases @ density.scan_nodes.to_bins(harmonics)
    return _view(seen.phase_scan, output, lines.with_probe(seen.probe), values, seen)


def _view(
    of: Spectra, output: Array, lines: Lines, values: dict[str, Array], seen: Observation
) -> PredictedSpectra:
    receiver = parameters.receiver(values)
    points = of.merge(lines, POINTS_RESOLUTION)
    curve = of.merge(lines, CURVE_RESOLUTION)
    per_quantum, added = float(np.mean(1.0 / receiver.gain)), float(np.mean(receiver.added_noise))
    system = parameters.system(values, seen.drive)
    drums_off = replace(
        system,
        drive=replace(
            system.drive,
            red_coupling=np.zeros_like(system.drive.red_coupling),
            blue_coupling=np.zeros_like(system.drive.blue_coupling),
        ),
    )
    frequency = curve.averaged(of.frequency)
    gain, noise = receiver.gain[:, None, None], receiver.added_noise[:, None, None]
    recorded = gain * (output + noise) * per_quantum - added
    return PredictedSpectra(
        frequency_hz=_hertz(points.averaged(of.frequency)),
        measured=points.power * per_quantum - added,
        uncertainty=points.power * per_quantum / np.sqrt(points.shape),
        curve_hz=_hertz(frequency),
        model=Band.of(curve.averaged(recorded)),
        scale_uncertainty=float(np.std(output.mean(axis=(1, 2)))),
        pedestal=Band.of(spectra.output_psd(drums_off, frequency)),
    )


def _hertz(frequency: ArrayLike) -> Array:
    return np.asarray(cyclic(np.asarray(frequency)), dtype=np.float64)
