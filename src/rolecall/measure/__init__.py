"""What was measured, and how sure that is. Statistics here are pure: no file, no clock, no chance.

Chance comes in as a seed, so that a figure can be had again.
"""
