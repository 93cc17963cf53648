"""Mountain: a road of one lane each way that winds to a tunnel, in which no satellite is heard."""

from __future__ import annotations

from rsu.observe.arrays import Origin
from rsu.simulate.scenes.scene import Scene, curve, edge, flow, node

LIMIT_MPS = 60 / 3.6
PER_HOUR = 320  # each way
TUNNEL = (60.0, -60.0, 420.0, 60.0)
_WEST = curve(((-600, -180), (-480, -90), (-380, -110), (-280, -40), (-160, -50), (-60, -8), (0, 0)))
_EAST = curve(((0, 0), (60, 4), (240, 22), (420, 4), (520, -40), (620, -30)))


def _back(shape: str) -> str:
    return " ".join(reversed(shape.split()))


SCENE = Scene(
    name="mountain",
    title="two-way mountain road with a tunnel without GNSS",
    origin=Origin(29.3412, 107.1196, 812.0),
    nodes=node("W", -600, -180) + node("C", 0, 0) + node("E", 620, -30),
    edges=edge("WC", "W", "C", LIMIT_MPS, ("drive",), _WEST)
    + edge("CW", "C", "W", LIMIT_MPS, ("drive",), _back(_WEST))
    + edge("CE", "C", "E", LIMIT_MPS, ("drive",), _EAST)
    + edge("EC", "E", "C", LIMIT_MPS, ("drive",), _back(_EAST)),
    routes=flow("east", "traffic", "WC", "CE", PER_HOUR) + flow("west", "traffic", "EC", "CW", PER_HOUR),
    warmup_s=90,
    tunnels=(TUNNEL,),
)
