"""Views give what decoding gives, part by part, and read no further than they are asked to.

The expected values are ``decode``'s, which other tests hold against pycrate, asn1tools and X.691, or stand here as octets
worked out by hand. What views say of damaged messages is in `test_walkers_agree.py`, where "view" is one of the walkers.
"""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from pathlib import Path
from random import Random
from threading import Thread
from typing import Any

import pytest
from codec_generate import Budget, generate
from codec_pycrate import Pycrate
from codec_rules import ours
from codec_schemas import SMALL, every_type
from codec_vectors import valid_vectors
from codec_views import ordered, rebuilt
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import rsu
from rsu._codec import MessageView

EXAMPLES = settings(
    max_examples=3,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.generate, Phase.shrink],
    suppress_health_check=list(HealthCheck),
)
SchemaOf = Callable[[str], rsu.Schema]
PycrateOf = Callable[[str], Pycrate]


def view_of(file: str, name: str, octets: str, **limits: Any) -> Any:
    return ours(file).view(name, bytes.fromhex(octets), **limits)


# The same values as decode ----------------------------------------------------------------------------------------------


def test_all_parts_of_published_messages_are_as_decoded(shared: Path, schema_of: SchemaOf) -> None:
    for standard, name, data in valid_vectors(shared):
        value = schema_of(standard).decode(name, data)
        view = schema_of(standard).view(name, data)
        assert ordered(rebuilt(view)) == ordered(value)
        assert view() == value


@pytest.mark.parametrize(("standard", "name"), every_type())
def test_all_parts_of_generated_values_are_as_decoded(
    standard: str, name: str, schema_of: SchemaOf, pycrate_of: PycrateOf
) -> None:
    schema, compiled = schema_of(standard), pycrate_of(standard).object(name)

    @EXAMPLES
    @given(st.randoms(use_true_random=False))
    def agree(draw: Random) -> None:
        data = schema.encode(name, generate(compiled, draw, Budget()))
        value = schema.decode(name, data)
        assert ordered(rebuilt(schema.view(name, data))) == ordered(value)
        assert backwards(schema.view(name, data)) == value

    agree()


def backwards(part: Any) -> Any:
    """As `rebuilt`, asking for the last part of each value first."""
    if not isinstance(part, MessageView) or "list" in repr(part) or "SEQUENCE" not in repr(part):
        return rebuilt(part)
    return {name: backwards(part[name]) for name in reversed(list(part))}


@pytest.mark.parametrize("file", sorted(path.stem for path in SMALL.glob("*.asn")))
@pytest.mark.parametrize("strict", [True, False], ids=["strict", "relaxed"])
def test_octets_of_every_construct_are_as_decoded(file: str, strict: bool) -> None:
    schema, draw = ours(file), Random(5)
    for name in (name for name in schema.types if "." in name):
        for _ in range(200):
            mask = draw.choice((0xFF, 0x8F, 0xC0, 0x83))
            data = bytes(octet & mask for octet in draw.randbytes(draw.choice((1, 2, 3, 5, 9))))
            try:
                value = schema.decode(name, data, strict=strict)
            except rsu.DecodeError:
                continue
            view = schema.view(name, data, strict=strict)
            assert ordered(rebuilt(view)) == ordered(value), f"{name} {data.hex()}"
            assert ordered(view()) == ordered(value)


# Components -------------------------------------------------------------------------------------------------------------


def test_a_hyphen_is_an_underscore_in_an_attribute(schema_of: SchemaOf) -> None:
    schema = schema_of("csae-157")
    value = {
        "msgCnt": 1, "id": bytes(8), "secMark": 2, "pos": {"lat": 3, "long": 4},
        "posAccuracy": {"semiMajor": 0, "semiMinor": 0, "orientation": 0}, "speed": 5, "heading": 6, "overallRadius": 7,
        "non-motorData": {"basicType": "unavailable"},
    }  # fmt: skip
    data = schema.encode("PersonalSafetyMessage", value)
    view = schema.view("PersonalSafetyMessage", data)
    assert view.non_motorData() == view["non-motorData"]() == view["non_motorData"]() == value["non-motorData"]
    assert "non-motorData" in view and "non_motorData" in dir(view)


def test_an_absent_component_is_said_to_be_absent() -> None:
    view = view_of("sequences", "Optional", "20")  # presence 0 0, b 1
    assert list(view) == ["b"] and len(view) == 1
    assert "a" not in view and "b" in view and "nothing" not in view
    assert not hasattr(view, "a")
    with pytest.raises(AttributeError, match="Optional: a is absent"):
        _ = view.a
    with pytest.raises(KeyError, match="a is absent"):
        _ = view["a"]
    with pytest.raises(AttributeError, match="Optional has no component 'nothing'; it has a, b, c"):
        _ = view.nothing


def test_an_absent_component_with_a_default_is_the_default() -> None:
    view = view_of("defaults", "Default", "00")
    assert (view.a, view.b, view.c) == (5, True, "y")
    assert list(view) == ["a", "b", "c"] and "a" in view
    nested = view_of("defaults", "Nested", "00")
    nested.list.append(1)
    assert nested.list == [] and nested.pair == {"x": 1, "y": True}


def test_additions_and_groups_have_their_members() -> None:
    schema = ours("sequences")
    value = {"a": True, "b": 9, "c": False, "d": 200}
    view = schema.view("Grouped", schema.encode("Grouped", value))
    assert (view.d, view.c, view.b, view.a) == (200, False, 9, True)
    assert list(view) == ["a", "b", "c", "d"]
    old = schema.view("Grouped", schema.encode("Grouped", {"a": True}))
    assert list(old) == ["a"] and "b" not in old and "d" not in old


def test_unknown_additions_are_octets_under_the_dots() -> None:
    # Extended as a sender of a later edition writes it: four additions where three are known; b absent, c TRUE, fourth 0x55.
    schema = ours("sequences")
    value = {"a": 1, "c": True, "...": {3: b"\x55"}}
    view = schema.view("Extended", schema.encode("Extended", value))
    assert list(view) == ["a", "c", "..."] and "..." in view
    assert view["..."] == {3: b"\x55"}
    with pytest.raises(KeyError):
        _ = schema.view("Extended", schema.encode("Extended", {"a": 1}))["..."]


def test_a_choice_has_the_alternative_it_is(schema_of: SchemaOf) -> None:
    schema = ours("sequences")
    view = schema.view("Expression", schema.encode("Expression", ("negated", ("number", 3))))
    assert list(view) == ["negated"] and len(view) == 1 and "negated" in view and "number" not in view
    assert view.negated.number == 3
    with pytest.raises(AttributeError, match="Expression is negated, not number"):
        _ = view.number
    with pytest.raises(KeyError, match=r"Expression\.negated is number, not sum"):
        _ = view.negated["sum"]


def test_an_alternative_beyond_the_schema_is_octets(schema_of: SchemaOf) -> None:
    view = schema_of("csae-53").view("MessageFrame", schema_of("csae-53").encode("MessageFrame", ("...5", b"\x01\x02")))
    assert list(view) == ["...5"] and view["...5"] == b"\x01\x02"
    with pytest.raises(AttributeError, match=r"MessageFrame is \.\.\.5, not bsmFrame"):
        _ = view.bsmFrame


def test_an_open_type_has_the_type_that_its_id_chooses() -> None:
    schema = ours("opentypes")
    point = {"x": 1, "y": 2}
    view = schema.view("Item", schema.encode("Item", {"id": 2, "value": ("Point", point)}))
    assert view.value.Point.y == 2 and view.value() == ("Point", point)
    with pytest.raises(AttributeError, match=r"Item\.value is Point, not Speed"):
        _ = view.value.Speed
    scalar = schema.view("Item", schema.encode("Item", {"id": 1, "value": ("Speed", 8191)}))
    assert scalar.value.Speed == 8191 and list(scalar.value) == ["Speed"]
    unknown = schema.view("Item", schema.encode("Item", {"id": 77, "value": b"\xaa\xbb"}))
    assert unknown.value == b"\xaa\xbb"


def test_an_open_type_that_does_not_decode_is_octets_in_relaxed_mode() -> None:
    # id 2, one octet where Point needs more than two.
    assert view_of("opentypes", "Item", "0201ff", strict=False).value == b"\xff"
    with pytest.raises(rsu.DecodeError, match="needs 8 bits"):
        _ = view_of("opentypes", "Item", "0201ff").value.Point.x


def test_a_string_that_contains_a_type_has_it() -> None:
    schema = ours("sequences")
    for name in ("Boxed", "BoxedBits"):
        view = schema.view(name, schema.encode(name, ("Plain", {"a": 5, "b": True})))
        assert view.Plain.a == 5 and list(view) == ["Plain"]


# Lists ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["ListRange", "ListFree", "ListOfList"], ids=["fixed width", "octets", "of lists"])
def test_lists_have_length_index_and_order(name: str) -> None:
    schema = ours("sequences")
    value: Any = [[True], [], [False, True]] if name == "ListOfList" else [3, 1, 2]
    view = schema.view(name, schema.encode(name, value))
    assert [rebuilt(view[place]) for place in (2, 0, 1, -1, -3)] == [value[2], value[0], value[1], value[2], value[0]]
    assert len(view) == 3 and [rebuilt(item) for item in view] == value
    for place in (3, -4, 10**9):
        with pytest.raises(IndexError):
            _ = view[place]
    with pytest.raises(TypeError):
        _ = view["first"]
    with pytest.raises(AttributeError, match="is a list"):
        _ = view.first


def test_a_list_in_fragments_has_all_its_elements() -> None:
    schema = ours("sequences")
    value = [number & 255 for number in range(40_000)]
    view = schema.view("ListFree", schema.encode("ListFree", value), max_elements=50_000)
    assert [view[place] for place in (16_383, 16_384, 39_999, -1, 0)] == [255, 0, 63, 63, 0]
    assert len(view) == 40_000 and list(view) == value
    assert len(schema.view("ListFree", schema.encode("ListFree", value), max_elements=50_000)) == 40_000


def test_an_open_type_in_fragments_is_viewed_like_another() -> None:
    schema = ours("wide")
    value = {"flag": True, "extra": {"number": 1, "octets": bytes(40_000), "last": True}}
    view = schema.view("Long", schema.encode("Long", value))
    assert (view.extra.last, view.extra.number, view.flag) == (True, 1, True)
    assert rebuilt(view) == value and view.extra() == value["extra"]


# Damage, limits ---------------------------------------------------------------------------------------------------------


def test_what_stands_before_the_damage_stays_readable(schema_of: SchemaOf, shared: Path) -> None:
    schema, name = schema_of("csae-53"), "MessageFrame"
    data = next(data for standard, _, data in valid_vectors(shared) if standard == "csae-53" and data[0] < 0x10)  # a BSM
    whole = schema.decode(name, data)[1]
    view = schema.view(name, data[:20])
    message = view.bsmFrame
    assert (message.msgCnt, message.id) == (whole["msgCnt"], whole["id"])
    with pytest.raises(rsu.DecodeError) as ours_error:
        _ = message.brakes.wheelBrakes
    with pytest.raises(rsu.DecodeError) as theirs:
        schema.decode(name, data[:20])
    assert str(ours_error.value) == str(theirs.value)
    assert message.msgCnt == whole["msgCnt"]


def test_a_group_is_readable_up_to_its_damage() -> None:
    # 1 1: extended, a. 0000001 11: two additions, both there. 00000001: one octet. 1 1001 1 11: c there, b 9, c, bad padding.
    view = view_of("sequences", "Grouped", "c0e039e02020")
    assert (view.a, view.b, view.c) == (True, 9, True)
    with pytest.raises(rsu.DecodeError, match="padding bits are not zero"):
        _ = view.d
    assert view.c is True


def test_trailing_octets_are_for_the_whole_view_to_find() -> None:
    view = view_of("sequences", "Plain", "b000")
    assert view.a == 5
    with pytest.raises(rsu.DecodeError, match="1 octets after the value"):
        view()


def test_depth_and_element_budgets_hold() -> None:
    schema = ours("sequences")
    deep = schema.encode("Tree", {"value": 1, "children": [{"value": 2, "children": [{"value": 3}]}]})
    view = schema.view("Tree", deep, max_depth=4)
    with pytest.raises(rsu.DecodeError, match="more than 4 levels"):
        _ = view.children[0].children[0].value
    many = schema.view("ListFree", schema.encode("ListFree", [1] * 11), max_elements=10)
    with pytest.raises(rsu.DecodeError, match="limit of this message"):
        len(many)
    assert len(schema.view("ListFree", schema.encode("ListFree", [1] * 11), max_elements=11)) == 11


# The object -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [bytearray, memoryview])
def test_changing_the_buffer_does_not_change_the_view(kind: Any) -> None:
    octets = bytearray(b"\xb0")
    view = ours("sequences").view("Plain", kind(octets))
    octets[0] = 0
    assert view.a == 5
    with pytest.raises(TypeError, match="bytes, bytearray or memoryview"):
        ours("sequences").view("Plain", "b0")  # type: ignore[arg-type]


def test_a_part_outlives_the_view_it_came_from() -> None:
    schema = ours("sequences")
    parts = [schema.view("ListOfList", schema.encode("ListOfList", [[True, False]] * 3))[2] for _ in range(500)]
    assert all(part() == [True, False] for part in parts)


def test_views_are_not_made_copied_or_stored_by_hand() -> None:
    view = view_of("sequences", "Plain", "b0")
    empty = MessageView.__new__(MessageView)
    for use in (list, len, repr, dir, lambda it: it(), lambda it: it.a, lambda it: "a" in it):
        with pytest.raises(TypeError, match=r"Schema\.view"):
            use(empty)
    for make in (copy.copy, pickle.dumps):
        with pytest.raises(TypeError):
            make(view)
    with pytest.raises((AttributeError, TypeError)):
        view.a = 3


def test_repr_tells_type_path_and_kind(schema_of: SchemaOf) -> None:
    schema = ours("sequences")
    view = schema.view("Tree", schema.encode("Tree", {"value": 1, "children": [{"value": 2}]}))
    assert repr(view) == "<View Tree: SEQUENCE, from bit 0>"
    assert repr(view.children[0]) == "<View Tree.children[0]: SEQUENCE, from bit 11>"
    assert dir(view) == ["children", "value"] and dir(view.children) == []


def test_threads_share_a_view(shared: Path, schema_of: SchemaOf) -> None:
    # DefaultKinds' INTEGER and lists of it are decoded by Python, which lets another thread in between.
    schema = ours("defaults")
    value = {"text": "x", "bits": (b"\x10", 4), "bytes": b"ab", "free": 2**100}
    for _ in range(50):
        view = schema.view("DefaultKinds", schema.encode("DefaultKinds", value))
        seen: list[Any] = []
        threads = [Thread(target=lambda view=view, seen=seen: seen.append(rebuilt(view))) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert seen == [value] * 4
