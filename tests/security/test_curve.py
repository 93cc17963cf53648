"""tcp:// endpoints with real sockets: allowed clients get through, nobody else does."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest
import zmq
import zmq.utils.monitor
from typer.testing import CliRunner

from rsu.cli.app import app
from rsu.cli.exit_codes import ExitCode
from rsu.errors import ConfigError
from rsu.security.curve import AllowList, bind, connect, secure_client, stop_authenticator
from rsu.security.keys import CLIENTS_MAX, KEY_FILE_OCTETS_MAX, allow, list_keys, load, make_keys

ARRIVES_MS_MAX = 10_000
REFUSED_MS_MAX = 10_000

HANDSHAKES = (
    zmq.EVENT_HANDSHAKE_SUCCEEDED
    | zmq.EVENT_HANDSHAKE_FAILED_AUTH
    | zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL
    | zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL
    | zmq.EVENT_DISCONNECTED
)

Socket = zmq.Socket[bytes]


class Unit:
    """A unit's socket behind CURVE, and the folders of its keys and of its clients'.

    :param port: where the socket listens.
    """

    def __init__(self, folder: Path) -> None:
        self.keys, self.clients = folder / "unit", folder / "clients"
        make_keys(self.keys, "server")
        self.context, self.others = zmq.Context[Socket](), zmq.Context[Socket]()
        self.sockets: list[Socket] = []
        self.socket = self.context.socket(zmq.PULL)
        bind(self.socket, "tcp://127.0.0.1:*", self.keys)
        self.port = int(self.socket.last_endpoint.rpartition(b":")[2])

    def client(self, name: str) -> Socket:
        """A client with keys of its own, connected."""
        if not (self.clients / f"{name}.key").exists():
            make_keys(self.clients, name)
        (self.clients / "server.key").write_bytes((self.keys / "server.key").read_bytes())
        socket = self.plain()
        connect(socket, f"tcp://127.0.0.1:{self.port}", self.clients, name)
        return socket

    def plain(self) -> Socket:
        """A client without keys, not connected; watched from now on, so that no event is missed, and kept."""
        socket = self.others.socket(zmq.PUSH)
        socket.linger = 0
        socket.sndtimeo = ARRIVES_MS_MAX
        socket.get_monitor_socket(HANDSHAKES)
        self.sockets.append(socket)
        return socket

    def connects(self, socket: Socket) -> Socket:
        socket.connect(f"tcp://127.0.0.1:{self.port}")
        return socket

    def receives(self) -> bytes:
        """What arrives next."""
        assert self.socket.poll(ARRIVES_MS_MAX), "nothing arrived"
        return self.socket.recv()

    def close(self) -> None:
        self.socket.close()
        stop_authenticator(self.context)
        self.context.term()
        for socket in self.sockets:
            socket.disable_monitor()
        self.others.destroy(linger=0)


@pytest.fixture
def unit(tmp_path: Path) -> Iterator[Unit]:
    unit = Unit(tmp_path)
    yield unit
    unit.close()


def is_refused(socket: Socket) -> None:
    """The handshake failed, or the unit hung up on it."""
    monitor = socket.get_monitor_socket()
    assert monitor.poll(REFUSED_MS_MAX), "the handshake neither failed nor succeeded"
    assert zmq.utils.monitor.recv_monitor_message(monitor)["event"] != zmq.EVENT_HANDSHAKE_SUCCEEDED


def stays_out(unit: Unit, socket: Socket) -> None:
    """The socket is refused, and nothing of it arrives: one that is let in after it is the first to be heard."""
    with contextlib.suppress(zmq.Again):  # refused already: there is nowhere to send to
        socket.send(b"from a stranger", zmq.NOBLOCK)
    is_refused(socket)
    make_keys(unit.clients, "friend")
    allow(unit.keys, unit.clients / "friend.key")
    unit.client("friend").send(b"from a friend")
    assert unit.receives() == b"from a friend"


def test_an_allowed_client_gets_through(unit: Unit) -> None:
    make_keys(unit.clients, "viewer")
    allow(unit.keys, unit.clients / "viewer.key")
    unit.client("viewer").send(b"frame")
    assert unit.receives() == b"frame"


def test_a_client_that_is_not_on_the_list_stays_out(unit: Unit) -> None:
    stays_out(unit, unit.client("stranger"))


@pytest.mark.parametrize("mechanism", ["null", "plain", "other server key"])
def test_a_client_without_the_right_keys_stays_out(unit: Unit, tmp_path: Path, mechanism: str) -> None:
    socket = unit.plain()
    if mechanism == "plain":
        socket.plain_username, socket.plain_password = b"rsu", b"rsu"
    elif mechanism == "other server key":
        make_keys(tmp_path / "other", "server")
        make_keys(tmp_path / "other", "viewer")
        allow(unit.keys, tmp_path / "other" / "viewer.key")
        secure_client(socket, tmp_path / "other", "viewer")
    stays_out(unit, unit.connects(socket))


def test_a_client_that_is_allowed_while_the_unit_runs_gets_through(unit: Unit) -> None:
    socket = unit.client("late")
    is_refused(socket)
    allow(unit.keys, unit.clients / "late.key")
    # ZeroMQ does not try again after a refusal, so that a stranger is no load: the client connects again.
    unit.client("late").send(b"frame")
    assert unit.receives() == b"frame"


def test_a_client_that_is_taken_off_the_list_is_refused_at_its_next_handshake(unit: Unit) -> None:
    make_keys(unit.clients, "viewer")
    allowed = allow(unit.keys, unit.clients / "viewer.key")
    unit.client("viewer").send(b"frame")
    assert unit.receives() == b"frame"
    allowed.path.unlink()
    is_refused(unit.client("viewer"))


def test_nobody_is_let_in_when_the_authenticator_is_gone(unit: Unit) -> None:
    make_keys(unit.clients, "viewer")
    allow(unit.keys, unit.clients / "viewer.key")
    stop_authenticator(unit.context)
    is_refused(unit.client("viewer"))


def test_two_sockets_of_a_context_share_the_list(unit: Unit) -> None:
    second = unit.context.socket(zmq.PULL)
    try:
        bind(second, "tcp://127.0.0.1:*", unit.keys)
        make_keys(unit.clients, "viewer")
        allow(unit.keys, unit.clients / "viewer.key")
        unit.port = int(second.last_endpoint.rpartition(b":")[2])
        unit.client("viewer").send(b"frame")
        assert second.poll(ARRIVES_MS_MAX) and second.recv() == b"frame"
    finally:
        second.close()


def test_a_context_takes_its_clients_from_one_folder(unit: Unit, tmp_path: Path) -> None:
    make_keys(tmp_path / "other", "server")
    second = unit.context.socket(zmq.PULL)
    with pytest.raises(ConfigError, match=r"takes its clients from .*unit/allowed already"):
        bind(second, "tcp://127.0.0.1:*", tmp_path / "other")
    second.close()


@pytest.mark.parametrize("opened", [bind, connect])
def test_a_tcp_endpoint_without_keys_is_refused(opened: object, tmp_path: Path) -> None:
    with zmq.Context() as context, context.socket(zmq.PULL) as socket:
        with pytest.raises(ConfigError, match=r"tcp://127.0.0.1:1: needs CURVE keys: `rsu keys make DIR"):
            opened(socket, "tcp://127.0.0.1:1")  # type: ignore[operator]
        with pytest.raises(ConfigError, match=r"server.key_secret: is missing; `rsu keys make"):
            bind(socket, "tcp://127.0.0.1:1", tmp_path)


def test_an_ipc_endpoint_needs_none(tmp_path: Path) -> None:
    with zmq.Context() as context, context.socket(zmq.PULL) as pull, context.socket(zmq.PUSH) as push:
        bind(pull, f"ipc://{tmp_path}/s")
        connect(push, f"ipc://{tmp_path}/s")
        push.send(b"frame")
        assert pull.poll(ARRIVES_MS_MAX) and pull.recv() == b"frame"


def test_a_secret_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    pair = make_keys(tmp_path, "server")
    assert pair.secret.stat().st_mode & 0o777 == 0o600
    pair.secret.chmod(0o640)
    with zmq.Context() as context, context.socket(zmq.PULL) as socket:
        with pytest.raises(ConfigError, match="has mode 0640, others can read it: chmod 0600"):
            bind(socket, "tcp://127.0.0.1:*", tmp_path)


# Keys on the disk ---------------------------------------------------------------------------------------------------


def test_keys_are_not_made_over_those_that_are_there(tmp_path: Path) -> None:
    before = make_keys(tmp_path, "server").secret.read_bytes()
    with pytest.raises(ConfigError, match="is there already"):
        make_keys(tmp_path, "server")
    assert (tmp_path / "server.key_secret").read_bytes() == before


@pytest.mark.parametrize("name", ["", "../x", "a/b", ".x", "a b", "x" * 65])
def test_a_name_that_is_no_file_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="must be 1 to 64 of"):
        make_keys(tmp_path / "keys", name)
    assert not (tmp_path / "keys").exists()


def test_of_a_secret_file_only_the_public_key_goes_on_the_list(tmp_path: Path) -> None:
    make_keys(tmp_path / "unit", "server")
    pair = make_keys(tmp_path / "client", "viewer")
    allowed = allow(tmp_path / "unit", pair.secret)
    assert (allowed.name, load(allowed.path)) == ("viewer", (load(pair.public)[0], None))


def test_another_key_under_a_name_that_is_allowed_is_refused(tmp_path: Path) -> None:
    make_keys(tmp_path / "unit", "server")
    allow(tmp_path / "unit", make_keys(tmp_path / "a", "viewer").public)
    allow(tmp_path / "unit", tmp_path / "a" / "viewer.key")
    with pytest.raises(ConfigError, match="another key of this name is allowed already"):
        allow(tmp_path / "unit", make_keys(tmp_path / "b", "viewer").public)


@pytest.mark.parametrize("text", ["", "no key", 'curve\n    public-key = "short"\n', "x" * (KEY_FILE_OCTETS_MAX + 1)])
def test_a_file_without_a_key_is_refused_and_lets_nobody_in(tmp_path: Path, text: str) -> None:
    make_keys(tmp_path, "server")
    (tmp_path / "viewer.key").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"viewer\.key: "):
        allow(tmp_path, tmp_path / "viewer.key")
    (tmp_path / "allowed" / "viewer.key").write_text(text, encoding="utf-8")
    assert not AllowList(tmp_path / "allowed").callback("rsu", b"")


def test_the_list_has_a_bound(tmp_path: Path) -> None:
    make_keys(tmp_path, "server")
    key = make_keys(tmp_path / "client", "viewer").public
    for number in range(CLIENTS_MAX - 1):
        (tmp_path / "allowed" / f"{number}.key").touch()
    allow(tmp_path, key)
    with pytest.raises(ConfigError, match=f"{CLIENTS_MAX} keys are allowed already"):
        allow(tmp_path, make_keys(tmp_path / "client", "one-more").public)


def test_keys_on_the_command_line(tmp_path: Path) -> None:
    def rsu(*words: str) -> int:
        return CliRunner().invoke(app, ["keys", *words]).exit_code

    unit, client = str(tmp_path / "unit"), str(tmp_path / "client")
    assert rsu("list", unit) == ExitCode.SCHEMA
    assert rsu("make", unit, "server") == ExitCode.FINE
    assert rsu("make", unit, "server") == ExitCode.SCHEMA
    assert rsu("make", client, "viewer") == ExitCode.FINE
    assert rsu("allow", unit, f"{client}/viewer.key") == ExitCode.FINE
    assert rsu("list", unit) == ExitCode.FINE
    assert [(key.name, key.kind) for key in list_keys(Path(unit))] == [("server", "pair"), ("viewer", "allowed")]
