"""The palette can be told apart by every reader, and pyplot is never loaded."""

import subprocess
import sys
from itertools import combinations
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from matplotlib.colors import to_rgb

from entangled_drums.figures import style
from entangled_drums.inference.route_result import ROUTES

SOURCE = Path(__file__).parents[2] / "src"
MODULES = (
    "figures.style",
    "figures.output",
    "figures.layout",
    "figures.fig1",
    "figures.fig2",
    "figures.fig3",
    "figures.fig4",
    "figures.figs1",
    "figures.figs2",
    "figures.figs3",
    "figures.figs4",
    "figures.figs5",
    "figures.figs6",
    "figures.figs7",
    "figures.figs8",
    "figures.figs9",
    "tables.output",
    "tables.table_s1",
    "tables.table_s2",
)

# Machado, Oliveira and Fernandes, IEEE Trans. Vis. Comput. Graph. 15, 1291 (2009), severity 1.0.
DEFICIENCY = {
    "none": np.eye(3),
    "protan": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deutan": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "tritan": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
}
# Linear sRGB to CIE XYZ (D65), IEC 61966-2-1.
XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)
DRAWN_TOGETHER = [
    ("drum_1", "drum_2"),
    ("squeezed", "intermediate", "antisqueezed"),
    (*ROUTES, "theory"),
    ("theory", "all_terms"),
    ("line_1", "line_2", "squeezed", "antisqueezed"),
    ("prior", "model_based", "truth"),
]


def seen_as(colour, deficiency):
    """Return the CIE Lab coordinates of a colour as a reader with the deficiency sees it."""
    encoded = np.array(to_rgb(colour))
    linear = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    linear = np.clip(DEFICIENCY[deficiency] @ linear, 0.0, 1.0)
    ratio = (XYZ @ linear) / (XYZ @ np.ones(3))
    f = np.where(ratio > (6 / 29) ** 3, np.cbrt(ratio), ratio / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("deficiency", DEFICIENCY)
@pytest.mark.parametrize("names", DRAWN_TOGETHER, ids=lambda names: "+".join(names))
def test_colours_drawn_together_differ_for_every_reader(names, deficiency):
    for first, second in combinations(names, 2):
        one = seen_as(style.LOOKS[first].colour, deficiency)
        other = seen_as(style.LOOKS[second].colour, deficiency)
        # A difference of 10 is plain at a glance for patches; markers differ in shape besides.
        assert np.linalg.norm(one - other) > 10.0, (first, second)


def test_every_thing_drawn_as_points_has_its_own_marker_and_colour():
    points = [look for look in style.LOOKS.values() if look.marker]
    assert len({look.marker for look in points}) == len(points)
    assert len({look.colour for look in points}) == len(points)


def test_every_route_has_a_look():
    assert set(ROUTES) <= set(style.LOOKS)


def test_context_restores_settings():
    before = dict(matplotlib.rcParams)
    with style.context():
        assert matplotlib.rcParams["pdf.fonttype"] == 42
        assert matplotlib.rcParams["font.size"] == 7.0
    assert dict(matplotlib.rcParams) == before


def test_pyplot_is_never_loaded():
    imports = "; ".join(f"import entangled_drums.{name}" for name in MODULES)
    code = f"import sys; {imports}; sys.exit('matplotlib.pyplot' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": str(SOURCE)}, check=True)


def test_tables_do_without_matplotlib():
    code = "import sys, entangled_drums.tables.table_s2; sys.exit('matplotlib' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": str(SOURCE)}, check=True)
