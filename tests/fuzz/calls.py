"""The checked calls beside decode and encode, as a table: whoever adds a way to read a message adds a row.

A call of a row gets inputs that decode has had too. It must accept what decode accepts, and else raise the same DecodeError
(code, path, offset); what it gives must agree with the decoded value. Where ``bind`` gives None the row is left out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import rsu

Reader = Callable[[bytes], Any]


class Call(NamedTuple):
    """One way to read a message.

    :param every: one of how many inputs it gets, drawn at random.
    :param bind: (schema, type) → octets → result, or None where the schema has no such method.
    :param agree: (octets, decoded value, result of the call) → what is wrong, or nothing.
    :param lenient: may accept what decode refuses.
    """

    name: str
    every: int
    bind: Callable[[rsu.Schema, str], Reader | None]
    agree: Callable[[bytes, Any, Any], str] | None = None
    lenient: bool = False


def _bind_relaxed(schema: rsu.Schema, type_name: str) -> Reader:
    codec = schema.find_type(type_name)
    return lambda data: codec.decode(data, strict=False, findings=[])


def _same_value(data: bytes, value: Any, result: Any) -> str:
    # repr, since a NaN is not equal to itself.
    return "" if result == value or repr(result) == repr(value) else f"another value: {result!r}, not {value!r}"


def _bind_trace(schema: rsu.Schema, type_name: str) -> Reader:
    codec = schema.find_type(type_name)

    def spans_or_error(data: bytes) -> Any:
        spans, error = codec.trace(data)
        if error is not None:
            raise error
        return spans

    return spans_or_error


def _covers(data: bytes, value: Any, spans: Any) -> str:
    """Each bit of an accepted message lies in a span; a string's value span has the span of its length inside."""
    reached = 0
    for offset, width in sorted((offset, width) for _, offset, width, *_ in spans):
        if offset > reached:
            return f"no span from bit {reached} to {offset}"
        reached = max(reached, offset + width)
    return "" if reached == 8 * len(data) else f"spans up to bit {reached} of {8 * len(data)}"


def _bind_json(schema: rsu.Schema, type_name: str) -> Reader:
    codec = schema.find_type(type_name)
    return lambda data: codec.decode(codec.from_json(codec.to_json(data)))


def _bind_check(schema: rsu.Schema, type_name: str) -> Reader:
    return schema.find_type(type_name).check


CALLS: tuple[Call, ...] = (
    Call("relaxed", 16, _bind_relaxed, _same_value, lenient=True),
    Call("trace", 64, _bind_trace, _covers),
    Call("json", 32, _bind_json, _same_value),
    Call("check", 16, _bind_check),
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
