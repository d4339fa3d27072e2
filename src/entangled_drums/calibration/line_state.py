"""What a drum's line under one tone shows of the drum: width and centre of its pole, its motion."""

import numpy as np
from numpy.typing import NDArray

from entangled_drums import covariance, entanglement
from entangled_drums.model import operator_drift
from entangled_drums.system import Bath, System
from entangled_drums.units import cyclic

Array = NDArray[np.float64]


def pole(system: System, own: NDArray[np.int_]) -> tuple[Array, Array]:
    """Return width and centre (R, C), Hz, of the pole of each spectrum's own drum.

    Parameters
    ----------
    system : System
        Shape (1, R, C), or what broadcasts to it.
    own : ndarray of int, (R, C)
        The drum, 1 or 2, that each spectrum shows.
    """
    drift = operator_drift(system.device, system.drive, None)
    rates = np.linalg.eigvals(drift)[0] if drift.ndim == 5 else np.linalg.eigvals(drift)
    rates = np.broadcast_to(rates, (*own.shape, 6))
    detuning = np.broadcast_to(system.detuning[0], (*own.shape, 2))
    wanted = np.take_along_axis(detuning, (own - 1)[..., None], axis=-1)
    nearest = np.argmin(np.abs(rates + 1j * wanted), axis=-1)
    found = np.take_along_axis(rates, nearest[..., None], axis=-1)[..., 0]
    return np.asarray(cyclic(-2.0 * found.real)), np.asarray(cyclic(-found.imag))


def occupation(system: System, own: NDArray[np.int_], levels: Array) -> Array:
    """Return the occupation (R, C) of each spectrum's own drum.

    Parameters
    ----------
    system : System
        As for `pole`; its baths are not looked at.
    own : ndarray of int, (R, C)
    levels : ndarray, (R, C, 4)
        Occupations of port, internal loss and the baths of the drums. Below zero, where an estimate
        may lie, counts as zero.
    """
    external, internal, *drums = np.moveaxis(np.maximum(levels, 0.0), -1, 0)
    bath = Bath(external[None], internal[None], np.stack(drums, axis=-1)[None])
    state = covariance.steady_state(System(system.device, bath, system.drive))
    quanta = entanglement.measures(covariance.require(state)).occupation[0]
    quanta = np.broadcast_to(quanta, (*own.shape, 2))
    return np.asarray(np.take_along_axis(quanta, (own - 1)[..., None], axis=-1)[..., 0])
