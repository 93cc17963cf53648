"""Each track in the lane it is likeliest in: how far from the stop line, and behind whom."""

from __future__ import annotations

import numpy as np

from rsu.observe.arrays import BICYCLE, PEDESTRIAN
from rsu.world.arrays import PLACED, Floats, Rows, unknown
from rsu.world.lanes import Lanes
from rsu.world.parameters import Parameters


def lengths(tracks: Rows, parameters: Parameters) -> Floats:
    """(t,) float64, metres; the usual one of its class where a track has none."""
    usual = np.full(len(tracks), parameters.vehicle_length_m)
    usual[tracks["cls"] == PEDESTRIAN] = parameters.pedestrian_length_m
    usual[tracks["cls"] == BICYCLE] = parameters.bicycle_length_m
    return np.where(tracks["length"] > 0, tracks["length"], usual).astype(np.float64)


def placed(lanes: Lanes, matches: Rows, tracks: Rows, parameters: Parameters) -> Rows:
    """:param matches: as :func:`rsu.world.matching.match` gives them.

    :return: (t,) of :data:`PLACED`, in the order of ``tracks``.
    """
    made = unknown(len(tracks), PLACED)
    made["track"], made["queued"] = tracks["id"], False
    first = np.diff(matches["row"], prepend=-1) != 0
    best = matches[first & (matches["probability"] >= parameters.lane_probability_min)]
    for name in ("lane", "probability", "along_m", "lateral_m", "off_heading_rad", "speed_limit_mps"):
        made[name][best["row"]] = best[name]
    length = lengths(tracks, parameters)
    stops = np.array([line.stop_line is not None for line in lanes.lines], np.bool_)
    at = np.flatnonzero(made["lane"] >= 0)
    at = at[stops[made["lane"][at]]]
    made["to_stop_m"][at] = lanes.table["length_m"][made["lane"][at]] - made["along_m"][at] - length[at] / 2
    _follow(made, lanes, tracks["speed"], length, parameters)
    return made


def _follow(made: Rows, lanes: Lanes, speed: Floats, length: Floats, parameters: Parameters) -> None:
    """Fills in who is ahead, in lanes of one direction; of two side by side the one with the lower id is behind."""
    in_lane = np.flatnonzero(made["lane"] >= 0)
    in_lane = in_lane[lanes.one_way[made["lane"][in_lane]]]
    order = in_lane[np.lexsort((made["track"][in_lane], made["along_m"][in_lane], made["lane"][in_lane]))]
    behind, ahead = order[:-1], order[1:]
    same = made["lane"][behind] == made["lane"][ahead]
    behind, ahead = behind[same], ahead[same]
    made["ahead"][behind] = made["track"][ahead]
    apart = made["along_m"][ahead] - made["along_m"][behind] - (length[ahead] + length[behind]) / 2
    gap = np.maximum(apart, 0.0)
    moves = speed[behind] >= parameters.gap_speed_min_mps
    made["gap_m"][behind] = gap
    made["time_gap_s"][behind] = np.where(moves, gap / np.where(moves, speed[behind], 1.0), np.nan)
