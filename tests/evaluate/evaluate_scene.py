"""A small scene as a log with ground truth, and parts in the shape of `observe` and `fusion` that read it.

Four cars drive east in lanes 10 m apart; two tell of themselves (a BSM each tenth of a second), a box sees all. Positions of
the log are true but for ``offset_m`` to the north in each BSM.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from evaluate_rows import START_NS, TENTH_NS
from numpy.typing import NDArray

import rsu
from rsu.evaluate.baseline import NearestNeighbour
from rsu.evaluate.reading import Heard
from rsu.frames import wrap_payload
from rsu.observe.arrays import DETECTION, SELF, VEHICLE, Origin, empty
from rsu.received import Received
from rsu.sinks.jsonl import JsonlSink

ORIGIN = Origin(29.6583, 106.5312, 268.4)
E7_PER_M = 90.0  # near enough the same both ways; the fake observe goes back by it
CARS, SPEED_MPS = 4, 10.0
DELAY_NS = 20_000_000
BSM: dict[str, Any] = {
    "msgCnt": 1,
    "elev": 100,
    "accuracy": {"semiMajor": 20, "semiMinor": 20, "orientation": 0},
    "transmission": "forwardGears",
    "speed": round(SPEED_MPS / 0.02),
    "heading": round(90 / 0.0125),
    "angle": 0,
    "accelSet": {"long": 0, "lat": 0, "vert": 0, "yaw": 0},
    "brakes": {
        "wheelBrakes": (b"\x00", 5), "traction": "unavailable", "abs": "unavailable", "scs": "unavailable",
        "brakeBoost": "unavailable", "auxBrakes": "unavailable",
    },
    "size": {"width": 180, "length": 460},
}  # fmt: skip


def place(car: int, time_ns: int) -> tuple[float, float]:
    """Where a car is, metres east and north of the origin."""
    return -30 + SPEED_MPS * (time_ns - START_NS) / 1e9, 10.0 * car


def write_scene(folder: Path, seconds: float = 4.0, offset_m: float = 0.0) -> tuple[Path, Path]:
    """The log and its truth."""
    log, truth = folder / "scene.jsonl", folder / "scene.npz"
    moments = [START_NS + TENTH_NS * number for number in range(round(seconds * 10) + 1)]
    with JsonlSink(log) as sink:
        for number, record in enumerate(_records(moments, offset_m), 1):
            sink.write(msgspec.structs.replace(record, sequence=number))
    cars, times = np.meshgrid(np.arange(CARS), moments, indexing="ij")
    x, y = place(cars.ravel(), times.ravel())  # type: ignore[arg-type]
    more = {"cls": np.full(cars.size, VEHICLE), "heading": np.zeros(cars.size), "speed": np.full(cars.size, SPEED_MPS)}
    np.savez(truth, id=cars.ravel(), time_ns=times.ravel(), x=x, y=y, origin=np.array(ORIGIN), **more)
    return log, truth


def _records(moments: list[int], offset_m: float) -> Iterator[Received]:
    schema = rsu.load_schema("sae-j2735")
    for time_ns in moments:
        for car in range(2):
            x, y = place(car, time_ns)
            core = BSM | {
                "id": car.to_bytes(4, "big"),
                "secMark": time_ns // 1_000_000 % 60_000,
                "lat": round(ORIGIN.lat_deg * 1e7 + (y + offset_m) * E7_PER_M),
                "long": round(ORIGIN.lon_deg * 1e7 + x * E7_PER_M),
            }
            message = schema.encode("MessageFrame", {"messageId": 20, "value": ("BasicSafetyMessage", {"coreData": core})})
            yield _received(wrap_payload(message, "wsmp", 0x20), time_ns)
        objects = [{"x": place(car, time_ns)[0], "y": place(car, time_ns)[1], "id": car} for car in range(CARS)]
        report = json.dumps({"time_ns": time_ns, "objects": objects}).encode()
        yield _received(report, time_ns, content="objects", record_type="DetectedObject")


def _received(data: bytes, time_ns: int, **more: Any) -> Received:
    return Received(
        rsu_id="Y", boot_id=bytes(16), sequence=1, channel="pc5", source="radio0",
        receive_time_ns=time_ns + DELAY_NS, data=data, **more,
    )  # fmt: skip


def observe(heard: Heard, origin: Origin) -> NDArray[np.void]:
    """In the place of :func:`rsu.observe.observe_record`, for this scene."""
    if heard.outcome.type == "BasicSafetyMessage":
        core = heard.value["coreData"]
        found = empty(1)
        found["kind"], found["sender"] = SELF, core["id"].hex()
        found["x"] = (core["long"] - origin.lon_deg * 1e7) / E7_PER_M
        found["y"] = (core["lat"] - origin.lat_deg * 1e7) / E7_PER_M
        found["event_time_ns"], found["speed"] = heard.outcome.event_time_ns, core["speed"] * 0.02
    elif heard.received.content == "objects":
        report = json.loads(heard.received.data)
        found = empty(len(report["objects"]))
        found["kind"], found["speed"] = DETECTION, SPEED_MPS
        found["x"], found["y"] = ([one[axis] for one in report["objects"]] for axis in "xy")
        found["event_time_ns"] = report["time_ns"]
    else:
        return empty(0)
    found["cls"], found["heading"], found["receive_time_ns"] = VEHICLE, 0.0, heard.received.receive_time_ns
    return found


class FakeParameters(msgspec.Struct, frozen=True):
    """The fields that ablations change."""

    bias_states: bool = True
    lateness: bool = True
    white_bsm: bool = False
    id_takeover: bool = True


class FakeFusion(NearestNeighbour):
    """In the place of :class:`rsu.fusion.Fusion`: the baseline, made from parameters."""

    def __init__(self, parameters: FakeParameters) -> None:
        super().__init__()
        self.made_of = parameters
