"""The calibration interface: values, covariance, derivatives, and messages."""

import numpy as np
import pytest

from entangled_drums import calibration, jsonfile
from entangled_drums.calibration import Calibration
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


GAIN = {"name": "receiver.gain", "value": 1.0, "unit": "1"}


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
            _changed(parameters=[{**GAIN, "value": "1"}]),
            "value of receiver.gain is '1'; write a nu",
        ),
        (_changed(parameters=[{**GAIN, "unit": "dB"}]), "is 'dB'; convert to '1'"),
        (_changed(parameters=[GAIN, GAIN]), "receiver.gain is given twice; keep one of them"),
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
