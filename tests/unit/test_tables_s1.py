"""Table S1: assumed and calibrated parameters, from an invented calibration."""

import math

import numpy as np
import pytest

from entangled_drums.calibration import Calibration
from entangled_drums.tables import table_s1
from entangled_drums.tables.output import csv_text, latex_text, markdown_text

DEVICE = {
    "cavity": {
        "kappa_external_hz": {
            "value": 1.13e6, "uncertainty": 2.26e4, "status": "assumed", "source": "recollection"
        }
    },
    "bath": {
        "external_occupation": {
            "value": 0.02, "uncertainty": 0.03, "status": "assumed", "source": "assumption"
        }
    },
    "heating": {
        "reference_coupling_hz": {
            "value": 1.4e5, "uncertainty": 0.0, "status": "assumed", "source": "definition"
        }
    },
}  # fmt: skip
NAMES = (
    "bath.external_occupation",
    "cavity.kappa_external_hz",
    "heating.reference_coupling_hz",
)
CALIBRATION = Calibration(
    NAMES,
    np.array([0.031, 1.12e6, 1.4e5]),
    np.diag([0.015**2, 5.65e2**2, 0.0]),
    "recordings: cavity_response, receiver",
)
WEIGHTS = {
    "as_calibrated": {"duan_uncertainty": 0.010},
    "bath.external_occupation": {"known": {"duan_uncertainty": 0.006}},
    # Finite draws can make an error seem to grow.
    "cavity.kappa_external_hz": {"known": {"duan_uncertainty": 0.0101}},
}


def made(weights=WEIGHTS):
    return table_s1.table(DEVICE, CALIBRATION, "Assumed device.", weights, "reference-x620")


def test_rows_hold_both_values_in_the_order_of_the_device_file():
    rows = made().rows
    assert [row["parameter"] for row in rows] == [NAMES[1], NAMES[0], NAMES[2]]
    assert [row["unit"] for row in rows] == ["Hz", "quanta", "Hz"]
    kappa = rows[0]
    assert (kappa["assumed"].value, kappa["assumed"].uncertainty) == (1.13e6, 2.26e4)
    assert (kappa["calibrated"].value, kappa["calibrated"].uncertainty) == (1.12e6, 5.65e2)
    assert kappa["narrowing"] == pytest.approx(40.0)
    assert (kappa["status"], kappa["source"]) == ("assumed", "recollection")


def test_exact_parameters_have_no_error_and_do_not_get_narrower():
    row = made().rows[2]
    assert math.isnan(row["assumed"].uncertainty) and math.isnan(row["calibrated"].uncertainty)
    assert math.isnan(row["narrowing"])


def test_weight_of_the_port_is_told():
    shares = {row["parameter"]: row["variance_share"] for row in made().rows}
    assert shares["bath.external_occupation"] == pytest.approx(0.64)
    assert shares["cavity.kappa_external_hz"] == 0.0
    assert math.isnan(shares["heating.reference_coupling_hz"])
    note = made().notes[-1]
    assert "carries 64% of it" in note and "0.006 instead of 0.01" in note
    assert all("Share" not in note for note in made(None).notes)


def test_all_three_forms_can_be_written():
    table = made()
    lines = csv_text(table).splitlines()
    assert lines[0].startswith("parameter,unit,assumed,assumed_uncertainty,calibrated,")
    assert lines[1].startswith("cavity.kappa_external_hz,Hz,1130000.0,22600.0,1120000.0,565.0,40.0")
    assert "1120000" not in markdown_text(table, "01")
    assert r"bath.external\_occupation" in latex_text(table, "01")
