"""City: a signalised crossing of four legs, two lanes in and out, bicycle lanes, pavements; about 30 objects."""

from __future__ import annotations

from rsu.observe.arrays import Origin
from rsu.simulate.scenes.scene import Scene, edge, flow, node, walkers
from rsu.simulate.site import ELEVATION_M, LAT_DEG, LON_DEG

LEG_M = 150.0
LIMIT_MPS = 50 / 3.6
LANES = ("walk", "bike", "drive", "drive")
ENDS = {"N": (0, 1), "E": (1, 0), "S": (0, -1), "W": (-1, 0)}
CARS_PER_HOUR, BICYCLES_PER_HOUR, WALKERS_PER_HOUR = 105, 26, 15  # of each way from leg to leg
CYCLE_S = 60


def legs(lanes: tuple[str, ...], leg_m: float) -> tuple[str, str]:
    """Nodes and edges of a crossing whose four legs are alike."""
    ends = "".join(node(leg, east * leg_m, north * leg_m) for leg, (east, north) in ENDS.items())
    ways = "".join(edge(f"{leg}C", leg, "C", LIMIT_MPS, lanes) + edge(f"C{leg}", "C", leg, LIMIT_MPS, lanes) for leg in ENDS)
    return node("C", 0, 0, "traffic_light") + ends, ways


def ways() -> list[tuple[str, str]]:
    """Every way from one leg to another."""
    return [(f"{come}C", f"C{go}") for come in ENDS for go in ENDS if come != go]


SIGNALS = (
    "--crossings.guess", "true", "--walkingareas", "true", "--tls.default-type", "static", "--tls.cycle.time", str(CYCLE_S),
)  # fmt: skip
_nodes, _edges = legs(LANES, LEG_M)
SCENE = Scene(
    name="city",
    title="signalised crossing with pedestrians and bicycles",
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
    warmup_s=120,
)
