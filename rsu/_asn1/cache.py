"""Lowered programs on disk: beside the package for our own schemas, else in the user's cache folder.

A file's name is the key: SHA-256 over the engine's version and the content of the .asn files, so a changed file never meets
an old program. A file that cannot be read is made again; a folder that cannot be written is left alone.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

import msgspec

from rsu._asn1.lower import MEMBER_COLUMNS, OP_COLUMNS, Lowered

ENGINE_VERSION = 2  # of the op program; raise it when an op or a column changes its meaning
SHIPPED = Path(__file__).parent.parent / "_programs"


def key_of(texts: Iterable[tuple[str, str]], patches: object = ()) -> str:
    """The key of a schema: its texts in order, edition patches, the engine's version."""
    digest = hashlib.sha256(f"{ENGINE_VERSION} {OP_COLUMNS} {MEMBER_COLUMNS} {patches!r}".encode())
    for _, text in texts:
        content = text.encode()
        digest.update(len(content).to_bytes(8, "big"))
        digest.update(content)
    return digest.hexdigest()


def user_folder() -> Path:
    """``$XDG_CACHE_HOME/rsu`` or ``~/.cache/rsu``."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "rsu"


def load(key: str) -> Lowered | None:
    """The program kept under ``key``, or ``None``."""
    for folder in (SHIPPED, user_folder()):
        try:
            return msgspec.msgpack.decode((folder / f"{key}.msgpack").read_bytes(), type=Lowered)
        except (OSError, msgspec.MsgspecError):
            continue
    return None


def save(key: str, lowered: Lowered, folder: Path | None = None) -> None:
    """Keeps a program; two processes that do so at once do not disturb each other."""
    target = folder or user_folder()
    try:
        target.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=target, delete=False) as file:
            file.write(msgspec.msgpack.encode(lowered))
        os.chmod(file.name, 0o644)
        os.replace(file.name, target / f"{key}.msgpack")
    except OSError:
        return
