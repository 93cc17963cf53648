"""What is wrong with a file is told key by key, all at once, with what is allowed."""

from __future__ import annotations

from pathlib import Path

import pytest
from config_files import Write

from rsu.config import ConfigProblems, examine, load_config
from rsu.config.keys import Key, tables
from rsu.config.reading import FILE_OCTETS_MAX
from rsu.errors import ConfigError

KEYS = [key for table in tables().values() for key in table.keys]
ROLES = "ingest, engine, record, uplink, broadcast"


#: Values of every kind that TOML has, for keys of every type.
VALUES = (
    "-1", "1e999", "nan", "true", '""', '"\\u0000"', '"://"', '"postgresql://[::1/x"', '"postgresql://h:99999/x"',
    '"tcp://[]:1"', '"{type"', '"{}{type}"', "[]", '["", "\\u0000"]', "[[1]]", "{}", '{ a = "b" }',
    "{ a = 9223372036854775808 }", "2026-01-01T00:00:00Z",
)  # fmt: skip


def problems(path: Path, environ: dict[str, str] | None = None) -> list[str]:
    """The problems of a file, without its folder."""
    return [str(problem).replace(f"{path.parent}/", "") for problem in examine(path, environ or {}).problems]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[pipeline]\nqueue_batches = 0", "[pipeline] queue_batches = 0: must be 1..10000"),
        ("[pipeline]\nqueue_batches = 10001", "[pipeline] queue_batches = 10001: must be 1..10000"),
        ("[pipeline]\nqueue_batches = true", "[pipeline] queue_batches = true: must be 1..10000"),
        ('[pipeline]\nqueue_batches = "16"', '[pipeline] queue_batches = "16": must be 1..10000'),
        ("[pipeline]\nqueue_batches = 1.5", "[pipeline] queue_batches = 1.5: must be 1..10000"),
        ("[pipeline]\nwindow_records_max = 0", "[pipeline] window_records_max = 0: must be 1 or more"),
        ("[unit]\nlat_deg = 90.1", "[unit] lat_deg = 90.1: must be -90..90"),
        ("[unit]\nlat_deg = nan", "[unit] lat_deg = NaN: must be -90..90"),
        ("[unit]\nelevation_m = inf", "[unit] elevation_m = Infinity: must be -1000..10000"),
        ('[unit]\nid = "a b"', '[unit] id = "a b": must be 1 to 64 of A-Z a-z 0-9 _ . -'),
        ('[unit]\nid = ""', '[unit] id = "": must be 1 to 64 of A-Z a-z 0-9 _ . -'),
        ("[unit]\nid = 2026-01-01", "[unit] id = 2026-01-01: must be 1 to 64 of A-Z a-z 0-9 _ . -"),
        ('[unit]\nstate_dir = ""', '[unit] state_dir = "": must be a folder'),
        ("[pipeline]\nqueue_batch = 3", "[pipeline] queue_batch = 3: there is no such key: did you mean queue_batches?"),
        ("[pipelin]\n", "[pipelin]: there is no such table: did you mean pipeline?"),
        ('[observability]\nlog_level = "loud"', '[observability] log_level = "loud": must be debug, info, warning or error'),
        ("[radio]\nname = 'a'", "[[radio]]: must be written with two brackets, [[radio]]"),
        ("unit = 3", "[unit]: must be a table: keys with values below its name"),
        ("radio = [3]", "[[radio]] 1: must be a table: keys with values below its name"),
        ("[mqtt]\nport = 0\nhost = 'a'", "[mqtt] port = 0: must be 1..65535"),
        ("[mqtt]\n", "[mqtt] host: is missing: must be text, not empty"),
        ("[nats]\nservers = []", "[nats] servers = []: must be a list of nats://host:port or tls://host:port, 1 to 16 of them"),
        ("[store]\ndecoded = 'some'", '[store] decoded = "some": must be none or all or a list of text'),
    ],
)
def test_a_key_outside_its_bounds_is_named_with_what_is_allowed(rsu_toml: Write, text: str, told: str) -> None:
    assert problems(rsu_toml(text)) == [f"rsu.toml: {told}"]


@pytest.mark.parametrize("value", [1, 10_000])
def test_the_bounds_themselves_are_allowed(rsu_toml: Write, value: int) -> None:
    assert load_config(rsu_toml(f"[pipeline]\nqueue_batches = {value}"), {}).pipeline.queue_batches == value


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "[[radio]]\nname = 'a'\nlisten = ['[::1]:1']\n[[radio]]\nname = 'b'\nlisten = ['x']",
            '2 listen = "x": must be host:port',
        ),
        ("[[radio]]\nname = 'a'\nlisten = ['a:1', 'b:65536']", '1 listen = "b:65536": must be host:port'),
        ("[[radio]]\nname = 'a'\nlisten = ['']", '1 listen = "": must be host:port'),
        ("[[radio]]\nname = 'a'\nlisten = 'a:1'", '1 listen = "a:1": must be a list of host:port'),
        ("[[radio]]\nname = 'a'\nsend = 'a:0'", '1 send = "a:0": must be host:port, the port not 0'),
        ("[[radio]]\nname = 'a'\nsend = '*:1'", '1 send = "*:1": must be host:port, the port not 0'),
        ("[[radio]]\nname = 'a'\nsend = 'a b:1'", '1 send = "a b:1": must be host:port, the port not 0'),
        ("[[radio]]\nname = 'a'\nsend = 'a:١'", '1 send = "a:١": must be host:port, the port not 0'),
        ("[[radio]]\nname = 'a'", "1: neither listens nor sends: give listen, send or both"),
    ],
)
def test_a_radio_is_named_by_its_number_in_the_file(rsu_toml: Write, text: str, told: str) -> None:
    assert problems(rsu_toml(text)) == [f"rsu.toml: [[radio]] {told}"]


@pytest.mark.parametrize(
    "text",
    ["", "[fusion]\nenabled = true\n", "[unit]\nlat_deg = 29.5\nlon_deg = 106.5\n"],
    ids=["neither", "no-position", "not-fused"],
)
def test_tracks_are_told_only_where_there_are_some(rsu_toml: Write, text: str) -> None:
    (problem,) = problems(rsu_toml(text + "[compose]\nstandards = ['csae-53']"))
    assert problem.startswith('rsu.toml: [compose] standards = ["csae-53"]: there are no tracks to tell: needs [fusion]')


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[pipeline]\ninlet = 'tcp://1.2.3.4'", '[pipeline] inlet = "tcp://1.2.3.4": must be ipc://PATH or tcp://host:port'),
        ("[pipeline]\nbus = 'udp://1.2.3.4:1'", '[pipeline] bus = "udp://1.2.3.4:1": must be ipc://PATH or tcp://host:port'),
        (
            "[mqtt]\nhost = 'a'\ntopic_up = 'V2X/{rsu}'",
            '[mqtt] topic_up = "V2X/{rsu}": must be a template with {type}, and {rsu} if wanted',
        ),
        (
            "[mqtt]\nhost = 'a'\ntopic_up = 'V2X/{type}/{other}'",
            '[mqtt] topic_up = "V2X/{type}/{other}": must be a template with {type}, and {rsu} if wanted',
        ),
        (
            "[mqtt]\nhost = 'a'\ntopic_up = 'V2X/#/{type}'",
            '[mqtt] topic_up = "V2X/#/{type}": must be a template with {type}, and {rsu} if wanted',
        ),
        (
            "[mqtt]\nhost = 'a'\ntopic_up = '{type!r}'",
            '[mqtt] topic_up = "{type!r}": must be a template with {type}, and {rsu} if wanted',
        ),
        (
            "[mqtt]\nhost = 'a'\nrsu_number = '1234567'",
            '[mqtt] rsu_number = "1234567": must be 8 octets as text, or 16 hex digits',
        ),
        (
            "[store]\nurl = 'mysql://rsu:hush@h/x'",
            '[store] url = "mysql://rsu:***@h/x": must be the path of an SQLite file, sqlite:///… or postgresql://…',
        ),
    ],
)
def test_a_text_has_its_form(rsu_toml: Write, text: str, told: str) -> None:
    assert problems(rsu_toml(text)) == [f"rsu.toml: {told}"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            '[pipeline]\nprocesses = [["engine"], ["ingest", "record", "uplink"]]',
            f"must have each of {ROLES} exactly once: broadcast is missing",
        ),
        (
            '[pipeline]\nprocesses = [["engine", "engine"], ["ingest", "record", "uplink", "broadcast"]]',
            f"must have each of {ROLES} exactly once: engine is there 2 times",
        ),
        (
            '[pipeline]\nprocesses = [[], ["engine", "ingest", "record", "uplink", "broadcast"]]',
            f"must have each of {ROLES} exactly once: a process without a role",
        ),
        (
            "[[radio]]\nname='a'\nsend='h:1'\n[[perception]]\nname='a'\nlisten='udp://h:2'",
            "must be its own: [[radio]] 1 has it already",
        ),
        (
            "[[radio]]\nname='a'\nlisten=['h:1']\n[[perception]]\nname='b'\nlisten='udp://h:1'",
            "must be its own: [radio] 1 listen listens there already",
        ),
        (
            "[pipeline]\ninlet = 'tcp://0.0.0.0:5555'",
            "a tcp:// endpoint needs CURVE keys: `rsu keys make DIR server`, then [pipeline] curve_dir = DIR",
        ),
        (
            "[[perception]]\nname='b'\nlisten='tcp://h:1'",
            "a tcp:// endpoint needs CURVE keys: `rsu keys make DIR server`, then [pipeline] curve_dir = DIR",
        ),
        (
            "[store]\nurl = 'postgresql://rsu:hush@h/x'",
            "no password here, secrets are in files only: name its file in password_file",
        ),
        (
            "[nats]\nservers = ['nats://u:hush@h:4222']",
            "no user or password here: name a file of `nsc` in credentials_file",
        ),
    ],
)
def test_what_no_single_key_shows_is_found(rsu_toml: Write, text: str, told: str) -> None:
    (found,) = problems(rsu_toml(text))
    assert found.endswith(told)
    assert "hush" not in found


def test_the_same_port_for_another_protocol_is_another_place(rsu_toml: Write) -> None:
    text = "[[radio]]\nname='a'\nlisten=['127.0.0.1:9117', '127.0.0.1:1']\n[[controller]]\nname='c'\nprotocol='ntcip'\n"
    assert problems(rsu_toml(text)) == []


def test_several_problems_are_told_at_once_and_a_broken_table_hides_no_other(rsu_toml: Write) -> None:
    path = rsu_toml("[unit]\nid = ''\nx = 1\n[pipeline]\nqueue_batches = 0\nprocesses = []\n[mqtt]\npassword_file = 'p'\n")
    assert len(problems(path)) == 4
    with pytest.raises(ConfigProblems, match=r"id = .*; .*x = 1.*; .*queue_batches = 0.*; .*host: is missing") as caught:
        load_config(path, {})
    assert len(caught.value.problems) == 4
    assert isinstance(caught.value, ConfigError)


def test_a_hundred_problems_are_counted_and_twenty_written_out(rsu_toml: Write) -> None:
    with pytest.raises(ConfigProblems, match=r"and 80 more$") as caught:
        load_config(rsu_toml("[unit]\n" + "".join(f"x{number} = 1\n" for number in range(100))), {})
    assert len(caught.value.problems) == 100


@pytest.mark.parametrize(
    ("octets", "told"),
    [
        (b"[unit]\nid = \n", "Invalid value (at line 2, column 6)"),
        (b"[unit]\nid = '\xff'", "not UTF-8 text (octet 13): TOML is"),
        (b"#" * (FILE_OCTETS_MAX + 1), f"more than {FILE_OCTETS_MAX} octets: this is no configuration"),
    ],
    ids=["syntax", "octets", "size"],
)
def test_a_file_that_is_no_toml_says_where(rsu_toml: Write, octets: bytes, told: str) -> None:
    path = rsu_toml("")
    path.write_bytes(octets)
    assert problems(path) == [f"rsu.toml: {told}"]


def test_a_file_of_the_largest_size_is_read(rsu_toml: Write) -> None:
    assert problems(rsu_toml("#" * FILE_OCTETS_MAX)) == []


def test_a_value_nested_too_deeply_is_a_problem_and_no_fault(rsu_toml: Write) -> None:
    assert problems(rsu_toml("[pipeline]\nprocesses = " + "[" * 100_000)) == ["rsu.toml: nested too deeply"]


def test_a_file_that_is_not_there_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"No such file or directory; `rsu config --example` prints one to begin with"):
        load_config(tmp_path / "rsu.toml", {})


@pytest.mark.parametrize("count", [64, 65])
def test_the_number_of_radios_has_a_bound(rsu_toml: Write, count: int) -> None:
    text = "".join(f"[[radio]]\nname = 'r{number}'\nsend = 'h:1'\n" for number in range(count))
    told = [] if count == 64 else ["rsu.toml: [[radio]]: there are 65, at most 64 are taken"]
    assert problems(rsu_toml(text)) == told


@pytest.mark.parametrize("key", KEYS, ids=lambda key: f"{key.table}.{key.name}")
def test_no_value_of_any_key_is_a_fault(rsu_toml: Write, key: Key) -> None:
    for value in VALUES:
        examined = examine(rsu_toml(f"{tables()[key.table].title}\n{key.name} = {value}\n"), {})
        assert all(str(problem) for problem in (*examined.problems, *examined.warnings)), value
