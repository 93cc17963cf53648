"""CURVE and the allow-list of tcp:// endpoints: nobody without an allowed key gets a frame in or out.

libzmq asks for each handshake over `inproc://zeromq.zap.01` of the socket's context, so there is one authenticator for a
context: the first :func:`secure_server` starts it, :func:`stop_authenticator` must be called before the context is terminated.
The list is the folder ``allowed`` of the unit's keys (:mod:`rsu.security.keys`), looked at again whenever it changes. A client
that is taken off it is refused at its next handshake; a connection that stands is not cut.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import NamedTuple

import zmq
from zmq.auth.thread import ThreadAuthenticator

from rsu.errors import ConfigError
from rsu.security.keys import ALLOWED, PUBLIC_SUFFIX, SERVER, key_files, load, own

DOMAIN = "rsu"


class AllowList:
    """Answers whether a public key may connect; reads the folder again when something in it changed.

    :param folder: the folder ``allowed`` of a unit.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.refused = 0
        self._seen: tuple[tuple[str, int, int], ...] | None = None
        self._keys: frozenset[bytes] = frozenset()

    def callback(self, domain: str, key: bytes) -> bool:
        """Called by pyzmq for each handshake, in the authenticator's thread."""
        there = key in self._current()
        self.refused += not there
        return there

    def _current(self) -> frozenset[bytes]:
        files = key_files(self.folder)
        seen = tuple((path.name, *_stamp(path)) for path in files)
        if seen != self._seen:
            self._keys = frozenset(key for path in files if (key := _public(path)))
            self._seen = seen
        return self._keys


def _stamp(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError:
        return 0, 0
    return found.st_mtime_ns, found.st_ino


def _public(path: Path) -> bytes | None:
    """A key of the list; None for a file that holds none or has just been removed: it lets nobody in."""
    try:
        return load(path)[0]
    except ConfigError:
        return None


class _Authenticator(NamedTuple):
    thread: ThreadAuthenticator
    allowed: AllowList


_authenticators: dict[int, _Authenticator] = {}
_lock = threading.Lock()


def secure_server(socket: zmq.Socket[bytes], curve_dir: str | Path) -> AllowList:
    """Makes a socket that is to be bound take allowed clients only.

    :returns: the list, for its count of refused ones.
    :raises ConfigError: where the unit's keys are missing or open to others.
    """
    folder = Path(curve_dir)
    public, secret = own(folder, SERVER)
    allowed = _authenticator(socket.context, folder / ALLOWED)
    socket.curve_publickey = public
    socket.curve_secretkey = secret
    socket.curve_server = True
    socket.zap_domain = DOMAIN.encode()
    socket.setsockopt(zmq.ZAP_ENFORCE_DOMAIN, 1)  # without it, everybody is let in when no authenticator answers
    return allowed


def secure_client(socket: zmq.Socket[bytes], curve_dir: str | Path, name: str) -> None:
    """Makes a socket that is to be connected speak with the unit whose server.key lies beside the pair ``name``.

    :raises ConfigError: where one of the keys is missing.
    """
    folder = Path(curve_dir)
    public, secret = own(folder, name)
    socket.curve_serverkey = load(folder / f"{SERVER}{PUBLIC_SUFFIX}")[0]
    socket.curve_publickey = public
    socket.curve_secretkey = secret


def bind(socket: zmq.Socket[bytes], endpoint: str, curve_dir: str | Path = "") -> None:
    """Binds a socket: ipc:// as it is, tcp:// with keys only.

    :raises ConfigError: for a tcp:// endpoint without keys, or an address that cannot be bound.
    """
    _secure(socket, endpoint, curve_dir, "")
    try:
        socket.bind(endpoint)
    except zmq.ZMQError as error:
        raise ConfigError(f"{endpoint}: cannot be bound: {error.strerror}") from error


def connect(socket: zmq.Socket[bytes], endpoint: str, curve_dir: str | Path = "", name: str = "") -> None:
    """Connects a socket: ipc:// as it is, tcp:// with the keys of the client ``name`` only.

    :raises ConfigError: for a tcp:// endpoint without keys, or an endpoint that is none.
    """
    _secure(socket, endpoint, curve_dir, name)
    try:
        socket.connect(endpoint)
    except zmq.ZMQError as error:
        raise ConfigError(f"{endpoint}: cannot be connected: {error.strerror}") from error


def _secure(socket: zmq.Socket[bytes], endpoint: str, curve_dir: str | Path, client: str) -> None:
    if endpoint.startswith(("ipc://", "inproc://")):
        return
    if not str(curve_dir):
        then = f"with the unit's {SERVER}.key beside it" if client else "then [pipeline] curve_dir = DIR"
        raise ConfigError(f"{endpoint}: needs CURVE keys: `rsu keys make DIR {client or SERVER}`, {then}")
    if client:
        secure_client(socket, curve_dir, client)
    else:
        secure_server(socket, curve_dir)


def _authenticator(context: zmq.Context[zmq.Socket[bytes]], folder: Path) -> AllowList:
    """The list that the context's authenticator asks; started where there is none."""
    with _lock:
        running = _authenticators.get(context.underlying)
        if running is not None and running.thread.is_alive():
            if running.allowed.folder != folder:
                raise ConfigError(f"{folder}: this context takes its clients from {running.allowed.folder} already")
            return running.allowed
        thread, allowed = ThreadAuthenticator(context), AllowList(folder)
        thread.start()
        thread.configure_curve_callback(DOMAIN, allowed)
        _authenticators[context.underlying] = _Authenticator(thread, allowed)
        return allowed


def stop_authenticator(context: zmq.Context[zmq.Socket[bytes]]) -> None:
    """Ends the context's authenticator, where there is one; without it, ``context.term()`` waits for ever."""
    with _lock:
        running = _authenticators.pop(context.underlying, None)
    if running is not None:
        running.thread.stop()
