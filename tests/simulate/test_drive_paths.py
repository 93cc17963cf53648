"""The course taken for the truth is SUMO's, without its jumps."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from rsu.observe.arrays import PEDESTRIAN, VEHICLE
from rsu.simulate.paths import Path, paths_of
from rsu.simulate.sumo import KIND_NAMES, STATE


def states(x: NDArray[np.float64], *, kind: str = "car", first: int = 0, number: int = 1) -> NDArray[np.void]:
    """Somebody who goes east, as SUMO tells it."""
    rows = np.zeros(len(x), STATE)
    rows["number"], rows["tick"], rows["kind"] = number, first + np.arange(len(x)), KIND_NAMES.index(kind)
    rows["x"], rows["speed"] = x, np.gradient(x, 0.1) if len(x) > 1 else 0.0
    return rows


def path(x: NDArray[np.float64], **more: object) -> Path:
    (made,) = paths_of(states(x, **more))  # type: ignore[arg-type]
    return made


@given(st.floats(-3, 3), st.floats(8, 30), st.integers(3, 60))
def test_an_even_acceleration_is_left_as_it_is(accel: float, speed: float, ticks: int) -> None:
    """A parabola through a parabola: x = v t + a t² / 2."""
    t = np.arange(ticks) / 10
    made = path(speed * t + accel * t * t / 2).course
    assert np.allclose(made.x, speed * t + accel * t * t / 2, atol=1e-8)
    assert np.allclose(made.speed, np.abs(speed + accel * t), atol=1e-8)
    if speed + accel * t[-1] > 0:
        assert np.allclose(made.accel, accel, atol=1e-6)


def test_a_jump_on_foot_becomes_a_quick_step() -> None:
    x = 1.2 * np.arange(60) / 10
    x[30:] += 1.2
    made = path(x, kind="person")
    assert made.kind.cls == PEDESTRIAN
    assert made.course.speed.max() < 3.0
    assert np.abs(np.diff(made.course.x)).max() < 0.32
    assert np.allclose(made.course.x[[0, 10, 50, 59]], x[[0, 10, 50, 59]])


def test_who_stands_on_foot_faces_where_he_last_went() -> None:
    x = np.concatenate([np.arange(30) * 0.12, np.full(30, 29 * 0.12)])
    rows = states(x, kind="person")
    rows["heading"] = np.where(np.arange(60) < 35, 0.0, math.pi)  # SUMO turns him round while he stands
    (made,) = paths_of(rows)
    assert np.allclose(made.course.heading, 0.0, atol=1e-6)


def test_a_long_vehicle_in_a_turn_faces_where_its_middle_goes() -> None:
    """SUMO turns it about its front bumper: the front on a circle of 15 m, the middle 7.5 m behind along the tangent."""
    angle = np.arange(40) / 10 * 5.0 / 15.0
    rows = states(15 * np.sin(angle) - 7.5 * np.cos(angle), kind="carrier")
    rows["y"], rows["heading"] = 15 * (1 - np.cos(angle)) - 7.5 * np.sin(angle), angle
    (made,) = paths_of(rows)
    way = np.arctan2(np.gradient(made.course.y), np.gradient(made.course.x))[5:-5]
    assert np.abs(made.course.heading[5:-5] - way).max() < 0.01
    assert np.abs(made.course.heading[5:-5] - angle[5:-5]).min() > 0.4  # which is not the body's angle


def test_a_heading_that_crosses_west_does_not_swing_round() -> None:
    rows = states(-10.0 * np.arange(20) / 10)
    rows["heading"] = np.where(np.arange(20) % 2, math.pi - 0.01, -math.pi + 0.01)
    (made,) = paths_of(rows)
    assert np.ptp(made.course.heading) < 0.05


@pytest.mark.parametrize("ticks", [1, 2, 3, 4])
def test_short_appearances_are_paths_too(ticks: int) -> None:
    made = path(np.arange(ticks) * 1.0, first=7)
    assert (made.kind.cls, made.first_ms, made.last_ms) == (VEHICLE, 700, 600 + ticks * 100)
    assert all(len(values) == ticks and np.isfinite(values).all() for values in made.course)


def test_paths_are_told_apart_by_number_and_asked_between_steps() -> None:
    mixed = np.concatenate([states(np.arange(10) * 1.0, number=2), states(np.arange(10) * 2.0, number=1, first=3)])
    first, second = paths_of(mixed[np.argsort(mixed["tick"], kind="stable")])
    assert (first.number, second.number) == (1, 2)
    assert first.at(np.array([0.35])).x[0] == pytest.approx(1.0)
    assert second.at(np.array([0.35])).x[0] == pytest.approx(3.5)
    assert not paths_of(np.zeros(0, STATE))
