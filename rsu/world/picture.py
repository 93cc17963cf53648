"""The world as GeoJSON (RFC 7946): :func:`picture`.

Features, told apart by ``properties.what``: ``lane`` (its centre line), ``stop-line`` (with what the signals of its lane show),
``track`` (its middle). Twins of lanes are left out. Degrees have seven decimals, metres three: a centimetre and a millimetre.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pymap3d

from rsu.observe.arrays import Origin
from rsu.world.arrays import DIRECTIONS, LANE_KINDS, LIGHTS, Floats, Snapshot

CLASS_NAMES = ("unknown", "vehicle", "pedestrian", "bicycle", "other")
"""Of the classes of :mod:`rsu.observe.arrays`."""
Feature = dict[str, Any]


def picture(snapshot: Snapshot, origin: Origin) -> dict[str, Any]:
    """A FeatureCollection: lanes, stop lines, tracks. It can be written as JSON: unknown is null, names are text."""
    own = np.flatnonzero(snapshot.lanes["twin_of"] < 0).tolist()
    features = [_lane(snapshot, row, origin) for row in own]
    features += [each for row in own if (each := _stop_line(snapshot, row, origin)) is not None]
    features += _tracks(snapshot, origin)
    return {"type": "FeatureCollection", "properties": {"time_ns": snapshot.time_ns}, "features": features}


def _lane(snapshot: Snapshot, row: int, origin: Origin) -> Feature:
    place, number = snapshot.places[row]
    lane, told = snapshot.intersections[place].lanes[number], snapshot.lanes[row]
    said = {
        "what": "lane",
        "lane": row,
        **{name: _known(told[name]) for name in ("region", "intersection", "link", "section", "id")},
        "kind": LANE_KINDS[told["kind"]],
        "direction": DIRECTIONS[told["direction"]],
        "width_m": _rounded(lane.widths[-1]),
        "speed_limit_mps": _rounded(told["speed_limit_mps"]),
        "open": bool(told["open"]),
    }
    return _feature("LineString", _degrees(lane.points[:, :2], origin), said)


def _stop_line(snapshot: Snapshot, row: int, origin: Origin) -> Feature | None:
    place, number = snapshot.places[row]
    line = snapshot.intersections[place].lanes[number].stop_line
    if line is None:
        return None
    queue = snapshot.queues[np.searchsorted(snapshot.queues["lane"], row)]
    leading = snapshot.connections[snapshot.connections["lane"] == row]
    phases = np.unique(leading["signal"][leading["signal"] >= 0])
    said = {
        "what": "stop-line",
        "lane": row,
        "signals": [_signal(each) for each in snapshot.signals[phases]],
        "queue": int(queue["vehicles"]),
        "queue_m": _rounded(queue["length_m"]),
    }
    return _feature("LineString", _degrees(line, origin), said)


def _signal(row: np.void) -> dict[str, Any]:
    return {
        "phase": int(row["phase"]),
        "light": LIGHTS[row["light"]],
        "likely_end_ns": int(row["likely_end_ns"]) or None,
        "age_s": _rounded(row["age_s"]),
        "fresh": bool(row["fresh"]),
    }


def _tracks(snapshot: Snapshot, origin: Origin) -> list[Feature]:
    known = np.flatnonzero(np.isfinite(snapshot.tracks["x"]) & np.isfinite(snapshot.tracks["y"]))
    tracks, placed = snapshot.tracks[known], snapshot.placed[known]
    places = _degrees(np.stack((tracks["x"], tracks["y"]), axis=1), origin)
    pairs = zip(places, tracks, placed, strict=True)
    return [_feature("Point", place, _track(track, where)) for place, track, where in pairs]


def _track(track: np.void, where: np.void) -> dict[str, Any]:
    names = ("probability", "along_m", "lateral_m", "to_stop_m", "gap_m", "time_gap_s", "speed_limit_mps")
    heading_deg = (90.0 - math.degrees(track["heading"])) % 360.0
    return {
        "what": "track",
        "track": int(track["id"]),
        "class": CLASS_NAMES[min(int(track["cls"]), len(CLASS_NAMES) - 1)],
        "sender": track["sender"].decode("utf-8", "replace"),
        "heading_deg": _rounded(heading_deg),
        "speed_mps": _rounded(track["speed"]),
        "cov_m2": [_rounded(track["cov"][at]) for at in ((0, 0), (0, 1), (1, 1))],
        "length_m": _rounded(track["length"]),
        "width_m": _rounded(track["width"]),
        "lane": _known(where["lane"]),
        **{name: _rounded(where[name]) for name in names},
        "ahead": _known(where["ahead"]),
        "queued": bool(where["queued"]),
    }


def _feature(kind: str, coordinates: list[Any], properties: dict[str, Any]) -> Feature:
    return {"type": "Feature", "geometry": {"type": kind, "coordinates": coordinates}, "properties": properties}


def _degrees(points: Floats, origin: Origin) -> list[list[float]]:
    """Longitude and latitude of (n, 2) metres, ENU, on the origin's tangent plane."""
    lat, lon, _ = pymap3d.enu2geodetic(points[:, 0], points[:, 1], np.zeros(len(points)), *origin)
    return np.stack((np.round(lon, 7), np.round(lat, 7)), axis=1).tolist()  # type: ignore[no-any-return]


def _rounded(value: Any) -> float | None:
    return round(float(value), 3) if math.isfinite(value) else None


def _known(value: Any) -> int | None:
    return None if value < 0 else int(value)
