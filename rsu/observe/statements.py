"""Statements: what messages say of road users in the codes they are written in, and :func:`assemble`, which makes observations
of a whole batch of them.

This is the seam between the messages and the numbers. A reader of messages gives, for each road user, a :class:`Head` (times,
names, class), its :class:`Codes` (numbers as they are on the wire) and the :data:`Form` they are written in; everything else is
done here for all at once. Codes that come as columns straight from the codec need no reader: a (n, ``len(Codes._fields)``)
float64 table with NaN for what is absent is what the list of tuples becomes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rsu.observe.accuracies import ellipse
from rsu.observe.arrays import OBSERVATION, Origin, empty
from rsu.observe.enu import Floats, offsets_to_enu, to_enu
from rsu.observe.places import unit_of
from rsu.units import load_units


class Head(NamedTuple):
    """What of an observation is no measured number; names as octets."""

    event_time_ns: int
    receive_time_ns: int
    kind: int
    cls: int
    source: bytes
    sender: bytes
    object: bytes
    sensed_by: int = 0
    vehicle_class: int = 0


class Codes(NamedTuple):
    """Numbers as on the wire; None where the message has none. Down to ``confidence`` they are in the unit of their form's
    element, from there in SI units.

    :param lat: of the road user, or of the place that ``east``, ``north`` and ``up`` count from.
    :param heading: clockwise from north; ``yaw`` is positive clockwise.
    :param confidence: of the class, percent.
    :param cxx: covariance beside the ellipse's, m²: taken where no ellipse is said; likewise ``cxy``, ``cyy``.
    :param speed_std: m/s; ``heading_std``: radians; ``yaw_rate_std``: rad/s.
    """

    lat: float | None = None
    long: float | None = None
    elev: float | None = None
    east: float | None = 0
    north: float | None = 0
    up: float | None = 0
    speed: float | None = None
    heading: float | None = None
    accel: float | None = None
    yaw: float | None = None
    semi_major: float | None = None
    semi_minor: float | None = None
    orientation: float | None = None
    length: float | None = None
    width: float | None = None
    height: float | None = None
    confidence: float | None = None
    cxx: float | None = None
    cxy: float | None = None
    cyy: float | None = None
    speed_std: float | None = None
    heading_std: float | None = None
    yaw_rate_std: float | None = None


Form = int
(CSAE, CSAE_PERSON, CSAE_OBSTACLE, SAE, SAE_PERSON, SAE_OBJECT, SAE_OBSTACLE, BOX) = range(8)
"""How codes are written: as vehicles and participants are in T/CSAE 53, persons and obstacles in T/CSAE 157, vehicles and
persons in J2735, vehicles and all others in SDSM, and in degrees, metres and percent."""

Row = tuple[Head, Codes, Form]

HEAD = np.dtype([(name, OBSERVATION[name]) for name in Head._fields])
_COLUMN = {name: number for number, name in enumerate(Codes._fields)}
_VEHICLE = {
    "lat": "Latitude",
    "long": "Longitude",
    "elev": "Elevation",
    "speed": "Speed",
    "heading": "Heading",
    "accel": "Acceleration",
    "yaw": "YawRate",
    "semi_major": "SemiMajorAxisAccuracy",
    "semi_minor": "SemiMinorAxisAccuracy",
    "orientation": "SemiMajorAxisOrientation",
    "length": "VehicleLength",
    "width": "VehicleWidth",
    "height": "VehicleHeight",
    "confidence": "Confidence",
}
_OF_SIZE = {"length": "SizeValue", "width": "SizeValue", "height": "SizeValue"}
_RADIUS = "PersonalSafetyMessage.overallRadius"
_SHARED_BY_SAE = _VEHICLE | {
    "east": "SensorDataSharingMessage.ObjectDistance",
    "north": "SensorDataSharingMessage.ObjectDistance",
    "up": "SensorDataSharingMessage.ObjectDistance",
    "confidence": "ClassificationConfidence",
}
#: Form → the standard whose units.toml says its units, and the element of each column.
FORMS: Mapping[Form, tuple[str, Mapping[str, str]]] = {
    CSAE: ("csae-157", _VEHICLE),
    CSAE_PERSON: ("csae-157", _VEHICLE | {"length": _RADIUS, "width": _RADIUS}),
    CSAE_OBSTACLE: ("csae-157", _VEHICLE | _OF_SIZE),
    SAE: ("sae-j2735", _VEHICLE),
    SAE_PERSON: ("sae-j2735", _VEHICLE | {"speed": "Velocity", "length": "AttachmentRadius", "width": "AttachmentRadius"}),
    SAE_OBJECT: ("sae-j2735", _SHARED_BY_SAE),
    SAE_OBSTACLE: ("sae-j2735", _SHARED_BY_SAE | _OF_SIZE),
}


def assemble(heads: ArrayLike, codes: ArrayLike, forms: ArrayLike, origin: Origin) -> NDArray[np.void]:
    """Observations out of a batch of statements.

    :param heads: (n,) of :data:`HEAD`, or a list of :class:`Head`.
    :param codes: (n, m) float64, columns of :class:`Codes`, NaN for absent; or a list of them.
    :param forms: (n,) small integers: the :data:`Form` of each.
    :return: (n,) of :data:`rsu.observe.arrays.OBSERVATION`, in the frame of ``origin``.
    """
    head = np.asarray(heads, HEAD)
    made = empty(len(head))
    for name in Head._fields:
        made[name] = head[name]
    if len(made):
        _measure(made, _in_units(np.array(codes, np.float64), np.asarray(forms, np.intp)), origin)
    return made


def assemble_rows(rows: Sequence[Row], origin: Origin) -> NDArray[np.void]:
    """:func:`assemble` of what the readers of messages give."""
    heads, codes, forms = zip(*rows, strict=True) if rows else ((), (), ())
    return assemble(list(heads), list(codes), forms, origin)


def _in_units(table: Floats, forms: NDArray[np.intp]) -> Mapping[str, Floats]:
    """Column → its values in the unit of its element, NaN where the code says "unavailable"."""
    scales, unavailable = _scales()
    table[table == unavailable[forms]] = np.nan
    table *= scales[forms]
    return {name: table[:, number] for name, number in _COLUMN.items()}


def _measure(made: NDArray[np.void], said: Mapping[str, Floats], origin: Origin) -> None:
    """Fills in everything that is measured."""
    _place(made, said, origin)
    covariance = ellipse(said["semi_major"], said["semi_minor"], said["orientation"])
    for name, of_ellipse in zip(("cxx", "cxy", "cyy"), covariance, strict=True):
        made[name] = np.where(np.isnan(covariance[0]), said[name], of_ellipse)
    made["heading"] = (np.radians(90 - said["heading"]) + np.pi) % (2 * np.pi) - np.pi
    made["yaw_rate"] = 0 - np.radians(said["yaw"])
    made["confidence"] = said["confidence"] / 100
    for name in ("speed", "speed_std", "heading_std", "yaw_rate_std", "accel", "length", "width", "height"):
        made[name] = said[name]


def _place(made: NDArray[np.void], said: Mapping[str, Floats], origin: Origin) -> None:
    """x, y and z. Without a height, the point is taken at the origin's, which moves x and y by less than its error: 2e-5 of the
    distance for 100 m."""
    height = np.where(np.isnan(said["elev"]), origin.elevation_m, said["elev"])
    points = to_enu(said["lat"], said["long"], height, origin)
    offsets = np.stack((said["east"], said["north"], np.nan_to_num(said["up"])))
    aside = offsets.any(axis=0)
    if aside.any():
        place = (said["lat"][aside], said["long"][aside], height[aside])
        points[:, aside] = offsets_to_enu(*place, offsets[:, aside], origin)
    made["x"], made["y"], z = points
    made["z"] = np.where(np.isnan(said["elev"] + said["up"]), np.nan, z)


@cache
def _scales() -> tuple[Floats, Floats]:
    """Scales and unavailable codes, (forms, columns) each; 1 and NaN where a column has no element."""
    scales = np.ones((BOX + 1, len(_COLUMN)))
    unavailable = np.full(scales.shape, np.nan)
    for form, (standard, elements) in FORMS.items():
        units = load_units(standard)
        for name, element in elements.items():
            unit = unit_of(units, element)
            scales[form, _COLUMN[name]] = unit.scale
            if unit.unavailable is not None:
                unavailable[form, _COLUMN[name]] = unit.unavailable
    return scales, unavailable
