"""Show that an installed rsu is whole: its engine, its shipped schemas, its command; exit code 1 when something is wrong.

`make wheel` and cibuildwheel run it in a fresh environment. The messages and their values are those of the README.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import rsu
from rsu._asn1.cache import SHIPPED
from rsu.frames import unwrap
from rsu.units import LAYERS

CHECKOUT = Path(__file__).resolve().parent.parent
SAE_FRAME = "0300202b03802800142518d6b80002539063a916e7d564926f8d3f08070000214603c07e7d07d07f7fff02aa5c8e88"
CSAE_FRAME = "04006f002c0284286a26060606060669c578ea47cd7559252b634f0201c000084e20f01f9f41f41fdfffe42cb91d13c050"
COMMAND_SECONDS_MAX = 60

Check = tuple[str, Any, Any]  # what was looked at, what it is, what it must be


def checks() -> Iterator[Check]:
    """Every check in turn; a fault of the package shows itself as an exception or as a pair that differs."""
    home = Path(rsu.__file__).resolve()
    yield f"{home} is an installed copy, not the checkout", home.is_relative_to(CHECKOUT / "rsu"), False
    yield "it says that it is typed (PEP 561)", (home.parent / "py.typed").is_file(), True
    for name in LAYERS:
        # A program that is missing would be lowered now and here, in seconds and unnoticed.
        program = SHIPPED / f"{rsu.load_schema(name).digest}.msgpack"
        yield f"the program of {name} is shipped", program.is_file(), True
    yield from _sae()
    yield from _csae()
    yield from _command()


def _sae() -> Iterator[Check]:
    frame = unwrap(bytes.fromhex(SAE_FRAME))
    yield "the WSMP header of a BSM", (frame.header, frame.aid, frame.security.status), ("wsmp", 0x20, "unsecured")
    schema = rsu.load_schema("sae-j2735")
    message = schema.decode("MessageFrame", frame.payload)
    name, bsm = message["value"]
    yield "an SAE BSM decodes", (message["messageId"], name, bsm["coreData"]["speed"]), (20, "BasicSafetyMessage", 652)
    yield "it encodes to the same octets", schema.encode("MessageFrame", message), frame.payload
    try:
        schema.decode("MessageFrame", frame.payload[:-3])
    except rsu.DecodeError as error:
        found = (error.code, error.path, error.offset)
        yield "a cut one names the place", found, ("truncated", "value.BasicSafetyMessage", 24)
    else:
        yield "a cut one is refused", False, True


def _csae() -> Iterator[Check]:
    frame = unwrap(bytes.fromhex(CSAE_FRAME))
    schema = rsu.load_schema("csae-157")
    message = schema.decode("MessageFrame", frame.payload)
    name, bsm = message
    found = (frame.header, frame.aid, name, bsm["id"], bsm["secMark"], bsm["pos"]["lat"])
    yield "a CSAE BSM under DSMP decodes", found, ("dsmp", 111, "bsmFrame", b"CQ000003", 20011, 296572267)
    yield "it encodes to the same octets", schema.encode("MessageFrame", message), frame.payload


def _command() -> Iterator[Check]:
    words = [sys.executable, "-m", "rsu.cli", "decode", "--json", CSAE_FRAME]
    with tempfile.TemporaryDirectory() as elsewhere:
        done = subprocess.run(words, capture_output=True, text=True, timeout=COMMAND_SECONDS_MAX, cwd=elsewhere)
    yield f"`rsu decode` ends well {done.stderr}".rstrip(), done.returncode, 0
    yield "and prints the latitude", '"lat":296572267' in done.stdout.replace(" ", ""), True


if __name__ == "__main__":
    wrong = 0
    for what, found, wanted in checks():
        if found != wanted:
            wrong += 1
            print(f"wrong: {what}: {found!r}, must be {wanted!r}", file=sys.stderr)
    version = ".".join(map(str, sys.version_info[:3]))
    print(f"rsu {rsu.__version__} on Python {version}: " + (f"{wrong} checks failed" if wrong else "whole"))
    sys.exit(1 if wrong else 0)
