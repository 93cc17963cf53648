"""The checked calls beside decode and encode, as a table: whoever adds a way to read a message adds a row.

A call of a row gets inputs that decode has had too. It must accept what decode accepts, and else raise the same DecodeError, as
far as its row says; what it gives must agree with the decoded value. Where ``bind`` gives None the row is left out.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from random import Random
from typing import Any, NamedTuple

import rsu
from rsu.peek import FIELDS, Peek, plan_rows

from .corpus import load_codec_tests
from .json_texts import mutated_text

load_codec_tests()
from codec_views import walked  # noqa: E402
from columns_reference import expected, given, random_paths, root, text_of  # noqa: E402

Reader = Callable[[Any], Any]
Agree = Callable[[bytes, Any, Any], str]
LONG_NUMBER = "an INTEGER of more digits than readers of JSON take"
COLUMNS = 6  # paths that are drawn for a projection; those whose lists do not fit are left out
PATH_SAMPLES = 8  # messages that a projection's paths may be drawn along


@dataclass(frozen=True)
class Subject:
    """A type that calls are bound to.

    :ivar seeds: some messages of the type.
    """

    schema: rsu.Schema
    type_name: str
    number: int = 0
    seeds: list[bytes] = field(default_factory=list)

    @cached_property
    def codec(self) -> Any:
        return self.schema.find_type(self.type_name)

    def draw(self) -> Random:
        """A source of chance that the run's number and the type decide."""
        return Random(f"{self.number} {self.schema.name} {self.type_name}")


class Bound(NamedTuple):
    """A call of a type.

    :param call: argument → result, or an error.
    :param agree: (octets, decoded value, result) → what is wrong, or nothing.
    :param prepare: octets → argument, or DecodeError; None where the octets are the argument. It is not timed.
    """

    call: Reader
    agree: Agree | None = None
    prepare: Reader | None = None


class Call(NamedTuple):
    """One way to read a message.

    :param every: one of how many inputs it gets, drawn at random, some of the same seed at a time.
    :param bind: type → call, or None where the type has no such method.
    :param verdict: of refused inputs: ``same`` (code, path and offset), ``code``, ``sees-less`` (``same``, or accepts what
        decode refuses) or ``own``.
    :param timed: whether it is one call of the codec, whose time is limited.
    :param excuse: words in the reason of a refusal that is the call's own, as documented.
    """

    name: str
    every: int
    bind: Callable[[Subject], Bound | None]
    verdict: str = "same"
    timed: bool = True
    excuse: str = ""


def same_value(data: bytes, value: Any, result: Any) -> str:
    # repr, since a NaN is not equal to itself.
    return "" if result == value or repr(result) == repr(value) else f"another value: {result!r}, not {value!r}"


def _bind_relaxed(subject: Subject) -> Bound:
    codec = subject.codec
    return Bound(lambda data: codec.decode(data, strict=False, findings=[]), same_value)


def _bind_check(subject: Subject) -> Bound:
    return Bound(subject.codec.check)


# Spans ------------------------------------------------------------------------------------------------------------------


def _bind_trace(subject: Subject) -> Bound:
    codec = subject.codec

    def spans_or_error(data: bytes) -> Any:
        spans, error = codec.trace(data)
        if error is not None:
            raise error
        return spans

    return Bound(spans_or_error, _covers)


def _covers(data: bytes, value: Any, spans: Any) -> str:
    """Each bit of an accepted message lies in a span; a string's value span has the span of its length inside."""
    reached = 0
    for offset, width in sorted((offset, width) for _, offset, width, *_ in spans):
        if offset > reached:
            return f"no span from bit {reached} to {offset}"
        reached = max(reached, offset + width)
    return "" if reached == 8 * len(data) else f"spans up to bit {reached} of {8 * len(data)}"


# JSON -------------------------------------------------------------------------------------------------------------------


def _bind_to_json(subject: Subject) -> Bound:
    return Bound(subject.codec.to_json)


def _bind_from_json(subject: Subject) -> Bound:
    """What to_json wrote comes back as the octets that encode makes of the value."""
    codec = subject.codec

    def agree(data: bytes, value: Any, back: bytes) -> str:
        wanted = codec.encode(value)
        return "" if back == wanted else f"other octets: {back.hex()}, not {wanted.hex()}"

    return Bound(codec.from_json, agree, codec.to_json)


def _bind_bad_json(subject: Subject) -> Bound:
    """A damaged text is an EncodeError, or octets that are a value; octets given for an open type, or none, pass unread."""
    codec = subject.codec

    def read(text: bytes) -> bytes | None:
        with contextlib.suppress(rsu.EncodeError):
            return codec.from_json(text)  # type: ignore[no-any-return]
        return None

    def agree(data: bytes, value: Any, back: bytes | None) -> str:
        if back is None:
            return ""
        try:
            codec.decode(back, strict=False, open_types=False)
        except rsu.DecodeError as error:
            return f"octets that are no value: {back.hex()}: {error}"
        return ""

    return Bound(read, agree, lambda data: mutated_text(codec.to_json(data), data))


# Parts ------------------------------------------------------------------------------------------------------------------


def _bind_view(subject: Subject) -> Bound:
    """A view walked part by part."""
    codec = subject.codec
    return Bound(lambda data: walked(codec.view(data)), same_value)


def _bind_peek(subject: Subject) -> Bound | None:
    rows = plan_rows(subject.schema.peek_paths, subject.codec.name)
    if not rows:
        return None

    def agree(data: bytes, value: Any, seen: Peek) -> str:
        fields: list[Any] = [None] * len(FIELDS)
        for message, at, paths in rows:
            inner = _value_at(value, at)
            if inner is not None:
                fields = [_value_at(inner, path) if path is not None else None for path in paths]
                if seen.message != message:
                    return f"message {seen.message}, not {message}"
        return "" if list(seen[2:]) == fields else f"peek: {seen}; decode: {fields}"

    return Bound(subject.schema.peek_plan(subject.type_name).read, agree)


def _value_at(value: Any, path: list[str]) -> Any:
    """The value that a path leads to; None where it is absent or another alternative."""
    for name in path:
        if isinstance(value, tuple):
            value = value[1] if value[0] == name else None
        else:
            value = value.get(name) if isinstance(value, dict) else None
    return value


def _bind_columns(subject: Subject) -> Bound:
    """A projection of a few parts that the type's seeds have, all its cells against those of the tests' own walk."""
    schema, type_name, draw = subject.schema, subject.type_name, subject.draw()
    info, choices = root(schema, type_name), [[()]]
    for data in draw.sample(subject.seeds, min(PATH_SAMPLES, len(subject.seeds))):
        with contextlib.suppress(rsu.DecodeError):
            choices.append(random_paths(info, schema.decode(type_name, data), draw, COLUMNS))
    # The one that goes deepest into lists, and of those the widest.
    paths = max(choices, key=lambda chosen: (max(path.count("[]") for path in chosen), len(chosen)))
    columns = schema.columns(type_name, {f"{text_of(path)}, a column": text_of(path) for path in paths})

    def table_or_error(data: bytes) -> Any:
        table = columns.decode([data])
        if table.errors[0]:
            raise rsu.DecodeError("columns", table.REASONS[table.errors[0]], "", 0, type_name)
        return table

    def agree(data: bytes, value: Any, table: Any) -> str:
        got, want = given(table), expected(schema, type_name, paths, [data])
        return "" if got == want or repr(got) == repr(want) else f"{table.names}: {got}, not {want}"

    return Bound(table_or_error, agree)


CALLS: tuple[Call, ...] = (
    Call("relaxed", 32, _bind_relaxed, verdict="own"),
    Call("trace", 256, _bind_trace),
    Call("check", 16, _bind_check),
    Call("to_json", 16, _bind_to_json, excuse=LONG_NUMBER),
    Call("from_json", 64, _bind_from_json, excuse=LONG_NUMBER),
    Call("bad_json", 64, _bind_bad_json, excuse=LONG_NUMBER),
    Call("view", 256, _bind_view, timed=False),
    Call("peek", 16, _bind_peek, verdict="sees-less"),
    Call("columns", 128, _bind_columns, verdict="code"),
)


def calls_named(names: str) -> tuple[Call, ...]:
    """Rows of the table by names with commas between; ``all``, or nothing for decode and encode alone.

    :raises ValueError: for a name that the table has not.
    """
    known = {call.name: call for call in CALLS}
    wanted = list(known) if names == "all" else [name for name in names.split(",") if name]
    unknown = [name for name in wanted if name not in known]
    if unknown:
        raise ValueError(f"--calls {','.join(unknown)}: must be of {', '.join(known)}")
    return tuple(known[name] for name in wanted)
