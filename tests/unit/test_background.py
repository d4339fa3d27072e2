"""The receiver's background as a coordinate of posterior density, misfit and Table S1.

What the calibration itself does with it is tested beside the calibration.
"""

from dataclasses import replace

import numpy as np
import pytest
from tests.unit.inference_samples import CALIBRATION, VALUES, record, truth
from tests.unit.test_coverage import PLAIN

from entangled_drums.calibration import Calibration
from entangled_drums.calibration.background import ADDED, BACKGROUND, GAIN, PORT, with_background
from entangled_drums.coverage import misfit
from entangled_drums.errors import InferenceError
from entangled_drums.inference.fine_effects import Fidelity
from entangled_drums.inference.observation import observation
from entangled_drums.inference.target import Target, line_shapes, target
from entangled_drums.tables import table_s1

NOMINAL = with_background(VALUES)[BACKGROUND]
FINE = Fidelity(counter_rotating=True, finite_record=True)


def calibration(background: float = NOMINAL, uncertainty: float = 2e-3) -> Calibration:
    """The calibration of the samples, with a background instead of the added noise."""
    at = CALIBRATION.index(ADDED)
    names = tuple(BACKGROUND if name == ADDED else name for name in CALIBRATION.names)
    values, covariance = CALIBRATION.values.copy(), CALIBRATION.covariance.copy()
    values[at], covariance[at, at] = background, uncertainty**2
    return Calibration(names, values, covariance)


def density(known: Calibration, fidelity: Fidelity | None = None) -> Target:
    seen = observation(*record(truth(1), 1))
    return target(seen, known, fidelity or Fidelity(), line_shapes(VALUES, seen))


def standardised(of: Target, values: dict[str, np.ndarray]) -> np.ndarray:
    return (np.stack([values[name] for name in of.names], axis=-1) - of.centre) / of.scale


def devices(count: int) -> dict[str, np.ndarray]:
    drawn = CALIBRATION.sample(np.random.default_rng(3), count)
    return with_background(drawn)


def test_the_same_device_has_the_same_likelihood_in_either_coordinate():
    plain, other = density(CALIBRATION), density(calibration())
    assert (ADDED in plain.names, BACKGROUND in other.names) == (True, True)
    values = devices(5)
    here, there = standardised(plain, values), standardised(other, values)
    np.testing.assert_allclose(other.values(there)[ADDED], values[ADDED], rtol=1e-9)
    for one, same in zip(plain.means(here), other.means(there), strict=True):
        np.testing.assert_allclose(one, same, rtol=1e-11)
    np.testing.assert_allclose(
        plain.log_likelihood(here), other.log_likelihood(there), rtol=1e-7, atol=1e-4
    )


def test_fine_effects_of_a_device_do_not_depend_on_the_receiver_s_coordinates():
    known = calibration()
    known = replace(
        known,
        values=known.values + 0.2 * np.sqrt(np.diag(known.covariance)),
        covariance=4.0 * known.covariance,
    )
    plain = density(CALIBRATION, FINE)
    plain = plain.with_effects_at(0.3 * np.ones(plain.size))
    other = density(known, FINE).with_effects(plain.effects)
    values = devices(4)
    pairs = zip(
        plain.effects.at(standardised(plain, values)),
        other.effects.at(standardised(other, values)),
        strict=True,
    )
    for one, same in pairs:
        np.testing.assert_allclose(same, one, rtol=1e-7, atol=1e-12 * np.abs(one).max())


def test_slopes_of_fine_effects_stay_when_they_move_to_another_device():
    plain = density(CALIBRATION, FINE)
    tabulated = plain.with_effects_at(np.zeros(plain.size))
    moved = tabulated.with_effects_at(0.2 * np.ones(plain.size), slopes=False)
    exact = plain.with_effects_at(0.2 * np.ones(plain.size))
    for kind in ("emission", "phase_scan"):
        old, kept, new = (getattr(one.effects, kind) for one in (tabulated, moved, exact))
        np.testing.assert_array_equal(kept[1:], old[1:])
        # A small difference of spectra, which are about one.
        np.testing.assert_allclose(kept[0], new[0], rtol=0.0, atol=1e-13)
        assert np.abs(old[1:]).max() > 1e-6


def test_a_background_below_what_the_port_emits_is_impossible():
    of = density(calibration())
    values = devices(1)
    values[BACKGROUND] = values[GAIN] * values[PORT] * np.array([0.999])
    assert not of.allowed(standardised(of, values))[0]
    assert of.log_posterior(standardised(of, values))[0] == -np.inf
    values[BACKGROUND] = values[GAIN] * values[PORT] * np.array([1.001])
    assert of.allowed(standardised(of, values))[0]


def test_draws_of_the_prior_leave_room_for_an_added_noise():
    """Where half of the normal distribution does not; five standard errors of the means."""
    faint = calibration(VALUES[GAIN] * VALUES[PORT], 0.01)
    of = density(faint)
    drawn = of.values(of.prior_draws(4000, np.random.default_rng(4)))
    assert drawn[ADDED].min() >= 0.0
    expected = faint.sample(np.random.default_rng(5), 4000)
    for name in (BACKGROUND, PORT, GAIN):
        error = np.hypot(np.std(drawn[name]), np.std(expected[name])) / np.sqrt(4000)
        assert abs(np.mean(drawn[name]) - np.mean(expected[name])) < 5.0 * error, name


def test_a_calibrated_background_without_room_for_an_added_noise_is_refused():
    with pytest.raises(InferenceError, match=rf"{ADDED} is -.*; it must be positive, calibrate"):
        density(calibration(0.5 * VALUES[GAIN] * VALUES[PORT]))


def test_the_laboratory_of_a_misfit_has_the_background_of_its_device():
    wrong = replace(calibration(), values=calibration().values * 1.02)
    right = misfit.Laboratory.of(PLAIN, wrong).calibration
    assert right.mapping() == pytest.approx(with_background(PLAIN.values), rel=1e-12)


def test_table_s1_shows_background_and_added_noise():
    """Gain and added noise of the device file are independent: their product's error is known."""

    def entry(value, uncertainty):
        return {"value": value, "uncertainty": uncertainty, "status": "assumed", "source": "none"}

    device = {
        "bath": {"external_occupation": entry(0.02, 0.01)},
        "receiver": {"gain": entry(1.0, 0.1), "added_noise": entry(12.0, 1.0)},
    }
    known = Calibration(
        (GAIN, PORT, BACKGROUND), np.array([1.1, 0.03, 13.0]), np.diag([0.02, 0.01, 1e-3]) ** 2
    )
    rows = {row["parameter"]: row for row in table_s1.table(device, known, "A device.").rows}
    assert set(rows) == {GAIN, PORT, BACKGROUND, ADDED}
    assumed, calibrated = rows[BACKGROUND]["assumed"], rows[BACKGROUND]["calibrated"]
    assert assumed.value == pytest.approx(12.02)
    assert assumed.uncertainty == pytest.approx(np.sqrt((12.02 * 0.1) ** 2 + 1.0 + 0.01**2))
    assert (calibrated.value, calibrated.uncertainty) == (13.0, 1e-3)
    added = rows[ADDED]["calibrated"]
    assert added.value == pytest.approx(13.0 / 1.1 - 0.03)
    slopes = np.array([13.0 / 1.1**2 * 0.02, 0.01, 1e-3 / 1.1])
    assert added.uncertainty == pytest.approx(np.sqrt(np.sum(slopes**2)))
