"""The environment wins over the file; what it cannot mean is an error."""

from __future__ import annotations

from operator import attrgetter
from typing import Any

import pytest
from config_files import Write

from rsu.config import examine, load_config
from rsu.config.environment import TEXT_MAX, variable
from rsu.config.keys import tables

FILE = "[pipeline]\nqueue_batches = 16\n[[radio]]\nname = 'a'\nsend = 'h:1'\n[[radio]]\nname = 'b'\nsend = 'h:2'\n"


@pytest.mark.parametrize(
    ("name", "text", "place", "value"),
    [
        ("RSU_PIPELINE__QUEUE_BATCHES", "32", "pipeline.queue_batches", 32),
        ("RSU_PIPELINE__SELFTEST_S", "0.5", "pipeline.selftest_s", 0.5),
        ("RSU_UNIT__ID", "rsu-7", "unit.id", "rsu-7"),
        ("RSU_UNIT__ID", "7", "unit.id", "7"),
        ("RSU_OBSERVABILITY__LISTEN", "", "observability.listen", ""),
        ("RSU_STORE__DECODED", "all", "store.decoded", "all"),
        ("RSU_STORE__DECODED", "SPAT,MapData", "store.decoded", ("SPAT", "MapData")),
        (
            "RSU_PIPELINE__PROCESSES",
            '[["engine", "ingest", "record", "uplink", "broadcast"]]',
            "pipeline.processes",
            (("engine", "ingest", "record", "uplink", "broadcast"),),
        ),
        ("RSU_MQTT__HOST", "broker", "mqtt.host", "broker"),
        ("RSU_NATS__SERVERS", "nats://a:1, nats://b:2", "nats.servers", ("nats://a:1", "nats://b:2")),
    ],
)
def test_a_variable_is_read_by_the_type_of_its_key(rsu_toml: Write, name: str, text: str, place: str, value: Any) -> None:
    assert attrgetter(place)(load_config(rsu_toml(FILE), {name: text})) == value


def test_a_variable_names_one_of_several_tables_by_its_number(rsu_toml: Write) -> None:
    config = load_config(rsu_toml(FILE), {"RSU_RADIO__2__LISTEN": "0.0.0.0:5, [::]:5"})
    assert [radio.listen for radio in config.radio] == [(), ("0.0.0.0:5", "[::]:5")]


def test_a_bad_value_in_the_file_does_not_matter_where_a_variable_stands_for_it(rsu_toml: Write) -> None:
    path = rsu_toml("[pipeline]\nqueue_batches = 0\n")
    assert load_config(path, {"RSU_PIPELINE__QUEUE_BATCHES": "1"}).pipeline.queue_batches == 1


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("RSU_PIPELINE__QUEUE_BATCHES", "0", "[pipeline] queue_batches = 0: must be 1..10000"),
        ("RSU_PIPELINE__QUEUE_BATCHES", "many", '[pipeline] queue_batches = "many": must be 1..10000'),
        ("RSU_PIPELINE__QUEUE_BATCHES", "", '[pipeline] queue_batches = "": must be 1..10000'),
        ("RSU_PIPELINE__QUEUE_BATCHS", "1", "[pipeline] has no key queue_batchs: did you mean queue_batches?"),
        ("RSU_PIPELIN__QUEUE_BATCHES", "1", "there is no table pipelin: did you mean pipeline?"),
        ("RSU_PIPELINE__", "1", "[pipeline] has no key : there are age_ms_max"),
        ("RSU_PIPELINE__1__QUEUE_BATCHES", "1", "[pipeline] has no key queue_batches"),
        ("RSU_PIPELINE_QUEUE_BATCHES", "1", "two underscores stand after the table: RSU_PIPELINE__QUEUE_BATCHES"),
        ("RSU_RADIO__SEND", "h:1", "say which [[radio]] of the file: RSU_RADIO__1__SEND"),
        ("RSU_RADIO__3__SEND", "h:1", "there is no [[radio]] 3 in the file: it has 2"),
        ("RSU_RADIO__0__SEND", "h:1", "there is no [[radio]] 0 in the file: it has 2"),
        ("RSU_RADIO__2__SEND", "h", '[[radio]] 2 send = "h": must be host:port, the port not 0'),
        ("RSU_UNIT__ID", "x" * (TEXT_MAX + 1), f"{TEXT_MAX + 1} characters, at most {TEXT_MAX} are taken"),
        ("RSU_PIPELINE__PROCESSES", "[[", '[pipeline] processes = "[[": must be a list of lists of'),
    ],
)
def test_a_variable_that_cannot_be_meant_is_named(rsu_toml: Write, name: str, text: str, told: str) -> None:
    (problem,) = examine(rsu_toml(FILE), {name: text}).problems
    assert str(problem).startswith(f"{name}: {told}")


@pytest.mark.parametrize("name", ["RSU_DB", "RSU_CONFIG", "PIPELINE__QUEUE_BATCHES", "RSUPIPELINE__X"])
def test_other_variables_are_left_alone(rsu_toml: Write, name: str) -> None:
    assert examine(rsu_toml(FILE), {name: "x"}).problems == ()


def test_each_key_has_a_variable_of_its_own() -> None:
    names = [variable(key, table.repeated) for table in tables().values() for key in table.keys]
    assert len(set(names)) == len(names)


def test_the_environment_of_the_process_is_read_when_none_is_given(rsu_toml: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RSU_UNIT__ID", "from-outside")
    assert load_config(rsu_toml(FILE)).unit.id == "from-outside"
