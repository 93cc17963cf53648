"""Datagrams heard on UDP ports, as records of a boot of our own: what `rsu record --listen` writes where no unit runs."""

from __future__ import annotations

import select
import socket
import time
from collections import Counter

from rsu.errors import ConfigError
from rsu.received import Channel, Received

DATAGRAM_OCTETS_MAX = 65_535
DATAGRAMS_AT_ONCE = 256  # of one port before the next is looked at
RECEIVE_BUFFER_OCTETS = 8_388_608


class Listening:
    """Open ports.

    :param ports: ``host:port`` each; port 0 takes any free one.
    :param counts: datagrams, by port.
    :raises ConfigError: for an address that cannot be listened on.
    """

    def __init__(
        self, ports: list[str], *, unit: str, boot_id: bytes, channel: Channel = "pc5", header: str = "auto", standard: str = ""
    ) -> None:
        self._counts: Counter[str] = Counter()
        self._sockets: dict[int, tuple[socket.socket, str]] = {}
        self._poll = select.poll()
        self._settings = {"rsu_id": unit, "boot_id": boot_id, "channel": channel, "header": header, "standard": standard}
        self._sequence = 0
        try:
            for port in ports:
                self._open(port)
        except BaseException:
            self.close()
            raise

    def _open(self, listen: str) -> None:
        host, colon, port = listen.rpartition(":")
        if not colon or not port.isascii() or not port.isdigit() or int(port) > 65_535:
            raise ConfigError(f"--listen {listen}: must be HOST:PORT, e.g. 0.0.0.0:46800")
        host = host.strip("[]")
        opened = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
        try:
            opened.setblocking(False)
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_OCTETS)
            opened.bind((host, int(port)))
        except OSError as error:
            opened.close()
            raise ConfigError(f"--listen {listen}: {error.strerror or error}") from error
        self._sockets[opened.fileno()] = opened, f"udp:{opened.getsockname()[1]}"
        self._poll.register(opened, select.POLLIN)

    @property
    def counts(self) -> Counter[str]:
        return self._counts

    @property
    def ports(self) -> list[int]:
        return [opened.getsockname()[1] for opened, _ in self._sockets.values()]

    def receive(self, timeout_s: float) -> list[Received]:
        """What waits on the ports; waits up to ``timeout_s`` for the first."""
        records: list[Received] = []
        for descriptor, _ in self._poll.poll(int(timeout_s * 1e3)):
            opened, name = self._sockets[descriptor]
            for _ in range(DATAGRAMS_AT_ONCE):
                try:
                    data = opened.recv(DATAGRAM_OCTETS_MAX)
                except OSError:  # nothing waits, or an ICMP error of an earlier peer
                    break
                self._sequence += 1
                self._counts[name] += 1
                records.append(
                    Received(
                        **self._settings,  # type: ignore[arg-type]
                        sequence=self._sequence,
                        source=name,
                        receive_time_ns=time.time_ns(),
                        data=data,
                    )
                )
        return records

    def close(self) -> None:
        for opened, _ in self._sockets.values():
            opened.close()
