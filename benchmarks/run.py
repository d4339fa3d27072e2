"""Speed and memory of the solvers beside the alternatives, as ratios measured in one run.

    python benchmarks/run.py

One core, processor time; every contender runs in turn and the best of several rounds counts, so
that other work on the machine disturbs the ratios as little as it can. The alternatives solve the
same points and are checked against the library before they are timed.
"""

import os
import sys
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_variable] = "1"
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "src"))

import numpy as np  # noqa: E402
from scipy.linalg import solve_continuous_lyapunov  # noqa: E402

from entangled_drums import covariance, entanglement, lyapunov, model, spectra  # noqa: E402
from entangled_drums.system import Bath, Device, Drive, System  # noqa: E402
from entangled_drums.units import angular  # noqa: E402

ROUNDS = 5
POINTS = 10_000
FREQUENCIES = 4001
TARGETS = {"covariance": 20.0, "map_s": 3.0, "memory_mib": 300.0, "spectrum": 150.0}


def sweep(ratio: np.ndarray, red_hz: np.ndarray, **bath: float) -> System:
    """The worked example over a grid of ratios and powers, the drums coupled unequally."""
    red = red_hz[..., None] * np.array([1.02, 0.98])
    return System(
        Device(
            angular(5.5e9), angular(1.13e6), angular(0.25e6), angular([10.0e6, 11.3e6]),
            angular([106.0, 144.0]), angular([130.0, 130.0]),
        ),
        Bath(bath.get("external", 0.02), bath.get("internal", 1.5), [41.0, 30.0]),
        Drive(0.0, angular(10.65e6), angular(red), angular(red * ratio[..., None])),
    )  # fmt: skip


def grid(points: int) -> System:
    side = round(points**0.5)
    return sweep(np.linspace(0.02, 0.9, side)[:, None], np.linspace(60e3, 220e3, points // side))


def best(contenders: dict[str, Callable[[], object]], rounds: int = ROUNDS) -> dict[str, float]:
    """Best processor time in s of each, in interleaved rounds."""
    times = dict.fromkeys(contenders, float("inf"))
    for _ in range(rounds):
        for name, run in contenders.items():
            start = time.process_time()
            run()
            times[name] = min(times[name], time.process_time() - start)
    return times


def scipy_loop(drift: np.ndarray, noise: np.ndarray) -> np.ndarray:
    return np.array([solve_continuous_lyapunov(a, -noise) for a in drift])


def kronecker(drift: np.ndarray, noise: np.ndarray) -> np.ndarray:
    identity = np.eye(6)
    found = []
    for start in range(0, len(drift), 500):
        a = drift[start : start + 500]
        left = np.einsum("nij,kl->nikjl", a, identity) + np.einsum("ij,nkl->nikjl", identity, a)
        right = np.broadcast_to(-noise.reshape(36, 1), (len(a), 36, 1))
        found.append(np.linalg.solve(left.reshape(-1, 36, 36), right).reshape(-1, 6, 6))
    return np.concatenate(found)


def half_vectorised(drift: np.ndarray, noise: np.ndarray) -> np.ndarray:
    return np.concatenate(
        [lyapunov.solve(drift[start : start + 500], noise) for start in range(0, len(drift), 500)]
    )


def covariance_table() -> list[tuple[str, str, str]]:
    system = grid(POINTS)
    drift = model.drift(system.device, system.drive).reshape(-1, 6, 6)
    noise = model.diffusion(system.device, system.bath)
    expected = covariance.require(covariance.steady_state(system)).reshape(-1, 6, 6)
    # The slow ones solve a part of the points: their cost per point does not depend on it.
    parts = {"scipy loop": 10, "batched Kronecker 36x36": 10, "half-vectorised 21x21": 4}
    solvers = (scipy_loop, kronecker, half_vectorised)
    for solver in solvers:
        found = solver(drift[::100], noise)
        if not np.allclose(found, expected[::100], rtol=1e-8, atol=1e-9):
            raise AssertionError(f"{solver.__name__} disagrees with the library")
    contenders: dict[str, Callable[[], object]] = {
        name: (lambda solver=solver, share=share: solver(drift[::share], noise))
        for (name, share), solver in zip(parts.items(), solvers, strict=True)
    }
    contenders["this library"] = lambda: covariance.steady_state(system)
    times = best(contenders)
    each = {name: times[name] / (POINTS // parts.get(name, 1)) for name in contenders}
    base = each["scipy loop"]
    rows = [
        (f"covariance, {name}", f"{1e6 * each[name]:.2f} us/point", f"{base / each[name]:.1f} x")
        for name in contenders
    ]
    rows[-1] = (*rows[-1][:2], verdict(rows[-1][2], base / each["this library"], "covariance"))
    return rows


def verdict(text: str, value: float, target: str, *, at_most: bool = False) -> str:
    goal = TARGETS[target]
    met = value <= goal if at_most else value >= goal
    sign = "<=" if at_most else ">="
    return f"{text} (target {sign} {goal:g}: {'met' if met else 'MISSED'})"


def map_table() -> list[tuple[str, str, str]]:
    rows = []
    per_point = {}
    for points in (10_000, 100_000, 1_000_000):
        system = grid(points)
        rounds = 5 if points < 1_000_000 else 3
        seconds = best({"map": lambda s=system: entanglement.duan_and_nu_map(s)}, rounds)["map"]
        per_point[points] = seconds / points
        text = f"{per_point[points] / per_point[10_000]:.2f} of the cost per point at 1e4"
        if points == 1_000_000:
            text = verdict(text, seconds, "map_s", at_most=True)
        rows.append((f"Duan/nu map, {points:.0e} points", f"{seconds:.3f} s", text))
    system = grid(1_000_000)
    tracemalloc.start()
    result = entanglement.duan_and_nu_map(system)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    above = (peak - sum(part.nbytes for part in result)) / 2**20
    text = verdict("peak above the result", above, "memory_mib", at_most=True)
    rows.append(("Duan/nu map, 1e6 points, memory", f"{above:.0f} MiB", text))
    return rows


def spectrum_table() -> list[tuple[str, str, str]]:
    system = sweep(np.array(0.62), np.array(140e3))
    omega = angular(np.linspace(-1.5e6, 1.5e6, FREQUENCIES))
    drift = model.operator_drift(system.device, system.drive)
    mixing = model.input_matrix(system.device)
    weight = np.diagonal(model.normal_correlations(system)).real
    external = np.sqrt(system.device.kappa_external)
    share = 10  # the loop does a tenth of the frequencies, the library ten spectra, per round

    def inverse_loop() -> np.ndarray:
        spectrum = np.empty(len(omega[::share]))
        for at, one in enumerate(omega[::share]):
            row = external * (np.linalg.inv(-1j * one * np.eye(6) - drift) @ mixing)[0]
            row[0] -= 1.0
            spectrum[at] = weight @ np.abs(row) ** 2
        return spectrum

    expected = spectra.output_psd(system, omega)[::share]
    if not np.allclose(inverse_loop(), expected, rtol=1e-9, atol=1e-12):
        raise AssertionError("the inverse loop disagrees with the library")
    contenders: dict[str, Callable[[], object]] = {
        "loop": inverse_loop,
        "library": lambda: [spectra.output_psd(system, omega) for _ in range(share)],
        "unchecked": lambda: [
            spectra.output_psd(system, omega, require_stable=False) for _ in range(share)
        ],
    }
    times = best(contenders, 20)
    loop, library, unchecked = (
        share * times["loop"], times["library"] / share, times["unchecked"] / share
    )  # fmt: skip
    ratio = loop / library
    return [
        ("4001-point spectrum, inverse loop", f"{1 / loop:.0f} /s", "1.0 x"),
        ("4001-point spectrum, this library", f"{1 / library:.0f} /s",
         verdict(f"{ratio:.0f} x", ratio, "spectrum")),
        ("... without its stability check", f"{1 / unchecked:.0f} /s",
         f"{loop / unchecked:.0f} x"),
    ]  # fmt: skip


def main() -> None:
    """Print one table."""
    rows = [("what", "measured", "ratio"), *covariance_table(), *map_table(), *spectrum_table()]
    widths = [max(len(row[k]) for row in rows) for k in range(3)]
    for row in rows:
        print(
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        )


if __name__ == "__main__":
    main()
