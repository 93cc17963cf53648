"""docs/pipeline.md describes the envelopes as they are: every field, its MessagePack type, its default."""

from __future__ import annotations

import re
from typing import Any

import msgspec
import pytest
from live_unit import ROOT
from msgspec import NODEFAULT, inspect

from rsu.engine import Duplicate, Quarantined, Shed, Stored, Track
from rsu.outgoing import Broadcast
from rsu.pipeline import envelope
from rsu.pipeline.links import Link
from rsu.received import Received

TEXT = (ROOT / "docs" / "pipeline.md").read_text(encoding="utf-8")
STRUCTS = (
    envelope.Inlet, envelope.Heard, envelope.View, Stored, Quarantined, Duplicate, envelope.Tracks, Track, envelope.WorldView,
    envelope.Records, Received, Shed,
    envelope.Outcomes, envelope.Counts, envelope.Ack, envelope.Again, envelope.Broadcasts, Broadcast,
)  # fmt: skip
PLAIN = {
    inspect.IntType: "int", inspect.StrType: "str", inspect.BytesType: "bin", inspect.FloatType: "float",
    inspect.NoneType: "nil", inspect.RawType: "any",
}  # fmt: skip


def in_words(kind: Any) -> str:
    """A type as the page spells it."""
    if plain := PLAIN.get(type(kind)):
        return plain
    if isinstance(kind, inspect.UnionType):
        return " or ".join(dict.fromkeys(in_words(part) for part in kind.types))
    if isinstance(kind, inspect.LiteralType):
        return "str"
    if isinstance(kind, inspect.ListType):
        return f"array of {in_words(kind.item_type)}"
    if isinstance(kind, inspect.DictType):
        return f"map of {in_words(kind.key_type)} → {in_words(kind.value_type)}"
    if isinstance(kind, inspect.Metadata):
        return in_words(kind.type)
    assert isinstance(kind, inspect.StructType)
    return kind.cls.__name__


def default_of(field: inspect.Field) -> str:
    """What a reader takes for a field that is not there."""
    if field.default_factory is not NODEFAULT:
        return "empty"
    if field.default is NODEFAULT:
        return "always there"
    if field.default is None:
        return "nil"
    return str(field.default) or "empty"


def rows_of(struct: type[msgspec.Struct]) -> list[tuple[str, str, str]]:
    """Name, type and default of each field, the tag first."""
    described = inspect.type_info(struct)
    assert isinstance(described, inspect.StructType)
    tag = [(str(described.tag_field), "str", f"`{described.tag}`")] if described.tag_field else []
    return tag + [(field.encode_name, in_words(field.type), default_of(field)) for field in described.fields]


@pytest.mark.parametrize("struct", STRUCTS, ids=lambda struct: struct.__name__)
def test_each_field_stands_on_the_page_with_its_type_and_default(struct: type[msgspec.Struct]) -> None:
    (section,) = re.findall(rf"^#### {struct.__name__}\b[^\n]*\n(.*?)(?=^#|\Z)", TEXT, re.MULTILINE | re.DOTALL)
    found = re.findall(r"^\| `(\w+)` \| ([^|]+) \| ([^|]+) \| [^|]+ \|$", section, re.MULTILINE)
    assert sorted(found) == sorted(rows_of(struct))  # the keys of a map have no order


def test_every_envelope_has_its_section() -> None:
    assert {struct.__name__ for struct in STRUCTS} >= {kind.__name__ for kind in envelope.Envelope.__args__}


def test_each_link_has_its_row() -> None:
    names = [*Link.__args__, "bus"]  # type: ignore[attr-defined]
    assert sorted(re.findall(r"^\| `(\w+)` \| (?:PUSH|XPUB)", TEXT, re.MULTILINE)) == sorted(names)


def test_the_bounds_on_the_page_are_those_of_the_code() -> None:
    from rsu.pipeline import bus, links

    bounds = (
        envelope.ENVELOPE_OCTETS_MAX, bus.SUBSCRIPTIONS_MAX, bus.SUBSCRIPTION_OCTETS_MAX, bus.TOPICS_MAX, links.STALE_VIEWS,
        links.SMALL_BATCHES,
    )  # fmt: skip
    assert [bound for bound in bounds if f"{bound:,}" not in TEXT] == []
