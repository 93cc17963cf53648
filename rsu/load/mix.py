"""What a zone sends: its kinds of messages and their shares, each message unique and numbered, as datagrams ready to send.

A zone of 200 vehicles sends 2,022 messages a second: a BSM of each vehicle every 100 ms, RSM and SPAT every 100 ms, MAP and RSI
every second. Another rate is the same zone scaled. SAE J2735 has no RSM and RSI of this kind; PSM and RSA stand for them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from rsu._codec import Template
from rsu.errors import ConfigError
from rsu.frames import wrap_payload
from rsu.load import samples
from rsu.schema import load_schema

NUMBER_BITS = 22
NUMBERS_MAX = 1 << NUMBER_BITS
"""Running numbers of one turn: what width and length of a vehicle hold together."""
VEHICLES_AT_2022_HZ = 200
SECOND_MARK = 60_000
COUNTS = 128  # msgCnt
_ROOT = "MessageFrame"
_HEAD_OCTETS = 4
"""Of a frame, to its AID or PSID: the kinds of a mix differ in them."""


class Field(NamedTuple):
    """A component of fixed width that carries bits of the running number; ``octets``: an OCTET STRING."""

    path: str
    bits: int
    octets: bool = False


class Kind(NamedTuple):
    """One kind of message of a zone.

    :param rate_hz: of a zone of 200 vehicles.
    :param aid: AID or PSID of its radio header.
    :param marker: where the running number stands.
    :param msg_cnt, second, sender: paths of msgCnt, secMark and the sender's id; empty: left as they are.
    """

    name: str
    rate_hz: int
    value: Callable[[], Any]
    aid: int
    marker: tuple[Field, ...]
    msg_cnt: str = ""
    second: str = ""
    sender: str = ""


class Mix(NamedTuple):
    standard: str
    header: str
    kinds: tuple[Kind, ...]


_LIGHT = "spatFrame.intersections[0].phases[0].phaseStates[0].timing.counting"
_CORE = "value.BasicSafetyMessage.coreData"
_MOVEMENT = "value.SPAT.intersections[0].states[0].state-time-speed[0].timing"
_CROSSING = "value.MapData.intersections[0]"


def _size(path: str) -> tuple[Field, ...]:
    return Field(f"{path}.width", 10), Field(f"{path}.length", 12)


MIXES: Mapping[str, Mix] = MappingProxyType(
    {
        "csae-53": Mix(
            "csae-53",
            "dsmp",
            (
                Kind(
                    "BSM", 2_000, samples.csae_bsm, 111, _size("bsmFrame.size"),
                    "bsmFrame.msgCnt", "bsmFrame.secMark", "bsmFrame.id",
                ),
                Kind("RSM", 10, samples.csae_rsm, 3623, _size("rsmFrame.participants[0].size"), "rsmFrame.msgCnt"),
                Kind(
                    "SPAT", 10, samples.csae_spat, 3619,
                    (Field(f"{_LIGHT}.nextStartTime", 11), Field(f"{_LIGHT}.nextDuration", 11)), "spatFrame.msgCnt",
                ),
                Kind(
                    "MAP", 1, samples.csae_map, 3618,
                    (Field("mapFrame.nodes[0].inLinks[0].linkWidth", 11), Field("mapFrame.nodes[0].inLinks[1].linkWidth", 11)),
                    "mapFrame.msgCnt",
                ),
                Kind("RSI", 1, samples.csae_rsi, 3621, (Field("rsiFrame.id", 64, octets=True),), "rsiFrame.msgCnt"),
            ),
        ),
        "sae-j2735": Mix(
            "sae-j2735",
            "wsmp",
            (
                Kind("BSM", 2_000, samples.sae_bsm, 0x20, _size(f"{_CORE}.size"),
                     f"{_CORE}.msgCnt", f"{_CORE}.secMark", f"{_CORE}.id"),
                Kind("PSM", 10, samples.sae_psm, 0x27, (Field("value.PersonalSafetyMessage.id", 32, octets=True),)),
                Kind("SPAT", 10, samples.sae_spat, 0x82,
                     (Field(f"{_MOVEMENT}.minEndTime", 11), Field(f"{_MOVEMENT}.maxEndTime", 11))),
                Kind("MAP", 1, samples.sae_map, 0x204097,
                     (Field(f"{_CROSSING}.laneWidth", 11), Field(f"{_CROSSING}.id.region", 11))),
                Kind("RSA", 1, samples.sae_rsa, 0x83,
                     (Field("value.RoadSideAlert.furtherInfoID", 16, octets=True), Field("value.RoadSideAlert.msgCnt", 6))),
            ),
        ),
    }
)  # fmt: skip


def mix_of(standard: str) -> Mix:
    """The mix in a standard.

    :raises ConfigError: naming those there are.
    """
    if standard not in MIXES:
        raise ConfigError(f"standard {standard!r}: the bench sends {' or '.join(MIXES)}")
    return MIXES[standard]


class Stencil:
    """Messages of one kind: its template, and where in a frame the number is read."""

    def __init__(self, mix: Mix, kind: Kind) -> None:
        schema = load_schema(mix.standard)
        self.kind = kind
        self.template = schema.template(_ROOT, schema.encode(_ROOT, kind.value()))
        payload = bytes(self.template)
        frame = wrap_payload(payload, mix.header, kind.aid)
        self.head = frame[: len(frame) - len(payload)]
        self.places = tuple(_place(self.template, field) for field in kind.marker)

    def frame(self, number: int, vehicle: int, round_: int, time_ms: int) -> bytes:
        """The message with a number, from a vehicle in its ``round_``-th period."""
        template, kind = self.template, self.kind
        if kind.sender:
            template[kind.sender] = vehicle.to_bytes(len(template[kind.sender]), "big")
        if kind.msg_cnt:
            template[kind.msg_cnt] = round_ % COUNTS
        if kind.second:
            template[kind.second] = time_ms % SECOND_MARK
        for field in kind.marker:
            _write(template, field, number & ((1 << field.bits) - 1))
            number >>= field.bits
        return self.head + bytes(template)


class Numbers:
    """Reads the running number of a frame of a mix."""

    def __init__(self, mix: Mix) -> None:
        stencils = [Stencil(mix, kind) for kind in mix.kinds]
        probes = [(stencil, stencil.frame(0, 0, 0, 0)[:_HEAD_OCTETS]) for stencil in stencils]
        self._places = {head: stencil.places for stencil, head in probes}

    def of(self, frame: bytes) -> int:
        """The number, -1 for a frame that is none of this mix."""
        places = self._places.get(frame[:_HEAD_OCTETS])
        if places is None:
            return -1
        bits = int.from_bytes(frame, "big")
        number = at = 0
        for shift, width in places:
            number |= (bits >> shift & ((1 << width) - 1)) << at
            at += width
        return number


def vehicles_of(rate_hz: int) -> int:
    """How many vehicles a zone of this rate has."""
    return max(1, rate_hz * VEHICLES_AT_2022_HZ // 2_022)


def frames_of(mix: Mix, kinds: Sequence[int], due_ns: Sequence[int], vehicles: int, first_number: int = 0) -> list[bytes]:
    """The datagrams of a schedule, numbered from ``first_number`` in its order.

    :raises ConfigError: for more than a running number can tell apart.
    """
    if first_number + len(kinds) > NUMBERS_MAX:
        raise ConfigError(f"{len(kinds)} messages: one turn numbers at most {NUMBERS_MAX - first_number}; bench for less time")
    stencils = [Stencil(mix, kind) for kind in mix.kinds]
    sent = [0] * len(stencils)
    frames = []
    for number, (kind, time_ns) in enumerate(zip(kinds, due_ns, strict=True), first_number):
        round_, vehicle = divmod(sent[kind], vehicles)
        sent[kind] += 1
        frames.append(stencils[kind].frame(number, vehicle, round_, time_ns // 1_000_000))
    return frames


def _write(template: Template, field: Field, digits: int) -> None:
    template[field.path] = digits.to_bytes(field.bits // 8, "big") if field.octets else digits


def _place(template: Template, field: Field) -> tuple[int, int]:
    """(bits behind it, bits) of a field; found by writing it, as nothing stands before it in the order of octets."""
    _write(template, field, 0)
    low = int.from_bytes(bytes(template), "big")
    _write(template, field, (1 << field.bits) - 1)
    changed = int.from_bytes(bytes(template), "big") ^ low
    _write(template, field, 0)
    shift = (changed & -changed).bit_length() - 1
    if changed >> shift != (1 << field.bits) - 1:
        raise ConfigError(f"{field.path}: is not {field.bits} bits in a row, so that no number can stand there")
    return shift, field.bits
