"""The second road to a spectrum: the field in time, digitised, windowed and Fourier transformed.

The quantum Langevin equations are linear and the noise Gaussian, so classical noise with the
symmetrised correlations gives the record of a heterodyne receiver exactly: every input has
``n + 1/2`` quanta, and the spectrum of the record is ``S_out + 1/2``, to which the receiver adds
``added_noise - 1/2``.

A sample is the field averaged over the sampling interval (integrate and dump). State and integral
are jointly Gaussian over a step, so the discretisation is exact for a constant drift (Van Loan's
matrix exponential, IEEE Trans. Automat. Contr. 23, 395 (1978)); a periodic drift is composed of
steps short against its period. Steps are lifted to blocks, so that one multiplication of matrices
makes many samples.

Sampling folds the spectrum: white noise stays white, and the rest of it is
``sum_k sinc^2(pi (f + k f_s)/f_s) [S_out(f + k f_s) - n_e]``, see `folded`.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import expm

from entangled_drums import covariance, model, tones
from entangled_drums.errors import ParameterError
from entangled_drums.symmetric_root import symmetric_root
from entangled_drums.system import System
from entangled_drums.tones import Modulation

_BLOCK = 64
_SUBSTEPS_PER_PERIOD = 512
"""Leaves an error of 1e-4 of what the modulation does to a step."""
_FOLDS = 12
_CHUNK_SAMPLES = 2**19


@dataclass(frozen=True)
class Digitiser:
    """How the field is sampled.

    Parameters
    ----------
    sample_rate_hz : float
        Complex samples per second.
    bits : int
        Resolution of each quadrature.
    full_scale : float
        Largest value of a quadrature, in standard deviations of the record.
    """

    sample_rate_hz: float
    bits: int = 14
    full_scale: float = 8.0


@dataclass(frozen=True)
class _Block:
    """Samples and final state of a block: ``(y, r) = transfer r_0 + factor normal``."""

    transfer: NDArray[np.float64]
    factor: NDArray[np.float64]
    samples: int


def _input_noise(system: System) -> NDArray[np.float64]:
    """Symmetrised intensities (8, 8) of the input quadratures, perturbations included."""
    device, bath = system.device, system.bath
    diffusion = model.diffusion(device, bath, system.perturbation)
    inside = bath.internal_occupation + 0.5
    noise = np.zeros((8, 8))
    noise[0:2, 0:2] = (
        diffusion[0:2, 0:2] - device.kappa_internal * inside * np.eye(2)
    ) / device.kappa_external
    noise[2:4, 2:4] = inside * np.eye(2)
    gamma = np.sqrt(np.repeat(device.mechanical_linewidth, 2))
    noise[4:8, 4:8] = diffusion[2:6, 2:6] / np.outer(gamma, gamma)
    return noise


def _step(
    drift: NDArray, system: System, noise: NDArray, duration: float
) -> tuple[NDArray, NDArray]:
    """Transition (..., 8, 8) and noise covariance (..., 8, 8) of state and integrated output."""
    device = system.device
    root = float(np.sqrt(device.kappa_external))
    flow = np.zeros((*drift.shape[:-2], 8, 8))
    flow[..., :6, :6] = drift
    flow[..., 6:, 0:2] = root * np.eye(2)
    into = np.zeros((8, 8))
    into[:6] = model.input_matrix(device)
    into[6:, 0:2] = -np.eye(2)
    intensity = into @ noise @ into.T
    big = np.zeros((*drift.shape[:-2], 16, 16))
    big[..., :8, :8] = -flow * duration
    big[..., :8, 8:] = intensity * duration
    big[..., 8:, 8:] = np.swapaxes(flow, -1, -2) * duration
    exponential = expm(big)
    transition = np.swapaxes(exponential[..., 8:, 8:], -1, -2)
    return transition, transition @ exponential[..., :8, 8:]


def _drift(system: System, modulation: Modulation, time: NDArray) -> NDArray[np.float64]:
    """Drift (..., 6, 6) in quadratures at times (...)."""
    total = np.zeros((*time.shape, 6, 6), dtype=np.complex128)
    for index in modulation.indices:
        part = tones.component(system.device, system.drive, modulation, index, system.perturbation)
        angle = sum(k * float(base) for k, base in zip(index, modulation.bases, strict=True)) * time
        total += np.exp(-1j * angle)[..., None, None] * model.to_quadratures(part)
    return total.real


def _steps(
    system: System, modulation: Modulation, interval: float
) -> list[tuple[NDArray, NDArray]]:
    """One period's steps between samples; a single one if the drift is constant."""
    noise = _input_noise(system)
    if not modulation.bases:
        return [_step(_drift(system, modulation, np.zeros(())), system, noise, interval)]
    period = 2.0 * np.pi / abs(float(modulation.bases[0]))
    ratio = period / interval
    count = max(1, round(ratio))
    per_sample = 1 if count > 1 or ratio >= 0.75 else round(1.0 / ratio)
    if len(modulation.bases) > 1 or abs(ratio - count / per_sample) > 1e-9 * ratio:
        raise ParameterError(
            "sample_rate_hz: samples and the period of the drive do not fit together; write a "
            f"whole multiple of {1.0 / period:.10g} Hz, or that divided by a whole number"
        )
    substeps = max(1, _SUBSTEPS_PER_PERIOD * per_sample // count)
    short = interval / substeps
    middle = (np.arange(count * substeps).reshape(count, substeps) + 0.5) * short
    one, added = _step(_drift(system, modulation, middle), system, noise, short)
    transition, spread = np.eye(8), np.zeros((8, 8))
    for part in range(substeps):
        back = np.swapaxes(one[:, part], -1, -2)
        transition = one[:, part] @ transition
        spread = one[:, part] @ spread @ back + added[:, part]
    return list(zip(transition, spread, strict=True))


def _lift(steps: list[tuple[NDArray, NDArray]]) -> _Block:
    """Compose steps to one block of at least `_BLOCK` samples, whole periods of the drive."""
    repeat = max(1, _BLOCK // len(steps))
    sequence = steps * repeat
    count = len(sequence)
    state = np.eye(6)
    transfer = np.zeros((2 * count + 6, 6))
    spread = np.zeros((2 * count + 6, 8 * count))
    carried = np.zeros((6, 8 * count))
    for number, (transition, noise) in enumerate(sequence):
        root = symmetric_root(noise)
        rows = slice(2 * number, 2 * number + 2)
        columns = slice(8 * number, 8 * number + 8)
        transfer[rows] = transition[6:, :6] @ state
        spread[rows] = transition[6:, :6] @ carried
        spread[rows, columns] += root[6:]
        carried = transition[:6, :6] @ carried
        carried[:, columns] += root[:6]
        state = transition[:6, :6] @ state
    transfer[-6:], spread[-6:] = state, carried
    # A square root of the joint covariance needs one normal number per sample and state; with a
    # positive diagonal there is one only.
    triangle = np.asarray(np.linalg.qr(spread.T, mode="r"))
    triangle *= np.copysign(1.0, np.diag(triangle))[:, None]
    return _Block(transfer, triangle.T, count)


def field(
    system: System,
    modulation: Modulation,
    sample_rate_hz: float,
    samples: int,
    generator: np.random.Generator,
) -> NDArray[np.complex128]:
    """Draw the symmetrised output field, sample by sample.

    Parameters
    ----------
    system : System
        A single point, no leading axes.
    modulation : Modulation
        Couplings of all tones, with at most one base frequency.
    sample_rate_hz : float
        The period of the base must be a whole number of samples, or a sample of periods.
    samples : int
        Number wanted, rounded up to whole blocks.
    generator : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    ndarray, (samples,), complex
        In the square root of photons per second: the two-sided density of its power is
        ``S_out + 1/2`` in quanta, frequencies running as exp(-i omega t).

    Raises
    ------
    UnstableDriveError
        If there is no steady state.
    ParameterError
        If sampling and drive do not fit together.
    """
    block = _block(system, modulation, sample_rate_hz)
    return _run(block, system, modulation, sample_rate_hz, samples, generator)


def _block(
    system: System, modulation: Modulation, sample_rate_hz: float, white: float = 0.0
) -> _Block:
    """Steps of a block; `white` quanta of a receiver's classical noise join the output."""
    covariance.require_stable(system)
    interval = 1.0 / sample_rate_hz
    extra = np.diag([0.0] * 6 + [white * interval] * 2)
    steps = _steps(system, modulation, interval)
    return _lift([(transition, noise + extra) for transition, noise in steps])


def _run(
    block: _Block,
    system: System,
    modulation: Modulation,
    sample_rate_hz: float,
    samples: int,
    generator: np.random.Generator,
) -> NDArray[np.complex128]:
    steady = covariance.steady_state(system)
    interval = 1.0 / sample_rate_hz
    blocks = -(-samples // block.samples)
    state = symmetric_root(steady.covariance) @ generator.standard_normal(6)
    # The steady state of the pumps alone forgets itself before the record begins.
    slowest = float(-steady.spectral_abscissa)
    settle = int(8.0 / (slowest * interval * block.samples)) + 1 if modulation.bases else 0
    noise = generator.standard_normal((settle + blocks, block.factor.shape[1])) @ block.factor.T
    states = np.empty((settle + blocks, 6))
    advance = block.transfer[-6:]
    for number in range(settle + blocks):
        states[number] = state
        state = advance @ state + noise[number, -6:]
    output = states[settle:] @ block.transfer[:-6].T + noise[settle:, :-6]
    output *= 1.0 / (np.sqrt(2.0) * interval)
    # The two quadratures of a sample stand side by side.
    return output.view(np.complex128).reshape(-1)[:samples]


def digitised(samples: NDArray[np.complex128], digitiser: Digitiser) -> NDArray[np.complex128]:
    """Round both quadratures to the levels of the converter, clipping at full scale."""
    scale = digitiser.full_scale * float(np.sqrt(np.mean(np.abs(samples) ** 2) / 2.0))
    levels = 2 ** (digitiser.bits - 1)
    step = scale / levels

    quadratures = np.ascontiguousarray(samples).view(np.float64)
    found = step * np.clip(np.round(quadratures / step), -levels, levels - 1)
    return found.view(np.complex128)


def periodogram(
    system: System,
    modulation: Modulation,
    *,
    digitiser: Digitiser,
    duration_s: float,
    bin_width_hz: float,
    gain: float,
    added_noise: float,
    generator: np.random.Generator,
    window: str = "boxcar",
    overlap: float = 0.0,
) -> tuple[NDArray[np.float64], NDArray[np.float64], int]:
    """Record the field in time and return its averaged periodogram.

    Parameters
    ----------
    system, modulation
        See `field`.
    digitiser : Digitiser
        Its sample rate must be a whole multiple of the bin width.
    duration_s : float
        Length of the record.
    bin_width_hz : float
        Width of a bin.
    gain, added_noise : float
        Receiver; it cannot add less than the half quantum of vacuum.
    generator : numpy.random.Generator
        Source of randomness.
    window, overlap : str, float, optional
        As `scipy.signal.welch` takes them; the overlap as a fraction.

    Returns
    -------
    frequency_hz : ndarray, (F,)
        From the drive centre, rising, the whole band.
    power : ndarray, (F,)
        Quanta.
    averages : int
        Segments averaged.

    Raises
    ------
    ParameterError
        If rate and bin width do not fit, the record is shorter than a segment, or the receiver is
        better than quantum mechanics allows.
    """
    # Slow to load, and only jobs that record in time need it.
    from scipy import signal

    rate = digitiser.sample_rate_hz
    length = round(rate / bin_width_hz)
    if abs(length * bin_width_hz / rate - 1.0) > 1e-9:
        raise ParameterError(
            f"bin_width_hz: {bin_width_hz:g} Hz does not divide the sample rate {rate:g} Hz; "
            "write a divisor"
        )
    if added_noise < 0.5:
        raise ParameterError(
            f"receiver.added_noise: {added_noise:g} is below the half quantum of vacuum that a "
            "heterodyne receiver adds; write 0.5 or more"
        )
    total = int(duration_s * rate * (1.0 + 1e-12))
    if total < length:
        raise ParameterError(
            f"duration_s: {duration_s:g} s holds no segment of 1/{bin_width_hz:g} s; "
            "measure longer or widen the bins"
        )
    shared = round(overlap * length)
    chunk = max(1, _CHUNK_SAMPLES // length) * length
    power, averages = np.zeros(length), 0
    block = _block(system, modulation, rate, added_noise - 0.5)
    while total >= length:
        count = min(chunk, total // length * length)
        samples = _run(block, system, modulation, rate, count, generator)
        samples = digitised(np.sqrt(gain) * samples, digitiser)
        _, density = signal.welch(
            samples,
            rate,
            window=window,
            nperseg=length,
            noverlap=shared,
            detrend=False,
            return_onesided=False,
        )
        segments = (count - shared) // (length - shared)
        power += segments * density
        averages += segments
        total -= count
    # numpy's transform takes exp(+i omega t) as positive frequency; fields here run the other way.
    frequency_hz = np.asarray(bin_width_hz * (np.arange(length) - (length - 1) // 2), float)
    index = (-np.arange(length) + (length - 1) // 2) % length
    return frequency_hz, power[index] / averages, averages


def folded(
    output: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    sample_rate_hz: float,
    external_occupation: float,
) -> Callable[[NDArray[np.float64]], NDArray[np.float64]]:
    """Return the spectrum of the samples, from that of the field.

    Parameters
    ----------
    output : callable
        S_out (..., K) at frequencies (K,) in Hz.
    sample_rate_hz : float
    external_occupation : float
        n_e, the white part of S_out, which folding leaves as it is.
    """

    def spectrum(frequency_hz: NDArray[np.float64]) -> NDArray[np.float64]:
        total = np.full(frequency_hz.shape, external_occupation)
        for fold in range(-_FOLDS, _FOLDS + 1):
            shifted = frequency_hz + fold * sample_rate_hz
            response = np.sinc(shifted / sample_rate_hz) ** 2
            total = total + response * (output(shifted) - external_occupation)
        return total

    return spectrum
