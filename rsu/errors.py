"""Every error the package raises on purpose.

::

    RsuError
    ├── SchemaError          an ASN.1 file or a type name that cannot be used
    ├── CodecError           .code .path .offset .reason
    │   ├── DecodeError      bytes that are not a value of the type
    │   └── EncodeError      a value that is not one of the type
    ├── FrameError           .code .layer .offset .reason: a radio or security header
    ├── SourceError          a file or interface that cannot be read
    ├── StoreError           a database that cannot be reached or written
    └── ConfigError          a setting outside its limits

``code`` is a short, stable word for counters and quarantine rows; ``reason`` is for people and says what was read and what
was allowed.
"""

from __future__ import annotations

from typing import NamedTuple


class RsuError(Exception):
    """Base of all errors of this package."""


class SchemaError(RsuError):
    """An ASN.1 file, a schema name or a type name that cannot be used."""


class Finding(NamedTuple):
    """What relaxed decoding accepted, or what is not canonical: an error's fields without the error."""

    code: str
    path: str
    offset: int
    reason: str


class CodecError(RsuError):
    """A message that does not fit its type; see :class:`DecodeError` and :class:`EncodeError`.

    :param reason: what was read or given and what was allowed.
    :param code: short stable word, e.g. ``truncated``.
    :param path: dotted path with alternatives, e.g. ``value.BasicSafetyMessage.coreData.lat``.
    :param offset: bit offset in the input (decoding) or in the output so far (encoding).
    :param type_name: the type that was asked for.
    """

    def __init__(self, reason: str, code: str = "encoding", path: str = "", offset: int = 0, type_name: str = "") -> None:
        self.reason = reason
        self.code = code
        self.path = path
        self.offset = offset
        self.type_name = type_name
        super().__init__(reason, code, path, offset, type_name)

    def __str__(self) -> str:
        dot = "." if self.type_name and self.path and not self.path.startswith("[") else ""
        return f"{self.type_name}{dot}{self.path}: {self.reason} (bit {self.offset})"


class DecodeError(CodecError):
    """Bytes that are not a value of the type."""


class EncodeError(CodecError):
    """A value that is not one of the type."""


class FrameError(RsuError):
    """A radio or security header that cannot be read.

    :param layer: ``dsmp``, ``wsmp``, ``ieee1609.2``, ``ydt3957``.
    :param offset: octet offset in the frame.
    """

    def __init__(self, reason: str, layer: str, offset: int = 0, code: str = "header") -> None:
        self.reason = reason
        self.layer = layer
        self.offset = offset
        self.code = code
        super().__init__(reason, layer, offset, code)

    def __str__(self) -> str:
        return f"{self.layer}: {self.reason} (octet {self.offset})"


class SourceError(RsuError):
    """A file or interface that cannot be read, or a format that is not known."""


class StoreError(RsuError):
    """A database that cannot be reached, is read-only or holds another schema."""


class ConfigError(RsuError):
    """A setting outside its limits; the message names the key."""
