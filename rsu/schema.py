"""Schemas: ASN.1 text in, an encoder and decoder for every type out.

``load_schema`` reads the modules (through asn1tools' parser, with :mod:`rsu._asn1` in front of it), lowers them once to an op
program, keeps that program in a cache, and hands it to the engine in :mod:`rsu._codec`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from rsu._asn1 import cache
from rsu._asn1.edition import Patch, apply_patches, parse_patches
from rsu._asn1.info import TypeInfo, describe, program_text
from rsu._asn1.lower import Lowered, Lowering
from rsu._asn1.resolve import resolver_of
from rsu._codec import FieldPlan, Program, SchemaBase, TypeCodec
from rsu.errors import DecodeError, Finding, SchemaError
from rsu.peek import Peek, PeekPaths, load_peek_paths, plan_rows
from rsu.units import LAYERS, Unit, asn1_root, load_units

if TYPE_CHECKING:
    from rsu.columns import Columns

MAX_SCHEMA_OCTETS = 16 << 20  # of all .asn files together

Source = str | PathLike[str] | Sequence[str | PathLike[str]]


class Span(NamedTuple):
    """A bit range of a message and what it is.

    ``role``: ``value``, ``presence``, ``extension``, ``length``, ``index``, ``padding`` or ``raw``.
    """

    path: str
    offset: int
    bits: int
    role: str
    type_name: str
    value: Any


class Schema(SchemaBase):
    """Encoder and decoder for the types of some ASN.1 modules; made by :func:`load_schema`."""

    def __init__(self, name: str, digest: str, lowered: Lowered) -> None:
        self.name = name
        self.digest = digest
        self._lowered = lowered
        program = self._program = Program(lowered)
        self.modules: dict[str, dict[str, TypeCodec]] = {
            module: {type_name: TypeCodec(program, op, type_name, module) for type_name, op in types.items()}
            for module, types in lowered.types.items()
        }
        table: dict[str, TypeCodec | None] = {}
        for module, codecs in self.modules.items():
            for type_name, codec in codecs.items():
                table[type_name] = None if type_name in table else codec
                table[f"{module}.{type_name}"] = codec
        super().__init__(table)
        self._peek_paths: Mapping[str, PeekPaths] | None = None

    def __repr__(self) -> str:
        return f"<Schema {self.name}: {sum(map(len, self.modules.values()))} types in {len(self.modules)} modules>"

    def find_type(self, type_name: str) -> TypeCodec:
        """The codec of ``type_name``.

        :raises SchemaError: for a name that no module or more than one module has.
        """
        codec = self.types.get(type_name)
        if codec is not None:
            return codec
        homes = [module for module, codecs in self.modules.items() if type_name in codecs]
        if homes:
            choices = " or ".join(f"{module}.{type_name}" for module in homes)
            raise SchemaError(f"schema {self.name}: {type_name} stands in {len(homes)} modules: say {choices}")
        near = [name for name in self.types if str(type_name).lower() in name.lower() and "." not in name]
        hint = f"; did you mean {', '.join(near[:5])}?" if near and type_name else "; `rsu inspect` lists the types"
        raise SchemaError(f"schema {self.name} has no type {type_name!r}{hint}")

    def type_info(self, type_name: str) -> TypeInfo:
        """What a type is: constraints, members, bit widths; see :class:`TypeInfo`."""
        return describe(self._lowered, self.find_type(type_name).index)

    def program(self, type_name: str) -> str:
        """The op program of a type, printed."""
        return program_text(self._lowered, self.find_type(type_name).index)

    def columns(
        self,
        type_name: str,
        paths: Mapping[str, str] | Sequence[str],
        *,
        scaled: bool = False,
        units: Mapping[str, Unit] | None = None,
    ) -> Columns:
        """A projection: a few fields of many messages, to be decoded straight into columns.

        :param paths: column name → path, or paths that are their own names. A path names components, alternatives and the
            types inside open types: ``bsmFrame.pos.lat``, ``value.BasicSafetyMessage.coreData.lat``; ``participants[].speed``
            makes a row of each element. A path to a container gives what is known without looking inside: whether a
            SEQUENCE is there, which alternative a CHOICE has, how many elements a list.
        :param scaled: give numbers in the unit of the built-in schema's units.toml, without the codes for "unavailable".
        :param units: the same with a table of units of your own, by type name.
        :raises SchemaError: for a path that the type does not have, or two lists in one projection.
        """
        from rsu.columns import Columns  # numpy takes longer to load than all else, and the build has none

        named = dict(paths) if isinstance(paths, Mapping) else {path: path for path in paths}
        if scaled and units is None:
            units = load_units(self.name)
        return Columns(self._program, self._lowered, self.find_type(type_name).index, named, units)

    def trace(
        self, type_name: str, data: bytes, *, strict: bool = True, max_elements: int = 10_000, max_depth: int = 64
    ) -> tuple[list[Span], DecodeError | None]:
        """Each bit range of ``data`` with its meaning, in order, up to the end or the error (which is given, not raised)."""
        codec = self.find_type(type_name)
        marks, error = codec.trace(data, strict=strict, max_elements=max_elements, max_depth=max_depth)
        spans = [Span(path, offset, bits, role, self._type_name(op), value) for path, offset, bits, role, op, value in marks]
        return sorted(spans, key=lambda span: (span.offset, span.bits)), error

    @property
    def peek_paths(self) -> Mapping[str, PeekPaths]:
        """Message → where :meth:`peek` finds its fields. Built-in schemas have a table; give another one to replace it."""
        if self._peek_paths is None:
            self._peek_paths = load_peek_paths(self.name) if self.name.partition("?")[0] in LAYERS else {}
        return self._peek_paths

    @peek_paths.setter
    def peek_paths(self, paths: Mapping[str, PeekPaths]) -> None:
        self._peek_paths = dict(paths)
        self.forget_plans()

    def peek_plan(self, type_name: str) -> FieldPlan:
        """The plan of a type for :meth:`peek`, from :attr:`peek_paths`.

        :raises SchemaError: where no row begins at the type, or a path is not in the schema.
        """
        codec = self.find_type(type_name)
        rows = plan_rows(self.peek_paths, codec.name)
        if not rows:
            raise SchemaError(
                f"schema {self.name}: no fields to peek at are known for {type_name}: give them as "
                f'schema.peek_paths = {{"Message": rsu.peek.PeekPaths(at="{codec.name}.component", msgCnt="path.below")}}'
            )
        return codec.plan(Peek, rows)

    def _type_name(self, op: int) -> str:
        if op < 0:
            return ""
        name, _, kind, _ = self._lowered.infos[op]
        return self._lowered.names[name] or self._lowered.names[kind]


def load_schema(source: Source) -> Schema:
    """A schema by name or from files.

    :param source: a built-in name (``csae-53``, ``csae-157``, ``sae-j2735``), with edition patches where needed
        (``csae-157?LaneEx.laneLineType=mandatory``), or .asn files; a folder stands for the .asn files in it.
    :raises SchemaError: for an unknown name, a file that cannot be read, or ASN.1 that cannot be used.
    """
    name, files, patches = _named_files(source)
    texts = _read(files)
    key = cache.key_of(texts, patches)
    lowered = cache.load(key)
    if lowered is None:
        lowered = lower(texts, patches)
        cache.save(key, lowered)
    return Schema(name, key, lowered)


def lower(texts: Sequence[tuple[str, str]], patches: Sequence[Patch] = ()) -> Lowered:
    """(file name, text) pairs → the op program.

    :raises SchemaError: naming file and place.
    """
    resolver = resolver_of(texts)
    apply_patches(resolver, patches)
    return Lowering(resolver).schema()


def built_in_files(name: str) -> list[Path]:
    """The .asn files of a built-in schema, later folders over earlier ones."""
    files: dict[str, Path] = {}
    for folder in LAYERS[name]:
        for path in sorted((asn1_root() / folder).glob("*.asn")):
            files[path.name] = path
    return [files[key] for key in sorted(files)]


def built_in_texts(name: str) -> list[tuple[str, str]]:
    """(file name, text) pairs of a built-in schema."""
    return _read(built_in_files(name))


def _named_files(source: Source) -> tuple[str, list[Path], tuple[Patch, ...]]:
    if isinstance(source, str):
        base, _, patch_text = source.partition("?")
        if base in LAYERS:
            return source, built_in_files(base), parse_patches(patch_text)
        if not Path(source).exists():
            names = ", ".join(LAYERS)
            raise SchemaError(f"{source!r} is neither a built-in schema ({names}) nor a file")
    listed = [source] if isinstance(source, str | PathLike) else list(source)
    files = [inner for item in listed for inner in _expand(Path(item))]
    if not files:
        raise SchemaError("no .asn file is given")
    return "+".join(path.stem for path in files[:3]) + ("…" if len(files) > 3 else ""), files, ()


def _expand(path: Path) -> Iterable[Path]:
    return sorted(path.glob("*.asn")) if path.is_dir() else [path]


def _read(files: Iterable[Path]) -> list[tuple[str, str]]:
    texts: list[tuple[str, str]] = []
    total = 0
    for path in files:
        try:
            content = path.read_bytes()
        except OSError as error:
            raise SchemaError(f"{path}: cannot be read: {error.strerror}") from error
        total += len(content)
        if total > MAX_SCHEMA_OCTETS:
            raise SchemaError(f"{path}: the schema is larger than {MAX_SCHEMA_OCTETS} octets")
        try:
            texts.append((str(path), content.decode("utf-8")))
        except UnicodeDecodeError as error:
            raise SchemaError(f"{path}: is no UTF-8 text (octet {error.start})") from error
    return texts


__all__ = ["Finding", "Schema", "Span", "TypeInfo", "built_in_texts", "load_schema", "lower"]
