"""Writes the table of `bench/results.json` into the READMEs, between the marks `bench:begin` and `bench:end`."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from bench.ratios import RESULTS, ROOT
from bench.values import FLOOR, Row, from_json

BEGIN, END = "<!-- bench:begin -->", "<!-- bench:end -->"
# README → the titles of the columns.
TITLES = {
    "README.md": (
        "message | octets | decode, asn1tools | encode, asn1tools | decode, pycrate | encode, pycrate | rsu / dict floor"
    ),
    "README.zh-CN.md": (
        "消息 | 字节 | 解码 asn1tools | 编码 asn1tools | 解码 pycrate | 编码 pycrate | 解码 rsu / dict 下限"
    ),
}


def table(titles: str, rows: Sequence[Row]) -> str:
    """A line a message: how many times longer than rsu the peers take, and how many times longer than the floor rsu takes."""
    lines = [f"| {titles} |", "|---" + "|--:" * titles.count("|") + "|"]
    for decode, encode in zip(rows[::2], rows[1::2], strict=True):
        peers = " | ".join(f"{row.times[peer]:.0f} ×" for peer in ("asn1tools", "pycrate") for row in (decode, encode))
        lines.append(f"| {decode.message} | {decode.octets} | {peers} | {decode.times[FLOOR]:.2f} |")
    return "\n".join(lines)


def refresh(path: Path, text: str) -> None:
    """Puts ``text`` between the marks of a file."""
    before = path.read_text(encoding="utf-8")
    block = re.compile(re.escape(BEGIN) + ".*?" + re.escape(END), re.DOTALL)
    if len(block.findall(before)) != 1:
        raise SystemExit(f"{path.name}: needs {BEGIN} and {END} once each")
    path.write_text(block.sub(lambda _: f"{BEGIN}\n\n{text}\n\n{END}", before), encoding="utf-8")


def main() -> int:
    rows = from_json(json.loads(RESULTS.read_text(encoding="utf-8"))["rows"])
    for name, titles in TITLES.items():
        refresh(ROOT / name, table(titles, rows))
        print(f"{name}: {len(rows) // 2} messages")
    return 0


if __name__ == "__main__":
    sys.exit(main())
