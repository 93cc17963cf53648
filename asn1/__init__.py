"""Our ASN.1 modules and units tables, read as files, one folder for each standard; installed as ``rsu.asn1``."""
