"""Fusion: observations in, tracks out. docs/fusion.md tells how; this module is the order of it.

A step admits a batch, splits it into rounds, and for each round finds whose each observation is, corrects the tracks at the
measurements' own times and begins new ones; then tracks are confirmed, merged and let go.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rsu.fusion import lifecycle
from rsu.fusion.association import Pairs, ambiguous, assign, distance, neighbours, pairs
from rsu.fusion.birth import begin, born, described
from rsu.fusion.counters import Counters, Refused
from rsu.fusion.history import correct, either, seconds_between, states_at
from rsu.fusion.identity import Identity, Takeover
from rsu.fusion.measured import measured, reported_sigma
from rsu.fusion.motion import predict, velocity
from rsu.fusion.output import rendered
from rsu.fusion.parameters import Parameters
from rsu.fusion.rounds import Admission, rounds
from rsu.fusion.shared import at_one_place, intersection
from rsu.fusion.sigma import Sigmas
from rsu.fusion.state import Floats, Ints, Measured, State, Table
from rsu.fusion.tending import Tending
from rsu.fusion.time import SECOND_NS
from rsu.observe.arrays import DETECTION, SELF, SHARED, only


class Fusion:
    """See the module.

    :ivar counters: what was done; ``refused``: what was not taken, by reason.
    """

    def __init__(self, parameters: Parameters) -> None:
        self._p = parameters
        self._table = Table(parameters.tracks_max)
        self._admission = Admission(parameters)
        self._sigmas = Sigmas(parameters)
        self._identity = Identity(parameters, self._sigmas)
        self._pictures = 0  # of others, that were taken in
        self.counters = Counters()
        self._tending = Tending(self._table, self._identity, self._sigmas, self.counters, parameters)

    @property
    def refused(self) -> Refused:
        """What was not taken."""
        return self._admission.refused

    @property
    def takeovers(self) -> list[Takeover]:
        """The latest, oldest first."""
        return list(self._identity.takeovers)

    @property
    def clock_alarms(self) -> int:
        """How often a sender's clock was found wrong."""
        return self._admission.clocks.alarms

    def clock_offsets(self) -> dict[str, float]:
        """Senders whose clocks are wrong: seconds that their stamps are behind."""
        names, offsets = self._identity.name_of, self._admission.clocks.offset_ns
        return {names[row].decode("utf-8", "replace"): offsets[row] / SECOND_NS for row in np.flatnonzero(offsets).tolist()}

    def step(self, observations: NDArray[np.void], now_ns: int) -> None:
        """Take in what was observed; now_ns: UTC, not before the observations' reception."""
        admitted, senders, streams, gone = self._admission.admit(observations, now_ns)
        self._identity.forget(self._table, gone)
        self._sigmas.forget(gone)
        self._identity.name_of[senders] = admitted["sender"]
        self.counters.taken += len(admitted)
        for round_rows in rounds(admitted, senders, streams):
            one = only(admitted, round_rows)
            if one["kind"][0] == SELF:
                self._hear(one, senders[round_rows], now_ns)
            else:
                self._see(one, int(senders[round_rows][0]), now_ns)
        self._tending.tend(now_ns)

    def tracks(self, at_ns: int, *, all: bool = False) -> NDArray[np.void]:
        """Confirmed tracks, each road user once, predicted to at_ns; with ``all``, tentative, hidden and lost ones too."""
        return rendered(self._table, self._identity.name_of, at_ns, self._p, all)

    def _hear(self, observations: NDArray[np.void], senders: Ints, now_ns: int) -> None:
        """A round of senders that tell of themselves."""
        self._sigmas.claim(senders, reported_sigma(observations))
        told = measured(observations, self._sigmas.variance(senders), self._sigmas.white(senders), self._p)
        rows = self._identity.track_of[senders]
        left = rows < 0
        bound = ~left
        if bound.any():
            left[bound] = ~self._follow(only(observations, bound), rows[bound], told.only(bound), senders[bound], now_ns)
        if left.any():
            self._introduce(only(observations, left), told.only(left), senders[left], now_ns)

    def _follow(
        self, observations: NDArray[np.void], rows: Ints, told: Measured, senders: Ints, now_ns: int
    ) -> NDArray[np.bool_]:
        """Bound ids correct their tracks; which passed the wide gate."""
        table, p = self._table, self._p
        table.sigma2[rows] = self._identity.variance(senders)
        dt = seconds_between(told.time_ns, table.time[rows])
        base = predict(table.state(rows), np.maximum(dt, 0.0), p)
        back = base._replace(x=base.x.copy())
        back.x[:, :2] += velocity(base.x, base.polar) * np.minimum(dt, 0.0)[:, None]
        fits: NDArray[np.bool_] = distance(back, told, np.zeros(rows.size)) <= p.bound_gate_chi2
        self._sigmas.innovations(senders, back, told)
        alone = ~fits & ~lifecycle.perceived(table.seen_ns[rows], now_ns, p.lost_life_s)
        self._again(only(observations, alone), rows[alone], told.only(alone), senders[alone], now_ns)
        elsewhere = ~fits & ~alone
        self._identity.release(table, rows[elsewhere])
        self.counters.unbound += int(np.count_nonzero(elsewhere))
        self._residuals(back.only(fits), rows[fits], told.only(fits), senders[fits])
        base_ns = np.maximum(table.time[rows], told.time_ns)
        self._correct(rows[fits], base.only(fits), base_ns[fits], told.only(fits))
        self._hit(rows[fits], only(observations, fits), now_ns)
        return fits | alone

    def _again(self, observations: NDArray[np.void], rows: Ints, told: Measured, senders: Ints, now_ns: int) -> None:
        """Who jumped, and was told of by himself only, begins anew under his track's id."""
        if not rows.size:
            return
        table = self._table
        begin(table, rows, told, self._identity.variance(senders), self._p)
        table.confirmed[rows], table.hits[rows] = False, 0
        self.counters.jumped += rows.size
        self._hit(rows, observations, now_ns)

    def _residuals(self, state: State, rows: Ints, told: Measured, senders: Ints) -> None:
        """What bound senders that perception sees tell of their sigma."""
        table, p = self._table, self._p
        seen = told.time_ns - table.seen_ns[rows] <= p.residual_perceived_s * SECOND_NS
        since = seconds_between(told.time_ns, table.self_ns[rows])
        self._sigmas.residuals(senders[seen], state.only(seen), told.only(seen), since[seen])

    def _introduce(self, observations: NDArray[np.void], told: Measured, senders: Ints, now_ns: int) -> None:
        """Ids without a track: to one that is free, or to a new one."""
        table, p = self._table, self._p
        rows, state, shift = self._candidates(told)
        rest = np.ones(len(observations), np.bool_)
        if rows.size:
            at_ns = int(np.median(told.time_ns))
            free = self._identity.free(table, rows, at_ns) & table.confirmed[rows]
            candidate = neighbours(told.z[:, :2], state.x[:, :2], p.search_radius_m)
            unknown = table.sender[rows[candidate[1]]] < 0
            extra = np.where(unknown, self._identity.variance(senders)[candidate[0]], 0.0)
            gate = np.where(unknown, p.resolve_gate_chi2, p.gate_chi2)
            found = self._by_class(pairs(state, told, shift, candidate, extra, gate), observations, rows)
            found = found.only((table.sender[rows[found.column]] >= 0) | (found.cost < p.resolve_cost_max))
            taken, found = found.only(~free[found.column]), found.only(free[found.column])
            i, j = assign(found, len(observations), rows.size)
            doubt = ambiguous(found, i, j, p.ambiguity)
            self.counters.ambiguous += int(np.count_nonzero(doubt))
            i, j = i[~doubt], rows[j[~doubt]]
            self._identity.bind(table, j, senders[i], told.time_ns[i])
            self._correct(j, table.state(j), table.time[j], told.only(i))
            self._hit(j, only(observations, i), now_ns)
            rest[i] = False
            if p.id_takeover:
                hopes = np.zeros(len(observations), np.bool_)
                hopes[taken.row] = True
                rest &= ~(hopes & self._identity.may_wait(senders, told.time_ns))
        self._begin(only(observations, rest), told.only(rest), senders[rest], now_ns)

    def _see(self, observations: NDArray[np.void], seer: int, now_ns: int) -> None:
        """A frame of perception, or somebody else's picture; seer: row of the box's or the unit's name."""
        table, p = self._table, self._p
        none = np.zeros(len(observations))
        told = measured(observations, none, none, p)
        if observations["kind"][0] == SHARED:
            self._pictures += 1
            live = self._identity.name_of[table.sender[lifecycle.heard(table, now_ns, p)]]
            heard = np.isin(observations["object"], live) & (observations["object"] != b"")
            self.counters.shared_dropped += int(np.count_nonzero(heard))
            observations, told = only(observations, ~heard), told.only(~heard)
            if not len(observations):
                return
        rows, state, shift = self._candidates(told)
        located = lifecycle.located(state, table.sender[rows], p)
        rows, state = rows[located], state.only(located)
        candidate = neighbours(told.z[:, :2], state.x[:, :2], p.search_radius_m)
        count = candidate[0].size
        found = pairs(state, told, shift, candidate, np.zeros(count), np.full(count, p.gate_chi2))
        found = self._by_class(found, observations, rows)
        i, j = assign(found, len(observations), rows.size)
        rest = np.ones(len(observations), np.bool_)
        rest[i] = False
        table.seer[rows[j]] = seer
        if observations["kind"][0] == SHARED:
            self._share(only(observations, i), rows[j], told.only(i), now_ns)
            heard = at_one_place(table, lifecycle.heard(table, now_ns, p), observations, told, p)
            self.counters.shared_dropped += int(np.count_nonzero(rest & heard))
            rest &= ~heard
        else:
            at_ns = np.full(i.size, int(np.median(told.time_ns)), np.int64)
            ahead = at_ns >= table.time[rows[j]]
            base = either(ahead, state.only(j), table.state(rows[j]))
            self._correct(rows[j], base, np.maximum(at_ns, table.time[rows[j]]), told.only(i))
            self._hit(rows[j], only(observations, i), now_ns)
        fresh = self._begin(only(observations, rest), told.only(rest), None, now_ns)
        table.seer[fresh] = seer

    def _share(self, observations: NDArray[np.void], rows: Ints, told: Measured, now_ns: int) -> None:
        """Covariance intersection, but not for those who are heard themselves."""
        table, p = self._table, self._p
        heard = lifecycle.speaks(table, rows, now_ns, p)
        self.counters.shared_dropped += int(np.count_nonzero(heard))
        rows, told, observations = rows[~heard], told.only(~heard), only(observations, ~heard)
        self._hit(rows, observations, now_ns)
        dt = seconds_between(told.time_ns, table.time[rows])
        base = predict(table.state(rows), np.maximum(dt, 0.0), p)
        wider, told, omega = intersection(base, told)
        used = omega < 1.0
        self.counters.shared_used += int(np.count_nonzero(used))
        base_ns = np.maximum(table.time[rows], told.time_ns)
        self._correct(rows[used], wider.only(used), base_ns[used], told.only(used))

    def _candidates(self, told: Measured) -> tuple[Ints, State, Floats]:
        """Tracks that were there in the middle of the round, their states then, and each measurement's distance in time."""
        table = self._table
        at_ns = int(np.median(told.time_ns))
        rows = table.rows()
        rows = rows[lifecycle.present(table, rows, at_ns, self._p)]
        state, there = states_at(table, rows, at_ns, self._p)
        if not there.all():
            rows, state = rows[there], state.only(there)
        return rows, state, (told.time_ns - at_ns) / SECOND_NS

    def _by_class(self, found: Pairs, observations: NDArray[np.void], rows: Ints) -> Pairs:
        said, known = observations["cls"][found.row], self._table.cls[rows[found.column]]
        differ = (said != 0) & (known != 0) & (said != known)
        return found._replace(cost=found.cost + self._p.class_penalty * differ)

    def _correct(self, rows: Ints, base: State, base_ns: Ints, told: Measured) -> None:
        counters = self.counters
        shifted, again, beyond = correct(self._table, rows, base, base_ns, told, self._p)
        counters.shifted += shifted
        counters.worked_again += again
        counters.beyond_ring += beyond

    def _hit(self, rows: Ints, observations: NDArray[np.void], now_ns: int) -> None:
        table = self._table
        if not rows.size:
            return
        kind = observations["kind"][0]
        described(table, rows, observations, now_ns, sure=bool(kind == SELF))
        table.picture[rows] = self._pictures if kind == SHARED else 0
        if kind == SELF:
            table.self_ns[rows] = np.maximum(table.self_ns[rows], observations["event_time_ns"])
        elif kind == DETECTION:
            table.seen_ns[rows] = np.maximum(table.seen_ns[rows], observations["event_time_ns"])
            table.remember_frame(rows, observations["event_time_ns"])

    def _begin(self, observations: NDArray[np.void], told: Measured, senders: Ints | None, now_ns: int) -> Ints:
        """New tracks for what belongs to none; their rows."""
        if not len(observations):
            return np.empty(0, np.int64)
        table = self._table
        variance = np.zeros(len(observations)) if senders is None else self._identity.variance(senders)
        rows = born(table, observations, told, variance, self._p)
        self.counters.born += rows.size
        self.counters.no_room += len(observations) - rows.size
        self._hit(rows, observations[: rows.size], now_ns)
        if senders is not None:
            table.sender[rows] = senders[: rows.size]
            self._identity.track_of[senders[: rows.size]] = rows
        return rows
