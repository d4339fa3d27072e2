"""Effective draws per second of the model-based route beside emcee, on the same likelihood.

    python benchmarks/posterior.py

One core, processor time. emcee starts at the best mode and walks, vectorised, in the coordinates of
the project's own proposals, where it mixes fastest; in plain parameters it does not converge in a
hundred times as many steps. The project's time includes the search for the mode and the tabulation
of the fine effects.
"""

import os
import sys
import time
from pathlib import Path

for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_variable] = "1"
ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "src"), str(ROOT)]

import numpy as np  # noqa: E402
from tests.unit.inference_samples import example  # noqa: E402

from entangled_drums.inference import ensemble  # noqa: E402
from entangled_drums.inference.posterior import SamplerSettings, explore  # noqa: E402

STEPS = 800
TARGET = 10.0


def main() -> int:
    _, density = example(1, counter_rotating=True, merged=True)
    begin = time.process_time()
    found = explore(density, np.random.default_rng(0), SamplerSettings())
    middle = time.process_time()
    other, _ = ensemble.run(
        found.target, found.modes[0], np.random.default_rng(2), wanted=1e9, most_steps=STEPS
    )
    end = time.process_time()
    ours = found.sample.effective_size / (middle - begin)
    theirs = other.effective_size / (end - middle)
    ratio = ours / theirs
    print(f"effective draws per second: {ours:.0f}, emcee {theirs:.0f}, ratio {ratio:.1f}")
    print(f"target {TARGET:g}: {'met' if ratio >= TARGET else 'missed'}")
    return 0 if ratio >= TARGET else 1


if __name__ == "__main__":
    sys.exit(main())
