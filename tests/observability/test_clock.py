"""The kernel's word on the clock, and steps of it."""

from __future__ import annotations

import time

import pytest

from rsu.observability.clock import (
    STA_NANO,
    STA_UNSYNC,
    STEPS_KEPT,
    TIME_ERROR,
    StepWatch,
    clock_quality,
    quality_of,
    steady_ns,
)

HOUR_NS = 3_600_000_000_000


def test_the_kernel_answers() -> None:
    """Linux: maxerror is at most 16 s (NTP_PHASE_LIMIT); an unsynchronised clock has that bound as its error."""
    quality = clock_quality()
    assert 0 <= quality.error_s <= quality.bound_s or quality.synchronised
    assert 0 <= quality.bound_s <= 16
    if not quality.synchronised:
        assert quality.error_s == quality.bound_s


@pytest.mark.parametrize(
    ("status", "state", "offset", "esterror", "maxerror", "error_s", "synchronised"),
    [
        (0, 0, 0, 250, 4_000, 250e-6, True),
        (0, 0, -900, 250, 4_000, 900e-6, True),  # what is left to correct counts as well, in µs
        (STA_NANO, 0, -900_000, 250, 4_000, 900e-6, True),  # or in ns
        (STA_UNSYNC, 0, 0, 0, 16_000_000, 16.0, False),
        (0, TIME_ERROR, 0, 0, 500_000, 0.5, False),
    ],
)
def test_fields_of_timex(
    status: int, state: int, offset: int, esterror: int, maxerror: int, error_s: float, synchronised: bool
) -> None:
    quality = quality_of(status, state, offset, esterror, maxerror)
    assert quality == (pytest.approx(error_s), synchronised, maxerror / 1e6)


@pytest.mark.parametrize("by_ns", [HOUR_NS, -HOUR_NS, 100_000_000, -100_000_000])
def test_a_step_is_seen_once_with_its_size(by_ns: int) -> None:
    watch = StepWatch()
    assert watch.look(10**18, 10**9) is None
    assert watch.look(10**18 + 10**9, 2 * 10**9) is None
    step = watch.look(10**18 + 2 * 10**9 + by_ns, 3 * 10**9)
    assert step is not None and step.by_s == pytest.approx(by_ns / 1e9)
    assert watch.look(10**18 + 3 * 10**9 + by_ns, 4 * 10**9) is None
    assert (watch.count, watch.steps) == (1, [step])


def test_a_clock_that_is_slewed_has_not_stepped() -> None:
    """500 ppm, the most that NTP slews, over a quarter of an hour between looks of a second."""
    watch = StepWatch()
    assert not any(watch.look(10**18 + second * 1_000_500_000, second * 10**9) for second in range(900))


def test_steps_are_kept_within_a_bound_and_all_counted() -> None:
    watch = StepWatch()
    for number in range(STEPS_KEPT + 5):
        watch.look(number * HOUR_NS, number)
    assert (len(watch.steps), watch.count) == (STEPS_KEPT, STEPS_KEPT + 4)


def test_the_real_clocks_run_together() -> None:
    watch = StepWatch()
    assert watch.look(time.time_ns(), steady_ns()) is None
    assert watch.look(time.time_ns(), steady_ns()) is None
