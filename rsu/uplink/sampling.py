"""Which records the platform wants: upload limits, BSM sampling and filters of CONFIG, pure.

The moment of a record is its receive time, so that what is left out does not depend on when the network was there: a
backlog that is sent after an outage is thinned exactly as it would have been live. Limits hold for each second of receive
time.

- Filters: a record passes where one of them fits; a filter fits where all its fields do, in one place of the message: an
  element and what encloses it. No filters: every record passes.
- ``sampleMode`` ByAll takes BSMs as they come; ByID gives every sender its share of ``sampleRate``.
- ``upLimit``: at most so many records of the kind in a second; 0: none, -1: all.

The sources disagree about the unit of ``sampleRate`` (0..10000): the published text of T/ITS 0117 says records a second,
OpenV2X shows it as hundredths of a percent. So it is a parameter.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Literal

import msgspec

from rsu.uplink.forms import BsmConfig, ConfigDown, Filter, KindConfig
from rsu.uplink.its0117 import KINDS

SECOND_NS = 1_000_000_000
ALL = -1
PARTS = 10_000

#: Enumerations that filters name by number (T/CSAE 53, RSM).
CODES: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "ptcType": MappingProxyType({"unknown": "0", "motor": "1", "non-motor": "2", "pedestrian": "3", "rsu": "4"}),
        "source": MappingProxyType(
            {
                "unknown": "0",
                "selfinfo": "1",
                "v2x": "2",
                "video": "3",
                "microwaveRadar": "4",
                "loop": "5",
                "lidar": "6",
                "integrated": "7",
            }
        ),
    }
)

Verdict = Literal["", "limit", "sample", "filter"]


class Parameters(msgspec.Struct, frozen=True, kw_only=True):
    """What the standard leaves open.

    :param sample_rate_unit: of ``sampleRate``: records a second, or of 10,000.
    :param senders_max: whose share ByID keeps count of; the one longest silent is forgotten.
    """

    sample_rate_unit: Literal["per-second", "per-10000"] = "per-second"
    senders_max: int = 4_096


class Sampler:
    """Decides record by record.

    :param config: what the platform ordered; nothing ordered: every record passes.
    """

    def __init__(self, config: ConfigDown, parameters: Parameters = Parameters()) -> None:  # noqa: B008
        self.config = config
        self._limits = {name: _Second() for name in KINDS}
        self._sample = _sample(config.bsmConfig, parameters)

    def judge(self, kind: str, sender: str | None, time_ns: int, decoded: Callable[[], Any]) -> Verdict:
        """Why a record is left out; empty: it goes.

        :param kind: of :data:`rsu.uplink.its0117.KINDS`.
        :param decoded: gives the message's value; only called where a filter has to look into it.
        """
        config = getattr(self.config, KINDS[kind].key)
        if config is None:
            return ""
        if config.upFilters and not any_fits(config.upFilters, decoded()):
            return "filter"
        if kind == "BSM" and not self._sample.takes(sender or "", time_ns):
            return "sample"
        return "" if self._limits[kind].takes(time_ns, _limit_of(config)) else "limit"

    @property
    def bsm_rate_hz(self) -> int:
        """BSMs that went in the last full second: ``actualSampleRate`` of INFO.UP."""
        return self._limits["BSM"].before


def _limit_of(config: KindConfig) -> int:
    return ALL if config.upLimit is None else config.upLimit


class _Second:
    """How many went in the second of receive time that is looked at; another second, also an earlier one, begins anew."""

    def __init__(self) -> None:
        self.second = -1
        self.taken = 0
        self.before = 0

    def takes(self, time_ns: int, most: int) -> bool:
        second = time_ns // SECOND_NS
        if second != self.second:
            self.before = self.taken if second == self.second + 1 else 0
            self.second, self.taken = second, 0
        if most != ALL and self.taken >= most:
            return False
        self.taken += 1
        return True


class _All:
    """ByAll: ``rate`` records in each second."""

    def __init__(self, rate: int) -> None:
        self.rate = rate
        self._second = _Second()

    def takes(self, sender: str, time_ns: int) -> bool:
        return self._second.takes(time_ns, self.rate)


class _Shares:
    """ByID: ``rate`` records in each second, every sender of the second before having the same share of them, at least one."""

    def __init__(self, rate: int, senders_max: int) -> None:
        self.rate = rate
        self.senders_max = senders_max
        self._second = _Second()
        self._now = -1
        self._share = rate
        self._taken: dict[str, int] = {}

    def takes(self, sender: str, time_ns: int) -> bool:
        second = time_ns // SECOND_NS
        if second != self._now:
            self._share = max(1, self.rate // max(1, len(self._taken))) if second == self._now + 1 else self.rate
            self._now, self._taken = second, {}
        taken = self._taken.get(sender, 0)
        if taken >= self._share or (sender not in self._taken and len(self._taken) >= self.senders_max):
            return False
        if not self._second.takes(time_ns, self.rate):
            self._taken.setdefault(sender, 0)  # it is there, and counts for the next second's shares
            return False
        self._taken[sender] = taken + 1
        return True


class _Parts:
    """``rate`` of each 10,000 records, evenly; of each sender's for ByID."""

    def __init__(self, rate: int, senders_max: int, *, by_id: bool) -> None:
        self.rate = rate
        self.senders_max = senders_max
        self.by_id = by_id
        self._sums: OrderedDict[str, int] = OrderedDict()

    def takes(self, sender: str, time_ns: int) -> bool:
        key = sender if self.by_id else ""
        total = self._sums.get(key, PARTS - self.rate) + self.rate  # so that a sender's first record goes
        self._sums[key] = total % PARTS
        self._sums.move_to_end(key)
        if len(self._sums) > self.senders_max:
            self._sums.popitem(last=False)
        return self.rate > 0 and total >= PARTS


def _sample(config: BsmConfig | None, parameters: Parameters) -> _All | _Shares | _Parts:
    if config is None or config.sampleRate is None:
        return _All(ALL)
    by_id = config.sampleMode == "ByID"
    if parameters.sample_rate_unit == "per-10000":
        return _Parts(config.sampleRate, parameters.senders_max, by_id=by_id)
    return _Shares(config.sampleRate, parameters.senders_max) if by_id else _All(config.sampleRate)


def any_fits(filters: list[Filter], value: Any) -> bool:
    """Whether one of the filters fits a message's value."""
    wanted = [{key: str(text) for key, text in one.items()} for one in filters]
    return any(
        all(here.get(key, frozenset()) & {text} for key, text in one.items()) for here in places(value, {}) for one in wanted
    )


def places(value: Any, around: Mapping[str, frozenset[str]]) -> Iterator[Mapping[str, frozenset[str]]]:
    """Every SEQUENCE of a value with the texts of its elements, those of what encloses it included."""
    if isinstance(value, dict):
        here = dict(around)
        for key, inner in value.items():
            if texts := texts_of(key, inner):
                here[key] = texts
        yield here
        for inner in value.values():
            yield from places(inner, here)
    elif isinstance(value, list):
        for inner in value:
            yield from places(inner, around)
    elif isinstance(value, tuple):  # a CHOICE: its alternative is no place of its own
        yield from places(value[1], around)


def texts_of(key: str, value: Any) -> frozenset[str]:
    """The ways to write an element in a filter: octets as hex or text, an enumeration as name or number, a reference as id."""
    if isinstance(value, bool | int):
        return frozenset({str(value)})
    if isinstance(value, str):
        return frozenset({value, CODES[key][value]} if value in CODES.get(key, {}) else {value})
    if isinstance(value, bytes):
        return frozenset({value.hex(), value.hex().upper(), value.rstrip(b"\0").decode("latin-1")})
    if isinstance(value, dict) and isinstance(value.get("id"), int):
        region = value.get("region", 0)
        return frozenset({str(value["id"]), f"{region}-{value['id']}"})
    return frozenset()
