"""Pushes records into the inlet of a roadside unit. Needs pyzmq and msgspec.

    python push.py [-k DIR] [-n NAME] [--source NAME] [--standard NAME] [--wait S] ENDPOINT < FILE

A line of the input is a frame in hex, headers included. The unit takes a record as if it had heard it, and gives no answer:
what became of it is on the bus, in the database and in `rsu status`. docs/pipeline.md describes the envelope.
"""

from __future__ import annotations

import argparse
import itertools
import sys
from pathlib import Path

import msgspec
import zmq
from zmq.auth import load_certificate

RECORDS_A_FRAME = 128


def main() -> None:
    arguments = parse()
    records = ({"source": arguments.source, "standard": arguments.standard, "data": bytes.fromhex(line)} for line in sys.stdin)
    pushed = 0
    with zmq.Context() as context, context.socket(zmq.PUSH) as socket:
        wait_ms = round(arguments.wait * 1_000)
        socket.set(zmq.IMMEDIATE, 1)  # a unit that is not there is an error after this time, and no queue
        socket.set(zmq.SNDTIMEO, wait_ms)
        socket.set(zmq.LINGER, wait_ms)
        if arguments.keys:
            set_keys(socket, arguments.keys, arguments.name)
        socket.connect(arguments.endpoint)
        while items := list(itertools.islice(records, RECORDS_A_FRAME)):
            try:
                socket.send(msgspec.msgpack.encode({"kind": "heard", "items": items}))
            except zmq.Again:
                sys.exit(f"push.py: {arguments.endpoint}: no unit takes records there; {pushed} pushed")
            pushed += len(items)
    print(pushed, "pushed")


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Pushes frames in hex, one a line, into a roadside unit.")
    parser.add_argument("-k", "--keys", type=Path, help="for tcp://: folder with server.key, NAME.key_secret")
    parser.add_argument("-n", "--name", default="client", help="our pair of keys")
    parser.add_argument("--source", default="push", help="source name in the records")
    parser.add_argument("--standard", default="", help="of frames whose header does not say it")
    parser.add_argument("--wait", type=float, default=10.0, metavar="S", help="for the unit, or for room in its queue")
    parser.add_argument("endpoint")
    return parser.parse_args()


def set_keys(socket: zmq.Socket[bytes], folder: Path, name: str) -> None:
    server, _ = load_certificate(folder / "server.key")
    public, secret = load_certificate(folder / f"{name}.key_secret")
    assert secret is not None
    socket.curve_serverkey, socket.curve_publickey, socket.curve_secretkey = server, public, secret


if __name__ == "__main__":
    main()
