"""The assumed device and a drive, for tests of figures that show theory."""

from pathlib import Path

from entangled_drums.configuration.experiment import load_device
from entangled_drums.configuration.values import device_values

ROOT = Path(__file__).parents[2]
DEVICE = device_values(
    load_device(
        ROOT / "config/devices/drums-2018-assumed.yaml", schema_directory=ROOT / "workflow/schemas"
    )
)
DRIVE = {
    "red_coupling_hz": 1.4e5,
    "ratio": 0.62,
    "cavity_detuning_hz": 0.0,
    "frame_offset_hz": 0.0,
}
POWERS = {"reference": {"red_coupling_hz": 1.4e5}, "strong": {"red_coupling_hz": 2.0e5}}
POINTS = {"reference": [0.3, 0.45, 0.55, 0.62, 0.7, 0.78], "strong": [0.45, 0.6, 0.7, 0.78, 0.85]}
ORIGIN = "Assumed device; theory."

# The worked example of the theory: n_c = 0.30, all of it from the internal loss.
WORKED_EXAMPLE = {
    **DEVICE,
    "bath.external_occupation": 0.0,
    "bath.internal_occupation": 0.30 * 1.38 / 0.25,
}
