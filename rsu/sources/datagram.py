"""The UDP payload in a captured packet: link, network and transport headers by their own lengths, nothing
searched for.

What comes out is one of three: a payload, perhaps with ``damage`` (the packet is cut, or a fragment of a
larger one), or the name of what the packet is instead (``ARP``, ``TCP``), which is no V2X reception. WSMP
directly on Ethernet (EtherType 88DC) is a payload too.

Link types are those of the registry at tcpdump.org/linktypes.html.
"""

from __future__ import annotations

from typing import NamedTuple

NULL, ETHERNET, RAW_BSD, RAW_OPENBSD, RAW, LOOP, SLL, IPV4, IPV6, SLL2 = (
    0,
    1,
    12,
    14,
    101,
    108,
    113,
    228,
    229,
    276,
)
USER = range(147, 163)
"""Link types whose packets are the payload itself."""
LINK_NAMES = {
    NULL: "loopback",
    ETHERNET: "Ethernet",
    RAW: "raw IP",
    SLL: "Linux cooked",
    SLL2: "Linux cooked 2",
}
SUPPORTED = frozenset({NULL, ETHERNET, RAW_BSD, RAW_OPENBSD, RAW, LOOP, SLL, IPV4, IPV6, SLL2, *USER})

_ETHER_IPV4, _ETHER_IPV6, _ETHER_WSMP = 0x0800, 0x86DD, 0x88DC
_ETHER_VLAN = frozenset({0x8100, 0x88A8, 0x9100})
_ETHER_NAMES = {0x0806: "ARP", 0x88CC: "LLDP", 0x8947: "GeoNetworking", 0x888E: "EAPOL"}
_UDP = 17
_PROTOCOL_NAMES = {1: "ICMP", 2: "IGMP", 6: "TCP", 58: "ICMPv6", 132: "SCTP"}
_IPV6_EXTENSIONS = frozenset({0, 43, 60})  # hop by hop, routing, destination options
_IPV6_FRAGMENT = 44
_IPV6_EXTENSIONS_MAX = 8
_VLAN_TAGS_MAX = 4


class Datagram(NamedTuple):
    """What a packet holds: ``payload``, or ``other`` names what it is instead."""

    payload: bytes = b""
    other: str = ""
    damage: str = ""
    src: str = ""
    dst: str = ""
    src_port: int = 0
    dst_port: int = 0


class _Cut(Exception):
    """The packet ends inside a header."""


def read(packet: bytes, link: int) -> Datagram:
    """The payload of a packet of a supported link type."""
    try:
        return _read_link(packet, link)
    except _Cut as cut:
        return Datagram(packet, damage=f"packet is cut in its {cut}")


def _read_link(packet: bytes, link: int) -> Datagram:
    if link in USER:
        return Datagram(packet)
    if link == ETHERNET:
        return _read_ethernet(packet)
    if link == SLL:
        _need(packet, 16, "Linux cooked header")
        return _read_ether_type(packet, int.from_bytes(packet[14:16], "big"), 16)
    if link == SLL2:
        _need(packet, 20, "Linux cooked header")
        return _read_ether_type(packet, int.from_bytes(packet[:2], "big"), 20)
    if link in (NULL, LOOP):
        _need(packet, 4, "loopback header")
        return _read_ip(packet, 4)
    return _read_ip(packet, 0)


def _read_ethernet(packet: bytes) -> Datagram:
    at = 12
    for _ in range(_VLAN_TAGS_MAX + 1):
        _need(packet, at + 2, "Ethernet header")
        kind = int.from_bytes(packet[at : at + 2], "big")
        if kind not in _ETHER_VLAN:
            return _read_ether_type(packet, kind, at + 2)
        at += 4
    return Datagram(other="more VLAN tags than 4")


def _read_ether_type(packet: bytes, kind: int, at: int) -> Datagram:
    if kind in (_ETHER_IPV4, _ETHER_IPV6):
        return _read_ip(packet, at)
    if kind == _ETHER_WSMP:
        return Datagram(packet[at:])
    return Datagram(other=_ETHER_NAMES.get(kind, f"EtherType {kind:04x}"))


def _read_ip(packet: bytes, at: int) -> Datagram:
    _need(packet, at + 1, "IP header")
    version = packet[at] >> 4
    if version == 4:
        return _read_ipv4(packet, at)
    if version == 6:
        return _read_ipv6(packet, at)
    return Datagram(other=f"IP version {version}")


def _read_ipv4(packet: bytes, at: int) -> Datagram:
    _need(packet, at + 20, "IPv4 header")
    size, total = (packet[at] & 0x0F) * 4, int.from_bytes(packet[at + 2 : at + 4], "big")
    if size < 20 or 0 < total < size:
        return Datagram(
            packet,
            damage=f"IPv4 header is {size} octets in a packet of {total}: must be 20 or more, and inside",
        )
    _need(packet, at + size, "IPv4 header")
    src, dst = (".".join(str(octet) for octet in packet[at + i : at + i + 4]) for i in (12, 16))
    # a total length of 0 stands where the network card cuts the packet into frames (offload)
    end = at + total if total else len(packet)
    fragment = int.from_bytes(packet[at + 6 : at + 8], "big") & 0x3FFF
    return _read_transport(packet, packet[at + 9], at + size, end, bool(fragment))._replace(src=src, dst=dst)


def _read_ipv6(packet: bytes, at: int) -> Datagram:
    _need(packet, at + 40, "IPv6 header")
    length, kind = int.from_bytes(packet[at + 4 : at + 6], "big"), packet[at + 6]
    src, dst = (packet[at + i : at + i + 16].hex(":", 2) for i in (8, 24))
    end = at + 40 + length if length else len(packet)
    at, fragment = at + 40, False
    for _ in range(_IPV6_EXTENSIONS_MAX):
        if kind not in _IPV6_EXTENSIONS and kind != _IPV6_FRAGMENT:
            break
        _need(packet, at + 8, "IPv6 extension header")
        if kind == _IPV6_FRAGMENT:
            fragment = bool(int.from_bytes(packet[at + 2 : at + 4], "big") & 0xFFF9)
            size = 8
        else:
            size = (packet[at + 1] + 1) * 8
        kind, at = packet[at], at + size
    return _read_transport(packet, kind, at, end, fragment)._replace(src=src, dst=dst)


def _read_transport(packet: bytes, protocol: int, at: int, end: int, fragment: bool) -> Datagram:
    if protocol != _UDP:
        return Datagram(other=_PROTOCOL_NAMES.get(protocol, f"IP protocol {protocol}"))
    if fragment:
        return Datagram(packet[at:end], damage="IP fragment: the datagram is spread over several packets")
    _need(packet, at + 8, "UDP header")
    src_port, dst_port, length = (int.from_bytes(packet[at + i : at + i + 2], "big") for i in (0, 2, 4))
    length = length or end - at  # 0: a jumbogram, or offload
    payload = packet[at + 8 : at + length]
    damage = ""
    if length < 8 or at + length > end:
        damage = f"UDP length is {length}: must be 8..{end - at}"
        payload = packet[at + 8 : end]
    elif len(payload) < length - 8:
        damage = f"packet is cut: {len(payload)} octets of {length - 8} were captured"
    return Datagram(payload, "", damage, "", "", src_port, dst_port)


def _need(packet: bytes, size: int, what: str) -> None:
    if len(packet) < size:
        raise _Cut(what)
