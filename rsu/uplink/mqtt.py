"""The uplink to a T/ITS 0117 platform over MQTT 5.

One session after another: connect, subscribe to the orders, then three things side by side until one fails: parcels up (QoS
1, the cursor behind the PUBACKs), orders down, reports at their periods. The session outlives a broken connection for an
hour, so that orders sent meanwhile arrive. The last will is BaseINFO with ``abnormal``, for a heartbeat would say that the
unit lives.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from typing import Any

import aiomqtt
import structlog
from paho.mqtt.enums import MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from rsu.config.sections import Mqtt
from rsu.errors import RsuError
from rsu.observability.meter import Meter
from rsu.uplink.backoff import Backoff
from rsu.uplink.forms import JSON_OCTETS_MAX
from rsu.uplink.links import STEADY_S, read_secret, tls_context
from rsu.uplink.orders import Orders
from rsu.uplink.packing import Platform
from rsu.uplink.reports import Reports
from rsu.uplink.sampling import Parameters as SamplingParameters
from rsu.uplink.sampling import Sampler
from rsu.uplink.target import ERRORS, LinkError, Message, Target, together, word_of
from rsu.uplink.topics import TOPIC_OCTETS_MAX, Topics

SESSION_S = 3_600
WILL_DELAY_S = 10
KEEPALIVE_S = 15
ANSWER_S_MAX = 10.0
GOODBYE_S_MAX = 1.0
QOS_1_IN_FLIGHT_MAX = 65_535  # what MQTT can say; the broker may allow less
DOWN_WAITING_MAX = 256  # orders received and not yet obeyed
DOWN_IN_FLIGHT_MAX = 64  # asked of the broker
REPORT_POLL_S = 0.1
INFO_RETRY_S = 10.0
INFO_SENDS_MAX = 3
PACKET_OVERHEAD_OCTETS = 64
PACKET_OCTETS_MAX = 268_435_455  # what MQTT can say; the broker may allow less
DOWN = "rsu_uplink_orders_total"

_log = structlog.get_logger("rsu.uplink.mqtt")


class Client(aiomqtt.Client):
    """aiomqtt's client, which also keeps to what the broker allows and hears what it refuses: a PUBACK may say no.

    :ivar refused: topic → reason, of messages that the broker did not take.
    :ivar dropped: orders for which there was no room.
    """

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self.refused: dict[str, str] = {}
        self.dropped = 0
        self._packet_octets_max = PACKET_OCTETS_MAX
        self._slots = asyncio.Semaphore(QOS_1_IN_FLIGHT_MAX)
        self._answers: dict[int, tuple[str, asyncio.Future[ReasonCode]]] = {}

    async def tell(self, topic: str, payload: bytes, timeout_s: float = ANSWER_S_MAX) -> bool:
        """Publish with QoS 1; returns with the broker's answer.

        False: it is larger than the broker takes, and would end the connection, again and again.

        :raises LinkError: where the broker refuses it, or does not answer.
        """
        if len(payload) + len(topic) + PACKET_OVERHEAD_OCTETS > self._packet_octets_max:
            return False
        async with self._slots:
            sent = self._client.publish(topic, payload, qos=1)
            if sent.rc != MQTTErrorCode.MQTT_ERR_SUCCESS:
                raise aiomqtt.MqttCodeError(sent.rc, "not sent")
            answer: asyncio.Future[ReasonCode] = asyncio.get_running_loop().create_future()
            self._answers[sent.mid] = topic, answer
            try:
                async with asyncio.timeout(timeout_s):
                    reason = await answer
            except TimeoutError as error:
                raise LinkError(f"the broker did not acknowledge within {timeout_s:g} s", "timeout") from error
            finally:
                del self._answers[sent.mid]
        if reason.is_failure:
            raise LinkError(self.refused[topic], "refused")
        return True

    def _on_connect(
        self, client: Any, userdata: Any, flags: Any, reason_code: Any, properties: Properties | None = None
    ) -> None:
        self._slots = asyncio.Semaphore(getattr(properties, "ReceiveMaximum", QOS_1_IN_FLIGHT_MAX))
        self._packet_octets_max = getattr(properties, "MaximumPacketSize", PACKET_OCTETS_MAX)
        super()._on_connect(client, userdata, flags, reason_code, properties)

    def _on_disconnect(self, client: Any, userdata: Any, flags: Any, reason_code: Any, properties: Any = None) -> None:
        """aiomqtt waits its whole time for the CONNACK of a connection that is closed already."""
        if not self._connected.done():
            self._connected.set_exception(aiomqtt.MqttError(f"the broker closed before it answered: {reason_code}"))
        super()._on_disconnect(client, userdata, flags, reason_code, properties)

    def _on_publish(self, client: Any, userdata: Any, mid: int, reason_code: Any, properties: Properties) -> None:
        topic, answer = self._answers.get(mid, ("", None))
        if answer is None or answer.done():
            return
        if reason_code.is_failure:
            self.refused[topic] = f"the broker refused a message to {topic}: {reason_code}"
        answer.set_result(reason_code)

    def _on_message(self, client: Any, userdata: Any, message: Any) -> None:
        if len(self.messages) >= DOWN_WAITING_MAX:
            self.dropped += 1
            return
        super()._on_message(client, userdata, message)


class MqttLink:
    """Keeps one platform served.

    :param target: named ``mqtt``.
    :param restart: starts the unit again, for MNG's reboot.
    """

    def __init__(
        self,
        config: Mqtt,
        client_id: str,
        topics: Topics,
        target: Target,
        platform: Platform,
        orders: Orders,
        reports: Reports,
        meter: Meter,
        backoff: Backoff,
        restart: Callable[[], None] | None,
        sampling: SamplingParameters,
    ) -> None:
        self.target = target
        self._config = config
        self._client_id = client_id
        self._topics = topics
        self._platform = platform
        self._orders = orders
        self._reports = reports
        self._meter = meter
        self._backoff = backoff
        self._restart = restart
        self._sampling = sampling
        self._told: dict[tuple[str, str], int] = {}
        self._info_due = True
        self._forbidden: set[str] = set()  # topics of reports and replies that the broker refused

    async def run(self) -> None:
        """Session after session, until cancelled."""
        while True:
            began, cursor = time.monotonic(), self.target.cursor
            try:
                await self._session()
            except (aiomqtt.MqttError, LinkError, RsuError, OSError) as error:
                self.target.failed(error, word_of(error))
                _log.warning("the platform is not reached", target=self.target.name, error=self.target.last_error)
            finally:
                self.target.set_connected(False)
            if time.monotonic() - began > STEADY_S or self.target.cursor > cursor:
                self._backoff.reset()
            await asyncio.sleep(self._backoff.wait_s())

    async def _session(self) -> None:
        async with self._client() as client:
            self.target.set_connected(True)
            _log.info("the platform is reached", target=self.target.name, host=self._config.host, port=self._config.port)
            await self._subscribe(client)
            self._info_due = True
            try:
                await together(
                    self.target.forward(lambda message: self._send(client, message)),
                    self._listen(client),
                    self._report(client),
                )
            except asyncio.CancelledError:
                await self._say_goodbye(client)
                raise
            except aiomqtt.MqttError as error:
                if client.refused:  # a broker may close after a refusal: that is the reason then
                    raise LinkError("; ".join(client.refused.values()), "refused") from error
                raise
            finally:
                self._forbidden |= client.refused.keys()

    async def _say_goodbye(self, client: Client) -> None:
        """An orderly end drops the last will: what it says is said here, if the broker still listens."""
        with contextlib.suppress(aiomqtt.MqttError, LinkError):
            topic, payload = self._topics.about("BaseINFO"), self._reports.base_info(gone=True)
            await client.tell(topic, payload, GOODBYE_S_MAX)

    def _client(self) -> Client:
        config = self._config
        connect = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        connect.SessionExpiryInterval = SESSION_S
        connect.ReceiveMaximum = DOWN_IN_FLIGHT_MAX
        connect.MaximumPacketSize = JSON_OCTETS_MAX + TOPIC_OCTETS_MAX + PACKET_OVERHEAD_OCTETS
        later = Properties(PacketTypes.WILLMESSAGE)  # type: ignore[no-untyped-call]
        later.WillDelayInterval = WILL_DELAY_S
        will = aiomqtt.Will(self._topics.about("BaseINFO"), self._reports.base_info(gone=True), qos=1, properties=later)
        return Client(
            config.host,
            config.port,
            username=config.username or None,
            password=read_secret(config.password_file, "[mqtt] password_file") or None,
            identifier=self._client_id,
            protocol=aiomqtt.ProtocolVersion.V5,
            will=will,
            timeout=ANSWER_S_MAX,
            keepalive=KEEPALIVE_S,
            clean_start=False,
            max_inflight_messages=QOS_1_IN_FLIGHT_MAX,
            properties=connect,
            tls_context=tls_context(config.tls_ca_file, config.tls_cert_file, config.tls_key_file, "[mqtt]"),
        )

    async def _subscribe(self, client: Client) -> None:
        """To each order; one that the broker does not grant is told, and the others go on."""
        wanted = self._topics.filters()
        granted = await client.subscribe([(topic, SubscribeOptions(qos=1, noLocal=True)) for topic in wanted])
        codes = zip(wanted, granted, strict=True)
        refused = [topic for topic, code in codes if isinstance(code, ReasonCode) and code.is_failure]
        if refused:
            self.target.last_error = f"the broker does not let this unit hear {', '.join(refused)}"
            self._meter.count(ERRORS, target=self.target.name, reason="subscription")

    async def _send(self, client: Client, message: Message) -> None:
        if not await client.tell(message.topic, message.payload, self.target.parameters.ack_s_max):
            self.target.passed_over("too-large", message.records)

    async def _listen(self, client: Client) -> None:
        async for message in client.messages:
            payload = message.payload if isinstance(message.payload, bytes) else b""
            reply = self._orders.obey(str(message.topic), payload, time.time_ns(), retained=message.retain)
            self._count(client)
            if reply.changed:
                self._platform.sampler = Sampler(self._orders.kept.config, self._sampling)
                self._info_due = True
            for topic, octets in reply.messages:
                await self._say(client, topic, octets)
            if reply.restart and self._restart is not None:
                _log.warning("the platform orders this unit to start again", target=self.target.name)
                self._restart()

    async def _report(self, client: Client) -> None:
        """BaseINFO now, INFO until it is acknowledged, HB and RunningInfo when they are due."""
        about = self._topics.about
        await self._say(client, about("BaseINFO"), self._reports.base_info())
        sent = {"HB": float("-inf"), "RunningInfo": float("-inf")}
        info_sends, info_next = 0, 0.0
        while True:
            now = time.monotonic()
            if self._info_due:
                self._info_due, self._orders.acknowledged = False, None
                info_sends, info_next = 0, now
            if info_sends < INFO_SENDS_MAX and now >= info_next and self._orders.acknowledged is None:
                info_sends, info_next = info_sends + 1, now + INFO_RETRY_S
                await self._say(client, about("INFO"), self._reports.info(self._orders.kept, self._platform.sampler))
            for name, period_s in self._periods().items():
                if period_s and now >= sent[name] + period_s:
                    sent[name] = now
                    await self._say(client, about(name), self._reports.of(name))
            await asyncio.sleep(REPORT_POLL_S)

    def _periods(self) -> dict[str, float]:
        kept, config = self._orders.kept, self._config
        return {
            "HB": config.heartbeat_s if kept.heartbeat_s is None else kept.heartbeat_s,
            "RunningInfo": config.running_info_s if kept.running_info_s is None else kept.running_info_s,
        }

    async def _say(self, client: Client, topic: str, payload: bytes) -> None:
        """Publish a report or a reply; one that the broker does not take must not hold up the records."""
        if topic in self._forbidden:
            return
        try:
            if not await client.tell(topic, payload):
                self._meter.count(ERRORS, target=self.target.name, reason="too-large")
        except LinkError as error:
            if topic not in client.refused:
                raise
            self.target.last_error = str(error)
            self._meter.count(ERRORS, target=self.target.name, reason=error.word)
            self._forbidden.add(topic)

    def _count(self, client: Client) -> None:
        for (kind, result), total in self._orders.counts.items():
            self._meter.count(DOWN, total - self._told.get((kind, result), 0), kind=kind, result=result)
            self._told[kind, result] = total
        if client.dropped:
            self._meter.count(DOWN, client.dropped, kind="any", result="dropped")
            client.dropped = 0
