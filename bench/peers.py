"""The codecs that are measured, each with one call to decode and one to encode the same message to the same depth.

asn1tools leaves open types as octets, so they are decoded and encoded by a second call (:mod:`bench.open_types`); pycrate
decodes them by its tables.
"""

from __future__ import annotations

import contextlib
import io
import logging
import tempfile
from collections.abc import Callable
from functools import cache, partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import rsu
from bench.messages import Message
from bench.open_types import decoder, encoder, slots

ROOT = Path(__file__).resolve().parent.parent
TYPE = "MessageFrame"


class Codec(NamedTuple):
    """Ready-made calls for one message: ``decode()`` from octets, ``encode()`` from that codec's own values."""

    name: str
    decode: Callable[[], Any]
    encode: Callable[[], Any]


def codecs(message: Message) -> list[Codec]:
    """rsu and its peers, each checked to give the same octets."""
    standard, value = message
    data = rsu.load_schema(standard).encode(TYPE, value)
    found = [_rsu(standard, value, data), _asn1tools(standard, data), _pycrate(standard, data)]
    for codec in found:
        codec.decode()
        if bytes(codec.encode()) != data:
            raise RuntimeError(f"{codec.name} encodes another message: {bytes(codec.encode()).hex()} for {data.hex()}")
    return found


def _rsu(standard: str, value: Any, data: bytes) -> Codec:
    schema = rsu.load_schema(standard)
    return Codec("rsu", partial(schema.decode, TYPE, data), partial(schema.encode, TYPE, value))


# asn1tools -------------------------------------------------------------------------------------------------------------


@cache
def asn1tools_schema(standard: str) -> Any:
    import asn1tools

    # asn1tools has no RELATIVE-OID; none of the messages uses it.
    return asn1tools.compile_string("\n".join(_texts(standard)).replace("RELATIVE-OID", "OCTET STRING"), "uper")


def _asn1tools(standard: str, data: bytes) -> Codec:
    schema = asn1tools_schema(standard)
    found = list(slots(rsu.load_schema(standard), TYPE, data))
    decode = decoder(schema.decode, TYPE, data, found)
    return Codec("asn1tools", decode, encoder(schema.encode, TYPE, decode(), found))


# pycrate ---------------------------------------------------------------------------------------------------------------


@cache
def pycrate_frame(standard: str) -> Any:
    from pycrate_asn1c.asnproc import GLOBAL as COMPILED
    from pycrate_asn1c.asnproc import compile_text, generate_modules
    from pycrate_asn1c.generator import PycrateGenerator
    from pycrate_asn1rt.glob import GLOBAL as LOADED

    for name in ("pycrate_asn1c", "pycrate_asn1rt"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        target = Path(folder, "modules.py")
        compile_text(_texts(standard))
        generate_modules(PycrateGenerator, str(target))
        COMPILED.clear()
        exec(compile(target.read_text(), str(target), "exec"), {"__name__": standard})
    frames = [module[TYPE] for module in LOADED.MOD.values() if TYPE in module]
    LOADED.clear()
    return frames[0]


def _pycrate(standard: str, data: bytes) -> Codec:
    frame = pycrate_frame(standard)

    def decode() -> Any:
        frame.from_uper(data)
        return frame.get_val()

    own = decode()
    if "'_unk_" in repr(own):
        raise RuntimeError(f"pycrate leaves an open type as octets: {own}")

    def encode() -> Any:
        frame.set_val(own)
        return frame.to_uper()

    return Codec("pycrate", decode, encode)


def _texts(standard: str) -> list[str]:
    return [path.read_text(encoding="utf-8") for path in sorted((ROOT / "asn1" / standard).glob("*.asn"))]


def versions() -> dict[str, str]:
    """Of rsu and its peers, for the record."""
    return {"rsu": rsu.__version__, **{name: version(name) for name in ("asn1tools", "pycrate")}}
