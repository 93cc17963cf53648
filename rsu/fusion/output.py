"""Tracks as they are handed on: predicted to one moment, each road user once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rsu.fusion.lifecycle import hidden, lost
from rsu.fusion.motion import STANDING_MPS, predict
from rsu.fusion.parameters import Parameters
from rsu.fusion.state import Floats, State, Table
from rsu.fusion.time import SECOND_NS
from rsu.fusion.tracks import TRACK


def rendered(table: Table, names: NDArray[np.bytes_], at_ns: int, parameters: Parameters, everything: bool) -> NDArray[np.void]:
    """The tracks at a moment, by id.

    :param names: names of the senders' rows.
    :param everything: tentative and lost ones and what the rule against doubles hides as well.
    """
    rows = table.rows()
    if not everything:
        rows = rows[table.confirmed[rows] & ~lost(table, rows, at_ns, parameters)]
    rows = rows[np.argsort(table.id[rows])]
    most = parameters.extrapolate_max_s
    seconds = np.clip((at_ns - table.time[rows]) / SECOND_NS, -most, most)
    state = predict(table.state(rows), seconds, parameters)
    if not everything:
        shown = ~hidden(state, rows, table, at_ns, parameters)
        rows, state = rows[shown], state.only(shown)
    out = np.zeros(rows.size, TRACK)
    out["id"], out["time_ns"], out["status"], out["cls"] = table.id[rows], at_ns, table.confirmed[rows], table.cls[rows]
    out["x"], out["y"] = state.x[:, 0], state.x[:, 1]
    out["heading"], out["speed"], out["yaw_rate"], out["cov"] = _moving(state)
    bound = table.sender[rows] >= 0
    out["bias_x"], out["bias_y"] = np.where(bound, state.x[:, 5], np.nan), np.where(bound, state.x[:, 6], np.nan)
    out["length"], out["width"], out["height"] = table.size[rows].T
    out["sender"][bound] = names[table.sender[rows[bound]]]
    out["self_ns"], out["seen_ns"], out["first_ns"] = table.self_ns[rows], table.seen_ns[rows], table.first[rows]
    out["hits"] = table.hits[rows]
    return out


def _moving(state: State) -> tuple[Floats, Floats, Floats, Floats]:
    """Heading, speed, yaw rate, and the covariance of x, y and these; speed is never negative."""
    x, polar = state.x, state.polar
    speed = np.where(polar, x[:, 3], np.hypot(x[:, 2], x[:, 3]))
    heading = np.where(polar, x[:, 2], np.arctan2(x[:, 3], x[:, 2]))
    cov = state.cov[:, :5, :5].copy()
    plain = np.flatnonzero(~polar)
    safe = np.maximum(speed[plain], STANDING_MPS)
    turn = np.zeros((plain.size, 5, 5))
    turn[:, [0, 1, 4], [0, 1, 4]] = 1.0
    cos, sin = np.cos(heading[plain]), np.sin(heading[plain])
    turn[:, 2, 2], turn[:, 2, 3] = -sin / safe, cos / safe
    turn[:, 3, 2], turn[:, 3, 3] = cos, sin
    cov[plain] = turn @ cov[plain] @ turn.swapaxes(1, 2)
    return heading, np.maximum(speed, 0.0), np.where(polar & ~state.frozen, x[:, 4], 0.0), cov
