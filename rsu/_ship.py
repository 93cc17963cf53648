"""Writes the op programs of the built-in schemas into a folder: the build runs it, so that a wheel carries them."""

from __future__ import annotations

import sys
from pathlib import Path

from rsu._asn1 import cache
from rsu.schema import built_in_texts, lower
from rsu.units import LAYERS


def ship(folder: Path) -> None:
    """One program for each built-in schema; programs of older .asn files in the folder go."""
    wanted = {}
    for name in LAYERS:
        texts = built_in_texts(name)
        wanted[cache.key_of(texts)] = texts
    for old in folder.glob("*.msgpack"):
        if old.stem not in wanted:
            old.unlink()
    for key, texts in wanted.items():
        if not (folder / f"{key}.msgpack").exists():
            cache.save(key, lower(texts), folder)


if __name__ == "__main__":
    ship(Path(sys.argv[1]))
