"""How fresh a message is: against its reception, and against what the same sender said before. A flag, never a refusal.

State is kept for each (unit that heard it, standard, type, sender), so that a unit or vehicle with a slow clock is measured by
its own clock and nobody else's; types differ in what they say of the time. Fusion decides what it does with a message that is
not fresh; the record is stored in any case.
"""

from __future__ import annotations

from collections import OrderedDict

import msgspec

from rsu.observe import Summary
from rsu.received import Received

SECOND_NS = 1_000_000_000
MINUTE_NS = 60 * SECOND_NS
#: How the event time was found where the message itself says it.
SAID = frozenset(("date", "minute", "second"))


class Parameters(msgspec.Struct, frozen=True, kw_only=True):
    """Limits.

    :param late_s: behind the reception; two periods of the slowest message (MAP, RSI: 1 s) and the way.
    :param early_s: ahead of it: the clocks differ (T/CSAE 53 allows 150 ms).
    :param senders_max: remembered; the one that was silent longest is forgotten first.
    """

    late_s: float = 3.0
    early_s: float = 1.0
    senders_max: int = 16_384


class Freshness:
    """See the module."""

    def __init__(self, parameters: Parameters) -> None:
        self._late_ns = round(parameters.late_s * SECOND_NS)
        self._early_ns = round(parameters.early_s * SECOND_NS)
        self._senders_max = parameters.senders_max
        self._last: OrderedDict[tuple[str, str, str, str], int] = OrderedDict()

    def of(self, received: Received, standard: str, type_name: str, summary: Summary) -> str:
        """What is wrong with the message's time, or nothing.

        :returns: ``late: …``, ``early: …`` or ``order: …``, for the record's warning.
        """
        if summary.event_time_source not in SAID:
            return ""
        behind_ns = received.receive_time_ns - summary.event_time_ns
        if summary.event_time_source == "minute" and summary.event_time_ns % MINUTE_NS == 0:
            behind_ns -= min(max(behind_ns, 0), MINUTE_NS)  # MAP says the minute and no more
        older_ns = 0
        if summary.sender:
            older_ns = self._older((received.rsu_id, standard, type_name, summary.sender), summary.event_time_ns)
        if older_ns > 0:
            return f"order: {older_ns / SECOND_NS:.3f} s before what this sender said last"
        if behind_ns > self._late_ns:
            return f"late: {behind_ns / SECOND_NS:.3f} s before its reception"
        if -behind_ns > self._early_ns:
            return f"early: {-behind_ns / SECOND_NS:.3f} s after its reception"
        return ""

    def _older(self, key: tuple[str, str, str, str], time_ns: int) -> int:
        """How much older the message is than the newest of its sender; it is remembered."""
        last = self._last.get(key)
        if last is not None and time_ns < last:
            return last - time_ns
        self._last[key] = time_ns
        self._last.move_to_end(key)
        if len(self._last) > self._senders_max:
            self._last.popitem(last=False)
        return 0
