"""The page of an experiment, built from data that tries to break out of it."""

import re
import struct
import zlib

import pytest
from tests.pages.browser import browser, program

from entangled_drums.errors import FileFormatError
from entangled_drums.inference.route_result import route_result
from entangled_drums.inference.verdict import Verdict, read_verdicts
from entangled_drums.pages import paper
from entangled_drums.pages.assumptions import assumptions, quantity
from entangled_drums.pages.captions import caption, paragraphs
from entangled_drums.pages.pictures import picture

ATTACK = "<img src=x onerror=\"document.title='taken'\"></style></title><script>alert(1)</script>"
PARAMETER = {"value": 1.13e6, "uncertainty": 2.26e4, "status": ATTACK, "source": ATTACK}


def png(width=3, height=2, dots_per_metre=11811):
    def chunk(kind, body):
        checked = kind + body
        return struct.pack(">I", len(body)) + checked + struct.pack(">I", zlib.crc32(checked))

    rows = b"".join(b"\x00" + b"\x80" * width for _ in range(height))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        [
            chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)),
            chunk(b"pHYs", struct.pack(">IIB", dots_per_metre, dots_per_metre, 1)),
            chunk(b"IDAT", zlib.compress(rows)),
            chunk(b"IEND", b""),
        ]
    )


def record(**settings):
    return {
        "id": "ab" * 32,
        "rule": "draw_fig4",
        "code": {"scripts/draw_fig4.py": "0", "src/entangled_drums/units.py": "0"},
        "settings": {"text": ATTACK, **settings},
        "outputs": {"figures/fig4.pdf": "0", "figures/fig4.png": "0", "figures/fig4.rst": "0"},
    }


def result(point, duan):
    return route_result(
        {
            "route": "model_based",
            "operating_point": point,
            "power": "reference",
            "red_coupling_hz": 1.4e5,
            "ratio": 0.62,
            "validity": "valid",
            "quantities": {
                "duan": {"value": duan, "uncertainty": 0.0213},
                "two_nu": {"value": duan, "uncertainty": 0.0213},
            },
        }
    )


def verdict(point, word="entangled", reasons=(), sigma=7.2, remarks=(), **doubled):
    priors = {
        name: {"duan": 0.84, "duan_uncertainty": 0.05, "verdict": changed}
        for name, changed in doubled.items()
    }
    return Verdict(point, word, tuple(reasons), tuple(remarks), 0.999, sigma, {}, priors)


def page(exhibits=(), verdicts=(), results=(), device=None):
    return paper.page(
        {"name": ATTACK, "title": ATTACK, "device": ATTACK, "origin": ATTACK},
        paper.Conclusion(ATTACK, verdicts, results),
        assumptions({"cavity": {ATTACK: PARAMETER}} if device is None else device, {}, {}, {}, {}),
        paragraphs("model", "As *assumed*."),
        exhibits,
        "cd" * 32,
    )


def exhibit(template="A picture. {{ snakemake.params.settings.text }}"):
    content = record()
    return paper.Exhibit(
        "fig4", ATTACK, picture(png(), ATTACK), caption("fig4", template, content, None), content
    )


def whole():
    return page(
        [exhibit()],
        [
            verdict(ATTACK, reasons=[ATTACK], remarks=[ATTACK], n_e="not shown"),
            verdict("far", "not shown", sigma=-2),
        ],
        [result(ATTACK, 0.85), result("far", 1.1)],
    )


@pytest.mark.parametrize("known", [True, False])
def test_doubled_priors_without_a_possible_draw_are_left_out(known):
    found = verdict("far", n_e="entangled", gain="not shown")
    for name, entry in found.doubled_priors.items():
        if name == "gain" or not known:
            entry.update(duan=None, duan_uncertainty=None)
    html = page(verdicts=[found], results=[result("far", 0.85)])
    assert ("matters most for <code>n_e</code>" in html) == known
    assert "It would change a verdict for <code>gain</code> (far: not shown)" in html


def test_nothing_given_is_interpreted():
    html = whole()
    for tag in ("script", "/title", "/style"):
        assert html.count(f"<{tag}") == (0 if tag == "script" else 1), tag
    assert html.count("<img ") == 1  # the picture
    assert "default-src 'none'" in html
    html.encode("ascii")


def test_a_browser_interprets_nothing_either(tmp_path):
    if program() is None:
        pytest.skip("no Chromium on this machine; on Debian: apt-get install chromium")
    path = tmp_path / "paper.html"
    path.write_text(whole(), encoding="ascii")
    with browser(tmp_path / "profile") as tab:
        tab.open(path)
        assert tab.complaints() == []
        assert tab.evaluate("document.title") == ATTACK
        assert tab.evaluate("document.scripts.length") == 0
        assert tab.evaluate("[...document.images].map(one => one.naturalWidth)") == [3]
        assert tab.evaluate("document.querySelector('.summary').innerText") == ATTACK
        # The driver sees what goes wrong, or the tests of real pages could not fail.
        path.write_text("<script>fetch('http://example.org/x'); throw Error('thrown')</script>")
        tab.open(path)
        tab.wait_for("true")
        assert any("thrown" in text for text in tab.complaints())
        assert any("example.org" in url for url in tab.requested())


def test_an_exhibit_names_its_rule_and_links_to_its_files():
    html = page([exhibit()])
    assert "<strong>Figure 4.</strong> A picture." in html
    assert "<code>draw_fig4</code> (<code>scripts/draw_fig4.py</code>)" in html
    links = re.findall(r'<a href="([^"#]+)">', html.split('id="fig4"')[1].split("</section>")[0])
    assert links == ["figures/fig4.pdf", "figures/fig4.png", "figures/fig4.record.json"]


def test_verdict_says_where_its_own_trial_stands():
    assert "was not studied in this experiment" in page([exhibit()])
    tried = paper.Exhibit("figs10", "Coverage", "<svg></svg>", "<p>C.</p>", record())
    assert 'to be trusted: <a href="#figs10">Figure S10</a>.' in page([exhibit(), tried])


def test_verdict_quotes_the_model_based_route_and_what_the_calibration_decides():
    html = page(
        verdicts=[verdict("near", n_e="not shown", n_i="entangled"), verdict("bare", sigma=1.0)],
        results=[result("near", 0.85)],
    )
    row = html.split("<td>near</td>")[1].split("</tr>")[0]
    assert "0.850 &#177; 0.021" in row
    assert '<td class="entangled">entangled</td>' in row
    assert "+7.2" in row
    assert "D goes from 0.850 &#177; 0.021 to 0.84 &#177; 0.05" in html
    assert "It would change a verdict for <code>n_e</code> (near: not shown)." in html
    assert "<code>n_i</code> (near" not in html
    assert html.split("<td>bare</td>")[1].split("</tr>")[0].count("&#8211;") == 4
    unchanged = page(verdicts=[verdict("near", n_e="entangled")], results=[result("near", 0.85)])
    assert "No verdict changes." in unchanged


def test_verdicts_read_back_and_what_is_none_is_refused():
    one = verdict("near", reasons=["because"], n_e="not shown")
    assert read_verdicts({"points": [one.content()]}) == [one]
    with pytest.raises(FileFormatError, match="run the inference anew"):
        read_verdicts({"points": [{"verdict": "entangled"}]})


@pytest.mark.parametrize(
    ("key", "value", "uncertainty", "expected"),
    [
        ("kappa_external_hz", 1.13e6, 2.26e4, "(1.130 ± 0.023) MHz"),
        ("diameter_m", 1.5e-5, 0.0, "15 µm"),
        ("base_temperature_k", 0.014, 0.001, "(14.0 ± 1.0) mK"),
        ("cavity_detuning_hz", 0.0, 0.0, "0 Hz"),
        ("cavity_detuning_hz", -2.0e3, 0.0, "−2 kHz"),
        ("thermal_occupation", 41.0, 2.05, "41.0 ± 2.0"),
        ("atoms", 1e12, 0.0, "1×10^12"),
        ("delay_s", 4.0e-8, 0.0, "40 ns"),
    ],
)
def test_quantities_have_the_unit_that_ends_their_name(key, value, uncertainty, expected):
    assert quantity(key, value, uncertainty) == expected


def test_every_assumption_is_listed_once_and_what_is_off_is_not():
    listed = assumptions(
        {"title": "a device", "cavity": {"kappa_hz": PARAMETER}},
        {"frame_offset_hz": 0.0, "powers": {"strong": {"red_coupling_hz": 2.0e5}}},
        {"gain_ripple": 0.0, "gain_ripple_period_hz": 3.0e6, "tilt": 0.02, "finite_record": True},
        {"finite_record": True, "counter_rotating": False},
        {"recalled_duan": {**PARAMETER, "value": 0.83, "uncertainty": 0.13}},
    )
    assert [(one.key, one.value, one.status) for one in listed] == [
        ("cavity.kappa_hz", "(1.130 ± 0.023) MHz", ATTACK),
        ("drive.frame_offset_hz", "0 Hz", "chosen"),
        ("drive.powers.strong.red_coupling_hz", "200 kHz", "chosen"),
        ("laboratory.tilt", "0.02", "simulated"),
        ("laboratory.finite_record", "True", "simulated"),
        ("comparison.recalled_duan", "0.83 ± 0.13", ATTACK),
    ]
    assert listed[3].source.endswith("the analysis is not told")
    assert listed[4].source.endswith("the analysis models it")


def test_a_caption_asks_for_what_the_record_holds(tmp_path):
    numbers = tmp_path / "fig4.rst"
    numbers.write_text(".. |least| replace:: 0.831 \\* x\n", encoding="utf-8")
    template = ".. include:: {{ snakemake.output.rst }}\n\nLeast |least|, {{ 'b' }}.\n"
    assert caption("fig4", template, record(), numbers) == "<p>Least 0.831 * x, b.</p>"
    for wrong in (
        "{{ snakemake.input.frames }}",
        "{{ snakemake.params.settings.none.at }}",
        "{% if",
    ):
        with pytest.raises(FileFormatError, match=r"caption of fig4: .*params\.settings"):
            caption("fig4", wrong, record(), None)
    for wrong in ("Least |none|.", ".. raw:: html\n\n   <b>\n", "**open"):
        with pytest.raises(FileFormatError, match=r"caption of fig4: .*workflow/report"):
            caption("fig4", wrong, record(), None)


def test_pictures_tell_their_size():
    assert 'style="width: 0.25mm"' in picture(png(), "x")
    for wrong in (b"", b"\x89PNG", png().replace(b"pHYs", b"pHYz"), b"GIF89a" + b"\x00" * 40):
        with pytest.raises(FileFormatError, match="draw the figure again"):
            picture(wrong, "x")
