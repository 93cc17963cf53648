"""Dense: a crossing of four legs with four lanes each way and crowded pavements; about 500 objects."""

from __future__ import annotations

from rsu.observe.arrays import Origin
from rsu.simulate.scenes.city import SIGNALS, legs, ways
from rsu.simulate.scenes.scene import Scene, flow, walkers
from rsu.simulate.site import ELEVATION_M, LAT_DEG, LON_DEG

LANES = ("walk", "bike", "drive", "drive", "drive", "drive")
LEG_M = 220.0
# Of each way: more than the lights let pass, so that queues fill the legs.
CARS_PER_HOUR, BICYCLES_PER_HOUR, WALKERS_PER_HOUR = 900, 120, 260

_nodes, _edges = legs(LANES, LEG_M)
SCENE = Scene(
    name="dense",
    title="crossing with 500 road users",
    origin=Origin(LAT_DEG, LON_DEG, ELEVATION_M),
    nodes=_nodes,
    edges=_edges,
    routes="".join(
        flow(f"v{a}{b}", "traffic", a, b, CARS_PER_HOUR)
        + flow(f"b{a}{b}", "bicycle", a, b, BICYCLES_PER_HOUR)
        + walkers(f"p{a}{b}", a, b, WALKERS_PER_HOUR)
        for a, b in ways()
    ),
    netconvert=SIGNALS,
    warmup_s=180,
)
