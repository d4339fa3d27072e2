"""Spectra at all phases of a probe scan out of those at a few.

The spectrum depends on the phase of the blue probe as a short Fourier series: its k-th harmonic
takes 2k probe couplings, so that mean, cosines and sines of one and two phases say all (the next
are below 1e-8 quanta for probes up to a tenth of the pumps).
"""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

HARMONICS = 5
"""Mean, cosine, sine, cosine and sine of twice the phase."""
PHASES = 2.0 * np.pi * np.arange(HARMONICS) / HARMONICS
"""Phases that determine the series."""


def phase_harmonics(phase: Array) -> Array:
    """Return (..., 5): from the five harmonics to spectra at the phases (...)."""
    return np.stack(
        [np.ones_like(phase), *(f(k * phase) for k in (1, 2) for f in (np.cos, np.sin))], axis=-1
    )


def harmonics(spectra: Array) -> Array:
    """Return the harmonics (..., 5, F) of spectra (..., 5, F) at `PHASES`."""
    transform = np.linalg.inv(phase_harmonics(PHASES))
    return np.asarray(np.einsum("hp,...pf->...hf", transform, spectra))
