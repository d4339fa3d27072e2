"""Do the spectral and the time road to a recording agree? P-values over many seeds.

    python benchmarks/two_roads.py [--seeds 50]

Each seed records the worked example on both roads with independent noise and compares all bins,
the total power, and the power in time with the flux that the covariance gives. If the roads agree,
p-values are uniform: the last line of each table tests that (Kolmogorov-Smirnov).
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy.stats import kstest

from entangled_drums import covariance, parameters, periodic, spectra, tones
from entangled_drums.laboratory import agreement
from entangled_drums.system import System
from entangled_drums.tones import Modulation
from entangled_drums.units import angular

VALUES = {
    "cavity.frequency_hz": 5.5e9,
    "cavity.kappa_external_hz": 1.13e6,
    "cavity.kappa_internal_hz": 2.5e5,
    "drum_1.frequency_hz": 1.0e7,
    "drum_1.linewidth_hz": 106.0,
    "drum_1.single_photon_coupling_hz": 130.0,
    "drum_1.thermal_occupation": 41.0,
    "drum_2.frequency_hz": 1.13e7,
    "drum_2.linewidth_hz": 144.0,
    "drum_2.single_photon_coupling_hz": 130.0,
    "drum_2.thermal_occupation": 30.0,
    "bath.external_occupation": 0.02,
    "bath.internal_occupation": 1.5,
    "heating.reference_coupling_hz": 1.4e5,
    "heating.cavity_exponent": 0.5,
    "heating.drum_slope": 0.03,
    "lines.blue_transmission": 1.0,
    "lines.probe_balance": 1.0,
    "receiver.gain": 1.0,
    "receiver.added_noise": 1.5,
}
CASES = {
    # name: probes, counter-rotating terms, sample rate, window, overlap
    "pumps, boxcar": (False, False, 9.6e6, "boxcar", 0.0),
    "pumps, Hann with half overlap": (False, False, 9.6e6, "hann", 0.5),
    "pumps and probes, boxcar": (True, False, 9.6e6, "boxcar", 0.0),
    "pumps, counter-rotating terms, boxcar": (False, True, 1.065e7, "boxcar", 0.0),
}
BIN_WIDTH_HZ = 5.0e3


@dataclass(frozen=True)
class Case:
    """What both roads start from, and what they must give."""

    system: System
    modulation: Modulation
    output: Callable[[np.ndarray], np.ndarray]
    flux: float


@cache
def prepare(name: str) -> Case:
    """Set a case up; its spectrum is tabulated where it is slow to compute."""
    probes, counter_rotating = CASES[name][:2]
    system = parameters.system(VALUES, parameters.drive_settings(VALUES, 1.4e5, 0.62))
    probe = None
    if probes:
        settings = parameters.probe_settings(VALUES, 1.5e5, 1.5e4, 0.7)
        probe = parameters.probe(VALUES, settings)
    modulation = tones.drive_modulation(system.drive, probe, counter_rotating=counter_rotating)
    if not modulation.bases:
        state = covariance.steady_state(system).covariance

        def output(frequency_hz: np.ndarray) -> np.ndarray:
            return spectra.output_psd(system, angular(frequency_hz))

    else:
        state = periodic.periodic_state(system, modulation).mean_covariance
        # Sidebands at twice the frame frequency carry power too.
        table_hz = np.concatenate(
            [np.arange(-2.6e7, -2.0e6, 4.0e3), np.arange(-2.0e6, 2.0e6, 5.0e2)]
        )
        table_hz = np.concatenate([table_hz, np.arange(2.0e6, 2.6e7, 4.0e3)])
        table = spectra.modulated_output_psd(system, modulation, angular(table_hz), (4,))

        def output(frequency_hz: np.ndarray) -> np.ndarray:
            port = VALUES["bath.external_occupation"]
            beyond = np.maximum(np.abs(frequency_hz) / 2.6e7, 1.0)
            return port + (np.interp(frequency_hz, table_hz, table) - port) / beyond**2

    return Case(system, modulation, output, float(spectra.output_flux(system, state)))


def one(name: str, seed: int, duration_s: float) -> agreement.Agreement:
    """Compare once; the seed fixes all random numbers."""
    _, _, rate, window, overlap = CASES[name]
    case = prepare(name)
    return agreement.compare(
        VALUES,
        case.system,
        case.modulation,
        case.output,
        case.flux,
        sample_rate_hz=rate,
        duration_s=duration_s,
        bin_width_hz=BIN_WIDTH_HZ,
        window=window,
        overlap=overlap,
        generator=np.random.default_rng(seed),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=50)
    parser.add_argument("--duration", type=float, default=0.1, help="seconds of record")
    options = parser.parse_args()
    for case in CASES:
        found = [one(case, seed, options.duration) for seed in range(options.seeds)]
        print(f"{case}: {options.seeds} seeds", flush=True)
        for name in ("bins", "total", "sum_rule"):
            values = np.array([getattr(result, name) for result in found])
            uniform = kstest(values, "uniform").pvalue
            print(
                f"  {name:9s} smallest p {values.min():.3g}, below 0.05: "
                f"{np.mean(values < 0.05):.2f}, uniform? p = {uniform:.3g}"
            )


if __name__ == "__main__":
    main()
