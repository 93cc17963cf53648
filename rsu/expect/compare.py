"""Two recordings compared: differences in words a person can act on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import zip_longest
from typing import Any

import msgspec

from rsu.expect.recording import LogRecording, Recording, Row

DIFFERENCES_KEPT = 1000  # of one comparison; all are counted
LEAVES_MAX = 100_000  # of one decoded message
SHORT_NAMES = {
    "BasicSafetyMessage": "BSM", "RoadsideSafetyMessage": "RSM", "RoadSafetyMessage": "RSM", "RoadSideInformation": "RSI",
    "MapData": "MAP", "TravelerInformation": "TIM", "PersonalSafetyMessage": "PSM", "SignalRequestMessage": "SRM",
    "SignalStatusMessage": "SSM", "SensorDataSharingMessage": "SDSM", "RoadsideCoordination": "RSC", "SensorSharingMsg": "SSM",
    "VehIntentionAndRequest": "VIR",
}  # fmt: skip
WORDS = {  # column → its word and unit
    "speed_mps": ("speed", "m/s"),
    "heading_deg": ("heading", "°"),
    "lat_e7": ("latitude", "e-7 °"),
    "lon_e7": ("longitude", "e-7 °"),
    "event_time_ns": ("event time", "ns"),
    "receive_time_ns": ("receive time", "ns"),
    "msg_cnt": ("msgCnt", ""),
    "sec_mark": ("secMark", ""),
}
LEAF_COLUMNS = {  # component that a column already tells of
    "speed": "speed_mps", "heading": "heading_deg", "lat": "lat_e7", "long": "lon_e7", "msgCnt": "msg_cnt",
    "secMark": "sec_mark", "id": "sender", "moy": "event_time_ns",
}  # fmt: skip


class Difference(msgspec.Struct, frozen=True):
    """One difference: where, what, and both values as text.

    :param check: ``counts``, ``rejects`` or ``rows``.
    :param record: 0 where it is about the whole log.
    """

    log: str
    check: str
    record: int
    field: str
    was: str
    now: str
    text: str


class Comparison(msgspec.Struct):
    """All differences of a comparison; ``total`` counts those past the first :data:`DIFFERENCES_KEPT` too."""

    logs: list[str]
    differences: list[Difference] = msgspec.field(default_factory=list)
    total: int = 0

    def add(self, difference: Difference) -> None:
        self.total += 1
        if len(self.differences) < DIFFERENCES_KEPT:
            self.differences.append(difference)


def compare(expected: Recording, actual: Recording, tolerances: Mapping[str, float] | None = None) -> Comparison:
    """What is different in ``actual``.

    :param tolerances: field → how far a number may be off: a column (``speed_mps``), its word (``speed``), or a component
        (``accelSet.long``, ``long``) in the message's own steps.
    """
    allowed = dict(tolerances or {})
    result = Comparison(sorted({*expected.logs, *actual.logs}))
    for log in result.logs:
        if log not in actual.logs or log not in expected.logs:
            missing = log in expected.logs
            words = "is expected and was not replayed" if missing else "was replayed and is not in the expected result"
            result.add(Difference(log, "counts", 0, "log", str(missing), str(not missing), f"{log} {words}"))
            continue
        _compare_log(result, log, expected, actual, allowed)
    return result


def _compare_log(result: Comparison, log: str, expected: Recording, actual: Recording, allowed: Mapping[str, float]) -> None:
    was, now = expected.logs[log], actual.logs[log]
    for name, before, after in _counts(was, now):
        text = f"{log}: {name} was {before}, is {after}"
        result.add(Difference(log, "counts", 0, name, str(before), str(after), text))
    if was.digests == now.digests:
        return
    for old, new in zip_longest(expected.rows_of(log), actual.rows_of(log)):
        if old != new:
            for difference in _rows(log, old, new, allowed):
                result.add(difference)


def _counts(was: LogRecording, now: LogRecording) -> Iterator[tuple[str, int, int]]:
    for name in ("records", "stored", "quarantined", "duplicates"):
        if getattr(was, name) != getattr(now, name):
            yield name, getattr(was, name), getattr(now, name)
    for name in sorted({*was.types, *now.types}):
        if was.types.get(name, 0) != now.types.get(name, 0):
            yield f"stored {name}", was.types.get(name, 0), now.types.get(name, 0)


def _rows(log: str, before: Row | None, after: Row | None, allowed: Mapping[str, float]) -> Iterator[Difference]:
    if before is None or after is None:
        row = before or after
        assert row is not None
        words = ("is there", "is missing") if after is None else ("is not expected", "is there")
        yield Difference(log, "rows", row.record, "record", *words, f"{_label(row)} {words[1] if after is None else words[0]}")
        return
    state_was, state_now = _state(before), _state(after)
    if state_was != state_now:
        text = f"{_label(before)}: was {state_was}, is {state_now}"
        yield Difference(log, "rejects", before.record, "state", state_was, state_now, text)
        return
    label = _label(before)
    for name in sorted({*before.columns, *after.columns}):
        old, new = before.columns.get(name), after.columns.get(name)
        word, unit = WORDS.get(name, (name, ""))
        if not _same(old, new, allowed.get(name, allowed.get(word, 0.0))):
            yield _difference(log, before.record, label, word, old, new, unit)
    yield from _leaves_differ(log, label, before, after, allowed)


def _leaves_differ(log: str, label: str, before: Row, after: Row, allowed: Mapping[str, float]) -> Iterator[Difference]:
    """Components of the decoded messages; what a column has told is not told again."""
    if bytes(before.decoded) == bytes(after.decoded):
        return
    told = {leaf for leaf, column in LEAF_COLUMNS.items() if column in before.columns and column in after.columns}
    old, new = dict(_leaves(before.decoded)), dict(_leaves(after.decoded))
    for path in [*old, *(path for path in new if path not in old)]:
        last = path.rpartition(".")[2].partition("[")[0]
        limit = next((size for name, size in allowed.items() if path == name or path.endswith(f".{name}")), 0.0)
        if last not in told and not _same(old.get(path), new.get(path), limit):
            yield _difference(log, before.record, label, path, old.get(path), new.get(path), "")


def _leaves(decoded: msgspec.Raw) -> Iterator[tuple[str, Any]]:
    if not bytes(decoded):
        return
    waiting: list[tuple[str, Any]] = [("", msgspec.json.decode(decoded))]
    count = 0
    while waiting and count < LEAVES_MAX:
        path, value = waiting.pop()
        if isinstance(value, dict) and value:
            waiting += [(f"{path}.{name}" if path else name, item) for name, item in reversed(value.items())]
        elif isinstance(value, list) and value:
            waiting += [(f"{path}[{place}]", value[place]) for place in reversed(range(len(value)))]
        else:
            count += 1
            yield path, value


def _difference(log: str, record: int, label: str, field: str, old: Any, new: Any, unit: str) -> Difference:
    was, now = _text(old, unit), _text(new, unit)
    return Difference(log, "rows", record, field, was, now, f"{label}: {field} was {was}, is {now}")


def _text(value: Any, unit: str) -> str:
    if value is None:
        return "absent"
    shown = f"{value:g}" if isinstance(value, float) and value == round(value, 3) else str(value)
    return f"{shown} {unit}".rstrip()


def _same(old: Any, new: Any, limit: float) -> bool:
    if old == new:
        return True
    numbers = isinstance(old, int | float) and isinstance(new, int | float)
    return numbers and abs(old - new) <= limit * (1 + 1e-12)


def _state(row: Row) -> str:
    if row.duplicate:
        return "a duplicate"
    if row.rejected:
        place = f" at {row.rejected['path']}" if row.rejected["path"] else ""
        return f"rejected ({row.rejected['reason']}{place}, bit {row.rejected['bit_offset']})"
    return f"read as {row.type}"


def _label(row: Row) -> str:
    sender = str(row.columns.get("sender") or "").upper()
    name = SHORT_NAMES.get(row.type, row.type)
    return f"record {row.record}, {name} {sender}".rstrip(", ")
