"""Where the simulated crossing is, and what it and its neighbours are called."""

from __future__ import annotations

from typing import NamedTuple

from rsu.simulate.crossing import Place

REGION, NODE = 500, 101
LAT_DEG, LON_DEG, ELEVATION_M = 29.6583, 106.5312, 268.4  # Chongqing, where no setting says another place
NUMBER_MAX = 65_535


class Site(NamedTuple):
    """A crossing."""

    place: Place
    region: int = REGION
    node: int = NODE

    def node_id(self) -> dict[str, int]:
        return {"region": self.region, "id": self.node}

    def neighbour_id(self, number: int) -> dict[str, int]:
        """The crossing at the far end of a leg; numbers wrap inside what an id holds."""
        return {"region": self.region, "id": (self.node + 1 + number) % (NUMBER_MAX + 1)}


def site(lat_deg: float = 0.0, lon_deg: float = 0.0, elevation_m: float = 0.0, region: int = REGION, node: int = NODE) -> Site:
    """A site; without a position it is the usual one."""
    if not lat_deg and not lon_deg:
        return Site(Place(LAT_DEG, LON_DEG, ELEVATION_M), region, node)
    return Site(Place(lat_deg, lon_deg, elevation_m), region, node)
