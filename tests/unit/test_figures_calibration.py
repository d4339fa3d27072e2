"""Figures S1 to S5 from a calibrated device: what stands where, closed forms, nothing covered."""

import dataclasses

import numpy as np
import pytest
from tests.unit.calibration_samples import calibrated
from tests.unit.inference_samples import CALIBRATION
from tests.unit.posterior_samples import around
from tests.unit.redrawn import not_in_table

from entangled_drums.calibration.background import ADDED, GAIN
from entangled_drums.errors import FileFormatError
from entangled_drums.figures import figs1, figs2, figs3, figs4, figs5, marks, style
from entangled_drums.figures.calibration_steps import StepContent, against
from entangled_drums.figures.layout import overlapping_text
from entangled_drums.figures.output import COLUMNS

ORIGIN = "Assumed device; simulated laboratory."
COUPLINGS_HZ = (1.4e5, 1.4e5, 2.0e5)


def response():
    _, recordings, _, steps = calibrated()
    return figs1.ResponseData(recordings["cavity_response"], steps["cavity_response"])


def sweep():
    return calibrated()[3]["thermal_sweep"]


def cooling():
    steps = calibrated()[3]
    return figs3.CoolingData(steps["sideband_cooling"], steps["sideband_narrowing"])


def receiver():
    _, _, result, steps = calibrated()
    return figs4.ReceiverData(
        steps["receiver"],
        steps["port_occupation"],
        5.5e9,
        CALIBRATION,
        result.calibration,
        result.calibration.sample(np.random.default_rng(1), 300),
    )


def heating():
    true, _, result, steps = calibrated()
    step = steps["sideband_cooling"]
    grid = figs5.coupling_grid(step, COUPLINGS_HZ)
    generator = np.random.default_rng(2)
    return figs5.HeatingData(
        step,
        {
            "before": figs5.heated(CALIBRATION.sample(generator, 300), grid),
            "after": figs5.heated(result.calibration.sample(generator, 300), grid),
        },
        grid,
        [(at, figs5.heated_at(around(true), CALIBRATION, at)) for at in COUPLINGS_HZ],
    )


FIGURES = {
    "figs1": (figs1, response),
    "figs2": (figs2, sweep),
    "figs3": (figs3, cooling),
    "figs4": (figs4, receiver),
    "figs5": (figs5, heating),
}


@pytest.mark.parametrize("name", FIGURES)
def test_no_text_overlaps(name):
    module, data = FIGURES[name]
    figure = module.draw(data(), ORIGIN)
    assert overlapping_text(figure) == []
    assert figure.get_size_inches()[0] * 25.4 == pytest.approx(183.0)
    assert any(text.get_text().startswith(ORIGIN) for text in figure.texts)


@pytest.mark.parametrize("name", FIGURES)
def test_every_curve_drawn_stands_in_the_frame(name):
    module, data = FIGURES[name]
    frame = module.plotted(data())
    assert tuple(frame.columns) == COLUMNS
    drawn = {
        tuple(map(tuple, line.get_xydata()))
        for axes in module.draw(data(), ORIGIN).axes
        for line in axes.lines
    }
    for key, rows in frame.groupby(["panel", "series"], sort=False):
        assert tuple(map(tuple, rows[["x", "y"]].to_numpy())) in drawn, key


@pytest.mark.parametrize("name", FIGURES)
def test_everything_measured_has_its_error(name):
    module, data = FIGURES[name]
    frame = module.plotted(data())
    points = frame[frame["series"].str.startswith("points") & ~frame["panel"].str.contains("below")]
    assert len(points) > 1
    assert np.all(points["lower"] < points["y"])
    assert np.all(points["y"] < points["upper"])


def test_response_lies_on_the_circle_of_the_true_cavity():
    """Far off resonance S11 is -1, on resonance (kappa_e - kappa_i)/kappa."""
    true = calibrated()[0]
    frame = figs1.plotted(response())
    external, internal = true["cavity.kappa_external_hz"], true["cavity.kappa_internal_hz"]
    least = marks.of(frame, "a", "fit")["y"].min()
    assert least == pytest.approx((external - internal) / (external + internal), abs=5e-3)
    for panel in ("a below", "b below"):
        left = marks.of(frame, panel, "points")["y"].to_numpy()
        # Standard deviation of normal residuals; false alarm 1e-4.
        assert abs(left.std() - 1.0) < 3.9 / np.sqrt(2.0 * left.size)


def test_drums_follow_the_cryostat_where_it_is_warm_and_not_where_it_is_cold():
    frame = figs2.plotted(sweep())
    for panel, drum in (("a", 1), ("b", 2)):
        points = marks.of(frame, panel, f"points drum_{drum}").set_index("x")
        law = marks.of(frame, panel, "cryostat").set_index("x")
        ratio = points["y"] / law["y"]
        assert ratio.iloc[-1] == pytest.approx(1.0, abs=0.03)
        assert points["lower"].iloc[0] > law["y"].iloc[0]


def test_red_tones_widen_and_blue_tones_narrow_the_lines():
    frame = figs3.plotted(cooling())
    for drum in (1, 2):
        wide, narrow = (marks.of(frame, panel, f"fit drum_{drum}")["y"] for panel in "ac")
        assert wide.is_monotonic_increasing
        assert narrow.is_monotonic_decreasing
    without = dataclasses.replace(cooling(), narrowing=None)
    assert set(figs3.plotted(without)["panel"]) == {"a", "b"}
    assert figs3.quoted(without)["blue"] == "not measured"
    assert overlapping_text(figs3.draw(without, ORIGIN)) == []


def test_loads_lie_on_the_line_of_the_true_receiver():
    true = calibrated()[0]
    data = receiver()
    frame = figs4.plotted(data)
    points = marks.of(frame, "a", "points")
    expected = true[GAIN] * (points["x"] + true[ADDED])
    # Errors of thermometer and path, as stated in the recordings: 0.5 %, 1 %, 0.02 quanta.
    allowed = 5.0 * np.hypot(0.011 * points["x"], 0.02)
    assert np.all(np.abs(points["y"] - expected) < allowed)
    without = dataclasses.replace(data, port=None)
    assert "port" not in set(figs4.plotted(without)["series"])
    assert overlapping_text(figs4.draw(without, ORIGIN)) == []


def test_ellipses_hold_what_they_say():
    """Squared Mahalanobis distance of the border: -2 ln(1 - mass) in two dimensions."""
    data = receiver()
    frame = figs4.plotted(data)
    for when, known in (("before", data.before), ("after", data.after)):
        values, covariance = known.mapping(), known.covariance_of((ADDED, GAIN))
        for mass in (0.68, 0.95):
            border = marks.of(frame, "b", f"{when} {mass * 100:.0f} %")[["x", "y"]].to_numpy()
            away = border - [values[ADDED], values[GAIN]]
            distance = np.einsum("bi,ij,bj->b", away, np.linalg.inv(covariance), away)
            assert distance == pytest.approx(-2.0 * np.log(1.0 - mass), rel=1e-6)


def test_law_of_heating_is_that_of_the_parameters():
    """At the reference coupling the law gives the parameters themselves."""
    true = calibrated()[0]
    many = {name: np.full(3, value) for name, value in true.items()}
    at = np.array([true["heating.reference_coupling_hz"]])
    found = figs5.heated(many, at)
    assert found["cavity"].value[0] == pytest.approx(true["bath.internal_occupation"])
    for drum in (1, 2):
        expected = true[f"drum_{drum}.thermal_occupation"]
        assert found[f"drum_{drum}"].value[0] == pytest.approx(expected)
    # n_i grows with the power to the exponent.
    twice = figs5.heated(many, 2.0 * at)["cavity"].value[0]
    growth = 4.0 ** true["heating.cavity_exponent"]
    assert twice == pytest.approx(growth * true["bath.internal_occupation"])


def test_posterior_points_of_one_coupling_stand_side_by_side():
    rows = marks.of(figs5.plotted(heating()), "a", "posterior")
    assert len(rows) == len(COUPLINGS_HZ)
    assert rows["x"].nunique() == len(COUPLINGS_HZ)
    assert rows["x"].to_numpy() == pytest.approx(np.array(COUPLINGS_HZ) / 1e3, rel=0.02)
    bare = dataclasses.replace(heating(), posteriors=[])
    assert "posterior" not in set(figs5.plotted(bare)["series"])
    assert overlapping_text(figs5.draw(bare, ORIGIN)) == []


@pytest.mark.parametrize("name", FIGURES)
def test_caption_numbers_are_text(name):
    module, data = FIGURES[name]
    for key, text in module.quoted(data()).items():
        assert text and "nan" not in text, key


def test_caption_quotes_the_calibration():
    result = calibrated()[2]
    gain = result.calibration.mapping()[GAIN]
    quoted = figs4.quoted(receiver())["gain"].split(" ± ")
    assert float(quoted[0]) == pytest.approx(gain, abs=float(quoted[1]))
    step = sweep()
    value, uncertainty = step.parameter("drum_1.thermal_occupation")
    text = figs2.quoted(step)["first_occupation"].split(" ± ")
    assert float(text[0]) == pytest.approx(value, abs=uncertainty)


def test_colours_are_those_of_the_drums():
    for axes in figs3.draw(cooling(), ORIGIN).axes:
        colours = {line.get_color() for line in axes.lines}
        assert colours == {style.LOOKS[f"drum_{drum}"].colour for drum in (1, 2)}


def test_other_files_are_refused():
    with pytest.raises(FileFormatError, match="no recording of kind"):
        StepContent.of({"step": "probe", "skipped": "no recording of kind probe_calibration"})
    with pytest.raises(FileFormatError, match="no parameters; calibrate the device anew"):
        StepContent.of({"step": "probe", "skipped": None})
    with pytest.raises(FileFormatError, match="no points of drum 1"):
        against(calibrated()[3]["receiver"], "a", "temperature_k", "level", "quanta")
    with pytest.raises(FileFormatError, match="its points lack level"):
        against(sweep(), "a", "temperature_k", "level", "quanta")
    with pytest.raises(FileFormatError, match="no nothing in its parameters"):
        sweep().parameter("nothing")


@pytest.mark.parametrize("name", FIGURES)
def test_the_table_redraws_the_figure(name):
    module, data = FIGURES[name]
    assert not_in_table(module.draw(data(), ORIGIN).axes, module.plotted(data())) == []
