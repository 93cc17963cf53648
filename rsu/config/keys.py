"""The keys of `rsu.toml` as a table: read from the structs in :mod:`rsu.config.sections`, for every part that tells of them."""

from __future__ import annotations

from functools import cache
from typing import Any, Literal, get_args, get_origin, get_type_hints

import msgspec
from msgspec import inspect

from rsu.config.forms import FORMS
from rsu.config.sections import Config, Name, Section

_NAME_PATTERN = Name.__metadata__[0].pattern  # type: ignore[attr-defined]
_SIMPLE = {inspect.BoolType: "true or false", inspect.IntType: "whole number", inspect.FloatType: "number"}


class Key(msgspec.Struct, frozen=True):
    """One key.

    :param type: in a word or two, for people.
    :param allowed: its bounds or choices, after "must be".
    :param form: row of :data:`rsu.config.forms.FORMS` that its text, or each text of its list, is of.
    :param default: None where it must be given.
    :param annotation: what msgspec checks it by; ``item`` the same for one item of a list.
    """

    table: str
    name: str
    type: str
    allowed: str
    form: str
    required: bool
    default: Any
    description: str
    annotation: Any
    shape: inspect.Type
    item_allowed: str = ""


class Table(msgspec.Struct, frozen=True):
    """One table of the file.

    :param repeated: written ``[[name]]``, any number of times.
    :param optional: what it stands for is not there unless the table is.
    """

    name: str
    section: type[Section]
    repeated: bool
    optional: bool
    most: int
    description: str
    keys: tuple[Key, ...]

    @property
    def title(self) -> str:
        return f"[[{self.name}]]" if self.repeated else f"[{self.name}]"


@cache
def tables() -> dict[str, Table]:
    """Every table by its name, in the order of the file."""
    shape = inspect.type_info(Config)
    assert isinstance(shape, inspect.StructType)
    return {field.name: _table(field) for field in shape.fields}


def _table(field: inspect.Field) -> Table:
    shape, _, _ = _bare(field.type)
    repeated = isinstance(shape, inspect.VarTupleType)
    optional = isinstance(shape, inspect.UnionType)
    most = 1
    if isinstance(shape, inspect.VarTupleType):
        most = shape.max_length or 0
        shape = shape.item_type
    elif isinstance(shape, inspect.UnionType):
        shape = next(part for part in shape.types if isinstance(part, inspect.StructType))
    assert isinstance(shape, inspect.StructType) and issubclass(shape.cls, Section)
    hints = get_type_hints(shape.cls, include_extras=True)
    keys = tuple(_key(field.name, part, hints[part.name]) for part in shape.fields)
    return Table(field.name, shape.cls, repeated, optional, most, str(shape.cls.__doc__), keys)


def _key(table: str, field: inspect.Field, annotation: Any) -> Key:
    shape, form, description = _bare(field.type)
    item_allowed = ""
    if isinstance(shape, inspect.VarTupleType):
        item, form, _ = _bare(shape.item_type)
        item_allowed = allowed(item, form)
    return Key(
        table,
        field.name,
        _type(shape),
        allowed(shape, form),
        form,
        field.required,
        None if field.required else _default(field),
        description,
        annotation,
        shape,
        item_allowed,
    )


def _default(field: inspect.Field) -> Any:
    made = field.default_factory
    return field.default if made is msgspec.NODEFAULT else made()


def _bare(shape: inspect.Type) -> tuple[inspect.Type, str, str]:
    """A type without its notes, and those: form and description."""
    form = description = ""
    while isinstance(shape, inspect.Metadata):
        form = str((shape.extra or {}).get("form", form))
        description = str((shape.extra_json_schema or {}).get("description", description))
        shape = shape.type
    return shape, form, description


def _type(shape: inspect.Type) -> str:
    if isinstance(shape, inspect.VarTupleType):
        return "list"
    if isinstance(shape, inspect.DictType):
        return "table"
    if isinstance(shape, inspect.UnionType):
        return "text or list"
    return _SIMPLE.get(type(shape), "text")


def allowed(shape: inspect.Type, form: str = "") -> str:
    """What a value must be, in words that follow "must be"."""
    shape, own, _ = _bare(shape)
    form = own or form
    if isinstance(shape, inspect.VarTupleType):
        item, item_form, _ = _bare(shape.item_type)
        if isinstance(item, inspect.VarTupleType):
            return f"a list of lists of {allowed(item.item_type)}"
        return f"a list of {allowed(item, item_form or form)}"
    if isinstance(shape, inspect.UnionType):
        return " or ".join(allowed(part) for part in shape.types)
    if isinstance(shape, inspect.DictType):
        return f"a table of {_type(_bare(shape.value_type)[0])}s by {_type(_bare(shape.key_type)[0])}"
    if isinstance(shape, inspect.LiteralType):
        return _either(_as_written()[frozenset(shape.values)])
    if isinstance(shape, inspect.IntType | inspect.FloatType):
        return _range(shape)
    if isinstance(shape, inspect.StrType):
        return FORMS[form].words if form else _text(shape)
    return _SIMPLE[type(shape)]


@cache
def _as_written() -> dict[frozenset[Any], list[str]]:
    """The choices of every Literal in the order in which the struct has them; msgspec sorts them."""
    found: dict[frozenset[Any], list[str]] = {}

    def walk(annotation: Any) -> None:
        if get_origin(annotation) is Literal:
            found[frozenset(get_args(annotation))] = [str(value) for value in get_args(annotation)]
        elif isinstance(annotation, type) and issubclass(annotation, Section):
            for inner in get_type_hints(annotation, include_extras=True).values():
                walk(inner)
        else:
            for inner in get_args(annotation):
                walk(inner)

    walk(Config)
    return found


def _either(values: list[str]) -> str:
    return values[0] if len(values) == 1 else f"{', '.join(values[:-1])} or {values[-1]}"


def _range(shape: inspect.IntType | inspect.FloatType) -> str:
    if shape.ge is not None and shape.le is not None:
        return f"{shape.ge:g}..{shape.le:g}" if isinstance(shape, inspect.FloatType) else f"{shape.ge}..{shape.le}"
    if shape.gt is not None and shape.le is not None:
        return f"above {shape.gt:g}, at most {shape.le:g}"
    return f"{shape.ge} or more" if shape.ge is not None else f"a {_SIMPLE[type(shape)]}"


def _text(shape: inspect.StrType) -> str:
    if shape.pattern == _NAME_PATTERN:
        return "1 to 64 of A-Z a-z 0-9 _ . -"
    return "text, not empty" if shape.min_length else "text"
