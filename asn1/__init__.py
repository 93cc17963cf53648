"""The ASN.1 modules and unit tables of the built-in standards, as package data of ``rsu``; see README.md."""
