"""Write the recordings of the experiment example-recordings, on the time road.

    python tools/record_example.py PARAMETERS.json

A device is drawn from config/devices/drums-2018-quiet-receiver.yaml with the seed given in
PARAMETERS.json (made if it does not exist: {"seed": ..., "values": ...}); its field is computed in
time, digitised, windowed and averaged. The parameter file is not part of the repository: only its
SHA-256 is, in config/recordings/simulated-example/README.md.
"""

import argparse
import hashlib
import secrets
from pathlib import Path

import numpy as np
import xarray

from entangled_drums import jsonfile, parameters, prior, recording, tones
from entangled_drums.configuration.experiment import load_experiment
from entangled_drums.configuration.values import (
    device_uncertainties,
    device_values,
    operating_point_ids,
)
from entangled_drums.laboratory import time_record
from entangled_drums.laboratory.pumped import line_centres_hz
from entangled_drums.laboratory.receiver import bins_hz

ROOT = Path(__file__).resolve().parents[1]
SAMPLE_RATE_HZ = 9.6e6
FLOOR_HZ = 4.5e6


def spectrum(values, system, modulation, duration_s, bin_width_hz, frequency_hz, generator):
    """Averaged periodogram at some bins, with the response of the sampling filter divided out."""
    chain = parameters.receiver(values)
    axis, power, averages = time_record.periodogram(
        system,
        modulation,
        digitiser=time_record.Digitiser(SAMPLE_RATE_HZ),
        duration_s=duration_s,
        bin_width_hz=bin_width_hz,
        gain=float(chain.gain),
        added_noise=float(chain.added_noise),
        generator=generator,
    )
    # White noise passes the filter unchanged: only what stands above the floor is corrected.
    floor = power[np.abs(axis) > FLOOR_HZ].mean()
    corrected = floor + (power - floor) / np.sinc(axis / SAMPLE_RATE_HZ) ** 2
    index = np.searchsorted(axis, frequency_hz - 0.5 * bin_width_hz)
    return corrected[index], averages


def record_point(config, nominal, values, point, generator) -> dict[str, xarray.Dataset]:
    """Emission and phase scan at one operating point."""
    place = operating_point_ids(config)[point]
    settings = parameters.drive_settings(
        nominal,
        config["drive"]["powers"][place["power"]]["red_coupling_hz"],
        place["ratio"],
        config["drive"]["cavity_detuning_hz"],
        config["drive"]["frame_offset_hz"],
    )
    system = parameters.system(values, settings)
    wanted = config["recordings"]["emission"]
    width = wanted["bin_width_hz"]
    frequency = bins_hz((0.0,), wanted["half_span_hz"], width)
    pumps = tones.drive_modulation(system.drive)
    power, averages = spectrum(
        values, system, pumps, wanted["duration_s"], width, frequency, generator
    )
    made = {
        "emission": recording.build(
            "emission",
            frequency,
            power,
            settings,
            duration_s=wanted["duration_s"],
            bin_width_hz=width,
            averages=averages,
        )
    }
    wanted = config["recordings"]["phase_scan"]
    width, offset = wanted["bin_width_hz"], wanted["probe_offset_hz"]
    phases = 2.0 * np.pi * np.arange(wanted["phases"]) / wanted["phases"]
    probes = parameters.probe_settings(nominal, offset, wanted["probe_coupling_hz"], phases)
    frequency = bins_hz(line_centres_hz(nominal, settings, offset), wanted["half_span_hz"], width)
    rows = []
    for phase in phases:
        one = parameters.ProbeSettings(**{**vars(probes), "phase_rad": phase})
        modulation = tones.drive_modulation(system.drive, parameters.probe(values, one))
        row, averages = spectrum(
            values,
            system,
            modulation,
            wanted["duration_s"] / phases.size,
            width,
            frequency,
            generator,
        )
        rows.append(row)
    made["phase_scan"] = recording.build(
        "phase_scan",
        frequency,
        np.array(rows),
        settings,
        duration_s=wanted["duration_s"],
        bin_width_hz=width,
        averages=averages,
        probe=probes,
    )
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parameters", type=Path, help="parameter file, outside of the repository")
    path = parser.parse_args().parameters
    config = load_experiment(
        ROOT / "config/experiments/example-recordings.yaml",
        schema_directory=ROOT / "workflow/schemas",
        device_directory=ROOT / "config/devices",
    )
    nominal = device_values(config["device"])
    if not path.exists():
        seed = secrets.randbits(64)
        generator = np.random.default_rng(seed)
        uncertainties = device_uncertainties(config["device"])
        drawn = prior.draw(nominal, uncertainties, generator)
        jsonfile.write(path, {"seed": str(seed), "values": drawn})
    stored = jsonfile.read(path)
    streams = np.random.default_rng(int(stored["seed"])).spawn(len(operating_point_ids(config)))
    for point, generator in zip(operating_point_ids(config), streams, strict=True):
        folder = ROOT / config["recordings"]["path"] / point
        folder.mkdir(parents=True, exist_ok=True)
        for kind, dataset in record_point(
            config, nominal, stored["values"], point, generator
        ).items():
            recording.write(folder / f"{kind}.nc", dataset)
            print(f"{folder / kind}.nc: written", flush=True)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    (ROOT / config["recordings"]["path"] / "README.md").write_text(
        "# Example recordings: simulated, not measured\n\n"
        "Written by tools/record_example.py: the field of a simulated device, computed in time,\n"
        "digitised, windowed and averaged. They show that recordings given as files take the same\n"
        "road as simulated ones; they are no data of any experiment.\n\n"
        f"SHA-256 of the parameter file: {digest}\n",
        encoding="utf-8",
    )
    print(f"sha256 of the parameter file: {digest}")


if __name__ == "__main__":
    main()
