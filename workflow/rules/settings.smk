"""What a job is told: the slice of the config that it depends on, and where in it each value stands.

No rules here.
"""

from dataclasses import dataclass

from entangled_drums.configuration.values import device_uncertainties, device_values


@dataclass(frozen=True)
class Configured:
    """A value out of the config, and the keys it was taken from."""

    value: object
    keys: tuple


def configured(key):
    """The entry of the experiment's config with this dotted key."""
    value = EXPERIMENT
    for part in key.split("."):
        value = value[part]
    return Configured(value, (key,))


def together(entries):
    """One setting out of several, by their names."""
    return Configured(
        {name: entry.value for name, entry in entries.items()},
        tuple(key for entry in entries.values() for key in entry.keys),
    )


def device(*sections, what=device_values):
    """Flat values (or uncertainties) of some sections of the device file, or of all."""
    flat = {
        key: value
        for key, value in what(EXPERIMENT["device"]).items()
        if not sections or key.split(".")[0] in sections
    }
    entry = "value" if what is device_values else "uncertainty"
    return Configured(flat, tuple(f"device.{key}.{entry}" for key in flat))


def drive_of(power):
    """Drive keys of a power, without the ratio."""
    keys = {
        "cavity_detuning_hz": "drive.cavity_detuning_hz",
        "frame_offset_hz": "drive.frame_offset_hz",
        "red_coupling_hz": f"drive.powers.{power}.red_coupling_hz",
    }
    values = {name: configured(key).value for name, key in keys.items()}
    return Configured(values, tuple(keys.values()))


def drive_at(point):
    """Drive keys of an operating point."""
    power = POINTS[point]["power"]
    drive = drive_of(power)
    return Configured(
        {**drive.value, "ratio": POINTS[point]["ratio"]},
        (*drive.keys, f"operating_points.{power}"),
    )


def nominal_at(point):
    """Coupling and ratio that an operating point is named for, where no recording says better."""
    drive = drive_at(point)
    return Configured(
        {name: drive.value[name] for name in ("red_coupling_hz", "ratio")}, drive.keys
    )


def drive_in(sweep):
    """Drive keys of a sweep; the ratio is among them unless it is swept."""
    drive = drive_of(SWEEPS[sweep]["power"])
    keys = [f"theory.sweeps.{sweep}.power"]
    values = dict(drive.value)
    if "ratio" in SWEEPS[sweep]:
        values["ratio"] = SWEEPS[sweep]["ratio"]
        keys.append(f"theory.sweeps.{sweep}.ratio")
    return Configured(values, (*drive.keys, *keys))


def tones_in(sweep):
    """Tones that a sweep declares in place of the pump pair, or None."""
    if "tones" not in SWEEPS[sweep]:
        return None
    return configured(f"theory.sweeps.{sweep}.tones")


def sweep_settings(sweep, part):
    """Settings of the job that solves a part of a sweep, or all of it."""
    return settings(
        device=device("cavity", "drum_1", "drum_2", "bath", "heating", "lines"),
        drive=drive_in(sweep),
        axes=configured(f"theory.sweeps.{sweep}.axes"),
        model=configured(f"theory.sweeps.{sweep}.model"),
        tones=tones_in(sweep),
        rows=rows_of(sweep)[part],
    )


def replicas_in(study, part):
    """Replicas of one job of a coverage study."""
    keys = ["coverage.replicas"] + ([] if study == "main" else ["coverage.validation.factor"])
    return Configured(chunks_of_study(study)[part], tuple(keys))


def in_time(study, part):
    """How records in time are made, for a job that makes some."""
    makes = any(kind == "in-time" for kind, _ in chunks_of_study(study)[part])
    return {"in_time": configured("coverage.in_time")} if makes else {}


def seed_of_study(study):
    """Seed of a coverage study: enlarged, it holds the replicas of the main one and more."""
    if study in ("main", "enlarged"):
        return seed("coverage")
    return Configured(
        {"root": study, "dataset": "coverage", "index": []}, ("coverage.validation.roots",)
    )


def ratio_sweeps():
    """Names of the curves that figures draw through the operating points, and their drives."""
    powers = list(EXPERIMENT["operating_points"])
    names = [f"ratio-{power}" for power in powers]
    return names, Configured(
        [{"power": power, **drive_of(power).value} for power in powers],
        tuple(f"theory.sweeps.{name}.power" for name in names)
        + tuple(f"drive.powers.{power}.red_coupling_hz" for power in powers),
    )


def seed(dataset, *index):
    """Names that a job's random stream is derived from."""
    root = configured("name")
    return Configured({"root": root.value, "dataset": dataset, "index": list(index)}, root.keys)


def settings(**entries):
    """A rule's settings: plain built-ins with sorted keys, so that a changed value is noticed."""
    keys = {
        key for entry in entries.values() if isinstance(entry, Configured) for key in entry.keys
    }
    values = {
        name: entry.value if isinstance(entry, Configured) else entry
        for name, entry in entries.items()
    }
    return sort_keys({**values, "config_keys": sorted(keys)})


def sort_keys(value):
    if isinstance(value, dict):
        return {key: sort_keys(value[key]) for key in sorted(value)}
    if isinstance(value, (list, tuple)):
        return [sort_keys(item) for item in value]
    return value
