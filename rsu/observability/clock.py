"""How far the clock can be trusted: the kernel's own estimate (adjtimex), and jumps seen against the monotonic clock.

Every record carries times, and T/CSAE 53 allows 150 ms. NTP and PTP daemons tell the kernel what they know (``esterror``,
``maxerror``); without one the kernel raises ``maxerror`` until it says that nothing keeps the clock (STA_UNSYNC). Reading needs
no privilege. Layout and flags: Linux ``include/uapi/linux/timex.h``.
"""

from __future__ import annotations

import ctypes
import time
from typing import NamedTuple

STA_UNSYNC = 0x0040
STA_NANO = 0x2000
TIME_ERROR = 5
STEP_NS = 100_000_000  # NTP slews by at most 500 ppm, so a jump of 100 ms between two looks is a step
STEPS_KEPT = 16


class _Timex(ctypes.Structure):
    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("constant", ctypes.c_long),
        ("precision", ctypes.c_long),
        ("tolerance", ctypes.c_long),
        ("seconds", ctypes.c_long),
        ("fraction", ctypes.c_long),
        ("tick", ctypes.c_long),
        ("pps", ctypes.c_long * 3),
        ("shift", ctypes.c_int),
        ("more", ctypes.c_long * 5),
        ("tai", ctypes.c_int),
        ("reserved", ctypes.c_int * 11),
    )


class ClockQuality(NamedTuple):
    """What the kernel says of the clock.

    :param error_s: the estimate: what is left to correct, or the daemon's own estimate where that is greater; the bound where
        nothing keeps the clock.
    :param bound_s: the error that is certainly not passed (``maxerror``).
    """

    error_s: float
    synchronised: bool
    bound_s: float


class Step(NamedTuple):
    """A jump of the clock: when it was seen (new time) and by how much; forward is positive."""

    time_ns: int
    by_s: float


def clock_quality() -> ClockQuality:
    """The kernel's estimate now; an unknown one (error 16 s) where the system has no adjtimex."""
    timex = _Timex(modes=0)
    try:
        state = ctypes.CDLL(None).adjtimex(ctypes.byref(timex))
    except (OSError, AttributeError):
        state = -1
    if state < 0:
        return ClockQuality(16.0, False, 16.0)
    return quality_of(timex.status, state, timex.offset, timex.esterror, timex.maxerror)


def quality_of(status: int, state: int, offset: int, esterror_us: int, maxerror_us: int) -> ClockQuality:
    """The quality that these fields of ``struct timex`` say; ``offset`` is in ns or µs by ``STA_NANO``."""
    bound_s = maxerror_us / 1e6
    if status & STA_UNSYNC or state == TIME_ERROR:
        return ClockQuality(bound_s, False, bound_s)
    offset_s = abs(offset) / (1e9 if status & STA_NANO else 1e6)
    return ClockQuality(max(offset_s, esterror_us / 1e6), True, bound_s)


class StepWatch:
    """Sees steps of the clock by comparing it, at each look, with one that cannot be set."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.count = 0
        self._offset_ns: int | None = None

    def look(self, wall_ns: int, steady_ns: int) -> Step | None:
        """The step since the look before, or None.

        :param steady_ns: of :func:`steady_ns`, read together with ``wall_ns``.
        """
        before, self._offset_ns = self._offset_ns, wall_ns - steady_ns
        if before is None or abs(self._offset_ns - before) < STEP_NS:
            return None
        step = Step(wall_ns, (self._offset_ns - before) / 1e9)
        self.count += 1
        self.steps = [*self.steps, step][-STEPS_KEPT:]
        return step


def steady_ns() -> int:
    """Time since boot, suspended or not: what no setting of the clock changes."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME)
