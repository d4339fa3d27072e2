"""Figures written in different circumstances are the same bytes, and say which job drew them."""

import hashlib
import os
import re
import struct
import subprocess
import sys
import time
import zlib
from pathlib import Path

import numpy as np
import pandas
import pytest

from entangled_drums.figures import output, style

SOURCE = Path(__file__).parents[2] / "src"

DRAW_AND_WRITE = """
import os, sys
os.umask(int(sys.argv[2], 8))
import pandas
from entangled_drums.figures import output, style
with style.context():
    figure = style.new_figure(style.SINGLE_COLUMN_MM, 50.0)
    axes = figure.add_axes((0.15, 0.2, 0.8, 0.7))
    axes.plot([0.1, 0.2, 0.7], [1.0, 0.83, 0.9], marker="o", color=style.LOOKS["direct"].colour)
    axes.set_xlabel("Ratio, $x = G^{+}/G^{-}$, äπ", style="italic")
    style.letter(axes, "a")
rows = [("a", "direct", 0.1 * 3, 1 / 3, float("nan"), 1e-12, "1")]
frame = pandas.DataFrame(rows, columns=list(output.COLUMNS))
paths = {name: os.path.join(sys.argv[1], "figure." + name) for name in output.FORMATS}
output.write_figure(figure, paths, frame, "0123abcd")
"""


def written(folder, umask="022", **environment):
    folder.mkdir()
    script = folder.with_suffix(".py")
    script.write_text(DRAW_AND_WRITE, encoding="utf-8")
    subprocess.run(
        [sys.executable, str(script), str(folder), umask],
        env={**os.environ, "PYTHONPATH": str(SOURCE), **environment},
        check=True,
        cwd=folder,
    )
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("plain") / "first"
    return written(folder, TZ="UTC", LANG="C", LC_ALL="C", PYTHONHASHSEED="0")


@pytest.mark.parametrize(
    ("umask", "environment"),
    [
        ("022", {"PYTHONHASHSEED": "4711"}),
        ("077", {"TZ": "Pacific/Auckland", "LANG": "de_DE.UTF-8", "LC_ALL": "de_DE.UTF-8"}),
        (
            "000",
            {"SOURCE_DATE_EPOCH": "86400", "PYTHONUTF8": "0", "LC_ALL": "C", "MPLBACKEND": "svg"},
        ),
    ],
    ids=["hash seed", "zone, language and umask", "build date, encoding and backend"],
)
def test_bytes_do_not_depend_on_circumstances(files, tmp_path, umask, environment):
    # Dates in font tables and file headers count whole seconds.
    time.sleep(1.1)
    again = written(tmp_path / "again", umask, **environment)
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    assert {name: hashlib.sha256(text).hexdigest() for name, text in again.items()} == digests


def test_a_users_matplotlibrc_changes_nothing(files, tmp_path):
    settings = tmp_path / "matplotlibrc"
    settings.write_text("font.size: 20\nlines.linewidth: 9\npdf.fonttype: 3\nsavefig.bbox: tight\n")
    assert written(tmp_path / "again", MATPLOTLIBRC=str(settings)) == files


def test_pictures_name_their_record_and_nothing_volatile(files):
    pdf = files["figure.pdf"]
    assert b"/Keywords (record:0123abcd)" in pdf
    for volatile in (b"CreationDate", b"ModDate", b"/Creator", b"/Producer"):
        assert volatile not in pdf
    chunks = dict(png_chunks(files["figure.png"]))
    assert chunks[b"tEXt"] == b"record\x00" + b"0123abcd"
    assert set(chunks) == {b"IHDR", b"tEXt", b"pHYs", b"IDAT", b"IEND"}


def png_chunks(content):
    position = 8
    while position < len(content):
        (length,) = struct.unpack(">I", content[position : position + 4])
        yield content[position + 4 : position + 8], content[position + 8 : position + 8 + length]
        position += 12 + length


def test_png_has_300_dots_per_inch_at_journal_width(files):
    chunks = dict(png_chunks(files["figure.png"]))
    width, height = struct.unpack(">II", chunks[b"IHDR"][:8])
    assert (width, height) == (int(89.0 / 25.4 * 300), int(50.0 / 25.4 * 300))
    per_metre, _, unit = struct.unpack(">IIB", chunks[b"pHYs"])
    assert unit == 1
    assert per_metre == pytest.approx(300 / 0.0254, abs=1)


def test_pdf_embeds_every_font_as_truetype(files):
    pdf = files["figure.pdf"]
    inflated = b"".join(
        inflate(stream) for stream in re.findall(rb"stream\n(.*?)\nendstream", pdf, re.DOTALL)
    )
    everything = pdf + inflated
    descriptors = re.findall(rb"/Type /FontDescriptor.*?>>", everything, re.DOTALL)
    assert descriptors
    assert all(b"/FontFile2" in descriptor for descriptor in descriptors)
    assert b"/Subtype /Type3" not in everything


def inflate(stream):
    try:
        return zlib.decompress(stream)
    except zlib.error:
        return b""


def test_csv_is_fixed_text(files):
    assert files["figure.csv"] == (
        b"panel,series,x,y,lower,upper,unit\na,direct,0.3,0.333333333,,1e-12,1\n"
    )


def test_csv_reads_back(tmp_path):
    rows = [("a", "theory", x, np.sin(x), np.nan, np.nan, "1") for x in np.linspace(0, 1, 50)]
    frame = pandas.DataFrame(rows, columns=list(output.COLUMNS))
    paths = {name: tmp_path / name for name in output.FORMATS}
    output.write_figure(style.new_figure(89.0, 40.0), paths, frame, "00")
    again = pandas.read_csv(paths["csv"], dtype={"unit": str})
    pandas.testing.assert_frame_equal(again, frame, rtol=1e-8)


def test_wrong_paths_and_columns_are_refused(tmp_path):
    figure = style.new_figure(89.0, 40.0)
    frame = pandas.DataFrame([], columns=list(output.COLUMNS))
    with pytest.raises(ValueError, match="paths has keys"):
        output.write_figure(figure, {"pdf": tmp_path / "a"}, frame, "00")
    paths = {name: tmp_path / name for name in output.FORMATS}
    with pytest.raises(ValueError, match="frame has columns"):
        output.write_figure(figure, paths, frame[["x", "y"]], "00")
    assert list(tmp_path.iterdir()) == []


def test_numbers_of_the_caption_are_written_beside_the_figure(tmp_path):
    frame = pandas.DataFrame([], columns=list(output.MAP_COLUMNS))
    paths = {name: tmp_path / name for name in (*output.FORMATS, output.QUOTED)}
    figure = style.new_figure(89.0, 40.0)
    output.write_figure(figure, paths, frame, "00", {"shift": "−573 Hz", "odd": "a*b_c|d"})
    assert paths[output.QUOTED].read_text(encoding="utf-8") == (
        ".. |shift| replace:: −573 Hz\n.. |odd| replace:: a\\*b\\_c\\|d\n"
    )
    with pytest.raises(ValueError, match="paths has keys"):
        output.write_figure(figure, paths, frame, "00")
