"""The uplink to a zone over NATS JetStream: every record once in the stream.

Each message carries ``Nats-Msg-Id: rsu:boot:sequence``, by which the stream drops copies within its duplicate window; the
cursor moves behind the stream's acknowledgements. The library's own reconnecting is off: what it would send again from
memory, the outbox sends again.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any

import msgspec
import nats.errors
import structlog
from nats.aio.client import Client
from nats.js import JetStreamContext
from nats.js import errors as js_errors
from nats.js.api import StorageType, StreamConfig

from rsu.config.sections import Nats
from rsu.errors import ConfigError, RsuError
from rsu.uplink.backoff import Backoff
from rsu.uplink.links import STEADY_S, tls_context
from rsu.uplink.packing import Subjects
from rsu.uplink.target import LinkError, Message, Target, together, word_of

CONNECT_S_MAX = 5
PING_S = 10
PINGS_OUTSTANDING_MAX = 2
CLOSE_S_MAX = 2.0
MESSAGE_ID = "Nats-Msg-Id"
PERMISSION = "permissions violation"

_log = structlog.get_logger("rsu.uplink.nats")


class Parameters(msgspec.Struct, frozen=True, kw_only=True):
    """Of a stream that this unit makes itself.

    :param duplicate_window_s: how long the stream knows a message id; an outage of the hub that lasts longer may leave copies
        of what was in flight when it began.
    :param max_age_s: how long it keeps records.
    """

    duplicate_window_s: float = 600.0
    max_age_s: float = 7 * 86_400.0
    replicas: int = 1


class NatsLink:
    """Keeps one zone served.

    :param target: named ``nats``.
    """

    def __init__(
        self,
        config: Nats,
        client_name: str,
        subjects: Subjects,
        target: Target,
        backoff: Backoff,
        parameters: Parameters = Parameters(),  # noqa: B008
    ) -> None:
        self.target = target
        self._config = config
        self._client_name = client_name
        self._subjects = subjects
        self._backoff = backoff
        self._parameters = parameters
        self._error = ""

    async def run(self) -> None:
        """Session after session, until cancelled."""
        while True:
            began, cursor = time.monotonic(), self.target.cursor
            try:
                await self._session()
            except (nats.errors.Error, LinkError, RsuError, OSError, TimeoutError) as error:
                self.target.failed(error, word_of(error))
                _log.warning("the zone is not reached", target=self.target.name, error=self.target.last_error)
            finally:
                self.target.set_connected(False)
            if time.monotonic() - began > STEADY_S or self.target.cursor > cursor:
                self._backoff.reset()
            await asyncio.sleep(self._backoff.wait_s())

    async def _session(self) -> None:
        client, closed = Client(), asyncio.Event()
        self._error = ""
        try:
            await self._connect(client, closed)
            room = 2 * self.target.parameters.messages_in_flight
            stream = client.jetstream(timeout=CONNECT_S_MAX, publish_async_max_pending=room)
            await self._find_stream(stream)
            self.target.set_connected(True)
            _log.info("the zone is reached", target=self.target.name, stream=self._config.stream)
            await together(
                self.target.forward(lambda message: self._send(client, stream, message), self._lost),
                self._watch(closed),
            )
        finally:
            try:
                await asyncio.wait_for(client.close(), CLOSE_S_MAX)
            except (nats.errors.Error, OSError, TimeoutError):
                pass  # it is gone already

    async def _connect(self, client: Client, closed: asyncio.Event) -> None:
        async def on_closed() -> None:
            closed.set()

        async def on_error(error: Exception) -> None:
            self._error = self._error or str(error)

        options: dict[str, Any] = {"user_credentials": self._config.credentials_file} if self._config.credentials_file else {}
        if tls := tls_context(self._config.tls_ca_file, "", "", "[nats]"):
            options["tls"] = tls
        try:
            await client.connect(
                servers=list(self._config.servers),
                name=self._client_name,
                allow_reconnect=False,
                connect_timeout=CONNECT_S_MAX,
                ping_interval=PING_S,
                max_outstanding_pings=PINGS_OUTSTANDING_MAX,
                closed_cb=on_closed,
                disconnected_cb=on_closed,
                error_cb=on_error,
                **options,
            )
        except (FileNotFoundError, PermissionError) as error:
            raise ConfigError(f"[nats] credentials_file = {self._config.credentials_file!r}: {error}") from error
        except ValueError as error:
            raise ConfigError(f"[nats] servers = {list(self._config.servers)}: {error}") from error

    async def _find_stream(self, stream: JetStreamContext) -> None:
        """See that the stream is there; make it where that is allowed.

        :raises LinkError: saying what an administrator can do.
        """
        name, subject = self._config.stream, self._subjects.all
        try:
            try:
                await stream.stream_info(name)
            except js_errors.NotFoundError:
                await stream.add_stream(self._new_stream(name, subject))
                _log.info("made the stream", stream=name, subject=subject)
        except (js_errors.NoStreamResponseError, js_errors.ServiceUnavailableError, nats.errors.NoRespondersError) as error:
            raise LinkError("the hub has no JetStream, or is starting: enable `jetstream` in nats-server", "stream") from error
        except (js_errors.APIError, nats.errors.TimeoutError, TimeoutError) as error:
            why = self._error or str(error) or "no answer"
            order = f"nats stream add {name} --subjects '{subject}'"
            raise LinkError(f"stream {name} is not there and cannot be made from here ({why}): {order}", "stream") from error

    def _new_stream(self, name: str, subject: str) -> StreamConfig:
        return StreamConfig(
            name=name,
            subjects=[subject],
            storage=StorageType.FILE,
            max_age=self._parameters.max_age_s,
            duplicate_window=self._parameters.duplicate_window_s,
            num_replicas=self._parameters.replicas,
        )

    async def _send(self, client: Client, stream: JetStreamContext, message: Message) -> None:
        if len(message.payload) > client.max_payload:
            self.target.passed_over("too-large", message.records)
            return
        headers = {MESSAGE_ID: message.id}
        try:
            async with asyncio.timeout(self.target.parameters.ack_s_max):
                acknowledged = await stream.publish_async(
                    message.topic, message.payload, stream=self._config.stream, headers=headers
                )
                await acknowledged
        except js_errors.NoStreamResponseError as error:
            reason = f"no stream takes {message.topic}: add {self._subjects.all!r} to {self._config.stream}"
            raise LinkError(reason, "stream") from error
        except TimeoutError as error:
            reason = f"the stream did not acknowledge within {self.target.parameters.ack_s_max:g} s"
            raise LinkError(reason, "timeout") from error

    async def _watch(self, closed: asyncio.Event) -> None:
        await closed.wait()
        raise LinkError(self._error or "the hub closed the connection")

    def _lost(self) -> None:
        if PERMISSION in self._error.lower():  # the hub says so, and drops the message
            raise LinkError(self._error, "refused")
