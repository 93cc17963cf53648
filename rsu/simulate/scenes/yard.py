"""Yard: a port's lanes between stacks, where automated carriers, a few vans and people on foot move slowly."""

from __future__ import annotations

from rsu.observe.arrays import Origin
from rsu.simulate.scenes.scene import Scene, edge, flow, node, walkers

SLOW_MPS = 25 / 3.6
SPACING_M = 90.0
LANES = ("walk", "drive")
CARRIERS_PER_HOUR, VANS_PER_HOUR, WALKERS_PER_HOUR = 45, 20, 12  # of each way
_GRID = {name: (place % 3 - 1, 1 - place // 3) for place, name in enumerate("ANBWCEDSF")}
_PAIRS = [tuple(pair) for pair in ("AN", "NB", "WC", "CE", "DS", "SF", "AW", "WD", "NC", "CS", "BE", "EF")]
_WAYS = (("AN", "EF"), ("DS", "EB"), ("BE", "SD"), ("FS", "WA"), ("NC", "SF"), ("WC", "EB"), ("EC", "WD"), ("SC", "NA"))

SCENE = Scene(
    name="yard",
    title="port yard with slow automated vehicles",
    origin=Origin(29.6231, 106.7420, 190.0),
    nodes="".join(node(name, east * SPACING_M, north * SPACING_M) for name, (east, north) in _GRID.items()),
    edges="".join(edge(f"{a}{b}", a, b, SLOW_MPS, LANES) + edge(f"{b}{a}", b, a, SLOW_MPS, LANES) for a, b in _PAIRS),
    routes="".join(
        flow(f"c{a}{b}", "carrier", a, b, CARRIERS_PER_HOUR)
        + flow(f"v{a}{b}", "van", a, b, VANS_PER_HOUR)
        + walkers(f"p{a}{b}", a, b, WALKERS_PER_HOUR)
        for a, b in _WAYS
    ),
    netconvert=("--walkingareas", "true", "--crossings.guess", "true"),
    warmup_s=120,
)
