"""The same depth for asn1tools, which leaves an open type as octets: where the open types of a message are, and its calls.

The places are found beforehand with `rsu`, so that what is measured is asn1tools' own work and the shortest way to each place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from rsu import Schema

Step = str | int


class Slot(NamedTuple):
    """One open type: where it stands in asn1tools' value, and the name of the type in it."""

    path: tuple[Step, ...]
    type_name: str


def slots(schema: Schema, type_name: str, data: bytes) -> Iterator[Slot]:
    """The open types of a message, each before those that are inside it."""
    full = schema.decode(type_name, data)
    flat = schema.decode(type_name, data, open_types=False)
    for path, name, octets in differences(full, flat, ()):
        yield Slot(path, name)
        for inner in slots(schema, name, octets):
            yield Slot((*path, *inner.path), inner.type_name)


def differences(full: Any, flat: Any, path: tuple[Step, ...]) -> Iterator[tuple[tuple[Step, ...], str, bytes]]:
    """(path, type name, octets) where ``flat`` has the octets of what ``full`` has decoded."""
    if isinstance(flat, bytes):
        if isinstance(full, tuple):
            yield path, full[0], flat
    elif isinstance(flat, dict):
        for name, item in flat.items():
            yield from differences(full[name], item, (*path, name))
    elif isinstance(flat, list | tuple):
        for place, item in enumerate(flat):
            yield from differences(full[place], item, (*path, place))


def owner_of(value: Any, path: tuple[Step, ...]) -> Any:
    """What holds the last step of ``path``."""
    for step in path[:-1]:
        value = value[step]
    return value


def decoder(decode: Callable[..., Any], type_name: str, data: bytes, found: list[Slot]) -> Callable[[], Any]:
    """A call that decodes a message with asn1tools, and then each of its open types in place."""
    ways = [(slot.path[:-1], slot.path[-1], slot.type_name) for slot in found]

    def call() -> Any:
        value = decode(type_name, data)
        for steps, last, name in ways:
            owner = value
            for step in steps:
                owner = owner[step]
            owner[last] = decode(name, owner[last])
        return value

    return call


def encoder(encode: Callable[..., Any], type_name: str, value: Any, found: list[Slot]) -> Callable[[], Any]:
    """A call that encodes the open types of ``value`` with asn1tools, innermost first and in place, and then the message."""
    owners = [(owner_of(value, slot.path), slot.path[-1]) for slot in found]
    inner = [(owner, last, slot.type_name, owner[last]) for (owner, last), slot in zip(owners, found, strict=True)]
    inner.reverse()

    def call() -> Any:
        for owner, last, name, content in inner:
            owner[last] = encode(name, content)
        return encode(type_name, value)

    return call
