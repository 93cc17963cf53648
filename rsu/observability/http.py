"""The pages a unit serves over HTTP: /metrics, /healthz, /readyz, /status.

The server is made for a network that is not all friendly: a request has a bound and a deadline as a whole (a client that sends
an octet a second is cut off), connections have a bound, each is closed after its answer, and nothing is read but a GET line.
"""

from __future__ import annotations

import contextlib
import socket
import socketserver
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

import msgspec

from rsu.errors import ConfigError
from rsu.observability.exposition import CONTENT_TYPE, exposition
from rsu.observability.health import Health
from rsu.observability.registry import Registry
from rsu.observability.rules import Check
from rsu.observability.status import status

CONNECTIONS_MAX = 16
REQUEST_OCTETS_MAX = 8_192
REQUEST_S_MAX = 3.0
ANSWER_S_MAX = 5.0
JSON = "application/json"
TEXT = "text/plain; charset=utf-8"
REASONS = {200: "OK", 400: "Bad Request", 404: "Not Found", 405: "Method Not Allowed", 503: "Service Unavailable"}


class Answer(NamedTuple):
    code: int
    kind: str
    body: bytes


class Pages:
    """Path → answer.

    :param registry: the roles' reports.
    :param health: the supervisor's view.
    """

    def __init__(self, registry: Registry, health: Health) -> None:
        self._registry = registry
        self._health = health
        self._pages: dict[str, Callable[[], Answer]] = {
            "/metrics": lambda: Answer(200, CONTENT_TYPE, exposition(registry, health)),
            "/healthz": lambda: _verdict(*health.alive()),
            "/readyz": lambda: _verdict(*health.ready()),
            "/status": lambda: Answer(200, JSON, msgspec.json.encode(status(registry, health)) + b"\n"),
        }

    def answer(self, request: bytes) -> Answer:
        """The answer to the head of a request."""
        words = request.partition(b"\r\n")[0].split(b" ")
        if len(words) != 3 or not words[2].startswith(b"HTTP/1."):
            return Answer(400, TEXT, b"not a request of HTTP/1\n")
        if words[0] not in (b"GET", b"HEAD"):
            return Answer(405, TEXT, b"only GET is answered\n")
        page = self._pages.get(words[1].partition(b"?")[0].decode("latin-1"))
        return page() if page else Answer(404, TEXT, f"pages: {' '.join(self._pages)}\n".encode())


def _verdict(good: bool, checks: list[Check]) -> Answer:
    body = {"ok": good, "checks": checks}
    return Answer(200 if good else 503, JSON, msgspec.json.encode(body) + b"\n")


class Server:
    """The running server; made by :func:`serve`.

    :param port: where it listens; of interest where port 0 was asked for.
    :param turned_away: requests that were not answered, by reason.
    """

    def __init__(self, host: str, port: int, pages: Pages) -> None:
        self.turned_away: Counter[str] = Counter()
        self._inner = _Threads(host, port, pages, self.turned_away)
        self.port: int = self._inner.server_address[1]
        self._thread = threading.Thread(target=self._inner.serve_forever, args=(0.1,), name="pages", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._inner.shutdown()
        self._inner.server_close()
        self._thread.join()


def serve(listen: str, registry: Registry, health: Health) -> Server:
    """Serve the pages in a thread.

    :param listen: ``host:port``; an IPv6 host in brackets; port 0: any free one.
    :raises ConfigError: for an address that cannot be listened on.
    """
    host, colon, port = listen.rpartition(":")
    if not colon or not port.isascii() or not port.isdigit() or int(port) > 65_535:
        raise ConfigError(f"[observability] listen = {listen!r}: must be host:port, e.g. 127.0.0.1:9117")
    try:
        return Server(host.strip("[]"), int(port), Pages(registry, health))
    except OSError as error:
        raise ConfigError(f"[observability] listen = {listen!r}: {error.strerror or error}; choose another port") from error


class _Threads(socketserver.ThreadingMixIn, socketserver.TCPServer):
    """A thread for each connection, as many as :data:`CONNECTIONS_MAX`; further ones are closed at once."""

    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    request_queue_size = CONNECTIONS_MAX

    def __init__(self, host: str, port: int, pages: Pages, turned_away: Counter[str]) -> None:
        self.pages = pages
        self.turned_away = turned_away
        self._free = threading.BoundedSemaphore(CONNECTIONS_MAX)
        if ":" in host:
            self.address_family = socket.AF_INET6
        super().__init__((host, port), _Connection)

    def process_request(self, request: socket.socket | tuple[bytes, socket.socket], address: object) -> None:
        if not self._free.acquire(blocking=False):
            self.turned_away["too many connections"] += 1
            self.shutdown_request(request)
            return
        try:
            super().process_request(request, address)
        except RuntimeError:  # no thread to be had
            self._free.release()
            raise

    def process_request_thread(self, request: socket.socket | tuple[bytes, socket.socket], address: object) -> None:
        try:
            super().process_request_thread(request, address)
        finally:
            self._free.release()

    def handle_error(self, request: object, address: object) -> None:
        """A client that goes away is no fault of ours."""
        self.turned_away["connection lost"] += 1


class _Connection(socketserver.BaseRequestHandler):
    server: _Threads
    request: socket.socket

    def handle(self) -> None:
        head = self._head()
        if head is None:
            self.server.turned_away["slow or long request"] += 1
            return
        answer = self.server.pages.answer(head)
        lines = (
            f"HTTP/1.1 {answer.code} {REASONS[answer.code]}",
            f"Content-Type: {answer.kind}",
            f"Content-Length: {len(answer.body)}",
            "Cache-Control: no-store",
            "Connection: close",
        )
        body = b"" if head.startswith(b"HEAD ") else answer.body
        self.request.settimeout(ANSWER_S_MAX)  # of sendall as a whole
        self.request.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
        with contextlib.suppress(OSError):
            self.request.shutdown(socket.SHUT_WR)

    def _head(self) -> bytes | None:
        """The request up to its empty line; None for one that is too long or too slow."""
        until = time.monotonic() + REQUEST_S_MAX
        head = b""
        while b"\r\n\r\n" not in head:
            left = until - time.monotonic()
            if left <= 0 or len(head) > REQUEST_OCTETS_MAX:
                return None
            self.request.settimeout(left)
            try:
                part = self.request.recv(4_096)
            except TimeoutError:
                return None
            if not part:
                return None
            head += part
        return head
