"""Tracks as they are told to others: places in 1e-7 degree, headings clockwise from north, absent is None."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pymap3d
from numpy.typing import NDArray

from rsu.engine.outcomes import CLASSES, Track, TrackSample
from rsu.observe.arrays import Origin


def told(tracks: NDArray[np.void], origin: Origin) -> list[Track]:
    """The tracks, one by one.

    :param tracks: (n,) of :data:`rsu.fusion.tracks.TRACK`, in the frame of ``origin``.
    """
    return [Track(**row) for row in _in_words(tracks, origin)]


def samples(tracks: NDArray[np.void], origin: Origin, rsu_id: str, boot_id: bytes, sequence: int) -> list[TrackSample]:
    """The same to be kept, see :class:`rsu.engine.outcomes.TrackSample`."""
    identity: dict[str, Any] = {"rsu_id": rsu_id, "boot_id": boot_id, "sequence": sequence}
    return [TrackSample(**identity, **row) for row in _in_words(tracks, origin)]


def count_by_class(tracks: NDArray[np.void]) -> dict[str, int]:
    """How many there are of each class, all classes named."""
    return dict(zip(CLASSES, np.bincount(tracks["cls"], minlength=len(CLASSES)).tolist(), strict=True))


def _in_words(tracks: NDArray[np.void], origin: Origin) -> Iterator[dict[str, Any]]:
    columns = {name: column.tolist() for name, column in _columns(tracks, origin).items()}
    yield from (dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True))


def _columns(tracks: NDArray[np.void], origin: Origin) -> dict[str, NDArray[Any]]:
    """Field of :class:`Track` → (n,) values; objects where some are absent."""
    lat, lon = _geodetic(tracks["x"], tracks["y"], origin)
    return {
        "track_id": tracks["id"],
        "time_ns": tracks["time_ns"],
        "cls": np.array(CLASSES, object)[tracks["cls"]],
        "lat_e7": np.rint(lat * 1e7).astype(np.int64),
        "lon_e7": np.rint(lon * 1e7).astype(np.int64),
        "x_m": _rounded(tracks["x"], 3),
        "y_m": _rounded(tracks["y"], 3),
        "speed_mps": _rounded(tracks["speed"], 3),
        "heading_deg": _rounded(90 - np.degrees(tracks["heading"]), 2) % 360,
        "position_std_m": _rounded(_worst(tracks["cov"]), 3),
        "speed_std_mps": _rounded(np.sqrt(np.maximum(tracks["cov"][:, 3, 3], 0)), 3),
        **{f"{name}_m": _or_none(_rounded(tracks[name].astype(np.float64), 2)) for name in ("length", "width", "height")},
        "sender": _or_none(np.array([name.decode("ascii", "replace") for name in tracks["sender"].tolist()], object)),
        "heard_ns": tracks["self_ns"],
        "seen_ns": tracks["seen_ns"],
        "first_ns": tracks["first_ns"],
        "hits": tracks["hits"],
    }


def _geodetic(x: NDArray[np.float64], y: NDArray[np.float64], origin: Origin) -> tuple[NDArray[Any], NDArray[Any]]:
    """Degrees of points on the tangent plane; a kilometre away it is 8 cm above the ground, which moves neither."""
    if not len(x):
        return x, y
    lat, lon, _ = pymap3d.enu2geodetic(x, y, np.zeros_like(x), origin.lat_deg, origin.lon_deg, origin.elevation_m)
    return np.asarray(lat), np.asarray(lon)


def _worst(cov: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n,) metres: the square root of the greater eigenvalue of the position's covariance."""
    mean, half = (cov[:, 0, 0] + cov[:, 1, 1]) / 2, (cov[:, 0, 0] - cov[:, 1, 1]) / 2
    worst: NDArray[np.float64] = np.sqrt(np.maximum(mean + np.hypot(half, cov[:, 0, 1]), 0))
    return worst


def _rounded(values: NDArray[np.float64], decimals: int) -> NDArray[np.float64]:
    """Without −0.0, whose sign says nothing."""
    rounded: NDArray[np.float64] = np.round(values, decimals) + 0.0
    return rounded


def _or_none(values: NDArray[Any]) -> NDArray[Any]:
    """None for NaN and for an empty text."""
    found: NDArray[Any] = np.empty(len(values), object)
    found[:] = [None if value == "" or value != value else value for value in values.tolist()]
    return found
