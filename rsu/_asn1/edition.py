"""Edition patches: components whose optionality differs between editions of a standard, switched by name.

``csae-157?LaneEx.laneLineType=mandatory`` loads csae-157 with that component mandatory; several patches are joined by ``&``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from rsu._asn1.model import NO_DEFAULT, Group, Member
from rsu.errors import SchemaError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rsu._asn1.resolve import Resolver


class Patch(NamedTuple):
    """One component's optionality in this edition."""

    type_name: str
    member: str
    optional: bool


def parse_patches(text: str) -> tuple[Patch, ...]:
    """``A.b=mandatory&C.d=optional`` → patches.

    :raises SchemaError: saying what the form is.
    """
    patches = []
    for part in filter(None, text.split("&")):
        place, _, state = part.partition("=")
        type_name, dot, member = place.partition(".")
        if not (type_name and dot and member) or state not in ("mandatory", "optional"):
            raise SchemaError(f"edition patch {part!r}: the form is Type.component=mandatory or Type.component=optional")
        patches.append(Patch(type_name, member, state == "optional"))
    return tuple(patches)


def apply_patches(resolver: Resolver, patches: Sequence[Patch]) -> None:
    """Switches the components in the graph.

    :raises SchemaError: for a type or component that the schema does not have.
    """
    for patch in patches:
        homes = [name for name, types in resolver.parsed.items() if patch.type_name in types]
        if not homes:
            raise SchemaError(f"edition patch: there is no type {patch.type_name}")
        found = False
        for home in homes:
            node = resolver.type(resolver.modules[home], patch.type_name)
            for item in [*node.root, *node.additions]:
                for member in item.members if isinstance(item, Group) else [item]:
                    if member.name == patch.member:
                        _switch(member, patch)
                        found = True
        if not found:
            raise SchemaError(f"edition patch: {patch.type_name} has no component {patch.member!r}")


def _switch(member: Member, patch: Patch) -> None:
    member.optional = patch.optional
    member.default = NO_DEFAULT
