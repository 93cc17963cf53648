"""What of a batch is taken, and in which order: the same whatever the order of the batch.

A round holds one observation of each sender that tells of itself, or one frame of a box or of another unit: in a round each
track gets one observation at most. Rounds follow each other by the time of their earliest.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from rsu.fusion.counters import Refused
from rsu.fusion.names import Names, keys
from rsu.fusion.parameters import Parameters
from rsu.fusion.shared import from_ourselves
from rsu.fusion.state import Ints
from rsu.fusion.time import SECOND_NS, Clocks, Memory, rank
from rsu.observe.arrays import DETECTION, SELF, SHARED, only


class Admission:
    """What is taken in; holds what it must remember of senders and streams."""

    def __init__(self, parameters: Parameters) -> None:
        self._p = parameters
        self.senders = Names(parameters.senders_max)
        self._streams = Names(parameters.senders_max)
        self.clocks = Clocks(parameters)
        self._memory = Memory(parameters.senders_max)
        self.refused = Refused()

    def admit(self, observations: NDArray[np.void], now_ns: int) -> tuple[NDArray[np.void], Ints, Ints, Ints]:
        """Observations in canonical order at their corrected times, rows of senders and streams, and senders' rows that
        went to others."""
        p, refused = self._p, self.refused
        order = _order(observations)
        refused.over += max(0, order.size - p.observations_max)
        observations = only(observations, order[-p.observations_max :])  # the newest
        if not p.lateness:
            observations["event_time_ns"] = observations["receive_time_ns"]
        observations, count = _kept(observations, _plausible(observations, p.range_max_m))
        refused.implausible += count
        if p.own_senders:
            observations, count = _kept(observations, ~from_ourselves(observations["sender"], p.own_senders))
            refused.own += count
        senders, fresh, gone = self.senders.rows(keys(observations, ["kind", "sender"]), now_ns)
        self.clocks.forget(fresh)
        if p.lateness:
            observations["event_time_ns"] += self._offsets(observations, senders)
        return *self._in_time(observations, senders, now_ns), gone

    def _offsets(self, observations: NDArray[np.void], senders: Ints) -> Ints:
        p = self._p
        floors_s = np.array([p.self_latency_s, p.detection_latency_s, p.shared_latency_s])
        floors_ns = np.round(floors_s * SECOND_NS).astype(np.int64)[observations["kind"]]
        return self.clocks.learn(senders, observations["receive_time_ns"] - observations["event_time_ns"], floors_ns)

    def _in_time(self, observations: NDArray[np.void], senders: Ints, now_ns: int) -> tuple[NDArray[np.void], Ints, Ints]:
        p, refused = self._p, self.refused
        age_ns = now_ns - observations["event_time_ns"]
        late, ahead = age_ns > round(p.refuse_older_s * SECOND_NS), -age_ns > round(p.refuse_ahead_s * SECOND_NS)
        refused.late += int(np.count_nonzero(late))
        refused.ahead += int(np.count_nonzero(ahead))
        good = np.flatnonzero(~late & ~ahead)
        times = observations["event_time_ns"][good]
        if good.size < len(observations) or (np.diff(times) < 0).any():  # a clock was set right
            good = good[np.argsort(times, kind="stable")]
            observations, senders = only(observations, good), senders[good]
        streams, fresh, _ = self._streams.rows(keys(observations, ["kind", "sender", "object"]), now_ns)
        self._memory.forget(fresh)
        places = np.stack([observations["x"], observations["y"]], axis=1)
        named = (observations["object"] != b"") | (observations["kind"] == SELF)
        places[named] = 0.0
        again = self._memory.again(streams, observations["event_time_ns"], places)
        self._memory.remember(streams[~again], observations["event_time_ns"][~again])
        refused.again += int(np.count_nonzero(again))
        if again.any():
            return only(observations, ~again), senders[~again], streams[~again]
        return observations, senders, streams


def _kept(observations: NDArray[np.void], good: NDArray[np.bool_]) -> tuple[NDArray[np.void], int]:
    if good.all():
        return observations, 0
    return only(observations, good), int(np.count_nonzero(~good))


def _plausible(observations: NDArray[np.void], range_max_m: float) -> NDArray[np.bool_]:
    """Finite, near, of a known kind, and with a sender where it is himself; speeds and headings finite or unsaid."""
    good = (np.abs(observations["x"]) <= range_max_m) & (np.abs(observations["y"]) <= range_max_m)
    good &= (observations["kind"] <= SHARED) & ((observations["kind"] != SELF) | (observations["sender"] != b""))
    for name, most in (("heading", 7.0), ("speed", 150.0), ("yaw_rate", 10.0)):
        good &= ~(np.abs(observations[name]) > most)
    plausible: NDArray[np.bool_] = good
    return plausible


def _order(observations: NDArray[np.void]) -> Ints:
    """By time, kind and place; the few that agree in all of it by the rest."""
    names = ("y", "x", "kind", "event_time_ns")
    columns = [np.ascontiguousarray(observations[name]) for name in names]
    order = np.lexsort(columns)
    tied = np.ones(max(order.size - 1, 0), np.bool_)
    for column in columns:
        column = column[order]
        tied &= column[1:] == column[:-1]
    if tied.any():
        order = np.array(sorted(range(order.size), key=lambda row: _full_key(observations, row)), np.int64)
    return order


def _full_key(observations: NDArray[np.void], index: int) -> tuple[int, int, float, float, bytes]:
    row = observations[index]
    return int(row["event_time_ns"]), int(row["kind"]), float(row["x"]), float(row["y"]), row.tobytes()


def rounds(observations: NDArray[np.void], senders: Ints, streams: Ints) -> Iterator[Ints]:
    """Rows of the observations, round by round."""
    if not len(observations):
        return
    kind = observations["kind"].astype(np.int64)
    turn = rank(streams)
    anonymous = np.flatnonzero((observations["object"] == b"") & (kind == DETECTION))
    if anonymous.size:
        frames = np.stack([streams[anonymous], observations["event_time_ns"][anonymous]], axis=1)
        distinct, inverse = np.unique(frames, axis=0, return_inverse=True)
        turn[anonymous] = rank(distinct[:, 0])[inverse.reshape(-1)]
    group = (kind << 56) + (np.where(kind == SELF, 0, senders) << 28) + turn
    _, first, inverse = np.unique(group, return_index=True, return_inverse=True)
    for number in np.argsort(first).tolist():
        yield np.flatnonzero(inverse == number)
