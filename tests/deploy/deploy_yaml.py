"""A reader of the YAML that our compose files keep to: mappings and lists by indentation, scalars, lists in one line.

No YAML parser is among the tests' packages. Where one is on the machine, a test compares what it reads.
"""

from __future__ import annotations

import json
import re
from typing import Any

Line = tuple[int, str]


def read(text: str) -> Any:
    """The document.

    :raises ValueError: for a line outside this subset.
    """
    lines = [(len(line) - len(line.lstrip()), line.strip()) for line in text.splitlines()]
    kept = [(indent, line) for indent, line in lines if line and not line.startswith("#")]
    value, rest = _block(kept)
    if rest:
        raise ValueError(f"{rest[0][1]!r}: less indented than what it follows")
    return value


def _block(lines: list[Line]) -> tuple[Any, list[Line]]:
    indent, first = lines[0]
    return _list(lines, indent) if first.startswith("- ") else _mapping(lines, indent)


def _list(lines: list[Line], indent: int) -> tuple[list[Any], list[Line]]:
    items: list[Any] = []
    while lines and lines[0][0] == indent and lines[0][1].startswith("- "):
        text = lines[0][1][2:]
        if re.match(r"[A-Za-z_][\w.-]*:( |$)", text):
            item, lines = _block([(indent + 2, text), *lines[1:]])
        else:
            item, lines = _scalar(text), lines[1:]
        items.append(item)
    return items, lines


def _mapping(lines: list[Line], indent: int) -> tuple[dict[str, Any], list[Line]]:
    values: dict[str, Any] = {}
    while lines and lines[0][0] == indent:
        key, colon, text = lines[0][1].partition(":")
        if not colon or key in values or (text and not text.startswith(" ")):
            raise ValueError(f"{lines[0][1]!r}: must be `key: value`, each key once")
        lines = lines[1:]
        if text:
            values[key] = _scalar(text.strip())
        elif lines and lines[0][0] > indent:
            values[key], lines = _block(lines)
        else:
            values[key] = None
    if lines and lines[0][0] > indent:
        raise ValueError(f"{lines[0][1]!r}: more indented than what it follows")
    return values, lines


def _scalar(text: str) -> Any:
    if text[0] in '["{':
        return json.loads(text)
    if text in ("true", "false"):
        return text == "true"
    if text[0] in "&*!|>'%@`" or re.search(r": | #", text):
        raise ValueError(f"{text!r}: not read here")
    return int(text) if re.fullmatch(r"-?\d+", text) else text
