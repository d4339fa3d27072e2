"""Reproduction of stabilized entanglement of two drum resonators, from config to verdict.

Import the modules directly (``from entangled_drums.covariance import steady_state``). Nothing is
re-exported here, so that the modules a script imports are exactly the code its results depend on.
"""

__version__ = "0.1.0"
