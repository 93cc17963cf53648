"""The module of docs/bring-your-own-asn1.md: asn1tools and pycrate say the same of it; and what the page says is not there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from codec_asn1tools import Asn1tools
from codec_pycrate import Pycrate, known_part

import rsu

PAGE = Path(__file__).resolve().parent.parent.parent / "docs" / "bring-your-own-asn1.md"
HEADER = {"protocolVersion": 2, "messageID": 2, "stationID": 4294967295}
NOWHERE = {"latitude": 900000001, "longitude": 1800000001, "altitude": 800001}
SOUTH_WEST = {"latitude": -900000000, "longitude": -1800000000, "altitude": -100000}
PLAIN_VEHICLE = {"heading": 3601, "speed": 16383, "direction": "forward"}

# Each has all components that a DEFAULT would fill in, so that a decoded value is the value itself.
MESSAGES: dict[str, dict[str, Any]] = {
    "least": {
        "header": {"protocolVersion": 0, "messageID": 0, "stationID": 0},
        "time": 0,
        "basic": {"kind": "unknown", "at": SOUTH_WEST},
        "fast": ("roadside", {}),
    },
    "defaults": {"header": HEADER, "time": 65535, "basic": {"kind": "car", "at": NOWHERE}, "fast": ("vehicle", PLAIN_VEHICLE)},
    "extension group whole": {
        "header": HEADER,
        "time": 1,
        "basic": {"kind": "lorry", "at": {**NOWHERE, "altitude": 800000}},
        "fast": (
            "vehicle",
            {"heading": 0, "speed": 0, "direction": "unavailable", "pedals": (b"\x50", 4), "steeringAngle": 512, "lane": -1},
        ),
    },
    "extension group without its optional part": {
        "header": HEADER,
        "time": 1,
        "basic": {"kind": "roadside", "at": NOWHERE},
        "fast": ("vehicle", {**PLAIN_VEHICLE, "steeringAngle": -511}),
    },
    "history full, one point behind the range": {
        "header": HEADER,
        "time": 2,
        "basic": {"kind": "tram", "at": NOWHERE},
        "fast": ("roadside", {"zones": [NOWHERE, SOUTH_WEST]}),
        "slow": {
            "plate": "-09AZ-0000",
            "owner": "渝A " + 13 * "é",
            "history": [{"north": -131071, "east": 131072, "ago": ago} for ago in (*range(1, 40), 65536)],
        },
    },
    "history empty": {
        "header": HEADER,
        "time": 3,
        "basic": {"kind": "cyclist", "at": NOWHERE},
        "fast": ("vehicle", PLAIN_VEHICLE),
        "slow": {"plate": "Z", "history": []},
    },
    "bus": {
        "header": HEADER,
        "time": 4,
        "basic": {"kind": "bus", "at": NOWHERE},
        "fast": ("vehicle", PLAIN_VEHICLE),
        "special": {"id": 1, "content": ("LineBus", {"line": "K7~ 0}", "doorsOpen": True})},
    },
    "road works": {
        "header": HEADER,
        "time": 5,
        "basic": {"kind": "roadside", "at": NOWHERE},
        "fast": ("roadside", {}),
        "special": {"id": 2, "content": ("RoadWorks", {"closedLanes": (b"\xff\xfc", 14), "speedLimit": 255})},
    },
    "special that the table does not have": {
        "header": HEADER,
        "time": 6,
        "basic": {"kind": "pedestrian", "at": NOWHERE},
        "fast": ("roadside", {}),
        "special": {"id": 255, "content": bytes(range(200))},
    },
}
REFUSED = [
    "T ::= EXTERNAL",
    "T ::= EMBEDDED PDV",
    "T ::= CHARACTER STRING",
    "T ::= INSTANCE OF TYPE-IDENTIFIER",
    "T ::= OID-IRI",
    "T ::= DATE",
    "T ::= TIME-OF-DAY",
    "T ::= DATE-TIME",
    "C ::= CHOICE {a INTEGER, b BOOLEAN} T ::= a < C",
    "X MACRO ::= BEGIN END T ::= INTEGER",
    'T ::= IA5String (FROM (ALL EXCEPT "a"))',
    "K ::= CLASS {&a OBJECT IDENTIFIER UNIQUE, &T} WITH SYNTAX {&a &T} S K ::= {{{1 2 3} BOOLEAN}} "
    "T ::= SEQUENCE {a K.&a ({S}), v K.&T ({S}{@a})}",
    "E ::= ENUMERATED {x, y} K ::= CLASS {&a E UNIQUE, &T} WITH SYNTAX {&a &T} S K ::= {{x BOOLEAN}} "
    "T ::= SEQUENCE {a K.&a ({S}), v K.&T ({S}{@a})}",
    "Small INTEGER ::= {1 | 2} T ::= Small",
]
UNCHECKED: list[tuple[str, Any]] = [
    ('T ::= IA5String (PATTERN "[a-z]")', "A"),
    ("T ::= INTEGER (CONSTRAINED BY {})", 1),
    ("S ::= SEQUENCE {a INTEGER OPTIONAL} T ::= S (WITH COMPONENTS {a PRESENT})", {}),
    ("T ::= INTEGER (0..10 EXCEPT 5)", 5),
    ("T ::= REAL (0..1)", 2.0),
    ("T ::= INTEGER (0..1) T ::= INTEGER (0..7)", 7),
]
TABLE = "K ::= CLASS {&a INTEGER UNIQUE, &T} WITH SYNTAX {&a &T} S K ::= {{1 BOOLEAN} | {2 NULL}} "
ROWS_NOT_FOUND: list[tuple[str, str, Any]] = [
    (
        "T ::= SEQUENCE {a K.&a ({S}), n SEQUENCE {v K.&T ({S}{@a})}}",
        "01010180",
        {"a": 1, "n": {"v": b"\x80"}},
    ),
    (
        "T ::= SEQUENCE {a K.&a ({S}), b K.&a ({S}), v K.&T ({S}{@a, @b})}",
        "010101020180",
        {"a": 1, "b": 2, "v": ("BOOLEAN", True)},
    ),
]


@pytest.fixture(scope="module")
def text() -> str:
    (found,) = re.findall(r"<!-- file: CamLike\.asn -->\n```asn1\n(.*?)^```$", PAGE.read_text("utf-8"), re.M | re.S)
    return str(found)


@pytest.fixture(scope="module")
def ours(text: str, tmp_path_factory: pytest.TempPathFactory) -> rsu.Schema:
    return load(text, tmp_path_factory.mktemp("own"))


@pytest.fixture(scope="module")
def pycrate(text: str, pytestconfig: pytest.Config) -> Pycrate:
    return Pycrate([text], Path(pytestconfig.cache.mkdir("codec")))  # type: ignore[union-attr]


@pytest.fixture(scope="module")
def asn1tools(text: str, pycrate: Pycrate) -> Asn1tools:
    return Asn1tools([text], pycrate)


def load(text: str, folder: Path) -> rsu.Schema:
    file = folder / "own.asn"
    file.write_text(text, encoding="utf-8")
    return rsu.load_schema(file)


def module(body: str) -> str:
    return f"M DEFINITIONS AUTOMATIC TAGS ::= BEGIN {body} END"


@pytest.mark.parametrize("value", MESSAGES.values(), ids=MESSAGES.keys())
def test_both_independent_codecs_say_the_same(
    value: dict[str, Any], ours: rsu.Schema, pycrate: Pycrate, asn1tools: Asn1tools
) -> None:
    data = ours.encode("Awareness", value, check_constraints=True)
    assert data.hex() == pycrate.encode("Awareness", value).hex()
    assert data.hex() == asn1tools.encode("Awareness", value).hex()
    assert ours.decode("Awareness", data) == value
    assert pycrate.decode("Awareness", data) == value
    assert asn1tools.decode("Awareness", data) == value


@pytest.mark.parametrize("value", MESSAGES.values(), ids=MESSAGES.keys())
def test_a_message_cut_at_any_octet_is_refused(value: dict[str, Any], ours: rsu.Schema) -> None:
    data = ours.encode("Awareness", value)
    for count in range(len(data)):
        with pytest.raises(rsu.DecodeError) as caught:
            ours.decode("Awareness", data[:count])
        assert caught.value.code == "truncated"


def test_what_a_newer_sender_adds_is_read_by_pycrate_as_well_and_relayed_unchanged(
    text: str, ours: rsu.Schema, pycrate: Pycrate, pytestconfig: pytest.Config
) -> None:
    later = text.replace("SpecialContainer OPTIONAL,\n    ...", "SpecialContainer OPTIONAL, ..., rain INTEGER (0..7)")
    later = later.replace("roadside RoadsideFast,\n    ...", "roadside RoadsideFast, ..., drone NULL")
    later = later.replace("tram, roadside, ...", "tram, roadside, ..., robot")
    newer = Pycrate([later], Path(pytestconfig.cache.mkdir("codec")))  # type: ignore[union-attr]
    value = {**MESSAGES["bus"], "basic": {"kind": "robot", "at": NOWHERE}, "fast": ("drone", None), "rain": 5}
    sent = newer.encode("Awareness", value)

    heard = ours.decode("Awareness", sent)
    assert heard["basic"]["kind"] == "...0"
    assert heard["fast"] == ("...0", b"\x00")
    assert heard["..."] == {0: b"\xa0"}  # 101 and padding
    assert known_part(heard) == pycrate.decode("Awareness", sent)
    assert ours.encode("Awareness", heard) == sent


@pytest.mark.parametrize("body", REFUSED)
def test_what_the_page_calls_refused_is_refused(body: str, tmp_path: Path) -> None:
    with pytest.raises(rsu.SchemaError, match=r"own\.asn|module M"):
        load(module(body), tmp_path)


@pytest.mark.parametrize(("body", "value"), UNCHECKED)
def test_what_the_page_calls_unchecked_passes(body: str, value: Any, tmp_path: Path) -> None:
    schema = load(module(body), tmp_path)
    assert schema.decode("T", schema.encode("T", value, check_constraints=True), check_constraints=True) == value


@pytest.mark.parametrize(("body", "data", "value"), ROWS_NOT_FOUND, ids=["id outside", "two ids"])
def test_an_open_type_is_decoded_by_one_id_beside_it(body: str, data: str, value: Any, tmp_path: Path) -> None:
    schema = load(module(TABLE + body), tmp_path)
    assert schema.decode("T", bytes.fromhex(data)) == value
    assert schema.encode("T", value).hex() == data
