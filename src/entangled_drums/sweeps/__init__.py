"""What the model predicts over a grid of parameters, and how sure the device file lets us be.

Import the modules directly, for example ``from entangled_drums.sweeps.solving import solve_sweep``.
"""
