"""The simulated laboratory: a true device, and what receivers would store of it.

Only this package turns true parameters into data.
"""
