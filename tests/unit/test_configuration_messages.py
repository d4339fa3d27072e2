"""Every mistake in a config file is told in one line: place, what is wrong, what to write."""

from pathlib import Path
from typing import NamedTuple

import pytest
import yaml

from entangled_drums.configuration import yamlfile
from entangled_drums.configuration.experiment import load_device, load_experiment
from entangled_drums.errors import ConfigurationError

ROOT = Path(__file__).parents[2]
# Copies of their own, so that a key added to a shipped file moves no line number here. A key that
# the schema newly requires goes to the end of its section.
FROZEN = ROOT / "tests" / "data" / "config"
EXPERIMENT = "toy.yaml"
DEVICE = "devices/drums-2018-assumed.yaml"


class Case(NamedTuple):
    """One edit of a valid file, and the message it must give."""

    name: str
    file: str
    written: str
    changed_to: str
    message: str


CASES = [
    Case(
        "misspelt_key",
        EXPERIMENT,
        "    duration_s: 1800.0\n    half",
        "    duraton_s: 1800.0\n    half",
        "toy.yaml:28: recordings.emission.duraton_s: unknown key; did you mean duration_s?",
    ),
    Case(
        "unknown_key",
        EXPERIMENT,
        "  source: simulated",
        "  source: simulated\n  qqqqqqqq: 1",
        "toy.yaml:27: recordings.qqqqqqqq: unknown key; remove it, the keys here "
        "are: source, path, emission, phase_scan",
    ),
    Case(
        "missing_key",
        EXPERIMENT,
        "  chunk_points: 20000\n",
        "",
        "toy.yaml:16: theory.chunk_points: missing key; write for example chunk_points: 20000",
    ),
    Case(
        "missing_section",
        EXPERIMENT,
        "inference:\n  routes: [direct]\n"
        "  model: {counter_rotating: false, finite_record: false}\n",
        "",
        "toy.yaml:3: inference: missing key; add it, docs/configuration.md shows how",
    ),
    Case(
        "list_for_a_number",
        EXPERIMENT,
        "phases: 8",
        "phases: [8]",
        "toy.yaml:34: recordings.phase_scan.phases: a list, expected a whole "
        "number; write for example 8",
    ),
    Case(
        "number_for_a_mapping",
        EXPERIMENT,
        "{start: 0.05, stop: 0.95, count: 37}",
        "4",
        "toy.yaml:23: theory.sweeps.ratio-reference.axes[drive.ratio]: 4 is a "
        "whole number, expected a mapping; write the keys start, stop, count, "
        "spacing",
    ),
    Case(
        "exponent_without_point",
        EXPERIMENT,
        "half_span_hz: 1.0e+6",
        "half_span_hz: 1e6",
        'toy.yaml:29: recordings.emission.half_span_hz: "1e6" is text, expected a '
        "number; write 1.0e+6",
    ),
    Case(
        "exponent_without_sign",
        EXPERIMENT,
        "half_span_hz: 1.0e+6",
        "half_span_hz: 1.5e6",
        'toy.yaml:29: recordings.emission.half_span_hz: "1.5e6" is text, expected '
        "a number; write 1.5e+6",
    ),
    Case(
        "number_that_overflows_as_text",
        EXPERIMENT,
        "half_span_hz: 1.0e+6",
        "half_span_hz: 1e999",
        'toy.yaml:29: recordings.emission.half_span_hz: "1e999" is text, expected '
        "a number; write for example 1.5e+6",
    ),
    Case(
        "quoted_number",
        EXPERIMENT,
        "phases: 8",
        "phases: '8'",
        'toy.yaml:34: recordings.phase_scan.phases: "8" is text, expected a whole number; write 8',
    ),
    Case(
        "number_with_a_unit",
        EXPERIMENT,
        "half_span_hz: 1.0e+6",
        "half_span_hz: 1 MHz",
        'toy.yaml:29: recordings.emission.half_span_hz: "1 MHz" is text, expected '
        "a number; write the number alone, its unit ends the name of the key",
    ),
    Case(
        "decimal_comma",
        EXPERIMENT,
        "duration_s: 1800.0",
        "duration_s: 1,8",
        'toy.yaml:28: recordings.emission.duration_s: "1,8" is text, expected a '
        "number; write for example 1800.0",
    ),
    Case(
        "word_for_a_number",
        EXPERIMENT,
        "duration_s: 1800.0",
        "duration_s: nan",
        'toy.yaml:28: recordings.emission.duration_s: "nan" is text, expected a '
        "number; write for example 1800.0",
    ),
    Case(
        "fraction_for_a_whole_number",
        EXPERIMENT,
        "phases: 8",
        "phases: 8.5",
        "toy.yaml:34: recordings.phase_scan.phases: 8.5 is a number, expected a "
        "whole number; write for example 8",
    ),
    Case(
        "true_for_a_number",
        EXPERIMENT,
        "phases: 8",
        "phases: yes",
        "toy.yaml:34: recordings.phase_scan.phases: true is true/false, expected a "
        "whole number; write for example 8",
    ),
    Case(
        "nothing_for_a_number",
        EXPERIMENT,
        "duration_s: 1800.0",
        "duration_s:",
        "toy.yaml:28: recordings.emission.duration_s: empty, expected a number; "
        "write for example 1800.0",
    ),
    Case(
        "nan",
        EXPERIMENT,
        "duration_s: 1800.0",
        "duration_s: .nan",
        "toy.yaml:28: recordings.emission.duration_s: .nan is not a finite number; "
        "write a finite one",
    ),
    Case(
        "infinity",
        EXPERIMENT,
        "duration_s: 1800.0",
        "duration_s: -.inf",
        "toy.yaml:28: recordings.emission.duration_s: -.inf is not a finite "
        "number; write a finite one",
    ),
    Case(
        "overflow",
        EXPERIMENT,
        "duration_s: 1800.0",
        "duration_s: 1.0e+999",
        "toy.yaml:28: recordings.emission.duration_s: 1.0e+999 is not a finite "
        "number; write a finite one",
    ),
    Case(
        "negative",
        EXPERIMENT,
        "duration_s: 1800.0",
        "duration_s: -5",
        "toy.yaml:28: recordings.emission.duration_s: -5 is out of range; write more than 0",
    ),
    Case(
        "above_the_range",
        EXPERIMENT,
        "[0.45, 0.62]",
        "[0.45, 6.2]",
        "toy.yaml:14: operating_points.reference[1]: 6.2 is out of range; write at most 2",
    ),
    Case(
        "number_for_text",
        EXPERIMENT,
        "title: Toy experiment with two operating points, for trying out the workflow",
        "title: 12",
        "toy.yaml:4: title: 12 is a whole number, expected text; write it in "
        "quotes if it is meant as text",
    ),
    Case(
        "blank_text",
        EXPERIMENT,
        "title: Toy experiment with two operating points, for trying out the workflow",
        "title: ' '",
        "toy.yaml:4: title: blank text; write what docs/configuration.md asks for here",
    ),
    Case(
        "duplicate_key",
        EXPERIMENT,
        "  chunk_points: 20000\n",
        "  chunk_points: 20000\n  chunk_points: 1\n",
        "toy.yaml:19: theory.chunk_points: duplicate key, first written on line "
        "18; keep one of the two",
    ),
    Case(
        "tab",
        EXPERIMENT,
        "  chunk_points",
        "\tchunk_points",
        "toy.yaml:18: tab in the indentation; write spaces",
    ),
    Case(
        "control_character",
        EXPERIMENT,
        "Toy",
        "T\x00oy",
        "toy.yaml:4: control character; remove it",
    ),
    Case(
        "python_tag",
        EXPERIMENT,
        "title: Toy experiment with two operating points, for trying out the workflow",
        "title: !!python/object/apply:os.system ['true']",
        "toy.yaml:4: title: YAML tag !!python/object/apply:os.system is not allowed; remove it",
    ),
    Case(
        "own_tag",
        EXPERIMENT,
        "phases: 8",
        "phases: !own 8",
        "toy.yaml:34: recordings.phase_scan.phases: YAML tag !own is not allowed; remove it",
    ),
    Case(
        "octal",
        EXPERIMENT,
        "phases: 8",
        "phases: 010",
        "toy.yaml:34: recordings.phase_scan.phases: 010 is not plainly a decimal "
        "number; write digits such as 1000, 0.5 or 1.0e+3",
    ),
    Case(
        "underscore",
        EXPERIMENT,
        "phases: 8",
        "phases: 1_0",
        "toy.yaml:34: recordings.phase_scan.phases: 1_0 is not plainly a decimal "
        "number; write digits such as 1000, 0.5 or 1.0e+3",
    ),
    Case(
        "sexagesimal",
        EXPERIMENT,
        "duration_s: 1800.0",
        "duration_s: 30:00",
        "toy.yaml:28: recordings.emission.duration_s: 30:00 is not plainly a "
        "decimal number; write digits such as 1000, 0.5 or 1.0e+3",
    ),
    Case(
        "date",
        EXPERIMENT,
        "title: Toy experiment with two operating points, for trying out the workflow",
        "title: 2018-04-25",
        "toy.yaml:4: title: 2018-04-25 is read as a date; write it in quotes",
    ),
    Case(
        "boolean_key",
        EXPERIMENT,
        "phases: 8",
        "on: 8",
        'toy.yaml:34: recordings.phase_scan: "on" is read as !!bool, not as a name; quote it',
    ),
    Case(
        "number_as_key",
        EXPERIMENT,
        "    reference: {red",
        "    1: {red",
        'toy.yaml:11: drive.powers: "1" is read as !!int, not as a name; quote it',
    ),
    Case(
        "list_as_key",
        EXPERIMENT,
        "name: toy\n",
        "name: toy\n? [a, b]\n: 1\n",
        "toy.yaml:4: a key is read as !!seq, not as a name; quote it",
    ),
    Case(
        "line_break_in_a_key",
        EXPERIMENT,
        "name: toy\n",
        'name: toy\n"a\\nb": 1\n',
        "toy.yaml:4: a key is empty or holds a line break or control character; write a name",
    ),
    Case(
        "alias",
        EXPERIMENT,
        "half_span_hz: 1.0e+6",
        "half_span_hz: &span 1.0e+6\n    window: *span",
        "toy.yaml:29: recordings.emission.half_span_hz: YAML anchor (&span); remove it, and write "
        "the value out where *span stands (and 2 more)",
    ),
    Case(
        "anchor_without_alias",
        EXPERIMENT,
        "reference: [0.45",
        "reference: &points [0.45",
        "toy.yaml:14: operating_points.reference: YAML anchor (&points); remove it, and write the "
        "value out where *points stands",
    ),
    Case(
        "anchor_of_a_key",
        EXPERIMENT,
        "  band_samples",
        "  &samples band_samples",
        "toy.yaml:17: theory: YAML anchor (&samples); remove it, and write the value out where "
        "*samples stands",
    ),
    Case(
        "anchor_of_a_later_key",
        EXPERIMENT,
        "  chunk_points",
        "  &points chunk_points",
        "toy.yaml:18: theory: YAML anchor (&points); remove it, and write the value out where "
        "*points stands",
    ),
    Case(
        "known_tag",
        EXPERIMENT,
        "phases: 8",
        "phases: !!int 8",
        "toy.yaml:34: recordings.phase_scan.phases: YAML tag !!int is not allowed; remove it",
    ),
    Case(
        "tag_without_name",
        EXPERIMENT,
        "phases: 8",
        "phases: ! 8",
        "toy.yaml:34: recordings.phase_scan.phases: YAML tag ! is not allowed; remove it",
    ),
    Case(
        "cycle",
        EXPERIMENT,
        "powers:\n",
        "powers: &powers\n    again: *powers\n",
        "toy.yaml:10: drive.powers: YAML anchor (&powers); remove it, and write the value out "
        "where *powers stands",
    ),
    Case(
        "merge",
        EXPERIMENT,
        "    duration_s: 1800.0\n    half",
        "    <<: {duration_s: 1800.0}\n    half",
        "toy.yaml:28: recordings.emission: YAML merge (<<); write the keys out here",
    ),
    Case(
        "capital_in_the_name",
        EXPERIMENT,
        "name: toy",
        "name: Toy",
        'toy.yaml:3: name: "Toy" is not a name; write lower-case letters, digits '
        "and hyphens only, no hyphen first, at most 63 characters",
    ),
    Case(
        "hyphen_first",
        EXPERIMENT,
        "name: toy",
        "name: -toy",
        'toy.yaml:3: name: "-toy" is not a name; write lower-case letters, digits '
        "and hyphens only, no hyphen first, at most 63 characters",
    ),
    Case(
        "long_name",
        EXPERIMENT,
        "name: toy",
        "name: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "toy.yaml:3: name: "
        '"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa..." is not a '
        "name; write lower-case letters, digits and hyphens only, no hyphen first, at most 63 "
        "characters",
    ),
    Case(
        "name_differs_from_file",
        EXPERIMENT,
        "name: toy",
        "name: toy-2",
        'toy.yaml:3: name: "toy-2" differs from the file name; write toy, or rename the file',
    ),
    Case(
        "bad_power_name",
        EXPERIMENT,
        "    reference: {red_coupling_hz: 1.4e+5}",
        "    Strong_1: {red_coupling_hz: 1.4e+5}",
        'toy.yaml:11: drive.powers.Strong_1: "Strong_1" is not a name; write '
        "lower-case letters, digits and hyphens only, no hyphen first, at most 63 characters",
    ),
    Case(
        "no_such_device",
        EXPERIMENT,
        "device: drums-2018-assumed",
        "device: drums-2018",
        "toy.yaml:5: device: device file devices/drums-2018.yaml is missing; did "
        "you mean drums-2018-assumed?",
    ),
    Case(
        "device_path",
        EXPERIMENT,
        "device: drums-2018-assumed",
        "device: ../drums",
        'toy.yaml:5: device: "../drums" is not a name; write lower-case letters, '
        "digits and hyphens only, no hyphen first, at most 63 characters",
    ),
    Case(
        "point_name_twice",
        EXPERIMENT,
        "[0.45, 0.62]",
        "[0.45, 0.62, 0.6201]",
        "toy.yaml:14: operating_points.reference[2]: reference-x620 is already the "
        "name of operating_points.reference[1]; write ratios that differ by 0.001 "
        "or more",
    ),
    Case(
        "unknown_power_of_points",
        EXPERIMENT,
        "points:\n  reference",
        "points:\n  referense",
        'toy.yaml:14: operating_points.referense: power "referense" is not in '
        "drive.powers; did you mean reference?",
    ),
    Case(
        "unknown_power_of_a_sweep",
        EXPERIMENT,
        "power: reference",
        "power: strong",
        'toy.yaml:21: theory.sweeps.ratio-reference.power: power "strong" is not '
        "in drive.powers; write one of: reference",
    ),
    Case(
        "no_operating_point",
        EXPERIMENT,
        "[0.45, 0.62]",
        "[]",
        "toy.yaml:14: operating_points.reference: empty; write at least 1 entry",
    ),
    Case(
        "unstable_drive",
        EXPERIMENT,
        "[0.45, 0.62]",
        "[0.45, 1.01]",
        "toy.yaml:14: operating_points.reference[1]: the drive has no steady state "
        "at x = 1.01 (unstable, fastest growth 249 Hz); write a smaller ratio",
    ),
    Case(
        "emission_span",
        EXPERIMENT,
        "half_span_hz: 1.0e+6",
        "half_span_hz: 6.0e+5",
        "toy.yaml:29: recordings.emission.half_span_hz: 6.0e+5 Hz does not cover "
        "the lines at operating_points.reference[0]; write at least 6.9e+5 Hz",
    ),
    Case(
        "phase_scan_span",
        EXPERIMENT,
        "half_span_hz: 1.0e+5",
        "half_span_hz: 2.0e+4",
        "toy.yaml:37: recordings.phase_scan.half_span_hz: 2.0e+4 Hz does not cover "
        "the lines at operating_points.reference[0]; write at least 3.6e+4 Hz",
    ),
    Case(
        "coarse_bins",
        EXPERIMENT,
        "    bin_width_hz: 2500.0\n    window: boxcar\n  phase",
        "    bin_width_hz: 2.5e+4\n    window: boxcar\n  phase",
        "toy.yaml:30: recordings.emission.bin_width_hz: 2.5e+4 Hz is too coarse "
        "for the line of 1.866e+4 Hz full width at operating_points.reference[1]; "
        "write at most 3700.0 Hz",
    ),
    Case(
        "probe_too_close",
        EXPERIMENT,
        "probe_offset_hz: 1.5e+5",
        "probe_offset_hz: 2.0e+4",
        "toy.yaml:35: recordings.phase_scan.probe_offset_hz: 2.0e+4 Hz is too "
        "small, lines of 2.418e+4 Hz full width overlap at "
        "operating_points.reference[0]; write at least 4.9e+4 Hz",
    ),
    Case(
        "probe_on_the_other_line",
        EXPERIMENT,
        "probe_offset_hz: 1.5e+5",
        "probe_offset_hz: 1.3e+6",
        "toy.yaml:35: recordings.phase_scan.probe_offset_hz: 1.3e+6 Hz puts a line "
        "of the probe onto one of the pumps at operating_points.reference[0]; "
        "write at most 1.2e+6 Hz",
    ),
    Case(
        "short_recording",
        EXPERIMENT,
        "duration_s: 1800.0\n    half",
        "duration_s: 0.01\n    half",
        "toy.yaml:28: recordings.emission.duration_s: 0.01 s are 25 averages of a "
        "spectrum; write at least 0.04",
    ),
    Case(
        "misspelt_sweep_parameter",
        EXPERIMENT,
        "drive.ratio:",
        "drive.ration:",
        "toy.yaml:23: theory.sweeps.ratio-reference.axes[drive.ration]: not a "
        "parameter that a sweep can vary; did you mean drive.ratio?",
    ),
    Case(
        "sweep_without_effect",
        EXPERIMENT,
        "  sweeps:\n",
        "  sweeps:\n    gain: {power: reference, ratio: 0.5, model: rwa, axes: "
        "{receiver.gain: {start: 1, stop: 2, count: 3}}}\n",
        "toy.yaml:20: theory.sweeps.gain.axes[receiver.gain]: not a parameter that "
        "a sweep can vary; write one of: bath.external_occupation, "
        "bath.internal_occupation, cavity.frequency_hz, cavity.kappa_external_hz, "
        "cavity.kappa_internal_hz, drive.cavity_detuning_hz, "
        "drive.frame_offset_hz, drive.ratio, drive.red_coupling_hz, "
        "drum_1.frequency_hz, drum_1.linewidth_hz, "
        "drum_1.single_photon_coupling_hz, drum_1.thermal_occupation, "
        "drum_2.frequency_hz, drum_2.linewidth_hz, "
        "drum_2.single_photon_coupling_hz, drum_2.thermal_occupation, "
        "drums.coupling_ratio, drums.mean_frequency_hz, drums.thermal_occupation, "
        "heating.cavity_exponent, heating.drum_slope, heating.reference_coupling_hz, "
        "lines.blue_transmission",
    ),
    Case(
        "undotted_sweep_parameter",
        EXPERIMENT,
        "drive.ratio:",
        "ratio:",
        'toy.yaml:23: theory.sweeps.ratio-reference.axes.ratio: "ratio" is not a '
        "parameter; write the full name of a parameter, for example drive.ratio",
    ),
    Case(
        "sweep_out_of_range",
        EXPERIMENT,
        "start: 0.05, stop: 0.95",
        "start: -0.05, stop: 0.95",
        "toy.yaml:23: theory.sweeps.ratio-reference.axes[drive.ratio].start: -0.05 "
        "is out of range; write at least 0",
    ),
    Case(
        "empty_sweep",
        EXPERIMENT,
        "start: 0.05, stop: 0.95",
        "start: 0.95, stop: 0.95",
        "toy.yaml:23: theory.sweeps.ratio-reference.axes[drive.ratio].stop: 0.95 "
        "is not more than start; write more than 0.95",
    ),
    Case(
        "logarithm_of_zero",
        EXPERIMENT,
        "start: 0.05, stop: 0.95",
        "start: 0, stop: 0.95, spacing: logarithmic",
        "toy.yaml:23: theory.sweeps.ratio-reference.axes[drive.ratio].start: 0.0 "
        "has no logarithm; write more than 0, or spacing: linear",
    ),
    Case(
        "no_sweep_for_figures",
        EXPERIMENT,
        "    ratio-reference:\n",
        "    another:\n",
        "toy.yaml:19: theory.sweeps: no sweep ratio-reference, which figures show "
        "beside the operating points; add ratio-reference with power: reference "
        "and the axis drive.ratio",
    ),
    Case(
        "wrong_sweep_for_figures",
        EXPERIMENT,
        "count: 37}",
        "count: 37}\n        bath.internal_occupation: {start: 1, stop: 2, count: 3}",
        "toy.yaml:20: theory.sweeps.ratio-reference: figures show this sweep "
        "beside the operating points; write power: reference and the one axis "
        "drive.ratio",
    ),
    Case(
        "sweep_without_ratio",
        EXPERIMENT,
        "drive.ratio:",
        "drive.red_coupling_hz:",
        "toy.yaml:20: theory.sweeps.ratio-reference: no ratio; write one, for "
        "example ratio: 0.62, or an axis drive.ratio",
    ),
    Case(
        "sweep_with_two_ratios",
        EXPERIMENT,
        "      axes:\n",
        "      ratio: 0.62\n      axes:\n",
        "toy.yaml:20: theory.sweeps.ratio-reference: ratio and the axis "
        "drive.ratio are both given; remove one of them",
    ),
    Case(
        "unknown_route",
        EXPERIMENT,
        "[direct]",
        "[direkt]",
        'toy.yaml:42: inference.routes[0]: unknown word "direkt"; did you mean direct?',
    ),
    Case(
        "route_twice",
        EXPERIMENT,
        "[direct]",
        "[direct, direct]",
        "toy.yaml:42: inference.routes: an entry stands twice; write each entry once",
    ),
    Case(
        "status_of_the_comparison",
        EXPERIMENT,
        "status: recalled, unverified",
        "status: published",
        'toy.yaml:49: comparison.recalled_duan.status: "published" is not known '
        'here; write "recalled, unverified"',
    ),
    Case(
        "unknown_status",
        DEVICE,
        "    status: assumed\n",
        "    status: asumed\n",
        "devices/drums-2018-assumed.yaml:13: cavity.frequency_hz.status: unknown "
        'word "asumed"; did you mean assumed?',
    ),
    Case(
        "sourced_without_source",
        DEVICE,
        '    source: press coverage of the 2018 experiment ("15 micrometres"), no '
        "uncertainty given\n",
        "",
        "devices/drums-2018-assumed.yaml:47: drum_1.diameter_m.source: status is "
        "sourced but source is missing; write where the number can be looked up",
    ),
    Case(
        "sourced_with_blank_source",
        DEVICE,
        "source: abstract of arXiv:1711.01640, order of magnitude only, no uncertainty given",
        "source: ''",
        "devices/drums-2018-assumed.yaml:56: drum_1.atoms.source: blank text; "
        "write what docs/configuration.md asks for here",
    ),
    Case(
        "negative_uncertainty",
        DEVICE,
        "uncertainty: 2.26e+4",
        "uncertainty: -1",
        "devices/drums-2018-assumed.yaml:17: cavity.kappa_external_hz.uncertainty: "
        "-1 is out of range; write at least 0",
    ),
    Case(
        "misspelt_parameter",
        DEVICE,
        "kappa_internal_hz",
        "kappa_intrinsic_hz",
        "devices/drums-2018-assumed.yaml:20: cavity.kappa_intrinsic_hz: unknown "
        "key; did you mean kappa_internal_hz?",
    ),
    Case(
        "number_for_a_quantity",
        DEVICE,
        "cavity:\n  frequency_hz:\n    value: 5.5e+9\n    uncertainty: 2.0e+3\n    "
        "status: assumed\n    source: order-of-magnitude recollection, not checked "
        "against the paper; uncertainty assumed\n",
        "cavity:\n  frequency_hz: 5.5e+9\n",
        "devices/drums-2018-assumed.yaml:10: cavity.frequency_hz: 5.5e+9 is a "
        "number, expected a mapping; write the keys value, uncertainty, status, "
        "source",
    ),
    Case(
        "negative_rate",
        DEVICE,
        "value: 1.13e+6",
        "value: -1.0",
        "devices/drums-2018-assumed.yaml:16: cavity.kappa_external_hz.value: -1.0 "
        "is out of range; write more than 0",
    ),
    Case(
        "device_name_differs",
        DEVICE,
        "name: drums-2018-assumed",
        "name: drums",
        'devices/drums-2018-assumed.yaml:6: name: "drums" differs from the file '
        "name; write drums-2018-assumed, or rename the file",
    ),
    Case(
        "stationarity_at_no_point",
        EXPERIMENT,
        "    point: reference-x450",
        "    point: reference-x451",
        'toy.yaml:54: calibration.stationarity.point: "reference-x451" is not an operating point; '
        "did you mean reference-x450?",
    ),
    Case(
        "calibration_file_without_path",
        EXPERIMENT,
        "  source: recordings",
        "  source: file",
        "toy.yaml:52: calibration.path: missing key, source is file; write for example "
        "path: config/calibrations/mine.json",
    ),
    Case(
        "path_of_no_calibration_file",
        EXPERIMENT,
        "  source: recordings",
        "  source: device\n  path: config/calibrations/mine.json",
        "toy.yaml:91: calibration.path: source is device; remove this key, or write source: file",
    ),
    Case(
        "unstable_narrowing",
        EXPERIMENT,
        "couplings_hz: [2.0e+3, 4.0e+3]",
        "couplings_hz: [2.0e+3, 4.0e+5]",
        "toy.yaml:82: calibration.sideband_narrowing.couplings_hz[1]: no steady state with "
        "4.0e+5 Hz (unstable, fastest growth 1.84e+05 Hz); write at most 6000.0",
    ),
    Case(
        "unstable_probe",
        EXPERIMENT,
        "coupling_hz: 5.0e+3",
        "coupling_hz: 5.0e+5",
        "toy.yaml:87: calibration.probe_calibration.coupling_hz: no steady state with 5.0e+5 Hz "
        "(unstable, fastest growth 2.02e+05 Hz); write at most 8700.0",
    ),
    Case(
        "correlation_without_pump_noise",
        EXPERIMENT,
        "pump_noise_correlation: 0.0",
        "pump_noise_correlation: 0.5",
        "toy.yaml:106: laboratory.pump_noise_correlation: 0.5 is more than the noise that it "
        "correlates; write at most pump_noise_occupation, 0.0, or raise that",
    ),
    Case(
        "correlation_beyond_the_baths",
        EXPERIMENT,
        "bath_correlation: 0.0",
        "bath_correlation: 500.0",
        "toy.yaml:108: laboratory.bath_correlation: 500.0 exceeds sqrt(n_1 n_2) of the drums' "
        "baths; write at most 34.0 in size",
    ),
    Case(
        "files_without_path",
        EXPERIMENT,
        "  source: simulated",
        "  source: files",
        "toy.yaml:25: recordings.path: missing key, source is files; write for example "
        "path: config/recordings/simulated-example",
    ),
    Case(
        "folder_of_recordings_that_is_not_there",
        EXPERIMENT,
        "  source: simulated",
        "  source: files\n  path: config/recordings/mine",
        'toy.yaml:27: recordings.path: no such folder "config/recordings/mine"; write the folder '
        "of the recordings, for example config/recordings/simulated-example",
    ),
    Case(
        "file_for_the_folder_of_recordings",
        EXPERIMENT,
        "  source: simulated",
        f"  source: files\n  path: {EXPERIMENT}",
        'toy.yaml:27: recordings.path: not a folder "toy.yaml"; write the folder of the '
        "recordings, for example config/recordings/simulated-example",
    ),
    Case(
        "calibration_file_that_is_not_there",
        EXPERIMENT,
        "  source: recordings",
        "  source: file\n  path: config/calibrations/mine.json",
        'toy.yaml:91: calibration.path: no such file "config/calibrations/mine.json"; write the '
        "path of a calibration as numbers",
    ),
    Case(
        "uncertainty_beyond_a_positive_value",
        DEVICE,
        "uncertainty: 5.3\n",
        "uncertainty: 9.54e+4\n",
        "devices/drums-2018-assumed.yaml:34: drum_1.linewidth_hz.uncertainty: 9.54e+4 is not less "
        "than the value, which must be positive; write less than 106.0",
    ),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "devices").mkdir()
    for name in (EXPERIMENT, DEVICE):
        (tmp_path / name).write_bytes((FROZEN / name).read_bytes())
    return tmp_path


def load_frozen(folder: Path, experiment: str = EXPERIMENT) -> None:
    load_experiment(
        folder / experiment,
        schema_directory=ROOT / "workflow/schemas",
        device_directory=folder / "devices",
        given_from=folder,
    )


def test_frozen_files_are_valid(folder: Path) -> None:
    load_frozen(folder)


def message(folder: Path, experiment: str = EXPERIMENT) -> str:
    with pytest.raises(ConfigurationError) as caught:
        load_frozen(folder, experiment)
    return str(caught.value).replace(f"{folder}/", "")


def edit(file: Path, written: str, changed_to: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert written in text
    file.write_text(text.replace(written, changed_to, 1), encoding="utf-8")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_mistake(case: Case, folder: Path) -> None:
    edit(folder / case.file, case.written, case.changed_to)
    assert message(folder) == case.message


COVERAGE = """
coverage:
  operating_point: reference-x620
  replicas: {in-time: 2}
  chunk_replicas: 2
  draws: 400
  validation: {factor: 10, roots: [second]}
  in_time: {duration_s: 0.2, sample_rate_hz: 1.92e+7}
"""


@pytest.mark.parametrize(
    ("written", "changed_to", "told"),
    [
        (
            "  in_time: {duration_s: 0.2, sample_rate_hz: 1.92e+7}\n",
            "",
            "coverage.in_time: missing key, some replicas are of the kind in-time; write for "
            "example in_time: {duration_s: 0.2, sample_rate_hz: 1.92e+7}",
        ),
        (
            "{in-time: 2}",
            "{coverage: 2}",
            "coverage.in_time: no replica is of the kind in-time; remove this key, or write "
            "in-time: 50 there",
        ),
        (
            "roots: [second]",
            "roots: [main]",
            'coverage.validation.roots[0]: "main" has a meaning of its own; write a name other '
            'than "main" or "enlarged"',
        ),
        (
            "1.92e+7",
            "8.0e+6",
            "coverage.in_time.sample_rate_hz: 8.0e+6 Hz is no whole multiple of "
            "recordings.phase_scan.probe_offset_hz; write for example 8.1e+6",
        ),
        (
            "1.92e+7",
            "1.5e+6",
            "coverage.in_time.sample_rate_hz: 1.5e+6 Hz does not reach the ends of the emission; "
            "write at least 2.005e+6",
        ),
        (
            "duration_s: 0.2",
            "duration_s: 1.0e-3",
            "coverage.in_time.duration_s: 0.001 s holds no segment of every spectrum; write at "
            "least 0.0032",
        ),
        (
            "  gain_ripple: 0.0",
            "  gain_ripple: 0.1",
            "laboratory.gain_ripple: 0.1, which replicas of the kind in-time cannot have; write "
            "0.0, or remove these replicas",
        ),
        (
            "  spurious_lines: []",
            "  spurious_lines: [{frequency_hz: 1.0e+5, quanta: 1.0}]",
            "laboratory.spurious_lines: a list, which replicas of the kind in-time cannot have; "
            "write [], or remove these replicas",
        ),
    ],
)
def test_coverage_that_cannot_be(folder: Path, written: str, changed_to: str, told: str) -> None:
    with (folder / EXPERIMENT).open("a", encoding="utf-8") as file:
        file.write(COVERAGE)
    edit(folder / EXPERIMENT, written, changed_to)
    assert message(folder).split(": ", 1)[1] == told


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "toy.yaml: the file is empty; see docs/configuration.md for its keys"),
        (b"# a comment\n", "toy.yaml: the file is empty; see docs/configuration.md for its keys"),
        (
            b"\n- a\n- b\n",
            "toy.yaml:2: the top level is not a mapping; write lines of the form key: value",
        ),
        (b"toy", "toy.yaml:1: the top level is not a mapping; write lines of the form key: value"),
        (
            b"name: toy\ntitle: T\xf6y\n",
            "toy.yaml:2: byte 18 is not UTF-8 text; save the file in the encoding UTF-8",
        ),
        (
            "name: toy".encode("utf-16"),
            "toy.yaml:1: byte 0 is not UTF-8 text; save the file in the encoding UTF-8",
        ),
        (
            b"a: &a [*a]\n",
            "toy.yaml:1: a: YAML anchor (&a); remove it, and write the value out where *a stands",
        ),
        (
            b"a: " + 100_000 * b"[",
            "toy.yaml:1: nested deeper than 50 levels; see docs/configuration.md",
        ),
        (
            b"a: " + 2_000_000 * b"b",
            "toy.yaml: larger than 1 MB; give a config file, not a data file",
        ),
    ],
)
def test_file_that_is_no_config(folder: Path, content: bytes, told: str) -> None:
    (folder / EXPERIMENT).write_bytes(content)
    assert message(folder) == told


@pytest.mark.parametrize("loader", [yaml.SafeLoader, yamlfile._LOADER], ids=["python", "libyaml"])
@pytest.mark.parametrize(
    ("written", "changed_to", "line"),
    [
        ("title: Toy", "title: a: Toy", 4),
        ("phases: 8", "phases: *eight", 34),
        ("routes: [direct]", "routes: direct]\n- x", 43),
        ("title: Toy", "title: %Toy", 4),
        ("comparison:", "---\ncomparison:", 45),
    ],
)
def test_syntax_error_names_its_line(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    loader: type,
    written: str,
    changed_to: str,
    line: int,
) -> None:
    monkeypatch.setattr(yamlfile, "_LOADER", loader)
    edit(folder / EXPERIMENT, written, changed_to)
    told = message(folder)
    assert told.startswith(f"toy.yaml:{line}: not valid YAML, ")
    assert told.endswith("; check indentation, colons and quotes on this line and the one before")


@pytest.mark.parametrize("loader", [yaml.SafeLoader, yamlfile._LOADER], ids=["python", "libyaml"])
@pytest.mark.parametrize(
    ("written", "changed_to", "told"),
    [
        ("[0.45, 0.62]", "[0.45, 0.62", "toy.yaml:14: not valid YAML, a list [ begins here: "),
        (
            "{red_coupling_hz: 1.4e+5}",
            "{red_coupling_hz: 1.4e+5",
            "toy.yaml:11: not valid YAML, a ",
        ),
        ("title: Toy", "title: 'Toy", "toy.yaml:4: not valid YAML, a quoted text begins here: "),
    ],
)
def test_what_is_not_closed_is_told_where_it_begins(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    loader: type,
    written: str,
    changed_to: str,
    told: str,
) -> None:
    monkeypatch.setattr(yamlfile, "_LOADER", loader)
    edit(folder / EXPERIMENT, written, changed_to)
    found = message(folder)
    assert found.startswith(told)
    assert found.endswith("; close it, and check commas and quotes up to there")


@pytest.mark.parametrize("loader", [yaml.SafeLoader, yamlfile._LOADER], ids=["python", "libyaml"])
@pytest.mark.parametrize("depth", [20, 40])
def test_documents_that_would_grow_exponentially_are_refused_at_once(
    folder: Path, monkeypatch: pytest.MonkeyPatch, loader: type, depth: int
) -> None:
    monkeypatch.setattr(yamlfile, "_LOADER", loader)
    lines = ["a0: &a0 [1, 1]", *(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, depth))]
    (folder / EXPERIMENT).write_text("\n".join(lines), encoding="utf-8")
    assert message(folder).startswith("toy.yaml:1: a0: YAML anchor (&a0); remove it")


@pytest.mark.parametrize("loader", [yaml.SafeLoader, yamlfile._LOADER], ids=["python", "libyaml"])
def test_tag_runs_no_code(folder: Path, monkeypatch: pytest.MonkeyPatch, loader: type) -> None:
    monkeypatch.setattr(yamlfile, "_LOADER", loader)
    witness = folder / "witness"
    tag = f"title: !!python/object/apply:os.mkdir ['{witness}'] #"
    edit(folder / EXPERIMENT, "title:", tag)
    assert "!!python/object/apply:os.mkdir is not allowed" in message(folder)
    assert not witness.exists()


def test_several_mistakes_are_counted_and_the_first_in_the_file_is_told(folder: Path) -> None:
    edit(folder / EXPERIMENT, "phases: 8", "phases: eight")
    edit(folder / EXPERIMENT, "half_span_hz: 1.0e+5", "half_span_hz: -1")
    edit(folder / EXPERIMENT, "chunk_points", "chunkpoints")
    assert message(folder) == (
        "toy.yaml:18: theory.chunkpoints: unknown key; did you mean chunk_points? (and 2 more)"
    )


def test_experiment_that_is_not_there(folder: Path) -> None:
    assert message(folder, "toi.yaml") == ("toi.yaml: no such experiment file; did you mean toy?")


def test_folder_for_an_experiment(folder: Path) -> None:
    (folder / "other.yaml").mkdir()
    assert message(folder, "other.yaml") == (
        "other.yaml: is a directory; give the path of a config file that can be read"
    )


def test_no_device_file_at_all(folder: Path) -> None:
    (folder / DEVICE).unlink()
    assert message(folder) == (
        "toy.yaml:5: device: device file devices/drums-2018-assumed.yaml is missing; "
        "there is none yet, add it"
    )


def test_device_that_is_not_there(folder: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_device(folder / "devices/drums.yaml", schema_directory=ROOT / "workflow/schemas")
    assert str(caught.value) == (
        f"{folder}/devices/drums.yaml: no such device file; write one of: drums-2018-assumed"
    )


def test_missing_schema(folder: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_experiment(
            folder / EXPERIMENT, schema_directory=folder, device_directory=folder / "devices"
        )
    assert str(caught.value) == (
        f"{folder}/experiment.yaml: no such file or directory; "
        "give the path of a config file that can be read"
    )


def test_drive_that_the_device_cannot_have(folder: Path) -> None:
    edit(folder / DEVICE, "value: 0.03", "value: 9.0")
    edit(folder / EXPERIMENT, "red_coupling_hz: 1.4e+5", "red_coupling_hz: 1.0e+4")
    told = message(folder)
    assert told.startswith("toy.yaml:14: operating_points.reference: no model of this drive on ")
    assert "thermal_occupation" in told


def test_parametric_term_that_leaves_no_steady_state(folder: Path) -> None:
    edit(folder / EXPERIMENT, "[0.45, 0.62]", "[0.45, 0.62, 0.7]")
    edit(folder / EXPERIMENT, "parametric_hz: 0.0", "parametric_hz: -1.0e+6")
    told = message(folder)
    assert told.startswith(
        "toy.yaml:107: laboratory.mechanical_parametric_hz: no steady state with -1.0e+6 Hz at "
        "operating_points.reference[2] (unstable, fastest growth "
    )
    largest = float(told.rpartition("write at most ")[2].removesuffix(" in size"))
    edit(folder / EXPERIMENT, "parametric_hz: -1.0e+6", f"parametric_hz: {-largest}")
    load_frozen(folder)
    edit(folder / EXPERIMENT, f"parametric_hz: {-largest}", f"parametric_hz: {-1.1 * largest}")
    assert message(folder).startswith("toy.yaml:107: laboratory.mechanical_parametric_hz: ")


@pytest.mark.parametrize(
    ("written", "coupling"), [("[2.0e+3, 4.0e+3]", "[2.0e+3, {}]"), ("5.0e+3", "{}")]
)
def test_largest_coupling_that_is_told_is_accepted(
    folder: Path, written: str, coupling: str
) -> None:
    edit(folder / EXPERIMENT, written, coupling.format("5.0e+5"))
    largest = float(message(folder).rpartition("write at most ")[2])
    edit(folder / EXPERIMENT, coupling.format("5.0e+5"), coupling.format(largest))
    load_frozen(folder)
    edit(folder / EXPERIMENT, coupling.format(largest), coupling.format(1.1 * largest))
    assert "no steady state" in message(folder)


def test_given_files_may_be_gone_when_results_are_compared(folder: Path) -> None:
    edit(folder / EXPERIMENT, "  source: simulated", "  source: files\n  path: gone")
    places = {
        "schema_directory": ROOT / "workflow/schemas",
        "device_directory": folder / "devices",
    }
    assert load_experiment(folder / EXPERIMENT, **places)["recordings"]["path"] == "gone"
    (folder / "gone").mkdir()
    load_frozen(folder)


def test_frame_offset_moves_the_lines_within_the_recorded_span(folder: Path) -> None:
    edit(folder / EXPERIMENT, "frame_offset_hz: 0.0", "frame_offset_hz: 3.5e+5")
    assert message(folder).startswith(
        "toy.yaml:29: recordings.emission.half_span_hz: 1.0e+6 Hz does not cover the lines at "
    )
