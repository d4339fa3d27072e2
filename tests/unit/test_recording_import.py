"""Recordings of real laboratories: units, signs, tables, and a message for every defect."""

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.inference_samples import VALUES

from entangled_drums import recording, recording_checks, recording_import, recording_quality
from entangled_drums.commands.check_recording import check_recordings
from entangled_drums.errors import EntangledDrumsError, RecordingError

CENTRE = 5.5e9
PHOTON = 1.054571817e-34 * 2.0 * np.pi * CENTRE
SETTINGS = {
    "kind": "emission",
    "origin": "measured",
    "table": "emission.csv",
    "unit": "quanta",
    "averaging": "power",
    "window": "boxcar",
    "overlap": 0.0,
    "averages": 1000,
    "bin_width_hz": 1000.0,
    "duration_s": 1.0,
    "centre_frequency_hz": CENTRE,
    "frame_frequency_hz": 1.065e7,
    "red_coupling_hz": 1.4e5,
    "ratio": 0.62,
    "red_photons": 1.16e6,
    "blue_photons": 4.46e5,
}
PROBES = {"probe_offset_hz": 1.5e5, "probe_red_photons": 5.9e3, "probe_blue_photons": 5.9e3}
FREQUENCY = 1.0e3 * np.arange(-200, 201)
LINE = 13.0 + 8.0 / (1.0 + ((FREQUENCY - 5.0e4) / 9.0e3) ** 2)
LINE += 5.0 / (1.0 + ((FREQUENCY + 6.0e4) / 9.0e3) ** 2)
POWER = LINE * np.random.default_rng(5).gamma(1000, 1 / 1000, FREQUENCY.size)


def write(folder, settings=None, frequency=FREQUENCY, power=POWER, **changes):
    chosen = {**(SETTINGS if settings is None else settings), **changes}
    chosen = {key: value for key, value in chosen.items() if value is not None}
    path = folder / "emission.yaml"
    path.write_text(yaml.safe_dump(chosen), encoding="utf-8")
    lines = ["# made by a test", "frequency_hz,power_spectral_density"]
    lines += [f"{f!r},{p!r}" for f, p in zip(map(float, frequency), map(float, power), strict=True)]
    (folder / "emission.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("unit", "power", "extra"),
    [
        ("quanta", POWER, {}),
        ("W/Hz", POWER * PHOTON, {}),
        ("dBm/Hz", 10.0 * np.log10(POWER * PHOTON / 1e-3), {}),
        ("V^2/Hz", POWER * PHOTON * 50.0, {"impedance_ohm": 50.0}),
    ],
)
def test_every_unit_gives_the_same_quanta(tmp_path, unit, power, extra):
    found = recording_import.read(write(tmp_path, power=power, unit=unit, **extra))
    np.testing.assert_allclose(found["power_spectral_density"], POWER, rtol=1e-12)
    assert found.attrs["origin"] == "measured" and found.attrs["unit"] == "quanta"
    assert recording_quality.findings(found) == []


def test_absolute_and_mirrored_axes_come_back(tmp_path):
    absolute = write(tmp_path, frequency=CENTRE + FREQUENCY, frequency_origin="absolute")
    found = recording_import.read(absolute)
    np.testing.assert_allclose(found["frequency_hz"], FREQUENCY, atol=1e-5)
    mirrored = write(
        tmp_path, frequency=-FREQUENCY, frequency_sign="negative above the drive centre"
    )
    found = recording_import.read(mirrored)
    np.testing.assert_array_equal(found["frequency_hz"], FREQUENCY)
    np.testing.assert_array_equal(found["power_spectral_density"], POWER)


def test_a_phase_scan_is_a_long_table():
    phases = np.repeat([0.0, 2.0, 4.0], FREQUENCY.size)
    table = {
        "phase_rad": phases[::-1],
        "frequency_hz": np.tile(FREQUENCY, 3)[::-1],
        "power_spectral_density": np.concatenate([POWER, 2 * POWER, 3 * POWER])[::-1],
    }
    chosen = {**SETTINGS, **PROBES, "kind": "phase_scan", "duration_s": 3.0}
    found = recording_import.convert(chosen, table)
    np.testing.assert_array_equal(found["phase_rad"], [0.0, 2.0, 4.0])
    np.testing.assert_array_equal(found["power_spectral_density"][2], 3 * POWER)
    assert recording.probe_settings(found).offset_hz == 1.5e5
    table = {name: values[1:] for name, values in table.items()}
    with pytest.raises(RecordingError, match="phase_rad = 4 has 400 points, 0 has 401; give every"):
        recording_import.convert(chosen, table)


DEFECTS = [
    ({"unit": "dBm"}, "unit is 'dBm'; write one of quanta, W/Hz, dBm/Hz, V^2/Hz"),
    ({"unit": "V^2/Hz"}, "impedance_ohm is None; write the impedance in ohm"),
    (
        {"averaging": "logarithmic"},
        "averaging is 'logarithmic'; average the power: traces averaged",
    ),
    ({"averaging": None}, "averaging is missing; write what was averaged"),
    ({"averages": None}, "averages is missing; write segments averaged in each spectrum"),
    ({"averages": 5000}, "'averages' is 5000; write at most 1000 (duration_s"),
    ({"averages": "many"}, "averages is 'many'; write a number, for example 1.0e+6"),
    ({"window": "kaiser"}, "window is 'kaiser'; write 'boxcar' or 'hann'"),
    ({"sidedness": "one-sided"}, "sidedness is 'one-sided'; record both sides of the drive centre"),
    ({"frequency_sign": "up"}, "frequency_sign is 'up'; write 'positive above the drive centre'"),
    ({"kind": "emision"}, "kind is 'emision'; write one of emission, phase_scan"),
    ({"kind": ["emission"]}, "kind is ['emission']; write one of emission, phase_scan"),
    ({"colour": "red"}, "colour is not a setting of kind 'emission'; remove it"),
    ({"table": "../emission.csv"}, "write the name of a CSV file in the same folder"),
    ({"overlap": 1.5}, "overlap is 1.5; write a fraction of a segment, below 1"),
    ({"bin_width_hz": -1.0}, "bin_width_hz is -1.0; write a number above zero"),
    ({"power": -POWER}, "'power_spectral_density' is zero or negative at index (0); decibels?"),
    (
        {"power": np.where(FREQUENCY == 0, np.nan, POWER)},
        "emission.csv:203: power_spectral_density is nan; write what was recorded there",
    ),
    (
        {"power": np.where(FREQUENCY == 0, 0.0, POWER)},
        "emission.yaml: 'power_spectral_density' is zero or negative at index (200); write what",
    ),
    (
        {"frequency": FREQUENCY / 1e6},
        "frequencies rise by 0.001, bin_width_hz is 1000; in kHz, MHz",
    ),
    (
        {"frequency": (CENTRE + FREQUENCY) / 1e6, "frequency_origin": "absolute"},
        "frequencies around 5500 are absolute, centre_frequency_hz is 5.5e+09; in kHz, MHz or GHz?",
    ),
    ({"frequency_origin": "absolute"}, "frequencies around 0 are absolute, centre_frequency_hz is"),
    (
        {"frequency_origin": "absolute", "centre_frequency_hz": 0.0},
        "attribute 'centre_frequency_hz' is 0; write a number above zero",
    ),
    ({"unit": "W/Hz"}, "emission.yaml: doubtful: the spectrum lies at 3.7e+24 quanta, more than"),
    ({"frequency": np.zeros(401)}, "'frequency_hz' does not rise at index 1; sort it, no repeats"),
    ({"bin_width_hz": 2000.0, "averages": 10}, "'frequency_hz' has steps below the bin width"),
]


@pytest.mark.parametrize(("changes", "message"), DEFECTS)
def test_each_defect_is_named_in_one_line(tmp_path, capsys, changes, message):
    path = write(tmp_path, **changes)
    with pytest.raises(RecordingError, match="1 of 1 recordings not valid"):
        check_recordings([str(path)])
    printed = capsys.readouterr().out
    assert message in printed and printed.count("\n") == 1
    assert printed.startswith(f"{tmp_path}/emission.")


G0 = "single_photon_coupling_hz"
POINT = {
    "name": "low-x620",
    "power": "low",
    "red_coupling_hz": 1.4e5,
    "ratio": 0.62,
    "device": VALUES,
    "uncertainties": {**VALUES, **{f"drum_{drum}.{G0}": 1.8 for drum in (1, 2)}},
}


@pytest.mark.parametrize(
    "changes",
    [
        {"ratio": 0.6195},
        {"ratio": 0.6205},
        {"red_coupling_hz": 1.414e5},
        {"red_photons": 1.16e6 * 1.15, "blue_photons": 4.46e5 * 1.15},
        {"blue_photons": 4.8e5},
    ],
)
def test_a_recording_near_its_operating_point_is_taken(tmp_path, changes):
    dataset = recording_import.read_given(write(tmp_path, **changes), "emission", POINT)
    assert {name: dataset.attrs[name] for name in changes} == changes


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"ratio": 0.45}, r"ratio is 0.45, but 0.62 at low-x620 \(operating_points.low of"),
        ({"ratio": 0.6206}, r"ratio is 0.6206, but 0.62 at"),
        (
            {"red_coupling_hz": 1.4e8},
            r"emission.yaml: red_coupling_hz is 1.4e\+08, but 140000 at low-x620 "
            r"\(drive.powers.low.red_coupling_hz of the experiment file\); put it into the folder",
        ),
        (
            {"red_photons": 1.16e6 * 1.17, "blue_photons": 4.46e5 * 1.17},
            r"red_photons is 1.36e\+06, but the coupling of low-x620 takes 1.16e\+06 by the device",
        ),
        ({"red_photons": 0.0, "blue_photons": 0.0}, "red_photons is 0, but the coupling of low"),
        (
            {"blue_photons": 5.7e5},
            r"blue_photons is 5.7e\+05, but ratio\^2 times red_photons is 4.46e\+05; write the",
        ),
    ],
)
def test_a_recording_of_another_operating_point_is_refused(tmp_path, changes, message):
    with pytest.raises(RecordingError, match=message):
        recording_import.read_given(write(tmp_path, **changes), "emission", POINT)


@pytest.mark.parametrize("separator", [";", "\t", " "])
def test_other_separators_are_told(tmp_path, separator):
    path = write(tmp_path)
    table = path.with_suffix(".csv")
    table.write_text(table.read_text().replace(",", separator), encoding="utf-8")
    with pytest.raises(RecordingError, match=r"emission.csv:2: .*; write commas between columns"):
        recording_import.read(path)


def test_a_missing_table_is_named(tmp_path, capsys):
    path = write(tmp_path)
    path.with_suffix(".csv").unlink()
    with pytest.raises(RecordingError):
        check_recordings([str(path)])
    wanted = f"{tmp_path}/emission.csv: no such file, the table that emission.yaml names; put it"
    assert capsys.readouterr().out.startswith(wanted)


def test_what_is_advised_about_a_lost_bin_is_not_doubtful(tmp_path):
    """A phase scan may have gaps; other spectra may not."""
    chosen = {**SETTINGS, **PROBES, "kind": "phase_scan", "duration_s": 3.0}
    table = {
        "phase_rad": np.repeat([0.0, 2.0, 4.0], FREQUENCY.size),
        "frequency_hz": np.tile(FREQUENCY, 3),
        "power_spectral_density": np.tile(np.where(FREQUENCY == 0, 0.0, POWER), 3),
    }
    with pytest.raises(RecordingError, match=r"index \(0, 200\); drop that bin from every"):
        recording_import.convert(chosen, table)
    kept = table["frequency_hz"] != 0
    made = recording_import.convert(chosen, {name: one[kept] for name, one in table.items()})
    assert not [one for one in recording_quality.findings(made) if "missing" in one]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no numbers; write column names and one line for each point"),
        ("frequency_hz,power_spectral_density\n1,2\n3\n", ":3: 1 cells for 2 columns; write one"),
        ("frequency_hz,power_spectral_density\n1,2;5\n", ":2: '2;5' is not a number; write it as"),
        ("frequency_hz,frequency_hz\n1,2\n", "column names repeat or are empty"),
        ("frequency,psd\n1,2\n", "the table has no column 'frequency_hz'; its columns are"),
    ],
)
def test_each_defect_of_a_table_is_named(tmp_path, text, message):
    path = write(tmp_path)
    (tmp_path / "emission.csv").write_text(text, encoding="utf-8")
    with pytest.raises(RecordingError) as error:
        recording_import.read(path)
    assert message in str(error.value) and "\n" not in str(error.value)


def doubts(frequency=FREQUENCY, power=POWER, **changes):
    table = {"frequency_hz": frequency, "power_spectral_density": power}
    chosen = {**SETTINGS, **changes}
    return recording_quality.findings(recording_import.convert(chosen, table))


def test_doubtful_recordings_say_why():
    generator = np.random.default_rng(6)
    wide = 1.0e3 * np.arange(-1000, 1001)
    segments = generator.exponential(1.0, (1000, wide.size))
    logarithm = 13.0 * np.exp(np.mean(np.log(segments), axis=0))
    assert "as traces averaged in decibels do (1.64)" in doubts(wide, logarithm)[0]
    smooth = np.convolve(POWER, np.ones(5) / 5, mode="same")[5:-5]
    assert "bins scatter less than the averages allow" in doubts(FREQUENCY[5:-5], smooth)[0]
    assert (
        "than the averages allow: spurious lines"
        in doubts(wide, 13.0 * generator.gamma(100, 0.01, wide.size))[0]
    )
    below = FREQUENCY < 5.2e4
    assert (
        "the spectrum is high at the end of its axis, 51000 Hz"
        in doubts(FREQUENCY[below], POWER[below])[0]
    )
    hole = np.abs(FREQUENCY + 1.0e5) > 3.0e3
    assert (
        "bins are missing between -104000 and -96000 Hz" in doubts(FREQUENCY[hole], POWER[hole])[-1]
    )
    narrow = 13.0 + 8.0 / (1.0 + ((FREQUENCY - 5.0e4) / 4.0e2) ** 2)
    narrow = narrow * generator.gamma(1000, 1e-3, narrow.size)
    assert "is only 1 bins wide; resolve it with 5 bins" in doubts(power=narrow)[0]
    few = LINE * generator.gamma(20, 1 / 20, LINE.size)
    assert doubts(power=few, averages=20)[0].startswith("only 20 averages, a bin scatters by 22%")


def test_doubtful_phases_say_why():
    assert "degrees? write rad" in recording_quality._phases(np.arange(0.0, 360.0, 22.5))[0]
    assert "spread the phases over a full turn" in recording_quality._phases(np.arange(3) * 0.5)[0]
    assert "only 2 phases" in recording_quality._phases(np.array([0.0, 3.0]))[0]
    assert recording_quality._phases(2 * np.pi * np.arange(16) / 16) == []


scalars = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.just([1]),
    st.just({"a": 1}),
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.sampled_from(sorted(SETTINGS)), scalars, min_size=1, max_size=3))
def test_malformed_settings_never_give_a_traceback(changes):
    table = {"frequency_hz": FREQUENCY, "power_spectral_density": POWER}
    try:
        recording_import.convert({**SETTINGS, **changes}, table)
    except EntangledDrumsError as error:
        assert "\n" not in str(error)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=200), st.sampled_from([".nc", ".yaml", ".csv"]))
def test_malformed_files_never_give_a_traceback(tmp_path_factory, content, suffix):
    folder = tmp_path_factory.mktemp("files")
    path = write(folder)
    broken = path.with_suffix(suffix)
    broken.write_bytes(content)
    target = broken if suffix == ".nc" else path
    try:
        recording_import.read(target)
    except EntangledDrumsError as error:
        assert "\n" not in str(error)


def _attribute_names():
    return sorted(recording_checks.check(recording_import.convert(SETTINGS, {
        "frequency_hz": FREQUENCY, "power_spectral_density": POWER})).attrs)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.sampled_from(_attribute_names()), scalars, min_size=1, max_size=3))
def test_malformed_attributes_never_give_a_traceback(changes):
    table = {"frequency_hz": FREQUENCY, "power_spectral_density": POWER}
    dataset = recording_import.convert(SETTINGS, table)
    dataset.attrs.update(changes)
    try:
        recording_checks.check(dataset)
    except EntangledDrumsError as error:
        assert "\n" not in str(error)
