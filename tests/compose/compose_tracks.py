"""Tracks to tell of, and the ways to read what was told."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import asn1tools
import numpy as np
from numpy.typing import NDArray

import rsu
from rsu.compose.composer import Composer
from rsu.compose.parameters import Parameters
from rsu.fusion import CONFIRMED, TRACK
from rsu.observe.arrays import VEHICLE, Origin
from rsu.observe.observations import observations
from rsu.outgoing import Broadcast
from rsu.schema import built_in_texts
from rsu.standards import STANDARDS, message_type

MS, SECOND = 1_000_000, 1_000_000_000
NOW = 1_778_545_820_400 * MS  # 2026-05-12T00:30:20.400
ORIGIN = Origin(31.2301234, 121.4701234, 12.3)
UNIT = {"csae-53": b"RSU00001", "csae-157": b"RSU00001", "sae-j2735": b"RSU1"}
KINDS = (
    ("csae-53", "RoadsideSafetyMessage"),
    ("csae-157", "RoadsideSafetyMessage"),
    ("csae-157", "SensorSharingMsg"),
    ("sae-j2735", "SensorDataSharingMessage"),
)

schema_of = cache(rsu.load_schema)


def tracks(count: int, **columns: Any) -> NDArray[np.void]:
    """Confirmed vehicles with ids from 1 at the origin, seen now; all else by column."""
    made = np.zeros(count, TRACK)
    made["id"], made["time_ns"], made["status"], made["cls"] = np.arange(1, count + 1), NOW, CONFIRMED, VEHICLE
    made["seen_ns"], made["cov"] = NOW, np.diag([0.01, 0.01, 1e-4, 0.01, 1e-4])
    for name in ("length", "width", "height"):
        made[name] = np.nan
    for name, values in columns.items():
        made[name] = values
    return made


def at(made: NDArray[np.void], now_ns: int) -> NDArray[np.void]:
    """The same at another moment."""
    moved = made.copy()
    for name in ("time_ns", "seen_ns", "self_ns"):
        moved[name] = np.where(made[name] > 0, made[name] + now_ns - NOW, 0)
    return moved


def composer(standard: str, message: str = "", origin: Origin = ORIGIN, first_msg_cnt: int = 0, **parameters: Any) -> Composer:
    wanted = (message,) if message else ()
    return Composer(
        standard, origin, UNIT[standard], schema_of(standard), Parameters(messages=wanted, **parameters), first_msg_cnt
    )


def read(broadcast: Broadcast) -> dict[str, Any]:
    """The message in a broadcast, by our own decoder, strict."""
    decoded = schema_of(broadcast.standard).decode("MessageFrame", broadcast.payload)
    name, value = message_type(STANDARDS[broadcast.standard], decoded)
    assert name == broadcast.type
    return dict(value)


def told(broadcast: Broadcast) -> list[dict[str, Any]]:
    """Its road users, obstacles after participants."""
    value = read(broadcast)
    if broadcast.type == "SensorSharingMsg":
        return [one["ptc"] for one in value.get("participants", ())] + value.get("obstacles", [])
    return value["participants"] if "participants" in value else [one["detObjCommon"] for one in value["objects"]]


def number_of(one: dict[str, Any]) -> int:
    """The number a road user is told by."""
    return next(one[name] for name in ("ptcId", "obsId", "objectID") if name in one)


def observed(sent: list[Broadcast], now_ns: int, origin: Origin = ORIGIN) -> NDArray[np.void]:
    """What a receiver of ours makes of it."""
    return np.concatenate([observations(one.standard, one.type, read(one), now_ns + 20 * MS, "pc5", origin) for one in sent])


@cache
def oracle_of(standard: str) -> Callable[[bytes], Any]:
    """Payload → message, as asn1tools reads it, all constraints checked."""
    text = "\n".join(text for _, text in built_in_texts(standard)).replace("RELATIVE-OID", "OCTET STRING")
    types = asn1tools.compile_string(text, codec="uper")
    modules = {12: ("SSM", "SensorSharingMsg"), 41: ("SensorDataSharingMessage", "SensorDataSharingMessage")}

    def message(payload: bytes) -> Any:
        frame = types.decode("MessageFrame", payload, check_constraints=True)
        if isinstance(frame, tuple):
            name, inner = frame
            if name == "rsmFrame":
                return inner
            frame = inner
        module, name = modules[frame["messageId"]]
        inner = types.modules[module][name]
        decoded = inner.decode(frame["value"])
        inner.check_constraints(decoded)
        return decoded

    return message
