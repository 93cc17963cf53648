"""What goes wrong in the air and in other people's software: each way to damage a message, by name.

A payload rule gets the UPER octets and gives others, which are framed as usual; a frame rule gets the whole
frame.
"""

from __future__ import annotations

from collections.abc import Callable

from rsu import load_schema

Rule = Callable[[bytes], bytes]


def cut_message(payload: bytes) -> bytes:
    """The sender's buffer was too small: the header's length is right, the message ends early."""
    return payload[:-7]


def trailing_octets(payload: bytes) -> bytes:
    """A fixed buffer sent whole: two octets behind the message."""
    return payload + b"\x00\x00"


def has_padding(payload: bytes) -> bool:
    """Whether a CSAE message ends before its last octet does."""
    spans, _ = load_schema("csae-53").trace("MessageFrame", payload)
    return any(span.role == "padding" and span.bits for span in spans)


def padding_not_zero(payload: bytes) -> bytes:
    """The last bit of the last octet set, in a message that does not end there."""
    return payload[:-1] + bytes((payload[-1] | 1,))


def heading_out_of_range(payload: bytes) -> bytes:
    """All fifteen bits of a CSAE BSM's heading set: 32767, and 28800 is the last one allowed."""
    spans, _ = load_schema("csae-53").trace("MessageFrame", payload)
    heading = next(span for span in spans if span.path == "bsmFrame.heading")
    whole = int.from_bytes(payload, "big")
    ones = ((1 << heading.bits) - 1) << (8 * len(payload) - heading.offset - heading.bits)
    return (whole | ones).to_bytes(len(payload), "big")


def unknown_message_id(payload: bytes) -> bytes:
    """SAE J2735 message id 4242, which no edition has; the first two octets are the id."""
    return (4242).to_bytes(2, "big") + payload[2:]


def later_message(payload: bytes) -> bytes:
    """An alternative of MessageFrame that no edition has: the second one behind the extension marker."""
    return b"\x81" + bytes((len(payload),)) + payload


def cut_frame(frame: bytes) -> bytes:
    """The end of the frame was lost: the header announces more than there is."""
    return frame[:-9]


def length_too_long(frame: bytes) -> bytes:
    """The DSMP length says five octets more; adaptation, version and a one-octet AID stand before it."""
    return frame[:3] + (int.from_bytes(frame[3:5], "big") + 5).to_bytes(2, "big") + frame[5:]


def dsmp_version_5(frame: bytes) -> bytes:
    """The three bits of the DSMP version say 5; only 0 is defined."""
    return frame[:1] + bytes((frame[1] | 0xA0,)) + frame[2:]


def dot2_content_unknown(frame: bytes) -> bytes:
    """The IEEE 1609.2 content behind a short WSMP header says alternative 15."""
    at = frame.index(b"\x03\x80", 4)
    return frame[: at + 1] + b"\x8f" + frame[at + 2 :]


def not_v2x(frame: bytes) -> bytes:
    """Somebody else's datagram on the same port."""
    return b"PING from the maintenance laptop"
