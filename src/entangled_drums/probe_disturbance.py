"""How much a probe disturbs the state it reads: the back-action on the Duan sum.

A probe pair of equal couplings reads one collective quadrature pair and sends its back-action into
the other one. How well that works depends on its strength, on its phase and on the balance of the
two tones. The state under a probe repeats with the period of the probe's offset; D is that of its
time average, minimised over local phases.
"""

from collections.abc import Mapping

import numpy as np
import xarray
from numpy.typing import ArrayLike, NDArray

from entangled_drums import covariance, entanglement, parameters, periodic, tones
from entangled_drums.system import Probe

QUADRATURES = ("squeezed", "intermediate", "antisqueezed")
"""What the probe reads, at a phase of 0, pi/2 and pi from the squeezed one."""

GREATEST_STRENGTH = 3.0
"""Strongest probe, over the coupling that the experiment uses."""

STRENGTHS_IN_PHASE_CUT = (0.5, 1.0, 1.5, 2.0)
GREATEST_IMBALANCE = 1.5
STRENGTHS, PHASES, IMBALANCES = 31, 73, 41
"""Points along each cut, both ends included."""


def solve(
    device: Mapping[str, float],
    drive: Mapping[str, float],
    *,
    probe_offset_hz: float,
    probe_coupling_hz: float,
) -> xarray.Dataset:
    """Solve the disturbed state along three cuts through strength, phase and imbalance.

    Parameters
    ----------
    device : mapping
        Flat values.
    drive : mapping
        ``red_coupling_hz``, ``ratio``, ``cavity_detuning_hz``, ``frame_offset_hz``.
    probe_offset_hz, probe_coupling_hz : float
        Probe pair minus pump pair; P/2pi for the geometric mean of the couplings of the drums.

    Returns
    -------
    xarray.Dataset
        ``duan_of_strength`` (quadrature, probe_coupling_hz), ``duan_of_phase``
        (shown_coupling_hz, phase_rad), ``duan_of_imbalance`` (quadrature, imbalance) and, without a
        probe, ``duan_undisturbed``. Phases are counted from the one that reads the squeezed
        quadrature; the imbalance P^+/P^- leaves the geometric mean of the two. NaN where there is
        no periodic steady state.

    Raises
    ------
    ParameterError
        If a value is out of range.
    UnstableDriveError
        If the drive alone has no steady state.
    """
    system = parameters.system(device, parameters.drive_settings(device, **drive))
    alone = entanglement.measures(covariance.require(covariance.steady_state(system)))
    # The probe reads n_1 + n_2 + 1 + 2 Re(exp(-i phi) <b_1 b_2>): least where the phases oppose.
    squeezed = float(np.angle(-alone.anomalous_correlator))
    turned = np.linspace(0.0, np.pi, len(QUADRATURES))

    def disturbed(
        coupling_hz: ArrayLike, phase: ArrayLike, imbalance: ArrayLike
    ) -> NDArray[np.float64]:
        settings = parameters.probe_settings(
            device, probe_offset_hz, coupling_hz, squeezed + np.asarray(phase)
        )
        even = parameters.probe(device, settings)
        skew = np.sqrt(np.asarray(imbalance, dtype=float))[..., None]
        probe = Probe(
            offset=even.offset,
            red_coupling=even.red_coupling / skew,
            blue_coupling=even.blue_coupling * skew,
            phase=even.phase,
        )
        state = periodic.periodic_state(system, tones.drive_modulation(system.drive, probe))
        return entanglement.measures(state.mean_covariance).duan

    strength = np.linspace(0.0, GREATEST_STRENGTH * probe_coupling_hz, STRENGTHS)
    shown = np.array(STRENGTHS_IN_PHASE_CUT) * probe_coupling_hz
    phase = np.linspace(0.0, 2.0 * np.pi, PHASES)
    imbalance = np.geomspace(1.0 / GREATEST_IMBALANCE, GREATEST_IMBALANCE, IMBALANCES)
    text = "Duan sum of the time-averaged state, minimised over local phases (vacuum = 1)"
    dataset = xarray.Dataset(
        coords={
            name: (name, values, {"units": units, "description": description})
            for name, values, units, description in (
                ("quadrature", np.array(QUADRATURES), "1", "what the probe reads"),
                ("probe_coupling_hz", strength, "Hz", "coupling of each probe tone over 2 pi"),
                ("shown_coupling_hz", shown, "Hz", "coupling of each probe tone over 2 pi"),
                ("phase_rad", phase, "rad", "probe phase from the squeezed one"),
                ("imbalance", imbalance, "1", "P^+/P^- at the geometric mean of the experiment"),
            )
        }
    )
    for name, dimensions, values in (
        (
            "duan_of_strength",
            ("quadrature", "probe_coupling_hz"),
            disturbed(strength, turned[:, None], 1.0),
        ),
        (
            "duan_of_phase",
            ("shown_coupling_hz", "phase_rad"),
            disturbed(shown[:, None], phase, 1.0),
        ),
        (
            "duan_of_imbalance",
            ("quadrature", "imbalance"),
            disturbed(probe_coupling_hz, turned[:, None], imbalance),
        ),
        ("duan_undisturbed", (), alone.duan),
    ):
        dataset[name] = (dimensions, values, {"units": "1", "description": text})
    return dataset
