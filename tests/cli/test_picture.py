"""The picture of the bits: each bracket stands under its bits."""

from __future__ import annotations

from rsu.cli.picture import Field, draw


def lines(data: bytes, fields: list[Field], mark: int | None = None, says: str = "") -> list[str]:
    return [line.plain for line in draw(data, fields, mark, says)]


def test_brackets_stand_under_their_bits() -> None:
    fields = [Field("id", 0, 15), Field("?", 15, 1), Field("length", 16, 8)]
    assert lines(bytes.fromhex("001425"), fields) == [
        "     0  00000000 00010100 00100101",
        "        └id────────────┘╵ └length┘",
    ]


def test_a_name_too_long_is_cut_and_a_narrow_field_has_none() -> None:
    fields = [Field("elevation", 0, 6), Field("speed", 6, 4), Field("x", 10, 2)]
    # Bits 6..9 cross the space between two octets, so the bracket is five columns wide.
    assert lines(bytes(2), fields) == ["     0  00000000 00000000", "        └ele…┘└sp…┘└┘"]


def test_a_field_over_two_rows_stays_open_between_them() -> None:
    assert lines(bytes(9), [Field("id", 56, 16)]) == [
        "     0  " + " ".join(["00000000"] * 8),
        " " * 71 + "└id─────",
        "    64  00000000",
        "        ─id────┘",
    ]


def test_the_arrow_points_at_the_bit_of_the_error() -> None:
    # Bit 17 is the second of the third octet: margin 8, two octets with their spaces 18, one bit.
    drawn = lines(bytes(3), [], 17, "5 wanted")
    assert drawn[-1] == " " * 27 + "▲ 5 wanted"


def test_an_error_behind_the_last_bit_points_behind_it() -> None:
    assert lines(b"\x00", [], 8, "input ended")[-1] == " " * 17 + "▲ input ended"


def test_an_empty_message_has_an_arrow_too() -> None:
    assert lines(b"", [], 0, "input ended")[-1] == " " * 8 + "▲ input ended"
