"""A Dockerfile taken apart: its stages and their instructions, as far as ours uses them; anything else is an error."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

KNOWN = frozenset("FROM RUN COPY ENV USER WORKDIR LABEL VOLUME EXPOSE HEALTHCHECK STOPSIGNAL ENTRYPOINT CMD".split())


class Instruction(NamedTuple):
    """One instruction.

    :param line: where it begins.
    :param name: in capitals.
    :param text: what follows it, its lines joined.
    """

    line: int
    name: str
    text: str

    def words(self) -> list[str]:
        """The text as a list: of JSON where it is written so, else split as a shell does."""
        return list(json.loads(self.text)) if self.text.startswith("[") else shlex.split(self.text)


class Stage(NamedTuple):
    """From one FROM to the next.

    :param base: the image it begins with.
    :param name: what `COPY --from` calls it; empty where nothing does.
    """

    base: str
    name: str
    instructions: tuple[Instruction, ...]

    def last(self, name: str) -> Instruction | None:
        """The instruction of this name that counts: the last one."""
        return next((one for one in reversed(self.instructions) if one.name == name), None)


def read_stages(path: Path) -> list[Stage]:
    """The stages of a file.

    :raises ValueError: naming the line, for an instruction that is not known here.
    """
    stages: list[Stage] = []
    for one in _instructions(path.read_text(encoding="utf-8")):
        if one.name not in KNOWN:
            raise ValueError(f"{path}:{one.line}: {one.name} is not known here, only {', '.join(sorted(KNOWN))}")
        if one.name == "FROM":
            base, _, name = one.text.partition(" AS ")
            stages.append(Stage(base.strip(), name.strip(), ()))
        elif stages:
            stages[-1] = stages[-1]._replace(instructions=(*stages[-1].instructions, one))
        else:
            raise ValueError(f"{path}:{one.line}: {one.name} before the first FROM")
    return stages


def _instructions(text: str) -> Iterator[Instruction]:
    begin, parts = 0, list[str]()
    for number, line in enumerate(text.splitlines(), 1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        begin = begin or number
        parts.append(stripped.removesuffix("\\").strip())
        if not stripped.endswith("\\"):
            name, _, rest = " ".join(parts).partition(" ")
            yield Instruction(begin, name.upper(), rest.strip())
            begin, parts = 0, []


def ignored(path: Path) -> list[str]:
    """Patterns of a .dockerignore file."""
    lines = (line.strip() for line in path.read_text(encoding="utf-8").splitlines())
    return [line for line in lines if line and not line.startswith("#")]
