"""The rules of the engine, one by one: bytes in, outcome out, nothing else touched."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import rsu
from rsu.engine import Duplicate, Engine, Outcome, Quarantined, Settings, Stored
from rsu.frames import wrap_payload
from rsu.received import Received
from rsu.schema import Schema

TIME_NS = 1_700_000_020_500_000_000  # 2023-11-14 22:13:40.500 UTC
MS = 1_000_000


@pytest.fixture(scope="module")
def schemas() -> dict[str, Schema]:
    return {name: rsu.load_schema(name) for name in ("csae-53", "csae-157", "sae-j2735")}


@pytest.fixture
def engine(schemas: dict[str, Schema]) -> Engine:
    return Engine(Settings(), schemas)


def request(schemas: dict[str, Schema], station: int = 7) -> bytes:
    """A bare signal request of J2735."""
    body = {"second": 40_400, "sequenceNumber": 9, "requestor": {"id": ("stationID", station)}}
    return schemas["sae-j2735"].encode("MessageFrame", {"messageId": 29, "value": ("SignalRequestMessage", body)})


def day_two(schemas: dict[str, Schema]) -> bytes:
    """A bare Day II test message, which csae-53 does not know."""
    frame = {"messageId": 0, "value": ("TestMsg", {"msgCnt": 1, "userData": b"hello"})}
    return schemas["csae-157"].encode("MessageFrame", ("msgFrameExt", frame))


def received(data: bytes, sequence: int = 1, **more: Any) -> Received:
    known: dict[str, Any] = {
        "rsu_id": "Y", "boot_id": bytes(16), "sequence": sequence, "channel": "pc5", "source": "radio0",
        "receive_time_ns": TIME_NS, "data": data,
    }  # fmt: skip
    return Received(**(known | more))


def step(engine: Engine, record: Received) -> Outcome:
    return engine.step(record, record.receive_time_ns)


def stored(engine: Engine, record: Received) -> Stored:
    outcome = step(engine, record)
    assert isinstance(outcome, Stored), outcome
    return outcome


def refused(engine: Engine, record: Received) -> Quarantined:
    outcome = step(engine, record)
    assert isinstance(outcome, Quarantined), outcome
    return outcome


# What is stored ---------------------------------------------------------------------------------------------------------


def test_a_message_is_stored_with_its_summary_and_all_its_octets(engine: Engine, schemas: dict[str, Schema]) -> None:
    frame = wrap_payload(request(schemas), "wsmp", 0x204096, unsecured=True)
    row = stored(engine, received(frame, meta={"a": 1}))
    assert (row.standard, row.header, row.aid, row.type, row.security) == (
        "sae-j2735", "wsmp", 0x204096, "SignalRequestMessage", "unsecured",
    )  # fmt: skip
    assert (row.sender, row.msg_cnt, row.sec_mark) == ("00000007", 9, 40_400)
    assert (row.event_time_ns, row.event_time_source) == (TIME_NS - 100 * MS, "second")
    assert (row.raw, row.meta, row.warning, row.decoded) == (frame, '{"a":1}', None, None)


def test_text_is_stored_with_its_own_type(engine: Engine) -> None:
    row = stored(engine, received(b"ICW", content="text", record_type="driverAlert"))
    assert (row.type, row.raw, row.standard, row.event_time_ns) == ("driverAlert", b"ICW", "", TIME_NS)


@pytest.mark.parametrize(
    ("decoded", "rendered"),
    [("none", False), ("all", True), (("SignalRequestMessage",), True), (("SPAT",), False), ((), False)],
    ids=str,
)
def test_the_decoded_form_is_rendered_where_asked(schemas: dict[str, Schema], decoded: Any, rendered: bool) -> None:
    engine = Engine(Settings(standard="sae-j2735", decoded=decoded), schemas)
    text = stored(engine, received(request(schemas))).decoded
    assert (text is not None) == rendered
    assert text is None or '"requestor":{"id":{"stationID":7}}' in text


def test_an_identifier_that_announces_another_message_is_a_warning(engine: Engine, schemas: dict[str, Schema]) -> None:
    row = stored(engine, received(wrap_payload(request(schemas), "wsmp", 0x20)))
    assert row.warning == "PSID 32 (BSM) does not announce SignalRequestMessage"


# Which standard ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "of_source", "standard"),
    [("sae-j2735", "", "sae-j2735"), ("", "sae-j2735", "sae-j2735"), ("csae-53", "sae-j2735", "sae-j2735")],
    ids=["engine", "source", "source-before-engine"],
)
def test_a_bare_message_has_the_standard_that_was_set(
    schemas: dict[str, Schema], settings: str, of_source: str, standard: str
) -> None:
    engine = Engine(Settings(standard=settings), schemas)
    assert stored(engine, received(request(schemas), standard=of_source)).standard == standard


@pytest.mark.parametrize(("setting", "standard"), [("sae-j2735", "csae-157"), ("", "csae-157"), ("csae-157", "csae-157")])
def test_the_header_wins(engine: Engine, schemas: dict[str, Schema], setting: str, standard: str) -> None:
    frame = wrap_payload(day_two(schemas), "dsmp", 3624)
    row = stored(engine, received(frame, standard=setting))
    assert (row.standard, row.type) == (standard, "TestMsg")


def test_an_edition_that_fits_the_header_is_kept(engine: Engine, schemas: dict[str, Schema]) -> None:
    row = refused(engine, received(wrap_payload(day_two(schemas), "dsmp", 3624), standard="csae-53"))
    assert (row.standard, row.reason) == ("csae-53", "unknown-id")


@pytest.mark.parametrize(("standard", "word"), [("", "--standard"), ("nonsense", "nonsense")])
def test_without_a_standard_nothing_is_tried(engine: Engine, schemas: dict[str, Schema], standard: str, word: str) -> None:
    row = refused(engine, received(request(schemas), standard=standard))
    assert row.reason == "no-standard"
    assert word in row.detail


def test_a_standard_that_is_not_loaded_is_said(schemas: dict[str, Schema]) -> None:
    engine = Engine(Settings(), {"csae-53": schemas["csae-53"]})
    row = refused(engine, received(request(schemas), standard="sae-j2735"))
    assert (row.reason, row.detail) == ("no-standard", "standard 'sae-j2735' is not loaded")


# What is refused --------------------------------------------------------------------------------------------------------


def cases() -> Iterator[Any]:
    yield pytest.param(lambda data: data[:-1], "truncated", "SignalRequestMessage", id="cut")
    yield pytest.param(lambda data: data + b"\x00", "trailing", "MessageFrame", id="trailing")
    yield pytest.param(lambda data: b"", "truncated", "MessageFrame", id="empty")
    # 16,000 = 0x3E80 fits the id's range and has no row: the octets of its value are kept, and refused here.
    yield pytest.param(lambda data: b"\x3e\x80\x01\x00", "unknown-id", "MessageFrame", id="unknown-id")


@pytest.mark.parametrize(("damage", "reason", "type_name"), list(cases()))
def test_what_does_not_decode_keeps_its_octets_and_says_why(
    schemas: dict[str, Schema], damage: Any, reason: str, type_name: str
) -> None:
    data = damage(request(schemas))
    row = refused(Engine(Settings(standard="sae-j2735"), schemas), received(data))
    assert (row.reason, row.raw, row.standard) == (reason, data, "sae-j2735")
    assert row.type == type_name
    assert row.detail


def test_relaxed_takes_trailing_octets(schemas: dict[str, Schema]) -> None:
    data = request(schemas) + b"\x00"
    assert stored(Engine(Settings(standard="sae-j2735", strict=False), schemas), received(data)).raw == data


def test_a_record_the_source_could_not_read_whole_is_quarantined_with_its_words(engine: Engine) -> None:
    row = refused(engine, received(b"\x00\x14", damage="12 of 40 octets"))
    assert (row.reason, row.detail, row.raw, row.type) == ("cut-record", "12 of 40 octets", b"\x00\x14", "")


def test_a_broken_header_says_its_layer_and_bit(engine: Engine) -> None:
    row = refused(engine, received(b"\x03\x00\x20", header="wsmp"))
    assert row.path == "wsmp"
    assert row.bit_offset % 8 == 0


# Echoes -----------------------------------------------------------------------------------------------------------------


def kinds(engine: Engine, *records: Received) -> list[str]:
    return [outcome.of if isinstance(outcome, Duplicate) else "new" for outcome in (step(engine, item) for item in records)]


def hearing(data: bytes, sequence: int, source: str, after_ms: int, **more: Any) -> Received:
    return received(data, sequence, source=source, receive_time_ns=TIME_NS + after_ms * MS, **more)


@pytest.mark.parametrize(
    ("second", "kind"),
    [
        (("b", 0), "radio"),
        (("b", 100), "radio"),
        (("b", 101), "new"),
        (("b", -100), "radio"),  # the other radio's clock is behind
        (("b", -101), "new"),
        (("a", 5), "new"),  # the same radio: the sender sent it again
    ],
    ids=str,
)
def test_another_radio_within_100_ms_heard_the_same_transmission(engine: Engine, second: tuple[str, int], kind: str) -> None:
    assert kinds(engine, hearing(b"x", 1, "a", 0), hearing(b"x", 2, *second)) == ["new", kind]


def test_each_radio_answers_each_transmission_once(engine: Engine) -> None:
    # Sent at 0 and again at 60 ms; radio b is the first to hear the second sending.
    heard = [("a", 0), ("b", 5), ("c", 6), ("b", 60), ("a", 65), ("c", 66)]
    records = [hearing(b"x", number, *one) for number, one in enumerate(heard)]
    assert kinds(engine, *records) == ["new", "radio", "radio", "new", "radio", "radio"]


@pytest.mark.parametrize("other", [{"rsu_id": "Z"}, {"boot_id": b"\x01" * 16}], ids=["unit", "boot"])
def test_another_unit_hears_for_itself(engine: Engine, other: dict[str, Any]) -> None:
    assert kinds(engine, hearing(b"x", 1, "a", 0), hearing(b"x", 2, "b", 0, **other)) == ["new", "new"]


def test_the_same_identity_again_is_a_duplicate_whatever_its_time(engine: Engine) -> None:
    assert kinds(engine, hearing(b"x", 1, "a", 0), hearing(b"y", 1, "a", 10**6)) == ["new", "identity"]


def test_a_duplicate_is_counted_under_the_type_of_the_first(schemas: dict[str, Schema]) -> None:
    engine = Engine(Settings(standard="sae-j2735"), schemas)
    data = request(schemas)
    outcomes = [step(engine, hearing(data, number, source, number)) for number, source in enumerate("ab")]
    assert [outcome.type for outcome in outcomes] == ["SignalRequestMessage"] * 2
    assert isinstance(outcomes[1], Duplicate)


@pytest.mark.parametrize(("between", "kind"), [(2, "radio"), (3, "new")], ids=["at-the-bound", "one-past-it"])
def test_memory_of_what_was_heard_is_bounded(schemas: dict[str, Schema], between: int, kind: str) -> None:
    engine = Engine(Settings(duplicate_entries_max=3), schemas)
    first = hearing(b"x", 1, "a", 0)
    others = [hearing(bytes([number]), 10 + number, "a", 1) for number in range(between)]
    assert kinds(engine, first, *others, hearing(b"x", 99, "b", 2))[-1] == kind


def test_the_same_records_give_the_same_outcomes(schemas: dict[str, Schema]) -> None:
    records = [hearing(request(schemas, number % 3), number, "ab"[number % 2], number * 30) for number in range(40)]
    first, second = (Engine(Settings(standard="sae-j2735"), schemas) for _ in range(2))
    assert [step(first, record) for record in records] == [second.step(record, 0) for record in records]
