"""A radio that messages are sent by, in UDP datagrams: with the header that it expects, or as RSU 4.1 immediate-forward text.

==================== ==========================================================================================
``send_as``          datagram
==================== ==========================================================================================
``dsmp``             adaptation octet 04, DSMP, message; Chinese standards
``wsmp``             WSMP, unsecured IEEE 1609.2 unit, message; SAE J2735
``none``             the message
``immediate-forward`` text (:mod:`rsu.sources.immediate_forward`), customary port 1516
==================== ==========================================================================================
"""

from __future__ import annotations

import socket
from collections import Counter
from collections.abc import Mapping
from types import MappingProxyType

from rsu.config import Radio
from rsu.errors import FrameError
from rsu.frames import wrap_payload
from rsu.outgoing import Broadcast
from rsu.sources import immediate_forward
from rsu.sources.immediate_forward import Forward
from rsu.sources.live.address import resolve
from rsu.standards import STANDARDS, parse_standard_name

PAYLOAD_OCTETS_MAX = 2_302
"""Of one message on PC5."""
FORWARD_PRIORITIES = 8

#: Message type → what the text calls it; another one goes by its own name.
FORWARD_TYPES: Mapping[str, str] = MappingProxyType(
    {
        "BasicSafetyMessage": "BSM",
        "MapData": "MAP",
        "PersonalSafetyMessage": "PSM",
        "RoadSideAlert": "RSA",
        "RoadSideInformation": "RSI",
        "RoadSafetyMessage": "RSM",
        "RoadsideSafetyMessage": "RSM",
        "SensorDataSharingMessage": "SDSM",
        "SignalRequestMessage": "SRM",
        "SignalStatusMessage": "SSM",
        "TravelerInformation": "TIM",
    }
)


def datagram_of(broadcast: Broadcast, send_as: str) -> bytes:
    """The datagram of a message.

    :param send_as: as :class:`rsu.config.Radio` has it.
    :raises FrameError: for a message that is too large, has no service number, or has no place under that header.
    """
    size = len(broadcast.payload)
    if not 1 <= size <= PAYLOAD_OCTETS_MAX:
        raise FrameError(f"{broadcast.type} has {size} octets: must be 1..{PAYLOAD_OCTETS_MAX}", "payload", 0, "size")
    if send_as == "none":
        return broadcast.payload
    if broadcast.aid is None:
        raise FrameError(f"{broadcast.type} has no AID or PSID: the header needs one", send_as, 0, "missing")
    if send_as == "immediate-forward":
        return immediate_forward.build(_forward(broadcast, broadcast.aid))
    header = STANDARDS[parse_standard_name(broadcast.standard)[0]].header
    if header != send_as:
        raise FrameError(f"{broadcast.standard} goes under {header}: this radio sends {send_as}", send_as, 0, "standard")
    return wrap_payload(broadcast.payload, send_as, broadcast.aid, unsecured=send_as == "wsmp")


class RadioSender:
    """One radio.

    :param radio: its section, with ``send``.
    :raises ConfigError: for an address that is none.
    """

    def __init__(self, radio: Radio) -> None:
        self.name = radio.name
        self.send_as = radio.send_as
        self.sent: Counter[str] = Counter()
        self.faults: Counter[str] = Counter()
        self.endpoint = resolve(radio.send, f"[[radio]] {radio.name}: send")
        self._socket = socket.socket(self.endpoint.family, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)  # a radio may be reached by its network's address

    def send(self, broadcast: Broadcast) -> bool:
        """Send a message once; False, and counted, where the network does not take it now.

        :raises FrameError: for a message that cannot be sent at all; counted by its code.
        """
        try:
            datagram = datagram_of(broadcast, self.send_as)
        except FrameError as error:
            self.faults[error.code] += 1
            raise
        try:
            self._socket.sendto(datagram, self.endpoint.address)
        except OSError as error:  # full buffer, no route, radio not up yet: the next message may go
            self.faults["busy" if isinstance(error, BlockingIOError) else "network"] += 1
            return False
        self.sent[broadcast.type] += 1
        return True

    def close(self) -> None:
        self._socket.close()


def _forward(broadcast: Broadcast, psid: int) -> Forward:
    """Priority 0..255 of the catalogue in the eight steps of the text."""
    return Forward(
        FORWARD_TYPES.get(broadcast.type, broadcast.type),
        psid,
        broadcast.payload,
        min(broadcast.priority // (256 // FORWARD_PRIORITIES), FORWARD_PRIORITIES - 1),
    )
