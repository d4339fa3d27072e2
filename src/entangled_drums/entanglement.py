"""Entanglement measures of the two drums, from their 4x4 covariance block (vacuum variance 1/2).

With ``n_j = <b_j^dag b_j>`` and ``c = <b_1 b_2>``: the Duan sum at fixed phase is
``<X_+^2> + <P_-^2> = n_1 + n_2 + 1 + 2 Re c``, and minimised over local phases
``n_1 + n_2 + 1 - 2|c|``; separable states have 1 or more (Duan et al., PRL 84, 2722 (2000)). The
smallest symplectic eigenvalue nu of the partially transposed covariance is below 1/2 if and only if
the drums are entangled (Simon, PRL 84, 2726 (2000)).
"""

from dataclasses import dataclass, field, fields

import numpy as np
from numpy.typing import ArrayLike, NDArray

from entangled_drums.covariance import CHUNK_POINTS, STABLE, gated_moments
from entangled_drums.errors import ParameterError
from entangled_drums.system import System
from entangled_drums.units import decibel


@dataclass(frozen=True)
class Measures:
    """Measures of the two-drum state, arrays over the leading axes of the covariance.

    Each field carries ``unit`` and ``description`` in its metadata, see :func:`describe`.
    """

    occupation: NDArray[np.float64] = field(
        metadata={
            "unit": "quanta",
            "description": "mean occupation n_j of each drum (last axis: drum)",
        }
    )
    anomalous_correlator: NDArray[np.complex128] = field(
        metadata={
            "unit": "quanta",
            "description": "anomalous correlator c = <b_1 b_2>",
        }
    )
    duan_fixed_phase: NDArray[np.float64] = field(
        metadata={
            "unit": "1",
            "description": "fixed-phase Duan sum <X_+^2> + <P_-^2>; separable states have >= 1",
        }
    )
    duan: NDArray[np.float64] = field(
        metadata={
            "unit": "1",
            "description": "Duan sum minimised over local phases; separable states have >= 1",
        }
    )
    duan_weighted: NDArray[np.float64] = field(
        metadata={
            "unit": "1",
            "description": "Duan sum minimised over phases and weights; separable states have >= 1",
        }
    )
    ppt_symplectic_eigenvalue: NDArray[np.float64] = field(
        metadata={
            "unit": "1",
            "description": "smallest symplectic eigenvalue of the partial transpose; entangled "
            "iff below 1/2",
        }
    )
    logarithmic_negativity: NDArray[np.float64] = field(
        metadata={
            "unit": "ebit",
            "description": "logarithmic negativity max(0, -log2(2 nu))",
        }
    )
    purity: NDArray[np.float64] = field(
        metadata={
            "unit": "1",
            "description": "purity of the two-drum state",
        }
    )
    steering_1_to_2: NDArray[np.float64] = field(
        metadata={
            "unit": "nat",
            "description": "Gaussian steering of drum 2 by measurements on drum 1",
        }
    )
    steering_2_to_1: NDArray[np.float64] = field(
        metadata={
            "unit": "nat",
            "description": "Gaussian steering of drum 1 by measurements on drum 2",
        }
    )
    squeezing_db: NDArray[np.float64] = field(
        metadata={
            "unit": "dB",
            "description": "-10 log10 of the minimised Duan sum, relative to its vacuum level 1",
        }
    )


def describe(name: str) -> tuple[str, str]:
    """Unit and description of the field ``name`` of :class:`Measures`."""
    for one in fields(Measures):
        if one.name == name:
            return one.metadata["unit"], one.metadata["description"]
    known = ", ".join(one.name for one in fields(Measures))
    raise ParameterError(f"name: there is no measure {name!r}: choose from {known}")


def measures(covariance: ArrayLike) -> Measures:
    """All entanglement measures of the drums.

    Parameters
    ----------
    covariance : array_like, (..., 6, 6) or (..., 4, 4)
        Quadratures (X_a, P_a, X_1, P_1, X_2, P_2), or those of the drums alone; vacuum 1/2. NaN
        (no steady state) gives NaN.

    Returns
    -------
    Measures
        Weighted Duan sum: ``<(w X_1 + X_2/w)^2> + <(w P_1 - P_2/w)^2>`` over ``w^2 + w^-2``,
        minimised over w and phases, which is ``n_1 + n_2 + 1 - sqrt((n_1 - n_2)^2 + 4|c|^2)``.
        Steering: Kogias et al., PRL 114, 060403 (2015), natural logarithm.

    Raises
    ------
    ParameterError
        If the last two axes are neither 6x6 nor 4x4.
    """
    matrix = np.asarray(covariance, dtype=np.float64)
    if matrix.shape[-2:] not in ((6, 6), (4, 4)):
        raise ParameterError(
            f"covariance has shape {matrix.shape}: its last two axes must be 6x6 or 4x4"
        )
    at = matrix.shape[-1] - 4
    v = {(k, m): matrix[..., at + k, at + m].copy() for k in range(4) for m in range(k, 4)}
    sum_1, sum_2 = v[0, 0] + v[1, 1], v[2, 2] + v[3, 3]
    correlator_re = 0.5 * (v[0, 2] - v[1, 3])
    correlator_im = 0.5 * (v[0, 3] + v[1, 2])
    det_1, det_2, determinant, nu = _invariants(v)
    level = 0.5 * (sum_1 + sum_2)
    magnitude = np.hypot(correlator_re, correlator_im)
    duan = level - 2.0 * magnitude
    with np.errstate(divide="ignore", invalid="ignore"):
        return Measures(
            occupation=np.stack([0.5 * (sum_1 - 1.0), 0.5 * (sum_2 - 1.0)], axis=-1),
            anomalous_correlator=correlator_re + 1j * correlator_im,
            duan_fixed_phase=level + 2.0 * correlator_re,
            duan=duan,
            duan_weighted=level - np.hypot(0.5 * (sum_1 - sum_2), 2.0 * magnitude),
            ppt_symplectic_eigenvalue=nu,
            logarithmic_negativity=np.maximum(0.0, -np.log2(2.0 * nu)),
            purity=0.25 / np.sqrt(determinant),
            steering_1_to_2=np.maximum(0.0, 0.5 * np.log(det_1 / (4.0 * determinant))),
            steering_2_to_1=np.maximum(0.0, 0.5 * np.log(det_2 / (4.0 * determinant))),
            squeezing_db=-decibel(duan),
        )


def _invariants(
    v: dict[tuple[int, int], NDArray],
) -> tuple[NDArray, NDArray, NDArray, NDArray]:
    det_1 = v[0, 0] * v[1, 1] - v[0, 1] ** 2
    det_2 = v[2, 2] * v[3, 3] - v[2, 3] ** 2
    det_between = v[0, 2] * v[1, 3] - v[0, 3] * v[1, 2]
    with np.errstate(divide="ignore", invalid="ignore"):
        # det V = det V_1 det(V_2 - C^T V_1^-1 C): a product of positive factors, no cancellation
        # between terms of the size of n^4.
        a, b, d = v[1, 1] / det_1, -v[0, 1] / det_1, v[0, 0] / det_1
        x, y, z, w = v[0, 2], v[0, 3], v[1, 2], v[1, 3]
        s_xx = v[2, 2] - (a * x * x + 2.0 * b * x * z + d * z * z)
        s_yy = v[3, 3] - (a * y * y + 2.0 * b * y * w + d * w * w)
        s_xy = v[2, 3] - (a * x * y + b * (x * w + y * z) + d * z * w)
        determinant = det_1 * (s_xx * s_yy - s_xy**2)
        # The smaller root of nu^4 - seralian nu^2 + det = 0, written without a difference.
        seralian = det_1 + det_2 - 2.0 * det_between
        root = np.sqrt(np.maximum(seralian**2 - 4.0 * determinant, 0.0))
        nu = np.sqrt(2.0 * determinant / (seralian + root))
    return det_1, det_2, determinant, nu


def duan_and_nu_map(
    system: System, chunk_points: int = CHUNK_POINTS
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int8]]:
    """Minimised Duan sum and nu over a large map, without holding its covariances.

    Parameters
    ----------
    system : System
        Leading axes ``(...)`` are the map.
    chunk_points : int
        Points solved at a time; bounds the memory.

    Returns
    -------
    duan, nu : ndarray, (...)
        NaN where there is no steady state.
    reason_code : ndarray of int8, (...)
        Index into :data:`entangled_drums.covariance.REASONS`.
    """
    if chunk_points < 1:
        raise ParameterError("chunk_points is below 1: give a positive whole number")
    shape = system.shape
    points = int(np.prod(shape))
    duan, nu = np.empty(points), np.empty(points)
    code = np.empty(points, dtype=np.int8)
    for start in range(0, points, chunk_points):
        stop = min(start + chunk_points, points)
        m, code[start:stop] = gated_moments(system.points(start, stop), stop - start)
        magnitude = np.abs(m.anomalous_12)
        duan[start:stop] = m.number_11 + m.number_22 - 2.0 * magnitude
        block = {
            (0, 0): m.number_11 + m.anomalous_11.real,
            (1, 1): m.number_11 - m.anomalous_11.real,
            (0, 1): m.anomalous_11.imag,
            (2, 2): m.number_22 + m.anomalous_22.real,
            (3, 3): m.number_22 - m.anomalous_22.real,
            (2, 3): m.anomalous_22.imag,
            (0, 2): m.number_12.real + m.anomalous_12.real,
            (1, 3): m.number_12.real - m.anomalous_12.real,
            (0, 3): m.anomalous_12.imag + m.number_12.imag,
            (1, 2): m.anomalous_12.imag - m.number_12.imag,
        }
        nu[start:stop] = _invariants(block)[3]
    missing = code != STABLE
    duan[missing] = nu[missing] = np.nan
    return duan.reshape(shape), nu.reshape(shape), code.reshape(shape)


def bogoliubov_occupations(
    occupation: ArrayLike, anomalous_correlator: ArrayLike, squeezing_parameter: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.complex128]]:
    """Occupations ``m_1, m_2`` and ``q = <beta_1 beta_2>`` of the Bogoliubov modes.

    ``beta_1 = b_1 cosh r + b_2^dag sinh r``, ``beta_2 = b_2 cosh r + b_1^dag sinh r``.

    Parameters
    ----------
    occupation : array_like, (..., 2)
        n_1, n_2 in quanta.
    anomalous_correlator : array_like, (...)
        c = <b_1 b_2>, complex.
    squeezing_parameter : array_like, (...)
        r, with tanh r = x for equal couplings.

    Returns
    -------
    bogoliubov_occupation : ndarray, (..., 2)
    bogoliubov_correlator : ndarray, (...), complex
    """
    n = np.asarray(occupation, dtype=np.float64)
    c = np.asarray(anomalous_correlator)
    ch, sh = np.cosh(squeezing_parameter), np.sinh(squeezing_parameter)
    cross = 2.0 * ch * sh * c.real
    m_1 = ch**2 * n[..., 0] + sh**2 * (n[..., 1] + 1.0) + cross
    m_2 = ch**2 * n[..., 1] + sh**2 * (n[..., 0] + 1.0) + cross
    q = ch**2 * c + sh**2 * np.conj(c) + ch * sh * (n[..., 0] + n[..., 1] + 1.0)
    return np.stack([m_1, m_2], axis=-1), q


def bogoliubov_covariance(
    covariance: ArrayLike, squeezing_parameter: ArrayLike
) -> NDArray[np.float64]:
    """Covariance (..., 4, 4) of the quadratures of ``beta_1, beta_2`` from that of the drums.

    ``covariance`` is (..., 6, 6) or (..., 4, 4); ``squeezing_parameter`` r is (...).
    """
    matrix = np.asarray(covariance, dtype=np.float64)
    block = matrix[..., -4:, -4:]
    r = np.asarray(squeezing_parameter, dtype=np.float64)
    transform = np.zeros((*r.shape, 4, 4))
    for k, sign in enumerate((1.0, -1.0, 1.0, -1.0)):
        transform[..., k, k] = np.cosh(r)
        transform[..., k, (k + 2) % 4] = sign * np.sinh(r)
    return transform @ block @ np.swapaxes(transform, -1, -2)


def duan_from_bogoliubov(
    bogoliubov_occupation: ArrayLike,
    bogoliubov_correlator: ArrayLike,
    squeezing_parameter: ArrayLike,
) -> NDArray[np.float64]:
    """Fixed-phase Duan sum ``exp(-2r) (m_1 + m_2 + 1 + 2 Re q)``, an identity; shapes as above."""
    m = np.asarray(bogoliubov_occupation, dtype=np.float64)
    q = np.asarray(bogoliubov_correlator)
    r = np.asarray(squeezing_parameter, dtype=np.float64)
    return np.exp(-2.0 * r) * (m[..., 0] + m[..., 1] + 1.0 + 2.0 * q.real)


def quadrature_imbalance(
    covariance: ArrayLike, squeezing_parameter: ArrayLike
) -> NDArray[np.float64]:
    """``<X_+^2> - <P_-^2>`` from the Bogoliubov modes, an identity.

    ``exp(-2r) (Re<beta_1^2> + Re<beta_2^2> + 2 Re<beta_1^dag beta_2>)``: what a readout of one
    collective quadrature misses when it is doubled to give the Duan sum. Arguments as in
    :func:`bogoliubov_covariance`.
    """
    v = bogoliubov_covariance(covariance, squeezing_parameter)
    squares = 0.5 * (v[..., 0, 0] - v[..., 1, 1] + v[..., 2, 2] - v[..., 3, 3])
    cross = v[..., 0, 2] + v[..., 1, 3]
    return np.exp(-2.0 * np.asarray(squeezing_parameter)) * (squares + cross)


def emission_bound(
    bogoliubov_occupation: ArrayLike, squeezing_parameter: ArrayLike
) -> NDArray[np.float64]:
    """Largest fixed-phase Duan sum that the Bogoliubov occupations alone allow.

    Physicality bounds ``|q|^2 <= m_1 (m_2 + 1)`` and ``m_2 (m_1 + 1)``, hence
    ``D_0 <= exp(-2r) (m_1 + m_2 + 1 + 2 min(...))``. A bound below 1 shows entanglement; above 1
    it shows nothing.

    Raises
    ------
    ParameterError
        If an occupation is negative.
    """
    m = np.asarray(bogoliubov_occupation, dtype=np.float64)
    if np.any(m < 0):
        raise ParameterError("bogoliubov_occupation is negative: give quanta, 0 or more")
    m_1, m_2 = m[..., 0], m[..., 1]
    largest = np.minimum(np.sqrt(m_1 * (m_2 + 1.0)), np.sqrt(m_2 * (m_1 + 1.0)))
    r = np.asarray(squeezing_parameter, dtype=np.float64)
    return np.exp(-2.0 * r) * (m_1 + m_2 + 1.0 + 2.0 * largest)
