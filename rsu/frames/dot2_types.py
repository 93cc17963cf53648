"""The types of IEEE Std 1609.2-2022 clauses 6.3 and 6.4 that a signed unit is made of, as a table for
:mod:`rsu.frames.coer`.

Names and order are the standard's. Extension additions of a SEQUENCE (for example ``inlineP2pcdRequest``)
stay opaque: nothing of them is read here. SM2, SM3 and SM4 are the last extension of each algorithm's type,
which is also where YD/T 3957-2021 version 3 has them.
"""

from __future__ import annotations

from rsu.frames.coer import Choice, Enumerated, Integer, Member, Null, Octets, Sequence, SequenceOf, Type

CERTIFICATES_MAX = 8
"""Certificates a signer may enclose; a chain to the root has about 4."""
ELEMENTS_MAX = 255
"""Elements of any other list of a certificate (permissions, regions)."""

UINT8, UINT16, UINT32 = Integer(1), Integer(2), Integer(4)
VERSION = Integer(1, low=3, high=3)
HASHED_ID_3, HASHED_ID_8 = Octets(3), Octets(8)
PSID = Integer(low=0)
TIME_64 = Integer(8)
LATITUDE = Integer(4, signed=True, low=-900_000_000, high=900_000_001)
LONGITUDE = Integer(4, signed=True, low=-1_799_999_999, high=1_800_000_001)
TWO_D_LOCATION = Sequence((Member("latitude", LATITUDE), Member("longitude", LONGITUDE)))
THREE_D_LOCATION = Sequence((*TWO_D_LOCATION.members, Member("elevation", UINT16)))
HASH_ALGORITHM = Enumerated(("sha256", "sha384", "sm3"), extensible=True)


def _curve_point(octets: int) -> Choice:
    both = Sequence((Member("x", Octets(octets)), Member("y", Octets(octets))))
    return Choice(
        (
            Member("x-only", Octets(octets)),
            Member("fill", Null()),
            Member("compressed-y-0", Octets(octets)),
            Member("compressed-y-1", Octets(octets)),
            Member("uncompressed", both),
        )
    )


POINT_256, POINT_384 = _curve_point(32), _curve_point(48)
CURVE_POINTS = (POINT_256, POINT_384)

_ECDSA_256 = Sequence((Member("rSig", POINT_256), Member("sSig", Octets(32))))
_ECDSA_384 = Sequence((Member("rSig", POINT_384), Member("sSig", Octets(48))))
SIGNATURE = Choice(
    (
        Member("ecdsaNistP256Signature", _ECDSA_256),
        Member("ecdsaBrainpoolP256r1Signature", _ECDSA_256),
        Member("ecdsaBrainpoolP384r1Signature", _ECDSA_384),
        Member("ecdsaNistP384Signature", _ECDSA_384),
        Member("sm2Signature", Sequence((Member("rSig", Octets(32)), Member("sSig", Octets(32))))),
    ),
    root=2,
)
VERIFICATION_KEY = Choice(
    (
        Member("ecdsaNistP256", POINT_256),
        Member("ecdsaBrainpoolP256r1", POINT_256),
        Member("ecdsaBrainpoolP384r1", POINT_384),
        Member("ecdsaNistP384", POINT_384),
        Member("ecsigSm2", POINT_256),
    ),
    root=2,
)
_PUBLIC_KEY = Choice(
    (
        Member("eciesNistP256", POINT_256),
        Member("eciesBrainpoolP256r1", POINT_256),
        Member("ecencSm2", POINT_256),
    ),
    root=2,
)
PUBLIC_ENCRYPTION_KEY = Sequence(
    (
        Member("supportedSymmAlg", Enumerated(("aes128Ccm", "sm4Ccm"), extensible=True)),
        Member("publicKey", _PUBLIC_KEY),
    )
)
_SYMMETRIC_KEY = Choice((Member("aes128Ccm", Octets(16)), Member("sm4Ccm", Octets(16))), root=1)
ENCRYPTION_KEY = Choice((Member("public", PUBLIC_ENCRYPTION_KEY), Member("symmetric", _SYMMETRIC_KEY)))

# --- certificates (6.4) ---
_LINKAGE_DATA = Sequence(
    (
        Member("iCert", UINT16),
        Member("linkage-value", Octets(9)),
        Member(
            "group-linkage-value",
            Sequence((Member("jValue", Octets(4)), Member("value", Octets(9)))),
            optional=True,
        ),
    )
)
CERTIFICATE_ID = Choice(
    (
        Member("linkageData", _LINKAGE_DATA),
        Member("name", Octets(low=0, high=255)),
        Member("binaryId", Octets(low=1, high=64)),
        Member("none", Null()),
    ),
    root=4,
)
_DURATIONS = ("microseconds", "milliseconds", "seconds", "minutes", "hours", "sixtyHours", "years")
VALIDITY_PERIOD = Sequence(
    (Member("start", UINT32), Member("duration", Choice(tuple(Member(name, UINT16) for name in _DURATIONS))))
)
_SUBREGIONS = Sequence((Member("region", UINT8), Member("subregions", SequenceOf(UINT16, ELEMENTS_MAX))))
_COUNTRY_REGIONS = Sequence((Member("country", UINT16), Member("regions", SequenceOf(UINT8, ELEMENTS_MAX))))
_COUNTRY_SUBREGIONS = Sequence(
    (Member("country", UINT16), Member("regionAndSubregions", SequenceOf(_SUBREGIONS, ELEMENTS_MAX)))
)
_IDENTIFIED_REGION = Choice(
    (
        Member("countryOnly", UINT16),
        Member("countryAndRegions", _COUNTRY_REGIONS),
        Member("countryAndSubregions", _COUNTRY_SUBREGIONS),
    ),
    root=3,
)
_RECTANGLE = Sequence((Member("northWest", TWO_D_LOCATION), Member("southEast", TWO_D_LOCATION)))
GEOGRAPHIC_REGION = Choice(
    (
        Member("circularRegion", Sequence((Member("center", TWO_D_LOCATION), Member("radius", UINT16)))),
        Member("rectangularRegion", SequenceOf(_RECTANGLE, ELEMENTS_MAX)),
        Member("polygonalRegion", SequenceOf(TWO_D_LOCATION, ELEMENTS_MAX)),
        Member("identifiedRegion", SequenceOf(_IDENTIFIED_REGION, ELEMENTS_MAX)),
    ),
    root=4,
)
_SSP = Choice((Member("opaque", Octets()), Member("bitmapSsp", Octets(low=0, high=31))), root=1)
PSID_SSP = Sequence((Member("psid", PSID), Member("ssp", _SSP, optional=True)))
_BITMAP_RANGE = Sequence((Member("sspValue", Octets(low=1, high=32)), Member("sspBitmask", Octets(low=1, high=32))))
_SSP_RANGE = Choice(
    (
        Member("opaque", SequenceOf(Octets(), ELEMENTS_MAX)),
        Member("all", Null()),
        Member("bitmapSspRange", _BITMAP_RANGE),
    ),
    root=2,
)
_PSID_SSP_RANGE = Sequence((Member("psid", PSID), Member("sspRange", _SSP_RANGE, optional=True)))
_SUBJECT_PERMISSIONS = Choice((Member("explicit", SequenceOf(_PSID_SSP_RANGE, ELEMENTS_MAX)), Member("all", Null())), root=2)
PSID_GROUP_PERMISSIONS = Sequence(
    (
        Member("subjectPermissions", _SUBJECT_PERMISSIONS),
        Member("minChainLength", Integer(signed=True), optional=True),
        Member("chainLengthRange", Integer(signed=True), optional=True),
        Member("eeType", Octets(1), optional=True),
    )
)
_GROUPS = SequenceOf(PSID_GROUP_PERMISSIONS, ELEMENTS_MAX)
VERIFY_KEY_INDICATOR = Choice((Member("verificationKey", VERIFICATION_KEY), Member("reconstructionValue", POINT_256)), root=2)
TO_BE_SIGNED_CERTIFICATE = Sequence(
    (
        Member("id", CERTIFICATE_ID),
        Member("cracaId", HASHED_ID_3),
        Member("crlSeries", UINT16),
        Member("validityPeriod", VALIDITY_PERIOD),
        Member("region", GEOGRAPHIC_REGION, optional=True),
        Member("assuranceLevel", Octets(1), optional=True),
        Member("appPermissions", SequenceOf(PSID_SSP, ELEMENTS_MAX), optional=True),
        Member("certIssuePermissions", _GROUPS, optional=True),
        Member("certRequestPermissions", _GROUPS, optional=True),
        Member("canRequestRollover", Null(), optional=True),
        Member("encryptionKey", PUBLIC_ENCRYPTION_KEY, optional=True),
        Member("verifyKeyIndicator", VERIFY_KEY_INDICATOR),
    ),
    extensible=True,
)
ISSUER_IDENTIFIER = Choice(
    (
        Member("sha256AndDigest", HASHED_ID_8),
        Member("self", HASH_ALGORITHM),
        Member("sha384AndDigest", HASHED_ID_8),
        Member("sm3AndDigest", HASHED_ID_8),
    ),
    root=2,
)
CERTIFICATE = Sequence(
    (
        Member("version", VERSION),
        Member("type", Enumerated(("explicit", "implicit"), extensible=True)),
        Member("issuer", ISSUER_IDENTIFIER),
        Member("toBeSigned", TO_BE_SIGNED_CERTIFICATE),
        Member("signature", SIGNATURE, optional=True),
    )
)

# --- units (6.3) ---
SIGNER_IDENTIFIER = Choice(
    (
        Member("digest", HASHED_ID_8),
        Member("certificate", SequenceOf(CERTIFICATE, CERTIFICATES_MAX)),
        Member("self", Null()),
    ),
    root=3,
)
_MISSING_CRL = Sequence((Member("cracaId", HASHED_ID_3), Member("crlSeries", UINT16)), extensible=True)
HEADER_INFO = Sequence(
    (
        Member("psid", PSID),
        Member("generationTime", TIME_64, optional=True),
        Member("expiryTime", TIME_64, optional=True),
        Member("generationLocation", THREE_D_LOCATION, optional=True),
        Member("p2pcdLearningRequest", HASHED_ID_3, optional=True),
        Member("missingCrlIdentifier", _MISSING_CRL, optional=True),
        Member("encryptionKey", ENCRYPTION_KEY, optional=True),
    ),
    extensible=True,
)
_HASHED_DATA = Choice(
    (
        Member("sha256HashedData", Octets(32)),
        Member("sha384HashedData", Octets(48)),
        Member("sm3HashedData", Octets(32)),
    ),
    root=1,
)


def _unit() -> Type:
    return UNIT


SIGNED_DATA_PAYLOAD = Sequence(
    (Member("data", _unit, optional=True), Member("extDataHash", _HASHED_DATA, optional=True)),
    extensible=True,
)
TO_BE_SIGNED_DATA = Sequence((Member("payload", SIGNED_DATA_PAYLOAD), Member("headerInfo", HEADER_INFO)))
SIGNED_DATA = Sequence(
    (
        Member("hashId", HASH_ALGORITHM),
        Member("tbsData", TO_BE_SIGNED_DATA),
        Member("signer", SIGNER_IDENTIFIER),
        Member("signature", SIGNATURE),
    )
)
_CIPHERTEXT = Sequence((Member("nonce", Octets(12)), Member("ccmCiphertext", Octets())))
_SYMMETRIC_CIPHERTEXT = Choice((Member("aes128ccm", _CIPHERTEXT), Member("sm4Ccm", _CIPHERTEXT)), root=1)
_ECIES_KEY = Sequence((Member("v", POINT_256), Member("c", Octets(16)), Member("t", Octets(16))))
_SM2_KEY = Sequence((Member("v", POINT_256), Member("c", Octets(16)), Member("t", Octets(32))))
_WRAPPED_KEY = Choice(
    (
        Member("eciesNistP256", _ECIES_KEY),
        Member("eciesBrainpoolP256r1", _ECIES_KEY),
        Member("ecencSm2256", _SM2_KEY),
    ),
    root=2,
)
_SYMMETRIC_RECIPIENT = Sequence((Member("recipientId", HASHED_ID_8), Member("encKey", _SYMMETRIC_CIPHERTEXT)))
_KEY_RECIPIENT = Sequence((Member("recipientId", HASHED_ID_8), Member("encKey", _WRAPPED_KEY)))
RECIPIENT_INFO = Choice(
    (
        Member("pskRecipInfo", HASHED_ID_8),
        Member("symmRecipInfo", _SYMMETRIC_RECIPIENT),
        Member("certRecipInfo", _KEY_RECIPIENT),
        Member("signedDataRecipInfo", _KEY_RECIPIENT),
        Member("rekRecipInfo", _KEY_RECIPIENT),
    )
)
ENCRYPTED_DATA = Sequence(
    (
        Member("recipients", SequenceOf(RECIPIENT_INFO, ELEMENTS_MAX)),
        Member("ciphertext", _SYMMETRIC_CIPHERTEXT),
    )
)
CONTENT = Choice(
    (
        Member("unsecuredData", Octets()),
        Member("signedData", SIGNED_DATA),
        Member("encryptedData", ENCRYPTED_DATA),
        Member("signedCertificateRequest", Octets()),
        Member("signedX509CertificateRequest", Octets()),
    ),
    root=4,
)
UNIT: Sequence = Sequence((Member("protocolVersion", VERSION), Member("content", CONTENT)))
