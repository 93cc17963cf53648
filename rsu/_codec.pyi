"""Types of the compiled UPER engine; the sources are ``_codec.pyx`` and ``_codec_parts/``."""

from collections.abc import Iterator, Sequence
from typing import Any, Protocol, final

from rsu._asn1.lower import Lowered
from rsu.errors import DecodeError, Finding
from rsu.peek import Peek

Mark = tuple[str, int, int, str, int, Any]  # path, bit offset, bits, role, op (-1: none), value

class Program:
    """Tables of one schema, ready to run."""

    def __init__(self, lowered: Lowered) -> None: ...

REASONS: tuple[str, ...]

class Plan:
    """A compiled projection."""

    columns: list[tuple[int, int, int]]
    def __init__(
        self,
        program: Program,
        steps: list[tuple[int, ...]],
        nodes: list[tuple[int, ...]],
        fills: list[tuple[int, int, int]],
        columns: list[tuple[int, int, int]],
        objects: list[Any],
    ) -> None: ...

class Room(Protocol):
    """What makes room for rows."""

    def resize(self, capacity: int, used: int) -> tuple[int, int, int, tuple[int, int], list[tuple[int, int]]]: ...

class Batch:
    """Messages to be decoded together."""

    def __len__(self) -> int: ...
    @staticmethod
    def of_list(messages: Sequence[bytes | bytearray | memoryview | None]) -> Batch: ...
    @staticmethod
    def of_buffer(buffer: Any, offsets: Any) -> Batch: ...
    @staticmethod
    def of_arrow(source: Any) -> Batch: ...
    def walk(self, plan: Plan, storage: Room, verdicts: Any, *, max_elements: int = 10_000, max_depth: int = 64) -> int: ...

class ArrowField(Protocol):
    """An array to be handed out, with what its buffers lie in."""

    @property
    def name(self) -> str: ...
    @property
    def format(self) -> str: ...
    @property
    def length(self) -> int: ...
    @property
    def nulls(self) -> int: ...
    @property
    def buffers(self) -> Sequence[Any]: ...
    @property
    def children(self) -> Sequence[ArrowField]: ...
    @property
    def dictionary(self) -> ArrowField | None: ...

def export_field(field: ArrowField) -> tuple[object, object]: ...
def address_of(octets: Any) -> int: ...
def take_objects(address: int, count: int) -> list[Any]: ...

@final
class MessageView:
    """A part of a message that is read when it is asked for; made by :meth:`SchemaBase.view`."""

    def __getattribute__(self, name: str) -> Any: ...
    def __getitem__(self, key: str | int) -> Any: ...
    def __iter__(self) -> Iterator[Any]: ...
    def __len__(self) -> int: ...
    def __contains__(self, key: object) -> bool: ...
    def __call__(self) -> Any: ...
    def __dir__(self) -> list[str]: ...

class FieldPlan:
    """Which fields of a type's values are read, ready to run; made by :meth:`TypeCodec.plan`."""

    def read(self, data: bytes | bytearray | memoryview) -> Any: ...

class Template:
    """A message whose fields of fixed width are written in place; made by :meth:`SchemaBase.template`."""

    def __getitem__(self, path: str) -> Any: ...
    def __setitem__(self, path: str, value: Any) -> None: ...
    def __bytes__(self) -> bytes: ...
    def __buffer__(self, flags: int, /) -> memoryview: ...
    def __len__(self) -> int: ...

class TypeCodec:
    """Encoder and decoder of one type."""

    name: str
    module: str
    @property
    def index(self) -> int: ...
    def __init__(self, program: Program, op: int, name: str, module: str) -> None: ...
    def decode(
        self,
        data: bytes | bytearray | memoryview,
        check_constraints: bool = False,
        *,
        strict: bool = True,
        open_types: bool = True,
        findings: list[Finding] | None = None,
        max_elements: int = 10_000,
        max_depth: int = 64,
    ) -> Any: ...
    def encode(self, value: Any, check_types: bool = True, check_constraints: bool = False) -> bytes: ...
    def check(
        self,
        data: bytes | bytearray | memoryview,
        *,
        strict: bool = True,
        max_elements: int = 10_000,
        max_depth: int = 64,
    ) -> None: ...
    def to_json(
        self,
        data: bytes | bytearray | memoryview,
        *,
        strict: bool = True,
        max_elements: int = 10_000,
        max_depth: int = 64,
    ) -> bytes: ...
    def from_json(self, text: str | bytes | bytearray | memoryview) -> bytes: ...
    def trace(
        self,
        data: bytes | bytearray | memoryview,
        *,
        strict: bool = True,
        max_elements: int = 10_000,
        max_depth: int = 64,
    ) -> tuple[list[Mark], DecodeError | None]: ...
    def view(
        self,
        data: bytes | bytearray | memoryview,
        *,
        strict: bool = True,
        max_elements: int = 10_000,
        max_depth: int = 64,
    ) -> MessageView: ...
    def patch(self, data: bytes | bytearray | memoryview, changes: dict[str, Any]) -> bytes: ...
    def template(self, data: bytes | bytearray | memoryview) -> Template: ...
    def plan(
        self, kind: type[Any], messages: Sequence[tuple[str, Sequence[str], Sequence[Sequence[str] | None]]]
    ) -> FieldPlan: ...

class SchemaBase:
    """The part of :class:`rsu.Schema` that is called once for each message."""

    types: dict[str, TypeCodec | None]
    def __init__(self, types: dict[str, TypeCodec | None]) -> None: ...
    def find_type(self, type_name: str) -> TypeCodec: ...
    def decode(
        self,
        type_name: str,
        data: bytes | bytearray | memoryview,
        check_constraints: bool = False,
        *,
        strict: bool = True,
        open_types: bool = True,
        findings: list[Finding] | None = None,
        max_elements: int = 10_000,
        max_depth: int = 64,
    ) -> Any: ...
    def encode(self, type_name: str, value: Any, check_types: bool = True, check_constraints: bool = False) -> bytes: ...
    def check(
        self,
        type_name: str,
        data: bytes | bytearray | memoryview,
        *,
        strict: bool = True,
        max_elements: int = 10_000,
        max_depth: int = 64,
    ) -> None: ...
    def to_json(
        self,
        type_name: str,
        data: bytes | bytearray | memoryview,
        *,
        strict: bool = True,
        max_elements: int = 10_000,
        max_depth: int = 64,
    ) -> bytes: ...
    def view(
        self,
        type_name: str,
        data: bytes | bytearray | memoryview,
        *,
        strict: bool = True,
        max_elements: int = 10_000,
        max_depth: int = 64,
    ) -> MessageView: ...
    def peek(self, type_name: str, data: bytes | bytearray | memoryview) -> Peek: ...
    def peek_plan(self, type_name: str) -> FieldPlan: ...
    def forget_plans(self) -> None: ...
    def patch(self, type_name: str, data: bytes | bytearray | memoryview, changes: dict[str, Any]) -> bytes: ...
    def template(self, type_name: str, data: bytes | bytearray | memoryview) -> Template: ...
    def from_json(self, type_name: str, text: str | bytes | bytearray | memoryview) -> bytes: ...
