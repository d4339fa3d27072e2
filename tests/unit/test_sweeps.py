"""Sweeps: the numbers of point by point, however they are cut; both drums moved as said."""

import numpy as np
import pytest
import xarray

from entangled_drums import arrayfile, covariance, entanglement, parameters
from entangled_drums.chunking import chunks
from entangled_drums.errors import ParameterError
from entangled_drums.sweeps.band import solve_band
from entangled_drums.sweeps.solving import join, solve_sweep

DEVICE = {
    "cavity.frequency_hz": 5.5e9,
    "cavity.kappa_external_hz": 1.13e6,
    "cavity.kappa_internal_hz": 0.25e6,
    "drum_1.frequency_hz": 10.0e6,
    "drum_2.frequency_hz": 11.3e6,
    "drum_1.linewidth_hz": 106.0,
    "drum_2.linewidth_hz": 144.0,
    "drum_1.single_photon_coupling_hz": 120.0,
    "drum_2.single_photon_coupling_hz": 140.0,
    "drum_1.thermal_occupation": 41.0,
    "drum_2.thermal_occupation": 30.0,
    "bath.external_occupation": 0.0,
    "bath.internal_occupation": 1.5,
    "heating.reference_coupling_hz": 1.4e5,
    "heating.cavity_exponent": 0.5,
    "heating.drum_slope": 0.03,
    "lines.blue_transmission": 1.0,
    "lines.probe_balance": 1.0,
}
DRIVE = {
    "red_coupling_hz": 1.4e5,
    "ratio": 0.62,
    "cavity_detuning_hz": 0.0,
    "frame_offset_hz": 0.0,
}
AXES = {
    "drive.ratio": {"start": 0.3, "stop": 1.2, "count": 7},
    "drum_1.linewidth_hz": {"start": 50.0, "stop": 200.0, "count": 3, "spacing": "logarithmic"},
}


def duan_at(device: dict, drive: dict) -> float:
    system = parameters.system(device, parameters.drive_settings(device, **drive))
    return float(entanglement.measures(covariance.steady_state(system).covariance).duan)


def test_grid_is_point_by_point() -> None:
    dataset = solve_sweep(DEVICE, DRIVE, AXES)
    assert dataset["duan"].dims == tuple(AXES)
    for i, ratio in enumerate(dataset["drive.ratio"].values):
        for j, linewidth in enumerate(dataset["drum_1.linewidth_hz"].values):
            expected = duan_at(
                {**DEVICE, "drum_1.linewidth_hz": linewidth}, {**DRIVE, "ratio": ratio}
            )
            np.testing.assert_allclose(dataset["duan"].values[i, j], expected, rtol=1e-12)


def test_points_without_steady_state_hold_nan_and_a_reason() -> None:
    dataset = solve_sweep(DEVICE, DRIVE, AXES)
    unstable = dataset["spectral_abscissa_hz"].values > 0
    assert unstable.any()
    assert not unstable.all()
    assert np.array_equal(dataset["reason_code"].values != 0, unstable)
    for name in ("duan", "ppt_symplectic_eigenvalue", "occupation_1", "residual"):
        assert np.array_equal(np.isnan(dataset[name].values), unstable)
    assert (dataset["smallest_symplectic_eigenvalue"].values[~unstable] > 0.5 - 1e-9).all()


@pytest.mark.parametrize("chunk_points", [1, 4, 6, 9, 1000])
def test_result_does_not_depend_on_how_it_is_cut(chunk_points: int) -> None:
    whole = solve_sweep(DEVICE, DRIVE, AXES)
    rows = chunks(AXES, chunk_points)
    assert [row for part in rows for row in range(*part)] == list(range(7))
    assert all((stop - start) * 3 <= max(3, chunk_points) for start, stop in rows)
    parts = [solve_sweep(DEVICE, DRIVE, AXES, rows=part) for part in rows]
    xarray.testing.assert_identical(join(parts), whole)


def test_every_variable_can_be_written(tmp_path) -> None:
    arrayfile.write(tmp_path / "sweep.nc", solve_sweep(DEVICE, DRIVE, AXES), "0" * 64)
    found = arrayfile.read(tmp_path / "sweep.nc")
    assert found.attrs["record_id"] == "0" * 64
    assert all(found[name].attrs["units"] for name in found.variables)


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        (
            "drums.coupling_ratio",
            2.25,
            {
                "drum_1.single_photon_coupling_hz": 1.5 * np.sqrt(120.0 * 140.0),
                "drum_2.single_photon_coupling_hz": np.sqrt(120.0 * 140.0) / 1.5,
            },
        ),
        (
            "drums.mean_frequency_hz",
            20.0e6,
            {"drum_1.frequency_hz": 19.35e6, "drum_2.frequency_hz": 20.65e6},
        ),
        (
            "drums.thermal_occupation",
            17.0,
            {"drum_1.thermal_occupation": 17.0, "drum_2.thermal_occupation": 17.0},
        ),
    ],
)
def test_joint_parameters_move_both_drums(name: str, value: float, expected: dict) -> None:
    axes = {name: {"start": value, "stop": value + 1.0, "count": 2}}
    dataset = solve_sweep(DEVICE, DRIVE, axes)
    np.testing.assert_allclose(
        dataset["duan"].values[0], duan_at({**DEVICE, **expected}, DRIVE), rtol=1e-12
    )


def test_counter_rotating_worked_example() -> None:
    """Worked example of the model page: D = 0.8592231 beyond the approximation."""
    device = {
        **DEVICE,
        "drum_1.single_photon_coupling_hz": 130.0,
        "drum_2.single_photon_coupling_hz": 130.0,
    }
    axes = {"bath.internal_occupation": {"start": 1.656, "stop": 2.0, "count": 2}}
    rwa = solve_sweep(device, DRIVE, axes)
    beyond = solve_sweep(device, DRIVE, axes, model="counter-rotating")
    assert rwa["duan"].values[0] == pytest.approx(0.8442303, abs=5e-8)
    assert beyond["duan"].values[0] == pytest.approx(0.8592231, abs=5e-8)
    assert beyond["ppt_symplectic_eigenvalue"].values[0] == pytest.approx(0.4295846, abs=5e-8)


def test_band_is_the_quantiles_of_devices_drawn_one_by_one() -> None:
    """Shares of fresh devices below each quantile; 5 standard deviations: false alarm 4e-6."""
    uncertainties = {
        name: 0.0 if name.endswith(("frequency_hz", "coupling_hz")) else 0.02 * value
        for name, value in DEVICE.items()
    }
    axes = {"drive.ratio": {"start": 0.4, "stop": 0.62, "count": 2}}
    band = solve_band(
        DEVICE, uncertainties, DRIVE, axes, samples=4000, generator=np.random.default_rng(1)
    )
    assert (band["stable_fraction"].values == 1.0).all()
    generator = np.random.default_rng(2)
    settings = parameters.drive_settings(DEVICE, **DRIVE)
    fresh = []
    for _ in range(1000):
        drawn = {
            name: value + uncertainties[name] * generator.standard_normal()
            for name, value in DEVICE.items()
        }
        drawn["bath.external_occupation"] = 0.0
        state = covariance.steady_state(parameters.system(drawn, settings))
        fresh.append(float(entanglement.measures(state.covariance).duan))
    for quantile, value in zip(band["quantile"].values, band["duan"].values[:, 1], strict=True):
        sampling = np.sqrt(quantile * (1 - quantile) * (1 / 1000 + 1 / 4000))
        assert abs(np.mean(np.array(fresh) < value) - quantile) < 5 * sampling


@pytest.mark.parametrize(
    ("axes", "words"),
    [
        ({"drums.colour": {"start": 1.0, "stop": 2.0, "count": 2}}, "drums.colour"),
        (
            {"drive.ratio": {"start": 0.1, "stop": 0.2, "count": 2, "spacing": "cubic"}},
            "linear or logarithmic",
        ),
    ],
)
def test_bad_axis(axes: dict, words: str) -> None:
    with pytest.raises(ParameterError, match=words):
        solve_sweep(DEVICE, DRIVE, axes)


def test_bad_model() -> None:
    with pytest.raises(ParameterError, match="write rwa or counter-rotating"):
        solve_sweep(DEVICE, DRIVE, AXES, model="exact")


def tone(side: str, at: str, **changed: float) -> dict:
    return {"side": side, "at": at, "offset_hz": 0.0, "weight": 1.0, "phase_rad": 0.0, **changed}


@pytest.mark.parametrize("model", ["rwa", "counter-rotating"])
def test_pump_pair_declared_as_tones_is_the_pump_pair(model: str) -> None:
    axes = {"drive.ratio": {"start": 0.3, "stop": 0.8, "count": 3}}
    pair = [tone("red", "frame"), tone("blue", "frame")]
    expected = solve_sweep(DEVICE, DRIVE, axes, model=model)
    found = solve_sweep(DEVICE, DRIVE, axes, model=model, declared_tones=pair)
    for name in ("duan", "ppt_symplectic_eigenvalue", "occupation_1", "anomalous_correlator_real"):
        np.testing.assert_allclose(found[name].values, expected[name].values, rtol=1e-9)


def test_one_red_tone_cools_its_drum_by_the_closed_form() -> None:
    """One red tone on drum 1 far from drum 2: n = closed form of sideband cooling."""
    device = {**DEVICE, "drum_2.frequency_hz": 40.0e6}
    axes = {"bath.internal_occupation": {"start": 0.0, "stop": 1.5, "count": 2}}
    drive = {**DRIVE, "red_coupling_hz": 2.0e4}
    dataset = solve_sweep(device, drive, axes, declared_tones=[tone("red", "drum_1")], model="rwa")
    kappa, gamma = 1.38e6, 106.0
    coupling = 2.0e4 * np.sqrt(120.0 / 140.0)
    power = (2.0e4 / 1.4e5) ** 2
    bath = 41.0 * (1.0 + 0.03 * (power - 1.0))
    cavity = 0.25e6 * np.array([0.0, 1.5]) * (2.0e4 / 1.4e5) / kappa
    shared = (kappa + gamma) * (4 * coupling**2 + kappa * gamma)
    expected = (
        bath * gamma * (4 * coupling**2 + kappa * (kappa + gamma))
        + cavity * 4 * coupling**2 * kappa
    ) / shared
    np.testing.assert_allclose(dataset["occupation_1"].values, expected, rtol=2e-4)


def test_phase_of_a_tone_turns_the_correlator_and_nothing_else() -> None:
    axes = {"drive.ratio": {"start": 0.5, "stop": 0.62, "count": 2}}
    still, turned = (
        solve_sweep(
            DEVICE,
            DRIVE,
            axes,
            declared_tones=[tone("red", "frame"), tone("blue", "frame", phase_rad=phase)],
        )
        for phase in (0.0, 0.7)
    )
    np.testing.assert_allclose(turned["duan"].values, still["duan"].values, rtol=1e-10)
    correlators = [
        one["anomalous_correlator_real"].values + 1j * one["anomalous_correlator_imaginary"].values
        for one in (still, turned)
    ]
    np.testing.assert_allclose(np.angle(correlators[1] / correlators[0]), 0.7, atol=1e-9)
