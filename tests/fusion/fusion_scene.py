"""A crossing with traffic lights, and what its BSM and its perception box would say: the noise model of docs/fusion.md.

Vehicles follow each other by the intelligent driver model (Treiber 2000) on lines of straight, arc, straight. Truth is kept
every 20 ms; observations are drawn from it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rsu.observe.arrays import DETECTION, OBSERVATION, PEDESTRIAN, SELF, VEHICLE, empty

STEP_S = 0.02
START_NS = 1_780_000_000 * 10**9
LEG_M = 220.0
STOP_M = 20.0  # the stop line from the middle
LANE_M = 3.5
CYCLE_S = 60.0


class Noise(NamedTuple):
    """The noise model."""

    equipped: float = 0.7
    sigma_m: float = 1.0
    reported: float = 1.0  # × sigma_m is what senders report
    tau_s: float = 30.0
    white_m: float = 0.2
    loss_near: float = 0.05
    loss_far: float = 0.30
    bsm_delay_s: float = 0.045
    id_change_s: float = 60.0
    radius_m: float = 130.0
    seen_m: float = 0.25
    seen_per_m: float = 0.004
    misses: float = 0.05
    occluded: float = 0.08
    occlusion_s: float = 1.2
    false_per_frame: float = 0.5
    box_delay_s: float = 0.15
    box_jitter_s: float = 0.03
    velocities: bool = False  # the box tells heading and speed


class Truth(NamedTuple):
    """(t, n, 4) float64: x, y, heading, speed; NaN for who is not there; (n,) uint8 classes; a step is STEP_S."""

    states: NDArray[np.float64]
    cls: NDArray[np.uint8]

    def at(self, time_ns: int) -> NDArray[np.float64]:
        return self.states[round((time_ns - START_NS) / 1e9 / STEP_S)]


def place(leg: NDArray[np.int64], turn: NDArray[np.int64], s: NDArray[np.float64]) -> NDArray[np.float64]:
    """x, y, heading on the way from a leg; turn 0 left, 1 straight, 2 right; s from the outer end."""
    lane = -(0.5 + turn) * LANE_M  # right of the centre line, driving towards +x from −LEG_M
    radius, sign = np.choose(turn, [18.0, 1.0, 9.0]), np.choose(turn, [1.0, 0.0, -1.0])
    begin, arc = LEG_M - 18.0, np.pi / 2 * radius * np.abs(sign)
    angle = sign * np.clip(s - begin, 0.0, arc) / radius
    x = np.minimum(s, begin) - LEG_M + radius * np.sin(np.abs(angle))
    y = lane + sign * radius * (1 - np.cos(angle))
    beyond = np.maximum(s - begin - arc, 0.0)
    x, y = x + beyond * np.cos(angle), y + beyond * np.sin(angle)
    heading = angle + leg * np.pi / 2
    cos, sin = np.cos(leg * np.pi / 2), np.sin(leg * np.pi / 2)
    return np.stack([x * cos - y * sin, x * sin + y * cos, (heading + np.pi) % (2 * np.pi) - np.pi], axis=1)


def drive(rng: np.random.Generator, seconds: float, vehicles: int = 27, walkers: int = 4) -> Truth:
    """The truth. Who leaves comes back as somebody else."""
    steps = round(seconds / STEP_S)
    lanes = rng.permutation(12)[np.arange(vehicles) % 12]
    leg, turn = lanes % 4, lanes // 4
    s = np.array([150.0 - 26.0 * (i // 12) + rng.uniform(-8, 8) for i in range(vehicles)])
    v = rng.uniform(8, 13, vehicles)
    wish = rng.uniform(11.5, 14.5, vehicles)
    tracks: list[NDArray[np.float64]] = []
    owner = np.arange(vehicles)
    total = vehicles
    for step in range(steps):
        a = _accelerate(lanes, leg, turn, s, v, wish, step * STEP_S)
        v = np.maximum(v + a * STEP_S, 0.0)
        s = s + v * STEP_S
        for one in np.flatnonzero(s > 2 * LEG_M - 20).tolist():
            first = s[(lanes == lanes[one]) & (np.arange(vehicles) != one)].min(initial=40.0)
            s[one], owner[one] = min(0.0, first - 25.0), total
            total += 1
        tracks.append(np.column_stack([place(leg, turn, s), v, owner]))
    states = np.full((steps, total + walkers, 4), np.nan)
    for step, rows in enumerate(tracks):
        states[step, rows[:, 4].astype(int)] = rows[:, :4]
    states[:, total:] = _walk(rng, steps, walkers)
    cls = np.full(total + walkers, VEHICLE, np.uint8)
    cls[total:] = PEDESTRIAN
    return Truth(states, cls)


def _accelerate(lanes, leg, turn, s, v, wish, time_s):  # type: ignore[no-untyped-def]
    order = np.lexsort((s, lanes))
    gap, ahead_v = np.full(s.size, 1e3), v.copy()
    same = lanes[order[1:]] == lanes[order[:-1]]
    behind, front = order[:-1][same], order[1:][same]
    gap[behind], ahead_v[behind] = s[front] - s[behind] - 5.0, v[front]
    green = ((time_s / CYCLE_S + leg % 2 * 0.5) % 1.0) < 0.42
    to_line = LEG_M - STOP_M - s
    stops = ~green & (to_line > 0) & (v**2 / (2 * np.maximum(to_line, 0.1)) < 4.0) & (to_line < gap)
    gap, ahead_v = np.where(stops, to_line, gap), np.where(stops, 0.0, ahead_v)
    limit = np.where((turn != 1) & (np.abs(s - LEG_M) < 30), np.choose(turn, [7.0, 14.0, 5.0]), wish)
    wanted = 2.0 + np.maximum(0.0, v * 1.2 + v * (v - ahead_v) / (2 * np.sqrt(1.8 * 2.5)))
    return np.clip(1.8 * (1 - (v / limit) ** 4 - (wanted / np.maximum(gap, 0.3)) ** 2), -6.0, 1.8)


def _walk(rng: np.random.Generator, steps: int, walkers: int) -> NDArray[np.float64]:
    """Pedestrians go to and fro over the crossings."""
    t = np.arange(steps) * STEP_S
    out = np.empty((steps, walkers, 4))
    for one in range(walkers):
        pace, phase, leg = rng.uniform(1.0, 1.6), rng.uniform(0, 60), one % 4
        way = (phase + pace * t) % 60.0
        along, back = np.where(way < 30, way, 60 - way) - 15.0, way >= 30
        heading = np.where(back, -np.pi / 2, np.pi / 2) + leg * np.pi / 2
        x, y = np.full(steps, 16.0 + one // 4), along
        cos, sin = np.cos(leg * np.pi / 2), np.sin(leg * np.pi / 2)
        out[:, one] = np.column_stack([x * cos - y * sin, x * sin + y * cos, heading, np.full(steps, pace)])
    return out


def observe(rng: np.random.Generator, truth: Truth, noise: Noise) -> NDArray[np.void]:
    """All observations, by time of reception."""
    heard, seen = _bsm(rng, truth, noise), _box(rng, truth, noise)
    every = np.concatenate([heard, seen])
    return every[np.argsort(every["receive_time_ns"], kind="stable")]


def _bsm(rng: np.random.Generator, truth: Truth, noise: Noise) -> NDArray[np.void]:
    steps = len(truth.states)
    rows = []
    drift = np.exp(-0.1 / noise.tau_s)
    for one in np.flatnonzero((truth.cls == VEHICLE) & (rng.random(truth.cls.size) < noise.equipped)).tolist():
        bias = rng.normal(0, noise.sigma_m, 2)
        phase, change = int(rng.integers(0, 5)), rng.uniform(0, noise.id_change_s)
        for step in range(phase, steps, 5):
            bias = drift * bias + rng.normal(0, noise.sigma_m * np.sqrt(1 - drift**2), 2)
            x, y, heading, speed = truth.states[step, one]
            loss = noise.loss_near + (noise.loss_far - noise.loss_near) * min(np.hypot(x, y) / 250.0, 1.0) if x == x else 1.0
            if rng.random() < loss:
                continue
            name = f"{one:04x}{int((step * STEP_S + change) // noise.id_change_s):04x}"
            at = START_NS + round(step * STEP_S * 1e9)
            x, y = np.array([x, y]) + bias + rng.normal(0, noise.white_m, 2)
            turned = heading + rng.normal(0, 0.035)
            said = max(0.0, speed + rng.normal(0, 0.2))
            rows.append((at, at + round(rng.gamma(3, noise.bsm_delay_s / 3) * 1e9), name, x, y, turned, said))
    out = empty(len(rows))
    if rows:
        names = ("event_time_ns", "receive_time_ns", "sender", "x", "y", "heading", "speed")
        for name, column in zip(names, zip(*rows, strict=True), strict=True):
            out[name] = column
    out["object"] = out["sender"]
    out["kind"], out["cls"], out["source"] = SELF, VEHICLE, "radio0"
    out["cxx"] = out["cyy"] = (noise.reported * noise.sigma_m) ** 2
    out["cxy"], out["length"], out["width"] = 0.0, 4.6, 1.8
    return out


def _box(rng: np.random.Generator, truth: Truth, noise: Noise) -> NDArray[np.void]:
    frames = []
    hidden = rng.random(truth.cls.size) < noise.occluded
    leave = 0.1 / noise.occlusion_s
    enter = leave * noise.occluded / (1 - noise.occluded)
    for step in range(0, len(truth.states), 5):
        hidden = np.where(hidden, rng.random(hidden.size) > leave, rng.random(hidden.size) < enter)
        state = truth.states[step]
        distance = np.hypot(state[:, 0], state[:, 1])
        there = np.flatnonzero((distance < noise.radius_m) & ~hidden & (rng.random(hidden.size) > noise.misses))
        ghosts = int(rng.poisson(noise.false_per_frame))
        frame = empty(there.size + ghosts)
        sigma = noise.seen_m + noise.seen_per_m * distance[there]
        frame["x"][: there.size] = state[there, 0] + rng.normal(0, sigma)
        frame["y"][: there.size] = state[there, 1] + rng.normal(0, sigma)
        frame["cxx"][: there.size] = frame["cyy"][: there.size] = sigma**2
        frame["cls"][: there.size] = truth.cls[there]
        if noise.velocities:
            frame["heading"][: there.size] = state[there, 2] + rng.normal(0, 0.1, there.size)
            frame["speed"][: there.size] = np.abs(state[there, 3] + rng.normal(0, 0.5, there.size))
            frame["heading_std"][: there.size], frame["speed_std"][: there.size] = 0.1, 0.5
        around, angle = noise.radius_m * np.sqrt(rng.random(ghosts)), rng.uniform(0, 2 * np.pi, ghosts)
        frame["x"][there.size :], frame["y"][there.size :] = around * np.cos(angle), around * np.sin(angle)
        frame["cxx"][there.size :] = frame["cyy"][there.size :] = 0.25
        frame["cls"][there.size :] = VEHICLE
        frame["event_time_ns"] = at = START_NS + round(step * STEP_S * 1e9)
        frame["receive_time_ns"] = at + round(max(0.02, rng.normal(noise.box_delay_s, noise.box_jitter_s)) * 1e9)
        frame["object"] = [str(number) for number in rng.permutation(len(frame))]  # a number in the frame and no more
        frames.append(frame)
    out = np.concatenate(frames) if frames else np.empty(0, OBSERVATION)
    out["kind"], out["sender"], out["source"], out["cxy"] = DETECTION, "box0", "box0", 0.0
    return out
