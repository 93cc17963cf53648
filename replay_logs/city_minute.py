"""Make the bundled log: a minute at a signalised crossing, as a PC5 modem hands its frames on.

    python replay_logs/city_minute.py [-o city_minute.pcap]

CSAE messages come behind DSMP, SAE messages behind WSMP and unsecured IEEE 1609.2, each with its AID or PSID;
some are damaged on purpose (table DAMAGE). The same octets come out every time: test_bundled_log.py compares
them with the file beside this script.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from scene import csae, damage, sae
from scene.clock import DURATION_S
from scene.radio import Datagram, write_pcap
from scene.sensing import own_fix, seen_by_roadside
from scene.traffic import TICK_S, Motion, advance, start

from rsu import load_schema
from rsu.frames import wrap_payload

SEED = 20260512
TICK_MS = round(TICK_S * 1000)
PSID_BSM, PSID_SPAT_MAP = 0x20, 0x82
AID_BSM, AID_BSM_EVENT = 111, 112
AID_MAP, AID_SPAT, AID_RSI_STATIC, AID_RSI_SEMI_STATIC, AID_RSM = 3618, 3619, 3620, 3621, 3623
PORT_CSAE, PORT_BSM, PORT_SPAT, PORT_MAP = 30300, 46800, 44910, 44920
ROADSIDE_HOST = 200


class Sent(NamedTuple):
    """A message at the moment its sender hands it to the radio."""

    time_ms: int
    host: int
    standard: str
    kind: str
    aid: int
    port: int
    value: Any


class Damage(NamedTuple):
    """From `after_s` on, the first message of that kind that the rule fits is damaged so."""

    after_s: float
    standard: str
    kind: str
    rule: damage.Rule
    of_frame: bool = False


DAMAGE = (
    Damage(6.0, "csae", "bsm", damage.cut_message),
    Damage(9.0, "csae", "bsm", damage.cut_frame, of_frame=True),
    Damage(13.0, "sae", "bsm", damage.unknown_message_id),
    Damage(17.0, "csae", "bsm", damage.heading_out_of_range),
    Damage(21.0, "csae", "bsm", damage.length_too_long, of_frame=True),
    Damage(25.5, "csae", "spat", damage.trailing_octets),
    Damage(28.0, "sae", "map", damage.cut_message),
    Damage(31.0, "csae", "bsm", damage.dsmp_version_5, of_frame=True),
    Damage(34.0, "sae", "spat", damage.dot2_content_unknown, of_frame=True),
    Damage(40.0, "sae", "bsm", damage.not_v2x, of_frame=True),
    Damage(43.0, "csae", "rsm", damage.padding_not_zero),
    Damage(47.0, "sae", "spat", damage.trailing_octets),
    Damage(52.0, "csae", "rsi", damage.later_message),
    Damage(56.0, "csae", "map", damage.cut_message),
)


def vehicles(motions: list[Motion], tick: int, chance: Random) -> Iterator[Sent]:
    """The BSM of everybody in range, each at his own moment of the tick."""
    for motion in motions:
        user = motion.user
        if not motion.in_range or user.radio == "none":
            continue
        own_ms = user.user_id * 37 % TICK_MS
        time_ms = tick * TICK_MS + own_ms
        what, count = own_fix(motion, own_ms / 1000, chance), tick + 11 * user.user_id
        if user.radio == "csae":
            aid = AID_BSM_EVENT if csae.brakes_hard(what) else AID_BSM
            value = csae.bsm(motion, what, count, time_ms)
            yield Sent(time_ms, user.user_id, "csae", "bsm", aid, PORT_CSAE, value)
        else:
            value = sae.bsm(motion, what, count, time_ms)
            yield Sent(time_ms, user.user_id, "sae", "bsm", PSID_BSM, PORT_BSM, value)


def roadside(motions: list[Motion], tick: int, chance: Random) -> Iterator[Sent]:
    """What the roadside unit next door sends: RSM and SPAT each 100 ms, MAP and RSI at their periods."""
    now = tick * TICK_MS
    everybody = seen_by_roadside(motions, now / 1000, chance)

    def csae_sent(later_ms: int, kind: str, aid: int, value: Any) -> Sent:
        return Sent(now + later_ms, ROADSIDE_HOST, "csae", kind, aid, PORT_CSAE, value)

    yield csae_sent(40, "rsm", AID_RSM, csae.rsm(everybody, tick + 57, now))
    yield csae_sent(4, "spat", AID_SPAT, csae.spat(tick + 90, now))
    yield Sent(now + 6, ROADSIDE_HOST, "sae", "spat", PSID_SPAT_MAP, PORT_SPAT, sae.spat(3, now))
    second, tenth = divmod(tick, 10)
    if tenth == 0:
        yield csae_sent(12, "map", AID_MAP, csae.map_(second + 31, now))
        yield Sent(now + 14, ROADSIDE_HOST, "sae", "map", PSID_SPAT_MAP, PORT_MAP, sae.map_(3, now))
    if tenth == 5:
        yield csae_sent(16, "rsi", AID_RSI_STATIC, csae.rsi_signs(second + 70, now))
    if tenth in (2, 7):
        yield csae_sent(18, "rsi", AID_RSI_SEMI_STATIC, csae.rsi_road_works(tick // 5 + 5, now))


def scene(chance: Random) -> list[Sent]:
    """Everything that is sent within the minute, in order of time."""
    motions, sent = start(), []
    for tick in range(round(DURATION_S / TICK_S)):
        sent += vehicles(motions, tick, chance)
        sent += roadside(motions, tick, chance)
        advance(motions, tick * TICK_S)
    return sorted(sent, key=lambda message: (message.time_ms, message.host))


class Air:
    """Encodes, damages, frames and delays."""

    def __init__(self, chance: Random) -> None:
        self.chance = chance
        self.schemas = {"csae": load_schema("csae-53"), "sae": load_schema("sae-j2735")}
        self.due = list(DAMAGE)

    def carry(self, message: Sent) -> Datagram:
        """The frame as it is received, 3 to 40 ms after it was sent."""
        payload = self.schemas[message.standard].encode("MessageFrame", message.value)
        harm = self._harm(message, payload)
        if harm and not harm.of_frame:
            payload = harm.rule(payload)
        header = "dsmp" if message.standard == "csae" else "wsmp"
        frame = wrap_payload(payload, header, message.aid, unsecured=header == "wsmp")
        if harm and harm.of_frame:
            frame = harm.rule(frame)
        delay_us = 3000 + self.chance.randrange(37_000)
        return Datagram(message.time_ms * 1000 + delay_us, message.host, message.port, frame)

    def _harm(self, message: Sent, payload: bytes) -> Damage | None:
        for harm in self.due:
            if harm.after_s * 1000 > message.time_ms:
                return None
            fits = harm.rule is not damage.padding_not_zero or damage.has_padding(payload)
            if fits and (harm.standard, harm.kind) == (message.standard, message.kind):
                self.due.remove(harm)
                return harm
        return None


def datagrams() -> list[Datagram]:
    """The whole log, in order of reception."""
    chance = Random(SEED)
    air = Air(chance)
    return sorted(air.carry(message) for message in scene(chance))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-o", "--output", type=Path, default=Path(__file__).with_name("city_minute.pcap"))
    output = parser.parse_args().output
    frames = datagrams()
    with output.open("wb") as file:
        write_pcap(file, frames)
    print(f"{output}: {len(frames)} frames, {len(DAMAGE)} of them damaged, {output.stat().st_size} octets")


if __name__ == "__main__":
    main()
