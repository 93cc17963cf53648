"""Observations → tracks: what is on the road now, each road user once; the frame is that of :mod:`rsu.observe.arrays`.

docs/fusion.md has the design.
"""
