"""The exit codes of every `rsu` command, and which error means which.

Scripts decide on these numbers, so a number never changes its meaning. `docs/commands.md` prints this table.
"""

from __future__ import annotations

from enum import IntEnum

from rsu.errors import CodecError, ConfigError, FrameError, RsuError, SchemaError, SourceError, StoreError


class ExitCode(IntEnum):
    """What a command says to the shell that started it."""

    FINE = 0
    FOUND = 1
    USAGE = 2
    FILE = 3
    DATABASE = 4
    SCHEMA = 5
    DEGRADED = 6
    FAULT = 70
    INTERRUPTED = 130
    PIPE_CLOSED = 141


MEANING: dict[ExitCode, str] = {
    ExitCode.FINE: "done; for `replay`, also when records were quarantined: they are part of the result",
    ExitCode.FOUND: "the answer is no: a message did not decode or encode, `--expect` found differences, `status` fails",
    ExitCode.USAGE: "a wrong option or argument",
    ExitCode.FILE: "a file cannot be read or written, or its format is not known",
    ExitCode.DATABASE: "the database cannot be reached or written, or needs `rsu db upgrade`",
    ExitCode.SCHEMA: "a schema, a type name or a setting that cannot be used",
    ExitCode.DEGRADED: "`status`: the unit does its work, and something about it wants a look",
    ExitCode.FAULT: "a fault in `rsu` itself; the traceback above the line says where",
    ExitCode.INTERRUPTED: "stopped by Ctrl-C",
    ExitCode.PIPE_CLOSED: "the reader of our output went away (`rsu … | head`)",
}

# Looked up in this order, so a more special error stands above its base.
_BY_ERROR: tuple[tuple[type[Exception], ExitCode], ...] = (
    (CodecError, ExitCode.FOUND),
    (FrameError, ExitCode.FOUND),
    (SourceError, ExitCode.FILE),
    (StoreError, ExitCode.DATABASE),
    (SchemaError, ExitCode.SCHEMA),
    (ConfigError, ExitCode.SCHEMA),
    (RsuError, ExitCode.FOUND),
    (OSError, ExitCode.FILE),
)


class UsageError(RsuError):
    """An option or argument that typer accepts and the command cannot."""


def exit_code_of(error: Exception) -> ExitCode:
    """The code a command ends with when ``error`` reaches its top."""
    if isinstance(error, UsageError):
        return ExitCode.USAGE
    for kind, code in _BY_ERROR:
        if isinstance(error, kind):
            return code
    return ExitCode.FAULT
