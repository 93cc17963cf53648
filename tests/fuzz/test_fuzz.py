"""A short run of the fuzzer finds nothing, and a codec that breaks a law is found."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import rsu

from .bombs import BOMBS, HEAVY, Bomb, refusal_of
from .build import load_mutator
from .calls import CALLS, calls_named
from .corpus import STANDARDS, Message, published
from .json_texts import mutated_text
from .session import Outcome, Plan, Session, read_last

SEED = 20261125
INPUTS = 150_000
PLACE = rsu.DecodeError("one", "range", "a.b", 3, "T")


@pytest.fixture(scope="module")
def mutator() -> Any:
    return load_mutator()


@pytest.fixture(scope="module")
def outcome() -> Outcome:
    return Session(Plan(SEED, INPUTS, calls=CALLS)).run()


@pytest.mark.slow
def test_a_run_of_fixed_number_breaks_no_law(outcome: Outcome) -> None:
    assert outcome.faults == []
    assert outcome.inputs >= INPUTS


@pytest.mark.slow
def test_a_run_reaches_each_standard_and_both_ends_of_decoding(outcome: Outcome) -> None:
    assert set(outcome.counts) == set(STANDARDS)
    for inputs, accepted, refused, _, octets in outcome.counts.values():
        assert accepted + refused == inputs
        assert accepted > 0.1 * inputs and refused > 0.3 * inputs  # neither noise alone nor good messages alone
        assert octets > inputs
    expected = {"truncated", "trailing", "length", "range", "index", "padding", "open-type", "non-minimal", "size"}
    assert expected <= set(outcome.codes)
    assert sum(outcome.codes.values()) == sum(row[2] for row in outcome.counts.values())


@pytest.mark.slow
def test_the_same_number_makes_the_same_inputs() -> None:
    def made(number: int) -> list[bytes]:
        session = Session(Plan(number, 0))
        session.last.finish()
        return [session.fuzzer.next_input()[1] for _ in range(500)]

    assert made(1) == made(1) != made(2)
    assert len(set(made(1))) > 400


@pytest.mark.parametrize("bomb", BOMBS, ids=lambda bomb: bomb.name)
def test_a_bomb_is_refused(bomb: Bomb) -> None:
    assert refusal_of(bomb) is not None


@pytest.mark.parametrize("heavy", HEAVY, ids=lambda heavy: heavy.name)
def test_a_heavy_input_raises_one_error_type_or_none(heavy: Bomb) -> None:
    refusal_of(heavy)


def test_published_messages_are_seeds(shared: Path) -> None:
    assert {message.standard for message in published()} == set(STANDARDS) - {"constructs"}


# Laws. Each row is a codec that breaks one: what it decodes to or raises, what it encodes to or raises, and a call beside them.

Law = tuple[str, Any, Any, Any]
OTHER_PLACE = rsu.DecodeError("one", "range", "a.c", 3, "T")
BROKEN: list[Law] = [
    ("error", KeyError("decode"), None, None),
    ("error", RecursionError(), None, None),
    ("error", MemoryError(), None, None),
    ("offset", rsu.DecodeError("far", "range", "", 10**6, "T"), None, None),
    ("offset", rsu.DecodeError("before", "range", "", -1, "T"), None, None),
    ("encode", 5, rsu.EncodeError("no"), None),
    ("encode", 5, TypeError("no"), None),
    ("changed", 5, b"something else", None),
    ("outcome", PLACE, None, 5),
    ("outcome", PLACE, None, OTHER_PLACE),
    ("outcome", 5, None, PLACE),
    ("error", 5, None, ValueError("call")),
    ("result", 5, None, 6),
]


def acting(said: Any) -> Callable[..., Any]:
    """A function that gives what is said, or raises it; None gives the first argument back."""

    def act(given: Any, **options: Any) -> Any:
        if isinstance(said, Exception):
            raise said
        return given if said is None else said

    return act


def checked(mutator: Any, decode: Any, encode: Any, call: Any, data: bytes = bytes(8), **more: Any) -> list[dict[str, Any]]:
    checks: tuple[Any, ...] = ()
    if call is not None:
        agree = lambda data, value, result: "" if value == result else "differs"  # noqa: E731
        checks = (mutator.Check("call", mutator.FIRST_CLOCK, 1, call, agree, **more),)
    target = mutator.Target("none", 0, "T", decode, encode, checks)
    seed = mutator.Seed(0, data, [(0, 8, 0, 0)])
    fuzzer = mutator.Fuzzer(1, [(1, [seed])], [target], 1, 1, None, None)
    fuzzer.check(0, data)
    return list(fuzzer.faults)


@pytest.mark.parametrize(("law", "decoded", "encoded", "called"), BROKEN)
def test_a_broken_law_is_found(law: str, decoded: Any, encoded: Any, called: Any, mutator: Any) -> None:
    data = bytes(8)
    call = None if called is None else acting(called)
    encode = acting(data if encoded is None else encoded)
    (fault,) = checked(mutator, acting(decoded), encode, call)
    assert (fault["law"], fault["type"], fault["hex"]) == (law, "T", data.hex())


def test_a_codec_that_keeps_the_laws_has_no_fault(mutator: Any) -> None:
    assert checked(mutator, acting(5), acting(bytes(8)), acting(5)) == []
    assert checked(mutator, acting(PLACE), acting(None), acting(PLACE)) == []


OTHER_CODE = rsu.DecodeError("one", "size", "a.b", 3, "T")


@pytest.mark.parametrize(
    ("verdict", "said", "allowed"),
    [
        *(("same", PLACE, True), ("same", OTHER_PLACE, False), ("same", OTHER_CODE, False), ("same", 5, False)),
        *(("code", PLACE, True), ("code", OTHER_PLACE, True), ("code", OTHER_CODE, False), ("code", 5, False)),
        *(("sees-less", PLACE, True), ("sees-less", OTHER_PLACE, False), ("sees-less", 5, True)),
        *(("own", OTHER_CODE, True), ("own", 5, True), ("own", KeyError(), False)),
    ],
)
def test_a_row_says_how_much_of_a_refusal_is_repeated(verdict: str, said: Any, allowed: bool, mutator: Any) -> None:
    found = checked(mutator, acting(PLACE), acting(None), acting(said), verdict=verdict)
    assert (found == []) is allowed


def test_a_documented_refusal_is_excused_and_others_are_not(mutator: Any) -> None:
    for excuse, count in (("one", 0), ("two", 1)):
        assert len(checked(mutator, acting(5), acting(bytes(8)), acting(PLACE), excuse=excuse)) == count


def test_only_an_argument_that_can_be_prepared_is_read(mutator: Any) -> None:
    prepare = lambda data: (_ for _ in ()).throw(PLACE)  # noqa: E731
    assert checked(mutator, acting(PLACE), acting(None), acting(KeyError()), prepare=prepare) == []
    assert checked(mutator, acting(5), acting(bytes(8)), len, prepare=lambda data: "12345") == []


def test_damaged_json_is_the_same_for_the_same_octets() -> None:
    text = b'{"a":[1,2,{"b":"x"}],"c":null}'
    made = [mutated_text(text, bytes([number])) for number in range(200)]
    assert made == [mutated_text(text, bytes([number])) for number in range(200)]
    assert len(set(made)) > 150
    assert [mutated_text(b"", bytes([number])) for number in range(50)]


def test_calls_are_chosen_by_name() -> None:
    assert calls_named("all") == CALLS
    assert calls_named("") == ()
    assert [call.name for call in calls_named("trace")] == ["trace"]
    with pytest.raises(ValueError, match="trace"):
        calls_named("nothing")


def test_the_input_at_hand_outlives_the_process() -> None:
    message = Message("csae-53", "MessageFrame", b"\x14\x01\x02")
    session = Session(Plan(1, 0), {"published": [message]})
    session.fuzzer.check(0, message.data)
    assert read_last(session.last.path, session.names) == message
    session.last.finish()
    assert not session.last.path.exists()
