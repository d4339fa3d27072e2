"""Every kind of recording and every field of it: the one place where format version 1 is defined.

`entangled_drums.recording_checks` checks files against these tables, and docs/recordings.md is
written from them.
"""

from dataclasses import dataclass

from entangled_drums import windows

FORMAT = "entangled-drums-recording"
FORMAT_VERSION = 1

EMISSION = "emission"
PHASE_SCAN = "phase_scan"
STATIONARITY = "stationarity"
CAVITY_RESPONSE = "cavity_response"
BACKGROUND = "background"
LOAD_NOISE = "load_noise"
THERMAL_SWEEP = "thermal_sweep"
SIDEBAND_COOLING = "sideband_cooling"
SIDEBAND_NARROWING = "sideband_narrowing"
PROBE_CALIBRATION = "probe_calibration"

ANY, POSITIVE, NOT_NEGATIVE = "any", "above zero", "zero or more"
SIMULATED, MEASURED = "simulated", "measured"


@dataclass(frozen=True)
class Attribute:
    """One global attribute: a text out of ``choices``, or a number of a sign."""

    name: str
    description: str
    unit: str = "text"
    choices: tuple[str, ...] = ()
    sign: str = ANY

    @property
    def is_number(self) -> bool:
        """Whether its value is a number."""
        return self.unit != "text"


@dataclass(frozen=True)
class Variable:
    """One variable: a coordinate if it is named like its only dimension."""

    name: str
    dimensions: tuple[str, ...]
    unit: str
    description: str
    sign: str = ANY


@dataclass(frozen=True)
class Kind:
    """One kind of recording."""

    name: str
    description: str
    variables: tuple[Variable, ...]
    attributes: tuple[Attribute, ...]

    @property
    def data(self) -> tuple[Variable, ...]:
        """Variables that hold what was recorded."""
        return tuple(v for v in self.variables if v.name in (POWER, *REFLECTION))

    def variable(self, name: str) -> Variable:
        """Return one variable by its name."""
        return next(one for one in self.variables if one.name == name)


POWER = "power_spectral_density"
REFLECTION = ("reflection_real", "reflection_imaginary")

_HEAD = (
    Attribute("format", "marks the file as a recording", choices=(FORMAT,)),
    Attribute("format_version", "version of the format", "1", sign=POSITIVE),
    Attribute("kind", "what was recorded; one of the sections of this page"),
    Attribute("origin", "where the numbers come from", choices=(SIMULATED, MEASURED)),
)
_SPECTRUM = (
    Attribute("unit", "unit of the spectrum", choices=("quanta",)),
    Attribute("sidedness", "whether both sides of the centre are kept", choices=("two-sided",)),
    Attribute(
        "frequency_sign",
        "which side of the centre counts as positive",
        choices=("positive above the drive centre",),
    ),
    Attribute("frequency_origin", "where frequency zero lies", choices=("drive centre",)),
    Attribute(
        "averaging",
        "what was averaged: power; traces averaged in decibels lie 2.51 dB low and are refused",
        choices=("power",),
    ),
    Attribute("window", "window of the periodogram", choices=windows.NAMES),
    Attribute(
        "overlap", "fraction of a segment shared with the next one, below 1", "1", sign=NOT_NEGATIVE
    ),
    Attribute("duration_s", "measuring time of the whole recording", "s", sign=POSITIVE),
)
_AVERAGES = ("averages", "1", "segments averaged in each spectrum")
_EFFECTIVE = (
    "effective_averages",
    "1",
    "shape of the Gamma distribution of one bin (mean squared over variance): the averages, "
    "or fewer if segments overlap",
)
_WIDTH = ("bin_width_hz", "Hz", "width of a bin, the inverse length of a segment")
_BANDWIDTH = (
    "equivalent_noise_bandwidth_hz",
    "Hz",
    "equivalent noise bandwidth: the bin width for a boxcar, 1.5 bins for a Hann window",
)
_CENTRE = ("centre_frequency_hz", "Hz", "absolute frequency of the drive centre, frequency zero")
_FRAME = ("frame_frequency_hz", "Hz", "distance of each pump tone from the drive centre")
_COUPLING = (
    "red_coupling_hz",
    "Hz",
    "label of the pump power: nominal coupling G/2pi of the (red) tone, geometric mean of drums",
)
_RED = ("red_photons", "1", "photons in the cavity that the red tone is set to give")
_BLUE = ("blue_photons", "1", "photons in the cavity that the blue tone is set to give")


def _attribute(entry: tuple[str, str, str], sign: str = POSITIVE) -> Attribute:
    name, unit, description = entry
    return Attribute(name, description, unit, sign=sign)


def _variable(entry: tuple[str, str, str], *dimensions: str, sign: str = POSITIVE) -> Variable:
    name, unit, description = entry
    return Variable(name, dimensions, unit, description, sign)


_AVERAGING = tuple(map(_attribute, (_AVERAGES, _EFFECTIVE, _WIDTH, _BANDWIDTH)))
_DRIVE = (
    _attribute(_COUPLING, NOT_NEGATIVE),
    Attribute("ratio", "nominal x = G^+/G^-", "1", sign=NOT_NEGATIVE),
    _attribute(_CENTRE),
    _attribute(_FRAME),
    _attribute(_RED, NOT_NEGATIVE),
    _attribute(_BLUE, NOT_NEGATIVE),
)
_PROBE = (
    Attribute("probe_offset_hz", "shift of the probe pair, not zero", "Hz"),
    Attribute("probe_red_photons", "photons of the red probe", "1", sign=NOT_NEGATIVE),
    Attribute("probe_blue_photons", "photons of the blue probe", "1", sign=NOT_NEGATIVE),
)
_FREQUENCY = Variable(
    "frequency_hz",
    ("frequency_hz",),
    "Hz",
    "centre of the bin, from the drive centre, positive above it",
)
_BIN = Variable("bin", ("bin",), "1", "number of the bin", NOT_NEGATIVE)
_DRUM = Variable("drum", ("drum",), "1", "which drum the tone is set for: 1 or 2", POSITIVE)


def _power(*dimensions: str) -> Variable:
    return Variable(
        POWER,
        dimensions,
        "quanta",
        "averaged periodogram of the field leaving the cavity",
        POSITIVE,
    )


def _own_axis(*settings: str) -> tuple[Variable, ...]:
    """Fields of spectra that each have bins of their own."""
    return (
        _BIN,
        _power(*settings, "bin"),
        Variable(
            "frequency_hz",
            (*settings, "bin"),
            "Hz",
            "centre of the bin, from the drive centre, positive above it",
        ),
        *(_variable(entry, *settings) for entry in (_AVERAGES, _EFFECTIVE, _WIDTH, _BANDWIDTH)),
    )


def _single_tone(coordinate: str, unit: str, description: str) -> tuple[Variable, ...]:
    return (
        _DRUM,
        Variable(coordinate, (coordinate,), unit, description, POSITIVE),
        *_own_axis("drum", coordinate),
        _variable(_FRAME, "drum"),
    )


_KINDS = (
    Kind(
        EMISSION,
        "Noise leaving the cavity under the two pumps.",
        (_FREQUENCY, _power("frequency_hz")),
        (*_HEAD, *_SPECTRUM, *_AVERAGING, *_DRIVE),
    ),
    Kind(
        PHASE_SCAN,
        "Noise around the two lines of a pair of probes, for several phases of the blue probe; "
        "`duration_s` is shared equally between the phases, one after the other.",
        (
            _FREQUENCY,
            Variable("phase_rad", ("phase_rad",), "rad", "phase of the blue probe tone"),
            _power("phase_rad", "frequency_hz"),
        ),
        (*_HEAD, *_SPECTRUM, *_AVERAGING, *_DRIVE, *_PROBE),
    ),
    Kind(
        STATIONARITY,
        "Emission under the two pumps, cut into segments: does the state hold? `duration_s` is "
        "shared equally between the segments.",
        (
            _FREQUENCY,
            Variable(
                "segment_start_s",
                ("segment_start_s",),
                "s",
                "beginning of the segment, from the beginning of the run",
                NOT_NEGATIVE,
            ),
            _power("segment_start_s", "frequency_hz"),
        ),
        (*_HEAD, *_SPECTRUM, *_AVERAGING, *_DRIVE),
    ),
    Kind(
        CAVITY_RESPONSE,
        "Complex reflection S11 of the cavity without pumps, raw: with the delay, attenuation and "
        "phase of the cables.",
        (
            Variable("frequency_hz", ("frequency_hz",), "Hz", "from `centre_frequency_hz`, rising"),
            Variable(REFLECTION[0], ("frequency_hz",), "1", "real part of S11"),
            Variable(REFLECTION[1], ("frequency_hz",), "1", "imaginary part of S11"),
        ),
        (
            *_HEAD,
            Attribute(
                "time_convention",
                "sign of time in the analyser's phasors; with exp(+i omega t), which network "
                "analysers use, S11 is the complex conjugate of this project's formulas",
                choices=("exp(+i omega t)",),
            ),
            Attribute(
                "centre_frequency_hz", "absolute frequency of frequency zero", "Hz", sign=POSITIVE
            ),
            Attribute(
                "standard_deviation",
                "noise of each quadrature of one point, from repeated sweeps",
                "1",
                sign=POSITIVE,
            ),
        ),
    ),
    Kind(
        BACKGROUND,
        "Noise with the cavity tuned away and the pumps off: the port's own noise and what the "
        "receiver adds, over the band of the emission.",
        (_FREQUENCY, _power("frequency_hz")),
        (*_HEAD, *_SPECTRUM, *_AVERAGING, _attribute(_CENTRE)),
    ),
    Kind(
        LOAD_NOISE,
        "Noise of a matched load of known temperature in place of the cavity, cold and hot: the "
        "second known level that gain and added noise need. `duration_s` is shared equally.",
        (
            _FREQUENCY,
            Variable(
                "load_temperature_k",
                ("load_temperature_k",),
                "K",
                "temperature of the load, as its thermometer shows it",
                POSITIVE,
            ),
            _power("load_temperature_k", "frequency_hz"),
        ),
        (
            *_HEAD,
            *_SPECTRUM,
            *_AVERAGING,
            _attribute(_CENTRE),
            Attribute(
                "temperature_uncertainty",
                "relative standard uncertainty of the thermometer",
                "1",
                sign=NOT_NEGATIVE,
            ),
            Attribute(
                "path_uncertainty",
                "relative standard uncertainty of the transmission of the load's path against "
                "the cavity's",
                "1",
                sign=NOT_NEGATIVE,
            ),
            Attribute(
                "path_noise_uncertainty",
                "standard uncertainty of the difference between the noise that the two paths add",
                "quanta",
                sign=NOT_NEGATIVE,
            ),
        ),
    ),
    Kind(
        THERMAL_SWEEP,
        "Line of each drum under one weak red tone, against the temperature of the cryostat.",
        _single_tone("temperature_k", "K", "temperature of the cryostat"),
        (
            *_HEAD,
            *_SPECTRUM,
            _attribute(_COUPLING),
            _attribute(_CENTRE),
            _attribute(_RED),
            Attribute(
                "temperature_uncertainty",
                "relative standard uncertainty of the thermometer",
                "1",
                sign=NOT_NEGATIVE,
            ),
        ),
    ),
    Kind(
        SIDEBAND_COOLING,
        "Line of each drum under one red tone, against its power: the line widens.",
        (
            *_single_tone(*_RED[:1], *_RED[1:]),
            _variable(_COUPLING, "red_photons"),
        ),
        (*_HEAD, *_SPECTRUM, _attribute(_CENTRE)),
    ),
    Kind(
        SIDEBAND_NARROWING,
        "Line of each drum under one blue tone below threshold, against its power: the line "
        "narrows.",
        (
            *_single_tone(*_BLUE[:1], *_BLUE[1:]),
            Variable(
                "red_coupling_hz",
                ("blue_photons",),
                "Hz",
                "label of the pump power: nominal coupling G/2pi of the blue tone, geometric mean "
                "of drums",
                POSITIVE,
            ),
        ),
        (*_HEAD, *_SPECTRUM, _attribute(_CENTRE)),
    ),
    Kind(
        PROBE_CALIBRATION,
        "Lines of both drums under one probe tone at a time, pumps off: strength and balance of "
        "the probes. The drive centre is that of the probe pair.",
        (
            Variable(
                "sideband",
                ("sideband",),
                "1",
                "which probe is on: -1 the red one, +1 the blue one",
            ),
            _DRUM,
            *_own_axis("sideband", "drum"),
            _variable(_COUPLING, "sideband"),
            _variable(_RED, "sideband", sign=NOT_NEGATIVE),
            _variable(_BLUE, "sideband", sign=NOT_NEGATIVE),
        ),
        (*_HEAD, *_SPECTRUM, _attribute(_CENTRE), _attribute(_FRAME)),
    ),
)
KINDS = {kind.name: kind for kind in _KINDS}


def reference() -> str:
    """Return the page docs/recordings.md as Markdown."""
    lines = [_INTRODUCTION]
    common = {attribute.name for attribute in (*_HEAD, *_SPECTRUM)}
    lines += ["## Attributes of every recording\n", *_attribute_table(_HEAD)]
    lines += [
        "\n## Attributes of every noise spectrum\n",
        "All kinds but `cavity_response` have these too.\n",
        *_attribute_table(_SPECTRUM),
    ]
    for kind in _KINDS:
        lines += [f"\n## `{kind.name}`\n", f"{kind.description}\n"]
        lines += ["| variable | dimensions | unit | meaning |", "|---|---|---|---|"]
        lines += [
            f"| `{one.name}` | {', '.join(one.dimensions)} | {one.unit} | "
            f"{one.description}{_range(one.sign)} |"
            for one in kind.variables
        ]
        own = tuple(one for one in kind.attributes if one.name not in common)
        if own:
            lines += ["", *_attribute_table(own)]
    return "\n".join(lines) + "\n"


def _range(sign: str) -> str:
    return "" if sign == ANY else f" ({sign})"


def _attribute_table(attributes: tuple[Attribute, ...]) -> list[str]:
    rows = ["| attribute | unit | meaning |", "|---|---|---|"]
    for one in attributes:
        allowed = f": {' or '.join(f'`{choice}`' for choice in one.choices)}" if one.choices else ""
        rows.append(f"| `{one.name}` | {one.unit} | {one.description}{allowed}{_range(one.sign)} |")
    return rows


_INTRODUCTION = """\
# Recordings

<!-- Generated from src/entangled_drums/recording_format.py by `make docs`. -->

A recording is a netCDF-4 file, the same for the simulated laboratory and for a real one. This page
lists every field of format version 1. Nothing else may be in the file (but `record_id`, which the
workflow adds): no true parameter, no random seed, no time, no name of a computer.

    entangled-drums check-recording FILE...

says what is wrong with a file, where, and how to mend it. Spectra in other units, and spectra that
are not netCDF yet, come in through a settings file with a table beside it; see
[importing.md](importing.md).

Conventions. Frequencies are cyclic, in Hz, from the drive centre (midway between the pump tones)
and positive above it. Spectra are two-sided, in quanta: power per hertz over the energy of a
photon; for the cavity's output plus the noise that the receiver adds, times a gain near one that
the calibration determines. A bin that averages N disjoint periodograms scatters by 1/sqrt(N).
Kinds with a `bin` axis hold spectra that each have their own frequencies.
"""
