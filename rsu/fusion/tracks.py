"""Tracks: what fusion hands on, one row a road user, as one numpy array."""

from __future__ import annotations

import numpy as np

TENTATIVE, CONFIRMED = 0, 1

TRACK = np.dtype(
    [
        ("id", "u4"),  # own, stable, never given twice by a unit
        ("time_ns", "i8"),  # the moment of the state: all rows of one output have the same
        ("status", "u1"),
        ("cls", "u1"),  # classes of rsu.observe.arrays
        ("x", "f8"),  # metres, ENU
        ("y", "f8"),
        ("heading", "f8"),  # radians, counter-clockwise from east
        ("speed", "f8"),  # m/s
        ("yaw_rate", "f8"),  # rad/s
        ("cov", "f8", (5, 5)),  # of x, y, heading, speed, yaw_rate
        ("bias_x", "f8"),  # offset of its sender's GNSS, metres; NaN where it has no sender
        ("bias_y", "f8"),
        ("length", "f4"),
        ("width", "f4"),
        ("height", "f4"),
        ("sender", "S64"),  # the temporary id it is bound to; empty: it is not heard itself
        ("self_ns", "i8"),  # event time of the last SELF observation; 0 for none
        ("seen_ns", "i8"),  # of the last DETECTION
        ("first_ns", "i8"),
        ("hits", "u4"),
    ]
)
