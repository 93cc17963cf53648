"""Orders and reports over a real mosquitto: obeyed, acknowledged, kept; garbage does no harm."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import msgspec
from uplink_bench import R1, Bench, Frame, Record, connected, sequences
from uplink_world import Daemon, Platform, until

from rsu.schema import Schema
from rsu.sources.live.base import Heard
from rsu.uplink.its0117 import KINDS, write_upload


def test_the_unit_reports_itself_and_answers_a_query_in_the_spelling_of_openv2x(
    mosquitto: Daemon, bench: Bench, closing: Callable[..., Any]
) -> None:
    platform = closing(Platform(mosquitto.port, "V2X/#"))
    bench.start(mosquitto.port, topic_up="V2X/RSU/[{rsu}/]{type}/UP", topic_down="V2X/RSU/[{rsu}/]{type}/DOWN", heartbeat_s=0.1)
    topics = [f"V2X/RSU/{name}/UP" for name in ("BaseINFO", "INFO", "HB", "RunningInfo")]
    until(lambda: all(platform.of(topic) for topic in topics) and len(platform.of("V2X/RSU/HB/UP")) >= 3)
    base, info, beat, running = (msgspec.json.decode(platform.of(topic)[0]) for topic in topics)
    assert {said["rsuEsn"] for said in (base, info, beat, running)} == {"R1"}
    assert (base["rsuStatus"], base["location"]) == ("normal", {"lon": 112.9, "lat": 28.1})
    assert info["config"]["bsmConfig"] == {
        "upLimit": -1, "upFilters": [], "sampleMode": "ByAll", "sampleRate": -1, "actualSampleRate": 0
    }  # fmt: skip
    assert {"cpu", "mem", "disk", "net"} <= running.keys()
    query = {"rsuId": 1, "rsuEsn": "R1", "timestamp": 1, "infoId": 2, "interval": 0, "ack": True, "seqNum": "7"}
    platform.say("V2X/RSU/R1/INFOQuery", msgspec.json.encode(query))
    until(lambda: platform.of("V2X/RSU/INFOQuery/Response"))
    answer = msgspec.json.decode(platform.of("V2X/RSU/INFOQuery/Response")[0])
    assert (answer["seqNum"], answer["Infotype"], answer["InfoValue"]["status"]) == ("7", 2, {"ready": True, "senders": 3})


def test_a_map_from_the_platform_is_delivered_and_acknowledged_in_both_forms(
    mosquitto: Daemon, bench: Bench, schema: Schema, frame: Frame, closing: Callable[..., Any]
) -> None:
    platform = closing(Platform(mosquitto.port, "V2X.RSU.MAP.DOWN.ACK"))
    running = bench.start(mosquitto.port)
    until(lambda: connected(running))
    octets = frame("MapData")
    platform.say("V2X.RSU.MAP.DOWN", write_upload(KINDS["MAP"], R1, 1, [octets]))
    value = msgspec.json.decode(schema.to_json("MessageFrame", octets))["mapFrame"]
    platform.say("V2X.RSU.MAP.DOWN", msgspec.json.encode({"mapSlice": "s", "map": value, "ack": True, "seqNum": "9"}))
    until(lambda: len(platform.heard) == 2)
    assert [payload for _, payload in platform.heard] == [b'{"errorCode":0}', b'{"seqNum":"9","errorCode":0}']
    meta = {"broadcast": 1, "topic": "V2X.RSU.MAP.DOWN"}
    expected = Heard("mqtt", 0, octets, "uu", header="none", standard="csae-157", meta=meta)
    assert [heard._replace(receive_time_ns=0) for heard in bench.heard] == [expected] * 2


def test_garbage_on_every_topic_half_and_half_is_refused_counted_and_the_good_half_delivered(
    mosquitto: Daemon, bench: Bench, record: Record, frame: Frame, closing: Callable[..., Any]
) -> None:
    platform = closing(Platform(mosquitto.port, "V2X.RSU.MAP.DOWN.ACK"))
    running = bench.start(mosquitto.port)
    until(lambda: connected(running))
    random_bytes = random.Random(7)
    good = write_upload(KINDS["MAP"], R1, 1, [frame("MapData")])
    topics = [f"V2X.RSU.{name}.DOWN" for name in ("MAP", "RSI", "RSM", "SPAT", "CONFIG", "MNG")] + ["V2X.RSU.INFOQuery"]
    for place in range(100):
        platform.say("V2X.RSU.MAP.DOWN", good)
        starts = random_bytes.choice([b"", b"{", b'{"map":[', b"[[[[", good[:17], good[:-1]])
        platform.say(topics[place % len(topics)], starts + random_bytes.randbytes(random_bytes.randrange(300)))
    last = bench.shelf.put(record(1))
    until(lambda: len(bench.heard) == 100 and bench.shelf.delivered("mqtt") == last)
    until(lambda: sum(running.uplink.links[0]._orders.counts.values()) == 200)  # type: ignore[attr-defined]
    counts = running.uplink.links[0]._orders.counts  # type: ignore[attr-defined]
    assert counts["MAP", "done"] == 100
    assert sum(number for (_, result), number in counts.items() if result == "refused") == 100
    until(lambda: len(platform.heard) == 115)  # 100 for the good ones, 15 of the bad ones went to MAP
    codes = [msgspec.json.decode(payload)["errorCode"] for _, payload in platform.heard]
    assert codes.count(0) == 100


def test_config_changes_the_rates_is_acknowledged_told_in_info_and_outlives_a_restart(
    mosquitto: Daemon, bench: Bench, schema: Schema, record: Record, closing: Callable[..., Any]
) -> None:
    platform = closing(Platform(mosquitto.port, "V2X.RSU.BSM.UP", "V2X.RSU.CONFIG.DOWN.ACK", "V2X.RSU.INFO.UP"))
    running = bench.start(mosquitto.port)
    until(lambda: len(platform.of("V2X.RSU.INFO.UP")) == 1)
    order = {"bsmConfig": {"sampleMode": "ByAll", "sampleRate": 10_000, "upLimit": 5}, "ack": True, "seqNum": "3"}
    platform.say("V2X.RSU.CONFIG.DOWN", msgspec.json.encode(order))
    until(lambda: len(platform.of("V2X.RSU.INFO.UP")) == 2)
    assert platform.of("V2X.RSU.CONFIG.DOWN.ACK") == [b'{"seqNum":"3","errorCode":0}']
    assert msgspec.json.decode(platform.of("V2X.RSU.INFO.UP")[1])["config"]["bsmConfig"]["upLimit"] == 5
    last = bench.shelf.put(*(record(number) for number in range(1, 101)))  # all in one second
    until(lambda: bench.shelf.delivered("mqtt") == last)
    until(lambda: sequences(platform, schema) == [1, 2, 3, 4, 5])
    running.close()
    bench.start(mosquitto.port)
    second = 1_000  # records stand a millisecond apart
    last = bench.shelf.put(*(record(second + number) for number in range(100)))
    until(lambda: bench.shelf.delivered("mqtt") == last)
    until(lambda: sequences(platform, schema) == [1, 2, 3, 4, 5, *range(second, second + 5)])


def test_management_changes_the_periods_and_a_retained_order_to_restart_is_not_obeyed(
    mosquitto: Daemon, bench: Bench, closing: Callable[..., Any]
) -> None:
    platform = closing(Platform(mosquitto.port, "V2X.RSU.HB.UP", "V2X.RSU.MNG.DOWN.ACK"))
    platform.say("V2X.RSU.MNG.DOWN", b'{"reboot":1,"timestamp":5,"ack":true,"seqNum":"1"}', retain=True)
    running = bench.start(mosquitto.port, restart=True)
    until(lambda: platform.of("V2X.RSU.MNG.DOWN.ACK"))
    assert bench.restarts == 0
    platform.say("V2X.RSU.MNG.DOWN", b'{"hbRate":1,"reboot":0,"ack":true,"seqNum":"2"}')
    until(lambda: len(platform.of("V2X.RSU.HB.UP")) >= 3)
    again = b'{"reboot":1,"timestamp":6,"ack":true,"seqNum":"4"}'
    platform.say("V2X.RSU.MNG.DOWN", again)
    until(lambda: bench.restarts == 1)
    platform.say("V2X.RSU.MNG.DOWN", again)  # as a broker does that did not see our acknowledgement
    until(lambda: len(platform.of("V2X.RSU.MNG.DOWN.ACK")) == 4)
    assert bench.restarts == 1 and connected(running)


def test_orders_sent_while_the_unit_is_away_arrive_when_it_is_back(
    mosquitto: Daemon, bench: Bench, frame: Frame, closing: Callable[..., Any]
) -> None:
    platform = closing(Platform(mosquitto.port, "V2X.RSU.RSI.DOWN.ACK"))
    running = bench.start(mosquitto.port)
    until(lambda: connected(running) and running.ticks)
    running.close()
    platform.say("V2X.RSU.RSI.DOWN", write_upload(KINDS["RSI"], bytes(8), 1, [frame("RoadSideInformation")]))
    bench.start(mosquitto.port)
    until(lambda: len(bench.heard) == 1 and platform.heard)
