"""`rsu.toml`: read, checked and typed. :func:`load_config` gives a :class:`Config`."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from rsu.config.sections import (
    Config,
    Controller,
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
from rsu.errors import ConfigError

__all__ = [
    "Config",
    "Controller",
    "Mqtt",
    "Nats",
    "Observability",
    "Perception",
    "Pipeline",
    "Radio",
    "Recording",
    "Source",
    "Store",
    "Unit",
    "load_config",
]


def load_config(path: str | os.PathLike[str]) -> Config:
    """The configuration in a file.

    :raises ConfigError: naming file and key, what was read and what is allowed.
    """
    try:
        return msgspec.toml.decode(Path(path).read_bytes(), type=Config)
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
    except msgspec.DecodeError as error:
        raise ConfigError(f"{path}: {error}") from error
