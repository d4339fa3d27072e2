"""Two experiments side by side: numbers by hand, a picture in which nothing overlaps, messages."""

import math

import pandas
import pytest

from entangled_drums import jsonfile
from entangled_drums.cli import main
from entangled_drums.figures import side_by_side as figure
from entangled_drums.figures.layout import overlapping_text
from entangled_drums.figures.output import COLUMNS
from entangled_drums.inference.route_result import ROUTES
from entangled_drums.inference.side_by_side import outcome, pairs

RATIOS = (0.3, 0.45, 0.55, 0.62, 0.7, 0.78)


def content(route, point, ratio, duan, sigma, coupling_hz=1.4e5, validity="valid"):
    quantities = {"duan": {"value": duan, "uncertainty": sigma}}
    if route in ("direct", "model_based"):
        quantities["two_nu"] = {"value": duan - 0.01, "uncertainty": sigma}
    return {
        "route": route,
        "operating_point": point,
        "power": point.split("-")[0],
        "red_coupling_hz": coupling_hz,
        "ratio": ratio,
        "validity": validity,
        "quantities": quantities,
    }


def verdict(points):
    return {
        "summary": f"verdict: entangled at {len(points)} of {len(points)} operating points",
        "points": [
            {
                "operating_point": point,
                "verdict": "entangled",
                "reasons": [],
                "remarks": [],
                "probability_entangled": 0.99,
                "distance_in_sigma": 3.0,
                "agreement_in_sigma": {},
                "doubled_priors": {},
            }
            for point in points
        ],
    }


def experiment(folder, shift=0.0, ratios=RATIOS, **options):
    """Write a results folder as far as it matters here."""
    points = [f"reference-x{round(1000 * ratio)}" for ratio in ratios]
    for point, ratio in zip(points, ratios, strict=True):
        for place, route in enumerate(ROUTES):
            path = folder / "inference" / point / f"{route}.json"
            path.parent.mkdir(parents=True, exist_ok=True)
            duan = 0.8 + 0.3 * ratio + 0.05 * place + shift
            jsonfile.write(path, content(route, point, ratio, duan, 0.03, **options))
            # Other files stand beside results, and are none.
            jsonfile.write(path.with_name("error_budget.json"), {"items": []})
            jsonfile.write(path.with_name(f"{route}.record.json"), {"rule": "infer"})
    jsonfile.write(folder / "inference" / "verdict.json", verdict(points))
    return folder


def read(name, *contents):
    return outcome(name, verdict(["p-x1"]), contents)


def test_difference_is_over_both_errors():
    one = read("one", content("direct", "p-x1", 0.5, 0.90, 0.03))
    other = read("other", content("direct", "p-x1", 0.5, 1.00, 0.04))
    (pair,) = pairs(one, other)
    assert pair.difference_in_sigma("duan") == pytest.approx(2.0)
    (turned,) = pairs(other, one)
    assert turned.difference_in_sigma("duan") == pytest.approx(-2.0)
    (itself,) = pairs(one, one)
    assert itself.difference_in_sigma("two_nu") == 0.0


def test_what_only_one_of_them_has_is_shown_without_a_difference():
    one = read("one", content("direct", "p-x1", 0.5, 0.9, 0.03))
    other = read("other", content("quadrature", "p-x1", 0.5, 0.9, 0.03))
    first, second = pairs(one, other)
    assert (first.route, second.route) == ("quadrature", "direct")
    assert first.first is None and second.second is None
    assert math.isnan(first.difference_in_sigma("duan"))


def test_table_and_picture_are_written_and_agree(tmp_path, capsys):
    one = experiment(tmp_path / "one")
    other = experiment(tmp_path / "other", shift=0.06, ratios=RATIOS[1:])
    assert main(["compare", str(one), str(other), "--write", str(tmp_path / "out")]) == 0
    printed = capsys.readouterr().out
    assert "A: one; verdict: entangled at 6 of 6 operating points" in printed
    assert "B: other; verdict: entangled at 5 of 5 operating points" in printed
    assert printed.count("not as it was audited") == 2
    names = {f"side-by-side.{kind}" for kind in ("csv", "md", "pdf", "png")}
    assert {path.name for path in (tmp_path / "out").iterdir()} == names
    table = pandas.read_csv(tmp_path / "out" / "side-by-side.csv")
    assert len(table) == 6 * len(ROUTES)
    both = table[table["operating_point"] != "reference-x300"]
    expected = 0.06 / math.hypot(0.03, 0.03)
    assert both["duan_difference_in_sigma"].to_numpy() == pytest.approx(expected)
    assert table["verdict_a"].notna().sum() == 6
    assert table["verdict_b"].notna().sum() == 5
    markdown = (tmp_path / "out" / "side-by-side.md").read_text(encoding="utf-8")
    assert markdown.count("+1.4") == 5 * (len(ROUTES) + 2)
    before = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    assert main(["compare", str(one), str(other), "--write", str(tmp_path / "out")]) == 0
    assert {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()} == before


def test_without_a_folder_nothing_is_written(tmp_path, capsys):
    one = experiment(tmp_path / "one", ratios=(0.62,))
    assert main(["compare", str(one), str(one)]) == 0
    assert "(B − A)/σ" in capsys.readouterr().out
    assert [path.name for path in tmp_path.iterdir()] == ["one"]


def test_points_of_one_name_that_are_driven_differently_are_pointed_out(tmp_path, capsys):
    one = experiment(tmp_path / "one")
    other = experiment(tmp_path / "other", coupling_hz=2.0e5)
    assert main(["compare", str(one), str(other)]) == 0
    assert "reference: G⁻/2π is 140 kHz (A) and 200 kHz (B)" in capsys.readouterr().out


def test_two_runs_of_one_experiment_are_told_apart_and_not_taken_as_independent(tmp_path, capsys):
    one = experiment(tmp_path / "here" / "toy", ratios=(0.62,))
    other = experiment(tmp_path / "there" / "toy", ratios=(0.62,))
    assert main(["compare", str(one), str(other)]) == 0
    printed = capsys.readouterr().out
    assert f"A: {one}; " in printed
    assert "Both are runs of toy: simulated recordings of one name share their random" in printed


def test_routes_that_are_not_valid_stay_out_of_the_picture():
    one = read("one", content("direct", "p-x1", 0.5, 0.9, 0.03, validity="too little drive"))
    other = read("other", content("direct", "p-x1", 0.5, 0.9, 0.03))
    frame = figure.plotted(pairs(one, other))
    assert tuple(frame.columns) == COLUMNS
    assert list(frame["series"]) == ["direct B", "direct B"]


@pytest.mark.parametrize("number", [1, 6], ids=["one point", "six points"])
def test_no_text_overlaps(tmp_path, number):
    from entangled_drums.commands.compare import read_outcome

    one = read_outcome(experiment(tmp_path / "aalto-2018", ratios=RATIOS[:number]))
    other = read_outcome(experiment(tmp_path / "a-much-longer-name-of-an-experiment", shift=0.2))
    drawn = figure.draw(one, other, pairs(one, other))
    assert overlapping_text(drawn) == []


def test_messages(tmp_path, capsys):
    good = experiment(tmp_path / "good", ratios=(0.62,))
    empty = tmp_path / "empty"
    empty.mkdir()
    broken = experiment(tmp_path / "broken", ratios=(0.62,))
    (broken / "inference" / "reference-x620" / "direct.json").write_text('{"route": "guess"}\n')
    file = tmp_path / "file"
    file.write_text("")
    for arguments, message in (
        ((good, tmp_path / "none"), "none: no such folder; give results/<experiment>"),
        ((empty, good), "empty: holds no verdict (inference/verdict.json); give results/"),
        ((good, broken), "broken: route result: route is 'guess'; it must be one of"),
        ((good, good, "--write", file), "file: cannot be written (File exists); give another"),
    ):
        assert main(["compare", *map(str, arguments)]) == 1
        told = capsys.readouterr().err
        assert message in told
        assert told.count("\n") == 1
