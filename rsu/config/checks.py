"""What no single key shows: checks across keys, tables and the files they name; and warnings.

Each check stands in a table with the tables it reads; it is left out where one of them has a problem of its own already.
"""

from __future__ import annotations

import os
import stat
from collections import Counter
from collections.abc import Callable, Iterator
from typing import NamedTuple, get_args
from urllib.parse import urlsplit

from rsu.config.forms import Address, host_port
from rsu.config.paths import read_secret, sections
from rsu.config.problems import shown
from rsu.config.sections import Config, Role
from rsu.errors import ConfigError

ROLES: tuple[str, ...] = get_args(Role)
_LOOPBACK = ("127.", "localhost", "::1")


class Finding(NamedTuple):
    """What a check found; ``value`` is shown as it stands."""

    table: str
    number: int
    key: str
    value: str
    text: str


Check = Callable[[Config], Iterator[Finding]]


def _each_role_once(config: Config) -> Iterator[Finding]:
    counted: Counter[str] = Counter(role for process in config.pipeline.processes for role in process)
    wrong = [f"{role} is missing" for role in ROLES if not counted[role]]
    wrong += [f"{role} is there {times} times" for role, times in counted.items() if times > 1]
    wrong += ["a process without a role" for process in config.pipeline.processes if not process]
    if wrong:
        text = f"must have each of {', '.join(ROLES)} exactly once: {', '.join(wrong)}"
        yield Finding("pipeline", 0, "processes", shown(config.pipeline.processes), text)


def _names_differ(config: Config) -> Iterator[Finding]:
    seen: dict[str, str] = {}
    for table, number, section in sections(config):
        if not table.repeated:
            continue
        name = str(getattr(section, "name"))  # noqa: B009 - every repeated table has one, Section does not
        if name in seen:
            yield Finding(table.name, number, "name", shown(name), f"must be its own: {seen[name]} has it already")
        seen.setdefault(name, f"{table.title} {number}")


def _listening(config: Config) -> Iterator[tuple[str, int, str, str, str]]:
    """(table, number, key, protocol, host:port) of everything that is bound."""
    for number, radio in enumerate(config.radio, 1):
        yield from (("radio", number, "listen", "udp", place) for place in radio.listen)
    for number, controller in enumerate(config.controller, 1):
        yield "controller", number, "listen", "udp", controller.listen
    for number, box in enumerate(config.perception, 1):
        scheme, _, place = box.listen.partition("://")
        yield "perception", number, "listen", scheme, place
    for key in ("inlet", "bus"):
        scheme, _, place = str(getattr(config.pipeline, key)).partition("://")
        if scheme == "tcp":
            yield "pipeline", 0, key, scheme, place
    if config.observability.listen:
        yield "observability", 0, "listen", "tcp", config.observability.listen


def _addresses_differ(config: Config) -> Iterator[Finding]:
    seen: dict[tuple[str, Address], str] = {}
    for table, number, key, protocol, place in _listening(config):
        address = host_port(place)
        if not address.port:
            continue
        owner = f"[{table}] {number or ''}".rstrip()
        if (protocol, address) in seen:
            text = f"must be its own: {seen[protocol, address]} listens there already"
            yield Finding(table, number, key, shown(place), text)
        seen.setdefault((protocol, address), f"{owner} {key}")


def _keys_for_tcp(config: Config) -> Iterator[Finding]:
    places = [("pipeline", 0, key, str(getattr(config.pipeline, key))) for key in ("inlet", "bus")]
    places += [("perception", number, "listen", box.listen) for number, box in enumerate(config.perception, 1)]
    for table, number, key, endpoint in places:
        if endpoint.startswith("tcp://") and not config.pipeline.curve_dir:
            text = "a tcp:// endpoint needs CURVE keys: `rsu keys make DIR server`, then [pipeline] curve_dir = DIR"
            yield Finding(table, number, key, shown(endpoint), text)


def _files(config: Config) -> Iterator[Finding]:
    for table, number, section in sections(config):
        for key in table.keys:
            path = getattr(section, key.name) if key.form in ("secret-file", "input-file") else ""
            wrong = (_secret(path) if key.form == "secret-file" else _input(path)) if path else ""
            if wrong:
                yield Finding(table.name, number, key.name, shown(path), wrong)


def _secret(path: str) -> str:
    try:
        read_secret(path)
    except ConfigError as error:
        return str(error).removeprefix(f"{path}: ")
    return ""


def _input(path: str) -> str:
    try:
        found = os.stat(path)
    except OSError as error:
        return str(error.strerror)
    if not stat.S_ISREG(found.st_mode):
        return "must be a file"
    if not os.access(path, os.R_OK):
        return "Permission denied"
    return "" if found.st_size else "is empty"


def _no_database_password(config: Config) -> Iterator[Finding]:
    if urlsplit(config.store.url).password is not None:
        yield Finding("store", 0, "url", "", "no password here, secrets are in files only: name its file in password_file")
    elif config.store.password_file and not urlsplit(config.store.url).username:
        yield Finding(
            "store", 0, "password_file", "", "url names no user whose password it is: postgresql://USER@HOST/DATABASE"
        )


def _no_nats_password(config: Config) -> Iterator[Finding]:
    if config.nats and any("@" in server for server in config.nats.servers):
        yield Finding("nats", 0, "servers", "", "no user or password here: name a file of `nsc` in credentials_file")


def _mqtt_is_whole(config: Config) -> Iterator[Finding]:
    mqtt = config.mqtt
    if mqtt and mqtt.password_file and not mqtt.username:
        yield Finding("mqtt", 0, "username", '""', "must be given where there is a password_file")
    if mqtt and bool(mqtt.tls_cert_file) != bool(mqtt.tls_key_file):
        missing = "tls_key_file" if mqtt.tls_cert_file else "tls_cert_file"
        yield Finding("mqtt", 0, missing, '""', "must be given: a certificate and its key belong together")
    if mqtt and mqtt.tls_cert_file and not mqtt.tls_ca_file:
        yield Finding("mqtt", 0, "tls_ca_file", '""', "must be given: without it the connection is not encrypted")


def _a_radio_does_something(config: Config) -> Iterator[Finding]:
    for number, radio in enumerate(config.radio, 1):
        if not radio.listen and not radio.send:
            yield Finding("radio", number, "", "", "neither listens nor sends: give listen, send or both")


def _tracks_to_tell(config: Config) -> Iterator[Finding]:
    unit = config.unit
    if config.compose.standards and not (config.fusion.enabled and (unit.lat_deg or unit.lon_deg)):
        text = "there are no tracks to tell: needs [fusion] enabled = true, and lat_deg and lon_deg of [unit]"
        yield Finding("compose", 0, "standards", shown(config.compose.standards), text)


#: Tables that are read → check.
CHECKS: tuple[tuple[tuple[str, ...], Check], ...] = (
    (("pipeline",), _each_role_once),
    (("radio", "controller", "perception", "map"), _names_differ),
    (("radio", "controller", "perception", "pipeline", "observability"), _addresses_differ),
    (("pipeline", "perception"), _keys_for_tcp),
    ((), _files),
    (("store",), _no_database_password),
    (("nats",), _no_nats_password),
    (("mqtt",), _mqtt_is_whole),
    (("radio",), _a_radio_does_something),
    (("compose", "fusion", "unit"), _tracks_to_tell),
)


def _unset(config: Config) -> Iterator[Finding]:
    unit = config.unit
    if unit.lat_deg == 0 and unit.lon_deg == 0:
        yield Finding("unit", 0, "lat_deg", "0.0", "the unit stands at 0/0 in the Gulf of Guinea: give its position")
    if not unit.standard and any(not radio.standard for radio in config.radio):
        yield Finding("unit", 0, "standard", '""', "frames whose header does not say their standard go to quarantine")
    if not (config.radio or config.controller or config.perception or config.pipeline.inlet):
        yield Finding("radio", 0, "", "", "no radio, controller or box: only what comes by the inlet in run_dir is heard")
    if config.controller and not any(radio.send for radio in config.radio):
        yield Finding("controller", 0, "", "", "no radio sends: SPAT of the controllers is composed and not broadcast")
    if (config.compose.standards or config.map) and not any(radio.send for radio in config.radio):
        yield Finding("compose", 0, "", "", "no radio sends: what is composed of tracks, and MAP, is not broadcast")


def _open(config: Config) -> Iterator[Finding]:
    listen = config.observability.listen
    if listen and not host_port(listen).host.startswith(_LOOPBACK):
        yield Finding("observability", 0, "listen", shown(listen), "others on the network can read /metrics and /status")
    mqtt = config.mqtt
    if mqtt and not mqtt.tls_ca_file and not mqtt.host.startswith(_LOOPBACK):
        text = "what is sent to the platform, a password too, is not encrypted: give tls_ca_file"
        yield Finding("mqtt", 0, "tls_ca_file", '""', text)


def _short(config: Config) -> Iterator[Finding]:
    if config.recording.dir and config.recording.keep_days < 7:
        yield Finding("recording", 0, "keep_days", str(config.recording.keep_days), "YD/T 3847 asks for 7 days")
    if config.store.keep_days < 7:
        yield Finding("store", 0, "keep_days", str(config.store.keep_days), "YD/T 3847 asks for 7 days")
    if not config.pipeline.selftest_s:
        yield Finding("pipeline", 0, "selftest_s", "0.0", "a path that is stuck is not noticed, by systemd's watchdog neither")


def _unused(config: Config) -> Iterator[Finding]:
    url = config.store.url
    if config.store.password_file and "postgresql" not in url:
        yield Finding("store", 0, "password_file", "", "is not used: url names no PostgreSQL")
    if config.store.database_keep_days and not url:
        yield Finding("store", 0, "database_keep_days", str(config.store.database_keep_days), "is not used: url is empty")


#: The same for what can be used, but is probably not meant.
WARNINGS: tuple[tuple[tuple[str, ...], Check], ...] = (
    (("unit", "radio", "controller", "perception", "pipeline", "compose", "map"), _unset),
    (("observability", "mqtt"), _open),
    (("recording", "store", "pipeline"), _short),
    (("store",), _unused),
)
