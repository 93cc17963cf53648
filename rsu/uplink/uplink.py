"""The uplink role: all configured targets in one asyncio loop, in the thread that calls :meth:`Uplink.run`."""

from __future__ import annotations

import asyncio
import random
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

import msgspec
import structlog

from rsu.config.sections import Config, Mqtt, Nats
from rsu.errors import ConfigError, SourceError, StoreError
from rsu.observability.meter import Meter
from rsu.schema import load_schema
from rsu.uplink import backoff, keeping, sampling, target
from rsu.uplink.its0117 import rsu_number
from rsu.uplink.orders import Deliver, Orders
from rsu.uplink.packing import Hub, Platform, Subjects
from rsu.uplink.parcels import Outbox
from rsu.uplink.reports import Reports
from rsu.uplink.sampling import Sampler
from rsu.uplink.target import Target
from rsu.uplink.topics import Topics

STOP_POLL_S = 0.1
TICK_S = 1.0
DEFAULT_STANDARD = "csae-157"  # the superset, which reads Day I: T/ITS 0117 carries Chinese messages

_log = structlog.get_logger("rsu.uplink")


class Parameters(msgspec.Struct, frozen=True, kw_only=True):
    """What may be tuned, by part."""

    target: target.Parameters = target.Parameters()
    backoff: backoff.Parameters = backoff.Parameters()
    sampling: sampling.Parameters = sampling.Parameters()


class Link(Protocol):
    """A connection that is kept up."""

    target: Target

    async def run(self) -> None: ...


class Uplink:
    """Sends the outbox to the platforms of ``[mqtt]`` and ``[nats]``, and hands on what they send down.

    Everything happens in the thread of :meth:`run`: the outbox's reader, ``deliver``, ``status`` and ``tick`` are called
    there, and must not wait.

    :param outbox: as read by :class:`rsu.uplink.parcels.Outbox`; cursors are named ``mqtt`` and ``nats``.
    :param deliver: takes a record from the platform; False: it cannot now.
    :param status: what `/status` shows of the unit; ``ready`` false makes it ``abnormal`` for the platform.
    :param restart: starts the unit again when the platform orders it; None: it is refused.
    :raises ConfigError: for settings that cannot be used, or a library that is not installed.
    """

    def __init__(
        self,
        config: Config,
        outbox: Outbox,
        meter: Meter,
        deliver: Deliver,
        status: Callable[[], Mapping[str, Any]],
        *,
        restart: Callable[[], None] | None = None,
        parameters: Parameters = Parameters(),  # noqa: B008
        clock: Callable[[], int] = time.time_ns,
    ) -> None:
        self._config = config
        self._outbox = outbox
        self._meter = meter
        self._deliver = deliver
        self._status = status
        self._restart = restart
        self._parameters = parameters
        self._clock = clock
        self.links: list[Link] = []
        if config.mqtt is not None:
            self.links.append(self._mqtt(config.mqtt))
        if config.nats is not None:
            self.links.append(self._nats(config.nats))

    def report(self) -> dict[str, dict[str, Any]]:
        """Target → connected, lag_s, uploaded, cursor, last_error."""
        return {link.target.name: link.target.report() for link in self.links}

    def run(self, stop: threading.Event, tick: Callable[[], None] | None = None) -> None:
        """Serve until ``stop`` is set.

        :param tick: called about once a second.
        """
        asyncio.run(self._run(stop, tick))

    async def _run(self, stop: threading.Event, tick: Callable[[], None] | None) -> None:
        tasks = [asyncio.create_task(link.run(), name=link.target.name) for link in self.links]
        next_tick = 0.0
        try:
            while not stop.is_set():
                for task in tasks:
                    if task.done():
                        task.result()  # a fault of ours: the role ends, and is started again
                if time.monotonic() >= next_tick:
                    next_tick = time.monotonic() + TICK_S
                    self._measure()
                    if tick is not None:
                        tick()
                await asyncio.sleep(STOP_POLL_S)
        finally:
            await target.end(tasks)

    def _measure(self) -> None:
        for link in self.links:
            if not link.target.connected:
                try:
                    link.target.measure_lag()
                except StoreError as error:
                    link.target.failed(error, "here")

    def _mqtt(self, config: Mqtt) -> Link:
        try:
            from rsu.uplink.mqtt import MqttLink
        except ModuleNotFoundError as error:
            raise ConfigError(f"[mqtt] needs {error.name}: pip install 'rsu[mqtt]'") from error
        unit = self._config.unit
        topics = Topics(config.topic_up, config.topic_down, unit.id)
        number = rsu_number(config.rsu_number, unit.id)
        standard = unit.standard or DEFAULT_STANDARD
        path = Path(unit.state_dir) / keeping.FILE
        kept = self._kept(path)
        sampler = Sampler(kept.config, self._parameters.sampling)
        platform = Platform(topics, number, sampler, lambda reason: link.target.passed_over(reason))
        reports = Reports(self._config, _version(), self._status, self._clock)
        orders = Orders(
            topics, unit.id, number, load_schema(standard), standard, path, kept, self._deliver, reports.answer,
            can_restart=self._restart is not None,
        )  # fmt: skip
        link = MqttLink(
            config, config.client_id or unit.id, topics, self._target("mqtt", platform), platform, orders, reports,
            self._meter, self._backoff(), self._restart, self._parameters.sampling,
        )  # fmt: skip
        return link

    def _nats(self, config: Nats) -> Link:
        try:
            from rsu.uplink.nats import NatsLink
        except ModuleNotFoundError as error:
            raise ConfigError(f"[nats] needs {error.name}: pip install 'rsu[nats]'") from error
        if not config.servers:
            raise ConfigError("[nats] servers is empty: must hold at least one, as nats://host:4222")
        subjects = Subjects(config.subject)
        hub = Hub(subjects, lambda reason: link.target.passed_over(reason))
        link = NatsLink(config, self._config.unit.id, subjects, self._target("nats", hub), self._backoff())
        return link

    def _target(self, name: str, prepare: Platform | Hub) -> Target:
        return Target(name, self._outbox, self._meter, prepare, self._clock, self._parameters.target)

    def _backoff(self) -> backoff.Backoff:
        return backoff.Backoff(self._parameters.backoff, random.random)

    def _kept(self, path: Path) -> keeping.Kept:
        """The platform's standing orders; a damaged file must not keep the unit from serving."""
        try:
            return keeping.load(path)
        except SourceError as error:
            self._meter.count("rsu_uplink_errors_total", target="mqtt", reason="orders")
            _log.error("the platform's orders are not known any more", error=str(error))
            return keeping.Kept()


def _version() -> str:
    import rsu

    return rsu.__version__
