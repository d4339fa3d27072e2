"""Microwave spectra leaving the cavity: emission, cavity response, commutators, total flux.

``S_out(omega) = integral <a_out^dag(0) a_out(t)> exp(i omega t) dt`` in quanta: the normally
ordered photon flux per unit bandwidth, zero for vacuum, with omega measured from the drive centre
and positive above it. One-port reflection, ``a_out = sqrt(kappa_e) a - a_e``.

Without probes the drums are eliminated exactly, which leaves a 2x2 matrix for ``(a, a^dag)`` with a
closed inverse (a Schur complement): no matrix is inverted per frequency.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from entangled_drums import covariance, floquet, periodic
from entangled_drums.elimination import Eliminated, eliminate, interleave, modulus_square
from entangled_drums.errors import ParameterError
from entangled_drums.model import input_matrix, normal_correlations, operator_drift
from entangled_drums.system import Device, Probe, System
from entangled_drums.tones import Modulation, drive_modulation

MOST_HARMONICS = 21
TRUNCATION = 1e-13
"""Share of the spectrum (plus one quantum) that the outermost sidebands may carry."""


@dataclass(frozen=True)
class OutputTransfer:
    """Squared moduli of the transfer from every noise input to the output field, (..., F).

    ``annihilation_*`` multiply the inputs ``f``, ``creation_*`` the inputs ``f^dag``; the drums
    have a further leading axis of length 2.
    """

    annihilation_external: NDArray[np.float64]
    annihilation_internal: NDArray[np.float64]
    annihilation_drums: NDArray[np.float64]
    creation_external: NDArray[np.float64]
    creation_internal: NDArray[np.float64]
    creation_drums: NDArray[np.float64]

    def commutator(self) -> NDArray[np.float64]:
        """``[a_out(omega), a_out^dag(omega)]``: 1 at every frequency, as unitarity demands."""
        return (
            self.annihilation_external
            + self.annihilation_internal
            + self.annihilation_drums.sum(axis=0)
            - self.creation_external
            - self.creation_internal
            - self.creation_drums.sum(axis=0)
        )


def frequency_axis(frequency: ArrayLike) -> NDArray[np.float64]:
    """Check a frequency argument: real, finite, at least one axis.

    Raises
    ------
    ParameterError
        If it holds NaN or infinity, or has no axis.
    """
    omega = np.asarray(frequency, dtype=np.float64)
    if omega.ndim == 0:
        raise ParameterError("frequency is a single number: give an array, e.g. [0.0]")
    if not np.all(np.isfinite(omega)):
        raise ParameterError("frequency holds NaN or infinity: give finite rad/s")
    return omega


def output_transfer(system: System, frequency: ArrayLike) -> OutputTransfer:
    """Squared transfer from all inputs to the output at each frequency, pumps only, RWA.

    Parameters
    ----------
    system : System
        Leading axes (...); a perturbation is not supported here.
    frequency : array_like, (F,) or (..., F)
        rad/s from the drive centre.

    Raises
    ------
    ParameterError
        If the frequency is malformed or the system carries a perturbation.
    """
    omega = frequency_axis(frequency)
    if system.perturbation is not None:
        raise ParameterError(
            "system.perturbation is set: use output_psd, which resolves correlated noise"
        )
    found = eliminate(system, omega)
    drive = system.drive
    external = system.device.kappa_external[..., None]
    internal = system.device.kappa_internal[..., None]
    scale = 1.0 / _determinant_square(found)
    cavity = external * scale * found.square_22
    cavity_dag = external * scale * found.square_12
    drums, drums_dag = [], []
    for j in (0, 1):
        weight = external * system.device.mechanical_linewidth[..., j, None] * scale
        red, blue = drive.red_coupling[..., j, None], drive.blue_coupling[..., j, None]
        red_square, blue_square = modulus_square(red), modulus_square(blue)
        product = 2.0 * red * blue
        interference = product.real * found.cross[0]
        if found.cross[1] is not None:
            interference = interference - product.imag * found.cross[1]
        lower = red_square * found.square_22 + blue_square * found.square_12
        upper = blue_square * found.square_22 + red_square * found.square_12
        drums.append(weight * found.drum_response[..., 2 * j, :] * (lower + interference))
        drums_dag.append(weight * found.drum_response[..., 2 * j + 1, :] * (upper + interference))
    return OutputTransfer(
        annihilation_external=scale * _reflected_square(found, external),
        annihilation_internal=internal * cavity,
        annihilation_drums=np.stack(drums),
        creation_external=external * cavity_dag,
        creation_internal=internal * cavity_dag,
        creation_drums=np.stack(drums_dag),
    )


def output_psd(
    system: System, frequency: ArrayLike, *, require_stable: bool = True
) -> NDArray[np.float64]:
    """Emission spectrum ``S_out`` under the pumps alone, in the RWA.

    Parameters
    ----------
    system : System
        Leading axes (...).
    frequency : array_like, (F,) or (..., F)
        rad/s from the drive centre.
    require_stable : bool
        Check the drive first. Switch it off only for a drive already known to be stable: the
        formulas give numbers for an unstable one too, and they mean nothing.

    Returns
    -------
    ndarray, (..., F)
        Quanta (photons per second and hertz); vacuum inputs and no blue tone give 0.

    Raises
    ------
    ParameterError
        If the frequency is malformed.
    UnstableDriveError
        If a point has no steady state.
    """
    omega = frequency_axis(frequency)
    if require_stable:
        covariance.require_stable(system)
    if system.perturbation is not None:
        return _output_psd_general(system, omega)
    # The same terms as in output_transfer, weighted with the occupations before the sum over drums.
    found = eliminate(system, omega)
    device, bath, drive = system.device, system.bath, system.drive
    external, internal = device.kappa_external, device.kappa_internal
    weight = device.mechanical_linewidth * external[..., None]
    annihilation = weight * bath.thermal_occupation
    creation = weight * (bath.thermal_occupation + 1.0)
    red_square = modulus_square(drive.red_coupling)
    blue_square = modulus_square(drive.blue_coupling)
    product = 2.0 * drive.red_coupling * drive.blue_coupling
    rows = [
        (annihilation * red_square, creation * blue_square),
        (annihilation * blue_square, creation * red_square),
        (annihilation * product.real, creation * product.real),
    ]
    if found.cross[1] is not None:
        rows.append((annihilation * product.imag, creation * product.imag))
    table = interleave(rows)
    drums = table @ found.drum_response
    occupation = bath.external_occupation
    annihilated = (external * internal * bath.internal_occupation)[..., None] + drums[..., 0, :]
    created = external * (
        external * (occupation + 1.0) + internal * (bath.internal_occupation + 1.0)
    )
    spectrum = annihilated * found.square_22
    spectrum = spectrum + (created[..., None] + drums[..., 1, :]) * found.square_12
    spectrum = spectrum + drums[..., 2, :] * found.cross[0]
    if found.cross[1] is not None:
        spectrum = spectrum - drums[..., 3, :] * found.cross[1]
    if np.any(occupation):
        reflected = _reflected_square(found, external[..., None])
        spectrum = spectrum + occupation[..., None] * reflected
    return spectrum / _determinant_square(found)


def _determinant_square(found: Eliminated) -> NDArray[np.float64]:
    re, im = found.determinant
    return re * re + im * im


def _reflected_square(found: Eliminated, external: NDArray) -> NDArray[np.float64]:
    re = external * found.m_22[0] - found.determinant[0]
    im = external * found.m_22[1] - found.determinant[1]
    return re * re + im * im


def _output_psd_general(system: System, omega: NDArray[np.float64]) -> NDArray[np.float64]:
    drift = operator_drift(system.device, system.drive, system.perturbation)
    matrix = -drift[..., None, :, :] - 1j * omega[..., None, None] * np.eye(6)
    first = np.zeros((6, 1))
    first[0] = 1.0
    # Row 0 of the inverse, as the solution of the transposed system.
    row = np.linalg.solve(np.swapaxes(matrix, -1, -2), first)[..., 0]
    external = np.sqrt(system.device.kappa_external)[..., None, None]
    transfer = (
        external * (row[..., None, :] @ input_matrix(system.device)[..., None, :, :])[..., 0, :]
    )
    transfer[..., 0] -= 1.0
    normal = normal_correlations(system)
    return np.einsum("...fk,...kl,...fl->...f", transfer.conj(), normal, transfer).real


def probe_output_psd(
    system: System,
    probe: Probe,
    frequency: ArrayLike,
    harmonics: int | None = None,
    *,
    counter_rotating: bool = False,
    require_stable: bool = True,
) -> NDArray[np.float64]:
    """Output spectrum under pumps and probes, exact in the probe strength.

    The drift is periodic in the probe offset; sidebands are summed over.

    Parameters
    ----------
    system : System
        Leading axes (...), which broadcast with those of the probe.
    probe : Probe
        Leading axes (...), e.g. the phases of a scan.
    frequency : array_like, (F,) or (..., F)
        rad/s from the drive centre.
    harmonics : int, optional
        Sidebands of the probe offset kept on each side; by default as many as it takes for the
        outermost ones to carry less than 1e-13 of the spectrum.
    counter_rotating : bool
        Also keep the terms beyond the RWA (two harmonics of twice the frame frequency).
    require_stable : bool
        Check the drive first. Switch it off only for a drive already known to be stable: the
        formulas give numbers for an unstable one too, and they mean nothing.

    Returns
    -------
    ndarray, (..., F)
        Quanta.

    Raises
    ------
    ParameterError
        If the frequency or the number of harmonics is malformed.
    UnstableDriveError
        If a point has no steady state.
    """
    modulation = drive_modulation(system.drive, probe, counter_rotating=counter_rotating)
    reach = None
    if harmonics is not None:
        if harmonics < 1:
            raise ParameterError("harmonics is below 1: give a positive whole number")
        reach = (harmonics, 2) if counter_rotating else (harmonics,)
    return modulated_output_psd(system, modulation, frequency, reach, require_stable=require_stable)


def beyond_rwa_output_psd(
    system: System,
    frequency: ArrayLike,
    harmonics: int | None = None,
    *,
    require_stable: bool = True,
) -> NDArray[np.float64]:
    """Emission spectrum under the pumps with all counter-rotating terms, (..., F) in quanta.

    Arguments as in :func:`output_psd`; ``harmonics`` counts those of twice the frame frequency.
    """
    modulation = drive_modulation(system.drive, counter_rotating=True)
    reach = None if harmonics is None else (harmonics,)
    return modulated_output_psd(system, modulation, frequency, reach, require_stable=require_stable)


def modulated_output_psd(
    system: System,
    modulation: Modulation,
    frequency: ArrayLike,
    reach: tuple[int, ...] | None = None,
    *,
    require_stable: bool = True,
) -> NDArray[np.float64]:
    """Time-averaged output spectrum (..., F), in quanta, for any list of tones.

    Parameters
    ----------
    system : System
        The couplings of ``system.drive`` are not used: ``modulation`` has them.
    modulation : Modulation
        From :func:`entangled_drums.tones.tone_modulation` or ``drive_modulation``.
    frequency : array_like, (F,) or (..., F)
        rad/s from the drive centre.
    reach : tuple of int, optional
        Harmonics kept for each base frequency; chosen automatically by default.
    require_stable : bool
        Check the drive first. Switch it off only for a drive already known to be stable: the
        formulas give numbers for an unstable one too, and they mean nothing.

    Raises
    ------
    ParameterError
        If the frequency is malformed or ``reach`` has the wrong length.
    UnstableDriveError
        If a point has no steady state.
    """
    omega = frequency_axis(frequency)
    if require_stable:
        periodic.require_stable(system, modulation)
    normal = normal_correlations(system)
    if reach is not None:
        if len(reach) != len(modulation.bases):
            raise ParameterError(
                f"reach has length {len(reach)}: give one number of harmonics for each of the "
                f"{len(modulation.bases)} base frequencies"
            )
        return floquet.output_psd(system, modulation, omega, reach, normal)[0]
    for number in range(3, MOST_HARMONICS + 1, 2):
        chosen = (number,) * len(modulation.bases)
        spectrum, truncation = floquet.output_psd(system, modulation, omega, chosen, normal)
        if truncation < TRUNCATION:
            return spectrum
    raise ParameterError(
        f"modulation needs more than {MOST_HARMONICS} harmonics: the tones are too strong or too "
        f"close together for an expansion"
    )


def probe_output_psd_first_order(
    system: System, probe: Probe, frequency: ArrayLike, *, require_stable: bool = True
) -> NDArray[np.float64]:
    """Output spectrum with the probes to first order in the amplitudes, RWA.

    Each transfer amplitude is kept to first order in the probe couplings, so back-action of the
    probes on the drums is left out: faster than :func:`probe_output_psd`, and biased. Arguments
    and result as there.
    """
    omega = frequency_axis(frequency)
    if require_stable:
        covariance.require_stable(system)
    modulation = drive_modulation(system.drive, probe)
    transfer = floquet.first_order_transfer(system, modulation, omega)
    return transfer.psd(normal_correlations(system))


def output_commutator(system: System, frequency: ArrayLike) -> NDArray[np.float64]:
    """Commutator of the output field (..., F), 1 everywhere; see :func:`output_transfer`."""
    return output_transfer(system, frequency).commutator()


def output_flux(system: System, covariance: ArrayLike) -> NDArray[np.float64]:
    """Photon flux above the port's own noise, ``integral (S_out - n_e) domega/2pi``, from V.

    The sum rule behind it: ``a_out = sqrt(kappa_e) a - a_e`` with
    ``<a^dag a_e> = sqrt(kappa_e) n_e/2`` at equal times gives ``kappa_e (<a^dag a> - n_e)``.

    Parameters
    ----------
    system : System
    covariance : array_like, (..., 6, 6)
        Steady state of the system.

    Returns
    -------
    ndarray, (...)
        Photons per second.
    """
    matrix = np.asarray(covariance, dtype=np.float64)
    cavity = 0.5 * (matrix[..., 0, 0] + matrix[..., 1, 1] - 1.0)
    return system.device.kappa_external * (cavity - system.bath.external_occupation)


def port_reflection(system: System, frequency: ArrayLike) -> NDArray[np.complex128]:
    """Reflection of a field at the port under the pumps, in the RWA: S11 with the drums' lines.

    Parameters
    ----------
    system : System
        Leading axes (...).
    frequency : array_like, (F,) or (..., F)
        rad/s from the drive centre, fields as exp(-i omega t).

    Returns
    -------
    ndarray, (..., F), complex

    Raises
    ------
    ParameterError
        If the frequency is malformed.
    """
    omega = frequency_axis(frequency)
    transfer = floquet.output_transfer(system, drive_modulation(system.drive), omega, ())
    return transfer.values[..., 0, 0]


def cavity_reflection(device: Device, frequency_from_cavity: ArrayLike) -> NDArray[np.complex128]:
    """Reflection ``S11 = kappa_e/(kappa/2 - i omega) - 1`` of the cavity without pumps.

    Parameters
    ----------
    device : Device
        Leading axes (...).
    frequency_from_cavity : array_like, (F,) or (..., F)
        rad/s from the cavity frequency, not from the drive centre. Fields run as exp(-i omega t);
        a network analyser uses exp(+i omega t) and shows the complex conjugate.

    Returns
    -------
    ndarray, (..., F), complex

    Raises
    ------
    ParameterError
        If the frequency is malformed.
    """
    omega = frequency_axis(frequency_from_cavity)
    response = 1.0 / (device.kappa[..., None] / 2.0 - 1j * omega)
    return np.asarray(device.kappa_external[..., None] * response - 1.0)
