"""Prints what a roadside unit hears, from its bus, and what this reader missed. Needs pyzmq and msgspec.

    python subscribe.py [-k DIR] [-n NAME] [-c RECORDS] ENDPOINT [TOPIC ...]

A line a record: topic, number of the frame, sequence, source, octets in hex; or ``missed COUNT TOPIC``, or ``restarted TOPIC``
when the unit's engine began to number again. docs/pipeline.md describes the frames.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import msgspec
import zmq
from zmq.auth import load_certificate

FRAME_OCTETS_MAX = 16_777_216
VIEWS_WAITING_MAX = 4_096


def main() -> None:
    arguments = parse()
    with zmq.Context() as context, context.socket(zmq.SUB) as socket:
        socket.set(zmq.RCVHWM, VIEWS_WAITING_MAX)
        socket.set(zmq.MAXMSGSIZE, FRAME_OCTETS_MAX)
        if arguments.keys:
            set_keys(socket, arguments.keys, arguments.name)
        for topic in arguments.topics or ["raw."]:
            socket.subscribe(topic)
        socket.connect(arguments.endpoint)
        seen = 0
        numbers: dict[str, int] = {}
        while not arguments.records or seen < arguments.records:
            frames = socket.recv_multipart()
            view = view_in(frames)
            if view is None:
                print("subscribe.py: passed over a frame that is no view of version 1", file=sys.stderr)
                continue
            topic = frames[0].decode()
            tell_gap(numbers, topic, view["number"])
            for item in view["items"]:
                print(topic, view["number"], item["sequence"], item["source"], item.get("raw", b"").hex(), flush=True)
            seen += len(view["items"])


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Prints what a roadside unit hears.")
    parser.add_argument("-k", "--keys", type=Path, help="for tcp://: folder with server.key, NAME.key_secret")
    parser.add_argument("-n", "--name", default="client", help="our pair of keys")
    parser.add_argument("-c", "--records", type=int, default=0, help="end after so many; 0: never")
    parser.add_argument("endpoint")
    parser.add_argument("topics", nargs="*", metavar="topic", help="prefix; default raw.")
    return parser.parse_args()


def set_keys(socket: zmq.Socket[bytes], folder: Path, name: str) -> None:
    server, _ = load_certificate(folder / "server.key")
    public, secret = load_certificate(folder / f"{name}.key_secret")
    assert secret is not None
    socket.curve_serverkey, socket.curve_publickey, socket.curve_secretkey = server, public, secret


def view_in(frames: list[bytes]) -> dict[str, Any] | None:
    """The envelope behind the topic; ``v`` is left out where it is 1."""
    try:
        _, envelope = frames
        view = msgspec.msgpack.decode(envelope, type=dict[str, Any])
    except (ValueError, msgspec.DecodeError):
        return None
    return view if view.get("kind") == "view" and view.get("v", 1) == 1 else None


def tell_gap(numbers: dict[str, int], topic: str, number: int) -> None:
    last = numbers.get(topic)
    if last is not None and number > last + 1:
        print("missed", number - last - 1, topic)
    elif last is not None and number <= last:
        print("restarted", topic)
    numbers[topic] = number


if __name__ == "__main__":
    main()
