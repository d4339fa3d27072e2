"""Table S2 and the three forms of any table, from invented results."""

import csv
import math
import os
import re
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest

from entangled_drums.errors import FileFormatError
from entangled_drums.inference.route_result import route_result
from entangled_drums.inference.verdict import Verdict
from entangled_drums.tables import table_s2
from entangled_drums.tables.output import (
    FORMATS,
    Column,
    Measured,
    Table,
    csv_text,
    latex_text,
    markdown_text,
    write_table,
)

SOURCE = Path(__file__).parents[2] / "src"
ORIGIN = "Assumed device; simulated laboratory."
RECORD = "0123abcd"
REASON = "not valid here: lines overlap, Γ/Ω = 0.4 > 0.1 (50 % & more)"


def content(route="direct", ratio=0.62, **changes):
    duan = {"value": 0.8310609, "uncertainty": 0.0221, "interval_68": [0.809, 0.853]}
    return {
        "route": route,
        "operating_point": f"reference-x{str(ratio)[2:]:0<3}",
        "power": "reference",
        "red_coupling_hz": 1.4e5,
        "ratio": ratio,
        "validity": "valid",
        "quantities": {
            "occupation_1": {"value": 1.524997, "uncertainty": 0.0412},
            "occupation_2": {"value": 1.520502, "uncertainty": 0.038},
            "correlator_magnitude": {"value": 1.600634, "uncertainty": 0.04},
            "duan": duan,
            "two_nu": {"value": 0.830, "uncertainty": 0.022},
            "logarithmic_negativity": {"value": 0.2688, "uncertainty": 0.038},
            "squeezing_db": {"value": 0.804, "uncertainty": 0.115},
        },
        "probability_entangled": 0.99999,
        "goodness_of_fit": {"p_value": 0.41},
        **changes,
    }


def invented_table():
    return table_s2.table(
        [
            route_result(content("model_based")),
            route_result(content("direct")),
            route_result(
                content(
                    "quadrature",
                    0.3,
                    validity=REASON,
                    quantities={"duan": {"value": 1.18, "uncertainty": None}, "two_nu": None},
                    probability_entangled=None,
                    goodness_of_fit=None,
                )
            ),
        ],
        ORIGIN,
    )


def test_verdict_is_printed_once_per_point_and_stored_in_every_row():
    results = [route_result(content(route)) for route in ("direct", "model_based")]
    point = results[0].operating_point
    judged = table_s2.table(
        results, ORIGIN, [Verdict(point, "entangled", (), (), 0.99, 3.0, {}, {})]
    )
    assert [row["verdict"] for row in csv.DictReader(StringIO(csv_text(judged)))] == [
        "entangled",
        "entangled",
    ]
    assert markdown_text(judged, RECORD).count("entangled") == 1
    assert "entangled" not in markdown_text(invented_table(), RECORD)


def test_rows_are_ordered_by_point_and_route():
    rows = invented_table().rows
    assert [(row["ratio"], row["route"]) for row in rows] == [
        (0.3, "quadrature"),
        (0.62, "direct"),
        (0.62, "model_based"),
    ]


def test_csv_holds_every_digit():
    rows = list(csv.DictReader(StringIO(csv_text(invented_table()))))
    assert rows[0]["validity"] == REASON
    assert rows[0]["two_nu"] == rows[0]["two_nu_uncertainty"] == rows[0]["p_value"] == ""
    assert float(rows[1]["duan"]) == 0.8310609
    assert float(rows[1]["duan_uncertainty"]) == 0.0221
    assert float(rows[1]["red_coupling_hz"]) == 1.4e5
    assert rows[1]["operating_point"] == "reference-x620"


def test_a_route_without_data_keeps_its_row_and_its_reason():
    absent = content(
        validity="not available: no phase_scan recording",
        quantities={},
        probability_entangled=None,
        goodness_of_fit=None,
    )
    table = table_s2.table([route_result(absent)], ORIGIN)
    row = markdown_text(table, RECORD).splitlines()[3]
    assert row == "| 140 | 0.62 | direct | no (1) |" + 10 * " – |"
    assert table.notes[-1] == "(1) not available: no phase_scan recording"


def test_markdown():
    lines = markdown_text(invented_table(), RECORD).splitlines()
    assert lines[0] == "<!-- record: 0123abcd -->"
    assert lines[1].startswith(r"| G⁻/2π (kHz) | x | Route | Valid | n₁ | n₂ | \|c\| | D | 2ν |")
    assert lines[4] == (
        "| 140 | 0.62 | direct | yes | 1.52 ± 0.04 | 1.52 ± 0.04 | 1.60 ± 0.04 | 0.831 ± 0.022 "
        "| 0.830 ± 0.022 | 0.27 ± 0.04 | 0.80 ± 0.12 | &gt; 0.999 | 0.410 | – |"
    )
    assert lines[3] == (
        "| 140 | 0.3 | quadrature | no (1) | – | – | – | 1.18 | – | – | – | – | – | – |"
    )
    cells = {len(re.findall(r"(?<!\\)\|", line)) for line in lines[1:6]}
    assert len(cells) == 1
    assert ORIGIN in lines
    assert lines[-1] == "(1) not valid here: lines overlap, Γ/Ω = 0.4 &gt; 0.1 (50 % & more)"


def test_latex():
    text = latex_text(invented_table(), RECORD)
    lines = text.splitlines()
    assert lines[0] == "% record: 0123abcd"
    assert [line for line in lines if line.endswith("rule")] == [
        r"\toprule",
        r"\midrule",
        r"\bottomrule",
    ]
    assert r"$0.831 \pm 0.022$ & $0.830 \pm 0.022$" in text
    assert r"(kHz) &  &" in text
    assert r"$\Gamma$/$\Omega$ = 0.4 $>$ 0.1 (50 \% \& more)" in lines[-1]
    assert text.isascii()
    body = [line for line in lines if line.endswith(r"\\")]
    assert {len(re.findall(r"(?<!\\)&", line)) for line in body} == {13}
    alignment = re.search(r"@\{\}([lr]+)@\{\}", text).group(1)
    assert len(alignment) == 14


def test_user_text_cannot_break_either_format():
    nasty = r"a|b_c*d\e`f<g>#h$i%j&k{l}m~n^o"
    table = Table((Column("name", "text", "Name", "Name"),), ({"name": nasty},), (nasty,))
    markdown = markdown_text(table, RECORD).splitlines()[3]
    assert markdown == r"| a\|b\_c\*d\\e\`f&lt;g&gt;#h$i%j&k{l}m~n^o |"
    latex = latex_text(table, RECORD).splitlines()[5]
    assert latex == (
        r"a|b\_c*d\textbackslash{}e`f$<$g$>$\#h\$i\%j\&k\{l\}m\textasciitilde{}n"
        r"\textasciicircum{}o \\"
    )
    assert csv_text(table) == f"name\n{nasty}\n"


WRITE = """
import os, sys
os.umask(int(sys.argv[2], 8))
from entangled_drums.tables.output import Column, FORMATS, Measured, Table, write_table
columns = (Column("a", "text", "ä", "a"), Column("b", "measured", "b", "b", "kHz"))
table = Table(columns, ({"a": "ν", "b": Measured(1234.5678, 0.1 * 3)},), ("note",))
write_table(table, {name: os.path.join(sys.argv[1], name) for name in FORMATS}, "00")
"""


def test_bytes_do_not_depend_on_circumstances(tmp_path):
    script = tmp_path / "write.py"
    script.write_text(WRITE, encoding="utf-8")
    written = []
    for umask, environment in (
        ("022", {"TZ": "UTC", "LC_ALL": "C", "PYTHONHASHSEED": "0", "PYTHONUTF8": "0"}),
        ("077", {"TZ": "Asia/Tokyo", "LC_ALL": "de_DE.UTF-8", "PYTHONHASHSEED": "4711"}),
    ):
        folder = tmp_path / umask
        folder.mkdir()
        subprocess.run(
            [sys.executable, str(script), str(folder), umask],
            env={**os.environ, "PYTHONPATH": str(SOURCE), **environment},
            check=True,
        )
        written.append({path.name: path.read_bytes() for path in sorted(folder.iterdir())})
    assert written[0] == written[1]
    assert written[0]["csv"] == "a,b,b_uncertainty\nν,1234.5678,0.30000000000000004\n".encode()


def test_wrong_cells_and_paths_are_refused_before_writing(tmp_path):
    paths = {name: tmp_path / name for name in FORMATS}
    columns = (Column("duan", "measured", "D", "$D$"),)
    with pytest.raises(FileFormatError, match=r"row 0: duan is 0\.83; it must be of kind measured"):
        write_table(Table(columns, ({"duan": 0.83},)), paths, RECORD)
    with pytest.raises(FileFormatError, match="row 0: duan is None"):
        write_table(Table(columns, ({},)), paths, RECORD)
    with pytest.raises(ValueError, match="paths has keys"):
        write_table(
            Table(columns, ({"duan": Measured(1.0, 0.1)},)), {"csv": tmp_path / "a"}, RECORD
        )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"route": "guess"}, "route is 'guess'; it must be one of quadrature, emission_bound"),
        ({"ratio": "0.62"}, "direct result at reference-x620: '0.62' is not a number"),
        ({"power": 1.0}, "power is 1.0; it must be a string"),
        ({"quantities": [1.0]}, "quantities is not a mapping"),
        ({"quantities": {"duan": 0.8}}, "duan: not a mapping"),
        ({"quantities": {"duan": {"uncertainty": 0.1}}}, "duan: key 'value' is missing"),
        ({"quantities": {"duan": {"value": 1.0, "uncertainty": -1.0}}}, "-1.0 is negative"),
        (
            {"quantities": {"duan": {"value": 1.0, "interval_68": [2.0, 1.0]}}},
            "duan: interval_68 is",
        ),
        ({"quantities": {"duan": {"value": 1.0, "interval_68": [2.0]}}}, "must be .lower, upper"),
        ({"goodness_of_fit": 0.3}, "goodness_of_fit is not a mapping"),
    ],
)
def test_malformed_results_are_named_in_one_line(changes, message):
    with pytest.raises(FileFormatError, match=message) as caught:
        route_result(content(**changes))
    assert "\n" not in str(caught.value)


def test_missing_key_is_named():
    incomplete = content()
    del incomplete["validity"]
    with pytest.raises(FileFormatError, match="key 'validity' is missing"):
        route_result(incomplete)


def test_interval_defaults_to_one_standard_deviation():
    result = route_result(content(quantities={"duan": {"value": 0.8, "uncertainty": 0.1}}))
    duan = result.quantities["duan"]
    assert (duan.lower, duan.upper) == pytest.approx((0.7, 0.9))
    unknown = route_result(content(probability_entangled=None))
    assert math.isnan(unknown.probability_entangled)
