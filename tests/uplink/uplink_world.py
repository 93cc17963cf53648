"""What stands around an uplink under test: an outbox in memory, server processes, a relay, a subscriber, a thread."""

from __future__ import annotations

import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import paho.mqtt.client as paho

from rsu.engine import Entry
from rsu.uplink import Stocked, Uplink

DEADLINE_S = 30.0
POLL_S = 0.02
START_NS = 1_700_000_000_000_000_000
BOOT = bytes(range(16))
BSM = {
    "msgCnt": 1, "id": b"00143101", "secMark": 47_091, "pos": {"lat": 281_260_343, "long": 1_128_799_971},
    "transmission": "forwardGears", "speed": 600, "heading": 5_944, "accelSet": {"long": 5, "lat": 0, "vert": 0, "yaw": 0},
    "brakes": {}, "size": {"width": 180, "length": 500}, "vehicleClass": {"classification": 10},
}  # fmt: skip
PARTICIPANT = {
    "ptcType": "motor", "ptcId": 1, "source": "video", "secMark": 0,
    "pos": {"offsetLL": ("position-LatLon", {"lon": 1_160_000_000, "lat": 390_000_000})},
    "posConfidence": {"pos": "unavailable"}, "speed": 0, "heading": 0, "size": {"width": 0, "length": 0},
}  # fmt: skip
POSITION = {"lat": 390_000_000, "long": 1_160_000_000}
PHASE = {"id": 1, "phaseStates": [{"light": "red"}]}
INTERSECTION = {"intersectionId": {"region": 1, "id": 33}, "status": (b"\x05\x00", 16), "phases": [PHASE]}
FRAMES = {
    "BasicSafetyMessage": ("bsmFrame", BSM),
    "MapData": ("mapFrame", {"msgCnt": 0, "nodes": [{"id": {"region": 1, "id": 149}, "refPos": POSITION}]}),
    "RoadsideSafetyMessage": ("rsmFrame", {"msgCnt": 1, "id": b"12345678", "refPos": POSITION, "participants": [PARTICIPANT]}),
    "SPAT": ("spatFrame", {"msgCnt": 1, "intersections": [INTERSECTION]}),
    "RoadSideInformation": ("rsiFrame", {"msgCnt": 1, "id": b"12345678", "refPos": POSITION}),
}


class Parcel(msgspec.Struct, frozen=True):
    """A parcel as the outbox gives it."""

    id: int
    importance: int
    rsu: str
    boot: bytes
    records: int
    oldest_ns: int
    body: bytes


class Shelf:
    """An outbox in memory: a list of parcels, and the cursors."""

    def __init__(self) -> None:
        self.parcels: list[Stocked] = []
        self.cursors: dict[str, int] = {}
        self.moves: list[tuple[str, int]] = []

    def put(self, *entries: Entry, body: bytes | None = None) -> int:
        """Another parcel; its id. Ids have holes, as those of an outbox that evicts."""
        number = 3 * (len(self.parcels) + 1)
        oldest = min((entry.receive_time_ns for entry in entries), default=START_NS)
        octets = msgspec.msgpack.encode(list(entries)) if body is None else body
        self.parcels.append(Parcel(number, 0, "R1", BOOT, len(entries), oldest, octets))
        return number

    def after(self, parcel_id: int, most_octets: int) -> list[Stocked]:
        found: list[Stocked] = []
        for parcel in self.parcels:
            if parcel.id > parcel_id:
                most_octets -= len(parcel.body)
                if found and most_octets < 0:
                    break
                found.append(parcel)
        return found

    def delivered(self, target: str) -> int:
        return self.cursors.get(target, 0)

    def deliver(self, target: str, parcel_id: int) -> None:
        self.cursors[target] = parcel_id
        self.moves.append((target, parcel_id))


class Load:
    """Fills an outbox from a thread of its own until it is closed: parcels of five records, about 250 a second."""

    RECORDS = 5
    EVERY_S = 0.004

    def __init__(self, shelf: Shelf, record: Callable[[int], Entry]) -> None:
        self.sent = 0
        self._shelf = shelf
        self._record = record
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        while not self._stop.wait(self.EVERY_S):
            self._shelf.put(*(self._record(self.sent + place) for place in range(1, self.RECORDS + 1)))
            self.sent += self.RECORDS

    def close(self) -> None:
        self._stop.set()
        self._thread.join()


def until(true: Callable[[], object], seconds: float = DEADLINE_S) -> None:
    """Wait until it is so; fail at the deadline."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "not so within the deadline"
        time.sleep(POLL_S)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Daemon:
    """A server process on a port of its own, which can be killed and started again."""

    def __init__(self, command: Callable[[int], list[str]], folder: Path) -> None:
        self.port = free_port()
        self.command = command(self.port)
        self._log = (folder / "server.log").open("ab")
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(self.command, stdout=self._log, stderr=self._log)
        until(self._listens)

    def _listens(self) -> bool:
        assert self._process is not None and self._process.poll() is None, f"{self.command} ended: see its log"
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def kill(self) -> None:
        """As a power cut would."""
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()
        self._process = None

    def close(self) -> None:
        if self._process is not None:
            self.kill()
        self._log.close()


class Gate:
    """A TCP relay in front of a server: closed, it drops connections; stalled, it keeps them and lets nothing through."""

    def __init__(self, server_port: int) -> None:
        self._server_port = server_port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._open = True
        self._flows = threading.Event()
        self._flows.set()
        self._ends: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def shut(self) -> None:
        self._open = False
        self._drop()

    def open(self) -> None:
        self._open = True

    def stall(self) -> None:
        self._flows.clear()

    def flow(self) -> None:
        self._flows.set()

    def close(self) -> None:
        self.shut()
        self._flows.set()
        self._listener.close()

    def _drop(self) -> None:
        for end in self._ends:
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # it is closed already
        self._ends.clear()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            try:
                if not self._open:
                    raise OSError
                far = socket.create_connection(("127.0.0.1", self._server_port))
            except OSError:
                near.close()
                continue
            self._ends += [near, far]
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=self._pump, args=(source, sink), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        try:
            while octets := source.recv(65_536):
                self._flows.wait()
                sink.sendall(octets)
        except OSError:
            pass
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


class Platform:
    """A subscriber on the broker, and what it heard."""

    def __init__(self, port: int, *topics: str) -> None:
        self.heard: list[tuple[str, bytes]] = []
        self.subscribed = threading.Event()
        self._topics = topics
        self._client = paho.Client(paho.CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5)
        self._client.reconnect_delay_set(0.05, 0.1)  # type: ignore[arg-type]
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = lambda *_: self.subscribed.clear()
        self._client.on_subscribe = lambda *_: self.subscribed.set()
        self._client.on_message = lambda _c, _u, message: self.heard.append((message.topic, message.payload))
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        assert self.subscribed.wait(DEADLINE_S)

    def _on_connect(self, client: paho.Client, *_: object) -> None:
        client.subscribe([(topic, 0) for topic in self._topics])

    def say(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        self._client.publish(topic, payload, qos=1, retain=retain).wait_for_publish(DEADLINE_S)

    def of(self, topic: str) -> list[bytes]:
        return [payload for known, payload in self.heard if known == topic]

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


class Running:
    """An uplink in its thread."""

    def __init__(self, uplink: Uplink) -> None:
        self.uplink = uplink
        self.ticks = 0
        self.error: BaseException | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        try:
            self.uplink.run(self._stop, self._tick)
        except BaseException as error:
            self.error = error
            raise

    def _tick(self) -> None:
        self.ticks += 1

    def close(self) -> None:
        self._stop.set()
        self._thread.join(DEADLINE_S)
        assert not self._thread.is_alive() and self.error is None, self.error
