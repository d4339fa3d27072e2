"""Every figure has tests of its own that ask for overlapping text and redraw it from its table."""

import ast
from pathlib import Path

import pytest
from tests.unit.redrawn import not_in_table

from entangled_drums.exhibits import FIGURES, exhibits
from entangled_drums.figures import marks, style
from entangled_drums.figures.layout import OUTSIDE, overlapping_text

ROOT = Path(__file__).parents[2]
MODULES = exhibits(
    (f"{FIGURES}/{path.name}" for path in (ROOT / "src/entangled_drums/figures").glob("*.py")),
    FIGURES,
)


def asserts(function, tree):
    """Tell whether a test compares what a function finds, as all of them do with []."""
    return any(
        isinstance(node, ast.Assert)
        and isinstance(node.test, ast.Compare)
        and isinstance(node.test.left, ast.Call)
        and isinstance(node.test.left.func, ast.Name)
        and node.test.left.func.id == function
        for node in ast.walk(tree)
    )


def imported_figures(tree):
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "entangled_drums.figures":
            names |= {alias.name for alias in node.names}
    return names


CHECKED = {
    (name, function)
    for path in sorted((ROOT / "tests" / "unit").glob("test_figures_*.py"))
    for function in ("overlapping_text", "not_in_table")
    if asserts(function, tree := ast.parse(path.read_text(encoding="utf-8")))
    for name in imported_figures(tree)
}


@pytest.mark.parametrize("name", MODULES)
def test_every_figure_has_a_test_of_its_layout(name):
    assert (name, "overlapping_text") in CHECKED, (
        f"write test_figures_{name}.py: assert overlapping_text(figure) == []"
    )


@pytest.mark.parametrize("name", MODULES)
def test_every_figure_has_a_test_that_redraws_it(name):
    assert (name, "not_in_table") in CHECKED, (
        f"write test_figures_{name}.py: assert not_in_table(figure.axes, frame) == []"
    )


def test_what_the_table_lacks_is_found():
    frame = marks.rows("a", "points", [1.0, 2.0], [3.0, 4.0], [2.5, 3.5], [3.5, 4.5])
    with style.context():
        axes = style.new_figure(89.0, 40.0).add_axes((0.2, 0.2, 0.7, 0.7))
        marks.points(axes, frame, style.LOOKS["direct"])
        marks.curve(axes, frame)
        axes.axhline(1.0)
        assert not_in_table([axes], frame) == []
        for change in ({"y": 3.001}, {"lower": 2.4}, {"x": 1.1}):
            changed = frame.assign(**{name: [new, frame[name][1]] for name, new in change.items()})
            assert not_in_table([axes], changed) != [], change


def test_every_module_of_a_figure_has_its_rule():
    files = (ROOT / "workflow" / "rules").glob("figures*.smk")
    rules = "".join(path.read_text(encoding="utf-8") for path in files)
    assert len(MODULES) >= 5
    for name in MODULES:
        assert f"\nrule draw_{name}:" in rules


def test_what_overlaps_or_leaves_the_paper_is_found():
    with style.context():
        figure = style.new_figure(89.0, 40.0)
        figure.text(0.5, 0.5, "one")
        figure.text(0.51, 0.5, "other")
        figure.text(0.99, 0.1, "far out")
        figure.text(0.1, 0.9, "alone")
    assert sorted(overlapping_text(figure)) == [("far out", OUTSIDE), ("one", "other")]


def test_turned_texts_overlap_if_they_meet_and_not_if_only_their_upright_boxes_do():
    with style.context():
        figure = style.new_figure(89.0, 60.0)
        for left, name in ((0.2, "0.025"), (0.28, "0.050"), (0.7, "one"), (0.71, "other")):
            figure.text(left, 0.5, name, rotation=45.0)
    assert overlapping_text(figure) == [("one", "other")]
