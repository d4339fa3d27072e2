"""Draw how errors grow towards the instability: they follow condition x 1e-16, and no faster.

    python benchmarks/near_threshold.py [docs/near-threshold.png]

The worked example is driven ever closer to its threshold; each covariance is compared with a
40-digit solution. Beyond the point where the state has lost all digits the library refuses it.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "src"), str(ROOT)]

import matplotlib  # noqa: E402
import numpy as np  # noqa: E402
from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: E402
from matplotlib.figure import Figure  # noqa: E402
from scipy.linalg import solve_continuous_lyapunov  # noqa: E402
from tests.physics.exact import exact_lyapunov, threshold_ratio  # noqa: E402
from tests.physics.samples import largest_error, worked_example  # noqa: E402

from entangled_drums import covariance, lyapunov, model  # noqa: E402

EPSILON = 1.1e-16


def errors() -> dict[str, np.ndarray]:
    """Condition of the Lyapunov operator and relative errors, approaching the threshold."""
    threshold = threshold_ratio()
    rows = []
    for gap in np.logspace(-0.3, -12, 40):
        system = worked_example(ratio=threshold * (1 - gap))
        drift = model.drift(system.device, system.drive)
        noise = model.diffusion(system.device, system.bath)
        exact = exact_lyapunov(drift, noise)
        state = covariance.steady_state(system)
        found = largest_error(state.covariance, exact) if state.stable else np.nan
        scipy_error = largest_error(solve_continuous_lyapunov(drift, -noise), exact)
        rows.append((np.linalg.cond(lyapunov.operator(drift)), found, scipy_error))
    condition, library, scipy_ = np.array(rows).T
    return {"condition": condition, "library": library, "scipy": scipy_}


def draw(data: dict[str, np.ndarray]) -> Figure:
    """Relative error against condition, log-log."""
    matplotlib.rcdefaults()
    figure = Figure(figsize=(89 / 25.4, 70 / 25.4), layout="constrained")
    axes = figure.add_subplot()
    axes.loglog(
        data["condition"], data["condition"] * EPSILON, "-", color="0.6",
        label="condition $\\times$ 1.1e-16",
    )  # fmt: skip
    axes.loglog(data["condition"], data["scipy"], "s", ms=3, mfc="none", label="scipy, per point")
    axes.loglog(data["condition"], data["library"], "o", ms=3, label="this library, batched")
    axes.set_xlabel("condition of the Lyapunov operator", fontsize=7)
    axes.set_ylabel("error / largest element", fontsize=7)
    axes.tick_params(labelsize=7)
    axes.legend(fontsize=6, frameon=False)
    return figure


def main() -> None:
    """Write the picture."""
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "near-threshold.png"
    figure = draw(errors())
    FigureCanvasAgg(figure).print_figure(target, dpi=200, metadata={"Software": None})


if __name__ == "__main__":
    main()
