"""The calibration interface: values, covariance, derivatives, and messages."""

import numpy as np
import pytest

from entangled_drums import calibration, jsonfile
from entangled_drums.calibration import Calibration
from entangled_drums.calibration.background import ADDED, BACKGROUND, GAIN, PORT
from entangled_drums.errors import CalibrationError

VALUES = {
    "cavity.frequency_hz": 5.5e9,
    "bath.external_occupation": 0.02,
    "heating.cavity_exponent": 0.5,
    "receiver.gain": 1.0,
}
UNCERTAINTIES = {
    "cavity.frequency_hz": 2.0e3,
    "bath.external_occupation": 0.03,
    "heating.cavity_exponent": 0.0,
    "receiver.gain": 0.03,
}


def correlated() -> Calibration:
    covariance = np.array([[4.0e6, 30.0, 0.0], [30.0, 9.0e-4, 0.0], [0.0, 0.0, 0.0]])
    names = ("cavity.frequency_hz", "receiver.gain", "heating.cavity_exponent")
    return Calibration(names, np.array([5.5e9, 1.0, 0.5]), covariance)


def test_device_values_and_uncertainties_become_a_diagonal_calibration():
    made = calibration.from_device(VALUES, UNCERTAINTIES)
    assert made.mapping() == VALUES
    assert {name: made.uncertainty(name) for name in made.names} == pytest.approx(UNCERTAINTIES)
    assert made.uncertain_names() == (
        "bath.external_occupation",
        "cavity.frequency_hz",
        "receiver.gain",
    )
    assert made.method == "device file" and made.goodness_of_fit is None


def test_a_calibration_survives_its_file(tmp_path):
    path = tmp_path / "calibration.json"
    calibration.write(path, correlated(), "0123")
    read = calibration.read(path)
    assert read.names == correlated().names
    np.testing.assert_array_equal(read.values, correlated().values)
    np.testing.assert_array_equal(read.covariance, correlated().covariance)
    data = jsonfile.read(path)
    assert data["record_id"] == "0123"
    assert [entry["unit"] for entry in data["parameters"]] == ["Hz", "1", "1"]
    assert data["format_version"] == 1 and data["goodness_of_fit"] is None


def test_samples_have_the_covariance():
    """Each element of a 20000-sample covariance lies within 5 standard errors (p = 6e-7 each)."""
    size = 20000
    drawn = correlated().sample(np.random.default_rng(20180), size)
    stacked = np.stack([drawn[name] for name in correlated().names])
    expected = correlated().covariance
    measured = np.cov(stacked)
    variances = np.diag(expected)
    error = np.sqrt((np.outer(variances, variances) + expected**2) / size)
    assert np.all(np.abs(measured - expected)[error > 0] < 5.0 * error[error > 0])
    np.testing.assert_array_equal(drawn["heating.cavity_exponent"], 0.5)


def test_rounding_of_the_covariance_does_not_draw_another_device():
    """What kernels of another processor do: here they could turn every pair of eigenvectors."""
    names = ("drum_1.frequency_hz", "drum_2.frequency_hz", "receiver.gain", "cavity.frequency_hz")
    covariance = np.eye(4) + 0.3 * np.kron(np.eye(2), [[0.0, 1.0], [1.0, 0.0]])
    rounding = np.random.default_rng(3).uniform(-1e-15, 1e-15, (4, 4))
    drawn = [
        Calibration(names, np.full(4, 10.0), matrix).sample(np.random.default_rng(1), 20)
        for matrix in (covariance, covariance + rounding + rounding.T)
    ]
    for name in names:
        np.testing.assert_allclose(drawn[1][name], drawn[0][name], rtol=1e-12)


def test_the_jacobian_of_a_quadratic_is_exact_and_stays_above_zero():
    made = calibration.from_device(VALUES, UNCERTAINTIES)
    seen = []

    def function(values):
        seen.append(values["bath.external_occupation"].min())
        gain, occupation = values["receiver.gain"], values["bath.external_occupation"]
        return np.stack([gain**2, 3.0 * occupation, gain * occupation], axis=-1)

    derivative = made.jacobian(function, ("receiver.gain", "bath.external_occupation"), step=1.0)
    np.testing.assert_allclose(derivative, [[2.0, 0.0], [0.0, 3.0], [0.02, 1.0]], atol=1e-12)
    assert seen[0] >= 0.0


def test_blocks_follow_the_order_asked_for():
    block = correlated().covariance_of(("receiver.gain", "cavity.frequency_hz"))
    np.testing.assert_array_equal(block, [[9.0e-4, 30.0], [30.0, 4.0e6]])


def test_a_missing_parameter_is_named():
    with pytest.raises(CalibrationError) as error:
        correlated().uncertainty("drum_1.frequency_hz")
    assert str(error.value) == (
        "calibration: drum_1.frequency_hz is missing; add it with value and uncertainty"
    )


def _changed(**changes):
    data = calibration.content(correlated())
    for key, value in changes.items():
        if value is None:
            del data[key]
        else:
            data[key] = value
    return data


ENTRY = {"name": "receiver.gain", "value": 1.0, "unit": "1"}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (_changed(format="x"), "format is 'x'; write 'entangled-drums-calibration'"),
        (_changed(format_version=2), "format_version is 2; write 1"),
        (_changed(covariance=None), "covariance is missing; add it"),
        (_changed(truth={"a": 1}), "truth is not part of the format; remove it"),
        (_changed(parameters={}), "parameters is not a list; write name, value, unit each"),
        (_changed(parameters=[{"name": "a"}]), "parameters[0] is malformed; write name, value and"),
        (
            _changed(parameters=[{**ENTRY, "value": "1"}]),
            "value of receiver.gain is '1'; write a nu",
        ),
        (_changed(parameters=[{**ENTRY, "unit": "dB"}]), "is 'dB'; convert to '1'"),
        (
            _changed(parameters=[ENTRY, ENTRY]),
            "receiver.gain is given twice; keep one of them",
        ),
        (_changed(covariance=[[1.0]]), "3 names, values of shape (3,), covariance of shape (1, 1)"),
        (_changed(covariance=[[1.0, 2.0], [3.0]]), "covariance is not a matrix of numbers"),
        (_changed(covariance=np.diag([1.0, -1.0, 0]).tolist()), "variance of receiver.gain is neg"),
        (_changed(covariance=[[1, 2, 0], [2, 1, 0], [0, 0, 0]]), "has a negative eigenvalue"),
        (_changed(covariance=[[1, 0.5, 0], [0, 1, 0], [0, 0, 0]]), "covariance is not symmetric"),
        (_changed(method=3), "method is not a string; name where the numbers are from"),
        (_changed(goodness_of_fit=3), "goodness_of_fit is 3; write a mapping or null"),
    ],
)
def test_each_defect_is_named_in_one_line(data, message):
    with pytest.raises(CalibrationError) as error:
        calibration.from_content(data, "c.json")
    assert str(error.value).startswith("c.json: ")
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_device_values_without_uncertainty_are_refused():
    with pytest.raises(CalibrationError, match=r"no uncertainty of receiver.gain; write one"):
        calibration.from_device({"receiver.gain": 1.0}, {})
    with pytest.raises(CalibrationError, match=r"uncertainty of receiver.gain is -1.0; write 0"):
        calibration.from_device({"receiver.gain": 1.0}, {"receiver.gain": -1.0})


def test_impossible_devices_are_not_drawn():
    made = calibration.from_device(
        {"bath.external_occupation": 0.0}, {"bath.external_occupation": 1}
    )
    drawn = made.sample(np.random.default_rng(1), 1000)["bath.external_occupation"]
    assert drawn.shape == (1000,) and drawn.min() >= 0.0
    hopeless = calibration.from_device({"receiver.gain": -9.0}, {"receiver.gain": 1.0})
    with pytest.raises(CalibrationError, match="hardly any possible device; give smaller"):
        hopeless.sample(np.random.default_rng(1), 10)


def with_background(gain_uncertainty=0.03) -> Calibration:
    """Background known to a part in 1e4, gain to 3 %: the added noise lies on a hyperbola."""
    names = (GAIN, BACKGROUND, PORT)
    scale = np.array([gain_uncertainty, 1.3e-3, 0.02])
    correlation = np.array([[1.0, 0.3, 0.0], [0.3, 1.0, 0.0], [0.0, 0.0, 1.0]])
    return Calibration(names, np.array([1.1, 13.2, 0.2]), correlation * np.outer(scale, scale))


def test_the_background_stands_for_the_added_noise():
    made = with_background()
    assert made.mapping()[ADDED] == pytest.approx(11.8, rel=1e-12)
    made.require((GAIN, ADDED, PORT))
    assert made.uncertain_names((ADDED, GAIN)) == (BACKGROUND, GAIN)
    assert with_background(0.0).uncertain_names((GAIN, ADDED)) == (BACKGROUND,)
    assert calibration.unit_of(BACKGROUND) == "quanta"


def test_draws_of_the_added_noise_keep_to_the_background():
    drawn = with_background().sample(np.random.default_rng(5), 4000)
    np.testing.assert_allclose(
        drawn[GAIN] * (drawn[ADDED] + drawn[PORT]), drawn[BACKGROUND], rtol=1e-12
    )
    # 4000 draws fix a standard deviation to 1.1 %; four of those.
    assert np.std(drawn[BACKGROUND]) == pytest.approx(1.3e-3, rel=0.045)


def test_errors_of_the_added_noise_are_those_of_many_draws():
    """With a narrow gain, where first order is enough; five standard errors of 2e5 draws."""
    made, size = with_background(1e-3), 200_000
    drawn = made.sample(np.random.default_rng(6), size)
    names = (ADDED, GAIN, PORT)
    expected = made.covariance_of(names)
    assert np.sqrt(expected[0, 0]) == made.uncertainty(ADDED)
    error = np.sqrt((np.outer(np.diag(expected), np.diag(expected)) + expected**2) / size)
    found = np.cov(np.stack([drawn[name] for name in names]))
    assert np.all(np.abs(found - expected) < 5.0 * error)


def test_derivatives_by_gain_hold_the_background_fixed():
    made = with_background()
    slopes = made.jacobian(lambda values: values[ADDED][:, None], (GAIN, BACKGROUND, PORT), 1e-3)
    np.testing.assert_allclose(slopes[0], [-13.2 / 1.1**2, 1.0 / 1.1, -1.0], rtol=1e-8)


def test_draws_that_leave_no_added_noise_are_drawn_again():
    names = (GAIN, BACKGROUND, PORT)
    made = Calibration(names, np.array([1.0, 0.25, 0.2]), np.diag([1e-4, 1e-4, 0.05**2]))
    drawn = made.sample(np.random.default_rng(7), 2000)
    assert drawn[ADDED].min() >= 0.0 and drawn[PORT].min() >= 0.0


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ((GAIN, BACKGROUND, PORT, ADDED), f"{BACKGROUND} and {ADDED} say the same; keep one"),
        ((BACKGROUND, PORT), f"{GAIN} is missing; add it"),
        ((GAIN, BACKGROUND), f"{PORT} is missing; add it"),
    ],
)
def test_a_background_needs_gain_and_port_and_no_added_noise(names, message):
    with pytest.raises(CalibrationError, match=message):
        Calibration(names, np.ones(len(names)), np.zeros((len(names), len(names))))
