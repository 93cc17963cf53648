"""Information object classes and sets (X.681): the tables behind open types."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rsu._asn1.model import Node
from rsu._asn1.text import Module, Token, Tokens, split
from rsu.errors import SchemaError

if TYPE_CHECKING:
    from rsu._asn1.resolve import Resolver


class ObjectClass:
    """One class as seen from the module that defines it: its fields, its syntax, rows of its sets."""

    def __init__(self, resolver: Resolver, home: Module, name: str) -> None:
        body = home.classes[name]
        self.resolver = resolver
        self.home = home
        self.name = name
        end = list(body).index(Token("}"))
        self.fields = {str(part[0]): part[1:] for part in split(body[2:end], ",") if part}
        self.syntax = self._syntax(body)

    def _syntax(self, body: Tokens) -> list[str]:
        words = list(body)
        if "WITH" not in words:
            return []
        return [str(token) for token in words[words.index(Token("WITH")) + 3 : -1] if token not in ("[", "]")]

    def field_node(self, field: str) -> Node:
        """The node of a fixed-type value field such as ``&id``."""
        if field not in self.fields:
            raise SchemaError(f"{self.home.file}: class {self.name} has no field {field}")
        tokens = [token for token in self.fields[field] if token not in ("UNIQUE", "OPTIONAL")]
        made = f"Field-{self.name}{field.replace('&', '-')}"
        if made not in self.home.types:
            self.home.types[made] = tokens
        node = self.resolver.type(self.home, made)
        node.name = str(tokens[0]) if len(tokens) == 1 and tokens[0] in self.home.types else ""
        return node

    def table(self, module: Module, set_name: str, field: str) -> dict[int, Node]:
        """Rows of an object set: id → type of ``field``."""
        rows: dict[int, Node] = {}
        for home, tokens in self._objects(module, set_name):
            settings = self._settings(home, tokens)
            identifier = next((value for name, value in settings.items() if name[1].islower()), None)
            if identifier is None or field not in settings:
                continue
            number = self.resolver.value(home, identifier)
            rows[int(number)] = self._row_type(home, settings[field])
        return rows

    def _row_type(self, home: Module, tokens: Tokens) -> Node:
        if len(tokens) == 1 and tokens[0] in {**home.types, **home.imports}:
            return self.resolver.type(home, str(tokens[0]))
        made = f"Row-{self.name}-{len(home.types)}"
        home.types[made] = list(tokens)
        node = self.resolver.type(home, made)
        node.name = str(tokens[-1]) if len(tokens) == 3 else node.kind
        return node

    def _objects(self, module: Module, set_name: str) -> list[tuple[Module, list[Token]]]:
        """The objects of a set, sets inside it included, each with the module that wrote it."""
        if "." in set_name:
            module_name, _, set_name = set_name.partition(".")
            module = self.resolver.modules[module_name]
        home = self.resolver.find(module, set_name, "object_sets")
        found: list[tuple[Module, list[Token]]] = []
        for part in split(home.object_sets[set_name][1][1:-1], ","):
            for element in split(part, "|"):
                if not element or element[0] == "...":
                    continue
                if element[0] == "{":
                    found.append((home, element[1:-1]))
                elif element[0][0].islower():
                    owner = self.resolver.find(home, str(element[0]), "values")
                    found.append((owner, owner.values[str(element[0])][1][1:-1]))
                else:
                    found += self._objects(home, "".join(element))
        return found

    def _settings(self, home: Module, tokens: list[Token]) -> dict[str, list[Token]]:
        """Field → tokens of one object, in the class's own syntax or as ``&field value, …``."""
        if tokens and tokens[0].startswith("&"):
            return {str(part[0]): part[1:] for part in split(tokens, ",")}
        settings: dict[str, Any] = {}
        place = 0
        for index, word in enumerate(self.syntax):
            if not word.startswith("&"):
                if place < len(tokens) and tokens[place] == word:
                    place += 1
                continue
            following = next((later for later in self.syntax[index + 1 :] if not later.startswith("&")), None)
            end = place
            while end < len(tokens) and tokens[end] != following and (following or end == place):
                end += 1
            if end > place:
                settings[word] = tokens[place:end]
            place = end
        if not settings:
            raise SchemaError(f"{home.file}:{tokens[0].line if tokens else 0}: an object of class {self.name} cannot be read")
        return settings


def object_rows(resolver: Resolver, home: Module, class_name: str) -> ObjectClass:
    """The class ``class_name`` of module ``home``."""
    return ObjectClass(resolver, home, class_name)
