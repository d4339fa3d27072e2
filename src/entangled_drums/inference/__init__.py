"""Inference of the drums' state from recordings and a calibration; it never sees the truth.

Import the routes directly, for example ``from entangled_drums.inference.direct import infer``.
"""
