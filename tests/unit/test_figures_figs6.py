"""Figure S6 from the solved disturbance, and that it follows from the theory's own numbers."""

import numpy as np
import pytest
from tests.unit.figure_samples import DEVICE, DRIVE, ORIGIN, WORKED_EXAMPLE
from tests.unit.redrawn import not_in_table

from entangled_drums import probe_disturbance
from entangled_drums.errors import UnstableDriveError
from entangled_drums.figures import figs6, style
from entangled_drums.figures.layout import overlapping_text
from entangled_drums.figures.output import COLUMNS

PROBE = {"probe_offset_hz": 1.5e5, "probe_coupling_hz": 1.0e4}


@pytest.fixture(scope="module")
def worked():
    return probe_disturbance.solve(WORKED_EXAMPLE, DRIVE, **PROBE)


@pytest.fixture(scope="module")
def found():
    dataset = probe_disturbance.solve(DEVICE, DRIVE, **PROBE)
    return figs6.Disturbance(dataset, 1.0e4, DRIVE["red_coupling_hz"], DRIVE["ratio"])


def test_worked_example(worked):
    """Two independent programs gave these values."""
    strength = worked["duan_of_strength"]
    assert float(worked["duan_undisturbed"]) == pytest.approx(0.8442303, abs=5e-8)
    for quadrature, coupling_hz, duan in (
        ("squeezed", 1.5e4, 0.8443),
        ("squeezed", 2.0e4, 0.8444),
        ("antisqueezed", 1.5e4, 0.9666),
        ("antisqueezed", 2.0e4, 1.0633),
    ):
        value = strength.sel(quadrature=quadrature, probe_coupling_hz=coupling_hz)
        assert float(value) == pytest.approx(duan, abs=5e-5)


def test_cuts_agree_where_they_cross(worked):
    phase, strength, balance = (
        worked[f"duan_of_{name}"] for name in ("phase", "strength", "imbalance")
    )
    middle = len(worked["imbalance"]) // 2
    for index, quadrature in enumerate(probe_disturbance.QUADRATURES):
        expected = float(strength.sel(quadrature=quadrature, probe_coupling_hz=1.0e4))
        at = phase.sel(shown_coupling_hz=1.0e4).isel(phase_rad=18 * index)
        assert float(at) == pytest.approx(expected, rel=1e-12)
        assert float(balance.sel(quadrature=quadrature)[middle]) == pytest.approx(
            expected, rel=1e-12
        )
    assert strength.sel(probe_coupling_hz=0.0).values == pytest.approx(
        float(worked["duan_undisturbed"]), rel=1e-11
    )


def test_phases_count_from_the_squeezed_one_whatever_the_detuning():
    """A detuned frame turns the phase of the correlation; the quiet phase turns along."""
    detuned = {**DRIVE, "frame_offset_hz": 1500.0}
    dataset = probe_disturbance.solve(DEVICE, detuned, **PROBE)
    rise = dataset["duan_of_strength"].isel(probe_coupling_hz=10) - dataset["duan_undisturbed"]
    quiet, _, loud = rise.values
    assert abs(quiet) < 0.1 * loud


def test_unstable_drive_is_refused():
    with pytest.raises(UnstableDriveError):
        probe_disturbance.solve(DEVICE, {**DRIVE, "ratio": 1.3}, **PROBE)


def test_no_text_overlaps(found):
    figure = figs6.draw(found, ORIGIN)
    assert overlapping_text(figure) == []
    assert figure.get_size_inches()[0] * 25.4 == pytest.approx(183.0)
    assert any(text.get_text().startswith(ORIGIN) for text in figure.texts)


def test_every_curve_drawn_stands_in_the_frame(found):
    frame = figs6.plotted(found)
    assert tuple(frame.columns) == COLUMNS
    for axes, panel in zip(figs6.draw(found, ORIGIN).axes, "abc", strict=True):
        rows = frame[frame["panel"] == panel]
        curves = {tuple(map(tuple, line.get_xydata())) for line in axes.lines}
        for series, curve in rows.groupby("series"):
            assert tuple(map(tuple, curve[["x", "y"]].to_numpy())) in curves, (panel, series)
    assert set(frame[frame["panel"] == "b"]["series"]) >= {"P=5 kHz", "P=20 kHz"}


def test_colours_are_those_of_the_quadratures(found):
    first = figs6.draw(found, ORIGIN).axes[0]
    colours = {line.get_color() for line in first.lines}
    assert colours >= {style.LOOKS[name].colour for name in figs6.QUADRATURES}


def test_caption_numbers(found):
    quoted = figs6.quoted(found)
    row = found.dataset["duan_of_strength"].sel(quadrature="antisqueezed", probe_coupling_hz=1.0e4)
    assert quoted["antisqueezed"] == f"{float(row):.4f}"
    limit_hz = found.strength_at_bound_hz("antisqueezed")
    near = np.interp(
        limit_hz,
        found.dataset["probe_coupling_hz"],
        found.dataset["duan_of_strength"].sel(quadrature="antisqueezed"),
    )
    assert near == pytest.approx(1.0, abs=1e-12)
    assert quoted["limit"] == f"at {limit_hz / 1e3:.1f} kHz"
    assert found.strength_at_bound_hz("squeezed") is None


def test_the_table_redraws_the_figure(found):
    assert not_in_table(figs6.draw(found, ORIGIN).axes, figs6.plotted(found)) == []
