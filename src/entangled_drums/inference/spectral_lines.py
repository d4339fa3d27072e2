"""Fit of one resolved line in an averaged periodogram.

The mean of the bins is modelled as

    mu(w) = A L(w) + B M(w) + p_0 + p_1 (w - w_0)/W,
    L = Gamma/((Gamma/2)^2 + (w - w_0)^2),   M = (w - w_0)/((Gamma/2)^2 + (w - w_0)^2),

with the line's centre w_0 and full width at half maximum Gamma, and half the window's width W. The
integral of L over dw/2pi is one, so the coefficient A is the *area* of the line: the photon flux in
it (times the gain), in quanta rad/s. The dispersive term B is the interference of the line with a
smooth background, which would otherwise be mistaken for area.

A bin averaged N times is Gamma distributed with shape N, so its error is mu/sqrt(N) and the
log-likelihood is -N sum[S/mu - ln(S/mu) - 1]. Fisher scoring with weights N/mu^2 finds its maximum;
twice the negative log-likelihood (the deviance) tells how good the fit is.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc

from entangled_drums.errors import InferenceError, NoFitError

Array = NDArray[np.float64]

_MAXIMUM_ITERATIONS = 60
_TOLERANCE = 1e-9


@dataclass(frozen=True)
class Goodness:
    """Goodness of a fit: chi-square (or deviance), its degrees of freedom and p-value."""

    chi_square: float
    degrees_of_freedom: float
    p_value: float

    @classmethod
    def of(cls, chi_square: float, degrees_of_freedom: int) -> "Goodness":
        """Return the goodness with the p-value of a chi-square distribution."""
        return cls(
            float(chi_square),
            int(degrees_of_freedom),
            float(chdtrc(degrees_of_freedom, chi_square)),
        )

    def content(self) -> dict[str, float]:
        """Return plain built-ins for JSON."""
        return {
            "chi_square": self.chi_square,
            "degrees_of_freedom": self.degrees_of_freedom,
            "p_value": self.p_value,
        }


@dataclass(frozen=True)
class LineFit:
    """A line fitted with free centre and width.

    Parameters
    ----------
    centre, width : float
        w_0 and Gamma, rad/s, from the drive centre.
    area : float
        A, quanta rad/s.
    parameters : ndarray, (6,)
        (A, B, p_0, p_1, w_0, Gamma).
    covariance : ndarray, (6, 6)
        Their covariance (inverse Fisher information).
    goodness : Goodness
        Deviance, degrees of freedom, p-value.
    """

    centre: float
    width: float
    area: float
    parameters: Array
    covariance: Array
    goodness: Goodness


@dataclass(frozen=True)
class AreaFit:
    """Areas of a line of known centre and width in several spectra.

    Parameters
    ----------
    coefficients : ndarray, (..., 4)
        (A, B, p_0, p_1) of each spectrum.
    covariance : ndarray, (..., 4, 4)
        Covariance of each spectrum's coefficients.
    deviance : ndarray, (...)
        Deviance of each spectrum.
    degrees_of_freedom : int
        Bins minus coefficients, of each spectrum.
    """

    coefficients: Array
    covariance: Array
    deviance: Array
    degrees_of_freedom: int

    def mean(self, frequency: Array, centre: Array | float, width: Array | float) -> Array:
        """Return the fitted mean (..., F) at the bins, for the centre and width of the fit."""
        scale = 0.5 * float(frequency[-1] - frequency[0])
        offset = frequency - np.asarray(centre)[..., None]
        basis = _basis(offset, np.asarray(width)[..., None], scale)
        basis = np.broadcast_to(basis, (*self.coefficients.shape[:-1], *basis.shape[-2:]))
        return np.einsum("...fk,...k->...f", basis, self.coefficients)

    @property
    def area(self) -> Array:
        """Areas A, shape (...), quanta rad/s."""
        return self.coefficients[..., 0]

    @property
    def goodness(self) -> Goodness:
        """Goodness of all spectra together."""
        return Goodness.of(
            float(np.sum(self.deviance)), self.degrees_of_freedom * max(self.deviance.size, 1)
        )


def window(frequency: Array, centre: float, half_width: float, source: str) -> NDArray[np.intp]:
    """Return the indices of the bins within a window around a line.

    Parameters
    ----------
    frequency : ndarray, (F,)
        Bin centres, rad/s, rising.
    centre, half_width : float
        Window, rad/s.
    source : str
        Name of the spectrum for messages.

    Raises
    ------
    InferenceError
        If the spectrum does not cover the window, or has fewer than twelve bins in it.
    """
    inside = np.flatnonzero(np.abs(frequency - centre) <= half_width)
    hertz = 2.0 * np.pi
    wanted = f"{(centre - half_width) / hertz:.0f} .. {(centre + half_width) / hertz:.0f} Hz"
    if inside.size < 12:
        raise InferenceError(
            f"{source}: only {inside.size} bins between {wanted}, where a line is expected; "
            "record that range with at least 12 bins"
        )
    selected = frequency[inside]
    step = np.max(np.diff(selected))
    if (
        selected[0] - (centre - half_width) > 1.5 * step
        or (centre + half_width) - selected[-1] > 1.5 * step
        or step > 0.2 * half_width
    ):
        raise InferenceError(
            f"{source}: does not cover {wanted}, where a line is expected; record that range"
        )
    return inside


def _basis(offset: Array, width: Array | float, scale: float) -> Array:
    denominator = (width / 2.0) ** 2 + offset**2
    return np.stack(
        np.broadcast_arrays(
            width / denominator, offset / denominator, np.ones_like(offset), offset / scale
        ),
        axis=-1,
    )


def _deviance(power: Array, mean: Array, averages: float) -> Array:
    ratio = power / mean
    # ln(1 + e) written for small e, where the terms of the deviance cancel.
    return 2.0 * averages * np.sum((ratio - 1.0) - np.log1p(ratio - 1.0), axis=-1)


def fit_areas(
    frequency: Array,
    power: Array,
    averages: float,
    centre: Array | float,
    width: Array | float,
) -> AreaFit:
    """Fit the areas of a line whose centre and width are known; linear in all coefficients.

    Parameters
    ----------
    frequency : ndarray, (F,)
        Bins of the window, rad/s from the drive centre.
    power : ndarray, (..., F)
        Averaged spectra, quanta (noiseless ones are allowed).
    averages : float
        Segments averaged in each bin, N.
    centre, width : float or ndarray, (...)
        w_0 and Gamma, rad/s; one for all spectra or one for each.

    Returns
    -------
    AreaFit

    Raises
    ------
    InferenceError
        If there are too few bins for the four coefficients.
    """
    if frequency.size <= 4:
        raise InferenceError(
            f"spectral line: {frequency.size} bins cannot determine 4 coefficients; record more"
        )
    scale = 0.5 * float(frequency[-1] - frequency[0])
    offset = frequency - np.asarray(centre)[..., None]
    basis = _basis(offset, np.asarray(width)[..., None], scale)
    norm = np.sqrt(np.mean(basis**2, axis=-2, keepdims=True))
    scaled = basis / norm
    mean = np.broadcast_to(np.mean(power, axis=-1, keepdims=True), power.shape)
    coefficients = np.zeros((*power.shape[:-1], 4))
    for _ in range(_MAXIMUM_ITERATIONS):
        weighted = scaled * (averages / mean**2)[..., None]
        information = np.swapaxes(weighted, -1, -2) @ scaled
        right = np.einsum("...fk,...f->...k", weighted, power)
        updated = np.linalg.solve(information, right[..., None])[..., 0]
        mean = np.einsum("...fk,...k->...f", np.broadcast_to(scaled, weighted.shape), updated)
        change = np.max(np.abs(updated - coefficients))
        coefficients = updated
        if change <= _TOLERANCE * np.max(np.abs(updated)):
            break
    norms = np.broadcast_to(norm[..., 0, :], coefficients.shape)
    covariance = np.linalg.inv(information) / (norms[..., :, None] * norms[..., None, :])
    return AreaFit(
        coefficients / norms,
        covariance,
        _deviance(power, mean, averages),
        frequency.size - 4,
    )


def fit_line(
    frequency: Array, power: Array, averages: float, centre: float, width: float, source: str
) -> LineFit:
    """Fit a line with free centre and width.

    Parameters
    ----------
    frequency, power : ndarray, (F,)
        Bins of the window (rad/s) and their averaged power (quanta).
    averages : float
        Segments averaged in each bin, N.
    centre, width : float
        Starting values of w_0 and Gamma, rad/s.
    source : str
        Name of the spectrum for messages.

    Returns
    -------
    LineFit

    Raises
    ------
    NoFitError
        If the fit does not converge to a line inside the window.
    """
    scale = 0.5 * float(frequency[-1] - frequency[0])

    def linear(at: float, wide: float) -> tuple[Array, float]:
        fitted = fit_areas(frequency, power, averages, at, wide)
        return fitted.coefficients, float(fitted.deviance)

    # The linear coefficients are solved exactly at each trial of centre and width, which leaves
    # a search in two dimensions that damped scoring steps settle from any nearby start.
    coefficients, deviance = linear(centre, width)
    damping = 0.0
    for _ in range(_MAXIMUM_ITERATIONS):
        derivatives, mean = _derivatives(frequency, coefficients, centre, width, scale)
        norm = np.sqrt(np.mean(derivatives**2, axis=0))
        weighted = derivatives / norm * (averages / mean**2)[:, None]
        information = weighted.T @ (derivatives / norm)
        gradient = weighted.T @ (power - mean)
        damped = information + damping * np.diag(np.diag(information))
        step = np.linalg.lstsq(damped, gradient, rcond=1e-13)[0] / norm
        limit = 0.5 * width / max(abs(step[4]), abs(step[5]), 0.5 * width)
        trial_centre, trial_width = centre + limit * step[4], width + limit * step[5]
        trial, trial_deviance = linear(trial_centre, trial_width)
        if trial_deviance > deviance * (1.0 + 1e-12) + 1e-9:
            damping = max(10.0 * damping, 1e-2)
            if damping > 1e8:
                break
            continue
        settled = max(abs(limit * step[4]), abs(limit * step[5])) <= 1e-7 * width
        centre, width, coefficients = trial_centre, trial_width, trial
        deviance, damping = trial_deviance, 0.1 * damping if damping > 1e-6 else 0.0
        if settled:
            break
    else:
        raise NoFitError(
            f"{source}: the fit of the line near {centre / 2 / np.pi:.0f} Hz does not settle; "
            "check that the line stands out of the noise, or record longer"
        )
    if not frequency[0] < centre < frequency[-1] or not 0 < width < 2.0 * scale:
        raise NoFitError(
            f"{source}: no line found between {frequency[0] / 2 / np.pi:.0f} and "
            f"{frequency[-1] / 2 / np.pi:.0f} Hz; check the drive and the recorded range"
        )
    derivatives, mean = _derivatives(frequency, coefficients, centre, width, scale)
    norm = np.sqrt(np.mean(derivatives**2, axis=0))
    information = (derivatives / norm * (averages / mean**2)[:, None]).T @ (derivatives / norm)
    return LineFit(
        centre=float(centre),
        width=float(width),
        area=float(coefficients[0]),
        parameters=np.array([*coefficients, centre, width]),
        covariance=np.linalg.inv(information) / np.outer(norm, norm),
        goodness=Goodness.of(deviance, frequency.size - 6),
    )


def _derivatives(
    frequency: Array, coefficients: Array, centre: float, width: float, scale: float
) -> tuple[Array, Array]:
    """Derivatives of the mean by (A, B, p_0, p_1, w_0, Gamma), shape (F, 6), and the mean."""
    area, dispersive, _, slope = coefficients
    offset = frequency - centre
    denominator = (width / 2.0) ** 2 + offset**2
    basis = _basis(offset, width, scale)
    by_centre = (
        area * 2.0 * offset * width / denominator**2
        + dispersive * (2.0 * offset**2 / denominator**2 - 1.0 / denominator)
        - slope / scale
    )
    by_width = area * (
        1.0 / denominator - width**2 / (2.0 * denominator**2)
    ) - dispersive * offset * width / (2.0 * denominator**2)
    return np.column_stack([basis, by_centre, by_width]), basis @ coefficients
