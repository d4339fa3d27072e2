"""What each phase of a probe scan reads: variance of a collective quadrature in units of vacuum.

The probe line near ``epsilon -+ Omega`` reads ``P_a b_a + P_b exp(i phi) b_b^dag``. Its symmetrised
variance over that of the vacuum is

    v(phi) = 2 [P_a^2 (n_a + 1/2) + P_b^2 (n_b + 1/2)
                + 2 P_a P_b Re(exp(-i phi) c)]/(P_a^2 + P_b^2),

which for equal couplings is the Duan sum at that phase. The *reading* is what the area of the line
would give if it were proportional to that, by ``kappa_e |chi_c|^2`` at the line and the couplings
of the probes. It is so only approximately: the probe disturbs the
state, and the line interferes with the cavity's own noise. Therefore the exact reading, what the
same fit finds in the exact spectrum, stands beside it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import xarray
from numpy.typing import NDArray

from entangled_drums import parameters
from entangled_drums.calibration import Calibration
from entangled_drums.inference.line_data import line_data
from entangled_drums.inference.line_maps import (
    MODEL_PARAMETERS,
    Setup,
    closed_forms,
    expected_lines,
)
from entangled_drums.inference.line_windows import LineSettings
from entangled_drums.inference.predictive import Band, exact_parameters
from entangled_drums.parameters import ProbeSettings
from entangled_drums.phase_series import phase_harmonics

Array = NDArray[np.float64]

_PARTNER = (1, 0)
_CURVE_POINTS = 181


@dataclass(frozen=True)
class ProbeReadings:
    """Readings of both probe lines.

    Parameters
    ----------
    phase_rad : ndarray, (K,)
        Recorded phases of the blue probe.
    measured, uncertainty : ndarray, (2, K)
        Readings of the lines near epsilon - Omega and epsilon + Omega, and their statistical
        errors; vacuum gives 1.
    curve_rad : ndarray, (C,)
        Phases of the curves, one full turn.
    model : Band, (2, C)
        Exact readings of the posterior.
    undisturbed : Band, (C,)
        The Duan sum at that phase of the state without probes.
    """

    phase_rad: Array
    measured: Array
    uncertainty: Array
    curve_rad: Array
    model: Band
    undisturbed: Band


def probe_readings(
    emission: xarray.Dataset,
    phase_scan: xarray.Dataset,
    calibration: Calibration,
    draws: Mapping[str, Array],
    settings: LineSettings | None = None,
) -> ProbeReadings | str:
    """Read the probe lines of one operating point, and predict them from posterior draws.

    Parameters
    ----------
    emission, phase_scan : xarray.Dataset
        Recordings of those kinds at the same drive.
    calibration : Calibration
        Prior of the posterior; gives the parameters that it takes as exact.
    draws : mapping
        Equally weighted draws (S,) of parameters and state quantities.
    settings : LineSettings, optional
        Windows of the fits; those of the route `direct` if left out.

    Returns
    -------
    ProbeReadings or str
        The reason, if lines cannot be measured here.

    Raises
    ------
    RecordingError
        If a recording is malformed or of the wrong kind.
    InferenceError
        If a spectrum does not cover its lines, or the recordings do not belong together.
    """
    known = _as_calibration(calibration, draws)
    found = line_data(emission, phase_scan, known, settings or LineSettings())
    if isinstance(found, str):
        return found
    count = next(iter(draws.values())).size
    values = {
        name: draws[name] if name in draws else np.full(count, value)
        for name, value in found.central.items()
    }
    state = _state(draws)
    maps, constants = closed_forms(values, found.setup)
    offsets = np.tile(found.offsets, (count, 1))
    for name, slope in zip(found.uncertain, found.offset_slopes.T, strict=True):
        offsets += np.outer(values[name] - found.central[name], slope)
    areas = np.einsum("smk,sk->sm", maps, state) + constants + offsets
    phases = found.setup.phases
    curve = np.linspace(0.0, 2.0 * np.pi, _CURVE_POINTS)
    # A scan has few phases; the reading is a sum of few harmonics, so that they give it everywhere.
    harmonics = phase_harmonics(phases)[:, : min(5, phases.size)]
    to_curve = phase_harmonics(curve)[:, : harmonics.shape[1]] @ np.linalg.pinv(harmonics)
    scale, constant = _vacuum(values, found.setup)
    measured_scale, measured_constant = (part[0] for part in _vacuum(found.one, found.setup))
    error = np.sqrt(np.diag(found.measured.covariance))[2:].reshape(2, -1)
    read = (areas[:, 2:].reshape(count, 2, -1) - constant[..., None]) / scale[..., None]
    real, imaginary = state[:, 2, None], state[:, 3, None]
    return ProbeReadings(
        phase_rad=phases,
        measured=(found.measured.areas[2:].reshape(2, -1) - measured_constant[:, None])
        / measured_scale[:, None],
        uncertainty=error / measured_scale[:, None],
        curve_rad=curve,
        model=Band.of(read @ to_curve.T),
        undisturbed=Band.of(
            state[:, 0, None]
            + state[:, 1, None]
            + 1.0
            + 2.0 * (real * np.cos(curve) + imaginary * np.sin(curve))
        ),
    )


def _state(draws: Mapping[str, Array]) -> Array:
    magnitude, phase = draws["correlator_magnitude"], draws["correlator_phase_rad"]
    return np.stack(
        [
            draws["occupation_1"],
            draws["occupation_2"],
            magnitude * np.cos(phase),
            magnitude * np.sin(phase),
        ],
        axis=-1,
    )


def _vacuum(values: Mapping[str, Array], setup: Setup) -> tuple[Array, Array]:
    """Area (B, 2) of each probe line per unit of v, and the constant (B, 2) to take off before."""
    at_zero = replace(
        setup,
        probe=ProbeSettings(
            setup.probe.offset_hz, setup.probe.red_photons, setup.probe.blue_photons, np.zeros(1)
        ),
    )
    maps = closed_forms(values, at_zero)[0][:, 2:]
    own = np.stack([maps[:, a, a] for a in (0, 1)], axis=-1)
    other = np.stack([maps[:, a, _PARTNER[a]] for a in (0, 1)], axis=-1)
    # The closed forms take the cavity's response at the bare lines; the optical spring shifts them.
    system = parameters.system(values, setup.drive)
    offset = parameters.probe(values, at_zero.probe).offset
    centres, _ = expected_lines(values, setup.drive)
    half = system.device.kappa[..., None] / 2.0
    detuning = system.drive.cavity_detuning[..., None] + offset
    shifted = (half**2 + (system.detuning + detuning) ** 2) / (half**2 + (centres + detuning) ** 2)
    return 0.5 * (own + other) * shifted, 0.5 * (other - own) * shifted


def _as_calibration(calibration: Calibration, draws: Mapping[str, Array]) -> Calibration:
    """The posterior in the form of a calibration: mean and covariance of the draws."""
    drawn = tuple(name for name in MODEL_PARAMETERS if name in draws)
    exact = exact_parameters(calibration, drawn)
    covariance = np.zeros((len(MODEL_PARAMETERS),) * 2)
    places = [MODEL_PARAMETERS.index(name) for name in drawn]
    table = np.stack([draws[name] for name in drawn])
    covariance[np.ix_(places, places)] = np.cov(table)
    return Calibration(
        MODEL_PARAMETERS,
        np.array([exact[n] if n in exact else float(draws[n].mean()) for n in MODEL_PARAMETERS]),
        covariance,
        "posterior",
    )
