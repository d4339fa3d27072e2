"""Names of the sweeps of the experiment file that figures show, for workflow and figures alike."""

MAP_SWEEPS = ("map-cooperativity", "map-detuning-asymmetry", "map-occupations")
"""Maps of figure S7, one panel each; those that are declared are drawn."""

FREQUENCY_SWEEPS = ("rwa-frequency", "beyond-rwa-frequency")
"""The two models over mean drum frequency and ratio, figure S8."""

FRAME_SWEEPS = ("rwa-frame", "beyond-rwa-frame")
"""The two models over the frame offset, figure S8; its last panel is drawn if both are declared."""
