"""What signal controllers write: frames laid out by hand are read, built ones are those octets, damage is told."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from live_wire import PUBLISHED_STATUS, gat1743, gbt20999, lamps, remainder

from rsu.errors import SourceError
from rsu.signals import Phase
from rsu.sources.controllers import gat1743 as gat
from rsu.sources.controllers import gbt20999 as gbt
from rsu.sources.controllers import tscbm
from rsu.sources.controllers.countdown import LAMPS_MAX, Countdowns
from rsu.sources.controllers.crc import crc16
from rsu.sources.controllers.phases import one_a_phase, phase_id
from rsu.sources.immediate_forward import Forward, build, looks_like_it, parse

SECOND_NS = 1_000_000_000


@pytest.mark.parametrize(
    ("polynomial", "initial", "reflected", "check"),
    [(0x8005, 0xFFFF, False, 0xAEE7), (0x8005, 0xFFFF, True, 0x4B37), (0x8005, 0, True, 0xBB3D), (0x1021, 0, False, 0x31C3)],
    ids=["CMS", "MODBUS", "ARC", "XMODEM"],
)
def test_crcs_have_the_check_values_of_the_catalogue(polynomial: int, initial: int, reflected: bool, check: int) -> None:
    """reveng.sourceforge.io/crc-catalogue: the CRC of "123456789"."""
    assert crc16(b"123456789", polynomial, initial, reflected=reflected) == check


@given(data=st.binary(max_size=80), polynomial=st.sampled_from([0x8005, 0x1005]), initial=st.sampled_from([0, 0xFFFF]))
def test_a_crc_is_the_remainder_of_a_division(data: bytes, polynomial: int, initial: int) -> None:
    padded = data + bytes(2) if len(data) < 2 else data  # the initial value falls on the first two octets
    assert crc16(padded, polynomial, initial) == remainder(padded, polynomial, initial)


# GA/T 1743 ---------------------------------------------------------------------------------------------------------------

LAMP_DATA = lamps((90, [(1, 2, 0x25, 17), (2, 2, 0x16, 0xC0)]), (0xDB, [(3, 0xDB, 0x19, 3)]))
LAMP_LIST = (gat.Lamp(90, 1, 2, 0x25, 17), gat.Lamp(90, 2, 2, 0x16, 0xC0), gat.Lamp(0xDB, 3, 0xDB, 0x19, 3))
GAT_FRAME = gat.Frame(gat.REPORT, gat.LAMPS, LAMP_DATA, bytes(range(1, 8)), bytes(range(0x11, 0x18)), 1_700_000_000_250)


def test_a_report_of_lamps_is_read_and_built_octet_for_octet() -> None:
    datagram = gat1743(LAMP_DATA)
    assert b"\xdb\xdc" in datagram and b"\xdb\xdd" in datagram and datagram.count(b"\xc0") == 2
    assert gat.parse(datagram) == [GAT_FRAME]
    assert gat.build(GAT_FRAME) == datagram
    found = gat.parse_lamps(LAMP_DATA)
    assert found == gat.Lamps(LAMP_LIST, 1_065_312_000, 296_583_000, 268)
    assert gat.build_lamps(found) == LAMP_DATA


def test_two_frames_in_a_datagram_are_two_frames() -> None:
    one = gat1743(LAMP_DATA)
    assert gat.parse(one + one) == gat.parse(one[:-1] + one) == [GAT_FRAME, GAT_FRAME]


def test_a_crc_with_the_least_bit_first_is_taken_too() -> None:
    body = gat.unescape(gat1743(b"")[1:-1])[:-2]
    other = crc16(body, 0x8005, 0xFFFF, reflected=True).to_bytes(2, "little")
    assert [frame.object for frame in gat.parse(b"\xc0" + gat.escape(body + other) + b"\xc0")] == [gat.LAMPS]


@pytest.mark.parametrize(
    ("datagram", "reason"),
    [
        (b"", "begins with , ends with : must be c0 both"),
        (b"\xc0\xc0", "0 frames"),
        (gat1743(LAMP_DATA)[:-1], "ends with"),
        (gat1743(LAMP_DATA)[:-9] + b"\xc0", "CRC is"),
        (gat1743(LAMP_DATA).replace(b"\x5a\x00", b"\x5b\x00"), "CRC is"),
        (b"\xc0\x01\x02\xc0", "frame has 2 octets: must be 33"),
        (b"\xc0\x01\xdb\x02\xc0", "db is followed by 02: must be dc or dd"),
        (b"\xc0\x01\xdb\xc0", "db is followed by nothing"),
        (b"\xc0" + b"\x00\xc0" * 17, "17 frames in a datagram"),
    ],
    ids=["empty", "no-frame", "no-end", "cut", "changed", "short", "bad-escape", "escape-at-the-end", "many"],
)
def test_damaged_datagrams_of_gat1743_are_told(datagram: bytes, reason: str) -> None:
    with pytest.raises(SourceError, match=reason):
        gat.parse(datagram)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (LAMP_DATA[:12], "take 13 octets or more, 12 are there"),
        (LAMP_DATA[:-1], "approach 2 has 1 lamps, 3 octets are left"),
        (LAMP_DATA[:14], "approach 1 of 2 is cut: 1 octets are left"),
        (LAMP_DATA + b"\0", "1 octets follow the last lamp"),
    ],
    ids=["no-place", "cut-lamp", "cut-approach", "trailing"],
)
def test_damaged_lamps_are_told(data: bytes, reason: str) -> None:
    with pytest.raises(SourceError, match=reason):
        gat.parse_lamps(data)


@given(
    operation=st.integers(0, 255),
    kind=st.integers(0, 0xFFFF),
    data=st.binary(max_size=200),
    sender=st.binary(min_size=7, max_size=7),
    time_ms=st.integers(0, 0xFFFFFFFF * 1_000),
)
def test_any_frame_of_gat1743_comes_back(operation: int, kind: int, data: bytes, sender: bytes, time_ms: int) -> None:
    frame = gat.Frame(operation, kind, data, sender, time_ms=time_ms)
    assert gat.parse(gat.build(frame)) == [frame]


# GB/T 20999 --------------------------------------------------------------------------------------------------------------

GROUPS = [bytes([3, 3, 2, 1, 0x20]), bytes([3, 3, 2, 2, 0x10]), bytes([6, 3, 2, 1, 0x20]), bytes([6, 3, 4, 1, 0, 12]),
          bytes([13, 2, 2, 1, 0x21])]  # fmt: skip


def test_a_query_is_built_octet_for_octet() -> None:
    expected = gbt20999(0x10, [bytes([3, 3, 2, 0]), bytes([6, 3, 2, 0]), bytes([6, 3, 4, 0]), bytes([13, 2, 2, 0])])
    assert gbt.build(gbt.query(0x009A2109, 1, 5)._replace(host=7)) == expected


def test_an_answer_is_read() -> None:
    frame = gbt.parse(gbt20999(0x20, GROUPS))
    assert (frame.type, frame.controller, frame.junction, frame.sequence, frame.host) == (0x20, 0x009A2109, 1, 5, 7)
    assert gbt.build(frame) == gbt20999(0x20, GROUPS)
    assert gbt.states(frame.values) == gbt.States({1: 0x20, 2: 0x10}, "1", 12, "fixed")


@pytest.mark.parametrize(
    "values",
    [
        [bytes([3, 3, 2, 0, 0x20, 0x10])],
        [bytes([3, 3, 2, 1, 0x20]), bytes([3, 3, 2, 2, 0x10])],
        [bytes([3, 3, 2, 1, 0x20]), bytes([3, 3, 2, 2, 0x10]), bytes([9, 9, 9, 1, 1, 2, 3])],
    ],
    ids=["together", "one-by-one", "among-others"],
)
def test_all_elements_come_together_or_one_by_one(values: list[bytes]) -> None:
    assert gbt.states(gbt.parse(gbt20999(0x20, values)).values).groups == {1: 0x20, 2: 0x10}


def test_a_status_octet_before_a_value_is_passed_over() -> None:
    values = gbt.parse(gbt20999(0x20, [bytes([6, 3, 2, 1, 0x20]), bytes([6, 3, 4, 1, 0, 0, 12])])).values
    assert gbt.states(values).left_s == 12


@pytest.mark.parametrize(
    ("datagram", "reason"),
    [
        (b"", "frame has 0 octets: must be 17"),
        (gbt20999(0x20, GROUPS)[:-1] + b"\x7e", "ends with 7e: must be 7e and 7d"),
        (gbt20999(0x20, GROUPS)[:-5] + gbt20999(0x20, GROUPS)[-3:], "CRC is"),
        (gbt20999(0x20, GROUPS).replace(b"\x9a", b"\x9b"), "CRC is"),
    ],
    ids=["empty", "no-end", "cut", "changed"],
)
def test_damaged_datagrams_of_gbt20999_are_told(datagram: bytes, reason: str) -> None:
    with pytest.raises(SourceError, match=reason):
        gbt.parse(datagram)


def resealed(change: Callable[[bytearray], None]) -> bytes:
    """An answer whose inside is changed and whose CRC is right."""
    body = bytearray(gbt20999(0x20, GROUPS)[1:-3])
    change(body)
    return b"\x7e" + bytes(body) + remainder(bytes(body), 0x1005, 0).to_bytes(2, "big") + b"\x7d"


def put(place: int, octet: int) -> Callable[[bytearray], None]:
    return lambda body: body.__setitem__(place, octet)


@pytest.mark.parametrize(
    ("datagram", "reason"),
    [
        (resealed(put(1, 99)), "length is 99: must be"),
        (resealed(put(12, 6)), "value 6 of 6 is cut: 0 octets are left"),
        (resealed(put(12, 4)), "octets follow the last value: must be 0"),
        (resealed(put(14, 3)), "value 1 has length 3: must be 4"),
        (resealed(put(14, 255)), "value 1 has length 255"),
    ],
    ids=["length", "one-value-more", "one-value-less", "short-value", "long-value"],
)
def test_a_frame_whose_inside_does_not_fit_is_told(datagram: bytes, reason: str) -> None:
    with pytest.raises(SourceError, match=reason):
        gbt.parse(datagram)


def test_a_length_that_counts_the_crc_is_taken_too() -> None:
    length = len(gbt20999(0x20, GROUPS)) - 4
    assert gbt.parse(resealed(put(1, length + 2))).values == gbt.parse(gbt20999(0x20, GROUPS)).values


@pytest.mark.parametrize("octets", [b"", b"\x20\x10", bytes(65)], ids=["none", "two-of-one", "too-many"])
def test_a_value_of_another_width_is_told(octets: bytes) -> None:
    with pytest.raises(SourceError, match=r"value 3\.3\.2\.1 has"):
        gbt.states([gbt.Value(3, 3, 2, 1, octets)])


# Signal status -----------------------------------------------------------------------------------------------------------


def test_the_published_status_is_read_and_built_octet_for_octet() -> None:
    status = tscbm.parse(PUBLISHED_STATUS)
    assert tscbm.build(status) == PUBLISHED_STATUS and len(PUBLISHED_STATUS) == 245
    assert tscbm.shown(status) == [
        tscbm.Shown("2", "red", 55, 305),
        tscbm.Shown("ped2", "red", 55, 305),
        tscbm.Shown("4", "permissive-green", 0, 250),
        tscbm.Shown("ped4", "red", 0, 0),
    ]
    assert (status.counter, status.second_of_the_day, status.millisecond) == (0xAF, 0xBA2B, 843)


@pytest.mark.parametrize(
    ("change", "light"),
    [
        ({"reds": 1}, "red"),
        ({"yellows": 1}, "yellow"),
        ({"greens": 1}, "permissive-green"),
        ({"reds": 1, "flashing": 1}, "flashing-red"),
        ({"yellows": 1, "flashing": 1}, "flashing-yellow"),
        ({"reds": 1, "flashing": 2}, "red"),
        ({"reds": 2}, None),
    ],
)
def test_bits_are_lights(change: dict[str, int], light: str | None) -> None:
    status = tscbm.Status((tscbm.Block(1),))._replace(**change)
    assert [one.light for one in tscbm.shown(status)] == ([light] if light else [])


@pytest.mark.parametrize(
    ("datagram", "reason"),
    [
        (PUBLISHED_STATUS[:-1], "244 octets: must be 245"),
        (PUBLISHED_STATUS + b"\0", "246 octets: must be 245"),
        (b"\xce" + PUBLISHED_STATUS[1:], "begins with ce10: must be cd10"),
        (PUBLISHED_STATUS[:2] + b"\x11" + PUBLISHED_STATUS[3:], "a block is of phase 17"),
    ],
    ids=["short", "long", "other", "phase-17"],
)
def test_damaged_status_is_told(datagram: bytes, reason: str) -> None:
    with pytest.raises(SourceError, match=reason):
        tscbm.parse(datagram)


@pytest.mark.parametrize("read", [gat.parse, gat.parse_lamps, gbt.parse, tscbm.parse, parse])
@given(data=st.one_of(st.binary(max_size=300), st.binary(max_size=300).map(lambda octets: b"\xc0" + octets + b"\xc0")))
def test_any_octets_are_read_or_told(read: Callable[[bytes], Any], data: bytes) -> None:
    with contextlib.suppress(SourceError):
        read(data)


OCTET, NUMBER = st.integers(0, 255), st.integers(0, 0xFFFF)
VALUES = st.builds(gbt.Value, OCTET, OCTET, OCTET, OCTET, st.binary(max_size=20))


@given(
    frame=st.builds(
        gbt.Frame, OCTET, st.lists(VALUES, max_size=12).map(tuple), st.integers(0, 2**32 - 1), OCTET, OCTET, OCTET, NUMBER
    )
)
def test_any_frame_of_gbt20999_comes_back(frame: gbt.Frame) -> None:
    assert gbt.parse(gbt.build(frame)) == frame


@given(
    blocks=st.lists(st.builds(tscbm.Block, st.integers(0, 16), *[NUMBER] * 6), min_size=16, max_size=16).map(tuple),
    groups=st.lists(NUMBER, min_size=11, max_size=11),
    octets=st.lists(OCTET, min_size=4, max_size=4),
    rest=st.tuples(st.integers(0, 2**24 - 1), NUMBER, NUMBER, NUMBER),
)
def test_any_status_comes_back(blocks: Any, groups: list[int], octets: list[int], rest: tuple[int, ...]) -> None:
    status = tscbm.Status(blocks, *groups, *octets, *rest)
    assert tscbm.parse(tscbm.build(status)) == status


LETTERS = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=1, max_size=8)


@given(kind=LETTERS, psid=st.integers(0, 0x1020407F), payload=st.binary(min_size=1, max_size=300), priority=st.integers(0, 7))
def test_any_immediate_forward_text_comes_back(kind: str, psid: int, payload: bytes, priority: int) -> None:
    forward = Forward(kind, psid, payload, priority)
    assert looks_like_it(build(forward)) and parse(build(forward)) == forward


@pytest.mark.parametrize(
    ("build_it", "reason"),
    [
        (lambda: gat.build(gat.Frame(256, 0)), "GA/T 1743"),
        (lambda: gat.build_lamps(gat.Lamps((gat.Lamp(0, 1, 2, 0x25, 256),))), "GA/T 1743"),
        (lambda: gbt.build(gbt.Frame(0x20, (gbt.Value(1, 1, 1, 1, bytes(252)),))), "GB/T 20999"),
        (lambda: gbt.build(gbt.Frame(0x20, (gbt.Value(1, 1, 1),) * 256)), "GB/T 20999"),
        (lambda: tscbm.build(tscbm.Status((), reds=65_536)), "signal status"),
        (lambda: tscbm.build(tscbm.Status((tscbm.Block(),) * 17)), "17 blocks: must be 0..16"),
        (lambda: tscbm.build(tscbm.Status((), second_of_the_day=2**24)), "signal status"),
    ],
)
def test_what_a_field_cannot_hold_is_told(build_it: Callable[[], bytes], reason: str) -> None:
    with pytest.raises(SourceError, match=reason):
        build_it()


# Countdowns and phases -----------------------------------------------------------------------------------------------------


def test_the_end_stays_where_it_is_while_the_same_second_is_reported() -> None:
    counted = Countdowns()
    ends = [at_ns + round((counted.remaining_s("1", "red", 17, at_ns) or 0) * SECOND_NS)
            for at_ns in range(0, SECOND_NS, 100_000_000)]  # fmt: skip
    assert ends == [17 * SECOND_NS] * 10
    assert counted.remaining_s("1", "red", 16, SECOND_NS) == 16.0
    assert counted.remaining_s("1", "green", 16, SECOND_NS + 500_000_000) == 16.0


def test_a_number_that_stands_still_counts_nothing_down() -> None:
    counted = Countdowns()
    assert [counted.remaining_s("1", "green", 0, tick * SECOND_NS) for tick in range(3)] == [0.0, 0.0, None]


def test_a_clock_that_was_set_back_begins_anew() -> None:
    counted = Countdowns()
    counted.remaining_s("1", "red", 9, 3_600 * SECOND_NS)
    assert counted.remaining_s("1", "red", 9, 0) == 9.0


def test_lamps_are_bounded() -> None:
    counted = Countdowns()
    for lamp in range(LAMPS_MAX):
        counted.remaining_s(str(lamp), "red", 9, 0)
    assert counted.remaining_s("0", "red", 9, 0) == 9.0
    with pytest.raises(SourceError, match="lamps are known already"):
        counted.remaining_s("one more", "red", 9, 0)


@pytest.mark.parametrize(
    ("keys", "number", "table", "phase"),
    [
        (("90/1", "1"), 1, {}, 1),
        (("90/1", "1"), 0, {}, None),
        (("90/1", "1"), 256, {}, None),
        (("90/1", "1"), 1, {"1": 4, "90/1": 5}, 5),
        (("90/1", "1"), 1, {"1": 4}, 4),
        (("90/1", "1"), 1, {"2": 4}, None),
    ],
    ids=["own-number", "no-number", "no-phase", "exact", "less-exact", "left-out"],
)
def test_the_table_says_which_phase_a_lamp_is(
    keys: tuple[str, ...], number: int, table: dict[str, int], phase: int | None
) -> None:
    assert phase_id(keys, number, table) == phase


def test_of_two_lamps_of_a_phase_the_lit_one_counts() -> None:
    dark, red, green = (Phase(id=3, light=light) for light in ("dark", "red", "green"))
    assert one_a_phase([dark, red, green, Phase(id=1, light="red")]) == [Phase(id=1, light="red"), red]
