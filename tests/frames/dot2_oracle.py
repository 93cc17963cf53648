"""pycrate's IEEE 1609.2 modules as the independent reading of a security unit."""

from __future__ import annotations

from typing import Any

from pycrate_asn1dir import ITS_IEEE1609_2 as modules

UNIT = modules.Ieee1609Dot2.Ieee1609Dot2Data
TBS = modules.Ieee1609Dot2.ToBeSignedData
CERTIFICATE = modules.Ieee1609Dot2.Certificate


def encode(kind: Any, value: Any) -> bytes:
    kind.set_val(value)
    octets: bytes = kind.to_coer()
    return octets


def decode(octets: bytes) -> dict[str, Any]:
    """What the unit says, in the names of :class:`rsu.frames.Security`."""
    UNIT.from_coer(octets)
    kind, value = UNIT.get_val()["content"]
    if kind == "unsecuredData":
        return {"status": "unsecured", "payload": value}
    tbs = value["tbsData"]
    header = tbs["headerInfo"]
    place = header.get("generationLocation")
    signer, signed_by = value["signer"]
    return {
        "status": "signed",
        "payload": tbs["payload"]["data"]["content"][1],
        "psid": header["psid"],
        "generation_time_us": header.get("generationTime"),
        "expiry_time_us": header.get("expiryTime"),
        "location": place and (place["latitude"], place["longitude"], place["elevation"]),
        "signer": signer,
        "certificate": encode(CERTIFICATE, signed_by[0]) if signer == "certificate" else b"",
        "hash_id": value["hashId"],
        "tbs": encode(TBS, tbs),
        "signature_kind": value["signature"][0],
        **({"digest": signed_by} if signer == "digest" else {}),
    }
