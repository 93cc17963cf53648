"""asn1tools' parsed modules and the captured parts → a graph of :class:`~rsu._asn1.model.Node`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from rsu._asn1 import members
from rsu._asn1.capture import Instances, parser_text
from rsu._asn1.constraints import Constraint, ConstraintReader, serial
from rsu._asn1.model import Node
from rsu._asn1.objects import object_rows
from rsu._asn1.text import Module, Token, Tokens, read_modules
from rsu._asn1.values import NoValue, plain_value, typed_value
from rsu.errors import SchemaError

REFERENCE = re.compile(r"Rsu-(field|ref|inst|plain)-(\d+)$")
UNIVERSAL_TAGS = {
    "BOOLEAN": 1, "INTEGER": 2, "BIT STRING": 3, "OCTET STRING": 4, "NULL": 5, "OBJECT IDENTIFIER": 6, "ObjectDescriptor": 7,
    "EXTERNAL": 8, "REAL": 9, "ENUMERATED": 10, "UTF8String": 12, "RELATIVE-OID": 13, "SEQUENCE": 16, "SEQUENCE OF": 16,
    "SET": 17, "SET OF": 17, "NumericString": 18, "PrintableString": 19, "TeletexString": 20, "T61String": 20,
    "VideotexString": 21, "IA5String": 22, "UTCTime": 23, "GeneralizedTime": 24, "GraphicString": 25, "VisibleString": 26,
    "ISO646String": 26, "GeneralString": 27, "UniversalString": 28, "BMPString": 30,
}  # fmt: skip
MAX_NESTING = 200  # references followed in a row: an alias of itself would never end


class Resolver:
    """Holds the modules of a schema and resolves types by (module, name)."""

    def __init__(self, modules: Iterable[Module]) -> None:
        self.modules: dict[str, Module] = {}
        for module in modules:
            if module.name in self.modules:
                other = self.modules[module.name].file
                raise SchemaError(f"{module.file}: module {module.name} stands in {other} as well")
            self.modules[module.name] = module
        self.instances = Instances(self.modules)
        self.parsed: dict[str, dict[str, Any]] = {}
        self.nodes: dict[tuple[str, str], Node] = {}
        self.depth = 0
        for module in list(self.modules.values()):
            self._parse(module)

    def _parse(self, module: Module) -> None:
        self.parsed.setdefault(module.name, {}).update(_parsed(module, f"module {module.name}"))

    def _late_type(self, module: Module, name: str) -> dict[str, Any]:
        """A type that appeared after parsing: an instance of a parameterised type."""
        descriptor: dict[str, Any] = _parsed(replace(module, types={name: module.types[name]}), name)[name]
        self.parsed[module.name][name] = descriptor
        return descriptor

    # Looking up -----------------------------------------------------------------------------------------------------

    def find(self, module: Module, name: str, kind: str) -> Module:
        """The module that defines ``name`` (``types``, ``values``, ``classes``, ``object_sets``) as seen from ``module``."""
        start, seen = module, set()
        while name not in getattr(module, kind):
            source = module.imports.get(name)
            if source is None or source not in self.modules or module.name in seen:
                absent = source is not None and source not in self.modules
                lacks = f", imported from {source}, which is not among the files" if absent else ""
                raise SchemaError(f"{start.file}: module {start.name} uses {name}, which is not defined{lacks}")
            seen.add(module.name)
            module = self.modules[source]
        return module

    def value(self, module: Module, tokens: Tokens) -> Any:
        """The value of a notation without a type: number, string, value reference."""
        try:
            return plain_value(tokens)
        except NoValue:
            pass
        if len(tokens) == 3 and tokens[1] == ".":
            if tokens[0] not in self.modules:
                raise SchemaError(f"{module.file}: there is no module {tokens[0]}")
            module, tokens = self.modules[str(tokens[0])], tokens[2:]
        home = self.find(module, str(tokens[0]), "values")
        governor, body = home.values[str(tokens[0])]
        node = self._governed(home, governor)
        return typed_value(body, node, lambda inner: self.value(home, inner), home.file)

    def _governed(self, module: Module, governor: Tokens) -> Node:
        word = str(governor[0])
        kind = word if len(governor) == 1 else " ".join(governor[:2])
        if kind in UNIVERSAL_TAGS or word in UNIVERSAL_TAGS:
            return Node(kind if kind in UNIVERSAL_TAGS else word, module.name)
        return self.type(module, word)

    # Types ----------------------------------------------------------------------------------------------------------

    def type(self, module: Module, name: str) -> Node:
        """The node of a named type as seen from ``module``."""
        home = self.find(module, name, "types")
        key = (home.name, name)
        if key not in self.nodes:
            node = self.nodes[key] = Node("", home.name, name)
            descriptor = self.parsed[home.name].get(name) or self._late_type(home, name)
            self.depth += 1
            if self.depth > MAX_NESTING:
                raise SchemaError(f"{home.file}: {name}: more than {MAX_NESTING} types inside one another")
            built = self.node(home, descriptor, node)
            self.depth -= 1
            if not built.kind:
                raise SchemaError(f"{home.file}: {name} is defined by itself")
            if built is not node:
                vars(node).update({**vars(built), "name": name, "module": home.name})
                node.tag = _tag(descriptor) or built.tag
        return self.nodes[key]

    def node(self, module: Module, descriptor: Mapping[str, Any], into: Node | None = None) -> Node:
        """The node of a type descriptor of asn1tools' parser."""
        kind = str(descriptor["type"])
        captured = REFERENCE.match(kind)
        if captured is not None:
            base = self._captured(module, captured[1], module.captured[int(captured[2])])
        elif kind in UNIVERSAL_TAGS or kind in ("CHOICE", "ANY", "ANY DEFINED BY"):
            base = into or Node("", module.name)
            base.kind = kind
            members.fill(self, module, descriptor, base)
        else:
            base = self.type(module, kind)
        return self._constrain(module, descriptor, base)

    def _captured(self, module: Module, kind: str, groups: list[list[Token]]) -> Node:
        if kind == "inst":
            home, name = self.instances.expand(module, groups[0], groups[1:])
            return self.type(self.modules[home], name)
        if kind == "plain":
            return Node(str(groups[0][0]), module.name)
        if kind == "ref":
            home = str(groups[0][0])
            if home not in self.modules:
                raise SchemaError(f"{module.file}: there is no module {home}")
            return self.type(self.modules[home], str(groups[0][2]))
        return self._class_field(module, groups)

    def _class_field(self, module: Module, groups: list[list[Token]]) -> Node:
        """CLASS.&field: a fixed type, or an open type with the table its constraint names."""
        class_name, field_name = str(groups[0][0]), str(groups[0][1])
        home = self.find(module, class_name, "classes")
        rows = object_rows(self, home, class_name)
        if field_name[1].islower():
            return rows.field_node(field_name)
        node = Node("OPEN TYPE", module.name)
        for group in groups[1:]:
            table = self.constraint(module, group).table
            if table:
                node.rows = rows.table(module, table[0], field_name)
                node.by = table[1] if len(table) > 1 else ""
                node.constraint = Constraint(table=table)
        return node

    def constraint(self, module: Module, tokens: Tokens) -> Constraint:
        """One captured constraint, read in the module that wrote it."""
        reader = ConstraintReader(
            value=lambda part: self.value(module, part),
            contained=lambda part: self.node(module, {"type": str(part[-1])}).constraint if part else Constraint(),
            place=f"{module.file}: module {module.name}",
        )
        return reader.read(tokens)

    def _constrain(self, module: Module, descriptor: Mapping[str, Any], base: Node) -> Node:
        groups: list[list[Token]] = []
        for number in descriptor.get("restricted-to", []):
            groups += module.captured[int(number)]
        constraint = base.constraint
        for group in groups:
            constraint = serial(constraint, self._valued(module, base, group))
        for number in descriptor.get("size", []) if "OF" in str(descriptor["type"]).split() else []:
            size = self.constraint(module, module.captured[_number(number)][0])
            constraint = serial(constraint, size)
        tag = _tag(descriptor)
        if constraint is base.constraint and tag is None:
            return base
        made = replace(base, constraint=constraint, tag=tag or base.tag)
        if constraint is not base.constraint and constraint.contents:
            made.contents = self._contents(module, constraint.contents)
        return made

    def _valued(self, module: Module, base: Node, group: Tokens) -> Constraint:
        """A constraint in which the base type's named numbers may stand for values."""
        named = [_digits(token, base.numbers) for token in group]
        return self.constraint(module, named)

    def _contents(self, module: Module, tokens: Tokens) -> Node:
        name = f"Contents-{len(module.types)}"
        module.types[name] = list(tokens)
        node = self.type(module, name)
        return replace(node, name=" ".join(tokens) if len(tokens) == 1 else node.kind)


def _digits(token: Token, numbers: Mapping[str, int]) -> Token:
    if token not in numbers:
        return token
    made = Token(numbers[token])
    made.line = token.line
    return made


def _number(size: Any) -> int:
    return int(size[0] if isinstance(size, tuple) else size)


def _tag(descriptor: Mapping[str, Any]) -> tuple[int, int] | None:
    tag = descriptor.get("tag")
    if not tag:
        return None
    classes = {"UNIVERSAL": 0, "APPLICATION": 1, "": 2, "PRIVATE": 3}
    return classes[tag.get("class", "")], int(tag["number"])


def _parsed(module: Module, what: str) -> dict[str, Any]:
    """The types of a module as asn1tools' parser gives them."""
    import asn1tools  # here, for a cached program needs no parser, and importing it takes longer than all else

    try:
        types: dict[str, Any] = asn1tools.parse_string(parser_text(module))[module.name]["types"]
    except asn1tools.ParseError as error:
        raise SchemaError(f"{module.file}: {what}: {_explain(error, module)}") from error
    return types


def _explain(error: Exception, module: Module) -> str:
    """The parser's words with the type it stumbled in: its line is one type of ours."""
    place = re.search(r"line (\d+)", str(error))
    number = int(place[1]) - 2 if place else -1
    names = list(module.types)
    if 0 <= number < len(names):
        line = module.types[names[number]][0].line
        return f"{names[number]} (line {line}) cannot be read: {error}"
    return str(error)


def resolver_of(texts: Iterable[tuple[str, str]]) -> Resolver:
    """A resolver over (file name, text) pairs; a later file's module takes the place of an earlier one of the same name
    only where the caller has left the earlier one out.

    :raises SchemaError: naming file, module or line.
    """
    return Resolver(module for file, text in texts for module in read_modules(text, file))
