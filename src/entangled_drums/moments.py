"""Steady-state second moments of the RWA model by exact reduction to eight real unknowns.

The drift is an arrowhead: drums couple only to the cavity. The ten mechanical and three cavity
moments therefore follow from the four complex cross moments ``<a^dag b_j>`` and ``<a b_j>``, which
obey eight real linear equations. All moments are symmetrised, so an empty mode has ``<b^dag b>``
equal to 1/2. Everything is elementwise over one leading axis of points.

The derivation, with ``l_a = i Delta - kappa/2``, ``l_j = -i delta_j - gamma_j/2`` and
``B_kj = <b_k^dag b_j>``, ``C_kj = <b_k b_j>``, ``X_j = <a^dag b_j>``, ``Y_j = <a b_j>``:

    0 = -kappa N + 2 Im sum_k (G_k^- X_k + G_k^+ Y_k^*) + s_N
    0 = 2 l_a M - 2i sum_k (G_k^- Y_k + G_k^+ X_k^*) + s_M
    0 = (l_k^* + l_j) B_kj + i (G_k^- X_j + G_k^+* Y_j) - i (G_j^-* X_k^* + G_j^+ Y_k^*) + s_B
    0 = (l_k + l_j) C_kj - i (G_k^-* Y_j + G_k^+ X_j) - i (G_j^-* Y_k + G_j^+ X_k) + s_C
    0 = (l_a^* + l_j) X_j + i sum_k (G_k^-* B_kj + G_k^+* C_kj) - i (G_j^-* N + G_j^+ M^*) + s_X
    0 = (l_a + l_j) Y_j - i sum_k (G_k^- C_kj + G_k^+ B_kj) - i (G_j^-* M + G_j^+ N) + s_Y
"""

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from entangled_drums.lyapunov import solve_batch
from entangled_drums.system import System

REFINE_BELOW = 1e-6
"""Ratio gamma/kappa under which one step of iterative refinement follows the solve."""
REFINE_ABOVE = 1e4
"""Estimated condition of the reduced equations above which the same step follows."""

Column = NDArray  # real or complex, shape (points,) or ()


@dataclass(frozen=True)
class Moments:
    """Symmetrised second moments, each of shape (points,).

    ``cavity_number`` <a^dag a>, ``cavity_anomalous`` <a a>, ``number_jk`` <b_j^dag b_k>,
    ``anomalous_jk`` <b_j b_k>, ``cross_number_j`` <a^dag b_j>, ``cross_anomalous_j`` <a b_j>.
    The same record holds sources and residuals of the moment equations.
    """

    cavity_number: Column
    cavity_anomalous: Column
    number_11: Column
    number_22: Column
    number_12: Column
    anomalous_11: Column
    anomalous_22: Column
    anomalous_12: Column
    cross_number_1: Column
    cross_number_2: Column
    cross_anomalous_1: Column
    cross_anomalous_2: Column

    def plus(self, other: "Moments") -> "Moments":
        """Sum, moment by moment."""
        return Moments(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))

    def covariance(self, points: int) -> NDArray[np.float64]:
        """Covariance matrices (points, 6, 6) of the quadratures."""
        matrix = np.empty((points, 6, 6))
        blocks = {
            (0, 0): (self.cavity_number, self.cavity_anomalous),
            (1, 1): (self.number_11, self.anomalous_11),
            (2, 2): (self.number_22, self.anomalous_22),
            (0, 1): (self.cross_number_1, self.cross_anomalous_1),
            (0, 2): (self.cross_number_2, self.cross_anomalous_2),
            (1, 2): (self.number_12, self.anomalous_12),
        }
        for (u, v), (number, anomalous) in blocks.items():
            x, p, y, q = 2 * u, 2 * u + 1, 2 * v, 2 * v + 1
            number_re, number_im = np.real(number), np.imag(number)
            anomalous_re, anomalous_im = np.real(anomalous), np.imag(anomalous)
            matrix[:, x, y] = matrix[:, y, x] = number_re + anomalous_re
            matrix[:, p, q] = matrix[:, q, p] = number_re - anomalous_re
            matrix[:, x, q] = matrix[:, q, x] = anomalous_im + number_im
            if u != v:
                matrix[:, p, y] = matrix[:, y, p] = anomalous_im - number_im
        return matrix


@dataclass(frozen=True)
class _Coefficients:
    """Rates and couplings of a batch of points, in the notation of the module docstring."""

    kappa: Column
    cavity: Column
    drum: tuple[Column, Column]
    red: tuple[Column, Column]
    blue: tuple[Column, Column]
    number_response: dict[tuple[int, int], Column]
    anomalous_response: dict[tuple[int, int], Column]


def _coefficients(system: System) -> _Coefficients:
    device, drive = system.device, system.drive
    kappa = device.kappa
    gamma = device.mechanical_linewidth
    delta = system.detuning
    drum = tuple(-1j * delta[..., j] - gamma[..., j] / 2.0 for j in (0, 1))
    between = 1.0 / ((gamma[..., 0] + gamma[..., 1]) / 2.0 + 1j * (delta[..., 1] - delta[..., 0]))
    number_response = {
        (0, 0): 1.0 / gamma[..., 0],
        (1, 1): 1.0 / gamma[..., 1],
        (0, 1): between,
        (1, 0): np.conj(between),
    }
    together = -1.0 / (drum[0] + drum[1])
    anomalous_response = {
        (0, 0): -0.5 / drum[0],
        (1, 1): -0.5 / drum[1],
        (0, 1): together,
        (1, 0): together,
    }
    return _Coefficients(
        kappa=kappa,
        cavity=1j * drive.cavity_detuning - kappa / 2.0,
        drum=drum,  # type: ignore[arg-type]
        red=(drive.red_coupling[..., 0], drive.red_coupling[..., 1]),
        blue=(drive.blue_coupling[..., 0], drive.blue_coupling[..., 1]),
        number_response=number_response,
        anomalous_response=anomalous_response,
    )


def _sources(system: System) -> Moments:
    device, bath = system.device, system.bath
    gamma = device.mechanical_linewidth
    cavity = device.kappa * (system.cavity_occupation + 0.5)
    cavity_anomalous: Column = np.zeros(())
    between_drums: Column = np.zeros(())
    if system.perturbation is not None:
        extra = system.perturbation
        cavity = cavity + device.kappa_external * extra.pump_noise_occupation
        cavity_anomalous = device.kappa_external * extra.pump_noise_correlation
        between_drums = np.sqrt(gamma[..., 0] * gamma[..., 1]) * extra.bath_correlation
    zero = np.zeros(())
    drums = [gamma[..., j] * (bath.thermal_occupation[..., j] + 0.5) for j in (0, 1)]
    return Moments(
        cavity, cavity_anomalous, drums[0], drums[1], between_drums, zero, zero, zero,
        zero, zero, zero, zero,
    )  # fmt: skip


def _linear_system(c: _Coefficients, points: int) -> NDArray[np.float64]:
    """Matrices (points, 8, 8) acting on (Re, Im) of ``(X_1, X_2, Y_1, Y_2)``."""
    p, q = c.number_response, c.anomalous_response
    red, blue = c.red, c.blue
    red_conj, blue_conj = (np.conj(red[0]), np.conj(red[1])), (np.conj(blue[0]), np.conj(blue[1]))
    inverse_kappa = 1.0 / c.kappa
    inverse_cavity = 1.0 / c.cavity
    inverse_cavity_conj = np.conj(inverse_cavity)
    matrix = np.empty((points, 8, 8))

    def put(row: int, column: int, linear: Column, conjugate: Column) -> None:
        a, b = np.real(linear), np.imag(linear)
        d, e = np.real(conjugate), np.imag(conjugate)
        matrix[:, row, column] = a + d
        matrix[:, row, 4 + column] = e - b
        matrix[:, 4 + row, column] = b + e
        matrix[:, 4 + row, 4 + column] = a - d

    for j in (0, 1):
        bj, rjc = blue[j], red_conj[j]
        mixed_x: Column = 0.0  # type: ignore[assignment]
        mixed_y: Column = 0.0  # type: ignore[assignment]
        own_x = np.conj(c.cavity) + c.drum[j]
        own_y = c.cavity + c.drum[j]
        for k in (0, 1):
            pk, qk = p[k, j], q[k, j]
            red_square = np.real(red[k] * red_conj[k])
            blue_square = np.real(blue[k] * blue_conj[k])
            own_x = own_x - pk * red_square + qk * blue_square
            own_y = own_y - qk * red_square + pk * blue_square
            difference = qk - pk
            mixed_x = mixed_x + (red_conj[k] * blue_conj[k]) * difference
            mixed_y = mixed_y - (red[k] * blue[k]) * difference
        for k in (0, 1):
            pk, qk = p[k, j], q[k, j]
            red_k, blue_k = red[k], blue[k]
            red_kc, blue_kc = red_conj[k], blue_conj[k]
            x_from_x = (bj * blue_kc) * (qk - inverse_cavity_conj) - (rjc * red_k) * inverse_kappa
            x_from_y = (rjc * blue_kc) * (qk + inverse_kappa)
            y_from_y = (rjc * red_k) * (inverse_cavity - qk) + (bj * blue_kc) * inverse_kappa
            y_from_x = -(bj * red_k) * (qk + inverse_kappa)
            if k == j:
                x_from_x, x_from_y = x_from_x + own_x, x_from_y + mixed_x
                y_from_y, y_from_x = y_from_y + own_y, y_from_x + mixed_y
            put(j, k, x_from_x, (rjc * red_kc) * (pk + inverse_kappa))
            put(
                j,
                2 + k,
                x_from_y,
                (blue_k * rjc) * (-inverse_kappa)
                + (red_kc * bj) * (-inverse_cavity_conj)
                + (red_kc * bj) * pk,
            )
            put(
                2 + j,
                k,
                y_from_x,
                (rjc * blue_k) * (inverse_cavity - pk) + (bj * red_kc) * inverse_kappa,
            )
            put(2 + j, 2 + k, y_from_y, -(bj * blue_k) * (pk + inverse_kappa))
    return matrix


def _number_sources(s: Moments) -> dict[tuple[int, int], Column]:
    return {
        (0, 0): s.number_11,
        (1, 1): s.number_22,
        (0, 1): s.number_12,
        (1, 0): np.conj(s.number_12),
    }


def _anomalous_sources(s: Moments) -> dict[tuple[int, int], Column]:
    return {
        (0, 0): s.anomalous_11,
        (1, 1): s.anomalous_22,
        (0, 1): s.anomalous_12,
        (1, 0): s.anomalous_12,
    }


def _right_hand_side(c: _Coefficients, s: Moments, points: int) -> NDArray[np.float64]:
    p, q = c.number_response, c.anomalous_response
    number, anomalous = _number_sources(s), _anomalous_sources(s)
    cavity_number = s.cavity_number / c.kappa
    cavity_anomalous = -0.5 * s.cavity_anomalous / c.cavity
    vector = np.empty((points, 8, 1))
    for j in (0, 1):
        red_j, blue_j = np.conj(c.red[j]), c.blue[j]
        from_x = red_j * cavity_number + blue_j * np.conj(cavity_anomalous)
        from_y = red_j * cavity_anomalous + blue_j * cavity_number
        for k in (0, 1):
            b, a = p[k, j] * number[k, j], q[k, j] * anomalous[k, j]
            from_x = from_x - np.conj(c.red[k]) * b - np.conj(c.blue[k]) * a
            from_y = from_y + c.red[k] * a + c.blue[k] * b
        x = 1j * from_x - (s.cross_number_1, s.cross_number_2)[j]
        y = 1j * from_y - (s.cross_anomalous_1, s.cross_anomalous_2)[j]
        vector[:, j, 0], vector[:, 4 + j, 0] = np.real(x), np.imag(x)
        vector[:, 2 + j, 0], vector[:, 6 + j, 0] = np.real(y), np.imag(y)
    return vector


def _couplings_to_drums(
    c: _Coefficients, x: tuple[Column, Column], y: tuple[Column, Column], k: int, j: int
) -> tuple[Column, Column]:
    number = 1j * (c.red[k] * x[j] + np.conj(c.blue[k]) * y[j]) - 1j * (
        np.conj(c.red[j]) * np.conj(x[k]) + c.blue[j] * np.conj(y[k])
    )
    anomalous = -1j * (np.conj(c.red[k]) * y[j] + c.blue[k] * x[j]) - 1j * (
        np.conj(c.red[j]) * y[k] + c.blue[j] * x[k]
    )
    return number, anomalous


def _couplings_to_cavity(
    c: _Coefficients, x: tuple[Column, Column], y: tuple[Column, Column]
) -> tuple[Column, Column]:
    number: Column = np.zeros(())
    anomalous: Column = np.zeros(())
    for k in (0, 1):
        number = number + 2.0 * np.imag(c.red[k] * x[k] + c.blue[k] * np.conj(y[k]))
        anomalous = anomalous - 2j * (c.red[k] * y[k] + c.blue[k] * np.conj(x[k]))
    return number, anomalous


def _solve(c: _Coefficients, matrix: NDArray, s: Moments, points: int) -> Moments:
    solution = solve_batch(matrix, _right_hand_side(c, s, points))[..., 0]
    x = (solution[:, 0] + 1j * solution[:, 4], solution[:, 1] + 1j * solution[:, 5])
    y = (solution[:, 2] + 1j * solution[:, 6], solution[:, 3] + 1j * solution[:, 7])
    p, q = c.number_response, c.anomalous_response
    number, anomalous = _number_sources(s), _anomalous_sources(s)
    drums = {}
    for k, j in ((0, 0), (1, 1), (0, 1)):
        from_number, from_anomalous = _couplings_to_drums(c, x, y, k, j)
        drums[k, j] = (
            p[k, j] * (from_number + number[k, j]),
            q[k, j] * (from_anomalous + anomalous[k, j]),
        )
    cavity_number, cavity_anomalous = _couplings_to_cavity(c, x, y)
    return Moments(
        cavity_number=(cavity_number + s.cavity_number) / c.kappa,
        cavity_anomalous=-0.5 * (cavity_anomalous + s.cavity_anomalous) / c.cavity,
        number_11=np.real(drums[0, 0][0]),
        number_22=np.real(drums[1, 1][0]),
        number_12=drums[0, 1][0],
        anomalous_11=drums[0, 0][1],
        anomalous_22=drums[1, 1][1],
        anomalous_12=drums[0, 1][1],
        cross_number_1=x[0],
        cross_number_2=x[1],
        cross_anomalous_1=y[0],
        cross_anomalous_2=y[1],
    )


def _residual(c: _Coefficients, m: Moments, s: Moments) -> Moments:
    x = (m.cross_number_1, m.cross_number_2)
    y = (m.cross_anomalous_1, m.cross_anomalous_2)
    number, anomalous = _number_sources(m), _anomalous_sources(m)
    source_number, source_anomalous = _number_sources(s), _anomalous_sources(s)
    cavity_number, cavity_anomalous = _couplings_to_cavity(c, x, y)
    drums = {}
    for k, j in ((0, 0), (1, 1), (0, 1)):
        from_number, from_anomalous = _couplings_to_drums(c, x, y, k, j)
        drums[k, j] = (
            (np.conj(c.drum[k]) + c.drum[j]) * number[k, j] + from_number + source_number[k, j],
            (c.drum[k] + c.drum[j]) * anomalous[k, j] + from_anomalous + source_anomalous[k, j],
        )
    cross = []
    for j in (0, 1):
        red_j, blue_j = np.conj(c.red[j]), c.blue[j]
        row_x = (np.conj(c.cavity) + c.drum[j]) * x[j] - 1j * (
            red_j * m.cavity_number + blue_j * np.conj(m.cavity_anomalous)
        )
        row_y = (c.cavity + c.drum[j]) * y[j] - 1j * (
            red_j * m.cavity_anomalous + blue_j * m.cavity_number
        )
        for k in (0, 1):
            row_x = row_x + 1j * (
                np.conj(c.red[k]) * number[k, j] + np.conj(c.blue[k]) * anomalous[k, j]
            )
            row_y = row_y - 1j * (c.red[k] * anomalous[k, j] + c.blue[k] * number[k, j])
        cross.append((row_x, row_y))
    return Moments(
        cavity_number=cavity_number - c.kappa * m.cavity_number + s.cavity_number,
        cavity_anomalous=2 * c.cavity * m.cavity_anomalous + cavity_anomalous + s.cavity_anomalous,
        number_11=np.real(drums[0, 0][0]),
        number_22=np.real(drums[1, 1][0]),
        number_12=drums[0, 1][0],
        anomalous_11=drums[0, 0][1],
        anomalous_22=drums[1, 1][1],
        anomalous_12=drums[0, 1][1],
        cross_number_1=cross[0][0] + s.cross_number_1,
        cross_number_2=cross[1][0] + s.cross_number_2,
        cross_anomalous_1=cross[0][1] + s.cross_anomalous_1,
        cross_anomalous_2=cross[1][1] + s.cross_anomalous_2,
    )


def steady_moments(system: System, points: int) -> Moments:
    """Solve the moment equations of a system whose leading axes are ``(points,)`` or ``()``.

    No stability gate: for an unstable drive the numbers solve the equations but mean nothing.
    Singular points give NaN. A perturbation of the drift is not part of the reduction.
    """
    c = _coefficients(system)
    s = _sources(system)
    matrix = _linear_system(c, points)
    solution = _solve(c, matrix, s, points)
    delicate = np.broadcast_to(_delicate(system, c), points)
    if not delicate.any():
        return solution
    c, s, found = _pick(c, delicate), _pick(s, delicate), _pick(solution, delicate)
    refined = found.plus(_solve(c, matrix[delicate], _residual(c, found, s), int(delicate.sum())))
    for one in fields(solution):
        getattr(solution, one.name)[delicate] = getattr(refined, one.name)
    return solution


def _delicate(system: System, c: _Coefficients) -> NDArray[np.bool_]:
    # Condition of the reduced equations: cooperativity, over the imbalance of the two tones. With
    # free phases of the couplings there is no such simple estimate.
    drive = system.drive
    if np.iscomplexobj(drive.red_coupling) or np.iscomplexobj(drive.blue_coupling):
        return np.ones((), dtype=bool)
    slowest = np.min(system.device.mechanical_linewidth, axis=-1)
    red = drive.red_coupling**2
    blue = drive.blue_coupling**2
    larger = np.maximum(red, blue)
    with np.errstate(divide="ignore", invalid="ignore"):
        imbalance = np.where(larger > 0, np.abs(red - blue) / larger, 1.0).min(axis=-1)
    too_ill = 4.0 * larger.max(axis=-1) > REFINE_ABOVE * imbalance * c.kappa * slowest
    return too_ill | (slowest < REFINE_BELOW * c.kappa)


def _pick(record: Any, chosen: NDArray[np.bool_]) -> Any:
    def pick(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: pick(entry) for key, entry in value.items()}
        if isinstance(value, tuple):
            return tuple(pick(entry) for entry in value)
        return value[chosen] if np.ndim(value) else value

    return type(record)(*(pick(getattr(record, one.name)) for one in fields(record)))
