"""The kinds of road users that all scenes share: class, size, and how SUMO drives them."""

from __future__ import annotations

from types import MappingProxyType
from typing import NamedTuple

from rsu.observe.arrays import BICYCLE, PEDESTRIAN, VEHICLE


class Kind(NamedTuple):
    """A kind of road user.

    :param cls: of :mod:`rsu.observe.arrays`.
    :param box_type: as a perception box calls it.
    :param basic_class: BasicVehicleClass of both standards.
    :param sumo: further attributes of the vType.
    """

    cls: int
    length_m: float
    width_m: float
    height_m: float
    box_type: str
    basic_class: int
    sumo: str


# The intelligent driver model drives without the 0.1 s jitter of SUMO's default, which no real speedometer shows.
_IDM = 'carFollowModel="IDM" speedDev="0.1"'
KINDS = MappingProxyType(
    {
        "car": Kind(VEHICLE, 4.6, 1.85, 1.5, "CAR", 10, f'vClass="passenger" accel="2.2" decel="3.5" {_IDM}'),
        "van": Kind(VEHICLE, 5.6, 2.0, 2.3, "VAN", 20, f'vClass="delivery" accel="1.9" decel="3.5" {_IDM}'),
        "truck": Kind(VEHICLE, 9.0, 2.4, 3.2, "TRUCK", 25, f'vClass="truck" accel="1.2" decel="3" maxSpeed="25" {_IDM}'),
        "bus": Kind(VEHICLE, 12.0, 2.5, 3.1, "BUS", 50, f'vClass="bus" accel="1.2" decel="3" maxSpeed="22" {_IDM}'),
        "carrier": Kind(VEHICLE, 14.0, 3.0, 2.0, "TRUCK", 25, f'vClass="truck" accel="0.6" decel="1.5" maxSpeed="7" {_IDM}'),
        "bicycle": Kind(BICYCLE, 1.8, 0.6, 1.7, "CYCLIST", 0, f'vClass="bicycle" accel="1" decel="2.5" maxSpeed="5" {_IDM}'),
        "person": Kind(PEDESTRIAN, 0.5, 0.5, 1.7, "PEDESTRIAN", 0, 'vClass="pedestrian" maxSpeed="1.5" speedDev="0.15"'),
    }
)


def types_xml() -> str:
    """The vTypes, and ``traffic``, a mix of those that drive on a street."""
    single = "".join(
        f'<vType id="{name}" length="{kind.length_m}" width="{kind.width_m}" height="{kind.height_m}" minGap="2" {kind.sumo}/>'
        for name, kind in KINDS.items()
    )
    mix = '<vTypeDistribution id="traffic" vTypes="car van truck bus" probabilities="0.78 0.1 0.07 0.05"/>'
    return single + mix
