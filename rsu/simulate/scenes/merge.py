"""Merge: an expressway of three lanes that a ramp joins, and what weaves there."""

from __future__ import annotations

from rsu.observe.arrays import Origin
from rsu.simulate.scenes.scene import Scene, curve, edge, flow, node

MAIN_MPS, RAMP_MPS = 100 / 3.6, 60 / 3.6
MAIN_PER_HOUR, RAMP_PER_HOUR = 1800, 500

SCENE = Scene(
    name="merge",
    title="expressway merge",
    origin=Origin(29.5204, 106.4581, 241.0),
    nodes=node("W", -700, 0) + node("R", -450, -160) + node("C", 0, 0) + node("A", 220, 0) + node("E", 700, 0),
    edges=edge("WC", "W", "C", MAIN_MPS, ("drive",) * 3)
    + edge("RC", "R", "C", RAMP_MPS, ("drive",), shape=curve(((-450, -160), (-250, -70), (-80, -16), (0, -8))))
    + edge("CA", "C", "A", MAIN_MPS, ("drive",) * 4)
    + edge("AE", "A", "E", MAIN_MPS, ("drive",) * 3),
    connections="".join(
        f'<connection from="{a}" to="{b}" fromLane="{i}" toLane="{j}"/>'
        for a, b, i, j in [
            *(("WC", "CA", lane, lane + 1) for lane in range(3)),
            ("RC", "CA", 0, 0),
            *(("CA", "AE", lane + 1, lane) for lane in range(3)),
        ]
    ),
    routes=flow("main", "traffic", "WC", "AE", MAIN_PER_HOUR) + flow("ramp", "traffic", "RC", "AE", RAMP_PER_HOUR),
    warmup_s=90,
)
