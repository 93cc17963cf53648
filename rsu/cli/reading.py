"""One message from octets to a decoded value: the path that `decode`, `explain` and `query` share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rsu.cli.exit_codes import UsageError
from rsu.errors import ConfigError

if TYPE_CHECKING:
    from rsu.frames import Unwrapped
    from rsu.schema import Finding, Schema
    from rsu.standards import Standard
    from rsu.units import Unit


@dataclass(frozen=True)
class Vocabulary:
    """A schema with all that the command line needs beside it.

    :param name: the standard's name, empty for a schema of the user's alone.
    :param standard: its catalogue, or None.
    """

    name: str
    schema: Schema
    standard: Standard | None

    @cached_property
    def units(self) -> Mapping[str, Unit]:
        """The rows of ``units.toml``; empty for a schema of the user's alone."""
        from rsu.units import load_units

        return load_units(self.name) if self.name else {}

    def root(self, wanted: str) -> str:
        """The type to decode: ``wanted``, else the standard's frame."""
        if wanted:
            return wanted
        if self.standard is None:
            raise UsageError("a schema of your own has no default type: give --type NAME")
        return self.standard.root


def vocabulary(standard: str, files: Sequence[Path]) -> Vocabulary:
    """The schema of a standard, or of ``files`` in its place.

    :raises SchemaError: a file that does not compile.
    """
    import rsu
    from rsu.standards import STANDARDS

    base = standard_base(standard)
    for file in files:
        if not file.exists():
            raise UsageError(f"--schema {file}: there is no such file")
    schema = rsu.load_schema([str(file) for file in files] if files else standard)
    return Vocabulary(standard, schema, STANDARDS[base] if standard else None)


def standard_base(standard: str) -> str:
    """The standard's name without its edition patches.

    :raises UsageError: a name that no standard has.
    """
    from rsu.standards import parse_standard_name

    try:
        return parse_standard_name(standard)[0] if standard else ""
    except ConfigError as error:
        raise UsageError(f"--{error}") from error


@dataclass(frozen=True)
class Reading:
    """A message taken apart.

    :param message: the ASN.1 type of the message inside the frame, e.g. ``BasicSafetyMessage``.
    """

    vocabulary: Vocabulary
    frame: Unwrapped
    type_name: str
    message: str
    value: Any
    findings: list[Finding]


@dataclass
class Reader:
    """The options of a command that reads messages; keeps the schemas it has loaded."""

    standard: str = ""
    type_name: str = ""
    header: str = "auto"
    files: Sequence[Path] = ()
    strict: bool = True
    _loaded: dict[str, Vocabulary] = field(default_factory=dict)

    def unwrap(self, data: bytes) -> tuple[Unwrapped, Vocabulary]:
        """Take the headers off, and choose the schema: what a header says wins over `--standard`."""
        from rsu.frames import unwrap
        from rsu.standards import standard_for

        frame = unwrap(data, self.header, standard=self.standard)
        name = standard_for(frame.header, self.standard)
        if not name and not self.files:
            raise UsageError(
                "no radio header names the standard of this message: "
                "give --standard csae-53, csae-157 or sae-j2735 "
                "(where there should be a header, --header dsmp or wsmp says why it does not fit)"
            )
        return frame, self._vocabulary(name)

    def read(self, data: bytes) -> Reading:
        """Decode one message.

        :raises FrameError: a header that does not fit.
        :raises DecodeError: octets that are no value of the type.
        """
        frame, words = self.unwrap(data)
        type_name = words.root(self.type_name)
        findings: list[Finding] = []
        value = words.schema.decode(type_name, frame.payload, strict=self.strict, findings=findings)
        return Reading(words, frame, type_name, message_name(words, type_name, value), value, findings)

    def _vocabulary(self, name: str) -> Vocabulary:
        if name not in self._loaded:
            self._loaded[name] = vocabulary(name, self.files)
        return self._loaded[name]


def message_name(words: Vocabulary, type_name: str, value: Any) -> str:
    """The type of the message inside a frame; the type itself for any other."""
    if words.standard is None or type_name != words.standard.root:
        return type_name
    from rsu.standards import message_type

    return message_type(words.standard, value)[0]


def frame_text(frame: Unwrapped) -> str:
    """The headers of a message in a few words: ``DSMP, AID 3618 (MAP), signed by digest 0a1b…``."""
    from rsu.standards import aid_name, psid_name

    words = []
    if frame.header != "none" and frame.aid is not None:
        kind, service = ("AID", aid_name) if frame.header == "dsmp" else ("PSID", psid_name)
        called = f" ({service(frame.aid)})" if service(frame.aid) else ""
        words.append(f"{frame.header.upper()}, {kind} {frame.aid}{called}")
    security = frame.security
    if security.status != "none":
        signer = f" by {security.signer} {security.digest.hex()}".rstrip() if security.signer else ""
        words.append(f"{security.status}{signer}")
    return ", ".join(words) or "no header"
