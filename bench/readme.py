"""Writes the tables of `bench/results.json` into the READMEs, between the marks `bench:begin` and `bench:end`."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from bench import output_rows
from bench.output_rows import OutputRow
from bench.ratios import RESULTS, ROOT
from bench.values import FLOOR, Row, from_json

BEGIN, END = "<!-- bench:begin -->", "<!-- bench:end -->"
# About the last column of the first table, its titles, about the second table, its titles.
ENGLISH = (
    "`rsu / dict floor`: decoding, divided by the time in which plain C makes the same dicts, lists, integers and strings "
    "without reading a bit. 1.00 would be decoding for nothing.",
    "message | octets | decode, asn1tools | encode, asn1tools | decode, pycrate | encode, pycrate | rsu / dict floor",
    "Other outputs of that BSM: nanoseconds a message, beside the least that the same result costs in plain C or beside the "
    "whole value. Columns are the 14 fields of its core that a tracker needs, of 4,096 messages. With two threads the quotient "
    "is their gain; that of the table walk says what the machine had to give in that run.",
    "output | ns | beside | ns | quotient",
)
CHINESE = (
    "`rsu / dict 下限`：解码用时，除以纯 C 不读任何比特、只造出同样的 dict、list、整数和字符串的用时；1.00 即解码不花时间。",
    "消息 | 字节 | 解码 asn1tools | 编码 asn1tools | 解码 pycrate | 编码 pycrate | 解码 rsu / dict 下限",
    "同一条 BSM 的其他输出：每条消息的纳秒数，与纯 C 得到同样结果的最低代价或与完整值相比。"
    "columns 取 4,096 条消息核心中跟踪所需的 14 个字段。"
    "two threads 行的比值是两个线程的加速比；table walk（查表遍历）的加速比说明当时机器能给多少。",
    "输出 | ns | 对照 | ns | 比值",
)
TEXTS = {"README.md": ENGLISH, "README.zh-CN.md": CHINESE}


def block(texts: Sequence[str], rows: Sequence[Row], outputs: Sequence[OutputRow]) -> str:
    """All that stands between the marks."""
    about_floor, titles, about_outputs, output_titles = texts
    return "\n\n".join([about_floor, value_table(titles, rows), about_outputs, output_table(output_titles, outputs)])


def value_table(titles: str, rows: Sequence[Row]) -> str:
    """A line a message: how many times longer than rsu the peers take, and how many times longer than the floor rsu takes."""
    lines = head(titles)
    for decode, encode in zip(rows[::2], rows[1::2], strict=True):
        peers = " | ".join(f"{row.times[peer]:.0f} ×" for peer in ("asn1tools", "pycrate") for row in (decode, encode))
        lines.append(f"| {decode.message} | {decode.octets} | {peers} | {decode.times[FLOOR]:.2f} |")
    return "\n".join(lines)


def output_table(titles: str, rows: Sequence[OutputRow]) -> str:
    """A line an output."""
    lines = head(titles)
    for row in rows:
        lines.append(f"| {row.output} | {row.ns:,.0f} | {row.beside} | {row.beside_ns:,.0f} | {row.times:.2f} |")
    return "\n".join(lines)


def head(titles: str) -> list[str]:
    return [f"| {titles} |", "|---" + "|--:" * titles.count("|") + "|"]


def refresh(path: Path, text: str) -> None:
    """Puts ``text`` between the marks of a file."""
    before = path.read_text(encoding="utf-8")
    block = re.compile(re.escape(BEGIN) + ".*?" + re.escape(END), re.DOTALL)
    if len(block.findall(before)) != 1:
        raise SystemExit(f"{path.name}: needs {BEGIN} and {END} once each")
    path.write_text(block.sub(lambda _: f"{BEGIN}\n\n{text}\n\n{END}", before), encoding="utf-8")


def main() -> int:
    results = json.loads(RESULTS.read_text(encoding="utf-8"))
    rows, outputs = from_json(results["rows"]), output_rows.from_json(results["outputs"])
    for name, texts in TEXTS.items():
        refresh(ROOT / name, block(texts, rows, outputs))
        print(f"{name}: {len(rows) // 2} messages, {len(outputs)} outputs")
    return 0


if __name__ == "__main__":
    sys.exit(main())
