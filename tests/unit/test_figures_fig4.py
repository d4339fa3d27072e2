"""Figure 4 from made-up data: a closed form for the theory, invented points for the routes."""

import dataclasses
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from matplotlib.collections import LineCollection
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from tests.unit.redrawn import not_in_table

from entangled_drums.errors import FileFormatError
from entangled_drums.figures import fig4, fig4_numbers, style
from entangled_drums.figures.layout import OUTSIDE, overlapping_text
from entangled_drums.figures.output import COLUMNS
from entangled_drums.inference.route_result import ROUTES, RouteResult, route_result
from entangled_drums.inference.verdict import CONTRADICTION, ENTANGLED, NOT_SHOWN, Verdict

RATIO = np.linspace(0.02, 0.95, 187)
RECALLED = fig4_numbers.RecalledValue(0.83, 0.13, "recalled, unverified")
ORIGIN = "Assumed device; simulated laboratory."
POINTS = {
    "reference": (1.4e5, (0.3, 0.45, 0.55, 0.62, 0.7, 0.78)),
    "strong": (2.0e5, (0.45, 0.6, 0.7, 0.78, 0.85)),
}


def closed_form(ratio, coupling_hz, occupation):
    """Adiabatic Duan sum of equal drums with an occupied cavity (all rates over 2 pi, in Hz)."""
    gamma, kappa, omega, bath = 125.0, 1.38e6, 0.65e6, 35.5
    damping = 4 / kappa * coupling_hz**2 * (1 - ratio**2) / (1 + (2 * omega / kappa) ** 2)
    squeezed = damping * (1 - ratio) / (1 + ratio) * (2 * occupation + 1)
    return (gamma * (2 * bath + 1) + squeezed) / (gamma + damping)


def invented_curve(coupling_hz, factor=1.0):
    centre = factor * closed_form(RATIO, coupling_hz, 0.28)
    return fig4_numbers.TheoryCurve(
        RATIO,
        centre,
        factor * closed_form(RATIO, coupling_hz, 0.22),
        factor * closed_form(RATIO, coupling_hz, 0.34),
    )


def invented_result(power, coupling_hz, ratio, route, index):
    duan = closed_form(ratio, coupling_hz, 0.28) + 0.02 * np.sin(7.0 * index + 3.0 * ratio)
    if route == "emission_bound":
        duan += 0.35
    valid = not (route == "quadrature" and ratio < 0.5)
    sigma = 0.035 if route == "direct" else 0.025
    quantities = {
        "duan": {
            "value": duan,
            "uncertainty": sigma,
            "interval_68": [duan - sigma, duan + 1.1 * sigma],
        },
        "two_nu": {"value": duan - 0.002, "uncertainty": sigma},
    }
    if route in ("quadrature", "emission_bound"):
        del quantities["two_nu"]
    return route_result(
        {
            "route": route,
            "operating_point": f"{power}-x{round(1000 * ratio):03d}",
            "power": power,
            "ratio": ratio,
            "red_coupling_hz": coupling_hz,
            "validity": "valid" if valid else "not valid here: lines not resolved",
            "quantities": quantities,
            "probability_entangled": 0.97,
            "goodness_of_fit": {"p_value": 0.41},
        }
    )


def invented_powers(routes=ROUTES, powers=("reference", "strong")):
    data = []
    for power in powers:
        coupling_hz, ratios = POINTS[power]
        results: list[RouteResult] = [
            invented_result(power, coupling_hz, ratio, route, index)
            for ratio in ratios
            for index, route in enumerate(routes)
        ]
        data.append(
            fig4_numbers.PowerData(
                power,
                coupling_hz,
                invented_curve(coupling_hz),
                invented_curve(coupling_hz, 0.99),
                tuple(results),
            )
        )
    return data


CASES = {
    "direct, two powers": (("direct",), ("reference", "strong")),
    "all routes, two powers": (ROUTES, ("reference", "strong")),
    "all routes, one power": (ROUTES, ("reference",)),
    "direct, one power": (("direct",), ("strong",)),
    "no route": ((), ("reference", "strong")),
}


@pytest.mark.parametrize("recalled", [RECALLED, None], ids=["recalled", "nothing recalled"])
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_no_text_overlaps_or_leaves_the_paper(case, recalled):
    figure = fig4.draw(invented_powers(*case), recalled, ORIGIN)
    assert overlapping_text(figure) == []


def test_origin_of_recordings_from_files_fits_on_one_column():
    origin = "Assumed device; recordings from files."
    rules = (Path(__file__).parents[2] / "workflow/rules/figures.smk").read_text("utf-8")
    assert f'"{origin}"' in rules
    figure = fig4.draw(invented_powers(*CASES["all routes, one power"]), RECALLED, origin)
    assert overlapping_text(figure) == []


def test_overlap_check_sees_an_overlap_and_a_text_off_the_paper():
    figure = fig4.draw(invented_powers(), RECALLED, ORIGIN)
    figure.axes[0].set_title("x" * 400)
    pairs = overlapping_text(figure)
    assert ("x" * 400, OUTSIDE) in pairs
    assert any(second != OUTSIDE for _, second in pairs)


def test_sizes_are_journal_columns():
    one = fig4.draw(invented_powers(powers=("reference",)), RECALLED, ORIGIN)
    two = fig4.draw(invented_powers(), RECALLED, ORIGIN)
    assert one.get_size_inches()[0] * 25.4 == pytest.approx(89.0)
    assert two.get_size_inches()[0] * 25.4 == pytest.approx(183.0)


def points_drawn(axes):
    """Return {(marker, edge colour, face colour): (x, y, lower, upper)} of all points drawn."""
    markers = [line for line in axes.lines if line.get_marker() not in ("None", "")]
    bars = [item for item in axes.collections if isinstance(item, LineCollection)]
    drawn = {}
    for line, bar in zip(markers, bars, strict=True):
        ends = np.array(bar.get_segments())
        np.testing.assert_array_equal(ends[:, 0, 0], line.get_xdata())
        look = (
            line.get_marker(),
            to_hex(line.get_markeredgecolor()).upper(),
            to_hex(line.get_markerfacecolor()).upper(),
        )
        assert look not in drawn
        drawn[look] = (line.get_xdata(), line.get_ydata(), ends[:, 0, 1], ends[:, 1, 1])
    return drawn


def test_every_number_drawn_stands_in_the_frame():
    powers = invented_powers()
    frame = fig4_numbers.plotted(powers, RECALLED)
    figure = fig4.draw(powers, RECALLED, ORIGIN)
    assert tuple(frame.columns) == COLUMNS
    for axes, panel in zip(figure.axes[:4], "abcd", strict=True):
        rows = frame[frame["panel"] == panel]
        theory = rows[rows["series"] == "theory"]
        np.testing.assert_array_equal(axes.lines[0].get_xdata(), theory["x"])
        np.testing.assert_array_equal(axes.lines[0].get_ydata(), theory["y"])
        band = axes.collections[0].get_paths()[0].vertices
        assert {tuple(vertex) for vertex in band} == set(
            zip(theory["x"], theory["lower"], strict=True)
        ) | set(zip(theory["x"], theory["upper"], strict=True))
        bound = rows[rows["series"] == "separability"]
        np.testing.assert_array_equal(axes.lines[1].get_xydata(), bound[["x", "y"]].to_numpy())
        shown = [name for name in rows["series"].unique() if name.split("_not")[0] in ROUTES]
        drawn = points_drawn(axes)
        assert len(drawn) == len(shown)
        for series in shown:
            points = rows[rows["series"] == series]
            look = style.LOOKS[series.removesuffix("_not_valid")]
            face = "#FFFFFF" if series.endswith("_not_valid") else look.colour.upper()
            values = drawn[look.marker, look.colour.upper(), face]
            for column, numbers in zip(("x", "y", "lower", "upper"), values, strict=True):
                np.testing.assert_array_equal(numbers, points[column])


def test_recalled_value_has_no_x_and_stands_beside_the_panels():
    frame = fig4_numbers.plotted(invented_powers(), RECALLED)
    row = frame[frame["series"] == "recalled"].squeeze()
    assert np.isnan(row["x"])
    assert (row["y"], row["lower"], row["upper"]) == pytest.approx((0.83, 0.70, 0.96))
    figure = fig4.draw(invented_powers(), RECALLED, ORIGIN)
    strip = figure.axes[-1]
    assert not strip.axison
    assert strip.get_position().x0 >= max(axes.get_position().x1 for axes in figure.axes[:4])
    assert strip.get_ylim() == figure.axes[0].get_ylim()
    assert "recalled, unverified" in strip.texts[0].get_text()


def test_every_result_lies_inside_its_panel():
    powers = invented_powers()
    frame = fig4_numbers.plotted(powers, RECALLED)
    for axes, panel in zip(fig4.draw(powers, RECALLED, ORIGIN).axes[:4], "abcd", strict=True):
        points = frame[(frame["panel"] == panel) & ~frame["series"].isin(["theory"])]
        lower, upper = axes.get_ylim()
        assert lower < points[["y", "lower"]].min().min()
        assert upper > points[["y", "upper"]].max().max()


def test_the_figure_says_that_the_device_is_assumed_and_the_laboratory_simulated():
    texts = [text.get_text() for text in fig4.draw(invented_powers(), RECALLED, ORIGIN).texts]
    assert any(text.startswith(ORIGIN) for text in texts)


def test_drawing_leaves_matplotlib_settings_alone_and_ignores_the_users():
    with matplotlib.rc_context({"font.size": 23.0, "axes.labelsize": 31.0}):
        figure = fig4.draw(invented_powers(), RECALLED, ORIGIN)
        assert matplotlib.rcParams["font.size"] == 23.0
    assert isinstance(figure, Figure)
    assert figure.axes[0].yaxis.label.get_size() == style.TEXT_POINTS


def test_points_where_the_drive_is_unstable_stay_empty():
    values = closed_form(RATIO, 1.4e5, 0.28)
    values[-20:] = np.nan
    curve = fig4_numbers.TheoryCurve(RATIO, values, values - 0.03, values + 0.03)
    frame = fig4_numbers.plotted(
        [fig4_numbers.PowerData("reference", 1.4e5, curve, curve, ())], None
    )
    theory = frame[(frame["panel"] == "a") & (frame["series"] == "theory")]
    assert theory["y"].isna().sum() == 20


def test_one_sided_and_missing_intervals_are_drawn_as_they_are():
    common = {"route": "direct", "power": "reference", "red_coupling_hz": 1.4e5}
    one_sided = {"value": 0.9, "uncertainty": 0.05, "interval_68": [0.91, 0.97]}
    none = {"value": 0.85, "uncertainty": None, "interval_68": [None, None]}
    results = tuple(
        route_result(
            {
                **common,
                "operating_point": f"point-{index}",
                "ratio": ratio,
                "validity": "valid",
                "quantities": {"duan": duan} if duan else {},
            }
        )
        for index, (ratio, duan) in enumerate([(0.5, one_sided), (0.6, none), (0.7, None)])
    )
    curve = invented_curve(1.4e5)
    data = [fig4_numbers.PowerData("reference", 1.4e5, curve, curve, results)]
    frame = fig4_numbers.plotted(data, None)
    rows = frame[frame["series"] == "direct"]
    np.testing.assert_array_equal(rows["x"], [0.5, 0.6])
    np.testing.assert_array_equal(rows["lower"], [0.91, np.nan])
    np.testing.assert_array_equal(rows["upper"], [0.97, np.nan])
    figure = fig4.draw(data, None, ORIGIN)
    assert overlapping_text(figure) == []
    upper_row, lower_row = figure.axes
    (markers,) = [line for line in upper_row.lines if line.get_marker() == "o"]
    np.testing.assert_array_equal(markers.get_ydata(), [0.9, 0.85])
    (bars,) = [item for item in upper_row.collections if isinstance(item, LineCollection)]
    one, other = bars.get_segments()
    np.testing.assert_array_equal(one, [[0.5, 0.91], [0.5, 0.97]])
    assert len(other) == 0
    assert points_drawn(lower_row) == {}


def test_a_route_that_gives_no_value_is_a_cross_on_the_axis():
    common = {"route": "quadrature", "power": "reference", "red_coupling_hz": 1.4e5}
    results = tuple(
        route_result(
            {
                **common,
                "operating_point": f"point-{index}",
                "ratio": ratio,
                "validity": validity,
                "quantities": {"duan": {"value": None, "uncertainty": None}},
            }
        )
        for index, (ratio, validity) in enumerate(
            [(0.3, "not valid here: lines not resolved"), (0.5, "valid")]
        )
    )
    curve = invented_curve(1.4e5)
    data = [fig4_numbers.PowerData("reference", 1.4e5, curve, curve, results)]
    frame = fig4_numbers.plotted(data, None)
    rows = frame[frame["series"] == "quadrature_no_value"]
    assert list(rows["panel"]) == ["a"]
    assert list(rows["x"]) == [0.3]
    assert rows["y"].isna().all()
    figure = fig4.draw(data, None, ORIGIN)
    assert overlapping_text(figure) == []
    (cross,) = [line for line in figure.axes[0].lines if line.get_marker() == "x"]
    assert list(cross.get_xdata()) == [0.3]
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert "cross: no value there" in labels


def judged(data):
    """The same data with verdicts: entangled below D = 0.9, else not shown, one contradiction."""
    verdicts = {}
    for result in data.results:
        if result.route == "model_based":
            word = ENTANGLED if result.quantities["duan"].value < 0.9 else NOT_SHOWN
            if result.ratio == 0.7:
                word = CONTRADICTION
            point = result.operating_point
            verdicts[result.ratio] = Verdict(point, word, (), (), 0.97, 2.0, {}, {})
    return dataclasses.replace(data, verdicts=verdicts)


@pytest.mark.parametrize("powers", [("reference", "strong"), ("reference",)])
def test_verdicts_stand_above_their_points(powers):
    data = [judged(one) for one in invented_powers(powers=powers)]
    figure = fig4.draw(data, RECALLED, ORIGIN)
    assert overlapping_text(figure) == []
    frame = fig4_numbers.plotted(data, RECALLED)
    for axes, one, panel in zip(figure.axes, data, "ab", strict=False):
        rows = frame[(frame["panel"] == panel) & frame["series"].str.startswith("verdict ")]
        assert sorted(rows["x"]) == sorted(one.verdicts)
        for series, points in rows.groupby("series"):
            name = fig4_numbers.VERDICTS[series.removeprefix("verdict ")]
            (marks,) = [
                line for line in axes.lines if line.get_marker() == style.LOOKS[name].marker
            ]
            np.testing.assert_array_equal(marks.get_xdata(), points["x"])
            # Nothing of the panel is up there.
            assert np.all(marks.get_window_extent().y0 > axes.get_window_extent().y1)
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert {"verdict: entangled", "verdict: contradiction"} <= set(labels)


def test_no_bar_crosses_the_words_for_a_region():
    for powers in (("reference", "strong"), ("reference",)):
        figure = fig4.draw(invented_powers(powers=powers), RECALLED, ORIGIN)
        overlapping_text(figure)  # draws it
        for axes in figure.axes[: 2 * len(powers)]:
            bars = [item for item in axes.collections if isinstance(item, LineCollection)]
            for text in axes.texts[:2]:
                box = text.get_window_extent()
                for bar in bars:
                    for segment in bar.get_segments():
                        x, y = bar.get_transform().transform(segment).T
                        assert not (
                            box.x0 <= x[0] <= box.x1 and y.min() <= box.y1 and y.max() >= box.y0
                        ), text.get_text()


def test_caption_numbers():
    data = [judged(one) for one in invented_powers()]
    quoted = fig4_numbers.quoted(data)
    assert quoted["points"] == "11"
    assert "data contradict the model at 2" in quoted["verdicts"]
    own = [one for power in data for one in power.results if one.route == "model_based"]
    least = min(own, key=lambda one: one.quantities["duan"].value)
    assert quoted["least"].startswith(f"{least.quantities['duan'].value:.3f} ± ")
    assert quoted["least_at"].endswith(f"x = {least.ratio:g}")
    assert fig4_numbers.quoted(invented_powers(routes=()))["verdicts"] == "none"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([0.1, 0.2], [1.0], [1.0, 1.0], [1.0, 1.0]), "value has 1 points and ratio has 2"),
        (([0.2, 0.1], [1.0, 1.0], [1.0, 1.0], [1.0, 1.0]), "ratio is not ascending"),
        (([[0.1]], [[1.0]], [[1.0]], [[1.0]]), r"ratio has shape \(1, 1\)"),
    ],
)
def test_malformed_theory_is_refused(arguments, message):
    with pytest.raises(FileFormatError, match=message):
        fig4_numbers.TheoryCurve(*arguments)


def test_nothing_to_draw_is_refused():
    with pytest.raises(FileFormatError, match="no power to draw"):
        fig4.draw([], None, ORIGIN)
    empty = fig4_numbers.TheoryCurve([0.1], [np.nan], [np.nan], [np.nan])
    with pytest.raises(FileFormatError, match="theory of duan has no steady state"):
        fig4.draw([fig4_numbers.PowerData("reference", 1.4e5, empty, empty, ())], None, ORIGIN)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_the_table_redraws_the_figure(case):
    data = invented_powers(*case)
    # The recalled value has axes of its own, the last: it has no x.
    panels = fig4.draw(data, RECALLED, ORIGIN).axes[:-1]
    assert len(panels) == 2 * len(data)
    assert not_in_table(panels, fig4_numbers.plotted(data, RECALLED)) == []
