"""A tiny stand-in of a unit for these tests: UDP → Engine.step → View on an XPUB, rows into the real database, `/metrics`.

``python load_stand_in.py PORT BUS DATABASE METRICS_PORT [forget=N]``: with ``forget`` each N-th record is shown and not stored.
"""

from __future__ import annotations

import http.server
import os
import socket
import sys
import threading
import time

import zmq

import rsu
from rsu.engine import Engine, Outcome, Settings, Stored
from rsu.pipeline import envelope
from rsu.received import Received
from rsu.store import open_store

COMMIT_S = 0.05
STANDARD = "csae-53"
METRICS = """# HELP rsu_stage_seconds x
# TYPE rsu_stage_seconds histogram
rsu_stage_seconds_bucket{{stage="engine",le="0.001"}} {0}
rsu_stage_seconds_bucket{{stage="engine",le="+Inf"}} {0}
rsu_stage_seconds_count{{stage="engine"}} {0}
rsu_stage_seconds_sum{{stage="engine"}} 0.1
"""


class Unit:
    def __init__(self, port: int, bus: str, database: str, forget: int) -> None:
        self.radio = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.radio.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        self.radio.bind(("127.0.0.1", port))
        self.radio.settimeout(COMMIT_S / 5)
        self.bus = zmq.Context.instance().socket(zmq.XPUB)
        self.bus.bind(bus)
        self.store = open_store(database)
        self.engine = Engine(Settings(), {STANDARD: rsu.load_schema(STANDARD)})
        self.boot_id = os.urandom(16)
        self.forget = forget
        self.sequence = self.frames = 0

    def run(self) -> None:
        waiting: list[Outcome] = []
        committed = time.monotonic()
        while True:
            try:
                waiting += self.hear(self.radio.recv(65_535))
            except TimeoutError:
                pass
            if waiting and time.monotonic() > committed + COMMIT_S:
                self.store.write(waiting)
                waiting, committed = [], time.monotonic()

    def hear(self, data: bytes) -> list[Outcome]:
        self.sequence += 1
        now_ns = time.time_ns()
        record = Received(
            rsu_id="bench", boot_id=self.boot_id, sequence=self.sequence, channel="pc5", source="bench",
            receive_time_ns=now_ns, data=data, standard=STANDARD,
        )  # fmt: skip
        outcome = self.engine.step(record, now_ns)
        if isinstance(outcome, Stored):
            view = envelope.View(rsu="bench", number=self.frames, sent_ns=now_ns, items=[outcome])
            self.frames += 1
            self.bus.send_multipart([b"raw.bench.pc5.any", envelope.encode(view)])
        return [] if self.forget and self.sequence % self.forget == 0 else [outcome]


def serve(unit: Unit, port: int) -> None:
    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(METRICS.format(unit.sequence).encode())

        def log_message(self, *_: object) -> None:
            pass

    threading.Thread(target=http.server.HTTPServer(("127.0.0.1", port), Page).serve_forever, daemon=True).start()


if __name__ == "__main__":
    port_, bus_, database_, metrics_, *more = sys.argv[1:]
    here = Unit(int(port_), bus_, database_, int(more[0].partition("=")[2]) if more else 0)
    serve(here, int(metrics_))
    here.run()
