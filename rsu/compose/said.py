"""What is told of road users, in the codes that RSM, SSM and SDSM share: :func:`said` of a whole batch of tracks."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rsu.compose.confidence import of_heading, of_position, of_speed, of_yaw_rate
from rsu.compose.parameters import Parameters
from rsu.observe.arrays import VEHICLE

# Scales and codes, as units.toml has them in every standard (a test compares).
SPEED_MPS, SPEED_UNAVAILABLE = 0.02, 8_191
HEADING_DEG, HEADING_UNAVAILABLE = 0.0125, 28_800
ACCELERATION_MPS2, ACCELERATION_MAX, ACCELERATION_UNAVAILABLE = 0.01, 2_000, 2_001
VERTICAL_UNAVAILABLE = -127
YAW_DPS, YAW_MAX = 0.01, 32_767
WIDTH_MAX, LENGTH_MAX, HEIGHT_MAX, SIZE_MAX, RADIUS_MAX = 1_023, 4_095, 127, 1_023, 200
WIDTH_M, LENGTH_M, HEIGHT_M, SIZE_M, RADIUS_M = 0.01, 0.01, 0.05, 0.1, 0.1

Floats = NDArray[np.float64]


class Said(NamedTuple):
    """One road user.

    :param number: at this unit, 1..65535.
    :param id: temporary id it sends itself with; empty where it is not known.
    :param time_ns: of the state, UTC.
    :param east: offset from the reference position in the unit of the message; likewise ``north``.
    :param across: acceleration to the right, 0.01 m/s²; ``yaw``: clockwise, 0.01 deg/s; None where it has no turn rate.
    :param length: metres, NaN where it is not known; likewise ``width`` and ``height``.
    """

    number: int
    cls: int
    source: str
    id: bytes
    time_ns: int
    east: int
    north: int
    pos_cfd: str
    speed: int
    speed_cfd: str
    heading: int
    heading_cfd: str
    across: int
    yaw: int | None
    yaw_cfd: str
    length: float
    width: float
    height: float


def said(
    tracks: NDArray[np.void],
    numbers: list[int],
    offsets: tuple[NDArray[np.int64], NDArray[np.int64]],
    now_ns: int,
    parameters: Parameters,
) -> list[Said]:
    """The tracks in codes.

    :param tracks: (n,) of :data:`rsu.fusion.TRACK`.
    :param numbers: of each.
    :param offsets: east and north, (n,) int64 each.
    """
    cov = tracks["cov"]
    headings, lost = _heading(tracks["heading"], cov[:, 2, 2], parameters.heading_std_max_deg)
    across, yaws, turns = _turning(tracks)
    heading_cfd, yaw_cfd = of_heading(np.where(lost, np.nan, cov[:, 2, 2])), of_yaw_rate(cov[:, 4, 4])
    columns = (
        numbers,
        tracks["cls"].tolist(),
        _sources(tracks, now_ns, parameters),
        [_octets(name) for name in tracks["sender"].tolist()],
        tracks["time_ns"].tolist(),
        offsets[0].tolist(),
        offsets[1].tolist(),
        of_position(cov),
        _coded(tracks["speed"] / SPEED_MPS, 0, SPEED_UNAVAILABLE - 1, SPEED_UNAVAILABLE).tolist(),
        of_speed(cov[:, 3, 3]),
        headings.tolist(),
        heading_cfd,
        across.tolist(),
        [yaw if turn else None for yaw, turn in zip(yaws.tolist(), turns.tolist(), strict=True)],
        yaw_cfd,
        *(tracks[name].tolist() for name in ("length", "width", "height")),
    )
    return [Said._make(row) for row in zip(*columns, strict=True)]


def size_code(metres: float, scale: float, most: int) -> int:
    """A size in its code; 0 where it is not known, the largest code where it is larger."""
    if not metres > 0:
        return 0
    return most if metres >= most * scale else max(round(metres / scale), 1)


def acceleration(one: Said) -> dict[str, int] | None:
    """AccelerationSet4Way of either standard: what turning tells, for no more is known; None for who does not turn."""
    if one.yaw is None:
        return None
    return {"long": ACCELERATION_UNAVAILABLE, "lat": one.across, "vert": VERTICAL_UNAVAILABLE, "yaw": one.yaw}


def _coded(values: Floats, least: int, most: int, unavailable: int) -> NDArray[np.int64]:
    """To the nearest code; NaN and what is out of range become "unavailable"."""
    codes = np.rint(values)
    good = (codes >= least) & (codes <= most)
    return np.where(good, codes, unavailable).astype(np.int64)


def _heading(heading_rad: Floats, variance: Floats, most_deg: float) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Clockwise from north, and which are not known."""
    lost = ~np.isfinite(heading_rad) | (variance > math.radians(most_deg) ** 2)
    degrees = (90 - np.degrees(np.where(lost, 0.0, heading_rad))) % 360
    codes = np.rint(degrees / HEADING_DEG).astype(np.int64) % HEADING_UNAVAILABLE  # 360 is 0
    return np.where(lost, HEADING_UNAVAILABLE, codes), lost


def _turning(tracks: NDArray[np.void]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
    """Acceleration to the right and turn rate clockwise in codes, and who has them: on a circle a = v ω, to its middle."""
    rate, speed = tracks["yaw_rate"], tracks["speed"]
    turns = np.isfinite(rate) & (tracks["cls"] == VEHICLE)
    with np.errstate(invalid="ignore"):
        right = np.clip(-speed * rate / ACCELERATION_MPS2, -ACCELERATION_MAX, ACCELERATION_MAX)
        clockwise = np.clip(-np.degrees(rate) / YAW_DPS, -YAW_MAX, YAW_MAX)
    across = _coded(right, -ACCELERATION_MAX, ACCELERATION_MAX, ACCELERATION_UNAVAILABLE)
    return across, _coded(clockwise, -YAW_MAX, YAW_MAX, 0), turns


def heard(tracks: NDArray[np.void], now_ns: int, heard_s: float) -> NDArray[np.bool_]:
    """Who sends itself and was heard lately: (n,) bool."""
    lately: NDArray[np.bool_] = (tracks["sender"] != b"") & (now_ns - tracks["self_ns"] <= heard_s * 1e9)
    return lately


def seen(tracks: NDArray[np.void], now_ns: int, seen_s: float) -> NDArray[np.bool_]:
    """Whom a box of this unit saw lately: (n,) bool."""
    lately: NDArray[np.bool_] = now_ns - tracks["seen_ns"] <= seen_s * 1e9
    return lately


def _sources(tracks: NDArray[np.void], now_ns: int, parameters: Parameters) -> list[str]:
    """SourceType: what the track has lived on lately."""
    hears = heard(tracks, now_ns, parameters.heard_s).tolist()
    sees = seen(tracks, now_ns, parameters.heard_s).tolist()
    both, alone = {True: "integrated", False: "v2x"}, parameters.perceived_source
    return [both[sight] if hearing else alone for hearing, sight in zip(hears, sees, strict=True)]


def _octets(name: bytes) -> bytes:
    """A temporary id out of its hex; empty where it is none."""
    try:
        return bytes.fromhex(name.decode("ascii"))
    except ValueError:
        return b""
