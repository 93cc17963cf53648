"""Live sources on loopback: what is sent to their sockets is heard with its time, damage is kept and counted, nothing waits."""

from __future__ import annotations

import contextlib
import json
import select
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest
import zmq
import zmq.utils.monitor
from live_wire import PUBLISHED_STATUS, gat1743, gbt20999, lamps, remainder

from rsu.config import Config, Controller, Perception, Radio, Source, Unit
from rsu.errors import ConfigError, SourceError
from rsu.frames import wrap_payload
from rsu.objects import OBJECTS_MAX, parse
from rsu.security.curve import connect
from rsu.security.keys import allow, make_keys
from rsu.signals import Phase, SignalReport
from rsu.sources.immediate_forward import Forward, build
from rsu.sources.live import LiveSource, open_live_sources
from rsu.sources.live.address import split
from rsu.sources.live.base import Heard
from rsu.sources.live.gat1743 import Gat1743Source
from rsu.sources.live.gbt20999 import Gbt20999Source
from rsu.sources.live.ntcip import NtcipSource
from rsu.sources.live.perception import PerceptionSource
from rsu.sources.live.udp import UdpSource

DEADLINE_S = 10.0
HANDSHAKES = (
    zmq.EVENT_HANDSHAKE_SUCCEEDED
    | zmq.EVENT_HANDSHAKE_FAILED_AUTH
    | zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL
    | zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL
    | zmq.EVENT_DISCONNECTED
)
LOOPBACK = "127.0.0.1:0"
BSM = bytes.fromhex("00142d3f")


@pytest.fixture
def peer() -> Iterator[socket.socket]:
    """A socket that sends, and hears with a deadline."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.settimeout(DEADLINE_S)
        other.bind(("127.0.0.1", 0))
        yield other


@pytest.fixture
def opened() -> Iterator[Callable[[Any], Any]]:
    """``opened(source)`` gives it back, and closes it at the end."""
    sources: list[Any] = []

    def keep(source: Any) -> Any:
        sources.append(source)
        return source

    yield keep
    for source in sources:
        source.close()


def radio(**more: Any) -> Radio:
    return Radio(**({"name": "obu", "listen": (LOOPBACK,)} | more))


def address_of(source: Any, place: int = 0) -> Any:
    listener = source.listeners[place] if isinstance(source, UdpSource) else source.listener
    return listener.endpoint.address


def hear(source: LiveSource, count: int = 1) -> list[Heard]:
    """What arrives until there are so many records, polled as the ingest role does."""
    heard: list[Heard] = []
    until = time.monotonic() + DEADLINE_S
    while len(heard) < count:
        assert time.monotonic() < until, f"{len(heard)} of {count} records, faults {source.faults}"
        if select.select(source.filenos(), [], [], 0.2)[0]:
            heard += source.receive()
    return heard


# Radios --------------------------------------------------------------------------------------------------------------------


def test_a_frame_is_heard_as_it_came_with_the_time_of_its_arrival(peer: socket.socket, opened: Any) -> None:
    source = opened(UdpSource(radio(header="wsmp", standard="sae-j2735", channel="uu")))
    before = time.time_ns()
    peer.sendto(b"\x01" + wrap_payload(BSM, "wsmp", 0x20), address_of(source))
    (heard,) = hear(source)
    assert heard.data == b"\x01" + wrap_payload(BSM, "wsmp", 0x20)
    assert before - 50_000_000 <= heard.receive_time_ns <= time.time_ns()
    assert (heard.source, heard.channel, heard.content, heard.header, heard.standard, heard.damage) == (
        "obu", "uu", "message", "wsmp", "sae-j2735", "",
    )  # fmt: skip
    assert not source.faults


def test_the_time_is_that_of_the_arrival_and_not_of_the_taking(peer: socket.socket, opened: Any) -> None:
    source = opened(UdpSource(radio()))
    deadline = time.monotonic() + DEADLINE_S
    while taken_late(source, peer, 1_000_000) > 0:  # Linux begins to stamp a little after the first socket has asked for it
        assert time.monotonic() < deadline, "the kernel does not stamp"
    assert taken_late(source, peer, 30_000_000) <= 0


def taken_late(source: UdpSource, peer: socket.socket, late_ns: int) -> int:
    """Nanoseconds that the time of a datagram is after its arrival, when it is taken so late."""
    peer.sendto(BSM, address_of(source))
    select.select(source.filenos(), [], [], DEADLINE_S)
    arrived = time.time_ns()
    while time.time_ns() < arrived + late_ns:
        pass
    (heard,) = source.receive()
    return int(heard.receive_time_ns) - arrived


@pytest.mark.parametrize("size", [0, 1, 2_302, 65_507], ids=["empty", "one", "largest-message", "largest-datagram"])
def test_datagrams_of_any_size_are_heard_whole(size: int, peer: socket.socket, opened: Any) -> None:
    source = opened(UdpSource(radio()))
    peer.sendto(bytes(size), address_of(source))
    (heard,) = hear(source)
    assert heard.data == bytes(size) and not source.faults


def test_several_addresses_are_one_source_and_each_has_its_turn(peer: socket.socket, opened: Any) -> None:
    source = opened(UdpSource(radio(listen=(LOOPBACK, LOOPBACK))))
    for number in range(20):
        peer.sendto(b"loud%d" % number, address_of(source, 0))
    peer.sendto(b"quiet", address_of(source, 1))
    select.select(source.filenos()[1:], [], [], DEADLINE_S)
    first = [heard.data for _ in range(2) for heard in source.receive(4)]
    assert len(first) == 8 and b"quiet" in first
    assert len(hear(source, 13)) == 13 and source.receive() == []


def test_nothing_waits_for_a_datagram(opened: Any) -> None:
    source = opened(UdpSource(radio()))
    assert source.receive() == [] and select.select(source.filenos(), [], [], 0)[0] == []


def test_datagrams_that_the_kernel_dropped_are_counted(peer: socket.socket, opened: Any) -> None:
    source = opened(UdpSource(radio(receive_buffer_octets=8_192)))
    sent = 500
    for number in range(sent):
        peer.sendto(number.to_bytes(2, "big") * 500, address_of(source))
    heard = hear(source)
    peer.sendto(b"after", address_of(source))  # the count comes with the next one that is let in
    heard += hear(source)
    while more := source.receive():
        heard += more
    assert 0 < len(heard) < sent
    assert source.faults["kernel-drop"] == sent + 1 - len(heard)


def test_the_granted_buffer_is_told(opened: Any) -> None:
    source = opened(UdpSource(radio(receive_buffer_octets=65_536)))
    assert source.listeners[0].buffer_octets >= 65_536


def test_two_cannot_listen_on_one_address_and_nothing_is_left_open(opened: Any) -> None:
    source = opened(UdpSource(radio()))
    taken = source.listeners[0].endpoint.text
    with pytest.raises(SourceError, match=rf"\[\[radio\]\] obu: listen = '{taken}': cannot be bound: Address already in use"):
        UdpSource(radio(listen=(LOOPBACK, taken)))


@pytest.mark.parametrize("text", ["", "46800", "host:", "host:port", "host:65536", "::1:46800", "no.such.host.invalid:1"])
def test_an_address_that_is_none_is_told_with_its_key(text: str) -> None:
    with pytest.raises(ConfigError, match=r"\[\[radio\]\] obu: listen = "):
        UdpSource(radio(listen=(text,)))


@pytest.mark.parametrize(
    ("text", "parts"),
    [("*:46800", ("*", 46_800)), ("[::1]:0", ("::1", 0)), ("10.0.0.1:65535", ("10.0.0.1", 65_535)), (":5", ("", 5))],
)
def test_addresses_have_three_forms(text: str, parts: tuple[str, int]) -> None:
    assert split(text, "key") == parts


def test_an_ipv6_address_is_heard(opened: Any) -> None:
    try:
        source = opened(UdpSource(radio(listen=("[::1]:0",))))
    except SourceError:
        pytest.skip("this machine has no IPv6 on loopback")
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as other:
        other.sendto(BSM, source.listeners[0].endpoint.address)
    assert hear(source)[0].data == BSM


def test_of_immediate_forward_text_the_payload_is_heard(peer: socket.socket, opened: Any) -> None:
    source = opened(UdpSource(radio()))
    peer.sendto(b"# from a V2X hub\n" + build(Forward("SPAT", 0x82, BSM)), address_of(source))
    (heard,) = hear(source)
    assert (heard.data, heard.standard, heard.damage) == (BSM, "sae-j2735", "")
    assert heard.meta == {"forward": "SPAT", "psid": 0x82}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"Version=0.7\nType=BSM\nPSID=0x20\n", "Payload is missing"),
        (b"Version=0.7\nType=BSM\nPSID=0x20\nPayload=0\n", "Payload is no hexadecimal"),
        (b"Version=0.7\nType=BSM\nPSID=0x80\nPayload=00\n", "PSID is '0x80'"),
        (b"Version=0.7\nType=BSM\nPSID=0x2000\nPayload=00\n", "1 octets are left over"),
        (b"Version=0.7\nType=BSM\nPSID=0x20\nPriority=64\nPayload=00\n", "Priority is '64': must be 0..63"),
        (b"Version=\xff", "octet 8 is no ASCII"),
        (b"Version=" + b"\n" * 65, "65 lines: must be 1..64"),
    ],
)
def test_damaged_immediate_forward_text_is_kept(text: bytes, reason: str, peer: socket.socket, opened: Any) -> None:
    source = opened(UdpSource(radio()))
    peer.sendto(text, address_of(source))
    (heard,) = hear(source)
    assert heard.data == text and reason in heard.damage
    assert source.faults == {"immediate-forward": 1}


def test_octets_that_only_begin_like_text_stay_as_they_are(peer: socket.socket, opened: Any) -> None:
    source = opened(UdpSource(radio()))
    for data in (b"#\x00\x01", b"Versio", b"V"):
        peer.sendto(data, address_of(source))
    assert [(heard.data, heard.damage) for heard in hear(source, 3)] == [(b"#\x00\x01", ""), (b"Versio", ""), (b"V", "")]


# Controllers ---------------------------------------------------------------------------------------------------------------


def controller(protocol: Any, **more: Any) -> Controller:
    known: dict[str, Any] = {"name": "tsc", "protocol": protocol, "listen": LOOPBACK, "region": 500, "intersection": 101}
    return Controller(**(known | more))


def report_of(heard: Heard) -> SignalReport:
    assert (heard.content, heard.record_type, heard.damage, heard.source) == ("signals", "SignalReport", "", "tsc")
    return msgspec.json.decode(heard.data, type=SignalReport)


def test_lamps_of_gat1743_become_phases_by_the_table(peer: socket.socket, opened: Any) -> None:
    source = opened(Gat1743Source(controller("gat1743", phases={"90/1": 4, "2": 5}, standard="csae-53", period_ms=200)))
    data = lamps((90, [(1, 2, 0x25, 17), (2, 2, 0x16, 9), (3, 2, 0x19, 1)]), (270, [(1, 2, 0x16, 5)]))
    peer.sendto(gat1743(data), address_of(source))
    (heard,) = hear(source)
    assert report_of(heard) == SignalReport(
        controller="tsc", time_ns=heard.receive_time_ns, region=500, intersection=101, standard="csae-53", period_ms=200,
        phases=[Phase(id=4, light="red", likely_end_s=17.0), Phase(id=5, light="green", likely_end_s=9.0)],
    )  # fmt: skip


def test_a_flashing_lamp_has_no_end(peer: socket.socket, opened: Any) -> None:
    source = opened(Gat1743Source(controller("gat1743"), "csae-157"))
    peer.sendto(gat1743(lamps((0, [(1, 2, 0x1D, 9)]))), address_of(source))
    report = report_of(hear(source)[0])
    assert report.phases == [Phase(id=1, light="flashing-yellow")] and report.standard == "csae-157"


def test_a_silent_gat1743_controller_is_asked_each_second(peer: socket.socket, opened: Any) -> None:
    host, port = peer.getsockname()
    source = opened(Gat1743Source(controller("gat1743", peer=f"{host}:{port}")))
    second = 1_000_000_000
    for now_ns in (10 * second, 10 * second + 100_000_000, 11 * second):
        source.tick(now_ns)
    query = gat1743(b"", 0x80, seconds=10, millis=0)
    body = bytes(9) + bytes(7) + query[17:-3]  # nobody asks nobody: no ids are known yet
    body += remainder(body, 0x8005, 0xFFFF).to_bytes(2, "little")
    assert peer.recv(200) == b"\xc0" + body + b"\xc0"
    assert peer.recv(200) != b"" and not select.select([peer], [], [], 0.05)[0]


def test_gbt20999_is_asked_and_its_answer_is_a_report(peer: socket.socket, opened: Any) -> None:
    host, port = peer.getsockname()
    source = opened(Gbt20999Source(controller("gbt20999", peer=f"{host}:{port}", device=0x009A2109, phases={"1": 7, "2": 8})))
    source.tick(10_000_000_000)
    asked = [peer.recv(200) for _ in range(2)]
    assert [datagram[12] for datagram in asked] == [0x70, 0x10]  # a heartbeat, a query
    assert asked[1][6:10] == bytes.fromhex("009a2109")
    source.tick(10_100_000_000)  # too early for another
    values = [
        bytes([3, 3, 2, 0, 0x20, 0x10, 0x30]), bytes([6, 3, 2, 1, 0x20]), bytes([6, 3, 4, 1, 0, 12]), bytes([13, 2, 2, 1, 0x21])
    ]  # fmt: skip
    peer.sendto(gbt20999(0x20, values), address_of(source))
    (heard,) = hear(source)
    report = report_of(heard)
    assert report.mode == "fixed" and report.time_ns == heard.receive_time_ns
    assert report.phases == [Phase(id=7, light="green", likely_end_s=12.0), Phase(id=8, light="red", min_end_s=12.0)]
    assert not select.select([peer], [], [], 0.05)[0]


def test_a_heartbeat_is_answered_and_a_refusal_counted(peer: socket.socket, opened: Any) -> None:
    source = opened(Gbt20999Source(controller("gbt20999")))
    for kind in (0x70, 0x21, 0x71, 0x80, 0x33):
        peer.sendto(gbt20999(kind, []), address_of(source))
    until = time.monotonic() + DEADLINE_S
    while source.faults["other-type"] < 1 and time.monotonic() < until:
        assert source.receive() == []
    assert peer.recv(200) == gbt20999(0x71, [])
    assert source.faults == {"refused": 1, "other-type": 1}


def test_the_published_status_becomes_phases(peer: socket.socket, opened: Any) -> None:
    source = opened(NtcipSource(controller("ntcip", phases={"2": 2, "4": 4, "ped2": 12})))
    peer.sendto(PUBLISHED_STATUS, address_of(source))
    red = {"light": "red", "min_end_s": 5.5, "max_end_s": 30.5}
    assert [msgspec.to_builtins(phase) for phase in report_of(hear(source)[0]).phases] == [
        {"id": 2, **red}, {"id": 4, "light": "permissive-green", "min_end_s": 0.0, "max_end_s": 25.0}, {"id": 12, **red},
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("protocol", "kind", "data"),
    [
        ("gat1743", Gat1743Source, gat1743(lamps((0, [(1, 2, 0x77, 9)])))),
        ("gat1743", Gat1743Source, gat1743(lamps((0, [(1, 2, 0x25, 9)])))[:-1]),
        ("gbt20999", Gbt20999Source, gbt20999(0x20, [bytes([3, 3, 2, 1, 0x77])])),
        ("gbt20999", Gbt20999Source, b"\x7e\x7d"),
        ("ntcip", NtcipSource, PUBLISHED_STATUS[:100]),
    ],
    ids=["unknown-colour", "cut-gat1743", "unknown-state", "short-gbt20999", "cut-status"],
)
def test_a_damaged_datagram_is_kept_as_it_came(protocol: str, kind: Any, data: bytes, peer: socket.socket, opened: Any) -> None:
    source = opened(kind(controller(protocol)))
    peer.sendto(data, address_of(source))
    (heard,) = hear(source)
    assert heard.data == data and heard.damage and heard.content == "signals"
    assert source.faults["damaged"] == 1


def test_a_report_of_another_host_than_the_peer_is_none(peer: socket.socket, opened: Any) -> None:
    source = opened(NtcipSource(controller("ntcip", peer="127.0.0.2:501")))
    peer.sendto(PUBLISHED_STATUS, address_of(source))
    (heard,) = hear(source)
    assert heard.damage == "it came from 127.0.0.1: the controller's peer is 127.0.0.2"


def test_a_report_without_a_phase_of_the_table_is_counted(peer: socket.socket, opened: Any) -> None:
    source = opened(NtcipSource(controller("ntcip", phases={"9": 1})))
    peer.sendto(PUBLISHED_STATUS, address_of(source))
    until = time.monotonic() + DEADLINE_S
    while not source.faults and time.monotonic() < until:
        assert source.receive() == []
    assert source.faults == {"no-phase": 1}


# Perception boxes ------------------------------------------------------------------------------------------------------------

# The example of usdot-fhwa-stol/carma-streets, detected_object_msg: README.
CARMA: dict[str, Any] = {
    "type": "CAR", "confidence": 0.7, "sensorId": "sensor1", "projString": "projection String2", "objectId": "Object7",
    "position": {"x": -1.1, "y": -2, "z": -3.2}, "positionCovariance": [[1, 0, 0]] * 3, "velocity": {"x": 1, "y": 1, "z": 1},
    "velocityCovariance": [[1, 0, 0]] * 3, "angularVelocity": {"x": 0.1, "y": 0.2, "z": 0.3},
    "angularVelocityCovariance": [[1, 0, 0]] * 3, "size": {"length": 2, "height": 1, "width": 0.5},
}  # fmt: skip


def octets(**change: Any) -> bytes:
    return json.dumps(CARMA | change).encode()


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    """A unit's keys, and beside them those of a box that may connect and of one that may not."""
    folder = tmp_path / "keys"
    make_keys(folder, "server")
    make_keys(folder, "stranger")
    allow(folder, make_keys(folder, "box").public)
    return folder


@pytest.fixture(params=["udp", "tcp"])
def box(request: pytest.FixtureRequest, opened: Any, keys: Path) -> Iterator[tuple[PerceptionSource, Callable[[bytes], None]]]:
    """A source of each kind, and what sends to it."""
    section = Perception(name="cam", listen=f"{request.param}://127.0.0.1:0")
    source: PerceptionSource = opened(PerceptionSource(section, str(keys)))
    if request.param == "udp":
        host, port = source.address.removeprefix("udp://").split(":")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
            yield source, lambda data: other.sendto(data, (host, int(port))) and None
        return
    context = zmq.Context()
    push = context.socket(zmq.PUSH)
    connect(push, source.address, keys, "box")
    yield source, push.send
    context.destroy(linger=0)


def test_an_object_of_a_box_is_heard_as_it_came(box: tuple[PerceptionSource, Callable[[bytes], None]]) -> None:
    source, send = box
    now_ms = time.time_ns() // 1_000_000
    data = octets(timestamp=now_ms)
    send(data)
    (heard,) = hear(source)
    assert (heard.data, heard.content, heard.record_type, heard.damage) == (data, "objects", "DetectedObject", "")
    assert heard.meta == {"objects": 1, "sensor": "sensor1", "box_time_ns": now_ms * 1_000_000}


def test_more_than_is_taken_at_once_is_told_again(box: tuple[PerceptionSource, Callable[[bytes], None]]) -> None:
    source, send = box
    for number in range(40):
        send(octets(objectId=number))
    heard: list[Heard] = []
    until = time.monotonic() + DEADLINE_S
    while len(heard) < 40 and time.monotonic() < until:
        if select.select(source.filenos(), [], [], 0.2)[0]:
            heard += source.receive(7)
    assert [json.loads(one.data)["objectId"] for one in heard] == list(range(40))


def test_a_list_is_one_record(box: tuple[PerceptionSource, Callable[[bytes], None]]) -> None:
    source, send = box
    send(b"[" + octets() + b"," + octets(objectId="b") + b"]")
    assert hear(source)[0].meta == {"objects": 2, "sensor": "sensor1"}


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"{", "truncated"),
        (b"\xff", "malformed"),
        (b"[]", "length >= 1"),
        (octets(confidence=1.1), "<= 1.0 - at `$.confidence`"),
        (octets(position={"x": 1e9, "y": 0}), "at `$.position.x`"),
        (octets(velocity={"x": 301, "y": 0}), "at `$.velocity.x`"),
        (octets(size={"length": -1, "width": 1}), "at `$.size.length`"),
        (octets(sensorId="s" * 65), "at `$.sensorId`"),
        (octets(positionCovariance=[[1, 0], [0, 1]]), "at `$.positionCovariance"),
        (json.dumps({"type": "CAR"}).encode(), "missing required field `confidence`"),
        (octets().replace(b"0.7", b"NaN"), "malformed"),
        (b"[" + b",".join([octets()] * (OBJECTS_MAX + 1)) + b"]", f"length <= {OBJECTS_MAX}"),
        (b"[" * 100_000, ""),
    ],
    ids=[
        "cut",
        "no-text",
        "none",
        "confidence",
        "far",
        "fast",
        "small",
        "long",
        "covariance",
        "missing",
        "nan",
        "many",
        "deep",
    ],
)
def test_broken_json_is_told_with_its_field(data: bytes, reason: str) -> None:
    with pytest.raises(SourceError, match="detected objects: ") as error:
        parse(data)
    assert reason in str(error.value)


def test_a_broken_record_is_kept_and_the_next_one_is_heard(box: tuple[PerceptionSource, Callable[[bytes], None]]) -> None:
    source, send = box
    send(octets(confidence=-1))
    send(octets(timestamp=1_000))
    broken, whole = hear(source, 2)
    assert broken.data == octets(confidence=-1) and "confidence" in broken.damage
    assert whole.damage == "" and whole.meta == {"objects": 1, "sensor": "sensor1"}
    assert source.faults == {"damaged": 1, "box-clock": 1}  # 1 s after 1970 is no time of today


@pytest.mark.parametrize("name", ["", "stranger"], ids=["without-keys", "not-allowed"])
def test_a_box_over_tcp_without_an_allowed_key_is_not_heard(opened: Any, keys: Path, name: str) -> None:
    source: PerceptionSource = opened(PerceptionSource(Perception(name="cam", listen="tcp://127.0.0.1:0"), str(keys)))
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    stranger, friend = context.socket(zmq.PUSH), context.socket(zmq.PUSH)
    watch = stranger.get_monitor_socket(HANDSHAKES)
    if name:
        connect(stranger, source.address, keys, name)
    else:
        stranger.connect(source.address)
    with contextlib.suppress(zmq.Again):  # refused already: there is nowhere to send to
        stranger.send(octets(objectId="stranger"), zmq.NOBLOCK)
    assert watch.poll(round(DEADLINE_S * 1_000)), "the handshake neither failed nor succeeded"
    assert zmq.utils.monitor.recv_monitor_message(watch)["event"] != zmq.EVENT_HANDSHAKE_SUCCEEDED
    connect(friend, source.address, keys, "box")
    friend.send(octets(objectId="friend"))
    heard = [json.loads(one.data)["objectId"] for one in hear(source)]
    stranger.disable_monitor()
    context.destroy(linger=0)
    assert heard == ["friend"]


def test_a_box_over_tcp_is_not_bound_without_keys_of_the_unit_or_where_another_is(keys: Path, opened: Any) -> None:
    with pytest.raises(ConfigError, match=r"\[\[perception\]\] cam: listen = tcp://127\.0\.0\.1:0: needs CURVE keys"):
        PerceptionSource(Perception(name="cam", listen="tcp://127.0.0.1:0"))
    first = opened(PerceptionSource(Perception(name="cam", listen="tcp://127.0.0.1:0"), str(keys)))
    with pytest.raises(ConfigError, match=r"cam: listen = tcp://.*: cannot be bound: Address already in use"):
        PerceptionSource(Perception(name="cam", listen=first.address), str(keys))


@pytest.mark.parametrize("listen", ["127.0.0.1:5000", "http://127.0.0.1:5000", "udp://127.0.0.1", "ipc:///tmp/box"])
def test_a_box_has_one_of_two_schemes(listen: str) -> None:
    with pytest.raises(ConfigError, match=r"\[\[perception\]\] cam: listen"):
        PerceptionSource(Perception(name="cam", listen=listen))


# All of a configuration ------------------------------------------------------------------------------------------------------

PLUGIN = '''
from collections import Counter
from rsu.sources.live import Heard

class Echo:
    """A source that hears what its settings say."""
    def __init__(self, section):
        self.name, self.faults, self.word = section.name, Counter(), section.settings["word"]
    def filenos(self): return []
    def receive(self, most=256): return [Heard(self.name, 1, self.word.encode())]
    def tick(self, now_ns): pass
    def close(self): pass
'''


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package with an interface of its own, as pip would leave it."""
    info = tmp_path / "rsu_echo-1.dist-info"
    info.mkdir()
    (tmp_path / "rsu_echo.py").write_text(PLUGIN)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: rsu-echo\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[rsu.live_sources]\necho = rsu_echo:Echo\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "rsu_echo", raising=False)


def test_every_interface_of_a_configuration_is_opened(plugin: None) -> None:
    config = Config(
        unit=Unit(standard="csae-53"),
        radio=(radio(), Radio(name="out", send="127.0.0.1:9")),
        controller=(controller("gat1743", name="a"), controller("gbt20999", name="b"), controller("ntcip", name="c")),
        perception=(Perception(name="cam", listen="udp://127.0.0.1:0"),),
        source=(Source(name="own", kind="echo", settings={"word": "hello"}),),
    )
    sources = open_live_sources(config)
    try:
        assert [source.name for source in sources] == ["obu", "a", "b", "c", "cam", "own"]
        assert sources[-1].receive() == [Heard("own", 1, b"hello")]
        assert all(source.receive() == [] for source in sources[:-1])
        for source in sources:
            source.tick(time.time_ns())
    finally:
        for source in sources:
            source.close()


def test_when_one_cannot_be_opened_none_stays_open() -> None:
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    config = Config(radio=(radio(listen=(address,)),), source=(Source(name="own", kind="none-such"),))
    with pytest.raises(ConfigError, match=r"\[\[source\]\] own: kind = 'none-such': must be one of those installed"):
        open_live_sources(config)
    UdpSource(radio(listen=(address,))).close()


def test_two_interfaces_of_one_name_are_refused() -> None:
    with pytest.raises(ConfigError, match="two interfaces are called 'obu'"):
        open_live_sources(Config(radio=(radio(), radio())))
