"""Our ASN.1 modules and units tables, installed as ``rsu.asn1``; read as files, one folder for each standard."""
