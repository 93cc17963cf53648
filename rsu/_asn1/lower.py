"""The graph of types → one op program: tables of integers that the codec's interpreter runs.

========  =====================================================================================================
op        columns that matter (all ops: ``code flags bits a b c d lo span min_bits``)
========  =====================================================================================================
NULL BOOL –
INT       bits, lo, span = greatest − least (64 bits unsigned), d: object of the allowed intervals or −1; EXT
BIGINT    bits, a, b: objects of least and greatest; EXT
SEMIINT   a: object of the least value; EXT
ANYINT    d as INT
ENUM      bits, a: first name, b: root items, c: additions, d: table name → index; EXT
BITSTR    size; NAMED: trailing zero bits are no part of the value; EXT
OCTSTR    size; EXT
CHARSTR   size, a: object of the alphabet or −1, b: bits a character, c: 1 characters travel as index; EXT
TEXT      a: 0 UTF-8, 1 Latin-1; lo, span: size, d: object of the alphabet or −1 (checked on request only)
OID ROID REAL GENTIME UTCTIME   –
SEQUENCE  a: first member, b: root members, c: additions, d: presence bits; EXT. SET is the same
GROUP     a SEQUENCE without EXT whose members belong to the enclosing type
CHOICE    bits, a: first alternative, b: root alternatives, c: additions, d: table name → index; EXT
LIST      a: element op, size; EXT
OPEN      octets
TABLE     a: rows, b: name of the component that holds the id, or −1
OCTCON BITCON  a: op of the contents, b: name of the contents' type, size; EXT
========  =====================================================================================================

"size" is ``lo`` (least), ``span`` (greatest − least, −1: no upper bound below 64 K) and ``bits`` (of the length).
"""

from __future__ import annotations

from typing import Any

import msgspec

from rsu._asn1.model import NO_DEFAULT, Group, Member, Node
from rsu._asn1.resolve import Resolver
from rsu.errors import SchemaError

(NULL, BOOL, INT, BIGINT, SEMIINT, ANYINT, ENUM, BITSTR, OCTSTR, CHARSTR, TEXT, OID, ROID, REAL, GENTIME, UTCTIME, SEQUENCE,
 CHOICE, LIST, OPEN, TABLE, OCTCON, BITCON, GROUP) = range(24)  # fmt: skip
OP_NAMES = (
    "NULL BOOL INT BIGINT SEMIINT ANYINT ENUM BITSTR OCTSTR CHARSTR TEXT OID ROID REAL GENTIME UTCTIME SEQUENCE CHOICE LIST "
    "OPEN TABLE OCTCON BITCON GROUP".split()
)
EXT, NAMED, UNSIGNED = 1, 2, 4  # op flags
OPTIONAL, DEFAULT, MUTABLE = 1, 2, 4  # member flags
OP_COLUMNS, MEMBER_COLUMNS = 10, 4
SIZE_LIMIT = 65536  # an upper bound from here on does not shorten the length (X.691 11.9.4)
INT32_MAX = 2**31 - 1  # of a column; no message has as many bits
INT64_MIN, INT64_MAX, UINT64_MAX = -(2**63), 2**63 - 1, 2**64 - 1

PLAIN = {
    "NULL": NULL, "BOOLEAN": BOOL, "OBJECT IDENTIFIER": OID, "RELATIVE-OID": ROID, "REAL": REAL, "GeneralizedTime": GENTIME,
    "UTCTime": UTCTIME, "ANY": OPEN, "ANY DEFINED BY": OPEN,
}  # fmt: skip
TEXTS = {
    "UTF8String": 0, "TeletexString": 1, "T61String": 1, "VideotexString": 1, "GraphicString": 1, "GeneralString": 1,
    "ObjectDescriptor": 1,
}  # fmt: skip
PRINTABLE = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 '()+,-./:=?"
VISIBLE = "".join(map(chr, range(32, 127)))
CHARACTERS: dict[str, tuple[str | None, int]] = {  # kind → (alphabet or None for all, greatest character)
    "IA5String": (None, 0x7F),
    "VisibleString": (VISIBLE, 0x7E),
    "ISO646String": (VISIBLE, 0x7E),
    "NumericString": (" 0123456789", 0x39),
    "PrintableString": (PRINTABLE, 0x7A),
    "BMPString": (None, 0xFFFF),
    "UniversalString": (None, 0xFFFFFFFF),
}


class Lowered(msgspec.Struct, frozen=True):
    """A lowered schema, as it is cached: integers, names, and Python literals."""

    ops: list[int]
    members: list[int]
    names: list[str]
    objects: list[str]  # literals
    enums: list[list[int]]  # [first name, count] of each name → index table
    rows: list[dict[int, tuple[int, int]]]  # id → (op, name)
    types: dict[str, dict[str, int]]  # module → type → op
    infos: list[tuple[int, int, int, int]]  # for each op: name of the type, module, kind, object of named bits (−1: none)


class Lowering:
    """Walks the graph once; a node met again is the op it got the first time."""

    def __init__(self, resolver: Resolver) -> None:
        self.resolver = resolver
        self.ops: list[list[int]] = []
        self.infos: list[tuple[int, int, int, int]] = []
        self.members: list[int] = []
        self.names: list[str] = []
        self.name_index: dict[str, int] = {}
        self.objects: list[str] = []
        self.enums: list[list[int]] = []
        self.rows: list[dict[int, tuple[int, int]]] = []
        self.known: dict[int, int] = {}
        self.nodes: list[Node] = []

    def schema(self) -> Lowered:
        """Every type that the modules name."""
        types: dict[str, dict[str, int]] = {}
        for module_name, parsed in {name: list(parsed) for name, parsed in self.resolver.parsed.items()}.items():
            module = self.resolver.modules[module_name]
            types[module_name] = {name: self.op(self.resolver.type(module, name)) for name in parsed}
        flat = [value for op in self.ops for value in op]
        return Lowered(flat, self.members, self.names, self.objects, self.enums, self.rows, types, self.infos)

    def name(self, text: str) -> int:
        if text not in self.name_index:
            self.name_index[text] = len(self.names)
            self.names.append(text)
        return self.name_index[text]

    def object(self, value: Any) -> int:
        text = repr(value) if value not in (float("inf"), float("-inf")) else ("1e999" if value > 0 else "-1e999")
        self.objects.append(text)
        return len(self.objects) - 1

    def op(self, node: Node) -> int:
        """The op of a node; its place is taken before its members are lowered, for types that hold themselves."""
        if id(node) in self.known:
            return self.known[id(node)]
        index = self.known[id(node)] = len(self.ops)
        self.nodes.append(node)
        self.ops.append([0] * OP_COLUMNS)
        bits = self.object(sorted(node.bits.items())) if node.bits else -1
        self.infos.append((self.name(node.name), self.name(node.module), self.name(node.kind), bits))
        columns = self._columns(node)
        columns["min_bits"] = min(columns["min_bits"], INT32_MAX)
        self.ops[index] = [
            columns.get(key, -1 if key == "d" and columns["code"] in (INT, ANYINT, TEXT) else 0)
            for key in ("code", "flags", "bits", "a", "b", "c", "d", "lo", "span", "min_bits")
        ]
        return index

    def _columns(self, node: Node) -> dict[str, int]:
        kind = node.kind
        if kind == "INTEGER":
            return self._integer(node)
        if kind == "ENUMERATED":
            return self._enumerated(node)
        if kind in ("SEQUENCE", "SET"):
            return self._sequence(node)
        if kind == "CHOICE":
            return self._choice(node)
        if kind == "OPEN TYPE":
            return self._open_type(node)
        if kind in ("SEQUENCE OF", "SET OF"):
            assert node.element is not None
            element = self.op(node.element)
            return self._sized(node, LIST, self.ops[element][9]) | {"a": element}
        if kind in ("BIT STRING", "OCTET STRING"):
            return self._string(node)
        if kind in CHARACTERS:
            return self._characters(node)
        if kind in TEXTS:
            return self._text(node)
        if kind in PLAIN:
            minimum = {NULL: 0, BOOL: 1}.get(PLAIN[kind], 8)
            return {"code": PLAIN[kind], "min_bits": minimum}
        raise SchemaError(f"module {node.module}: {node.name or 'a component'}: type {kind} has no packed encoding here")

    def _integer(self, node: Node) -> dict[str, int]:
        low, high = node.constraint.value_range
        flags = EXT if node.constraint.values_extensible else 0
        intervals = node.constraint.values
        gaps = self.object(intervals) if intervals and len(intervals) > 1 else -1
        if low is None:
            if intervals and not flags:
                gaps = self.object(intervals)
            return {"code": ANYINT, "flags": flags, "d": gaps, "min_bits": 16}
        if high is None:
            return {"code": SEMIINT, "flags": flags, "a": self.object(low), "min_bits": 16}
        width = (high - low).bit_length()
        minimum = width + (1 if flags else 0)
        fits = INT64_MIN <= low and high <= INT64_MAX
        if width <= 64 and (fits or (low >= 0 and high <= UINT64_MAX)):
            flags |= 0 if fits else UNSIGNED
            columns = {"code": INT, "flags": flags, "bits": width, "d": gaps, "min_bits": minimum}
            return columns | {"lo": _signed(low), "span": _signed(high - low)}
        return {
            "code": BIGINT, "flags": flags, "bits": width, "a": self.object(low), "b": self.object(high), "min_bits": minimum,
        }  # fmt: skip

    def _enumerated(self, node: Node) -> dict[str, int]:
        first = len(self.names)
        self.names += [*node.values, *node.more_values]
        for place, name in enumerate([*node.values, *node.more_values]):
            self.name_index.setdefault(name, first + place)
        self.enums.append([first, len(node.values) + len(node.more_values)])
        width = (len(node.values) - 1).bit_length()
        return {
            "code": ENUM, "flags": EXT if node.extensible else 0, "bits": width, "a": first, "b": len(node.values),
            "c": len(node.more_values), "d": len(self.enums) - 1, "min_bits": width + node.extensible,
        }  # fmt: skip

    def _sized(self, node: Node, code: int, unit_bits: int) -> dict[str, int]:
        low, high = _size_range(node)
        flags = EXT if node.constraint.size_extensible else 0
        if high is None or high >= SIZE_LIMIT:
            return {"code": code, "flags": flags, "lo": low, "span": -1, "bits": 0, "min_bits": 8 + low * unit_bits,
                    "c": high if high is not None and high <= INT32_MAX and not flags else -1}  # fmt: skip
        width = (high - low).bit_length()
        minimum = (1 if flags else 0) + (0 if flags else width + low * unit_bits)
        return {"code": code, "flags": flags, "lo": low, "span": high - low, "bits": width, "min_bits": minimum, "c": -1}

    def _string(self, node: Node) -> dict[str, int]:
        octets = node.kind == "OCTET STRING"
        columns = self._sized(node, OCTSTR if octets else BITSTR, 8 if octets else 1)
        if node.contents is not None:
            inner = self.op(node.contents)
            name = node.contents.name
            if name.startswith("Contents-"):
                name = node.contents.kind
            return columns | {"code": OCTCON if octets else BITCON, "a": inner, "b": self.name(name)}
        if node.bits and not octets:
            columns["flags"] |= NAMED
        return columns

    def _characters(self, node: Node) -> dict[str, int]:
        alphabet, greatest = CHARACTERS[node.kind]
        if node.constraint.alphabet is not None:
            allowed = set(node.constraint.alphabet)
            alphabet = "".join(sorted(allowed & set(alphabet) if alphabet is not None else allowed))
            greatest = ord(alphabet[-1]) if alphabet else 0
        alphabet = "".join(sorted(alphabet)) if alphabet is not None else None
        count = len(alphabet) if alphabet is not None else greatest + 1
        width = (count - 1).bit_length() if count else 0
        columns = self._sized(node, CHARSTR, width)
        if columns["c"] != -1:  # an upper bound of 64 K or more: characters are far below any message's size
            columns["c"] = -1
        by_index = alphabet is not None and greatest > 2**width - 1
        return columns | {"a": -1 if alphabet is None else self.object(alphabet), "b": width, "c": int(by_index)}

    def _text(self, node: Node) -> dict[str, int]:
        low, high = _size_range(node)
        letters = node.constraint.alphabet
        return {
            "code": TEXT, "a": TEXTS[node.kind], "lo": low, "span": -1 if high is None or high > INT64_MAX else high - low,
            "min_bits": 8, "d": -1 if letters is None else self.object("".join(sorted(letters))),
        }  # fmt: skip

    def _open_type(self, node: Node) -> dict[str, int]:
        if not node.constraint.table:
            return {"code": OPEN, "min_bits": 16}
        self.rows.append({})
        index = len(self.rows) - 1
        for number, row in node.rows.items():
            self.rows[index][number] = (self.op(row), self.name(row.name))
        return {"code": TABLE, "a": index, "b": self.name(node.by) if node.by else -1, "min_bits": 16}

    def _sequence(self, node: Node) -> dict[str, int]:
        first = self._members([*node.root, *node.additions])
        root = [member for member in node.root if not member.optional and member.default is NO_DEFAULT]
        minimum = sum(self.ops[self.op(member.node)][9] for member in root)
        presence = len(node.root) - len(root)
        return {
            "code": SEQUENCE, "flags": EXT if node.extensible else 0, "a": first, "b": len(node.root), "c": len(node.additions),
            "d": presence, "min_bits": minimum + presence + node.extensible,
        }  # fmt: skip

    def _choice(self, node: Node) -> dict[str, int]:
        if not node.root:
            raise SchemaError(f"module {node.module}: {node.name or 'a CHOICE'} has no alternatives")
        first = self._members([*node.root, *node.additions])
        start = len(self.names)
        alternatives = [*node.root, *node.additions]
        self.names += [member.name for member in alternatives if isinstance(member, Member)]
        self.enums.append([start, len(alternatives)])
        width = (len(node.root) - 1).bit_length()
        least = min(self.ops[self.op(member.node)][9] for member in node.root)
        return {
            "code": CHOICE, "flags": EXT if node.extensible else 0, "bits": width, "a": first, "b": len(node.root),
            "c": len(node.additions), "d": len(self.enums) - 1,
            "min_bits": 1 + width if node.extensible else width + least,
        }  # fmt: skip

    def _members(self, items: list[Member | Group]) -> int:
        """Lowers the members' types first, so that one type's members lie side by side; returns the first's place."""
        rows = []
        for item in items:
            if isinstance(item, Group):
                rows.append([self._group(item), self.name("[[ ]]"), OPTIONAL, -1])
                continue
            flags, default = (OPTIONAL if item.optional else 0), -1
            if item.default is not NO_DEFAULT:
                flags, default = DEFAULT | (MUTABLE if isinstance(item.default, (dict, list)) else 0), self.object(item.default)
            rows.append([self.op(item.node), self.name(item.name), flags, default])
        first = len(self.members) // MEMBER_COLUMNS
        for row in rows:
            self.members += row
        return first

    def _group(self, group: Group) -> int:
        node = Node("SEQUENCE", "", "")
        node.root = group.members
        index = self.op(node)
        self.ops[index][0] = GROUP
        return index


def _size_range(node: Node) -> tuple[int, int | None]:
    """Least and greatest size; ``None``: no bound."""
    low, high = node.constraint.size_range
    if low is not None and low > INT32_MAX:
        raise SchemaError(f"module {node.module}: {node.name or node.kind}: a least SIZE of {low} is more than a message holds")
    return low or 0, high


def _signed(value: int) -> int:
    """The 64 bits of an unsigned value as a signed one."""
    return value - 2**64 if value > INT64_MAX else value
