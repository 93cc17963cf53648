"""The text that asn1tools' parser gets: captured parts stand in it as numbers and references.

A reference ``Rsu-<kind>-<n>`` or a number ``n`` points into :attr:`Module.captured`. Kinds: ``field`` (CLASS.&field with its
table constraint), ``ref`` (Module.Type), ``inst`` (a parameterised type with actual parameters), ``plain`` (a built-in type).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from rsu._asn1.text import BUILTIN, Module, Reader, Token, Tokens, split
from rsu.errors import SchemaError

MAX_INSTANCES = 4096  # actual-parameter lists of one schema: a template that feeds itself would never end


class Capture:
    """Rewrites the type bodies of one module; captured parts go to ``module.captured``."""

    def __init__(self, module: Module) -> None:
        self.module = module

    def keep(self, *groups: list[Token]) -> int:
        self.module.captured.append(list(groups))
        return len(self.module.captured) - 1

    def rewrite(self, tokens: Tokens) -> str:
        """The body as text for the parser."""
        reader = Reader(tokens, self.module.file)
        out: list[str] = []
        index = 0
        while index < len(tokens):
            index = self._item(reader, index, out)
        return " ".join(out)

    def _item(self, reader: Reader, index: int, out: list[str]) -> int:
        token = reader.at(index)
        before = reader.at(index - 1) if index else ""
        if token == "ENUMERATED":
            end = reader.group_end(index + 1)
            out.append(f"ENUMERATED {{ rsu-{self.keep(list(reader.tokens[index + 2 : end - 1]))} }}")
            return end
        if token == "DEFAULT":
            end = reader.value_end(index + 1)
            if before == "BOOLEAN":  # whose default the parser would make TRUE or FALSE at once
                out[-1] = f"Rsu-plain-{self.keep([reader.tokens[index - 1]])}"
            out.append(f"DEFAULT {self.keep(list(reader.tokens[index + 1 : end]))}")
            return end
        if token == "SIZE" or (token == "(" and before in ("SEQUENCE", "SET")):
            end = reader.group_end(index + (token == "SIZE"))
            body = list(reader.tokens[index:end])
            out.append(f"(SIZE({self.keep(body if token == 'SIZE' else body[1:-1])}))")
            return end
        if token == "(":
            return self._bracket(reader, index, out)
        if re.match(r"[A-Z]", token) and token not in BUILTIN:
            return self._reference(reader, index, out)
        out.append(str(token))
        return index + 1

    def _bracket(self, reader: Reader, index: int, out: list[str]) -> int:
        """Constraints after a type; a bracket after a small letter is a number of a named number or bit."""
        before = reader.at(index - 1) if index else ""
        if before[:1].islower():
            end = reader.group_end(index)
            out.extend(str(token) for token in reader.tokens[index:end])
            return end
        groups, end = self._constraints(reader, index)
        out.append(f"({self.keep(*groups)})")
        return end

    @staticmethod
    def _constraints(reader: Reader, index: int) -> tuple[list[list[Token]], int]:
        groups = []
        while reader.at(index) == "(":
            end = reader.group_end(index)
            groups.append(list(reader.tokens[index + 1 : end - 1]))
            index = end
        return groups, index

    def _reference(self, reader: Reader, index: int, out: list[str]) -> int:
        token = reader.at(index)
        if reader.at(index + 1) == "." and reader.at(index + 2)[:1] == "&":
            groups, end = self._constraints(reader, index + 3)
            out.append(f"Rsu-field-{self.keep([reader.tokens[index], reader.tokens[index + 2]], *groups)}")
            return end
        end = index + 1
        if reader.at(end) == ".":
            end += 2
        if reader.at(end) == "{" and not self._opens_members(out):
            parameters_end = reader.group_end(end)
            actual = split(reader.tokens[end + 1 : parameters_end - 1], ",")
            out.append(f"Rsu-inst-{self.keep(list(reader.tokens[index:end]), *actual)}")
            return parameters_end
        out.append(token if end == index + 1 else f"Rsu-ref-{self.keep(list(reader.tokens[index:end]))}")
        return end

    @staticmethod
    def _opens_members(out: list[str]) -> bool:
        return bool(out) and out[-1] in ("SEQUENCE", "SET", "CHOICE")


def parser_text(module: Module) -> str:
    """The module for asn1tools' parser: its plain types, under the module's name."""
    capture = Capture(module)
    lines = [f"{name} ::= {capture.rewrite(body)}" for name, body in module.types.items()]
    head = f"{module.name} DEFINITIONS {module.tags} TAGS ::= BEGIN"
    return "\n".join([head, *lines, "END", ""])


class Instances:
    """Parameterised types with actual parameters, written out as plain types.

    :param modules: every module of the schema by name.
    """

    def __init__(self, modules: Mapping[str, Module]) -> None:
        self.modules = modules
        self.made: dict[tuple[str, str, str], str] = {}

    def find(self, module: Module, name: str) -> tuple[Module, str]:
        """The module that holds the template ``name`` as seen from ``module``."""
        seen = set()
        while name not in module.templates:
            if module.name in seen or name not in module.imports or module.imports[name] not in self.modules:
                raise SchemaError(f"{module.file}: {name} is used with parameters, and no parameterised type has that name")
            seen.add(module.name)
            module = self.modules[module.imports[name]]
        return module, name

    def expand(self, module: Module, reference: Tokens, actual: list[list[Token]]) -> tuple[str, str]:
        """(module, type name) of the plain type for ``reference {actual}`` used in ``module``; made on first use."""
        if len(reference) == 3:
            home, name = self.find(self._module(module, str(reference[0])), str(reference[2]))
        else:
            home, name = self.find(module, str(reference[0]))
        template = home.templates[name]
        if len(actual) != len(template.parameters):
            raise SchemaError(f"{module.file}: {name} takes {len(template.parameters)} parameters, {len(actual)} are given")
        arguments = [self._qualify(module, part) for part in actual]
        key = (home.name, name, " | ".join(" ".join(part) for part in arguments))
        if key not in self.made:
            if len(self.made) >= MAX_INSTANCES:
                raise SchemaError(f"{module.file}: more than {MAX_INSTANCES} parameterised types; does {name} use itself?")
            self.made[key] = f"{name}-{len(self.made)}"
            table = dict(zip(template.parameters, arguments, strict=True))
            body = [item for token in template.body for item in table.get(str(token), [token])]
            home.types[self.made[key]] = body
        return home.name, self.made[key]

    def _module(self, module: Module, name: str) -> Module:
        if name not in self.modules:
            raise SchemaError(f"{module.file}: there is no module {name}")
        return self.modules[name]

    def _qualify(self, module: Module, tokens: Tokens) -> list[Token]:
        """An actual parameter with its references bound to the module that wrote it; braces around a set's name go."""
        if len(tokens) > 2 and tokens[0] == "{" and tokens[-1] == "}" and "{" not in tokens[1:-1]:
            tokens = tokens[1:-1]
        out: list[Token] = []
        for index, token in enumerate(tokens):
            bound = (index and tokens[index - 1] == ".") or (index + 1 < len(tokens) and tokens[index + 1] == ".")
            if re.match(r"[A-Z]", token) and token not in BUILTIN and not bound:
                out += [_like(module.name, token), _like(".", token)]
            out.append(token)
        return out


def _like(text: str, token: Token) -> Token:
    made = Token(text)
    made.line = getattr(token, "line", 0)
    return made
