"""What a radio is told to send is heard by our own source and is the message again, under each header."""

from __future__ import annotations

import select
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from rsu.config import Config, Radio
from rsu.errors import ConfigError, FrameError
from rsu.frames import unwrap
from rsu.outgoing import Broadcast
from rsu.sinks.live import RadioSender, open_senders
from rsu.sinks.live.radio import PAYLOAD_OCTETS_MAX, datagram_of
from rsu.sources import immediate_forward
from rsu.sources.live.udp import UdpSource

DEADLINE_S = 10.0
PAYLOAD = bytes.fromhex("0013124000000180032850")


def broadcast(standard: str = "csae-53", aid: int | None = 3_619, **more: Any) -> Broadcast:
    return Broadcast(**({"standard": standard, "type": "SPAT", "payload": PAYLOAD, "aid": aid, "priority": 176} | more))


@pytest.fixture
def source() -> Iterator[UdpSource]:
    heard = UdpSource(Radio(name="obu", listen=("127.0.0.1:0",)))
    yield heard
    heard.close()


def sender(source: UdpSource, send_as: Any) -> RadioSender:
    return RadioSender(Radio(name="out", send=source.listeners[0].endpoint.text, send_as=send_as))


@pytest.mark.parametrize(
    ("send_as", "standard", "aid", "header", "layers"),
    [
        ("dsmp", "csae-53", 3_619, "dsmp", ["adaptation", "dsmp", "payload"]),
        ("dsmp", "csae-157?LaneEx.laneLineType=mandatory", 3_619, "dsmp", ["adaptation", "dsmp", "payload"]),
        ("wsmp", "sae-j2735", 0x82, "wsmp", ["wsmp", "ieee1609.2", "payload"]),
        ("wsmp", "sae-j2735", 0x204097, "wsmp", ["wsmp", "ieee1609.2", "payload"]),
        ("none", "sae-j2735", None, "none", ["payload"]),
        ("immediate-forward", "sae-j2735", 0x82, "none", ["payload"]),
        ("immediate-forward", "csae-53", 3_619, "none", ["payload"]),
    ],
)
def test_a_message_comes_back_through_our_own_source(
    send_as: str, standard: str, aid: int | None, header: str, layers: list[str], source: UdpSource
) -> None:
    radio = sender(source, send_as)
    assert radio.send(broadcast(standard, aid))
    assert select.select(source.filenos(), [], [], DEADLINE_S)[0]
    (heard,) = source.receive()
    found = unwrap(heard.data, heard.header, standard=heard.standard)
    assert (found.payload, found.header, [layer.name for layer in found.layers]) == (PAYLOAD, header, layers)
    if header != "none":
        assert found.aid == aid
    assert radio.sent == {"SPAT": 1} and not radio.faults
    radio.close()


def test_dsmp_is_sent_octet_for_octet() -> None:
    """04, version 0 without options, AID 3619 = 8DA3, length 11."""
    assert datagram_of(broadcast(), "dsmp").hex() == "04008da3000b" + PAYLOAD.hex()


def test_immediate_forward_text_is_that_of_the_specification() -> None:
    sent = broadcast("sae-j2735", 0x204097, type="MapData", priority=16)
    assert datagram_of(sent, "immediate-forward").decode() == (
        "Version=0.7\nType=MAP\nPSID=0xE0000017\nPriority=0\nTxMode=CONT\nTxChannel=183\nTxInterval=0\n"
        f"DeliveryStart=\nDeliveryStop=\nSignature=False\nEncryption=False\nPayload={PAYLOAD.hex().upper()}\n"
    )


@pytest.mark.parametrize(("priority", "written"), [(0, 0), (16, 0), (176, 5), (208, 6), (255, 7)])
def test_priorities_have_eight_steps_in_the_text(priority: int, written: int) -> None:
    text = datagram_of(broadcast("sae-j2735", 0x82, priority=priority), "immediate-forward")
    assert immediate_forward.parse(text).priority == written


@pytest.mark.parametrize("size", [1, PAYLOAD_OCTETS_MAX])
def test_a_message_up_to_the_bound_is_sent(size: int) -> None:
    assert datagram_of(broadcast(payload=bytes(size)), "dsmp")[6:] == bytes(size)


@pytest.mark.parametrize(
    ("sent", "send_as", "code", "reason"),
    [
        (broadcast(payload=bytes(PAYLOAD_OCTETS_MAX + 1)), "dsmp", "size", "SPAT has 2303 octets: must be 1..2302"),
        (broadcast(payload=b""), "none", "size", "SPAT has 0 octets"),
        (broadcast(aid=None), "dsmp", "missing", "SPAT has no AID or PSID"),
        (broadcast(), "wsmp", "standard", "csae-53 goes under dsmp: this radio sends wsmp"),
        (broadcast("sae-j2735", 0x82), "dsmp", "standard", "sae-j2735 goes under wsmp"),
        (broadcast(aid=0x4080), "dsmp", "range", "AID 16512 cannot be written"),
    ],
    ids=["too-large", "empty", "no-aid", "csae-under-wsmp", "sae-under-dsmp", "aid-too-large"],
)
def test_what_cannot_be_sent_is_told_and_counted(
    sent: Broadcast, send_as: str, code: str, reason: str, source: UdpSource
) -> None:
    radio = sender(source, send_as)
    with pytest.raises(FrameError, match=reason):
        radio.send(sent)
    assert radio.faults == {code: 1} and not radio.sent
    radio.close()


def test_a_network_that_does_not_take_it_is_counted() -> None:
    radio = RadioSender(Radio(name="out", send="127.0.0.1:0", send_as="none"))  # nothing can be sent to port 0
    assert not radio.send(broadcast())
    assert radio.faults == {"network": 1}
    radio.close()


def test_radios_that_only_hear_are_no_senders() -> None:
    config = Config(radio=(Radio(name="ear", listen=("127.0.0.1:0",)), Radio(name="out", send="127.0.0.1:9")))
    (radio,) = open_senders(config)
    assert radio.name == "out"
    radio.close()


def test_an_address_that_is_none_is_told_with_its_key() -> None:
    with pytest.raises(ConfigError, match=r"\[\[radio\]\] out: send = 'nowhere'"):
        open_senders(Config(radio=(Radio(name="ok", send="127.0.0.1:9"), Radio(name="out", send="nowhere"))))


def test_bound_of_the_text_is_that_of_a_datagram(source: UdpSource) -> None:
    text = datagram_of(broadcast("sae-j2735", 0x82, payload=bytes(PAYLOAD_OCTETS_MAX)), "immediate-forward")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.sendto(text, source.listeners[0].endpoint.address)
    assert select.select(source.filenos(), [], [], DEADLINE_S)[0]
    assert source.receive()[0].data == bytes(PAYLOAD_OCTETS_MAX)
