"""pycrate as an oracle: compiles a set of modules apart from all others, and speaks in the values of CONTRACTS.md.

pycrate keeps one table of modules for the process, so that the two CSAE schemas (same module names) would mix; each set is
therefore generated into Python text once (kept in pytest's cache folder under a key of the ASN.1 text), loaded, taken out of
the table and held here. Its compiled objects also are the independent description that `codec_generate` walks.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import logging
import sys
import types
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from pycrate_asn1c.asnproc import GLOBAL as COMPILED
from pycrate_asn1c.asnproc import compile_text, generate_modules
from pycrate_asn1c.generator import PycrateGenerator
from pycrate_asn1rt.glob import GLOBAL as LOADED

logging.getLogger("pycrate_asn1c").setLevel(logging.CRITICAL)
logging.getLogger("pycrate_asn1rt").setLevel(logging.CRITICAL)


class Pycrate:
    """One schema in pycrate."""

    def __init__(self, texts: Sequence[str], cache: Path) -> None:
        key = hashlib.sha256("\0".join(texts).encode()).hexdigest()[:24]
        generated = cache / f"pycrate_{key}.py"
        if not generated.exists():
            _generate(texts, generated)
        self.modules = _load(generated)

    def names(self) -> Iterator[tuple[str, str]]:
        """(module, type) of every type that can stand at the top: parameterised ones and classes cannot."""
        for module, entries in self.modules.items():
            for name in entries["_type_"]:
                if name not in entries["_param_"] and entries[name].TYPE != "CLASS":
                    yield module, name

    def object(self, name: str) -> Any:
        """The compiled type of ``Module.Type``, or of ``Type`` when only one module has it."""
        if "." in name:
            module, name = name.split(".")
            return self.modules[module][name]
        (found,) = [entries[name] for entries in self.modules.values() if name in entries["_type_"]]
        return found

    def encode(self, name: str, value: Any) -> bytes:
        compiled = self.object(name)
        with _table_of(self.modules):
            compiled.set_val(to_pycrate(compiled, value))
            data: bytes = compiled.to_uper()
        return data

    def decode(self, name: str, data: bytes) -> Any:
        compiled = self.object(name)
        with _table_of(self.modules):
            compiled.from_uper(data)
            return from_pycrate(compiled, compiled.get_val())


def _generate(texts: Sequence[str], target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_suffix(".part")
    with contextlib.redirect_stdout(io.StringIO()):
        COMPILED.clear()
        compile_text(list(texts))
        generate_modules(PycrateGenerator, str(part))
        COMPILED.clear()
    part.replace(target)


def _load(path: Path) -> dict[str, Any]:
    module = types.ModuleType(path.stem)
    limit = sys.getrecursionlimit()
    LOADED.clear()
    exec(compile(path.read_text(), str(path), "exec"), module.__dict__)
    sys.setrecursionlimit(limit)
    modules = {name: entries for name, entries in LOADED.MOD.items() if name != "_IMPL_"}
    LOADED.clear()
    return modules


@contextlib.contextmanager
def _table_of(modules: dict[str, Any]) -> Iterator[None]:
    LOADED.MOD.update(modules)
    try:
        yield
    finally:
        LOADED.clear()


def rows_of(compiled: Any) -> dict[int, Any]:
    """id → compiled row type of an open type that a table rules; empty where there is none."""
    table = compiled._const_tab
    if not table or not compiled._const_tab_at or not table._val:
        return {}
    key = compiled._const_tab_at[-1]
    identifier = compiled._parent._cont[key]._const_tab_id
    rows = [*table._val.root, *(table._val.ext or ())]
    return {row[identifier]: row[compiled._const_tab_id] for row in rows if compiled._const_tab_id in row}


def row_name(row: Any) -> str:
    return row._typeref.called[1] if row._typeref is not None else row.TYPE


def bits_to_int(value: tuple[bytes, int]) -> tuple[int, int]:
    octets, bits = value
    return int.from_bytes(octets, "big") >> (8 * len(octets) - bits), bits


def int_to_bits(value: tuple[int, int]) -> tuple[bytes, int]:
    number, bits = value
    octets = (bits + 7) // 8
    return (number << (8 * octets - bits)).to_bytes(octets, "big"), bits


def to_pycrate(compiled: Any, value: Any) -> Any:
    """A value of the contract → the same in pycrate's form."""
    kind = compiled.TYPE
    if kind in ("SEQUENCE", "SET"):
        return {key: to_pycrate(compiled._cont[key], item) for key, item in value.items()}
    if kind in ("SEQUENCE OF", "SET OF"):
        return [to_pycrate(compiled._cont, item) for item in value]
    if kind == "CHOICE":
        return value[0], to_pycrate(compiled._cont[value[0]], value[1])
    if kind == "BIT STRING":
        return bits_to_int(value)
    if kind in ("OBJECT IDENTIFIER", "RELATIVE-OID"):
        return tuple(int(arc) for arc in value.split("."))
    if kind == "NULL":
        return 0
    if kind == "GeneralizedTime":
        fraction = f"{value:%f}".rstrip("0") or None
        return *f"{value:%Y %m %d %H %M %S}".split(), fraction, "Z"
    if kind == "UTCTime":
        return *f"{value:%y %m %d %H %M %S}".split(), "Z"
    if kind == "OPEN_TYPE":
        if isinstance(value, bytes):
            return "_unk_004", value
        row = next(row for row in rows_of(compiled).values() if row_name(row) == value[0])
        return value[0], to_pycrate(row, value[1])
    return value


def from_pycrate(compiled: Any, value: Any) -> Any:
    """pycrate's value → the form of the contract."""
    kind = compiled.TYPE
    if kind in ("SEQUENCE", "SET"):
        # An addition that the schema does not know comes as `_ext_3`; ours is compared without those, see `known_part`.
        return {key: from_pycrate(compiled._cont[key], item) for key, item in value.items() if key in compiled._cont}
    if kind in ("SEQUENCE OF", "SET OF"):
        return [from_pycrate(compiled._cont, item) for item in value]
    if kind == "CHOICE":
        name = unknown_name(value[0])
        return name, from_pycrate(compiled._cont[name], value[1]) if name in compiled._cont else value[1]
    if kind == "ENUMERATED":
        return unknown_name(value)
    if kind == "BIT STRING":
        return int_to_bits(value)
    if kind in ("OBJECT IDENTIFIER", "RELATIVE-OID"):
        return ".".join(map(str, value))
    if kind == "NULL":
        return None
    if kind == "OPEN_TYPE":
        if isinstance(value[0], str) and value[0].startswith("_unk_"):
            return value[1]
        row = next(row for row in rows_of(compiled).values() if row_name(row) == value[0])
        return value[0], from_pycrate(row, value[1])
    if kind == "GeneralizedTime":
        return datetime.strptime("".join(value[:6]) + (value[6] or "0"), "%Y%m%d%H%M%S%f")
    if kind == "UTCTime":
        return datetime.strptime("".join(value[:6]), "%y%m%d%H%M%S")
    return value


def unknown_name(name: str) -> str:
    """``_ext_5`` of pycrate is ``...5`` of ours: an item or alternative that the schema does not know."""
    return f"...{name[5:]}" if name.startswith("_ext_") else name


def known_part(value: Any) -> Any:
    """A value without the ``"..."`` entries of additions that the schema does not know: what the oracles give."""
    if isinstance(value, dict):
        return {key: known_part(item) for key, item in value.items() if key != "..."}
    if isinstance(value, list):
        return [known_part(item) for item in value]
    if isinstance(value, tuple) and isinstance(value[0], str):
        return value[0], known_part(value[1])
    return value
