"""Figure S7 from small maps of the assumed device, and from maps with regions without a state."""

import numpy as np
import pandas
import pytest
from tests.unit.figure_samples import DEVICE, DRIVE, ORIGIN, POINTS, POWERS
from tests.unit.redrawn import not_in_table

from entangled_drums.errors import FileFormatError
from entangled_drums.figures import figs7, figs7_numbers, output
from entangled_drums.figures.layout import overlapping_text
from entangled_drums.figures.names import MAP_SWEEPS
from entangled_drums.sweeps.solving import solve_sweep

AXES = {
    "map-cooperativity": {
        "drive.ratio": {"start": 0.02, "stop": 0.98, "count": 41},
        "drive.red_coupling_hz": {
            "start": 2.0e4,
            "stop": 4.0e5,
            "count": 31,
            "spacing": "logarithmic",
        },
    },
    "map-detuning-asymmetry": {
        "drive.frame_offset_hz": {"start": -6000.0, "stop": 6000.0, "count": 41},
        "drums.coupling_ratio": {
            "start": 0.6,
            "stop": 5 / 3,
            "count": 31,
            "spacing": "logarithmic",
        },
    },
    "map-occupations": {
        "bath.internal_occupation": {"start": 0.0, "stop": 6.0, "count": 41},
        "drums.thermal_occupation": {
            "start": 1.0,
            "stop": 200.0,
            "count": 31,
            "spacing": "logarithmic",
        },
    },
}


@pytest.fixture(scope="module")
def sweeps():
    return {
        name: solve_sweep(
            DEVICE,
            {key: value for key, value in DRIVE.items() if f"drive.{key}" not in axes},
            axes,
        )
        for name, axes in AXES.items()
    }


def maps_of(sweeps):
    return figs7_numbers.maps_of(sweeps, dict.fromkeys(sweeps, DRIVE), DEVICE, POWERS, POINTS)


@pytest.fixture(scope="module")
def maps(sweeps):
    return list(maps_of(sweeps).values())


def test_all_declared_maps_are_drawn_in_order(sweeps):
    assert list(maps_of(sweeps)) == list(MAP_SWEEPS)
    assert list(maps_of({"map-occupations": sweeps["map-occupations"]})) == ["map-occupations"]


@pytest.mark.parametrize("which", [(0, 1, 2), (1, 2), (0,), (2,)], ids=str)
def test_no_text_overlaps(maps, which):
    shown = [maps[i] for i in which]
    figure = figs7.draw(shown, ORIGIN)
    assert overlapping_text(figure) == []
    assert figure.get_size_inches()[0] * 25.4 == pytest.approx(89.0 if len(which) == 1 else 183.0)


def test_contour_lies_where_the_duan_sum_is_one(maps):
    frame = figs7_numbers.plotted(maps)
    for panel, one in zip("abc", maps, strict=True):
        lines = frame[(frame["panel"] == panel) & frame["series"].str.startswith("contour")]
        assert len(lines) > 10
        for row in lines.itertuples():
            assert figs7_numbers.duan_at(one, row.x, row.y) == pytest.approx(1.0, abs=0.02)


def test_optimum_is_the_least_duan_sum(maps):
    """Against a grid so fine that no parabola is needed."""
    frame = figs7_numbers.plotted(maps)
    rows = frame[(frame["panel"] == "a") & (frame["series"] == "optimum")]
    row = rows.iloc[(rows["y"] - maps[0].y.values[20]).abs().argmin()]
    coupling = np.geomspace(2.0e4, 4.0e5, 31)[20]
    fine = solve_sweep(
        DEVICE,
        {
            **{key: DRIVE[key] for key in ("cavity_detuning_hz", "frame_offset_hz")},
            "red_coupling_hz": coupling,
        },
        {"drive.ratio": {"start": 0.02, "stop": 0.98, "count": 9601}},
    )
    lowest = int(fine["duan"].values.argmin())
    assert row["z"] == pytest.approx(float(fine["duan"][lowest]), abs=1e-4)
    assert row["x"] == pytest.approx(float(fine["drive.ratio"][lowest]), abs=2e-3)
    assert "optimum" not in set(frame[frame["panel"] == "c"]["series"])


def test_operating_points_stand_at_their_ratio_and_power(maps):
    frame = figs7_numbers.plotted(maps)
    rows = frame[(frame["panel"] == "a") & (frame["series"] == "operating_point")]
    assert sorted(rows["x"]) == sorted(x for ratios in POINTS.values() for x in ratios)
    row = rows[(rows["x"] == 0.62)].iloc[0]
    exact = solve_sweep(
        DEVICE, DRIVE, {"cavity.frequency_hz": {"start": 5.5e9, "stop": 5.6e9, "count": 2}}
    )
    assert row["z"] == pytest.approx(float(exact["duan"][0]), abs=5e-3)
    assert row["y"] == pytest.approx(float(exact["cooperativity_over_occupation"][0]), rel=1e-3)
    device = frame[(frame["panel"] == "c") & (frame["series"] == "operating_point")]
    assert list(device["y"]) == pytest.approx([30.0, np.sqrt(30.0 * 41.0), 41.0])


def test_points_outside_a_map_are_not_drawn(sweeps):
    powers = {**POWERS, "strong": {"red_coupling_hz": 9.0e5}}
    found = figs7_numbers.cooperativity_map(sweeps["map-cooperativity"], powers, POINTS)
    assert len(found.points) == len(POINTS["reference"])


def with_unstable_corner(one):
    duan = one.duan.copy()
    duan[25:, 15:] = np.nan
    return figs7_numbers.Map(one.title, one.x, one.y, duan, one.has_optimum, one.points)


def test_regions_without_a_steady_state_are_hatched_and_named(maps):
    figure = figs7.draw([with_unstable_corner(maps[0]), *maps[1:]], ORIGIN)
    assert overlapping_text(figure) == []
    assert figure.axes[0].patch.get_hatch()
    mesh = figure.axes[0].collections[0].get_array()
    assert np.ma.getmaskarray(mesh).sum() == 16 * 16
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert "no steady state" in labels
    stable = figs7.draw(maps, ORIGIN)
    assert not stable.axes[0].patch.get_hatch()
    assert "no steady state" not in [text.get_text() for text in stable.legends[0].get_texts()]


def test_one_scale_centred_on_the_border(maps):
    figure = figs7.draw(maps, ORIGIN)
    norms = {
        (mesh.norm.vmin, mesh.norm.vmax)
        for axes in figure.axes[:4]
        for mesh in axes.collections
        if mesh.get_array() is not None and mesh.get_array().size > 1000
    }
    assert len(norms) == 1
    low, high = norms.pop()
    assert low * high == pytest.approx(1.0)


def test_fine_maps_are_thinned_in_the_table_and_their_curves_are_not(maps):
    x, y = np.linspace(0.0, 2.0, 301), np.linspace(1.0, 3.0, 301)
    duan = np.add.outer(x, y) / 2.0
    fine = figs7_numbers.Map(
        "", figs7_numbers.Axis("x", "1", x), figs7_numbers.Axis("y", "1", y), duan, False, ()
    )
    frame = figs7_numbers.plotted([fine])
    shown = frame[frame["series"] == "map"]
    assert 0.7 * figs7_numbers.MOST_MAP_ROWS < len(shown) <= figs7_numbers.MOST_MAP_ROWS
    np.testing.assert_array_equal(np.unique(shown["x"]), x[::3])
    np.testing.assert_allclose(shown["z"], (shown["x"] + shown["y"]) / 2.0)
    assert len(frame[frame["series"] == "contour 1"]) > 100
    assert tuple(frame.columns) == output.MAP_COLUMNS


def test_files_are_the_same_twice_and_redraw_the_curves(maps, tmp_path):
    contents = []
    for name in ("first", "second"):
        folder = tmp_path / name
        folder.mkdir()
        paths = {kind: folder / kind for kind in (*output.FORMATS, output.QUOTED)}
        output.write_figure(
            figs7.draw(maps, ORIGIN), paths, figs7_numbers.plotted(maps), "00", {"least": "0.5"}
        )
        contents.append({kind: path.read_bytes() for kind, path in paths.items()})
    assert contents[0] == contents[1]
    again = pandas.read_csv(tmp_path / "first" / "csv", dtype={"unit": str})
    drawn = figs7.draw(maps, ORIGIN).axes[0].lines
    contour = again[(again["panel"] == "a") & (again["series"] == "contour 1")]
    np.testing.assert_allclose(drawn[0].get_xydata(), contour[["x", "y"]], rtol=1e-8)


def test_wrong_axes_and_nothing_to_draw_are_refused(sweeps):
    with pytest.raises(FileFormatError, match=r"its axes must be drive\.ratio and"):
        figs7_numbers.cooperativity_map(sweeps["map-occupations"], POWERS, POINTS)
    with pytest.raises(FileFormatError, match="no map to draw"):
        figs7_numbers.plotted([])


def test_the_table_redraws_the_figure(maps):
    assert not_in_table(figs7.draw(maps, ORIGIN).axes, figs7_numbers.plotted(maps)) == []
