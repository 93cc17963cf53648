"""The text in which programs hand a message to a roadside unit for the air (RSU 4.1, appendix C; UDP port 1516)::

    Version=0.7
    Type=SPAT
    PSID=0x8002
    Priority=7
    TxMode=CONT
    TxChannel=183
    TxInterval=0
    DeliveryStart=
    DeliveryStop=
    Signature=False
    Encryption=False
    Payload=00131a…

A line that begins with ``#`` is a comment. The PSID is the hexadecimal number of its octets on the air (0x8002 is PSID 0x82).
"""

from __future__ import annotations

from typing import NamedTuple

from rsu.errors import FrameError, SourceError
from rsu.frames import decode_psid, encode_psid

START = b"Version="
PORT = 1516
VERSION = "0.7"
TX_CHANNEL = "183"
"""The 20 MHz channel of C-V2X in North America."""
TEXT_OCTETS_MAX = 65_507
LINES_MAX = 64


class Forward(NamedTuple):
    """One message and what is asked for it.

    :param type: as the field writes it: ``SPAT``, ``MAP``, ``BSM``.
    :param priority: 0..7 of the radio.
    """

    type: str
    psid: int
    payload: bytes
    priority: int = 7
    tx_mode: str = "CONT"
    tx_channel: str = TX_CHANNEL
    signature: bool = False
    encryption: bool = False


def looks_like_it(data: bytes) -> bool:
    """Whether the octets begin as the text does: no message and no header begins with 56, and comments come before a 56."""
    if data[:8] == START:
        return True
    return data[:1] == b"#" and b"\n" + START in data.replace(b"\r", b"")


def parse(data: bytes) -> Forward:
    """The message in a text.

    :raises SourceError: naming the line's key, what was read and what is allowed.
    """
    fields = _fields(data)
    for key in ("Type", "PSID", "Payload"):
        if not fields.get(key):
            raise SourceError(f"immediate forward: {key} is missing")
    try:
        payload = bytes.fromhex(fields["Payload"])
    except ValueError as error:
        raise SourceError("immediate forward: Payload is no hexadecimal number of whole octets") from error
    priority = fields.get("Priority", "") or "0"
    if not priority.isascii() or not priority.isdigit() or int(priority) > 63:
        raise SourceError(f"immediate forward: Priority is {priority!r}: must be 0..63")
    return Forward(
        fields["Type"],
        _psid(fields["PSID"]),
        payload,
        int(priority),
        fields.get("TxMode", ""),
        fields.get("TxChannel", ""),
        fields.get("Signature", "").lower() == "true",
        fields.get("Encryption", "").lower() == "true",
    )


def build(forward: Forward) -> bytes:
    """The text of a message.

    :raises FrameError: for a PSID that has no octets on the air.
    """
    lines = {
        "Version": VERSION,
        "Type": forward.type,
        "PSID": f"0x{encode_psid(forward.psid).hex().upper()}",
        "Priority": str(forward.priority),
        "TxMode": forward.tx_mode,
        "TxChannel": forward.tx_channel,
        "TxInterval": "0",
        "DeliveryStart": "",
        "DeliveryStop": "",
        "Signature": str(forward.signature),
        "Encryption": str(forward.encryption),
        "Payload": forward.payload.hex().upper(),
    }
    return "".join(f"{key}={value}\n" for key, value in lines.items()).encode("ascii")


def _fields(data: bytes) -> dict[str, str]:
    if len(data) > TEXT_OCTETS_MAX:
        raise SourceError(f"immediate forward: {len(data)} octets: must be 1..{TEXT_OCTETS_MAX}")
    try:
        lines = data.decode("ascii").splitlines()
    except UnicodeDecodeError as error:
        raise SourceError(f"immediate forward: octet {error.start} is no ASCII") from error
    if len(lines) > LINES_MAX:
        raise SourceError(f"immediate forward: {len(lines)} lines: must be 1..{LINES_MAX}")
    fields: dict[str, str] = {}
    for line in lines:
        key, equals, value = line.partition("#")[0].partition("=")
        if equals:
            fields.setdefault(key.strip(), value.strip())
    return fields


def _psid(text: str) -> int:
    digits = text.lower().removeprefix("0x")
    try:
        octets = bytes.fromhex(digits.rjust(len(digits) + len(digits) % 2, "0"))
        psid, end = decode_psid(octets)
    except (ValueError, FrameError) as error:
        raise SourceError(f"immediate forward: PSID is {text!r}: must be the octets on the air, e.g. 0x20 or 0x8002") from error
    if end != len(octets):
        raise SourceError(f"immediate forward: PSID is {text!r}: {len(octets) - end} octets are left over")
    return psid
