"""ASN.1 text → what asn1tools' parser reads well, and beside it what that parser would lose.

asn1tools' parser drops without a word the rows of object sets, actual parameters, structured defaults, CONTAINING, and the
difference between ``|`` and ``^`` in constraints; it refuses ``Module.Type``. So constraints, defaults, enumerations, class
fields and parameterised references are cut out as token lists before parsing and stand in the text as a number or a
reference ``Rsu-<kind>-<number>``; values, object classes and object sets never reach the parser at all. Structure (SEQUENCE,
CHOICE, tags, groups, COMPONENTS OF) stays with the library.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from rsu.errors import SchemaError

TOKEN = re.compile(
    r"""(?P<space>\s+|--(?:(?!--)[^\n])*(?:--|$)|/\*.*?\*/)
      |(?P<word>[A-Za-z](?:-?[A-Za-z0-9])*|&[A-Za-z](?:-?[A-Za-z0-9])*)
      |(?P<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)
      |(?P<string>"(?:[^"]|"")*"|'[^']*'[BH])
      |(?P<mark>::=|\.\.\.|\.\.|\[\[|\]\]|[{}()\[\],;:.|^@!<>-])""",
    re.VERBOSE | re.DOTALL | re.MULTILINE,
)
OPEN = {"{": "}", "(": ")", "[": "]"}
TWO_WORDS = {("BIT", "STRING"), ("OCTET", "STRING"), ("OBJECT", "IDENTIFIER"), ("CHARACTER", "STRING"), ("EMBEDDED", "PDV")}
BUILTIN = frozenset(
    "SEQUENCE SET CHOICE ENUMERATED INTEGER BOOLEAN NULL REAL BIT OCTET STRING OBJECT IDENTIFIER RELATIVE-OID ANY EXTERNAL "
    "UTF8String IA5String VisibleString ISO646String NumericString PrintableString TeletexString T61String VideotexString "
    "GraphicString GeneralString UniversalString BMPString GeneralizedTime UTCTime ObjectDescriptor DATE TIME-OF-DAY DATE-TIME "
    "OF OPTIONAL DEFAULT SIZE FROM MIN MAX TRUE FALSE COMPONENTS IMPLICIT EXPLICIT APPLICATION PRIVATE UNIVERSAL CLASS UNIQUE "
    "WITH COMPONENT SYNTAX CONTAINING ENCODED BY UNION INTERSECTION EXCEPT ALL INCLUDES PATTERN CONSTRAINED PRESENT ABSENT "
    "PLUS-INFINITY MINUS-INFINITY NOT-A-NUMBER DEFINED CHARACTER EMBEDDED PDV INSTANCE".split()
)


class Token(str):
    """A lexical item that remembers its line."""

    line: int


Tokens = Sequence[Token]


@dataclass
class Template:
    """A parameterised type: its dummy parameters and its body."""

    parameters: list[str]
    body: list[Token]


@dataclass
class Module:
    """One module: what is captured here, and ``parser_text`` for asn1tools."""

    name: str
    file: str
    tags: str = "EXPLICIT"
    extensibility_implied: bool = False
    imports: dict[str, str] = field(default_factory=dict)
    types: dict[str, list[Token]] = field(default_factory=dict)
    values: dict[str, tuple[list[Token], list[Token]]] = field(default_factory=dict)  # name → (type, value)
    classes: dict[str, list[Token]] = field(default_factory=dict)
    object_sets: dict[str, tuple[str, list[Token]]] = field(default_factory=dict)  # name → (class, body)
    templates: dict[str, Template] = field(default_factory=dict)
    captured: list[list[list[Token]]] = field(default_factory=list)  # what a number in the parser's text stands for


def tokenize(text: str, file: str) -> list[Token]:
    """Lexical items of ``text`` without comments.

    :raises SchemaError: at a character that starts no item.
    """
    tokens: list[Token] = []
    line, place = 1, 0
    while place < len(text):
        match = TOKEN.match(text, place)
        if match is None:
            raise SchemaError(f"{file}:{line}: unexpected {text[place]!r}")
        if match.lastgroup != "space":
            token = Token(match.group())
            token.line = line
            tokens.append(token)
        line += match.group().count("\n")
        place = match.end()
    return tokens


class Reader:
    """A place in a token list, with the few questions the splitter asks."""

    def __init__(self, tokens: Tokens, file: str) -> None:
        self.tokens = tokens
        self.file = file

    def at(self, index: int) -> str:
        return self.tokens[index] if index < len(self.tokens) else ""

    def fail(self, index: int, wanted: str) -> SchemaError:
        line = self.tokens[min(index, len(self.tokens) - 1)].line if self.tokens else 1
        found = repr(str(self.at(index))) if index < len(self.tokens) else "the end"
        return SchemaError(f"{self.file}:{line}: expected {wanted}, found {found}")

    def group_end(self, index: int) -> int:
        """The index after the bracket that closes the one at ``index``."""
        opening = self.at(index)
        closing, depth = OPEN[opening], 0
        for place in range(index, len(self.tokens)):
            if self.tokens[place] == opening:
                depth += 1
            elif self.tokens[place] == closing:
                depth -= 1
                if depth == 0:
                    return place + 1
        raise self.fail(len(self.tokens), f"{closing!r} for {opening!r} of line {self.tokens[index].line}")

    def value_end(self, index: int) -> int:
        """The index after a value notation."""
        if self.at(index) == "{":
            return self.group_end(index)
        index += 2 if self.at(index) == "-" else 1
        if self.at(index) == ".":
            index += 2
        return self.value_end(index + 1) if self.at(index) == ":" else index

    def type_end(self, index: int) -> int:
        """The index after a type notation, its constraints included."""
        if self.at(index) == "[":
            index = self.group_end(index)
            if self.at(index) in ("IMPLICIT", "EXPLICIT"):
                index += 1
        word = self.at(index)
        if word in ("SEQUENCE", "SET") and self.at(index + 1) != "{":
            return self._list_end(index + 1)
        if word in ("SEQUENCE", "SET", "CHOICE", "ENUMERATED", "CLASS"):
            if self.at(index + 1) != "{":
                raise self.fail(index + 1, "'{'")
            index = self.group_end(index + 1)
            if word == "CLASS" and self.at(index) == "WITH":
                return self.group_end(index + 2)
        else:
            index = self._name_end(index)
        while self.at(index) == "(":
            index = self.group_end(index)
        return index

    def _list_end(self, index: int) -> int:
        if self.at(index) == "SIZE":
            index += 1
        if self.at(index) == "(":
            index = self.group_end(index)
        if self.at(index) != "OF":
            raise self.fail(index, "'{' or OF")
        index += 1
        if self.at(index)[:1].islower():
            index += 1
        return self.type_end(index)

    def _name_end(self, index: int) -> int:
        if not re.match(r"[A-Z]", self.at(index)):
            raise self.fail(index, "a type")
        index += 2 if (self.at(index), self.at(index + 1)) in TWO_WORDS else 1
        while self.at(index) == ".":
            index += 2
        return self.group_end(index) if self.at(index) == "{" else index


def read_modules(text: str, file: str) -> list[Module]:
    """All modules of one file, split into assignments.

    :raises SchemaError: naming file and line.
    """
    reader = Reader(tokenize(text, file), file)
    modules, index = [], 0
    while index < len(reader.tokens):
        module, index = _read_module(reader, index)
        modules.append(module)
    if not modules:
        raise SchemaError(f"{file}: holds no ASN.1 module")
    return modules


def _read_module(reader: Reader, index: int) -> tuple[Module, int]:
    module = Module(name=str(reader.at(index)), file=reader.file)
    if not re.match(r"[A-Z]", module.name):
        raise reader.fail(index, "a module name")
    index += 1
    if reader.at(index) == "{":
        index = reader.group_end(index)
    if reader.at(index) != "DEFINITIONS":
        raise reader.fail(index, "DEFINITIONS")
    index += 1
    while reader.at(index) != "::=":
        if reader.at(index) in ("AUTOMATIC", "EXPLICIT", "IMPLICIT"):
            module.tags = str(reader.at(index))
        elif reader.at(index) == "EXTENSIBILITY":
            module.extensibility_implied = True
        elif reader.at(index) not in ("TAGS", "IMPLIED"):
            raise reader.fail(index, "::=")
        index += 1
    if reader.at(index + 1) != "BEGIN":
        raise reader.fail(index + 1, "BEGIN")
    index = _read_imports(reader, index + 2, module)
    while reader.at(index) != "END":
        index = _read_assignment(reader, index, module)
    return module, index + 1


def _read_imports(reader: Reader, index: int, module: Module) -> int:
    if reader.at(index) == "EXPORTS":
        while reader.at(index) != ";":
            index += 1
            if index >= len(reader.tokens):
                raise reader.fail(index, "';' after EXPORTS")
        index += 1
    if reader.at(index) != "IMPORTS":
        return index
    index += 1
    names: list[str] = []
    while reader.at(index) != ";":
        if index >= len(reader.tokens):
            raise reader.fail(index, "';' after IMPORTS")
        if reader.at(index) == "FROM":
            module.imports.update(dict.fromkeys(names, str(reader.at(index + 1))))
            names, index = [], index + 2
            if reader.at(index) == "{":
                index = reader.group_end(index)
            if reader.at(index) == "WITH":
                index += 2
            continue
        if reader.at(index) not in (",", "{", "}"):
            names.append(str(reader.at(index)))
        index += 1
    return index + 1


def _read_assignment(reader: Reader, index: int, module: Module) -> int:
    name = str(reader.at(index))
    if not re.match(r"[A-Za-z]", name):
        raise reader.fail(index, "an assignment or END")
    place = index + 1
    parameters: list[str] | None = None
    if reader.at(place) == "{":
        end = reader.group_end(place)
        parameters = _dummy_names(reader.tokens[place + 1 : end - 1])
        place = end
    if reader.at(place) == "::=":
        end = reader.type_end(place + 1)
        body = list(reader.tokens[place + 1 : end])
        if parameters is not None:
            module.templates[name] = Template(parameters, body)
        elif body[0] == "CLASS":
            module.classes[name] = body
        else:
            module.types[name] = body
        return end
    governor_end = reader.type_end(place)
    if reader.at(governor_end) != "::=":
        raise reader.fail(governor_end, "::=")
    governor = list(reader.tokens[place:governor_end])
    end = reader.value_end(governor_end + 1)
    body = list(reader.tokens[governor_end + 1 : end])
    if name[0].islower():
        module.values[name] = (governor, body)
    else:
        module.object_sets[name] = (str(governor[0]), body)
    return end


def _dummy_names(tokens: Tokens) -> list[str]:
    return [str(part[-1]) for part in split(tokens, ",")]


def split(tokens: Iterable[Token], mark: str) -> list[list[Token]]:
    """``tokens`` cut at every ``mark`` outside brackets."""
    parts: list[list[Token]] = [[]]
    depth = 0
    for token in tokens:
        if token == mark and depth == 0:
            parts.append([])
            continue
        depth += (token in ("{", "(", "[", "[[")) - (token in ("}", ")", "]", "]]"))
        parts[-1].append(token)
    return parts if parts != [[]] else []
