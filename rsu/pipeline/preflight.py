"""The last look at a configuration before the roles start: what needs the catalogue of standards, keys or another package.

``load_checked`` is what the supervisor calls; `rsu config --check` shows the same problems.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path

from rsu.config import Config, ConfigProblems, Examined, Problem, examine
from rsu.config.checks import Finding
from rsu.config.problems import nearest, shown
from rsu.errors import ConfigError
from rsu.pipeline.maps import read_map
from rsu.schema import load_schema
from rsu.security.keys import check_keys
from rsu.standards import STANDARDS, parse_standard_name

SSM = "SensorSharingMsg"
#: Package → the extra that brings it.
_EXTRAS = {"aiomqtt": "mqtt", "nats": "nats", "psycopg": "postgres"}


def load_checked(path: str | os.PathLike[str], environ: Mapping[str, str] | None = None) -> Config:
    """The configuration in a file, with all checks done.

    :raises ConfigProblems: with all that is wrong.
    """
    examined = examine(path, environ)
    problems = [*examined.problems, *preflight(examined)]
    if problems:
        raise ConfigProblems(problems)
    return examined.config


def preflight(examined: Examined) -> list[Problem]:
    """What is wrong with a configuration on this machine."""
    checks = (_standards, _compose, _maps, _types, _packages, _keys)
    return [examined.source.problem(*found) for check in checks for found in check(examined.config)]


def _standards(config: Config) -> Iterator[Finding]:
    named = [("unit", 0, config.unit.standard)]
    named += [("radio", number, radio.standard) for number, radio in enumerate(config.radio, 1)]
    named += [("controller", number, part.standard) for number, part in enumerate(config.controller, 1)]
    named += [("map", number, part.standard) for number, part in enumerate(config.map, 1)]
    for table, number, standard in named:
        try:
            parse_standard_name(standard or next(iter(STANDARDS)))
        except ConfigError as error:
            yield Finding(table, number, "standard", shown(standard), str(error).partition(": ")[2])
    for number, controller in enumerate(config.controller, 1):
        if not controller.standard and not config.unit.standard:
            text = f"must be given, here or in [unit], for SPAT is composed in it: one of {', '.join(STANDARDS)}"
            yield Finding("controller", number, "standard", '""', text)


def _compose(config: Config) -> Iterator[Finding]:
    for standard in config.compose.standards:
        try:
            catalogue = STANDARDS[parse_standard_name(standard)[0]]
        except ConfigError as error:
            yield Finding("compose", 0, "standards", shown(standard), str(error).partition(": ")[2])
            continue
        known = {message.name for message in catalogue.messages}
        for name in config.compose.messages:
            if name not in known:
                text = f"{catalogue.name} has no such message: leave messages empty, or standards to those that have it"
                yield Finding("compose", 0, "messages", shown(name), text)
    if SSM in config.compose.messages and not config.compose.ssm_aid:
        text = f"must be given for {SSM}: the radio's header carries the number that your network uses"
        yield Finding("compose", 0, "ssm_aid", "0", text)


def _maps(config: Config) -> Iterator[Finding]:
    for number, one in enumerate(config.map, 1):
        standard = one.standard or config.unit.standard
        if not standard:
            text = f"must be given, here or in [unit]: one of {', '.join(STANDARDS)}"
            yield Finding("map", number, "standard", '""', text)
            continue
        try:
            read_map(one.file, standard, load_schema(standard))
        except ConfigError as error:
            yield Finding("map", number, "file", shown(one.file), str(error).removeprefix(f"{one.file}: "))


def _types(config: Config) -> Iterator[Finding]:
    if isinstance(config.store.decoded, str):
        return
    known = {message.name for standard in STANDARDS.values() for message in standard.messages}
    for name in config.store.decoded:
        if name not in known:
            yield Finding("store", 0, "decoded", shown(name), f"there is no such message type: {nearest(name, known)}")


def _packages(config: Config) -> Iterator[Finding]:
    wanted = {
        "aiomqtt": ("mqtt", "") if config.mqtt else None,
        "nats": ("nats", "") if config.nats else None,
        "psycopg": ("store", "url") if config.store.url.startswith("postgresql") else None,
    }
    for package, place in wanted.items():
        if place and find_spec(package) is None:
            text = f"needs the package {package}, which is not installed: pip install 'rsu[{_EXTRAS[package]}]'"
            yield Finding(place[0], 0, place[1], "", text)


def _keys(config: Config) -> Iterator[Finding]:
    folder = config.pipeline.curve_dir
    if not folder:
        return
    try:
        check_keys(Path(folder))
    except ConfigError as error:
        yield Finding("pipeline", 0, "curve_dir", shown(folder), str(error))
