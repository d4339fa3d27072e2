"""Replicas of the whole experiment: do intervals cover, are claims true, is a wrong model noticed?

Beside figures the only room that may know the truth.
"""
