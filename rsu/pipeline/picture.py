"""The live picture: fused at each tenth of a second, shown on the bus, told on the air, measured.

A tick runs in the engine's thread, between two batches. It gives way: after one that took long the next one waits, so that
fusion has no more than :data:`SHARE` of the thread, and ticks that were missed are left out, not made up for.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from rsu.config import Config
from rsu.engine import Engine, TrackSample
from rsu.engine.sampling import Sampling
from rsu.observe.arrays import Origin
from rsu.outgoing import Broadcast
from rsu.pipeline.bus import Bus
from rsu.pipeline.role import Role

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from rsu.engine.telling import Tell

SHARE = 0.25
WAITING_MAX = 600  # pictures that wait for a record to be stored with; a minute at 10 Hz
LATE_NS = 300_000_000  # behind by more, ticks are left out
TICK_NS = 100_000_000
WORLD_HZ = 1  # of the world on the bus: 500 road users are 200 kB of text and 15 ms


def origin_of(config: Config) -> Origin | None:
    """The reference position of the picture; None where nothing is to be fused."""
    unit = config.unit
    if not config.fusion.enabled or (unit.lat_deg == 0 and unit.lon_deg == 0):
        return None
    return Origin(unit.lat_deg, unit.lon_deg, unit.elevation_m)


def tell_of(config: Config, first_msg_cnt: int = 0) -> Tell | None:
    """What is to be told of the tracks; None where nothing is fused, and so nothing is loaded."""
    if origin_of(config) is None:
        return None
    from rsu.compose.parameters import Parameters
    from rsu.engine.telling import Tell

    compose = config.compose
    return Tell(
        standards=compose.standards,
        rsu_id=config.unit.id,
        number=compose.rsu_number,
        parameters=Parameters(messages=compose.messages, ssm_aid=compose.ssm_aid or None),
        first_msg_cnt=first_msg_cnt,
    )


class LivePicture:
    """The picture of an engine that fuses; :meth:`turn` is for every few milliseconds.

    :param say: takes what is to be sent.
    """

    def __init__(self, role: Role, engine: Engine, bus: Bus, origin: Origin, say: Callable[[list[Broadcast]], None]) -> None:
        from rsu.engine import told

        self._role = role
        self._engine = engine
        self._bus = bus
        self._origin = origin
        self._say = say
        self._words = told
        self._sampling = Sampling(role.config.store.track_hz)
        self._world_sampling = Sampling(WORLD_HZ)
        self._waiting: deque[NDArray[np.void]] = deque()
        self._rest_until_ns = 0

    def turn(self, now_ns: int) -> None:
        """The tick that is due, if any.

        :param now_ns: UTC.
        """
        begun_ns = time.perf_counter_ns()
        if begun_ns < self._rest_until_ns or not (at_ns := self._engine.picture_due(now_ns)):
            return
        if now_ns - at_ns > LATE_NS:
            at_ns = now_ns // TICK_NS * TICK_NS
        self._look(at_ns)
        spent_ns = time.perf_counter_ns() - begun_ns
        self._rest_until_ns = begun_ns + round(spent_ns / SHARE)
        self._role.meter.stage("fusion", spent_ns)

    def samples(self, rsu: str, boot: bytes, sequence: int) -> list[TrackSample]:
        """Tracks to be stored since the last call, as those of this boot, behind its record of this number."""
        made = [one for tracks in self._waiting for one in self._words.samples(tracks, self._origin, rsu, boot, sequence)]
        self._waiting.clear()
        return made

    def _look(self, at_ns: int) -> None:
        """One tick. A fault of ours must not cost the records: it is told, and the picture begins anew."""
        scene = self._engine.scene
        assert scene is not None
        try:
            tracks = scene.look(at_ns)
            self._say(scene.tell())
        except Exception as error:
            self._role.log.critical("fusion fault", at_ns=at_ns, exc_info=error)
            scene.renew()
            tracks = scene.picture.tracks
        self._bus.show_tracks(at_ns, lambda: self._words.told(tracks, self._origin))
        if self._world_sampling.wants(at_ns):
            self._bus.show_world(at_ns, scene.geojson)
        if self._sampling.wants(at_ns) and len(tracks):
            self._keep(tracks)
        meter = self._role.meter
        for name, count in self._words.count_by_class(tracks).items():
            meter.gauge("rsu_tracks", count, kind=name)
        for reason, total in scene.passed_over().items():
            meter.total("rsu_fusion_passed_over_total", total, reason=reason)
        for reason, total in scene.telling.left_out().items():
            meter.total("rsu_compose_left_out_total", total, reason=reason)

    def _keep(self, tracks: NDArray[np.void]) -> None:
        if len(self._waiting) >= WAITING_MAX:
            self._waiting.popleft()
            self._role.meter.count("rsu_fusion_passed_over_total", reason="samples")
        self._waiting.append(tracks)
