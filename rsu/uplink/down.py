"""The message frames in what the platform sends down, in both forms, each decoded strictly before it counts.

A payload that begins with ``{`` is JSON: the message under its key (``map``, ``rsm`` …), one or a list, each a JSON value
as ``rsu decode --json`` prints it (of the message or of the whole MessageFrame) or the hex of a MessageFrame. Others are
the binary form.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from rsu.errors import DecodeError, EncodeError, SourceError
from rsu.schema import Schema
from rsu.standards import STANDARDS, MessageType, parse_standard_name
from rsu.uplink import forms
from rsu.uplink.its0117 import FRAMES_MAX, Kind, read_upload

ROOT = "MessageFrame"


class Down(NamedTuple):
    """What was in a payload.

    :param number: rsuId of the binary form, else empty.
    :param order: what JSON says beside the messages.
    """

    frames: tuple[bytes, ...]
    order: forms.MessageDown
    number: bytes = b""


def frames_of(kind: Kind, payload: bytes, schema: Schema, standard: str) -> Down:
    """The frames of a payload.

    :raises SourceError: for a payload of neither form.
    :raises CodecError: for a frame that is no message of the kind.
    """
    if payload.lstrip(b" \t\r\n")[:1] == b"{":
        order = forms.read(forms.MessageDown, payload)
        down = Down(tuple(_json_frames(kind, order, schema, standard)), order)
    else:
        upload = read_upload(kind, payload)
        down = Down(upload.frames, forms.MessageDown(), upload.number)
    for place, frame in enumerate(down.frames):
        check(kind, frame, place, schema)
    return down


def check(kind: Kind, frame: bytes, place: int, schema: Schema) -> None:
    """That a frame is a message of the kind to its last bit."""
    schema.check(ROOT, frame)
    message = schema.peek(ROOT, frame).message
    if message != kind.type:
        raise DecodeError(f"frame {place} is a {message}: {kind.name} needs a {kind.type}", "message-id", type_name=ROOT)


def _json_frames(kind: Kind, order: forms.MessageDown, schema: Schema, standard: str) -> list[bytes]:
    given = [(key, getattr(order, key)) for key in forms.MESSAGE_KEYS[kind.name]]
    found = [(key, raw) for key, raw in given if isinstance(raw, msgspec.Raw)]
    if len(found) != 1:
        keys = " or ".join(forms.MESSAGE_KEYS[kind.name])
        raise SourceError(f"{kind.name}.DOWN holds {', '.join(key for key, _ in found) or 'no message'}: must hold {keys}")
    key, raw = found[0]
    items = forms.read(list[msgspec.Raw], bytes(raw)) if bytes(raw)[:1] == b"[" else [raw]
    if not 1 <= len(items) <= FRAMES_MAX:
        raise SourceError(f"{key} holds {len(items)} messages: must be 1..{FRAMES_MAX}")
    return [_frame(kind, key, bytes(item), schema, standard) for item in items]


def _frame(kind: Kind, key: str, text: bytes, schema: Schema, standard: str) -> bytes:
    """One message in JSON → UPER."""
    if text[:1] == b'"':
        try:
            return bytes.fromhex(forms.read(str, text))
        except ValueError as error:
            raise SourceError(f"{key}: {error}: text must be the hex of a {ROOT}") from error
    message = _message(kind, standard)
    value = forms.read(dict[str, msgspec.Raw], text)
    if set(value) in ({message.path}, {"messageId", "value"}):
        return schema.from_json(ROOT, text)
    if "." in message.path:
        return schema.from_json(ROOT, b'{"messageId":%d,"value":{"%s":%s}}' % (message.id, kind.type.encode(), text))
    return schema.from_json(ROOT, b'{"%s":%s}' % (message.path.encode(), text))


def _message(kind: Kind, standard: str) -> MessageType:
    name = parse_standard_name(standard)[0]
    for message in STANDARDS[name].messages:
        if message.name == kind.type:
            return message
    raise EncodeError(f"{name} has no {kind.type}", "message-id", type_name=ROOT)
