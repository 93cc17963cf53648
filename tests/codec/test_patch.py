"""A patched message is the one that encoding the changed value gives, or an EncodeError that says why it cannot be.

Which fields have a fixed width is judged here by pycrate's description of the type, never by our own op program.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import pytest
from codec_counts import Count
from codec_generate import Budget, generate
from codec_pycrate import Pycrate, row_name, rows_of
from codec_rules import ours
from codec_schemas import FOLDERS, every_type
from codec_vectors import valid_vectors

import rsu

SchemaOf = Callable[[str], rsu.Schema]
PycrateOf = Callable[[str], Pycrate]


class Leaf(NamedTuple):
    path: str
    compiled: Any
    value: Any
    chooses: bool  # it is the id of an open type beside it


def leaves(compiled: Any, value: Any, path: str = "", chooses: bool = False) -> Iterator[Leaf]:
    """Every field of a value that is there on the wire."""
    dot = "." if path else ""
    if compiled.TYPE in ("SEQUENCE", "SET"):
        ids = {part._const_tab_at[-1] for part in compiled._cont.values() if part.TYPE == "OPEN_TYPE" and part._const_tab_at}
        for name, item in value.items():
            part = compiled._cont[name]
            if part._def is not None and item == part._def:
                continue
            if part.TYPE == "OPEN_TYPE":
                row = rows_of(part).get(value.get(part._const_tab_at[-1])) if part._const_tab_at else None
                if row is not None:
                    yield from leaves(row, item[1], f"{path}{dot}{name}.{row_name(row)}")
                continue
            yield from leaves(part, item, f"{path}{dot}{name}", name in ids)
    elif compiled.TYPE in ("SEQUENCE OF", "SET OF"):
        for place, item in enumerate(value):
            yield from leaves(compiled._cont, item, f"{path}[{place}]")
    elif compiled.TYPE == "CHOICE":
        yield from leaves(compiled._cont[value[0]], value[1], f"{path}{dot}{value[0]}")
    elif path:
        yield Leaf(path, compiled, value, chooses)


def has_fixed_width(compiled: Any, value: Any) -> bool:
    """Whether this value of the type takes the bits that every value of its root takes."""
    kind = compiled.TYPE
    if kind == "BOOLEAN":
        return True
    if kind == "ENUMERATED":
        return value not in (compiled._ext or ())
    if kind == "INTEGER":
        limits = compiled._const_val
        return bool(limits) and None not in (limits.lb, limits.ub) and limits.lb <= value <= limits.ub
    if kind in ("OCTET STRING", "BIT STRING", "IA5String"):
        limits = compiled._const_sz
        size = value[1] if kind == "BIT STRING" else len(value)
        return bool(limits) and limits.lb == limits.ub == size and limits.ub < 65536
    return False


def replaced(value: Any, path: str, item: Any) -> Any:
    """A copy of a decoded value with another one at a path."""
    head, _, rest = path.replace("[", ".[").lstrip(".").partition(".")
    if not head:
        return item
    if head.startswith("["):
        place = int(head[1:-1])
        return [replaced(old, rest, item) if place == number else old for number, old in enumerate(value)]
    if isinstance(value, tuple):
        assert value[0] == head
        return head, replaced(value[1], rest, item)
    return {name: replaced(old, rest, item) if name == head else old for name, old in value.items()}


def check_leaf(schema: rsu.Schema, name: str, data: bytes, value: Any, leaf: Leaf, new: Any) -> bool:
    """Patches one field; true where it has a fixed width and so was written."""
    if leaf.chooses or not has_fixed_width(leaf.compiled, leaf.value) or not has_fixed_width(leaf.compiled, new):
        with pytest.raises(rsu.EncodeError, match="encode the message anew") as error:
            schema.patch(name, data, {leaf.path: new})
        assert (error.value.code, error.value.path) == ("patch", leaf.path)
        return False
    if leaf.compiled._def is not None and new == leaf.compiled._def:
        with pytest.raises(rsu.EncodeError, match="DEFAULT is not written out"):
            schema.patch(name, data, {leaf.path: new})
        return False
    wanted = schema.encode(name, replaced(value, leaf.path, new))
    assert schema.patch(name, data, {leaf.path: new}).hex() == wanted.hex(), leaf.path
    template = schema.template(name, data)
    assert template[leaf.path] == leaf.value
    template[leaf.path] = new
    assert bytes(template) == bytes(memoryview(template)) == wanted and template[leaf.path] == new
    template[leaf.path] = leaf.value
    assert bytes(template) == data
    return True


def other_value(leaf: Leaf, draw: Random) -> Any:
    return generate(leaf.compiled, draw, Budget())


@pytest.mark.parametrize(("standard", "name"), every_type())
def test_every_field_of_generated_values(
    standard: str, name: str, schema_of: SchemaOf, pycrate_of: PycrateOf, count: Count
) -> None:
    schema, compiled = schema_of(standard), pycrate_of(standard).object(name)
    for seed in range(3):
        draw = Random(f"{name} {seed}")
        value = generate(compiled, draw, Budget(longest=6))
        data = schema.encode(name, value)
        for leaf in leaves(compiled, value):
            if check_leaf(schema, name, data, value, leaf, other_value(leaf, draw)):
                count("Fields of generated values patched", standard)


def test_fields_of_published_messages(shared: Path, schema_of: SchemaOf, pycrate_of: PycrateOf, count: Count) -> None:
    draw = Random(4)
    for standard, name, data in valid_vectors(shared):
        schema, compiled = schema_of(standard), pycrate_of(standard).object(name)
        value = schema.decode(name, data)
        found = list(leaves(compiled, pycrate_of(standard).decode(name, data)))
        if schema.encode(name, value) != data:
            continue
        for leaf in draw.sample(found, min(len(found), 12)):
            if check_leaf(schema, name, data, value, leaf, other_value(leaf, draw)):
                count("Fields of published messages patched", standard)


@pytest.mark.parametrize("standard", FOLDERS)
def test_several_fields_at_once(standard: str, schema_of: SchemaOf, pycrate_of: PycrateOf) -> None:
    schema, compiled = schema_of(standard), pycrate_of(standard).object("MessageFrame")
    for seed in range(40):
        draw = Random(seed)
        value = generate(compiled, draw, Budget(elements=120))
        data, changes, wanted = schema.encode("MessageFrame", value), {}, value
        for leaf in leaves(compiled, value):
            new = other_value(leaf, draw)
            fixed = not leaf.chooses and has_fixed_width(leaf.compiled, leaf.value) and has_fixed_width(leaf.compiled, new)
            if fixed and leaf.compiled._def is None:
                changes[leaf.path] = new
                wanted = replaced(wanted, leaf.path, new)
        assert schema.patch("MessageFrame", data, changes) == schema.encode("MessageFrame", wanted)


# What is refused --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value", "path", "new", "reason"),
    [
        ("Optional", {"b": True}, "a", 1, "it is absent"),
        ("Optional", {"a": 1, "b": True}, "c", None, "it is absent"),
        ("Optional", {"a": 1, "b": True}, "nothing", 1, "the type has no 'nothing' here"),
        ("Optional", {"a": 1, "b": True}, "a.x", 1, "has no components here"),
        ("Optional", {"a": 1, "b": True}, "a..b", 1, "no path"),
        ("Optional", {"a": 1, "b": True}, "", 1, "no path"),
        ("Expression", ("number", 3), "negated.number", 1, "has no components here|it is absent"),
        ("ListRange", [1, 2], "[2]", 1, "it is absent"),
        ("ListRange", [1, 2], "first", 1, "the type has no 'first' here"),
        ("Tree", {"value": 1, "children": []}, "children", [], "its width depends on its value"),
        ("Default", {"a": 1, "b": True, "c": "y"}, "a", 5, "its DEFAULT is not written out"),
        ("Default", {"a": 5, "b": True, "c": "y"}, "a", 1, "it is absent"),
        ("DefaultKinds", {"text": "x", "bits": (b"\0", 4), "bytes": b"ab", "free": 1}, "free", 2, "its width depends on"),
        ("DefaultKinds", {"text": "x", "bits": (b"\0", 4), "bytes": b"ab", "free": 1}, "text", "y", "its width depends on"),
        ("Item", {"id": 1, "value": ("Speed", 3)}, "id", 2, "it chooses what an open type beside it holds"),
        ("Item", {"id": 9, "value": b"\0"}, "value", b"\1", "its width depends on its value"),
    ],
)
def test_what_cannot_be_written_in_place_says_why(name: str, value: Any, path: str, new: Any, reason: str) -> None:
    file = "opentypes" if name == "Item" else "defaults" if name.startswith("Default") else "sequences"
    data = ours(file).encode(name, value)
    schema = ours(file)
    for write in (lambda: schema.patch(name, data, {path: new}), lambda: schema.template(name, data).__setitem__(path, new)):
        with pytest.raises(rsu.EncodeError, match=reason) as error:
            write()
        assert error.value.code == "patch"


@pytest.mark.parametrize(
    ("path", "new"),
    [("a", 8), ("a", -1), ("a", "x"), ("a", None), ("b", 1), ("a", 2**80)],
    ids=["above", "below", "text", "none", "no boolean", "huge"],
)
def test_values_are_checked_as_encoding_checks_them(path: str, new: Any) -> None:
    schema = ours("sequences")
    data = schema.encode("Plain", {"a": 1, "b": True})
    with pytest.raises(rsu.EncodeError) as theirs:
        schema.encode("Plain", {"a": 1, "b": True, path: new})
    with pytest.raises(rsu.EncodeError) as error:
        schema.patch("Plain", data, {path: new})
    assert (error.value.code, error.value.reason, error.value.path, error.value.type_name) == (
        theirs.value.code, theirs.value.reason, theirs.value.path, "Plain",
    )  # fmt: skip
    template = schema.template("Plain", data)
    with pytest.raises(rsu.EncodeError):
        template[path] = new
    assert bytes(template) == data


def test_a_value_whose_own_code_raises_is_an_encode_error() -> None:
    class Odd:
        def __index__(self) -> int:
            raise ZeroDivisionError("odd")

    with pytest.raises(rsu.EncodeError, match="the value raised ZeroDivisionError: odd"):
        ours("sequences").patch("Plain", b"\xb0", {"a": Odd()})


MARKED = {"item": "a", "number": 3, "flags": (b"\x20", 3)}


@pytest.mark.parametrize(("path", "new"), [("item", "b"), ("number", 7), ("flags", (b"\x80", 3))])
def test_the_root_of_an_extensible_type_is_written(path: str, new: Any) -> None:
    schema = ours("wide")
    assert schema.patch("Marked", schema.encode("Marked", MARKED), {path: new}) == schema.encode("Marked", MARKED | {path: new})


@pytest.mark.parametrize(("path", "new"), [("item", "c"), ("item", "...1"), ("number", 8), ("flags", (b"\x80", 4))])
def test_a_value_beyond_the_marker_needs_encoding(path: str, new: Any) -> None:
    schema = ours("wide")
    with pytest.raises(rsu.EncodeError, match="the value lies beyond the extension marker; encode the message anew"):
        schema.patch("Marked", schema.encode("Marked", MARKED), {path: new})
    with pytest.raises(rsu.EncodeError, match="it holds a value beyond the extension marker; encode the message anew"):
        schema.patch("Marked", schema.encode("Marked", MARKED | {path: new}), {path: MARKED[path]})


def test_a_field_within_fragments_is_refused() -> None:
    schema = ours("wide")
    for octets, allowed in ((16_000, True), (16_384, False), (70_000, False)):
        value = {"flag": True, "extra": {"number": 1, "octets": bytes(octets), "last": False}}
        data = schema.encode("Long", value)
        assert schema.patch("Long", data, {"flag": False}) == schema.encode("Long", value | {"flag": False})
        if allowed:
            value["extra"] = {**value["extra"], "number": 9, "last": True}
            assert schema.patch("Long", data, {"extra.number": 9, "extra.last": True}) == schema.encode("Long", value)
            continue
        with pytest.raises(rsu.EncodeError, match="its open type travels in fragments of 16384"):
            schema.patch("Long", data, {"extra.number": 9})


def test_a_string_of_bits_that_holds_a_type_is_written_within() -> None:
    schema = ours("wide")
    value = {"head": ("Marked", MARKED), "last": True}
    wanted = schema.encode("LongBits", value | {"head": ("Marked", MARKED | {"number": 5})})
    assert schema.patch("LongBits", schema.encode("LongBits", value), {"head.Marked.number": 5}) == wanted


def test_a_damaged_message_is_not_patched() -> None:
    schema = ours("sequences")
    for use in (lambda data: schema.patch("Plain", data, {"a": 1}), lambda data: schema.template("Plain", data)):
        with pytest.raises(rsu.DecodeError, match="1 octets after the value"):
            use(b"\xb0\x00")
        with pytest.raises(rsu.DecodeError, match="needs 3 bits"):
            use(b"")


# Templates --------------------------------------------------------------------------------------------------------------


def test_a_template_leaves_its_source_alone() -> None:
    source = bytearray(b"\xb0")
    template = ours("sequences").template("Plain", source)
    before = bytes(template)
    template["a"] = 0
    assert (bytes(source), before, bytes(template), len(template)) == (b"\xb0", b"\xb0", b"\x10", 1)
    assert repr(template) == "<Template Plain, 1 octets>"


def test_no_octet_but_the_messages_own_is_written() -> None:
    # CPython has one bytes object for each octet, which every string of that octet is.
    for first in range(256):
        one = bytes([first & 0xF0])
        try:
            ours("sequences").patch("Plain", one, {"a": 0, "b": False})
        except rsu.DecodeError:
            continue
        ours("sequences").template("Plain", one)["a"] = 1
    assert [bytes([number])[0] for number in range(256)] == list(range(256))


def test_a_memoryview_of_a_template_shows_later_writes_and_takes_none() -> None:
    template = ours("sequences").template("Plain", b"\xb0")
    seen = memoryview(template)
    template["a"] = 7
    assert bytes(seen) == b"\xf0" and seen.readonly
    del template
    assert bytes(seen) == b"\xf0"


def test_templates_are_made_by_the_schema_and_lose_no_field() -> None:
    template = ours("sequences").template("Plain", b"\xb0")
    with pytest.raises(TypeError, match=r"Schema\.template"):
        type(template)()
    with pytest.raises(TypeError, match="encode the message anew"):
        del template["a"]
