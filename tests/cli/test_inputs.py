"""Messages in an argument, a file, many lines or stdin, in each way to write octets."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from rsu.cli.exit_codes import UsageError
from rsu.cli.inputs import MESSAGE_OCTETS_MAX, Spelling, read_given
from rsu.errors import SourceError

OCTETS = bytes.fromhex("00142580ff")


@pytest.mark.parametrize(
    ("text", "spelling"),
    [
        ("00142580ff", "auto"),
        ("00142580FF", "auto"),
        ("0x00142580ff", "auto"),
        ("00 14 25 80 ff", "auto"),
        ("00:14:25:80:ff", "auto"),
        (r"\x00\x14\x25\x80\xff", "auto"),
        ("0x00, 0x14, 0x25, 0x80, 0xff", "auto"),
        ("ABQlgP8=", "auto"),  # base64 -d gives 00142580ff
        ("ABQlgP8=", "base64"),
        ("00142580ff", "hex"),
    ],
)
def test_one_message_in_each_way_to_write_it(text: str, spelling: Spelling) -> None:
    (given,) = read_given([text], spelling)
    assert (given.data, given.problem) == (OCTETS, "")


def test_url_safe_base64_is_read() -> None:
    (given,) = read_given(["-_-_"], "base64")
    assert given.data == bytes.fromhex("fbffbf")


def test_hex_wins_over_base64() -> None:
    (given,) = read_given(["abcd"], "auto")
    assert given.data == b"\xab\xcd"


def test_an_argument_that_is_nothing_known_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="neither a file nor hex or base64"):
        list(read_given(["drive.log"], "auto"))


def test_lines_of_a_file_are_messages_and_a_bad_line_is_named(tmp_path: Path) -> None:
    file = tmp_path / "messages.txt"
    file.write_text("# two messages\n0014\n\nnot hex!\nABQl\n")
    given = list(read_given([str(file)], "auto"))
    assert [one.data for one in given] == [b"\x00\x14", b"", b"\x00\x14\x25"]
    assert [one.place for one in given] == [f"{file} line {number}" for number in (2, 4, 5)]
    assert [bool(one.problem) for one in given] == [False, True, False]


def test_binary_is_one_message(tmp_path: Path) -> None:
    file = tmp_path / "message.uper"
    file.write_bytes(OCTETS)
    assert [one.data for one in read_given([str(file)], "auto")] == [OCTETS]


def test_binary_that_looks_like_text_is_read_as_binary_where_asked(tmp_path: Path) -> None:
    file = tmp_path / "message.uper"
    file.write_bytes(b"0014\n")
    assert [one.data for one in read_given([str(file)], "binary")] == [b"0014\n"]


@pytest.mark.parametrize(("extra", "accepted"), [(0, True), (1, False)], ids=["at the limit", "one past it"])
def test_a_file_too_long_for_a_message_is_refused(tmp_path: Path, extra: int, accepted: bool) -> None:
    file = tmp_path / "drive.bin"
    file.write_bytes(b"\xff" * (MESSAGE_OCTETS_MAX + extra))
    if accepted:
        assert len(next(read_given([str(file)], "auto")).data) == MESSAGE_OCTETS_MAX
    else:
        with pytest.raises(SourceError, match="rsu replay"):
            list(read_given([str(file)], "auto"))


def test_stdin_is_read_when_nothing_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"0014\r\n25\r\n")))
    assert [one.data for one in read_given([], "auto")] == [b"\x00\x14", b"\x25"]


def test_a_hex_message_longer_than_a_file_name_may_be_is_a_message() -> None:
    (given,) = read_given(["00" * 5000], "auto")
    assert len(given.data) == 5000
