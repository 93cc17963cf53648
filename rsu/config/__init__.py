"""`rsu.toml`: read, checked and typed. :func:`load_config` gives a :class:`Config`.

A file goes through four steps, and the problems of all of them are told at once: TOML (:mod:`.reading`), the environment
(:mod:`.environment`), each key by its type, bounds and form (:mod:`.sections`, :mod:`.forms`), then what no single key shows
(:mod:`.checks`). What needs the catalogue of standards or another package is checked by :mod:`rsu.pipeline.preflight`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from rsu.config.checks import CHECKS, WARNINGS, Check
from rsu.config.forms import Address, host_port
from rsu.config.paths import database_url, read_secret, resolved, run_dir, state_path
from rsu.config.problems import ConfigProblems, Problem
from rsu.config.reading import Reading, read
from rsu.config.sections import (
    Config,
    Controller,
    Fusion,
    Mqtt,
    Nats,
    Observability,
    Perception,
    Pipeline,
    Radio,
    Recording,
    Source,
    Store,
    Unit,
)

__all__ = [
    "Address",
    "Config",
    "ConfigProblems",
    "Controller",
    "Examined",
    "Fusion",
    "Mqtt",
    "Nats",
    "Observability",
    "Perception",
    "Pipeline",
    "Problem",
    "Radio",
    "Recording",
    "Source",
    "Store",
    "Unit",
    "database_url",
    "examine",
    "host_port",
    "load_config",
    "read_secret",
    "run_dir",
    "state_path",
]


class Examined(msgspec.Struct, frozen=True):
    """What was found in a file.

    :param config: with absolute paths; to be used only where there are no problems.
    :param source: where its values came from.
    """

    config: Config
    source: Reading
    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...]


def load_config(path: str | os.PathLike[str], environ: Mapping[str, str] | None = None) -> Config:
    """The configuration in a file, with what the environment overrides; its paths are absolute.

    :param environ: the environment; that of this process where it is None.
    :raises ConfigProblems: with all that is wrong: file, table, key, value and what is allowed.
    """
    examined = examine(path, environ)
    if examined.problems:
        raise ConfigProblems(examined.problems)
    return examined.config


def examine(path: str | os.PathLike[str], environ: Mapping[str, str] | None = None) -> Examined:
    """The same for one who wants to see warnings as well, and no exception."""
    file = os.fspath(path)
    config, source = read(Path(path), file, os.environ if environ is None else environ)
    config = resolved(config, Path(path).parent)
    problems = [*source.problems, *_findings(CHECKS, config, source)]
    return Examined(config, source, tuple(problems), tuple(_findings(WARNINGS, config, source)))


def _findings(checks: tuple[tuple[tuple[str, ...], Check], ...], config: Config, source: Reading) -> Iterator[Problem]:
    for needed, check in checks:
        if not source.broken.intersection(needed):
            yield from (source.problem(*found) for found in check(config))
