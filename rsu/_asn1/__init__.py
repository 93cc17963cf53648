"""From ASN.1 text to the op program: tokens, captured constraints, resolved types, lowering, cache.

Only :mod:`rsu.schema` uses this package. Order: ``text`` (what asn1tools' parser would lose is captured, the rest is handed to
it) → ``constraints`` and ``values`` (the captured token lists are read) → ``resolve`` (a graph of types) → ``lower`` (ops).
"""
