"""What stands between a type's braces: components, alternatives, enumeration items, named bits and numbers, elements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from rsu._asn1.model import NO_DEFAULT, Group, Member, Node
from rsu._asn1.text import Module, Token, split
from rsu._asn1.values import typed_value
from rsu.errors import SchemaError

if TYPE_CHECKING:
    from rsu._asn1.resolve import Resolver

CONTEXT = 2  # tag class, in the canonical order universal, application, context, private (X.680 8.6)
EXTENSION_MARKER = None  # as asn1tools' parser gives it


def fill(resolver: Resolver, module: Module, descriptor: Mapping[str, Any], node: Node) -> None:
    """Fills ``node`` in place, so that a type may refer to itself."""
    if "members" in descriptor:
        _fill_members(resolver, module, descriptor, node)
    if "element" in descriptor:
        node.element = resolver.node(module, descriptor["element"])
    if "values" in descriptor:
        _fill_items(resolver, module, node, module.captured[_captured_number(descriptor["values"])][0])
    for name, number in descriptor.get("named-numbers", {}).items():
        node.numbers[name] = _number(resolver, module, number)
    for name, place in descriptor.get("named-bits") or []:
        node.bits[_number(resolver, module, place)] = name


def _captured_number(values: Sequence[Any]) -> int:
    return int(str(values[0][0]).removeprefix("rsu-"))


def _number(resolver: Resolver, module: Module, written: Any) -> int:
    text = str(written)
    if text.lstrip("-").isdigit():
        return int(text)
    token = Token(text)
    token.line = 0
    return int(resolver.value(module, [token]))


def _fill_items(resolver: Resolver, module: Module, node: Node, tokens: Sequence[Token]) -> None:
    """ENUMERATED items: numbers where written, else the next free ones (X.680 clause 20)."""
    parts = split(tokens, ",")
    cut = next((place for place, part in enumerate(parts) if part[0] == "..."), len(parts))
    node.extensible = cut < len(parts)
    root, more = parts[:cut], parts[cut + 1 :]
    taken = {_number(resolver, module, part[2]) for part in root if len(part) > 1}
    if len(taken) < sum(len(part) > 1 for part in root):
        raise SchemaError(f"{module.file}:{tokens[0].line}: two items of an ENUMERATED have one number")
    numbered, following = {}, 0
    for part in root:
        if len(part) > 1:
            numbered[str(part[0])] = _number(resolver, module, part[2])
            continue
        while following in taken:
            following += 1
        numbered[str(part[0])] = following
        taken.add(following)
    node.values = sorted(numbered, key=numbered.__getitem__)
    node.more_values = [str(part[0]) for part in more]
    node.numbers = numbered
    if len({*node.values, *node.more_values}) != len(parts) - node.extensible:
        raise SchemaError(f"{module.file}:{tokens[0].line}: two items of an ENUMERATED have one name")


def _fill_members(resolver: Resolver, module: Module, descriptor: Mapping[str, Any], node: Node) -> None:
    listed = _expand_components_of(resolver, module, descriptor["members"])
    markers = [place for place, item in enumerate(listed) if item is EXTENSION_MARKER]
    node.extensible = bool(markers) or module.extensibility_implied
    first = markers[0] if markers else len(listed)
    last = markers[1] if len(markers) > 1 else len(listed)
    automatic = module.tags == "AUTOMATIC" and not _any_tag(descriptor["members"])
    for item in listed[:first]:
        node.root.append(_member(resolver, module, node, item))
    for item in listed[first + 1 : last]:
        if isinstance(item, list) and node.kind != "CHOICE":
            node.additions.append(Group([_member(resolver, module, node, inner) for inner in item]))
        else:
            inners = item if isinstance(item, list) else [item]
            node.additions.extend(_member(resolver, module, node, inner) for inner in inners)
    for item in listed[last + 1 :]:
        node.root.append(_member(resolver, module, node, item))
    _check_names(module, node)
    if not automatic and node.kind in ("CHOICE", "SET"):
        node.root.sort(key=lambda member: _least_tag(member.node))


def _any_tag(listed: Sequence[Any]) -> bool:
    flat = [inner for item in listed if item for inner in (item if isinstance(item, list) else [item])]
    return any("tag" in item for item in flat)


def _check_names(module: Module, node: Node) -> None:
    names = [m.name for item in [*node.root, *node.additions] for m in (item.members if isinstance(item, Group) else [item])]
    for name in names:
        if names.count(name) > 1:
            raise SchemaError(f"{module.file}: {node.name or node.kind} has two components named {name!r}")


def _least_tag(node: Node) -> tuple[int, int]:
    """A type's outermost tag; an untagged CHOICE has its least one (X.680 8.6, X.691 23.4)."""
    from rsu._asn1.resolve import UNIVERSAL_TAGS

    if node.tag is not None:
        return node.tag
    if node.kind == "CHOICE":
        return min(_least_tag(member.node) for member in node.root)
    return (0, UNIVERSAL_TAGS.get(node.kind, 0))


def _expand_components_of(resolver: Resolver, module: Module, listed: Sequence[Any]) -> list[Any]:
    """COMPONENTS OF stands for the root components of the named type (X.680 25.5)."""
    expanded: list[Any] = []
    for item in listed:
        if isinstance(item, dict) and "components-of" in item:
            expanded += resolver.node(module, {"type": item["components-of"]}).root
        else:
            expanded.append(item)
    return expanded


def _member(resolver: Resolver, module: Module, owner: Node, item: Any) -> Member:
    if isinstance(item, Member):
        return item
    node = resolver.node(module, item)
    if owner.kind == "CHOICE" and node.tag is None and "tag" in item:
        node = replace(node, tag=(CONTEXT, int(item["tag"]["number"])))
    default = NO_DEFAULT
    if "default" in item:
        tokens = module.captured[int(item["default"])][0]
        place = f"{module.file}: {owner.name}.{item['name']}"
        default = typed_value(tokens, node, lambda inner: resolver.value(module, inner), place)
    return Member(str(item["name"]), node, bool(item.get("optional")), default)
