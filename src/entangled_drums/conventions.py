"""Order of the modes, the quadratures and the vacuum level used everywhere in the library.

Quadratures ``X = (b + b^dag)/sqrt(2)``, ``P = (b - b^dag)/(i sqrt(2))``, ``[X, P] = i``, so the
vacuum has variance 1/2. Vectors of quadratures run ``(X_a, P_a, X_1, P_1, X_2, P_2)``, vectors of
operators ``(a, a^dag, b_1, b_1^dag, b_2, b_2^dag)``. Fourier components are taken as
``a(t) = integral a(omega) exp(-i omega t) domega/2pi``: positive frequencies lie above the centre.
"""

import numpy as np
from numpy.typing import NDArray

VACUUM_VARIANCE = 0.5
MODES = ("cavity", "drum_1", "drum_2")
QUADRATURES = ("X_a", "P_a", "X_1", "P_1", "X_2", "P_2")
CAVITY = slice(0, 2)
DRUMS = slice(2, 6)


def symplectic_form(modes: int = 3) -> NDArray[np.float64]:
    """Matrix ``Omega`` of shape (2 modes, 2 modes) with ``[r_k, r_l] = i Omega_kl``."""
    return np.kron(np.eye(modes), np.array([[0.0, 1.0], [-1.0, 0.0]]))


def operators_from_quadratures(modes: int = 3) -> NDArray[np.complex128]:
    """Matrix ``U`` of shape (2 modes, 2 modes), ``(b, b^dag, ...) = U (X, P, ...)``; unitary."""
    single = np.array([[1.0, 1.0j], [1.0, -1.0j]]) / np.sqrt(2.0)
    return np.kron(np.eye(modes), single)
