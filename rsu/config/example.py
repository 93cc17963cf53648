"""An example of `rsu.toml` that works at once on loopback, written from the structs: every key with what it means."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from rsu.config.environment import variable
from rsu.config.keys import Key, Table, tables

_HEAD = """\
# rsu.toml: the settings of a roadside unit. `rsu config --check` tells what is wrong with it, `rsu config --explain` what every
# key means; a key with a # before it shows its default. A variable of the environment wins over a key, e.g.
# {variable}
#
# As it stands, everything is on loopback and no server is needed:  rsu run -c rsu.toml"""

#: What the example sets. The addresses are those of the simulators: `rsu simulate --help`.
EXAMPLE: Mapping[str, Mapping[str, Any]] = {
    "unit": {"id": "rsu-1", "standard": "csae-157", "lat_deg": 29.6622, "lon_deg": 106.5516},
    "radio": {"name": "pc5-1", "listen": ["127.0.0.1:46800"], "send": "127.0.0.1:46801", "send_as": "dsmp"},
    "controller": {
        "name": "signals-1",
        "protocol": "gat1743",
        "listen": "127.0.0.1:41743",
        "intersection": 1,
        "phases": {"1": 1, "2": 2, "3": 3, "4": 4},
    },
    "perception": {"name": "box-1", "listen": "udp://127.0.0.1:47100"},
    "store": {"url": "rsu.db"},
    "pipeline": {},
    "fusion": {"enabled": True},
    "compose": {"standards": ["csae-157"]},
    "recording": {},
    "observability": {"listen": "127.0.0.1:9117"},
}

_NOT_TOLD = ("text", "a folder", "a file")

#: What stands in the place of a key that has no default, in tables that are commented out.
_PLACEHOLDERS: Mapping[tuple[str, str], Any] = {
    ("mqtt", "host"): "127.0.0.1",
    ("nats", "servers"): ["nats://127.0.0.1:4222"],
    ("map", "name"): "crossing-1",
    ("map", "file"): "crossing-1.hex",
    ("source", "name"): "lidar-1",
    ("source", "kind"): "acme-lidar",
}


def toml(value: Any) -> str:
    """A value as TOML writes it."""
    if isinstance(value, dict):
        inner = ", ".join(f"{json.dumps(key)} = {toml(part)}" for key, part in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(toml(part) for part in value)}]"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:_}" if value >= 100_000 else str(value)
    return json.dumps(value, ensure_ascii=False)


def example() -> str:
    """The text of the example."""
    first = tables()["pipeline"].keys[2]
    lines = [_HEAD.format(variable=f"{variable(first, repeated=False)}=32")]
    for table in tables().values():
        lines += ["", *_table(table)]
    return "\n".join(lines) + "\n"


def _table(table: Table) -> Iterator[str]:
    values = EXAMPLE.get(table.name)
    yield f"# {table.description}" + (" Any number of these." if table.repeated else "")
    yield table.title if values is not None else f"#{table.title}"
    for key in table.keys:
        yield from _key(key, values)


def _key(key: Key, values: Mapping[str, Any] | None) -> Iterator[str]:
    bounds = "" if key.allowed in _NOT_TOLD else f" [{key.allowed}]"
    yield f"# {key.description}{bounds}"
    if values is not None and key.name in values:
        yield f"{key.name} = {toml(values[key.name])}"
    else:
        yield f"#{key.name} = {toml(_PLACEHOLDERS.get((key.table, key.name), key.default))}"
