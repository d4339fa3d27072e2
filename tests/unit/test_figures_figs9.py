"""Figure S9 from draws whose distribution is known."""

import numpy as np
import pytest
from scipy.stats import norm
from tests.unit.redrawn import not_in_table

from entangled_drums.errors import FileFormatError
from entangled_drums.figures import figs9
from entangled_drums.figures.layout import overlapping_text
from entangled_drums.figures.output import COLUMNS

ORIGIN = "Assumed device; simulated laboratory."
CENTRES = {
    "drum_1.thermal_occupation": (41.0, 2.0),
    "receiver.gain": (1.0, 0.03),
    "bath.external_occupation": (0.01, 0.02),
    "duan": (0.84, 0.03),
}
TRUTH = {name: centre for name, (centre, _) in CENTRES.items()}


def draws(scale, count, seed):
    generator = np.random.default_rng(seed)
    return {
        name: np.abs(centre + scale * sigma * generator.standard_normal(count))
        for name, (centre, sigma) in CENTRES.items()
    }


def corner(truth=TRUTH):
    return figs9.CornerData(draws(0.5, 900, 1), draws(1.0, 900, 2), truth, "reference-x620")


@pytest.fixture(scope="module")
def data():
    return corner()


@pytest.fixture(scope="module")
def frame(data):
    return figs9.plotted(data)


def test_no_text_overlaps(data):
    figure = figs9.draw(data, ORIGIN)
    assert overlapping_text(figure) == []
    assert figure.get_size_inches()[0] * 25.4 == pytest.approx(183.0)
    assert len(figure.axes) == 10
    assert any(text.get_text().startswith(ORIGIN) for text in figure.texts)


@pytest.mark.parametrize(("centre", "sigma"), [(1.0, 0.1), (132.6, 0.03)])
def test_full_set_does_not_overlap(centre, sigma):
    many = {
        side: {
            name: centre + sigma * np.random.default_rng(at).standard_normal(60)
            for at, name in enumerate(figs9.SHOWN)
        }
        for side in ("posterior", "prior")
    }
    figure = figs9.draw(
        figs9.CornerData(many["posterior"], many["prior"], None, "reference-x620"), ORIGIN
    )
    assert len(figure.axes) == len(figs9.SHOWN) * (len(figs9.SHOWN) + 1) // 2
    assert overlapping_text(figure) == []


def test_density_is_the_one_drawn_from(frame):
    """The kernel widens a normal density by (1 + h^2); 900 draws scatter by a few percent."""
    name = "drum_1.thermal_occupation"
    centre, sigma = CENTRES[name]
    for side, scale, count in (("posterior", 0.5, 900), ("prior", 1.0, 900)):
        rows = frame[(frame["panel"] == f"{name} alone") & (frame["series"] == side)]
        wide = scale * sigma * np.sqrt(1.0 + (1.2 * count**-0.2) ** 2)
        expected = norm.pdf(rows["x"], centre, wide)
        top = norm.pdf(0.0, 0.0, 0.5 * sigma * np.sqrt(1.0 + (1.2 * 900**-0.2) ** 2))
        assert rows["y"].to_numpy() == pytest.approx(expected / top, abs=0.1)


def test_contours_hold_what_they_say(data, frame):
    """Share of fresh draws inside: binomial of 4000, and what the kernel adds (below 0.06)."""
    from matplotlib.path import Path

    panel = "receiver.gain against drum_1.thermal_occupation"
    fresh = draws(0.5, 4000, 3)
    points = np.column_stack([fresh["drum_1.thermal_occupation"], fresh["receiver.gain"]])
    for mass in figs9.MASSES:
        series = f"posterior {mass * 100:.0f} % (1)"
        line = frame[(frame["panel"] == panel) & (frame["series"] == series)]
        inside = Path(line[["x", "y"]].to_numpy()).contains_points(points).mean()
        assert mass - 0.03 < inside < mass + 0.06


def test_density_does_not_leak_below_zero(frame):
    name = "bath.external_occupation"
    rows = frame[(frame["panel"] == f"{name} alone") & (frame["series"] == "posterior")]
    assert rows["x"].min() == 0.0
    # Draws are |N(0.01, 0.01)|: a kernel without reflection would lose half of it at zero.
    expected = norm.pdf(rows["x"], 0.01, 0.01) + norm.pdf(rows["x"], -0.01, 0.01)
    assert rows["y"].iloc[0] == pytest.approx(expected[0] / expected.max(), abs=0.15)


def test_truth_is_marked_only_where_it_is_known(data, frame):
    assert tuple(frame.columns) == COLUMNS
    marked = frame[frame["series"] == "truth"]
    assert marked["panel"].nunique() == 10
    unknown = corner(None)
    assert "truth" not in set(figs9.plotted(unknown)["series"])
    assert "duan_truth" not in figs9.quoted(unknown)
    assert figs9.quoted(data)["duan_truth"] == "0.840"


def test_caption_numbers(data):
    quoted = figs9.quoted(data)
    posterior = data.posterior["duan"]
    assert quoted["duan_posterior"] == f"{posterior.mean():.3f} ± {posterior.std():.3f}"
    exact = {
        name: values
        for name, values in data.posterior.items()
        if name != "bath.external_occupation"
    }
    fixed = figs9.CornerData(exact, data.prior, None, "reference-x620")
    assert "exact" in figs9.quoted(fixed)["correlation"]


def test_no_draws_is_an_error(data):
    empty = {name: np.empty(0) for name in CENTRES}
    with pytest.raises(FileFormatError, match="no posterior at reference-x620"):
        figs9.plotted(figs9.CornerData(empty, data.prior, None, "reference-x620"))


def test_the_table_redraws_the_figure(data, frame):
    assert not_in_table(figs9.draw(data, ORIGIN).axes, frame) == []
