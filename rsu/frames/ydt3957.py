"""YD/T 3957-2021 security units: what tells them from IEEE 1609.2.

Version 3 (also GB/T 45112-2024) is the IEEE 1609.2 unit, octet by octet, with SM3 as hash and SM2 as
signature behind the extension markers; :mod:`rsu.frames.ieee1609dot2` reads and writes it with the same
fields, the AID standing as ``psid``. What is signed, and how, differs (identity and hash of SM2): that is
the business of :mod:`rsu.security`. An unsecured unit is the same in both.

Version 2 is an older unit of another layout: it begins with 02 and is refused by name.
"""

from __future__ import annotations

STATUS = "ydt3957-signed"
HASHES = frozenset({"sm3"})
SIGNATURES = frozenset({"sm2Signature"})

OLD_VERSION = 2
OLD_VERSION_REASON = "protocol version is 2, the older YD/T 3957 unit of another layout: must be 3"


def is_chinese(hash_id: str, signature: str) -> bool:
    """Whether a signed unit is one of YD/T 3957: SM2 as signature, or SM3 as hash."""
    return hash_id in HASHES or signature in SIGNATURES
