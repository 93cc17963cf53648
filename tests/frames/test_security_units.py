"""IEEE 1609.2 units against pycrate, on real drive logs and on generated values, and the limits of the
walker."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dot2_oracle as oracle
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rsu.errors import FrameError
from rsu.frames import coer, ieee1609dot2, unwrap, wrap, wsmp

SIGNED_LOGS = (
    "bsmLogDuringEvent_commsignia",
    "rxMsg_BSM_and_TIM",
    "rxMsg_commsignia_map",
    "rxMsg_commsignia_tim",
)
UNSECURED_LOGS = ("bsmLogDuringEvent", "bsmTx", "dnMsg")


def payloads(log: Path) -> Iterator[tuple[float, bytes]]:
    """UTC seconds and payload of each record, by the table of logs/README.md and nothing of the product."""
    octets = gzip.decompress(log.read_bytes())
    head = 25 if log.name.startswith("dnMsg") else 26
    at = 0
    while at < len(octets):
        clock = at + head - 9
        seconds = int.from_bytes(octets[clock : clock + 4], "little")
        millis = int.from_bytes(octets[clock + 4 : clock + 6], "little")
        length = int.from_bytes(octets[at + head - 2 : at + head], "little")
        at += head + length
        yield seconds + millis / 1000, octets[at - length : at]
        at += "commsignia" in log.name


def without_radio_header(octets: bytes) -> bytes:
    return octets[wsmp.unwrap(octets)[1] :] if octets[1] == 0 else octets


def agrees(unit: bytes) -> ieee1609dot2.Security:
    """The unit as the product reads it, after every field was compared with pycrate's reading."""
    payload, offset, security = ieee1609dot2.unwrap(unit)
    expected = oracle.decode(unit)
    assert payload == expected.pop("payload")
    assert unit[offset : offset + len(payload)] == payload
    place = security.location
    for name, value in expected.items():
        if name == "location" and place is not None:
            unknown = (900_000_001, 1_800_000_001)
            pair = [None if code == given else code for code, given in zip(value[:2], unknown, strict=True)]
            assert place == (*pair, value[2])
        else:
            assert getattr(security, name) == value, name
    return security


@pytest.mark.parametrize("name", [*SIGNED_LOGS, *UNSECURED_LOGS])
def test_every_real_unit_reads_as_pycrate_reads_it_and_is_written_again(shared: Path, name: str) -> None:
    count = 0
    for _, octets in payloads(shared / "logs" / f"{name}.gz"):
        agrees(without_radio_header(octets))
        assert wrap(unwrap(octets)) == octets
        count += 1
    assert count == {
        "bsmLogDuringEvent": 222,
        "bsmLogDuringEvent_commsignia": 511,
        "bsmTx": 16,
        "dnMsg": 1,
    }.get(name, {"rxMsg_BSM_and_TIM": 393, "rxMsg_commsignia_map": 103, "rxMsg_commsignia_tim": 279}.get(name))


@pytest.mark.parametrize("name", SIGNED_LOGS)
def test_generation_times_agree_with_the_clock_of_the_receiver(shared: Path, name: str) -> None:
    """A wrong count of leap seconds would be off by a second or more."""
    early = []
    for received_s, octets in payloads(shared / "logs" / f"{name}.gz"):
        made_ns = unwrap(octets).security.generation_time_ns
        assert made_ns is not None
        early.append(received_s - made_ns / 1e9)
    assert 0 < sorted(early)[len(early) // 2] < 0.5


@pytest.mark.parametrize(("name", "senders", "matched"), [("bsmLogDuringEvent_commsignia", 1, 1), ("rxMsg_BSM_and_TIM", 2, 2)])
def test_the_digest_of_an_enclosed_certificate_is_the_digest_its_sender_signs_with(
    shared: Path, name: str, senders: int, matched: int
) -> None:
    """Senders enclose their certificate now and then and sign by its digest between: an outside check of
    the hash."""
    by_kind: dict[str, set[bytes]] = {"digest": set(), "certificate": set()}
    for _, octets in payloads(shared / "logs" / f"{name}.gz"):
        security = unwrap(octets).security
        by_kind[security.signer].add(security.digest)
    assert (len(by_kind["digest"]), len(by_kind["digest"] & by_kind["certificate"])) == (senders, matched)


# --- generated units ---
P256_SIGNATURE = ("ecdsaNistP256Signature", {"rSig": ("x-only", b"\x11" * 32), "sSig": b"\x22" * 32})


def points(size: int) -> st.SearchStrategy[Any]:
    octets = st.binary(min_size=size, max_size=size)
    name = f"uncompressedP{size * 8}"
    both = st.fixed_dictionaries({"x": octets, "y": octets})
    return st.one_of(
        *(st.tuples(st.just(form), octets) for form in ("x-only", "compressed-y-0", "compressed-y-1")),
        st.just(("fill", 0)),
        st.tuples(st.just(name), both),
    )


def ecdsa(size: int) -> st.SearchStrategy[Any]:
    return st.fixed_dictionaries({"rSig": points(size), "sSig": st.binary(min_size=size, max_size=size)})


KEYS = st.one_of(
    st.tuples(st.sampled_from(["ecdsaNistP256", "ecdsaBrainpoolP256r1"]), points(32)),
    st.tuples(st.just("ecdsaBrainpoolP384r1"), points(48)),
)
SIGNATURES = st.one_of(
    st.tuples(st.sampled_from(["ecdsaNistP256Signature", "ecdsaBrainpoolP256r1Signature"]), ecdsa(32)),
    st.tuples(st.just("ecdsaBrainpoolP384r1Signature"), ecdsa(48)),
)
CERTIFICATE_IDS = st.one_of(
    st.tuples(st.just("name"), st.text("abcz.", max_size=12)),
    st.tuples(st.just("binaryId"), st.binary(min_size=1, max_size=64)),
    st.just(("none", 0)),
    st.tuples(
        st.just("linkageData"),
        st.fixed_dictionaries(
            {"iCert": st.integers(0, 65535), "linkage-value": st.binary(min_size=9, max_size=9)},
            optional={"group-linkage-value": st.just({"jValue": b"1234", "value": b"123456789"})},
        ),
    ),
)
PLACES = st.fixed_dictionaries(
    {
        "latitude": st.integers(-900_000_000, 900_000_001),
        "longitude": st.integers(-1_799_999_999, 1_800_000_001),
    }
)
REGIONS = st.one_of(
    st.tuples(st.just("circularRegion"), st.fixed_dictionaries({"center": PLACES, "radius": st.integers(0, 65535)})),
    st.tuples(st.just("polygonalRegion"), st.lists(PLACES, min_size=3, max_size=5)),
    st.tuples(
        st.just("identifiedRegion"),
        st.lists(
            st.one_of(
                st.tuples(st.just("countryOnly"), st.integers(0, 65535)),
                st.just(("countryAndRegions", {"countryOnly": 840, "regions": [1, 2]})),
                st.just(
                    (
                        "countryAndSubregions",
                        {"country": 840, "regionAndSubregions": [{"region": 8, "subregions": [1, 300]}]},
                    )
                ),
            ),
            max_size=3,
        ),
    ),
)
SSPS = st.one_of(
    st.tuples(st.just("opaque"), st.binary(max_size=200)),
    st.tuples(st.just("bitmapSsp"), st.binary(max_size=31)),
)
PSIDS = st.integers(0, 0x1020407F)
PERMISSIONS = st.lists(st.fixed_dictionaries({"psid": PSIDS}, optional={"ssp": SSPS}), max_size=3)
GROUPS = st.lists(
    st.fixed_dictionaries(
        {
            "subjectPermissions": st.one_of(
                st.just(("all", 0)),
                st.tuples(
                    st.just("explicit"),
                    st.lists(
                        st.fixed_dictionaries(
                            {"psid": PSIDS},
                            optional={
                                "sspRange": st.one_of(
                                    st.just(("all", 0)),
                                    st.tuples(st.just("opaque"), st.lists(st.binary(max_size=5), max_size=2)),
                                    st.just(
                                        (
                                            "bitmapSspRange",
                                            {"sspValue": b"\x01\x02", "sspBitmask": b"\xff\x00"},
                                        )
                                    ),
                                )
                            },
                        ),
                        max_size=2,
                    ),
                ),
            )
        },
        optional={"minChainLength": st.integers(2, 300), "chainLengthRange": st.integers(-300, -1)},
    ),
    max_size=2,
)
TO_BE_SIGNED = st.fixed_dictionaries(
    {
        "id": CERTIFICATE_IDS,
        "cracaId": st.binary(min_size=3, max_size=3),
        "crlSeries": st.integers(0, 65535),
        "validityPeriod": st.fixed_dictionaries(
            {
                "start": st.integers(0, 2**32 - 1),
                "duration": st.tuples(st.sampled_from(["hours", "years", "sixtyHours"]), st.integers(0, 65535)),
            }
        ),
        "verifyKeyIndicator": st.one_of(
            st.tuples(st.just("verificationKey"), KEYS), st.tuples(st.just("reconstructionValue"), points(32))
        ),
    },
    optional={
        "region": REGIONS,
        "assuranceLevel": st.binary(min_size=1, max_size=1),
        "appPermissions": PERMISSIONS,
        "certIssuePermissions": GROUPS,
        "certRequestPermissions": GROUPS,
        "canRequestRollover": st.just(0),
        "encryptionKey": st.fixed_dictionaries(
            {
                "supportedSymmAlg": st.just("aes128Ccm"),
                "publicKey": st.tuples(st.just("eciesNistP256"), points(32)),
            }
        ),
    },
)
CERTIFICATES = st.fixed_dictionaries(
    {
        "version": st.just(3),
        "type": st.sampled_from(["explicit", "implicit"]),
        "issuer": st.one_of(
            st.tuples(st.sampled_from(["sha256AndDigest", "sha384AndDigest"]), st.binary(min_size=8, max_size=8)),
            st.tuples(st.just("self"), st.sampled_from(["sha256", "sha384"])),
        ),
        "toBeSigned": TO_BE_SIGNED,
    },
    optional={"signature": SIGNATURES},
)
HEADERS = st.fixed_dictionaries(
    {"psid": PSIDS},
    optional={
        "generationTime": st.integers(0, 2**64 - 1),
        "expiryTime": st.integers(0, 2**64 - 1),
        "generationLocation": st.fixed_dictionaries(
            {
                "latitude": st.integers(-900_000_000, 900_000_001),
                "longitude": st.integers(-1_799_999_999, 1_800_000_001),
                "elevation": st.integers(0, 65535),
            }
        ),
        "p2pcdLearningRequest": st.binary(min_size=3, max_size=3),
        "missingCrlIdentifier": st.just({"cracaId": b"abc", "crlSeries": 7}),
        "encryptionKey": st.just(("symmetric", ("aes128Ccm", b"k" * 16))),
        "inlineP2pcdRequest": st.lists(st.binary(min_size=3, max_size=3), max_size=3),
        "pduFunctionalType": st.integers(0, 255),
    },
)
SIGNERS = st.one_of(
    st.tuples(st.just("digest"), st.binary(min_size=8, max_size=8)),
    st.tuples(st.just("certificate"), st.lists(CERTIFICATES, min_size=1, max_size=3)),
    st.just(("self", 0)),
)


def signed(payload: bytes, header: Any, signer: Any, signature: Any = P256_SIGNATURE, hash_id: str = "sha256") -> Any:
    data = {"protocolVersion": 3, "content": ("unsecuredData", payload)}
    tbs = {"payload": {"data": data}, "headerInfo": header}
    content = {"hashId": hash_id, "tbsData": tbs, "signer": signer, "signature": signature}
    return {"protocolVersion": 3, "content": ("signedData", content)}


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=300), HEADERS, SIGNERS, SIGNATURES, st.sampled_from(["sha256", "sha384"]))
def test_a_generated_unit_reads_as_pycrate_reads_it_and_is_written_again(
    payload: bytes, header: Any, signer: Any, signature: Any, hash_id: str
) -> None:
    unit = oracle.encode(oracle.UNIT, signed(payload, header, signer, signature, hash_id))
    security = agrees(unit)
    assert ieee1609dot2.wrap(payload, security) == unit
    assert wrap(unwrap(unit, "ieee1609dot2")) == unit


@settings(max_examples=40, deadline=None)
@given(
    CERTIFICATES,
    st.binary(min_size=48, max_size=48),
    st.binary(min_size=48, max_size=48),
    st.integers(0, 255),
)
def test_the_digest_is_over_the_certificate_with_its_points_in_canonical_form(
    certificate: Any, x: bytes, s: bytes, last: int
) -> None:
    """The oracle encodes the certificate twice: as sent, and with the points compressed by hand."""
    y = bytes(47) + bytes([last])
    form = f"compressed-y-{last & 1}"
    sent, canonical = dict(certificate), dict(certificate)
    for version, key, r in (
        (sent, ("uncompressedP384", {"x": x, "y": y}), ("uncompressedP384", {"x": s, "y": y})),
        (canonical, (form, x), ("x-only", s)),
    ):
        indicator = ("verificationKey", ("ecdsaBrainpoolP384r1", key))
        version["toBeSigned"] = {**certificate["toBeSigned"], "verifyKeyIndicator": indicator}
        version["toBeSigned"].pop("encryptionKey", None)
        version["signature"] = ("ecdsaBrainpoolP384r1Signature", {"rSig": r, "sSig": s})
    unit = oracle.encode(oracle.UNIT, signed(b"m", {"psid": 32}, ("certificate", [sent])))
    expected = hashlib.sha384(oracle.encode(oracle.CERTIFICATE, canonical)).digest()[-8:]
    assert ieee1609dot2.unwrap(unit).security.digest == expected


# --- times ---
def test_times_count_tai_from_2004() -> None:
    """IERS Bulletin C: TAI - UTC was 32 s on 2004-01-01 and has been 37 s since 2017-01-01, so five seconds
    in between."""
    assert ieee1609dot2.utc_ns(0) == int(datetime(2004, 1, 1, tzinfo=UTC).timestamp()) * 10**9
    midnight = int(datetime(2023, 9, 13, tzinfo=UTC).timestamp())
    assert ieee1609dot2.utc_ns((midnight - 1_072_915_200 + 5) * 10**6) == midnight * 10**9


@pytest.mark.parametrize(
    ("day", "leaps"),
    [((2006, 1, 1), 1), ((2009, 1, 1), 2), ((2012, 7, 1), 3), ((2015, 7, 1), 4), ((2017, 1, 1), 5)],
)
def test_a_leap_second_counts_from_its_end(day: tuple[int, int, int], leaps: int) -> None:
    midnight = int(datetime(*day, tzinfo=UTC).timestamp())
    since = (midnight - 1_072_915_200) * 10**6
    assert ieee1609dot2.utc_ns(since + (leaps - 1) * 10**6 - 1) == midnight * 10**9 - 1000
    assert ieee1609dot2.utc_ns(since + leaps * 10**6) == midnight * 10**9
    # 23:59:60.5 has no POSIX time of its own: it reads as half past midnight's first second
    assert ieee1609dot2.utc_ns(since + leaps * 10**6 - 500_000) == midnight * 10**9 + 500_000_000
    for offset_ns in (-1000, 0, 1000):
        assert ieee1609dot2.utc_ns(ieee1609dot2.time64_us(midnight * 10**9 + offset_ns)) == midnight * 10**9 + offset_ns


# --- YD/T 3957 ---
SM2_SIGNATURE = b"\x84\x40" + b"\x11" * 32 + b"\x22" * 32  # tag 4, an extension, so behind a length of 64


def test_a_unit_with_sm3_and_sm2_is_read_as_ydt3957_with_the_same_fields() -> None:
    """pycrate's edition has no SM2 yet: its P-256 unit with hash id 2 (sm3) and the signature above is what
    the standard writes."""
    unit = oracle.encode(oracle.UNIT, signed(b"payload", {"psid": 111, "generationTime": 5}, ("digest", b"8 octets")))
    plain = oracle.encode(oracle.UNIT, signed(b"payload", {"psid": 111, "generationTime": 5}, ("digest", b"8 octets")))
    chinese = plain[:2] + b"\x02" + plain[3:-66] + SM2_SIGNATURE
    security = ieee1609dot2.unwrap(chinese).security
    assert (security.status, security.hash_id, security.signature_kind) == (
        "ydt3957-signed",
        "sm3",
        "sm2Signature",
    )
    american = ieee1609dot2.unwrap(unit).security
    for name in ("psid", "generation_time_us", "tbs", "digest", "signer"):
        assert getattr(security, name) == getattr(american, name)
    assert security.signature == SM2_SIGNATURE
    assert wrap(unwrap(b"\x04\x00\x6f" + len(chinese).to_bytes(2, "big") + chinese))[5:] == chinese


def test_the_digest_of_an_sm2_certificate_is_by_sm3() -> None:
    tbs = b"\x00" + b"\x83" + b"abc" + b"\x00\x01" + b"\x00\x00\x00\x01\x84\x00\x05"
    key = b"\x80" + b"\x84\x21" + b"\x82" + b"\x33" * 32  # verificationKey, ecsigSm2 behind its length, compressed point
    certificate = b"\x80\x03\x00" + b"\x83\x08" + b"issuer.." + tbs + key + SM2_SIGNATURE
    unit = b"\x03\x81\x02\x40\x03\x80\x01m\x00\x01\x6f" + b"\x81\x01\x01" + certificate + SM2_SIGNATURE
    security = ieee1609dot2.unwrap(unit).security
    assert security.certificate == certificate
    assert security.digest == hashlib.new("sm3", certificate).digest()[-8:]


@pytest.mark.parametrize("unit", ["028003aabbcc", "0281"], ids=["unsecured", "signed"])
def test_a_unit_of_version_2_is_refused_by_name(unit: str) -> None:
    with pytest.raises(FrameError, match="older YD/T 3957 unit") as caught:
        unwrap(bytes.fromhex(unit), "ieee1609dot2")
    assert caught.value.code == "security"


# --- refusals and limits ---
GOOD = oracle.encode(oracle.UNIT, signed(b"payload", {"psid": 32}, ("digest", b"8 octets")))


@pytest.mark.parametrize(
    ("unit", "offset", "code", "reason"),
    [
        (b"", 0, "truncated", "version and content tag takes 2 octets, 0 are left"),
        (b"\x04\x80\x00", 0, "header", "protocol version is 4: must be 3"),
        (b"\x03\x8f\x00", 1, "security", "content is ...15"),
        (b"\x03\x80\x05abcd", 2, "length", "is 5, 4 octets are left"),
        (b"\x03\x80\x03abcd", 6, "trailing", "1 octets follow the unit"),
        (b"\x03\x80\x81\x04abcd", 2, "non-minimal", "length 4"),
        (b"\x03\x80\x82\x00\x80" + bytes(128), 2, "non-minimal", "length 128"),
        (b"\x03\x80\x80", 2, "length", "begins with 80"),
        (b"\x03\x80\x85" + bytes(9), 2, "length", "begins with 85"),
        (b"\x03\x80\x84\xff\xff\xff\xff", 2, "length", "is 4294967295, 0 octets are left"),
        (GOOD[:3] + b"\x41" + GOOD[4:], 3, "padding", "spare bits"),
        (GOOD[:3] + b"\x00" + GOOD[14:], 3, "security", "holds no data"),
        (GOOD[:5] + b"\x83" + GOOD[6:], 5, "security", "holds signedCertificateRequest"),
        (GOOD[:15] + b"\x02\x00" + GOOD[16:], 15, "non-minimal", "leading octet"),
        (GOOD[:15] + b"\x00" + GOOD[17:], 15, "length", "integer of 0 octets"),
        (GOOD[:-1], len(GOOD) - 32, "truncated", "sSig takes 32 octets, 31 are left"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_damage_is_named_with_its_octet(unit: bytes, offset: int, code: str, reason: str) -> None:
    with pytest.raises(FrameError) as caught:
        ieee1609dot2.unwrap(unit)
    assert (caught.value.layer, caught.value.offset, caught.value.code) == ("ieee1609.2", offset, code)
    assert reason in caught.value.reason


def test_encrypted_data_is_recognised_and_refused() -> None:
    cipher = ("aes128ccm", {"nonce": bytes(12), "ccmCiphertext": b"secret"})
    value = {"recipients": [("pskRecipInfo", b"8 octets")], "ciphertext": cipher}
    unit = oracle.encode(oracle.UNIT, {"protocolVersion": 3, "content": ("encryptedData", value)})
    for header in ("auto", "ieee1609dot2"):
        with pytest.raises(FrameError, match="content is encryptedData: must be unsecuredData or signedData") as caught:
            unwrap(unit, header)
        assert caught.value.code == "security"


def test_a_unit_cut_anywhere_is_a_frame_error() -> None:
    for end in range(len(GOOD)):
        with pytest.raises(FrameError):
            ieee1609dot2.unwrap(GOOD[:end])


def test_the_payload_of_a_signed_unit_cannot_be_exchanged() -> None:
    security = ieee1609dot2.unwrap(GOOD).security
    with pytest.raises(FrameError, match="payload of 5 octets is not the signed one of 7: sign anew"):
        ieee1609dot2.wrap(b"other", security)


def nested(levels: int) -> bytes:
    """A signed unit inside ``levels`` others: each costs six levels of the walk."""
    unit = b"\x03\x80\x00"
    for _ in range(levels):
        unit = b"\x03\x81\x00\x40" + unit + b"\x00\x01\x20" + b"\x82" + b"\x80\x80" + bytes(64)
    return unit


def test_nesting_is_bounded() -> None:
    deepest = next(levels for levels in range(1, 50) if outcome(nested(levels)) == "depth") - 1
    assert outcome(nested(deepest)) == ("security" if deepest > 1 else "")
    assert 6 * deepest <= coer.DEPTH_MAX < 6 * (deepest + 1) + 3
    assert outcome(nested(800)) == "depth"


def outcome(unit: bytes) -> str:
    try:
        ieee1609dot2.unwrap(unit)
    except FrameError as error:
        return error.code
    return ""


def chain(count: int) -> bytes:
    """A signed unit with ``count`` certificates of the smallest kind."""
    tbs = b"\x00" + b"\x83" + b"abc" + b"\x00\x01" + b"\x00\x00\x00\x01\x84\x00\x05" + b"\x81\x80" + bytes(32)
    certificate = b"\x00\x03\x01" + b"\x80" + b"8 octets" + tbs
    head = b"\x03\x81\x00\x40\x03\x80\x01m\x00\x01\x20" + b"\x81\x01" + bytes([count])
    return head + certificate * count + b"\x80\x80" + bytes(64)


def test_certificates_are_bounded() -> None:
    assert ieee1609dot2.unwrap(chain(8)).security.signer == "certificate"
    with pytest.raises(FrameError, match=r"has 9 elements: must be 0\.\.8") as caught:
        ieee1609dot2.unwrap(chain(9))
    assert caught.value.code == "elements"


def test_fields_are_bounded() -> None:
    walk = coer.Walk(GOOD, "ieee1609.2")
    ieee1609dot2.unwrap_with(walk, 0)
    assert ieee1609dot2.unwrap(GOOD, nodes_max=walk.nodes).payload == b"payload"
    with pytest.raises(FrameError, match=f"more than {walk.nodes - 1} fields"):
        ieee1609dot2.unwrap(GOOD, nodes_max=walk.nodes - 1)


def test_the_octets_of_a_unit_are_bounded() -> None:
    def unit(size: int) -> bytes:
        return b"\x03\x80\x82" + (size - 5).to_bytes(2, "big") + bytes(size - 5)

    assert len(ieee1609dot2.unwrap(unit(65_535)).payload) == 65_530
    with pytest.raises(FrameError, match=r"unit has 65536 octets: must be 1\.\.65535"):
        ieee1609dot2.unwrap(unit(65_536))


def test_an_integer_of_eight_octets_is_read_and_one_of_nine_is_not() -> None:
    def unit(psid: bytes) -> bytes:
        return GOOD[:15] + bytes([len(psid)]) + psid + GOOD[17:]

    assert ieee1609dot2.unwrap(unit(b"\xff" * 8)).security.psid == 2**64 - 1
    with pytest.raises(FrameError, match=r"integer of 9 octets: must be 1\.\.8"):
        ieee1609dot2.unwrap(unit(b"\xff" * 9))
