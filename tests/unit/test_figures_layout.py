"""Every figure is asked for overlapping text, by a test of its own."""

import ast
from pathlib import Path

import pytest

from entangled_drums.exhibits import FIGURES, exhibits
from entangled_drums.figures import style
from entangled_drums.figures.layout import OUTSIDE, overlapping_text

ROOT = Path(__file__).parents[2]
MODULES = exhibits(
    (f"{FIGURES}/{path.name}" for path in (ROOT / "src/entangled_drums/figures").glob("*.py")),
    FIGURES,
)


@pytest.mark.parametrize("name", MODULES)
def test_every_figure_has_a_test_of_its_layout(name):
    path = ROOT / "tests" / "unit" / f"test_figures_{name}.py"
    assert path.is_file(), f"write {path.name}, and let it ask layout.overlapping_text"
    asserted = [
        node.test.left.func.id
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Assert)
        and isinstance(node.test, ast.Compare)
        and isinstance(node.test.left, ast.Call)
        and isinstance(node.test.left.func, ast.Name)
    ]
    assert "overlapping_text" in asserted, f"{path.name}: assert overlapping_text(figure) == []"


def test_every_module_of_a_figure_has_its_rule():
    rules = (ROOT / "workflow" / "rules" / "figures.smk").read_text(encoding="utf-8")
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
